"""Pieces of music as piano rolls, and their split."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from seqbench.tasks.frames.model import FrameModel, Rolls


@dataclass(frozen=True)
class FrameData:
    name: str
    train: Rolls
    valid: Rolls
    test: Rolls
    lowest: int
    """MIDI pitch of the first key; each next key is a semitone higher."""
    convention: str
    """How long a frame is; equal for all rows of a table."""
    truth: FrameModel | None = None
    """The true model of a synthetic source, ready to predict."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewPieces:
    """Pieces to score."""

    rolls: Rolls
    names: Sequence[str]
    """Of the N pieces."""
