"""Mixtures of language models, such as `kneser-ney(order=5)+lstm`; EM learns the weights on the validation part."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from seqbench.combination import Combination, Weighed, combination
from seqbench.interface import Arrays, Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.scoring import score_documents

GAP = 1e-8
"""The largest difference, in nats per symbol, between the log-likelihood of the learned weights and the optimum."""
STEPS = 10_000
"""The largest number of EM steps; after n steps the gap is always below ln K / n."""


Made = TypeVar("Made", bound="Mixture")


class Mixture(Combination[Documents, LanguageContext], LanguageModel[tuple[Any, ...]]):
    """p(x_t | past) = Σ_k w_k p_k(x_t | past), with the weights that maximise the likelihood of the validation text.

    The same weights are used for all texts, as in Jelinek & Mercer 1980, "Interpolated estimation of Markov source
    parameters from sparse data". The likelihood is concave in the weights, so EM finds the optimum.

    So K − 1 numbers are learned from the validation text, which the parts may also use for early stopping. For this
    reason the validation score of the mixture is slightly too good; its test score is not affected.

    `mixture` creates classes of this kind.
    """

    parts: list[LanguageModel[Any]]
    weights: Floats
    """(K,)"""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Fit the parts, then learn their weights; without a validation text the weights are equal.

        Curves of part k are logged as `k.name`, its weight as `k.weight`.

        Raises:
            Exception: whatever the fit of a part raises.
        """
        self.vocab_size = ctx.vocab.size
        super().fit(train, ctx)
        with ctx.validating():
            scores = [np.concatenate([np.empty(0), *score_documents(part, ctx.valid)]) for part in self.parts]
        nats = np.stack(scores, axis=1)
        nats = nats[
            np.isfinite(nats).any(axis=1)
        ]  # the weights do not depend on a symbol of probability 0 in all parts
        # A factor common to all parts does not change the weights; this one prevents underflow of the probabilities.
        self.weights, _ = learn_weights(np.exp(nats.min(axis=1, keepdims=True) - nats))
        for k, weight in enumerate(self.weights, start=1):
            ctx.log(f"{k}.weight", weight)

    def predict(self, ids: Ids, state: tuple[Any, ...] | None = None) -> tuple[Floats, tuple[Any, ...]]:
        states = (None,) * len(self.parts) if state is None else state
        scores, after = zip(*(p.predict(ids, s) for p, s in zip(self.parts, states, strict=True)), strict=True)
        with np.errstate(divide="ignore"):
            weighted = np.log(self.weights)[:, None, None] + np.stack(scores)
        mixed: Floats = np.logaddexp.reduce(weighted)
        return mixed, after

    def next(self, state: tuple[Any, ...] | None = None, batch: int = 1) -> Floats:
        states = (None,) * len(self.parts) if state is None else state
        said = [part.next(s, batch) for part, s in zip(self.parts, states, strict=True)]
        mixed: Floats = np.tensordot(self.weights, np.stack(said), axes=1)
        return mixed

    def arrays(self) -> Arrays | None:
        """Return the arrays of the parts, under `k.name`, and the weights; None if a part returns none."""
        arrays = super().arrays()
        return None if arrays is None else {"weights": self.weights, **arrays}

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.weights, self.vocab_size = arrays["weights"], self.parts[0].vocab_size

    def parameter_count(self) -> int | None:
        """Return the number of parameters of the parts plus K − 1 weights."""
        count = super().parameter_count()
        return None if count is None else count + len(self.parts) - 1


class WeighedMixture(Weighed[Documents, LanguageContext], Mixture):
    """The same mixture with given weights, so that nothing is learned from the validation text.

    `weighed` creates classes of this kind.
    """

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size, self.weights = ctx.vocab.size, np.array(self.config.weights)
        Combination.fit(self, train, ctx)


def mixture(kinds: Sequence[type[LanguageModel[Any]]]) -> type[Mixture]:
    """Create the class of mixtures of two or more classes of language models.

    It is neural if a part is neural, and stochastic if a part is.

    Raises:
        ValueError: there are fewer than two parts.
    """
    return _of(Mixture, kinds)


def weighed(kinds: Sequence[type[LanguageModel[Any]]]) -> type[WeighedMixture]:
    """Create the class of mixtures with given weights, as `mixture` does."""
    return _of(WeighedMixture, kinds)


def _of(base: type[Made], kinds: Sequence[type[LanguageModel[Any]]]) -> type[Made]:
    if len(kinds) < 2:
        raise ValueError("a mixture has two parts or more, such as kneser-ney(order=5)+lstm")

    mixed = combination(base, kinds)
    if any(kind.next is LanguageModel.next for kind in kinds):
        # If a part has no `next` of its own, the mixture has none either, and the checks do not call it.
        mixed.next = LanguageModel.next  # type: ignore[method-assign]
    return mixed


def learn_weights(p: Floats) -> tuple[Floats, list[float]]:
    """Return the weights w of the parts of a mixture that maximise L(w) = Σ_n ln Σ_k w_k p_nk / N.

    EM starts from equal weights (Dempster, Laird & Rubin 1977, section 4.3). Each step sets a weight to the mean
    responsibility of its part:

        w_k ← w_k g_k,      g_k = ∂L/∂w_k = Σ_n p_nk / Σ_j w_j p_nj / N.

    L is concave, so its maximum is at most L(w) + max_k g_k − 1; EM stops when max_k g_k − 1 is below `GAP`.

    Args:
        p: (N, K) probability of symbol n under part k, up to one factor per symbol; N may be 0.

    Returns:
        weights (K,), and −L at each step, which is in nats per symbol if all factors are 1.
    """
    N, K = p.shape
    w = np.full(K, 1 / K)
    nats: list[float] = []
    if N == 0:
        return w, nats
    for _ in range(STEPS):
        mixed = p @ w
        nats.append(float(-np.log(mixed).mean()))
        g = (1 / mixed) @ p / N
        if g.max() - 1 < GAP:
            break
        w = w * g
        w /= w.sum()
    return w, nats
