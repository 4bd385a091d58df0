"""Labelled documents as the harness splits them, for classification."""

from dataclasses import dataclass, field

from seqbench.tasks.documents.model import Classifier, Labelled
from seqbench.tasks.language.vocab import Vocab


@dataclass(frozen=True)
class LabelledData:
    """Documents, each of one class, for classification."""

    name: str
    vocab: Vocab
    """Of the training part; it always holds `<unk>`."""
    classes: tuple[str, ...]
    """In the order of their numbers, which is alphabetical."""
    train: Labelled
    valid: Labelled
    test: Labelled
    convention: str
    """How a text became words, such as `lower-case words, the first 400`."""
    truth: Classifier | None = None
    """The true posterior of a synthetic source, ready to predict."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
