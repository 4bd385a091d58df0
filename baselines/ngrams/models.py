"""n-gram language models: add-k, Witten–Bell, absolute discounting, interpolated modified Kneser–Ney.

All four use the same recursion over shorter and shorter contexts, where h' is h without its oldest symbol,

    p(w | h) = a(h, w) + γ(h) p(w | h'),        down to the uniform p = 1/V.

They differ only in their counts and in the probability mass of a context that they leave for the shorter context.
`<unk>` and `<eos>` are ordinary symbols. <s> is the context at the start of each document and is never predicted, so V
does not count it. A symbol that did not occur in training, including `<unk>`, gets its probability from the uniform
distribution at the end of the recursion.

Chen & Goodman 1998, "An empirical study of smoothing techniques for language modeling", TR-10-98, section 2.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.baselines.ngrams.interpolation import Ngram, NgramConfig
from seqbench.baselines.ngrams.levels import Block, Column, Level
from seqbench.interface import Arrays, Documents, Floats, Ids
from seqbench.long_arrays import occurrences
from seqbench.tasks.language.model import LanguageContext, LanguageModel


class Memoryless(LanguageModel[None]):
    """Predicts the same distribution at every position."""

    stochastic = False
    _probability: Floats
    """(V,)"""

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        return np.log(self._probability[ids]), None

    def next(self, state: None = None, batch: int = 1) -> Floats:
        return np.tile(self._probability, (batch, 1))

    def arrays(self) -> Arrays:
        return {"probability": self._probability}

    def restore(self, arrays: Arrays) -> None:
        self._probability = arrays["probability"]
        self.vocab_size = len(self._probability)


class Uniform(Memoryless):
    """p(w) = 1 / V; any model that has learned something is better."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.restore({"probability": np.full(ctx.vocab.size, 1 / ctx.vocab.size)})

    def parameter_count(self) -> int:
        return 0


class Unigram(Memoryless):
    """Predicts relative frequencies, with one added to each count so that unseen symbols can be scored (Laplace)."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        count = occurrences(train, ctx.vocab.size) + 1
        self.restore({"probability": count / count.sum()})


class AddKConfig(NgramConfig):
    k: float = Field(
        0.01,
        gt=0,
        description="added to the count of each symbol in each context",
        json_schema_extra={"search": {"low": 1e-4, "high": 1.0, "log": True}},
    )


class AddK(Ngram):
    """p(w | h) = (c(hw) + k) / (c(h) + kV) (Lidstone 1920; k = 1: Laplace).

    The context h is the last order − 1 symbols, or all symbols from <s> on. Shorter contexts are never used, so all
    symbols have equal probability after an unseen context.
    """

    config_class = AddKConfig
    config: AddKConfig

    def _count(self, order: int, level: Level, preceding: Column | None, rows: slice) -> Ids:
        """Return the counts of full n-grams.

        The counts of lower orders are zero, so they pass all mass on to the uniform distribution; n-grams from <s> on
        keep their counts.
        """
        short = level.opening - rows.start if order < self.config.order else 0
        count: Ids = level.count[rows].copy()
        count[: max(0, short)] = 0
        return count

    def _smooth(self, order: int, block: Block, count: Ids) -> tuple[Floats, Floats]:
        contexts = block.contexts.stop - block.contexts.start
        return count.astype(float), np.full(contexts, self.config.k * self.vocab_size)


class WittenBell(Ngram):
    """p(w | h) = (c(hw) + T(h) p(w | h')) / (c(h) + T(h)), where T(h) is the number of distinct symbols after h.

    This is method C of Witten & Bell 1991, interpolated.
    """

    def _smooth(self, order: int, block: Block, count: Ids) -> tuple[Floats, Floats]:
        return count.astype(float), block.per_context(count > 0)


class Discounting(Ngram):
    """Subtracts D_c from a count of c (the last D for all larger counts) and leaves this mass to the shorter context.

    The discounts of an order are estimated from t_k, the number of its n-grams with count k. On small or character
    data, they may be undefined (if no n-gram occurs exactly once) or leave no mass for unseen symbols. Then the order
    uses the `fallback` discounts, and is listed in `fallback_orders` and in the log.
    """

    fallback: ClassVar[tuple[float, ...]]
    """D_1, D_2, …"""
    discounts: Floats
    """(order, number of discounts) the discounts of orders 1, 2, …"""
    fallback_orders: tuple[int, ...]
    """Orders whose discounts were undefined."""

    @abstractmethod
    def _estimate(self, t: Floats) -> Floats:
        """Return D_1, D_2, …, estimated from t = (t_0, …, t_4); NaN if they are undefined."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.discounts = np.tile(self.fallback, (self.config.order, 1))
        self.fallback_orders = tuple[int, ...]()
        super().fit(train, ctx)
        for order in self.fallback_orders:
            ctx.log("fallback_discounts_at_order", order)

    def _learn(self, order: int, tally: Ids) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            discount = self._estimate(tally[:5].astype(float))
        if np.all((discount > 0) & (discount <= np.arange(1, len(discount) + 1))):
            self.discounts[order - 1] = discount
        else:
            self.fallback_orders += (order,)

    def _smooth(self, order: int, block: Block, count: Ids) -> tuple[Floats, Floats]:
        discount = self.discounts[order - 1]
        taken = np.append(0, discount)[np.minimum(count, len(discount))]
        return count - taken, block.per_context(taken)

    def arrays(self) -> Arrays:
        fallback_orders = np.array(self.fallback_orders, dtype=np.int64)
        return {**super().arrays(), "discounts": self.discounts, "fallback_orders": fallback_orders}

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.discounts = arrays["discounts"]
        self.fallback_orders = tuple(arrays["fallback_orders"].tolist())


class AbsoluteDiscounting(Discounting):
    """One discount per order, d = t_1 / (t_1 + 2 t_2), subtracted from plain counts; 0.75 if t_1 or t_2 is zero.

    Ney, Essen & Kneser 1994, "On structuring probabilistic dependences in stochastic language modelling".
    """

    fallback = (0.75,)

    def _estimate(self, t: Floats) -> Floats:
        return np.array([t[1] / (t[1] + 2 * t[2])]) if t[2] else np.array([np.nan])


class KneserNey(Discounting):
    """Interpolated modified Kneser–Ney, as KenLM's `lmplz` computes it.

    The count of an n-gram below the highest order is the number of distinct symbols that precede it. An n-gram that
    begins with <s> keeps its number of occurrences, because nothing can precede <s>. D_k = k − (k + 1) Y t_(k+1) / t_k
    for k = 1, 2 and 3 or more, with Y = t_1 / (t_1 + 2 t_2). The discounts are undefined if t_1, t_2 or t_3 is zero or
    if D_k is outside (0, k]. In this case `lmplz` stops, or uses ½, 1, 1½ if `--discount_fallback` is given; here they
    are used without the option.

    Chen & Goodman 1998, eq. 26; Heafield et al. 2013, "Scalable modified Kneser-Ney language model estimation".
    """

    fallback = (0.5, 1.0, 1.5)

    preceded = True

    def _count(self, order: int, level: Level, preceding: Column | None, rows: slice) -> Ids:
        occurrences: Ids = level.count[rows]
        if preceding is None:
            return occurrences
        before = max(0, level.opening - rows.start)
        return np.concatenate([preceding[rows][:before], occurrences[before:]])

    def _estimate(self, t: Floats) -> Floats:
        k = np.arange(1.0, 4.0)
        discounts: Floats = k - (k + 1) * t[1] / (t[1] + 2 * t[2]) * t[2:] / t[1:4]
        return discounts
