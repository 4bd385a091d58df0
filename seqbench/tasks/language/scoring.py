"""How documents are scored: the calls of `predict`, the same for every model, and what the laws keep of them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqbench.interface import Documents, Floats
from seqbench.tasks.language.laws import Call, answer
from seqbench.tasks.language.model import LanguageModel

PIECE = 4096
"""Number of symbols of a stream per call of `predict`; the state is passed from piece to piece."""
BATCH = 65_536
"""The largest number of symbols per call if documents of equal length are scored together."""
FEWEST, SHARE = 4, 1 / 48
"""The laws look again at this share of the calls, but at least at `FEWEST` places."""


class Witness:
    """Keeps the calls of scoring that the laws look at again.

    Their places are drawn before scoring: the symbols are divided into equal stretches, in the order in which they are
    scored, and one symbol is drawn from each. A call that holds several of them is kept once.
    """

    def __init__(self, lengths: Sequence[int], seed: int) -> None:
        """Draw the places in documents of these lengths."""
        sizes = [len(rows) * (stop - start) for rows in batches(lengths) for start, stop in pieces(lengths[rows[0]])]
        ends = np.cumsum([0, *sizes])[1:]
        count = max(FEWEST, round(SHARE * len(sizes))) if sum(sizes) else 0
        drawn = (np.arange(count) + np.random.default_rng(seed).random(count)) / max(1, count) * sum(sizes)
        self._drawn = set(np.searchsorted(ends, drawn.astype(np.int64), side="right").tolist())
        self._heard = 0
        self.calls: list[Call] = []

    def hear(self, call: Call) -> None:
        if self._heard in self._drawn:
            self.calls.append(call)
        self._heard += 1


def score_documents(model: LanguageModel[Any], documents: Documents, witness: Witness | None = None) -> list[Floats]:
    """Return −ln p of every symbol of every document, each (T_i,); each document starts without a state.

    Raises:
        ScoreError: `predict` returns a shape other than (B, T), something that is not a number, or a probability
            above 1.
    """
    nats = [np.empty(len(document)) for document in documents]
    lengths = [len(document) for document in documents]
    for rows in batches(lengths):
        ids = np.stack([documents[i] for i in rows])
        state: Any = None
        for start, stop in pieces(ids.shape[1]):
            piece = ids[:, start:stop]
            scores, after = answer(model, piece.copy(), state)
            if witness is not None:
                witness.hear(Call(piece, state, scores))
            state = after
            for i, row in zip(rows, scores, strict=True):
                nats[i][start:stop] = -row
    return nats


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the indices of documents of equal length, so that no score depends on padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batch: list[int] = []
    for i in order:
        if batch and (lengths[i] != lengths[batch[0]] or (len(batch) + 1) * lengths[i] > BATCH):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def pieces(length: int) -> Iterator[tuple[int, int]]:
    """Yield the first column of each piece of a document, and the column after its last."""
    for start in range(0, length, PIECE):
        yield start, min(start + PIECE, length)
