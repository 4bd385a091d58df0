"""Memories as language models: a pattern is [context ‖ next symbol], one-hot, and the symbol is its missing part."""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.special import log_softmax

from seqbench.interface import Arrays, Config, Documents, Floats, Ids
from seqbench.learning.text import Text
from seqbench.long_arrays import PIECE, occurrences
from seqbench.tasks.language.model import LanguageContext, LanguageModel

ROWS = 1 << 24
"""Maximum number of contexts times symbols, or times patterns, that are held at once."""
BETAS = tuple(np.geomspace(0.5, 16, 11))
"""Inverse temperatures of a dense memory among which validation chooses, in units of a symbol that agrees."""
PRIORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Weights of the relative frequencies, among which validation chooses."""
DECAYS = (1.0, 0.7, 0.5, 0.3)
"""How much a symbol of the context counts for each symbol after it, among which validation chooses."""


class MemoryLanguageConfig(Config):
    order: int = Field(
        4,
        ge=2,
        le=8,
        description="symbols of a pattern, including the predicted one",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5]}},
    )


class MemoryLanguageModel(LanguageModel[Ids]):
    """Completes [context ‖ next symbol]. The state holds the last order − 1 symbols; V stands before a document."""

    kind = "neural"
    stochastic: ClassVar[bool] = False
    config_class = MemoryLanguageConfig
    config: MemoryLanguageConfig
    unigram: Floats
    """(V,) relative frequencies, one added to each count."""

    @abstractmethod
    def log_p(self, contexts: Ids) -> Floats:
        """Return the log-probabilities (M, V) of the symbols after contexts (M, order − 1)."""

    @property
    def width(self) -> int:
        return self.config.order - 1

    def patterns(self, text: Text, rows: slice = slice(None)) -> tuple[Ids, Ids]:
        """Return the contexts (P, order − 1) and the next symbols (P,) at some places of a text."""
        return text.windows(np.arange(*rows.indices(len(text))), self.width, self.vocab_size)

    def count(self, train: Documents, ctx: LanguageContext) -> None:
        """Set `vocab_size` and `unigram`."""
        self.vocab_size = ctx.vocab.size
        counts = occurrences(train, self.vocab_size) + 1
        self.unigram = counts / counts.sum()

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        before = self._start(len(ids)) if state is None else state
        contexts, targets = self._windows(ids, before), ids.reshape(-1)
        scores = np.empty(len(targets))
        for rows in self._pieces(len(targets)):
            scores[rows] = self.log_p(contexts[rows])[np.arange(len(targets[rows])), targets[rows]]
        return scores.reshape(ids.shape), np.concatenate([before, ids], axis=1)[:, ids.shape[1] :]

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        found: Floats = np.exp(self.log_p(self._start(batch) if state is None else state))
        return found

    def _pieces(self, count: int) -> Iterator[slice]:
        size = max(1, ROWS // self._held())
        return (slice(first, min(first + size, count)) for first in range(0, count, size))

    def _held(self) -> int:
        """Return how many numbers are held per context."""
        return self.vocab_size

    def _start(self, rows: int) -> Ids:
        return np.full((rows, self.width), self.vocab_size)

    def _windows(self, ids: Ids, before: Ids) -> Ids:
        """Return the contexts (B · T, order − 1) of symbols (B, T) after `before` (B, order − 1)."""
        symbols = np.concatenate([before, ids], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(symbols, self.width, axis=1)[:, : ids.shape[1]]
        return windows.reshape(-1, self.width)


class HopfieldLanguageModel(MemoryLanguageModel):
    r"""The energy of a Hopfield network with covariance learning, with the context held and the symbol free.

        w_k(c, s) = n_k(c, s) / P − (n_k(c) / P) (n(s) / P),        p(s | c) ∝ u(s) exp(β Σ_k w_k(c_k, s))

    n_k counts patterns with symbol c at place k; for units that are seldom on, this is the rule of Tsodyks & Feigel'man
    1988, "The enhanced storage capacity in neural networks with low activity level". One symbol is on, so that its
    states can be enumerated and p is exact. Its bias is ln u, so that without weights it is the unigram. β is chosen on
    validation.
    """

    weights: list[csr_matrix]
    """For each place, (V + 1, V): n_k(c, s) / P."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Count, and choose β."""
        self.count(train, ctx)
        text = Text(train)
        self.weights = self._together(text)
        for counts in self.weights:
            counts.data = _sums(1 / max(1, len(text)), counts.data)
        self._sum_up()
        self.beta = 1.0
        if sum(map(len, ctx.valid)):
            with ctx.validating():
                self.beta = min(10.0 ** np.arange(-1, 5.5, 0.5), key=lambda beta: self._loss(float(beta), ctx.valid))
        ctx.log("beta", float(self.beta))

    def _together(self, text: Text) -> list[csr_matrix]:
        """Return for each place of the context how often a symbol stands there before another, (V + 1, V)."""
        size, shape = max(1, PIECE // self.width), (self.vocab_size + 1, self.vocab_size)
        sums: list[list[csr_matrix]] = []  # over 2ⁿ, …, 4, 2, 1 pieces of the text, so that each is seldom added

        def add_the_last() -> None:
            more = sums.pop()
            sums[-1] = [a + b for a, b in zip(sums[-1], more, strict=True)]

        for number, first in enumerate(range(0, max(1, len(text)), size), start=1):
            contexts, following = self.patterns(text, slice(first, first + size))
            once = np.ones(len(following), dtype=np.int64)
            sums.append([csr_matrix((once, (contexts[:, k], following)), shape=shape) for k in range(self.width)])
            while number % 2 == 0:
                add_the_last()
                number //= 2
        while len(sums) > 1:
            add_the_last()
        return sums[0]

    def _sum_up(self) -> None:
        self.active = [np.asarray(one.sum(axis=1))[:, 0] for one in self.weights]
        self.follows = np.asarray(self.weights[0].sum(axis=0))[0]

    def _loss(self, beta: float, valid: Documents) -> float:
        self.beta = beta
        return -sum(float(self.predict(document[None])[0].sum()) for document in valid if len(document))

    def log_p(self, contexts: Ids) -> Floats:
        fields = sum(one[contexts[:, k]].toarray() for k, one in enumerate(self.weights))
        active = sum(own[contexts[:, k]] for k, own in enumerate(self.active))
        found: Floats = log_softmax(
            np.log(self.unigram) + self.beta * (fields - np.outer(active, self.follows)), axis=1
        )
        return found

    def arrays(self) -> Arrays:
        parts = {
            f"{name}_{k}": getattr(one, name)
            for k, one in enumerate(self.weights)
            for name in ("data", "indices", "indptr")
        }
        return {**parts, "unigram": self.unigram, "beta": np.array(self.beta)}

    def restore(self, arrays: Arrays) -> None:
        self.unigram, self.beta = arrays["unigram"], float(arrays["beta"])
        self.vocab_size = len(self.unigram)
        shape = (self.vocab_size + 1, self.vocab_size)
        parts = ([arrays[f"{name}_{k}"] for name in ("data", "indices", "indptr")] for k in range(self.width))
        self.weights = [csr_matrix(tuple(part), shape=shape) for part in parts]
        self._sum_up()


def _sums(term: float, counts: Ids) -> Floats:
    """Return Σ of `counts` (N,) equal terms, each at least 1, as rounded if they are added one after the other."""
    sums, total = np.empty(len(counts)), 0.0
    for low in range(0, int(counts.max(initial=0)), PIECE):
        table = np.cumsum(np.append(total, np.full(PIECE, term)))
        here = (counts > low) & (counts <= low + PIECE)
        sums[here] = table[counts[here] - low]
        total = table[-1]
    return sums


class DenseLanguageConfig(MemoryLanguageConfig):
    patterns: int = Field(
        100_000, ge=1, description="the most patterns that are kept; of more, the last ones of the training text"
    )


class DenseLanguageModel(MemoryLanguageModel):
    r"""A dense memory of all patterns of the training text, in the softmax form (Ramsauer et al. 2021).

        p(s | c) ∝ Σ_μ e^{β m_μ} [s_μ = s] + κ e^{β m} u(s),        m_μ = Σ_k d^k [c_k = c_μk]

    k counts backwards from the last symbol of the context; m is the most that a pattern can agree, so that κ weighs the
    relative frequencies against one pattern that agrees everywhere. Symbols are the states of the missing part, so that
    p is exact. β, κ and d are chosen on validation.
    """

    config_class = DenseLanguageConfig
    config: DenseLanguageConfig

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Keep the patterns, and choose what they count."""
        self.count(train, ctx)
        text = Text(train)
        if left := max(0, len(text) - self.config.patterns):
            ctx.log("patterns_left_out", left)
        self._keep(*self.patterns(text, slice(left, None)))
        self.beta, self.prior, self.decay = 4.0, 0.1, 0.5
        held, wanted = self.patterns(Text(ctx.valid))
        if len(wanted):
            with ctx.validating():
                self._choose(held, wanted)
        for name in ("beta", "prior", "decay"):
            ctx.log(name, getattr(self, name))

    def _keep(self, contexts: Ids, following: Ids) -> None:
        order = np.argsort(following, kind="stable")
        self.contexts, self.following = contexts[order], following[order]
        self.symbols, self.firsts = np.unique(self.following, return_index=True)

    def _held(self) -> int:
        return max(self.vocab_size, len(self.following))

    def _agreement(self, contexts: Ids) -> NDArray[np.uint8]:
        """Return for each context and each pattern which symbols agree, as bits (M, P); the last symbol is bit 0."""
        bits = np.zeros((len(contexts), len(self.contexts)), dtype=np.uint8)
        for k in range(self.width):
            place = self.width - 1 - k
            bits |= (contexts[:, place, None] == self.contexts[:, place]).astype(np.uint8) << k
        return bits

    def _weights(self, beta: float, decay: float) -> Floats:
        """Return e^{β (m_μ − m)} for each set of symbols that agree, (2^(order − 1),)."""
        worth = decay ** np.arange(self.width)
        sets = np.array(list(product((0, 1), repeat=self.width)))[:, ::-1]
        found: Floats = np.exp(beta * (sets @ worth - worth.sum()))
        return found

    def _choose(self, held: Ids, wanted: Ids) -> None:
        """Choose β, κ and d by counting once, for each validation pattern, how many patterns agree in which symbols."""
        sets = 1 << self.width
        every, right = np.zeros((len(wanted), sets)), np.zeros((len(wanted), sets))
        for rows in self._pieces(len(wanted)):
            bits = self._agreement(held[rows])
            for i, row in zip(range(rows.start, rows.stop), bits, strict=True):
                every[i] = np.bincount(row, minlength=sets)
                first = np.searchsorted(self.following, wanted[i])
                last = np.searchsorted(self.following, wanted[i], side="right")
                right[i] = np.bincount(row[first:last], minlength=sets)
        best = np.inf
        for beta, prior, decay in product(BETAS, PRIORS, DECAYS):
            weights = self._weights(float(beta), decay)
            p = (right @ weights + prior * self.unigram[wanted]) / (every @ weights + prior)
            if (loss := -float(np.log(p).mean())) < best:
                best, self.beta, self.prior, self.decay = loss, float(beta), prior, decay

    def log_p(self, contexts: Ids) -> Floats:
        weights = self._weights(self.beta, self.decay)[self._agreement(contexts)]
        p = self.prior * np.tile(self.unigram, (len(contexts), 1))
        p[:, self.symbols] += np.add.reduceat(weights, self.firsts, axis=1)
        found: Floats = np.log(p) - np.log(p.sum(axis=1, keepdims=True))
        return found

    def arrays(self) -> Arrays:
        return {
            "contexts": self.contexts,
            "following": self.following,
            "unigram": self.unigram,
            "chosen": np.array([self.beta, self.prior, self.decay]),
        }

    def restore(self, arrays: Arrays) -> None:
        self.unigram = arrays["unigram"]
        self.vocab_size = len(self.unigram)
        self._keep(arrays["contexts"], arrays["following"])
        self.beta, self.prior, self.decay = map(float, arrays["chosen"])

    def parameter_count(self) -> int:
        return self.contexts.size + self.following.size + self.unigram.size + 3
