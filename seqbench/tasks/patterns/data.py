"""Patterns to store, damaged versions of them, and their split."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from seqbench.tasks.patterns.model import Probes, Signs


@dataclass(frozen=True)
class PatternData:
    """Patterns for `recall`. The parts hold the same patterns, each damaged anew; those of `train` are whole."""

    name: str
    train: Probes
    valid: Probes
    test: Probes
    convention: str
    """How patterns were damaged; equal for all rows of a table."""
    shape: tuple[int, int] | None = None
    """Height and width, if patterns are pictures."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewPatterns:
    """Patterns to restore."""

    damaged: Signs
    names: Sequence[str]
    """Of the P patterns."""
    shape: tuple[int, int] | None = None
    """Height and width, if they are pictures."""
