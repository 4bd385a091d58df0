r"""The Baum–Welch algorithm for categorical hidden Markov models, batched over sequences.

Baum, Petrie, Soules & Weiss 1970; Rabiner 1989, "A tutorial on hidden Markov models", sections III and V. For
states i, j = 1..K, start π, transitions A, emissions b_j(v), and a sequence o_1..o_T:

    α_1(j) = π_j b_j(o_1) / c_1,    α_t(j) = Σ_i α_{t-1}(i) A_ij b_j(o_t) / c_t,    c_t so that Σ_j α_t(j) = 1
    β_T(i) = 1,                     β_{t-1}(i) = Σ_j A_ij w_t(j),    w_t(j) = b_j(o_t) β_t(j) / c_t
    γ_t(i) = α_t(i) β_t(i)          the probability of state i at t, given the sequence
    Σ_t ξ_t(i, j) = A_ij Σ_t α_{t-1}(i) w_t(j)
    ln p(o) = Σ_t ln c_t

Many sequences are processed together, so that each step needs one matrix product, and one more for the sum of ξ. There
is never an array of shape (T, K, V) or (T, K, K).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqbench.interface import Documents, Ids
from seqbench.learning.text import Text
from seqbench.long_arrays import consecutive

GROWTH = 1.5
"""Factor by which the step size grows after each successful step."""
FLOOR = 1e-9
"""The smallest probability after an enlarged step; plain EM steps have no such limit."""


Answer = TypeVar("Answer")


class Parameters(NamedTuple):
    """The parameters of an HMM, or counts or pseudo-counts of the same shapes."""

    start: Tensor
    """(2, K) π at the start of a document, and the distribution at the start of a piece after a cut."""
    A: Tensor
    """(K, K)"""
    B: Tensor
    """(V, K) b_j(v), one row per symbol, so that the emissions of a symbol are contiguous in memory."""

    def to(self, dtype: torch.dtype) -> "Parameters":
        return Parameters(*(x.to(dtype) for x in self))


class Batch(NamedTuple):
    """Sequences packed by time, the longest first: the sequences that reach t are the first `active[t]`."""

    ids: Tensor
    """(N,) the symbols of all sequences at t = 1, then at t = 2, …"""
    active: list[int]
    after_cut: Tensor
    """(R,) the row of `Parameters.start` from which each sequence starts."""

    @property
    def symbols(self) -> int:
        return len(self.ids)

    def packed(self) -> "Batch":
        return self


@dataclass(frozen=True)
class Pieces:
    """R pieces of a text, each T_i ≥ 1 symbols: a batch that is packed anew each time, so the text may be long."""

    text: Text
    starts: Ids
    """(R,) the place in the text of the first symbol of each piece."""
    lengths: Ids
    """(R,)"""
    after_cut: NDArray[np.bool_]
    """(R,) whether the document of a piece starts before it."""
    device: str = "cpu"

    @property
    def symbols(self) -> int:
        return int(self.lengths.sum())

    def only(self, rows: Ids) -> "Pieces":
        """Return some of the pieces."""
        return replace(self, starts=self.starts[rows], lengths=self.lengths[rows], after_cut=self.after_cut[rows])

    def packed(self) -> Batch:
        order, active = _packing(self.lengths)
        ids = np.empty(self.symbols, dtype=np.int64)
        for start, length, where in zip(self.starts.tolist(), self.lengths.tolist(), places(self.lengths), strict=True):
            ids[where] = self.text.take(np.arange(start, start + length))
        after_cut = torch.from_numpy(self.after_cut[order].astype(np.int64))
        return Batch(torch.from_numpy(ids).to(self.device), active.tolist(), after_cut.to(self.device))


class Step(NamedTuple):
    nats: float
    """Negative log-likelihood per symbol before the step."""
    parameters: Parameters
    """Parameters after the step."""


def cut(documents: Documents, piece: int, device: str = "cpu") -> Pieces:
    """Cut documents into pieces of nearly equal length, at most `piece` symbols."""
    text = Text(documents)
    whole = text.lengths > 0
    starts, lengths = text.starts[whole], text.lengths[whole]
    counts = -(-lengths // piece)
    starts, lengths, parts = (np.repeat(x, counts) for x in (starts, lengths, counts))
    part = consecutive(np.zeros_like(counts), counts)
    size, longer = np.divmod(lengths, parts)  # the first pieces of a document are one symbol longer
    return Pieces(text, starts + part * size + np.minimum(part, longer), size + (part < longer), part > 0, device)


def pack(pieces: Sequence[Ids], after_cut: Sequence[bool]) -> Batch:
    """Pack pieces, each (T_i,) with T_i ≥ 1, into one batch."""
    text = Text(pieces)
    return Pieces(text, text.starts, text.lengths, np.array(after_cut)).packed()


def places(lengths: Ids) -> list[Ids]:
    """Return where the symbols of each sequence stand in a batch that is packed of sequences of these lengths."""
    order, active = _packing(lengths)
    offsets = np.concatenate([[0], np.cumsum(active)[:-1]])
    rows = np.argsort(order)
    return [offsets[:length] + row for length, row in zip(lengths, rows, strict=True)]


def _packing(lengths: Ids) -> tuple[Ids, Ids]:
    """Return the order of the sequences, the longest first, and how many of them reach each step."""
    order = np.argsort(-lengths, kind="stable")
    return order, np.searchsorted(-lengths[order], -np.arange(lengths.max()), side="left")


def forward(model: Parameters, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the filtered states α (N, K) and the scales c (N, 1), packed like the batch."""
    K, dtype = len(model.A), model.A.dtype
    alpha = torch.empty(len(batch.ids), K, dtype=dtype, device=model.A.device)
    c = alpha.new_empty(len(batch.ids), 1)
    predicted = model.start[batch.after_cut]
    buffer = torch.empty_like(predicted)
    A = model.A.t().contiguous().t()  # column-major order makes the product faster
    before: Tensor | None = None
    for ids, alpha_t, c_t in zip(
        torch.split(batch.ids, batch.active),
        torch.split(alpha, batch.active),
        torch.split(c, batch.active),
        strict=True,
    ):
        if before is not None:
            predicted = torch.mm(before[: len(ids)], A, out=buffer[: len(ids)])
        torch.index_select(model.B, 0, ids, out=alpha_t)
        alpha_t.mul_(predicted)
        torch.sum(alpha_t, 1, keepdim=True, out=c_t)
        alpha_t.div_(c_t)
        before = alpha_t
    return alpha, c


def log_likelihood(model: Parameters, batches: Sequence[Batch | Pieces]) -> float:
    """Return Σ ln p(o) over all sequences."""

    def one(batch: Batch) -> float:
        return float(forward(model, batch)[1].log().sum(dtype=torch.float64))

    return sum(_each(one, batches))


def expect(model: Parameters, batch: Batch) -> tuple[Parameters, float]:
    """Run the E-step.

    Returns:
        The expected counts of starts, transitions and emissions, in float64, and the log-likelihood.
    """
    alpha, c = forward(model, batch)
    alphas, ids = torch.split(alpha, batch.active), torch.split(batch.ids, batch.active)
    scales = torch.split(c, batch.active)
    beta = torch.ones_like(alphas[0])
    w = torch.empty_like(beta)
    xi = torch.zeros_like(model.A)
    for t in range(len(batch.active) - 1, 0, -1):
        n = batch.active[t]
        beta_t, w_t = beta[:n], w[:n]  # rows of sequences that end at t have not been written yet: β = 1
        torch.index_select(model.B, 0, ids[t], out=w_t)
        w_t.mul_(beta_t).div_(scales[t])
        alphas[t].mul_(beta_t)  # α_t becomes γ_t in place: ξ has used it already
        xi.addmm_(alphas[t - 1][:n].t(), w_t)
        torch.mm(w_t, model.A.t(), out=beta_t)
    alphas[0].mul_(beta)
    start = torch.zeros_like(model.start).index_add_(0, batch.after_cut, alphas[0])
    emissions = torch.zeros_like(model.B).index_add_(0, batch.ids, alpha)
    counts = Parameters(start, xi * model.A, emissions).to(torch.float64)
    return counts, float(c.log().sum(dtype=torch.float64))


def expect_all(model: Parameters, batches: Sequence[Batch | Pieces]) -> tuple[Parameters, float]:
    """Run the E-step over all batches; the sums do not depend on the number of threads."""
    answers = _each(lambda batch: expect(model, batch), batches)
    total, likelihood = next(answers)
    for counts, more in answers:
        for x, y in zip(total, counts, strict=True):
            x.add_(y)
        likelihood += more
    return total, likelihood


def _each(function: Callable[[Batch], Answer], batches: Sequence[Batch | Pieces]) -> Iterator[Answer]:
    """Yield `function` of each batch in order; batches run in parallel, each on one thread.

    If torch's own threads shared a batch, they would synchronise a dozen times per time step, although the products are
    too small to be worth it. On a busy machine, each synchronisation waits for the scheduler.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(lambda batch: function(batch.packed()), batches)
    finally:
        torch.set_num_threads(threads)


def maximise(counts: Parameters, prior: Parameters) -> Parameters:
    """Run the M-step: return the posterior mode with Dirichlet priors, that is, normalised counts plus pseudo-counts.

    A row whose sum is zero becomes uniform.
    """

    def shares(x: Tensor, dim: int) -> Tensor:
        total = x.sum(dim, keepdim=True)
        return torch.where(total > 0, x / total.clamp(min=1e-300), 1 / x.shape[dim])

    start, A, B = (x + extra for x, extra in zip(counts, prior, strict=True))
    return Parameters(shares(start, 1), shares(A, 1), shares(B, 0))


def log_prior(model: Parameters, prior: Parameters) -> float:
    """Return the log prior up to a constant, Σ pseudo-count · ln probability.

    The M-step maximises its sum with the log-likelihood.
    """
    return sum(float(torch.xlogy(extra, x).sum()) for x, extra in zip(model, prior, strict=True))


def _bold(old: Parameters, new: Parameters, eta: float) -> Parameters:
    """Return an enlarged EM step, ∝ old (new / old)^η: η = 1 is EM itself."""

    def move(a: Tensor, b: Tensor, dim: int) -> Tensor:
        log = a.clamp(min=FLOOR).log()
        return log.add(eta * (b.clamp(min=FLOOR).log() - log)).softmax(dim).clamp(min=FLOOR)

    moved = Parameters(move(old.start, new.start, 1), move(old.A, new.A, 1), move(old.B, new.B, 0))
    return Parameters(*(x / x.sum(dim, keepdim=True) for x, dim in zip(moved, (1, 1, 0), strict=True)))


def climb(
    model: Parameters,
    batches: Sequence[Batch | Pieces],
    prior: Parameters,
    passes: int,
    dtype: torch.dtype = torch.float64,
    tolerance: float = 0.0,
    growth: float = GROWTH,
) -> Iterator[Step]:
    """Run adaptive over-relaxed EM (Salakhutdinov & Roweis 2003); `growth=1` is Baum–Welch.

    Each successful step enlarges the next one. If an enlarged step lowers the objective (log-likelihood + log prior),
    it is replaced by the plain EM step, which cannot lower it; this pass then yields nothing.

    Args:
        model, prior: parameters and pseudo-counts in float64.
        passes: maximum number of passes over the batches.
        dtype: data type of the E-step.
        tolerance: EM ends if a pass gains less than this, in nats per symbol.

    Raises:
        FloatingPointError: the objective of a plain EM step is NaN or infinite.
    """
    symbols = sum(batch.symbols for batch in batches)
    best, eta, bold, plain = -math.inf, 1.0, False, model
    for _ in range(passes):
        counts, likelihood = expect_all(model.to(dtype), batches)
        objective = likelihood + log_prior(model, prior)
        if not math.isfinite(objective) and not bold:
            raise FloatingPointError(
                "the likelihood in EM is NaN or infinite; use dtype=float64 or a larger pseudo_count"
            )
        if not objective >= best:
            if not bold:
                return  # in a plain step, only rounding can lower the objective: the optimum is reached
            model, eta, bold = plain, 1.0, False
            continue
        gain, best = (objective - best) / symbols, objective
        plain = maximise(counts, prior)
        yield Step(-likelihood / symbols, plain)
        if gain < tolerance:
            return
        bold = eta > 1
        model = _bold(model, plain, eta) if bold else plain
        eta *= growth
