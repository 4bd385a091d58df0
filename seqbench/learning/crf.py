"""The linear-chain conditional random field: the output layer of a tagger whose neighbouring tags depend on each other.

Lafferty, McCallum & Pereira 2001, "Conditional random fields"; over a recurrent network, Huang, Xu & Yu 2015.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Decoding = Literal["posterior", "viterbi"]
"""posterior: the probability of each tag; viterbi: that of the best sequence with each tag, normalised over tags."""
Reduce = Callable[[Tensor, int], Tensor]


class LinearChainCRF(nn.Module):
    r"""p(y | x) = exp(s(y)) / Σ_y' exp(s(y')),    s(y) = b(y_1) + Σ_t e_t(y_t) + Σ_{t>1} A(y_{t−1}, y_t) + f(y_T)

    e_t(c) is the score of tag c at word t, from the network below.
    """

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.first, self.last = nn.Parameter(torch.zeros(tags)), nn.Parameter(torch.zeros(tags))
        """b and f"""
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        """A, from the row's tag to the column's"""

    def log_likelihood(self, scores: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return log p(y | x) (B,) of sequences of tags (B, T), given scores (B, T, C); see `marginals`."""
        return self.score(scores, tags, lengths) - self.log_partition(scores, lengths)

    def score(self, scores: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Return s(y) (B,)."""
        step = torch.arange(tags.shape[1], device=tags.device)
        inside = step < lengths[:, None]
        own = scores.gather(2, tags[..., None])[..., 0] * inside
        moves = self.transitions[tags[:, :-1], tags[:, 1:]] * inside[:, 1:]
        end = tags.gather(1, lengths[:, None] - 1)[:, 0]
        return self.first[tags[:, 0]] + own.sum(1) + moves.sum(1) + self.last[end]

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """Return log Σ_y exp(s(y)) (B,), by the forward algorithm."""
        α = self._ahead(scores, torch.logsumexp)
        end = α.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, α.shape[2]))[:, 0]
        return torch.logsumexp(end + self.last.to(α.dtype), 1)

    def marginals(self, scores: Tensor, lengths: Tensor, decoding: Decoding = "posterior") -> Tensor:
        """Return log-probabilities of tags (B, T, C); those after the lengths have no meaning.

        Args:
            scores: (B, T, C) e, whose number format is used for all sums.
            lengths: (B,) in 1..T.
            decoding: with viterbi, the best tags are the most probable sequence, if there is only one.
        """
        reduce: Reduce = torch.logsumexp if decoding == "posterior" else torch.amax
        γ = self._ahead(scores, reduce) + self._back(scores, lengths, reduce)
        return γ - torch.logsumexp(γ, 2, keepdim=True)

    def _ahead(self, scores: Tensor, reduce: Reduce) -> Tensor:
        """Return α_t(c) = ⊕_a α_{t−1}(a) + A(a, c) + e_t(c), as (B, T, C)."""
        A = self.transitions.to(scores.dtype)
        found = [self.first.to(scores.dtype) + scores[:, 0]]
        for t in range(1, scores.shape[1]):
            found.append(reduce(found[-1][:, :, None] + A, 1) + scores[:, t])
        return torch.stack(found, 1)

    def _back(self, scores: Tensor, lengths: Tensor, reduce: Reduce) -> Tensor:
        """Return β_t(a) = ⊕_c A(a, c) + e_{t+1}(c) + β_{t+1}(c), as (B, T, C); at the last word, β is f."""
        A, last = self.transitions.to(scores.dtype), self.last.to(scores.dtype)
        found = [last.expand(len(scores), -1)]
        for t in range(scores.shape[1] - 2, -1, -1):
            before = reduce(A + (scores[:, t + 1] + found[-1])[:, None], 2)
            found.append(torch.where((t + 1 < lengths)[:, None], before, last))
        return torch.stack(found[::-1], 1)
