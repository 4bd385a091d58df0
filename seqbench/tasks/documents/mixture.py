"""Mixtures of classifiers with given weights, as tuning makes them of its trials."""

from collections.abc import Sequence

import numpy as np

from seqbench.combination import Weighed, combination
from seqbench.interface import Floats
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts


class WeighedMixture(Weighed[Labelled, ClassificationContext], Classifier):
    """p(class | document) = Σ_k w_k p_k(class | document), the linear opinion pool (Stone 1961).

    `weighed` creates classes of this kind.
    """

    parts: list[Classifier]

    def predict(self, texts: Texts) -> Floats:
        return mixture([part.predict(texts) for part in self.parts], self.config.weights)


def mixture(log_p: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Return the log-probabilities (N, C) of a mixture of K distributions, each (N, C)."""
    with np.errstate(divide="ignore"):
        mixed: Floats = np.logaddexp.reduce(np.log(weights)[:, None, None] + np.stack(log_p))
    return mixed


def weighed(kinds: Sequence[type[Classifier]]) -> type[WeighedMixture]:
    """Create the class of mixtures of two or more classes of classifiers.

    It is neural if a part is neural, and stochastic if a part is.

    Raises:
        ValueError: there are fewer than two parts.
    """
    if len(kinds) < 2:
        raise ValueError("a mixture has two parts or more")
    return combination(WeighedMixture, kinds)
