"""Pairs of sources and targets, and their split."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.translations.model import Pairs, Source, Translator


@dataclass(frozen=True)
class TranslationData:
    """Pairs for translation."""

    name: str
    source_vocab: Vocab | None
    """Of the training part, with `<unk>`; None: sources are vectors."""
    target_vocab: Vocab
    """Of the training part, with `<unk>` and `<eos>`."""
    train: Pairs
    valid: Pairs
    test: Pairs
    convention: str
    """How texts were split into words; equal for all rows of a table."""
    ranked_by: Literal["bleu", "exact_match", "perplexity"] = "bleu"
    """The metric that ranks models: exact match where one target is right, perplexity where many are."""
    truth: Translator | None = None
    """A model that knows the rule of a synthetic source, ready to predict."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewSources:
    """Sources to translate."""

    sources: Sequence[Source]
