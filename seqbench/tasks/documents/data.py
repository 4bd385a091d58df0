"""Labelled documents and their split, for classification."""

from dataclasses import dataclass, field

from seqbench.tasks.documents.model import Classifier, Labelled
from seqbench.tasks.language.vocab import Vocab


@dataclass(frozen=True)
class LabelledData:
    """Documents for classification; each belongs to one class."""

    name: str
    vocab: Vocab
    """The vocabulary of the training part; it always contains `<unk>`."""
    classes: tuple[str, ...]
    """Names of the classes in the order of their indices, which is alphabetical."""
    train: Labelled
    valid: Labelled
    test: Labelled
    convention: str
    """How texts were split into words, such as `lower-case words, the first 400`."""
    truth: Classifier | None = None
    """The true posterior of a synthetic source, ready to predict."""
    notes: dict[str, int | str | list[str]] = field(default_factory=dict)
    """What the loader did and what it left out, for the record; `warnings`: sentences for the footer of the table."""
