"""How a decoder reads a source: a weighted sum of the encoder's states, with weights of several kinds."""

from abc import abstractmethod
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AttentionName = Literal["none", "last", "mean", "fixed", "product", "softmax", "general", "additive"]
POSITIONS = 100
"""Positions of source and target that have weights of their own in fixed attention; later ones share the last."""


class Read(NamedTuple):
    context: Tensor  # (B, T, D) Σ_s α_ts h_s
    weights: Tensor  # (B, T, S) α; zero at places after a source's end


class Attention(nn.Module):
    """Reads S states of an encoder for T words of a target at once.

    The `keys` do not depend on the decoder, so a decoder makes them once per source, with `project`.
    """

    def project(self, states: Tensor) -> Tensor:
        """Return the keys (B, S, K) of an encoder's states (B, S, D)."""
        return states

    @abstractmethod
    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        """Return e (B or 1, T or 1, S), how well each state fits; the arguments are those of `forward`."""

    def weights(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Return α (B, T or 1, S) of scores; by default their softmax over the places of the source."""
        return scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, place: Tensor) -> Read:
        """Read a source.

        Args:
            query: (B, T, Q) states of the decoder.
            keys: (B, S, K) made by `project`.
            values: (B, S, D) what is summed.
            mask: (B, S) True within a source.
            place: (T,) the numbers of the words in the target, from 0.
        """
        weights = self.weights(self.scores(query, keys, place), mask)
        context = torch.matmul(weights.to(values.dtype), values)
        shape = (len(values), len(place))
        return Read(context.expand(*shape, -1), weights.expand(*shape, -1))


class MeanAttention(Attention):
    """α_ts = 1 / S: the mean of the states, the same for all words."""

    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        return keys.new_zeros(1, 1, keys.shape[1])


class FixedAttention(Attention):
    """α_t = softmax_s(A_ts): learned weights that depend on the positions of both words, not on the words.

    Positions after the last row or column of A share it. A starts at zero, which is the mean.
    """

    def __init__(self, positions: int = POSITIONS) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(positions, positions))

    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        last = len(self.table) - 1
        columns = torch.arange(keys.shape[1], device=place.device).clamp(max=last)
        return self.table[place.clamp(max=last)[:, None], columns][None]


class ProductAttention(Attention):
    """α_ts = q_tᵀ h_s, without normalisation: a long source gives a large sum."""

    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        return torch.matmul(query, keys.transpose(1, 2))

    def weights(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.masked_fill(~mask[:, None], 0.0)


class SoftmaxAttention(Attention):
    """α_t = softmax_s(q_tᵀ h_s); Luong, Pham & Manning 2015, eqs. 7 and 8, `dot`."""

    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        return torch.matmul(query, keys.transpose(1, 2))


class GeneralAttention(SoftmaxAttention):
    """α_t = softmax_s(q_tᵀ W_a h_s); Luong, Pham & Manning 2015, eqs. 7 and 8, `general`. The keys are W_a h_s."""

    def __init__(self, query_size: int, size: int) -> None:
        super().__init__()
        self.of_key = nn.Linear(size, query_size, bias=False)

    def project(self, states: Tensor) -> Tensor:
        keys: Tensor = self.of_key(states)
        return keys


class AdditiveAttention(Attention):
    """α_t = softmax_s(v_aᵀ tanh(W_a q_t + U_a h_s)); Bahdanau, Cho & Bengio 2015, appendix A.1.2.

    The keys are U_a h_s.
    """

    def __init__(self, query_size: int, size: int, units: int) -> None:
        super().__init__()
        self.of_query = nn.Linear(query_size, units, bias=False)
        self.of_key = nn.Linear(size, units, bias=False)
        self.v = nn.Parameter(torch.empty(units).uniform_(-(units**-0.5), units**-0.5))

    def project(self, states: Tensor) -> Tensor:
        keys: Tensor = self.of_key(states)
        return keys

    def scores(self, query: Tensor, keys: Tensor, place: Tensor) -> Tensor:
        return self.compare(F.linear(query, self.of_query.weight)[:, :, None], keys[:, None])

    def compare(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return e (…, S) = v_aᵀ tanh(query + keys) for W_a q (…, 1, A) and U_a h (…, S, A)."""
        return torch.matmul(torch.tanh(query + keys), self.v.to(keys.dtype))


def attention_layer(kind: AttentionName, query_size: int, size: int) -> Attention | None:
    """Return an untrained attention from states of a decoder (query_size) to those of an encoder (size).

    None: `none` and `last` give every word the same vector, without weights.

    Raises:
        ValueError: scalar products of vectors with different widths are asked for.
    """
    if kind in ("product", "softmax") and query_size != size:
        raise ValueError(f"attention={kind} needs states of equal width, not {query_size} and {size}: use general")
    match kind:
        case "mean":
            return MeanAttention()
        case "fixed":
            return FixedAttention()
        case "product":
            return ProductAttention()
        case "softmax":
            return SoftmaxAttention()
        case "general":
            return GeneralAttention(query_size, size)
        case "additive":
            return AdditiveAttention(query_size, size, query_size)
        case "none" | "last":
            return None


def scaled_product(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return softmax(Q Kᵀ / √d) V (…, T, D) and the weights (…, T, S); Vaswani et al. 2017, eq. 1.

    Args:
        query: (…, T, d).
        keys: (…, S, d).
        values: (…, S, D).
        mask: (…, T or 1, S), True where a word may look; it must see at least one place.
    """
    scores = torch.matmul(query, keys.transpose(-1, -2)) * query.shape[-1] ** -0.5
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return torch.matmul(weights.to(values.dtype), values), weights
