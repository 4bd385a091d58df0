"""Sequences of real values with what is to be predicted of them, and their split."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from seqbench.tasks.sequences.model import Part, SequencePredictor, Sequences


@dataclass(frozen=True)
class SequenceData(Generic[Part]):
    """Sequences for `regress` or `recognise`."""

    name: str
    columns: tuple[str, ...]
    """Names of the D values of a step."""
    names: tuple[str, ...]
    """Names of the K targets; or of the C classes, in the order of their indices."""
    train: Part
    valid: Part
    test: Part
    convention: str
    """What a sequence is and what is predicted of it; equal for all rows of a table."""
    truth: SequencePredictor[Any, Any] | None = None
    """The true model of a synthetic source, ready to predict."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewSequences:
    """Sequences to predict."""

    sequences: Sequences
    names: Sequence[str]
    """Of the N sequences."""
