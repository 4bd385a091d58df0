"""The recursion that all n-gram models share: how their nodes are made of counts, and how symbols are scored.

    p(w | h) = a(h, w) + γ(h) p(w | h'),        down to the uniform p = 1/V,

where h' is h without its oldest symbol.
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.baselines.ngrams.counts import count_ngrams
from seqbench.baselines.ngrams.disk import ROW_BYTES, Disk, count_on_disk
from seqbench.baselines.ngrams.levels import Block, Column, Level, Memory, Place, spans, symbol_bits
from seqbench.baselines.ngrams.table import Keys, KeyTable, Mapped, SortedKeys
from seqbench.interface import Arrays, Config, Documents, Floats, Ids
from seqbench.long_arrays import consecutive, forget
from seqbench.tasks.language.model import LanguageContext, LanguageModel

LOOKED_UP = 1 << 16
"""Bytes of a memory map that the system may read for one number."""


class NgramConfig(Config):
    order: int = Field(
        3,
        ge=1,
        le=7,
        description="symbols of the longest n-gram, including the predicted one",
        json_schema_extra={"search": {"choices": [1, 2, 3, 4, 5, 6, 7]}},
    )
    memory_gb: float | None = Field(
        None,
        gt=0,
        description="memory for counts and for the fitted model, GB; what exceeds it lies in temporary files, and the "
        "model is the same; None: all is in memory",
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

    preceded: ClassVar[bool] = False
    """Whether counts depend on how many distinct symbols precede an n-gram."""

    @abstractmethod
    def _smooth(self, order: int, block: Block, count: Ids) -> tuple[Floats, Floats]:
        """Return the mass (rows,) that the n-grams of a block keep, and the mass (contexts,) that each context leaves.

        Both are in units of counts; divided by the total mass of h, they are a(h, w) and γ(h).
        """

    def _count(self, order: int, level: Level, preceding: Column | None, rows: slice) -> Ids:
        """Return the counts of some n-grams of a level, from which they are estimated.

        Args:
            preceding: number of distinct symbols that precede each n-gram; None: highest order, or not asked for.
        """
        count: Ids = level.count[rows]
        return count

    def _learn(self, order: int, tally: Ids) -> None:
        """Learn what all n-grams of an order share, from the number (6,) of those with counts 0 to 4, and above."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Count the n-grams of `train`.

        Raises:
            ValueError: `memory_gb` is too little for the vocabulary.
            OSError: the disk is too small for the temporary files.
        """
        self.vocab_size = ctx.vocab.size
        order, memory_gb = self.config.order, self.config.memory_gb
        most = 2 + self.vocab_size + (order - 1) * sum(len(document) + 1 for document in train)
        if memory_gb is None:
            nodes = self._nodes(count_ngrams(train, self.vocab_size, order), Memory(), most)
        else:
            disk = Disk(_block(memory_gb, self.vocab_size))
            nodes = self._nodes(count_on_disk(train, self.vocab_size, order, disk), disk, most)
        self._store(*nodes)

    def _nodes(self, levels: Iterator[Level], place: Place, most: int) -> tuple[Ids, Floats, Floats]:
        """Return the keys and scores of all nodes, at most so many, and the back-offs of those below the last order."""
        keys, scores, backoffs = (place.column(dtype, most) for dtype in (np.int64, np.float64, np.float64))
        keys.append(np.array([-1]))  # node 0 is only used as a context
        scores.append(np.ones(1))
        p: Column = np.full(1, 1 / self.vocab_size)
        backoff: Column = np.ones(1)
        suffix: Column = np.zeros(1, dtype=np.int64)
        node = 0  # node of the first context of an order
        for order, (level, preceding) in enumerate(self._preceded(levels, place), start=1):
            tally = np.zeros(6, dtype=np.int64)
            for rows in spans(len(level.key), place.block):
                count = self._count(order, level, preceding, rows)
                tally += np.bincount(np.minimum(count, 5), minlength=6)
            self._learn(order, tally)
            p_shorter, backoff_shorter = place.take(p, level.suffix), place.take(backoff, suffix)
            goes_on = order < self.config.order  # whether a longer order needs the probabilities of this one
            ps = place.column(np.float64, len(level.key) if goes_on else 0)
            gammas = place.column(np.float64, level.contexts if goes_on else 0)
            for block in level.blocks(place.block):
                context = block.context
                kept, freed = self._smooth(order, block, self._count(order, level, preceding, block.rows))
                mass = block.per_context(kept) + freed
                unseen = mass == 0  # no symbol followed these contexts
                mass[unseen] = 1
                gamma = np.where(unseen, 1, freed / mass)
                p_block = p_shorter[block.rows] * gamma[context]
                kept /= mass[context]
                p_block += kept
                gamma *= backoff_shorter[block.contexts]
                keys.append(level.key[block.rows] + (node << self._bits))
                scores.append(p_block / gamma[context])
                backoffs.append(gamma)
                if goes_on:
                    ps.append(p_block)
                    gammas.append(gamma)
            p, backoff, suffix = ps.done(), gammas.done(), level.suffix
            node += level.contexts
        return keys.array(), scores.array(), backoffs.array()

    def _preceded(self, levels: Iterator[Level], place: Place) -> Iterator[tuple[Level, Column | None]]:
        """Yield each level, with the number of distinct symbols that precede each n-gram, if this is asked for."""
        level = next(levels)
        for above in levels:
            yield level, place.tally(above.suffix, len(level.key)) if self.preceded else None
            level = above
        yield level, None

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
            child = consecutive(first, children)
            symbol = self._table.keys[child] & ((1 << self._bits) - 1)
            score[np.repeat(row, children), symbol] = self._score[child]
            backoff[row, 0] = self._backoff[context]
        forget(self._table.keys)
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
        self._table: Keys
        self._score: Floats | Mapped
        self._backoff: Floats | Mapped
        if self.config.memory_gb is None:
            self._table, self._score, self._backoff = KeyTable(keys), score, backoff
        else:
            # Of each of three arrays, half of the memory is for the first entries, and half for what is visited.
            half = self.config.memory_gb * 1e9 / 3 / 2
            near, visits = 1 + int(half / 8), 1 + int(half / LOOKED_UP)
            self._table = SortedKeys(keys, near, visits)
            self._score, self._backoff = Mapped(score, near, visits), Mapped(backoff, near, visits)

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
        return {
            "keys": self._table.keys,
            "score": np.asarray(self._score),
            "backoff": np.asarray(self._backoff),
            "vocab_size": np.array(self.vocab_size),
        }

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = int(arrays["vocab_size"])
        self._store(arrays["keys"], arrays["score"], arrays["backoff"])

    def parameter_count(self) -> int:
        """Count one probability per stored n-gram and one back-off weight per n-gram that may be a context.

        The empty context is counted; the probability of <s> is not.
        """
        return len(self._score) - 2 + len(self._backoff)


def _block(memory_gb: float, vocab_size: int) -> int:
    """Return the number of rows of a block on disk.

    Raises:
        ValueError: the memory is too little for the n-grams of one context, of which there are as many as symbols.
    """
    least = (vocab_size + 2) * ROW_BYTES / 1e9
    if memory_gb < least:
        raise ValueError(
            f"memory_gb={memory_gb:g} is too little for a vocabulary of {vocab_size:,} symbols; give at least "
            f"{least:.2g}, or a smaller vocabulary"
        )
    return int(memory_gb * 1e9 / ROW_BYTES)
