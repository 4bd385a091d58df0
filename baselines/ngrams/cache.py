"""A cache language model: recent symbols are likely to occur again.

Kuhn & De Mori 1990, "A cache-based natural language model for speech recognition", without its parts of speech; the
decay is that of Clarkson & Robinson 1997, "Language model adaptation using mixtures and an exponentially decaying
cache". Grave, Joulin & Usunier 2017 compare their neural cache with such a cache.
"""

import numpy as np
from pydantic import Field

from seqbench.interface import Arrays, Config, Documents, Floats, Ids
from seqbench.long_arrays import occurrences
from seqbench.tasks.language.mixture import learn_weights
from seqbench.tasks.language.model import LanguageContext, LanguageModel


class CacheConfig(Config):
    size: int = Field(
        2000,
        ge=1,
        description="number of most recent symbols in the cache",
        json_schema_extra={"search": {"low": 100, "high": 5000, "log": True}},
    )
    decay: float = Field(
        0.998,
        gt=0,
        le=1,
        description="weight of a symbol relative to the next symbol; 1: equal weights",
        json_schema_extra={"search": {"choices": [0.99, 0.995, 0.998, 0.999, 1.0]}},
    )


class Cache(LanguageModel[Ids]):
    r"""Interpolates the frequencies of the last symbols with those of the training text.

        p(w | past) = λ c(w) / Σ_v c(v) + (1 − λ) u(w),     c(w) = Σ_{i=1..size} decay^(i−1) [x_{t−i} = w]

    u is the add-one unigram of the training text; at the start of a document, p = u. λ is learned on the validation
    text (`learn_weights`). The state holds the last `size` symbols, or fewer near the start of a document.
    """

    stochastic = False
    config_class = CacheConfig
    config: CacheConfig
    unigram: Floats
    """(V,) u"""
    weight: float
    """λ"""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        count = occurrences(train, self.vocab_size) + 1
        self.unigram = count / count.sum()
        with ctx.validating():
            cached = [self._cached(d[None])[0] for d in ctx.valid if len(d)]
        said = [d[1:] for d in ctx.valid if len(d)]  # the first symbol of a document does not depend on λ
        cache = np.concatenate([np.empty(0), *(c[1:] for c in cached)])
        static = self.unigram[np.concatenate([np.empty(0, np.int64), *said])]
        (self.weight, _), _ = learn_weights(np.stack([cache, static], axis=1))
        ctx.log("cache_weight", self.weight)

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise ValueError(f"ids must be in 0..{self.vocab_size - 1}, the vocabulary of the fitted model")
        before = ids[:, :0] if state is None else state
        symbols = np.concatenate([before, ids], axis=1)
        width = before.shape[1]
        p = self.weight * self._cached(symbols)[:, width:] + (1 - self.weight) * self.unigram[ids]
        if width == 0:
            p[:, :1] = self.unigram[ids[:, :1]]
        return np.log(p), symbols[:, -self.config.size :].copy()

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        if state is None or state.shape[1] == 0:
            return np.tile(self.unigram, (batch, 1))
        rows, width = state.shape
        age = self.config.decay ** np.arange(width - 1, -1, -1.0)
        key = state + self.vocab_size * np.arange(rows)[:, None]
        count = np.bincount(key.ravel(), np.tile(age, rows), rows * self.vocab_size).reshape(rows, self.vocab_size)
        p: Floats = self.weight * count / age.sum() + (1 - self.weight) * self.unigram
        return p

    def _cached(self, symbols: Ids) -> Floats:
        """Return the share (B, T) of each symbol (B, T) in the cache of symbols before it; 0 if the cache is empty.

        After sorting by symbol, the positions t_1 < t_2 < … of one symbol are adjacent. The decayed count of its
        occurrences before t_r is E_r = decay^(t_r − t_(r−1)) (E_(r−1) + 1 / decay), E_1 = 0. If t_f is its first
        position in the cache, the decayed count in the cache is E_r − decay^(t_r − t_f) E_f.
        """
        (B, T), decay, size = symbols.shape, self.config.decay, self.config.size
        key = (symbols + self.vocab_size * np.arange(B)[:, None]).ravel()
        order = np.argsort(key, kind="stable")
        key, place = key[order], order % max(T, 1)
        again = np.diff(key, prepend=-1) == 0
        gap = np.diff(place, prepend=0)[again]
        factor, every = np.zeros(len(key)), np.zeros(len(key))
        factor[again] = decay**gap
        every[again] = decay ** (gap - 1)
        step = 1
        while step < len(key):  # E_r = factor_r E_(r−1) + every_r, over spans that double in length each time
            every[step:] += factor[step:] * every[:-step]
            factor[step:] *= factor[:-step]
            step *= 2
        line = key * (T + size) + place  # ascending; positions of different symbols are more than `size` apart
        first = np.searchsorted(line, line - size)
        count = np.empty(len(key))
        count[order] = every - decay ** (place - place[first]) * every[first]
        remembered = np.cumsum(np.append(0, decay ** np.arange(min(T, size))))
        total = remembered[np.minimum(np.arange(T), size)]
        total[:1] = 1
        share: Floats = count.reshape(B, T) / total
        return share

    def arrays(self) -> Arrays:
        return {"unigram": self.unigram, "weight": np.array(self.weight)}

    def restore(self, arrays: Arrays) -> None:
        self.unigram, self.weight = arrays["unigram"], float(arrays["weight"])
        self.vocab_size = len(self.unigram)
