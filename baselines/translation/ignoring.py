"""What can be said without looking at the source: the most frequent target."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from seqbench.baselines.translation.sentences import packed_sentences, unpacked_sentences
from seqbench.interface import Arrays
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator


class MostFrequentTarget(Translator):
    """Returns the target that is most frequent in training, of several the first; it ignores the source."""

    stochastic: ClassVar[bool] = False

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        ((target, _),) = Counter(tuple(target) for target in train.targets).most_common(1)
        self.target = list(target)

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        return [list(self.target) for _ in sources]

    def arrays(self) -> Arrays:
        return packed_sentences([self.target])

    def restore(self, arrays: Arrays) -> None:
        (self.target,) = unpacked_sentences(arrays)
