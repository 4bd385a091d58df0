"""Tagged sentences and their split."""

from dataclasses import dataclass, field
from typing import Any

from seqbench.tasks.tags.model import Sentences, Tagged, Tagger


@dataclass(frozen=True)
class TaggedData:
    """Sentences for tagging."""

    name: str
    tags: tuple[str, ...]
    """Names of the C tags, in the order of their indices."""
    train: Tagged
    valid: Tagged
    test: Tagged
    convention: str
    """What a word and its tag are; equal for all rows of a table."""
    truth: Tagger | None = None
    """The true posterior of a synthetic source, ready to predict."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewSentences:
    """Sentences to tag."""

    sentences: Sentences
