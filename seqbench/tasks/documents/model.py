"""What a classifier is: the probability of each class, given a document."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Documents, Floats, Ids, SequenceModel
from seqbench.tasks.language.vocab import Vocab


@dataclass(frozen=True)
class Texts:
    """N documents as the harness cut them into words."""

    ids: Documents
    """Each (T_i,), T_i of 1 or more; words that the vocabulary lacks are `<unk>`."""
    words: Sequence[Sequence[str]]
    """The same words as they stand, for models that look at spellings."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Ids) -> "Texts":
        """The documents of these rows, in this order."""
        return Texts([self.ids[i] for i in rows], [self.words[i] for i in rows])


@dataclass(frozen=True)
class Labelled:
    texts: Texts
    labels: Ids
    """(N,) numbers of classes, 0..C-1."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Ids) -> "Labelled":
        """The documents of these rows with their labels, in this order."""
        return Labelled(self.texts.take(rows), self.labels[rows])


@dataclass(frozen=True, kw_only=True)
class ClassificationContext(Context[Labelled]):
    vocab: Vocab
    classes: tuple[str, ...]
    """Names of the C classes, in the order of their numbers."""


class Classifier(SequenceModel[Labelled, ClassificationContext]):
    """A probability of each class, given a document."""

    task: ClassVar[str] = "classify"

    @abstractmethod
    def predict(self, texts: Texts) -> Floats:
        """Natural log p (N, C) of the classes; what is said of a document depends on no other."""
