"""Linear models of whole sequences: ridge regression and logistic regression, over all steps or over a summary.

The penalty is chosen on the validation part. Hoerl & Kennard 1970 for ridge regression.
"""

from typing import ClassVar

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from seqbench.baselines.sequences.features import FeatureKind, SequenceFeatures
from seqbench.interface import Arrays, Floats
from seqbench.packing import within
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Recogniser,
    RecognitionContext,
    RegressionContext,
    Regressor,
    Sequences,
    TargetedSequences,
)

PENALTIES: Floats = np.logspace(-4, 4, 9).astype(np.float64)
"""Penalties that are tried: in ridge regression, as a multiple of the mean eigenvalue of XᵀX."""


class LinearMap:
    """Standardised features → intercept + weights · features."""

    def __init__(self, kind: FeatureKind) -> None:
        self.features = SequenceFeatures(kind)
        self.weight: Floats = np.empty((0, 0))
        """(P, W)"""
        self.intercept: Floats = np.empty(0)
        """(W,)"""

    def __call__(self, sequences: Sequences) -> Floats:
        """Return (N, W)."""
        said: Floats = self.intercept + self.features(sequences) @ self.weight
        return said

    @property
    def size(self) -> int:
        return int(self.weight.size + self.intercept.size)

    def arrays(self) -> Arrays:
        of_features = {f"features.{name}": array for name, array in self.features.arrays().items()}
        return {"weight": self.weight, "intercept": self.intercept, **of_features}

    def restore(self, arrays: Arrays) -> None:
        self.features.restore(within(arrays, "features"))
        self.weight, self.intercept = arrays["weight"], arrays["intercept"]


class Ridge(Regressor):
    r"""ŷ = ȳ + W x with W = argmin Σ ‖y − ȳ − W x‖² + λ ‖W‖², x being the standardised steps."""

    stochastic: ClassVar[bool] = False
    features: ClassVar[FeatureKind] = "steps"

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        self.map = LinearMap(self.features)
        x = self.map.features.fit(train.sequences)
        self.map.intercept = train.targets.mean(axis=0)
        solutions = ridge(x, train.targets - self.map.intercept, PENALTIES)
        with ctx.validating():
            off = ctx.valid.targets - self.map.intercept - self.map.features(ctx.valid.sequences) @ solutions
            best = int((off**2).mean(axis=(1, 2)).argmin())
        ctx.log("penalty", float(PENALTIES[best]))
        self.map.weight = solutions[best]

    def predict(self, sequences: Sequences) -> Floats:
        return self.map(sequences)

    def arrays(self) -> Arrays:
        return self.map.arrays()

    def restore(self, arrays: Arrays) -> None:
        self.map = LinearMap(self.features)
        self.map.restore(arrays)

    def parameter_count(self) -> int:
        return self.map.size


class BagRidge(Ridge):
    """Ridge regression over a summary of the values, which knows no order."""

    features: ClassVar[FeatureKind] = "bag"


class LogisticRecogniser(Recogniser):
    """Multinomial logistic regression over the standardised steps, with scikit-learn.

    A class without training sequences gets probability 0.
    """

    stochastic: ClassVar[bool] = False
    features: ClassVar[FeatureKind] = "steps"

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        self.map = LinearMap(self.features)
        x, met = self.map.features.fit(train.sequences), np.unique(train.labels)
        self.map.weight = np.zeros((x.shape[1], len(ctx.classes)))
        self.map.intercept = np.full(len(ctx.classes), -np.inf)
        self.map.intercept[met] = 0.0
        if len(met) == 1:
            return
        learned = met[1:] if len(met) == 2 else met  # of two classes, scikit-learn learns the odds of the second
        best, rows = np.inf, np.arange(len(ctx.valid))
        model = LogisticRegression(max_iter=300, warm_start=True)
        found = self.map.weight, self.map.intercept
        for penalty in PENALTIES[::-1]:  # the strongest first: each fit starts from the one before
            model.set_params(C=1 / float(penalty)).fit(x, train.labels)
            self.map.weight, self.map.intercept = self.map.weight.copy(), self.map.intercept.copy()
            self.map.weight[:, learned], self.map.intercept[learned] = model.coef_.T, model.intercept_
            with ctx.validating():
                nats = -self.predict(ctx.valid.sequences)[rows, ctx.valid.labels]
            loss = float(np.minimum(nats, 700).mean())
            if loss < best:
                best, found = loss, (self.map.weight, self.map.intercept)
                ctx.log("penalty", float(penalty))
        self.map.weight, self.map.intercept = found

    def predict(self, sequences: Sequences) -> Floats:
        log_p: Floats = log_softmax(self.map(sequences), axis=1)
        return log_p

    def arrays(self) -> Arrays:
        return self.map.arrays()

    def restore(self, arrays: Arrays) -> None:
        self.map = LinearMap(self.features)
        self.map.restore(arrays)

    def parameter_count(self) -> int:
        return self.map.size


class BagLogisticRecogniser(LogisticRecogniser):
    """Logistic regression over a summary of the values, which knows no order."""

    features: ClassVar[FeatureKind] = "bag"


def ridge(x: Floats, y: Floats, penalties: Floats) -> Floats:
    r"""Return the ridge solutions (L, P, K) for all penalties, from one eigendecomposition.

    XᵀX = V Λ Vᵀ gives W = V (Λ + λ λ̄)⁻¹ Vᵀ Xᵀ y, λ̄ being the mean eigenvalue; with fewer rows than columns, XXᵀ is
    decomposed instead.

    Args:
        x: (N, P); y: (N, K); penalties: (L,) multiples of λ̄.
    """
    wide = x.shape[0] < x.shape[1]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    unit = max(float(values.mean()), 1e-300)
    inverse = 1 / (np.maximum(values, 0) + unit * penalties[:, None])  # (L, min(N, P))
    rotated = vectors.T @ (y if wide else x.T @ y)
    inner = vectors @ (inverse[:, :, None] * rotated)
    solutions: Floats = x.T @ inner if wide else inner
    return solutions
