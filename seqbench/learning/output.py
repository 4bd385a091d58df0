"""Output layers of language models: from a hidden vector to the probabilities of V symbols."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Ids

ADAPTIVE_ABOVE = 20_000
"""Symbols above which `auto` means the adaptive layer."""
SAMPLES = 1024
"""Symbols that the sampled layer draws for an update."""

OutputKind = Literal["auto", "full", "adaptive", "tied", "sampled", "tied-sampled"]


class OutputLayer(nn.Module):
    """Natural log probabilities in float32 or finer, whatever the precision of the products."""

    name: str

    @abstractmethod
    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """hidden (N, D), targets (N,) → log p of the targets (N,)."""

    @abstractmethod
    def distribution(self, hidden: Tensor) -> Tensor:
        """hidden (N, D) → log p of all symbols (N, V)."""


class FullSoftmax(OutputLayer):
    """log p = log softmax(W h + b), with b the log frequencies at first, so that learning starts from the unigram."""

    name = "full"

    def __init__(self, size: int, counts: Ids) -> None:
        super().__init__()
        self.linear = nn.Linear(size, len(counts))
        self.linear.bias.data = _log_frequencies(torch.tensor(counts))

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return -F.cross_entropy(self.linear(hidden), targets, reduction="none")

    def distribution(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self.linear(hidden), dim=-1)


class AdaptiveSoftmax(OutputLayer):
    """A softmax in clusters of frequency: frequent symbols at full width, rare ones behind gates, in fewer dimensions.

        p(w) = softmax_head(w)                            among the most frequent c_1 symbols
        p(w) = softmax_head(gate_k) · softmax_k(w)        for the k-th tail, ranks c_k .. c_{k+1},
                                                          computed in size / 4^k dimensions

    Grave, Joulin, Cissé, Grangier & Jégou 2017, "Efficient softmax approximation for GPUs", section 4. It is
    an exact distribution over V, quick because a tail is computed only where its symbols are the targets.

    Symbols are ranked here, by their counts in training, so the vocabulary may be in any order. Parameters lie
    as in `torch.nn.AdaptiveLogSoftmaxWithLoss(head_bias=True)`, which wants ids in rank order and mixes
    number formats under autocast.
    """

    name = "adaptive"
    rank: Tensor

    def __init__(self, size: int, counts: Ids, cutoffs: Sequence[int] | None = None) -> None:
        """cutoffs: c_1, c_2, …, rising, below V; None: V/32 and V/4."""
        super().__init__()
        vocab_size = len(counts)
        self.cutoffs = [vocab_size // 32, vocab_size // 4] if cutoffs is None else list(cutoffs)
        edges = [0, *self.cutoffs, vocab_size]
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(
                f"cutoffs must rise between 0 and the {vocab_size} symbols, not {self.cutoffs}: use output=full"
            )
        order = torch.argsort(torch.tensor(counts), descending=True, stable=True)
        self.register_buffer("rank", torch.argsort(order))
        self.head = nn.Linear(size, self.cutoffs[0] + len(self.cutoffs))
        self.tail = nn.ModuleList()
        for k, (low, high) in enumerate(zip(self.cutoffs, edges[2:], strict=True), start=1):
            narrow = max(1, size // 4**k)
            self.tail.append(
                nn.Sequential(nn.Linear(size, narrow, bias=False), nn.Linear(narrow, high - low, bias=False))
            )
        ranked = torch.tensor(counts)[order]
        mass = [ranked[low:high].sum() for low, high in zip(self.cutoffs, edges[2:], strict=True)]
        self.head.bias.data = _log_frequencies(torch.cat([ranked[: self.cutoffs[0]], torch.stack(mass)]))

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        rank = self.rank[targets]
        cluster = torch.bucketize(rank, torch.tensor(self.cutoffs, device=rank.device), right=True)
        first = torch.where(cluster == 0, rank, self.cutoffs[0] - 1 + cluster)
        nats = F.cross_entropy(self.head(hidden), first, reduction="none")
        for k, tail in enumerate(self.tail, start=1):
            rows = (cluster == k).nonzero().squeeze(1)
            within = rank[rows] - self.cutoffs[k - 1]
            nats = nats.index_add(0, rows, F.cross_entropy(tail(hidden[rows]), within, reduction="none"))
        return -nats

    def distribution(self, hidden: Tensor) -> Tensor:
        head = F.log_softmax(self.head(hidden), dim=-1)
        parts = [head[:, : self.cutoffs[0]]]
        for k, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(hidden), dim=-1) + head[:, self.cutoffs[0] + k, None])
        return torch.cat(parts, dim=-1)[:, self.rank]


class TiedSoftmax(OutputLayer):
    """log p = log softmax(E h + b), E the first V vectors of the input layer, one set of weights for both.

    Press & Wolf 2017, "Using the output embedding to improve language models"; Inan, Khosravi & Socher 2017.
    """

    name = "tied"

    def __init__(self, size: int, counts: Ids, embedding: nn.Embedding) -> None:
        """embedding: (V or more, size) of the input, with dense gradients, as those of a softmax are.

        Raises:
            ValueError: hidden vectors and those of the embedding differ in width.
        """
        super().__init__()
        _same_width(size, embedding)
        # In a tuple it is no submodule, so that the weights are stored once, under the input layer's name.
        self._input = (embedding,)
        self.bias = nn.Parameter(_log_frequencies(torch.tensor(counts)))

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return -F.cross_entropy(self._logits(hidden), targets, reduction="none")

    def distribution(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self._logits(hidden), dim=-1)

    def _logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self._input[0].weight[: len(self.bias)], self.bias)


class SampledSoftmax(OutputLayer):
    """A full softmax whose partition function is estimated in training mode, and exact in evaluation mode.

    With s = W h + b, and S symbols w_1 .. w_S drawn from the add-one unigram q for the whole batch, the
    target being w_0,

        log p(w_0) ≈ s(w_0) − log Ẑ,        Ẑ = 1 / (S + 1) Σ_i exp(s(w_i)) / q(w_i),

    which is log softmax over the S + 1 of s − log q, but for a constant: the log Q correction of Bengio &
    Senécal 2008, "Adaptive importance sampling to accelerate training of a neural probabilistic language
    model", and Jean, Cho, Memisevic & Bengio 2015. The gradient's bias falls as 1/S; where p is the truth its
    expectation is zero for any S (Ma & Collins 2018, the ranking objective).

    Rows of W that are neither targets nor drawn get no gradient: an update does not depend on V. W may be the first V
    vectors of the input layer, as in `TiedSoftmax`.
    """

    name = "sampled"
    log_q: Tensor
    cumulative: Tensor

    def __init__(self, size: int, counts: Ids, samples: int = SAMPLES, embedding: nn.Embedding | None = None) -> None:
        """embedding: (V or more, size) of the input, with sparse gradients, to tie with; None: W is the layer's own.

        Raises:
            ValueError: as `TiedSoftmax`.
        """
        super().__init__()
        self.samples = samples
        self.bias = nn.Embedding(len(counts), 1, sparse=True)
        if embedding is None:
            self.weight = nn.Embedding(len(counts), size, sparse=True)
            nn.init.uniform_(self.weight.weight, -(size**-0.5), size**-0.5)
            self._table = (self.weight,)
        else:
            _same_width(size, embedding)
            self.name = "tied-sampled"
            self._table = (embedding,)  # in a tuple it is no submodule: see TiedSoftmax
        log_q = _log_frequencies(torch.tensor(counts))
        self.bias.weight.data = log_q[:, None].clone()
        cumulative = log_q.double().exp().cumsum(0)
        # Only training needs them, and only evaluation is restored.
        self.register_buffer("log_q", log_q, persistent=False)
        self.register_buffer("cumulative", cumulative / cumulative[-1], persistent=False)

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        if not self.training:
            return -F.cross_entropy(self._logits(hidden), targets, reduction="none")
        symbols = torch.cat([targets, self.draw()])
        weight, bias = self._table[0](symbols), self.bias(symbols)[:, 0] - self.log_q[symbols]
        n = len(targets)
        target: Tensor = (hidden * weight[:n]).sum(1) + bias[:n]
        drawn = F.linear(hidden, weight[n:]) + bias[n:]
        log_sum = torch.logaddexp(target, drawn.logsumexp(1))
        return target + self.log_q[targets] - log_sum + math.log(self.samples + 1)

    def distribution(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self._logits(hidden), dim=-1)

    def draw(self) -> Tensor:
        """(S,) symbols from q, with replacement, by torch's global generator."""
        u = torch.rand(self.samples, dtype=torch.float64).to(self.cumulative.device)
        return torch.searchsorted(self.cumulative, u, right=True)

    def _logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self._table[0].weight[: len(self.log_q)], self.bias.weight[:, 0])


def output_layer(kind: OutputKind, size: int, counts: Ids, embedding: nn.Embedding | None = None) -> OutputLayer:
    """The output layer of that kind over hidden vectors of `size`, for symbols met `counts` (V,) times.

    Args:
        embedding: the input layer, for `tied` and `tied-sampled`.

    Raises:
        ValueError: the vocabulary is too small for the adaptive layer, or the shapes do not allow to tie.
    """
    if kind in ("tied", "tied-sampled"):
        if embedding is None:
            raise ValueError(f"output={kind} needs vectors of words as input, which this model lacks: use output=full")
        return (
            TiedSoftmax(size, counts, embedding) if kind == "tied" else SampledSoftmax(size, counts, SAMPLES, embedding)
        )
    if kind == "sampled":
        return SampledSoftmax(size, counts)
    if kind == "adaptive" or (kind == "auto" and len(counts) > ADAPTIVE_ABOVE):
        return AdaptiveSoftmax(size, counts)
    return FullSoftmax(size, counts)


def _same_width(size: int, embedding: nn.Embedding) -> None:
    if size != embedding.embedding_dim:
        raise ValueError(
            f"output=tied needs hidden vectors as wide as the embedding: they have {size} values, "
            f"the embedding's {embedding.embedding_dim}; make them equal or use output=full"
        )


def _log_frequencies(counts: Tensor) -> Tensor:
    """Log of add-one frequencies."""
    smoothed = counts.to(torch.get_default_dtype()) + 1
    return (smoothed / smoothed.sum()).log()
