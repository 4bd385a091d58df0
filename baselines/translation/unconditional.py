"""A language model of the targets, which ignores the source: beside it, a score shows what the source is worth."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.baselines.ngrams.interpolation import NgramConfig
from seqbench.baselines.translation.ngrams import TargetNgrams
from seqbench.interface import Arrays, Floats
from seqbench.packing import nested, within
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words


class UnconditionalConfig(NgramConfig):
    beam: int = Field(16, ge=1, description="open sequences while the most probable target is searched for")


class Unconditional(Translator):
    """log p(target | source) = log p(target) of a Kneser–Ney n-gram model over the training targets.

    It predicts one target for all sources: the most probable sequence that a beam search finds, no longer than the
    longest training target.
    """

    stochastic: ClassVar[bool] = False
    config_class = UnconditionalConfig
    config: UnconditionalConfig

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        self.ngrams = TargetNgrams(self.config.order)
        self.ngrams.fit(train.targets, ctx.target_vocab, ctx)
        self.longest = max(map(len, train.targets))
        self._search()

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        return [list(self.target) for _ in sources]

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        return self.ngrams.log_p(targets)

    def _search(self) -> None:
        self.target = self.ngrams.most_probable(self.longest, self.config.beam)

    def arrays(self) -> Arrays | None:
        return nested({"ngrams": self.ngrams.arrays(), "target": {"longest": np.array(self.longest)}})

    def restore(self, arrays: Arrays) -> None:
        self.ngrams = TargetNgrams(self.config.order)
        self.ngrams.restore(within(arrays, "ngrams"))
        self.longest = int(within(arrays, "target")["longest"])
        self._search()

    def parameter_count(self) -> int:
        return self.ngrams.model.parameter_count()
