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
"""`auto` means the adaptive layer if there are more symbols than this."""
SAMPLES = 1024
"""Number of symbols that the sampled layer draws per update."""

OutputKind = Literal["auto", "full", "adaptive", "tied", "sampled", "tied-sampled"]


class OutputLayer(nn.Module):
    """Returns natural log probabilities in float32 or finer, whatever the precision of the matrix products."""

    name: str

    @abstractmethod
    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Return log p (N,) of targets (N,), given hidden vectors (N, D)."""

    @abstractmethod
    def distribution(self, hidden: Tensor) -> Tensor:
        """Return log p (N, V) of all symbols, given hidden vectors (N, D)."""


class FullSoftmax(OutputLayer):
    """log p = log softmax(W h + b); b starts as the log frequencies, so learning starts from the unigram model."""

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
    """A softmax over clusters of symbols by frequency; clusters of rare symbols use a gate and fewer dimensions.

        p(w) = softmax_head(w)                            among the most frequent c_1 symbols
        p(w) = softmax_head(gate_k) · softmax_k(w)        for the k-th tail, ranks c_k .. c_{k+1},
                                                          computed in size / 4^k dimensions

    Grave, Joulin, Cissé, Grangier & Jégou 2017, "Efficient softmax approximation for GPUs", section 4. It is an exact
    distribution over V. It is fast because a tail is computed only for the targets that belong to it.

    The layer ranks symbols by their counts in training, so the vocabulary may be in any order. Parameters have the
    layout of `torch.nn.AdaptiveLogSoftmaxWithLoss(head_bias=True)`, which is not used because it requires ids in rank
    order and mixes number formats under autocast.
    """

    name = "adaptive"
    rank: Tensor

    def __init__(self, size: int, counts: Ids, cutoffs: Sequence[int] | None = None) -> None:
        """cutoffs: c_1, c_2, …, in increasing order, below V; None: V/32 and V/4."""
        super().__init__()
        vocab_size = len(counts)
        self.cutoffs = [vocab_size // 32, vocab_size // 4] if cutoffs is None else list(cutoffs)
        edges = [0, *self.cutoffs, vocab_size]
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(
                f"cutoffs must increase and lie between 0 and {vocab_size}, the number of symbols, "
                f"but are {self.cutoffs}: use output=full"
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
    """log p = log softmax(E h + b), where E is the first V vectors of the input layer: both layers share weights.

    Press & Wolf 2017, "Using the output embedding to improve language models"; Inan, Khosravi & Socher 2017.
    """

    name = "tied"

    def __init__(self, size: int, counts: Ids, embedding: nn.Embedding) -> None:
        """embedding: the input layer (V or more, size), with dense gradients, since a softmax has dense gradients.

        Raises:
            ValueError: hidden vectors and embedding vectors differ in width.
        """
        super().__init__()
        _same_width(size, embedding)
        # A module in a tuple is not a submodule, so the weights are stored only once, under the input layer's name.
        self._input = (embedding,)
        self.bias = nn.Parameter(_log_frequencies(torch.tensor(counts)))

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return -F.cross_entropy(self._logits(hidden), targets, reduction="none")

    def distribution(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self._logits(hidden), dim=-1)

    def _logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self._input[0].weight[: len(self.bias)], self.bias)


class SampledSoftmax(OutputLayer):
    """A full softmax whose partition function is estimated in training mode and exact in evaluation mode.

    Let s = W h + b, let w_0 be the target, and let w_1 .. w_S be S symbols drawn from the add-one unigram q, the same
    for the whole batch. Then

        log p(w_0) ≈ s(w_0) − log Ẑ,        Ẑ = 1 / (S + 1) Σ_i exp(s(w_i)) / q(w_i),

    which equals, up to a constant, the log softmax of s − log q over the S + 1 symbols: the log Q correction of
    Bengio & Senécal 2008, "Adaptive importance sampling to accelerate training of a neural probabilistic language
    model", and Jean, Cho, Memisevic & Bengio 2015. The gradient's bias decreases as 1/S; if p is the true
    distribution, the gradient's expectation is zero for any S (Ma & Collins 2018, the ranking objective).

    Rows of W that are neither targets nor drawn get no gradient, so the cost of an update does not depend on V. W may
    be the first V vectors of the input layer, as in `TiedSoftmax`.
    """

    name = "sampled"
    log_q: Tensor
    cumulative: Tensor

    def __init__(self, size: int, counts: Ids, samples: int = SAMPLES, embedding: nn.Embedding | None = None) -> None:
        """embedding: the input layer (V or more, size), with sparse gradients, used as W; None: W is separate.

        Raises:
            ValueError: see `TiedSoftmax`.
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
            self._table = (embedding,)  # a module in a tuple is not a submodule: see TiedSoftmax
        log_q = _log_frequencies(torch.tensor(counts))
        self.bias.weight.data = log_q[:, None].clone()
        cumulative = log_q.double().exp().cumsum(0)
        # Only training needs these buffers, and a restored model is only evaluated.
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
        """Draw symbols (S,) from q, with replacement, with torch's global generator."""
        u = torch.rand(self.samples, dtype=torch.float64).to(self.cumulative.device)
        return torch.searchsorted(self.cumulative, u, right=True)

    def _logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self._table[0].weight[: len(self.log_q)], self.bias.weight[:, 0])


def output_layer(kind: OutputKind, size: int, counts: Ids, embedding: nn.Embedding | None = None) -> OutputLayer:
    """Return an output layer for hidden vectors of width `size` and symbols that occur `counts` (V,) times in training.

    Args:
        embedding: the input layer, for `tied` and `tied-sampled`.

    Raises:
        ValueError: the vocabulary is too small for the adaptive layer, or the shapes do not allow tying.
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
    """Return the log of add-one frequencies."""
    smoothed = counts.to(torch.get_default_dtype()) + 1
    return (smoothed / smoothed.sum()).log()
