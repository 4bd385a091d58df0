"""The source itself as its translation: what a metric gives for names, numbers and punctuation marks alone."""

from collections.abc import Sequence
from typing import ClassVar

from seqbench.baselines.translation.sentences import words_of
from seqbench.interface import Arrays
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator


class CopySource(Translator):
    """Returns the words of the source.

    Raises:
        ValueError: the sources are vectors.
    """

    stochastic: ClassVar[bool] = False

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        words_of(train.sources[:1], "copy-source")

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        return words_of(sources, "copy-source")

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Do nothing, since nothing was learned."""
