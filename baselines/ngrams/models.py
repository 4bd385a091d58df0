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
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.baselines.ngrams.counts import Level, count_ngrams, symbol_bits
from seqbench.baselines.ngrams.table import KeyTable
from seqbench.interface import Arrays, Config, Documents, Floats, Ids
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
        every = np.arange(ctx.vocab.size)
        count = np.bincount(np.concatenate([every, *train]))
        self.restore({"probability": count / count.sum()})


class NgramConfig(Config):
    order: int = Field(
        3,
        ge=1,
        le=7,
        description="symbols of the longest n-gram, including the predicted one",
        json_schema_extra={"search": {"choices": [1, 2, 3, 4, 5, 6, 7]}},
    )


class Ngram(LanguageModel[Ids]):
    """An interpolated n-gram model that needs two look-ups per scored symbol.

    Let Γ(h) = γ(h) γ(h') … γ(), let g w be the longest stored suffix of h w, and let f be the longest stored suffix of
    h. Then the recursion becomes

        p(w | h) = [p(w | g) / Γ(g)] · Γ(f).

    Each stored n-gram is a node, whose `score` is the bracket; each context is a node, whose `backoff` is Γ. Node 0 is
    the empty n-gram. The n-grams of order 1, 2, … follow, each order sorted by (node of the prefix, last symbol), which
    is also the key of a node.

    The state holds the last order − 1 symbols, or fewer near the start of a document, which begins with <s> = V.
    """

    stochastic = False
    config_class = NgramConfig
    config: NgramConfig

    @abstractmethod
    def _smooth(self, order: int, level: Level, count: Ids) -> tuple[Floats, Floats]:
        """Return the mass (K,) that the n-grams of an order keep, and the mass (contexts,) that each context leaves.

        Both are in units of counts; divided by the total mass of h, they are a(h, w) and γ(h).
        """

    def _counted(self, levels: Iterator[Level]) -> Iterator[tuple[Level, Ids]]:
        """Yield the level of each order with the counts (K,) from which it is estimated."""
        return ((level, level.count) for level in levels)

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        self._store(*self._nodes(count_ngrams(train, self.vocab_size, self.config.order)))

    def _nodes(self, levels: Iterator[Level]) -> tuple[Ids, Floats, Floats]:
        """Return the keys and scores of all nodes, and the back-offs of the nodes below the highest order."""
        keys, scores, backoffs = [np.array([-1])], [np.ones(1)], []  # node 0 is only used as a context
        p, backoff, suffix = np.full(1, 1 / self.vocab_size), np.ones(1), np.zeros(1, dtype=np.int64)
        node = 0  # node of the first context of an order
        for order, (level, count) in enumerate(self._counted(levels), start=1):
            kept, freed = self._smooth(order, level, count)
            mass = level.per_context(kept) + freed
            unseen = mass == 0  # no symbol followed these contexts
            mass[unseen] = 1
            gamma = np.where(unseen, 1, freed / mass)
            p = p[level.suffix]
            p *= gamma[level.context]
            kept /= mass[level.context]
            p += kept
            backoff, suffix = gamma * backoff[suffix], level.suffix
            keys.append(level.key + (node << self._bits))
            scores.append(p / backoff[level.context])
            backoffs.append(backoff)
            node += level.contexts
        return np.concatenate(keys), np.concatenate(scores), np.concatenate(backoffs)

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        if ids.size and (ids.min() < 0 or ids.max() >= self.vocab_size):
            raise ValueError(f"ids must be in 0..{self.vocab_size - 1}, the vocabulary of the fitted model")
        before = self._start(len(ids)) if state is None else state
        symbols = np.concatenate([before, ids], axis=1)
        flat = symbols.ravel()
        node = np.zeros_like(flat)
        for order, (ends, found) in enumerate(self._stored(flat), start=1):
            if order == self.config.order:
                context = node.copy()
            node[ends] = found
        width = before.shape[1]
        g_w, f = node.reshape(symbols.shape)[:, width:], context.reshape(symbols.shape)[:, width - 1 : -1]
        return np.log(self._score[g_w] * self._backoff[f]), symbols[:, -self._memory :]

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        symbols = self._start(batch) if state is None else state
        rows, width = symbols.shape
        score, backoff = np.tile(self._score[1 : self.vocab_size + 1], (rows, 1)), np.full((rows, 1), self._backoff[0])
        for ends, found in islice(self._stored(symbols.ravel()), self.config.order - 1):
            last = ends % width == width - 1
            row, context = ends[last] // width, found[last]
            # The children of a context are adjacent; those of a longer context overwrite those of a shorter one.
            first, end = np.searchsorted(self._table.keys, np.stack([context, context + 1]) << self._bits)
            children = end - first
            child = np.arange(children.sum()) + np.repeat(end - children.cumsum(), children)
            symbol = self._table.keys[child] & ((1 << self._bits) - 1)
            score[np.repeat(row, children), symbol] = self._score[child]
            backoff[row, 0] = self._backoff[context]
        p: Floats = score * backoff
        return p

    def _stored(self, symbols: Ids) -> Iterator[tuple[Ids, Ids]]:
        """Yield, for n = 1..order, the positions where stored n-grams of symbols (L,) end, and the nodes of these.

        `symbols` may be several rows one after the other. Each row starts with <s>, which no stored n-gram crosses, or
        with the last order − 1 symbols of its own past, so that no n-gram extends from one row into the next.
        """
        ends, node = np.arange(len(symbols)), symbols + 1
        yield ends, node
        for _ in range(1, self.config.order):
            # An n-gram is stored only if its prefix and its suffix are stored; these end at adjacent positions.
            left = (ends[1:] - ends[:-1] == 1).nonzero()[0]
            ends = ends[left + 1]
            node = self._table.find((node[left] << self._bits) | symbols[ends])
            stored = node.nonzero()[0]
            ends, node = ends[stored], node[stored]
            yield ends, node

    def _store(self, keys: Ids, score: Floats, backoff: Floats) -> None:
        self._table, self._score, self._backoff = KeyTable(keys), score, backoff

    def _start(self, rows: int) -> Ids:
        return np.full((rows, 1), self.vocab_size)

    @property
    def _memory(self) -> int:
        """Return the number of symbols in the state; order 1 keeps one symbol, on which no prediction depends."""
        return max(1, self.config.order - 1)

    @property
    def _bits(self) -> int:
        """Return the number of low bits of a key that hold its last symbol."""
        return symbol_bits(self.vocab_size)

    def arrays(self) -> Arrays:
        size = np.array(self.vocab_size)
        return {"keys": self._table.keys, "score": self._score, "backoff": self._backoff, "vocab_size": size}

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = int(arrays["vocab_size"])
        self._store(arrays["keys"], arrays["score"], arrays["backoff"])

    def parameter_count(self) -> int:
        """Count one probability per stored n-gram and one back-off weight per n-gram that may be a context.

        The empty context is counted; the probability of <s> is not.
        """
        return len(self._score) - 2 + len(self._backoff)


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

    def _counted(self, levels: Iterator[Level]) -> Iterator[tuple[Level, Ids]]:
        """Yield the counts of full n-grams.

        The counts of lower orders are zero, so they pass all mass on to the uniform distribution; n-grams from <s> on
        keep their counts.
        """
        for order, level in enumerate(levels, start=1):
            count = level.count.copy()
            count[: level.opening if order < self.config.order else 0] = 0
            yield level, count

    def _smooth(self, order: int, level: Level, count: Ids) -> tuple[Floats, Floats]:
        return count.astype(float), np.full(level.contexts, self.config.k * self.vocab_size)


class WittenBell(Ngram):
    """p(w | h) = (c(hw) + T(h) p(w | h')) / (c(h) + T(h)), where T(h) is the number of distinct symbols after h.

    This is method C of Witten & Bell 1991, interpolated.
    """

    def _smooth(self, order: int, level: Level, count: Ids) -> tuple[Floats, Floats]:
        return count.astype(float), level.per_context(count > 0)


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

    def _smooth(self, order: int, level: Level, count: Ids) -> tuple[Floats, Floats]:
        t = np.array([np.count_nonzero(count == k) for k in range(5)], dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            discount = self._estimate(t)
        if np.all((discount > 0) & (discount <= np.arange(1, len(discount) + 1))):
            self.discounts[order - 1] = discount
        else:
            self.fallback_orders += (order,)
        taken = np.append(0, self.discounts[order - 1])[np.minimum(count, len(discount))]
        return count - taken, level.per_context(taken)

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

    def _counted(self, levels: Iterator[Level]) -> Iterator[tuple[Level, Ids]]:
        level = next(levels)
        for above in levels:
            count = np.bincount(above.suffix, minlength=len(level.count))
            count[level.opening :] = level.count[level.opening :]
            yield level, count
            level = above
        yield level, level.count

    def _estimate(self, t: Floats) -> Floats:
        k = np.arange(1.0, 4.0)
        discounts: Floats = k - (k + 1) * t[1] / (t[1] + 2 * t[2]) * t[2:] / t[1:4]
        return discounts
