"""Random processes with known next-symbol probabilities: each draws text, and is the true model of that text.

Apart from chance, no honest model is better on such text than the process itself. Every symbol has positive
probability after every history, so every string of any length has a finite score.
"""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext, LanguageModel, State

Stack = tuple[int, ...]
"""The types of the open brackets, the innermost last."""


class Process(LanguageModel[State]):
    """A stochastic process over the symbols 0..V-1, used as the true model of the text that it draws."""

    stochastic: ClassVar[bool] = False

    @abstractmethod
    def draw(self, length: int, rng: np.random.Generator) -> Ids:
        """Draw (length,) symbols of one document from its start."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Do nothing, since the parameters are the true ones."""


class MarkovProcess(Process[Ids]):
    """p(x_t | x_{t-n}, …, x_{t-1}), order n; the first n symbols of a document are uniform.

    Args:
        transitions: (V, …, V) with n + 1 axes; the last axis is the next symbol, and sums to one.

    The state is the last n symbols, (B, n); V stands for positions before the start.
    """

    def __init__(self, transitions: Floats) -> None:
        super().__init__()
        self.order = transitions.ndim - 1
        self.vocab_size = v = transitions.shape[-1]
        table = np.full((v + 1,) * self.order + (v,), 1 / v)
        table[(slice(v),) * self.order] = transitions
        self._rows = table.reshape(-1, v)
        self._log_rows = np.log(self._rows)
        self._places = (v + 1) ** np.arange(self.order)[::-1]

    def draw(self, length: int, rng: np.random.Generator) -> Ids:
        cumulative = _cumulative(self._rows)
        ids = np.empty(length, dtype=np.int64)
        row = len(cumulative) - 1
        for t, u in enumerate(rng.random(length).tolist()):
            ids[t] = symbol = bisect_right(cumulative[row], u)
            row = (row * (self.vocab_size + 1) + symbol) % len(cumulative)
        return ids

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        seen = np.concatenate([self._start(len(ids)) if state is None else state, ids], axis=1)
        rows = sum(place * seen[:, k : k + ids.shape[1]] for k, place in enumerate(self._places))
        return self._log_rows[rows, ids], seen[:, ids.shape[1] :]

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        rows: Floats = self._rows[(self._start(batch) if state is None else state) @ self._places]
        return rows

    def _start(self, batch: int) -> Ids:
        return np.full((batch, self.order), self.vocab_size)


class HiddenMarkovProcess(Process[Floats]):
    """A Markov chain of hidden states, each of which emits a symbol (Rabiner 1989).

    Args:
        start: (K,) probabilities of the first state.
        transitions: (K, K), rows sum to one.
        emissions: (K, V), rows sum to one.

    Text is scored with the forward filter; the state is p(hidden state of the next symbol | symbols so far), (B, K).
    """

    def __init__(self, start: Floats, transitions: Floats, emissions: Floats) -> None:
        super().__init__()
        self.vocab_size = emissions.shape[1]
        self.start, self.transitions, self.emissions = start, transitions, emissions
        # One product accounts for the symbol and for the move: steps[x] = diag(emissions[:, x]) transitions.
        self._steps = emissions.T[:, :, None] * transitions

    def draw(self, length: int, rng: np.random.Generator) -> Ids:
        moves, emits = _cumulative(self.transitions), _cumulative(self.emissions)
        ids = np.empty(length, dtype=np.int64)
        hidden = bisect_right(_cumulative(self.start[None])[0], rng.random())
        for t, (u, v) in enumerate(rng.random((length, 2)).tolist()):
            ids[t] = bisect_right(emits[hidden], u)
            hidden = bisect_right(moves[hidden], v)
        return ids

    def predict(self, ids: Ids, state: Floats | None = None) -> tuple[Floats, Floats]:
        belief = np.tile(self.start, (len(ids), 1)) if state is None else state
        likelihoods = np.empty(ids.shape)
        for t, symbols in enumerate(ids.T):
            joint = np.matmul(belief[:, None], self._steps[symbols])[:, 0]
            likelihoods[:, t] = joint.sum(axis=1)
            belief = joint / likelihoods[:, t, None]
        return np.log(likelihoods), belief

    def next(self, state: Floats | None = None, batch: int = 1) -> Floats:
        return (np.tile(self.start, (batch, 1)) if state is None else state) @ self.emissions


class BracketProcess(Process[list[Stack]]):
    """Nested brackets of k types: the next symbol depends on the innermost open one, however far back it is.

    Symbols 0..k-1 open a bracket, and k..2k-1 close one of the same type. If the stack is empty, a bracket opens; if
    it is full, one closes; otherwise one opens with probability `opening`. Which type opens depends on the innermost
    open type. With probability `noise`, the symbol is instead drawn uniformly from all symbols. Every opening symbol,
    noise or not, is pushed unless the stack is full; every closing symbol pops only its own type. So the stack is a
    function of the symbols, and the probabilities are exact.

    Args:
        types: (k + 1, k) probabilities of the type that opens, by the innermost open type; the last row is
            for an empty stack.
        opening: probability that a bracket opens if the stack is neither empty nor full.
        depth: the most open brackets.
        noise: probability of a random symbol.

    The state holds one stack per row.
    """

    def __init__(self, types: Floats, opening: float, depth: int, noise: float) -> None:
        super().__init__()
        self.types: int = types.shape[1]
        self.depth = depth
        self.vocab_size = 2 * self.types
        empty = np.concatenate([types[-1], np.zeros(self.types)])
        between = np.concatenate([opening * types[:-1], (1 - opening) * np.eye(self.types)], axis=1)
        full = np.concatenate([np.zeros((self.types, self.types)), np.eye(self.types)], axis=1)
        self._rows = (1 - noise) * np.vstack([between, full, empty]) + noise / self.vocab_size

    def draw(self, length: int, rng: np.random.Generator) -> Ids:
        cumulative = _cumulative(self._rows)
        ids = np.empty(length, dtype=np.int64)
        stack: list[int] = []
        for t, u in enumerate(rng.random(length).tolist()):
            ids[t] = symbol = bisect_right(cumulative[self._row(stack)], u)
            self._read(symbol, stack)
        return ids

    def predict(self, ids: Ids, state: list[Stack] | None = None) -> tuple[Floats, list[Stack]]:
        scores, log_rows, after = np.empty(ids.shape), np.log(self._rows), []
        for i, before in enumerate([()] * len(ids) if state is None else state):
            stack, rows = list(before), []
            for symbol in ids[i].tolist():
                rows.append(self._row(stack))
                self._read(symbol, stack)
            scores[i] = log_rows[np.array(rows, dtype=np.int64), ids[i]]
            after.append(tuple(stack))
        return scores, after

    def next(self, state: list[Stack] | None = None, batch: int = 1) -> Floats:
        stacks: list[Stack] = [()] * batch if state is None else state
        return self._rows[[self._row(stack) for stack in stacks]]

    def _row(self, stack: Sequence[int]) -> int:
        """Return the row of probabilities for a stack."""
        if not stack:
            return 2 * self.types
        return stack[-1] + self.types * (len(stack) == self.depth)

    def _read(self, symbol: int, stack: list[int]) -> None:
        """Update a stack with a symbol."""
        if symbol < self.types:
            if len(stack) < self.depth:
                stack.append(symbol)
        elif stack and stack[-1] == symbol - self.types:
            stack.pop()


def _cumulative(rows: Floats) -> list[list[float]]:
    """Return `bounds` as lists, for `bisect_right`."""
    lists: list[list[float]] = bounds(rows).tolist()
    return lists


def bounds(rows: Floats) -> Floats:
    """Return the upper bounds of the symbols' intervals in [0, 1), over the last axis; that of the last is left out."""
    found: Floats = np.cumsum(rows, axis=-1)[..., :-1]
    return found


def distributions(shape: tuple[int, ...], rng: np.random.Generator, power: float = 1) -> Floats:
    """Draw distributions over the last axis: normalised powers of exponential variates; power 1 is Dirichlet(1)."""
    weights: Floats = (-np.log1p(-rng.random(shape))) ** power
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def streams(seed: int) -> Iterator[np.random.Generator]:
    """Return independent random streams: one for the parameters of a process, one for each of its three parts."""
    return (np.random.Generator(np.random.PCG64(s)) for s in np.random.SeedSequence(seed).spawn(4))
