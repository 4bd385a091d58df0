"""The interface of a classifier, which predicts the probability of each class of a document."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Documents, Floats, Ids, SequenceModel
from seqbench.tasks.documents.laid import Laid, Spelt
from seqbench.tasks.language.vocab import Vocab


@dataclass(frozen=True)
class Texts:
    """N documents, split into words by the harness."""

    ids: Documents
    """Each (T_i,) with T_i ≥ 1; words that are not in the vocabulary have the id of `<unk>`."""
    words: Sequence[Sequence[str]]
    """The same words as text, for models that use the spelling of words."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Ids) -> "Texts":
        """Return the documents of these rows, in this order."""
        if isinstance(self.words, Spelt):
            return spelt(self.words.documents.take(rows), self.words.spellings)
        return Texts([self.ids[i] for i in rows], [self.words[i] for i in rows])


def spelt(documents: Laid, spellings: Sequence[str]) -> Texts:
    """Return documents that lie in one array; spellings: of the numbers of their words."""
    return Texts(documents, Spelt(documents, spellings))


@dataclass(frozen=True)
class Labelled:
    texts: Texts
    labels: Ids
    """(N,) index of the class of each document, 0..C-1."""
    groups: Ids | None = None
    """(N,) number of the group of each document, such as its author, in all parts alike; None: there are no groups."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Ids) -> "Labelled":
        """Return the documents of these rows with their labels and groups, in this order."""
        return Labelled(self.texts.take(rows), self.labels[rows], None if self.groups is None else self.groups[rows])


@dataclass(frozen=True, kw_only=True)
class ClassificationContext(Context[Labelled]):
    vocab: Vocab
    classes: tuple[str, ...]
    """Names of the C classes, in the order of their indices."""


class Classifier(SequenceModel[Labelled, ClassificationContext]):
    """Predicts the probability of each class, given a document."""

    task: ClassVar[str] = "classify"

    @abstractmethod
    def predict(self, texts: Texts) -> Floats:
        """Return the natural log-probabilities (N, C) of the classes.

        The prediction for a document must not depend on other documents.
        """
