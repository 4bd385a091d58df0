"""Exact inference in a chain of tags, each of which depends on the two tags before it."""

import numpy as np

from seqbench.interface import Floats

NEVER = -1e9
"""Logarithm of a probability that is 0 in effect; unlike −∞ it can be subtracted from itself."""


class Chain:
    r"""Messages over pairs of neighbouring tags, all in logarithms:

        α_t(b, c) = ⊕_a α_{t−1}(a, b) + log p(c | a, b) + e_t(c)
        β_t(a, b) = ⊕_c β_{t+1}(b, c) + log p(c | a, b) + e_{t+1}(c)
        γ_t(c) = ⊕_b α_t(b, c) + β_t(b, c)

    a, b and c are tags of three words in a row, and e_t(c) is the log-probability of word t given tag c. If ⊕ is
    log-sum-exp, γ is the posterior of a tag (Baum et al. 1970); if it is max, γ is the log-probability of the best
    sequence with this tag, so that the best tags are the Viterbi path (Viterbi 1967).
    """

    def __init__(self, transitions: Floats, best: bool) -> None:
        """
        Args:
            transitions: (C + 1, C + 1, C + 1), p(c | a, b) > 0; tag C stands before and after a sentence.
            best: whether ⊕ is max.
        """
        self.best, self.log_p = best, np.log(transitions)
        self.tags = len(transitions) - 1

    def marginals(self, emissions: Floats) -> Floats:
        """Return γ (B, T, C) of B sentences of T words each, normalised to log-probabilities of tags.

        Args:
            emissions: (B, T, C).
        """
        B, T, C = emissions.shape
        inner, after = self.log_p[:, :C, :C], np.ascontiguousarray(self.log_p[:, :C, :C].transpose(2, 1, 0))
        α = np.full((T, B, C + 1, C), NEVER)
        α[0, :, C] = self.log_p[C, C, :C] + emissions[:, 0]
        for t in range(1, T):
            α[t, :, :C] = self._product(α[t - 1], inner) + emissions[:, t, None]
        β = np.broadcast_to(self.log_p[:, :C, C], (B, C + 1, C))
        γ = np.empty((B, T, C))
        for t in range(T - 1, -1, -1):
            γ[:, t] = self._sum(α[t] + β)
            if t:
                read = (β[:, :C] + emissions[:, t, None]).transpose(0, 2, 1)
                β = self._product(read, after).transpose(0, 2, 1)
        return np.asarray(γ - np.logaddexp.reduce(γ, axis=2, keepdims=True))

    def _product(self, x: Floats, log_p: Floats) -> Floats:
        """Return ⊕_a x(a, b) + log_p(a, b, c) as (B, b, c) for x (B, a, b)."""
        if self.best:
            return np.stack([(row[:, :, None] + log_p).max(axis=0) for row in x])
        most = x.max(axis=1)  # (B, b)
        shares = np.exp(x - most[:, None]).transpose(2, 0, 1)  # (b, B, a)
        summed = np.matmul(shares, np.exp(log_p).transpose(1, 0, 2))  # (b, B, c)
        return np.asarray(np.log(summed).transpose(1, 0, 2) + most[:, :, None])

    def _sum(self, x: Floats) -> Floats:
        """Return ⊕_b x(b, c) as (B, c)."""
        most = x.max(axis=1)
        return most if self.best else np.asarray(most + np.log(np.exp(x - most[:, None]).sum(axis=1)))
