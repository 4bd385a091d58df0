"""The interface of a tagger, which predicts the tag of each word of a sentence."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Floats, Ids, SequenceModel

Sentences = Sequence[Sequence[str]]
"""N sentences, each of T_i ≥ 1 words."""


@dataclass(frozen=True)
class Tagged:
    sentences: Sentences
    tags: Sequence[Ids]
    """Index of the tag of each word, 0..C-1, each (T_i,)."""

    def __len__(self) -> int:
        return len(self.tags)

    def take(self, rows: Ids) -> "Tagged":
        """Return the sentences of these rows with their tags, in this order."""
        return Tagged([self.sentences[i] for i in rows], [self.tags[i] for i in rows])


@dataclass(frozen=True, kw_only=True)
class TaggingContext(Context[Tagged]):
    tags: tuple[str, ...]
    """Names of the C tags, in the order of their indices."""


class Tagger(SequenceModel[Tagged, TaggingContext]):
    """Predicts the tag of each word, given the whole sentence: words after it may be used too."""

    task: ClassVar[str] = "tag"

    @abstractmethod
    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        """Return a list with the natural log-probabilities of the tags of each word, (T_i, C), of each sentence.

        The most probable tag counts. The prediction for a sentence must not depend on other sentences. Words may be
        new, and sentences longer than those of `fit`.
        """
