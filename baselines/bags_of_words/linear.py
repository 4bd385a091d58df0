"""Linear classifiers over sparse features, with scikit-learn: perceptron, logistic regression, linear SVM."""

import warnings
from abc import abstractmethod
from typing import Any, Literal, get_args

import numpy as np
from pydantic import Field
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn import linear_model, svm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from seqbench.baselines.bags_of_words.features import DocumentFeatures, Features
from seqbench.interface import Config, Floats, Ids
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts

FOLDS = 5
"""Number of folds of the cross-validation; the temperature is fitted to its decision values."""
GRADIENT = 1e-8
"""The largest entry of the gradient at which L-BFGS stops. At scikit-learn's 1e-4, some predictions depend on the order
of the words' columns."""
MOST_STEPS = 10_000
"""The most iterations of a solver; if it has not converged by then, `fit` raises an error."""


_FEATURES: dict[str, Any] = {
    "description": "counts: n-gram counts; tfidf: TF-IDF of n-grams; characters: hashed letter trigrams of words",
    "json_schema_extra": {"search": {"choices": list(get_args(Features))}},
}
_NGRAMS: dict[str, Any] = {
    "ge": 1,
    "le": 5,
    "description": "words of the longest n-gram of `counts` and `tfidf`",
    "json_schema_extra": {"search": {"choices": [1, 2, 3]}},
}


class LinearConfig(Config):
    features: Features = Field("counts", **_FEATURES)
    ngrams: int = Field(1, **_NGRAMS)
    class_weight: Literal["none", "balanced"] = Field(
        "none",
        description="weights of documents; none: equal; balanced: all classes have the same total weight",
        json_schema_extra={"search": {"choices": ["none", "balanced"]}},
    )


class PenalisedConfig(LinearConfig):
    c: float = Field(
        1.0,
        gt=0,
        description="inverse strength of the L2 penalty, scikit-learn's C",
        json_schema_extra={"search": {"low": 0.01, "high": 100.0, "log": True}},
    )


class SVMConfig(PenalisedConfig):
    features: Features = Field("tfidf", **_FEATURES)
    ngrams: int = Field(2, **_NGRAMS)


class LinearClassifier(Classifier):
    """Features → scikit-learn's classifier → log-probabilities.

    Classes without training documents have probability 0.
    """

    stochastic = False
    config_class = LinearConfig
    config: LinearConfig

    @abstractmethod
    def estimator(self, class_weight: str | None) -> Any:
        """Return scikit-learn's classifier, not yet fitted."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Fit until the solver has converged.

        Raises:
            ValueError: the training data has fewer than two classes, or the solver does not converge.
        """
        met = np.unique(train.labels)
        if len(met) < 2:
            raise ValueError("a linear classifier needs at least two classes: the training part has fewer than two")
        self.classes = len(ctx.classes)
        self.features = DocumentFeatures(self.config.features, self.config.ngrams)
        vectors = self.features.fit(train.texts)
        ctx.log("features", vectors.shape[1])
        collisions = self.features.collisions(train.texts)
        if collisions is not None:
            ctx.log("letter_trigrams_that_share_a_bucket", collisions)
        weight = None if self.config.class_weight == "none" else "balanced"
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                self.learn(self.estimator(weight), vectors, train.labels, ctx)
            except ConvergenceWarning as warning:
                raise ValueError(f"the solver found no optimum ({warning}): lower c or use tfidf features") from None

    def learn(self, estimator: Any, vectors: Any, labels: Ids, ctx: ClassificationContext) -> None:
        """Fit `self.model` and the calibration of its probabilities."""
        self.model = estimator.fit(vectors, labels)

    def predict(self, texts: Texts) -> Floats:
        log_p = np.full((len(texts), self.classes), -np.inf)
        log_p[:, self.model.classes_] = self.scores(self.features(texts))
        return log_p

    @abstractmethod
    def scores(self, vectors: Any) -> Floats:
        """Return log-probabilities (N, classes that occur in training) of vectors (N, F)."""

    def parameter_count(self) -> int:
        return int(self.model.coef_.size + self.model.intercept_.size)


class LogisticRegression(LinearClassifier):
    """Softmax regression with an L2 penalty, fitted by L-BFGS."""

    config_class = PenalisedConfig
    config: PenalisedConfig

    def estimator(self, class_weight: str | None) -> Any:
        return linear_model.LogisticRegression(
            C=self.config.c, class_weight=class_weight, max_iter=MOST_STEPS, tol=GRADIENT
        )

    def scores(self, vectors: Any) -> Floats:
        # Scikit-learn's own predict_log_proba takes the logarithm of probabilities, which may have underflowed to 0.
        log_p: Floats = log_softmax(_two_columns(self.model.decision_function(vectors)), axis=1)
        return log_p


class Calibrated(LinearClassifier):
    """A margin classifier. Its probabilities are the softmax of its decision values divided by one temperature,

        p(c | x) = softmax(d(x) / τ)_c,

    where τ maximises the likelihood of the labels, given decision values of held-out documents in a cross-validation
    within the training part (Guo et al. 2017, section 4.2). The most probable class is scikit-learn's prediction for
    any τ.
    """

    def learn(self, estimator: Any, vectors: Any, labels: Ids, ctx: ClassificationContext) -> None:
        super().learn(estimator, vectors, labels, ctx)
        fewest = int(np.bincount(np.searchsorted(self.model.classes_, labels)).min())
        if fewest < 2:
            self.temperature = 1.0  # a class has too few documents for cross-validation
        else:
            folds = StratifiedKFold(min(FOLDS, fewest))
            unseen = cross_val_predict(clone(estimator), vectors, labels, cv=folds, method="decision_function")
            self.temperature = temperature(_two_columns(unseen), np.searchsorted(self.model.classes_, labels))
        ctx.log("temperature", self.temperature)

    def scores(self, vectors: Any) -> Floats:
        decision = _two_columns(self.model.decision_function(vectors))
        log_p: Floats = log_softmax(decision / self.temperature, axis=1)
        return log_p


class Perceptron(Calibrated):
    """Rosenblatt's perceptron (1958): ten passes, one class against the rest; the seed sets the order of documents."""

    stochastic = True

    def learn(self, estimator: Any, vectors: Any, labels: Ids, ctx: ClassificationContext) -> None:
        super().learn(estimator.set_params(random_state=ctx.seed % 2**31), vectors, labels, ctx)

    def estimator(self, class_weight: str | None) -> Any:
        return linear_model.Perceptron(class_weight=class_weight, max_iter=10, tol=None)


class LinearSVM(Calibrated):
    """Squared hinge loss with an L2 penalty, one class against the rest (Fan et al. 2008, LIBLINEAR).

    The solver's random order of documents is fixed; it changes the optimum by less than the solver's tolerance.
    """

    config_class = SVMConfig
    config: SVMConfig

    def estimator(self, class_weight: str | None) -> Any:
        return svm.LinearSVC(C=self.config.c, class_weight=class_weight, random_state=0, max_iter=MOST_STEPS)


def _two_columns(decision: Floats) -> Floats:
    """Return decision values (N, C); for two classes, scikit-learn returns one column, positive for the second."""
    return np.stack([-decision / 2, decision / 2], axis=1) if decision.ndim == 1 else decision


def temperature(decision: Floats, labels: Ids) -> float:
    """Return the τ that maximises the likelihood of labels (N,), given decision values (N, C).

    It is searched within e^±7 times the standard deviation of the decision values.
    """
    rows, spread = np.arange(len(labels)), float(decision.std()) or 1.0

    def nats(x: float) -> float:
        return float(-log_softmax(decision / (spread * np.exp(x)), axis=1)[rows, labels].mean())

    return spread * float(np.exp(minimize_scalar(nats, bounds=(-7, 7), method="bounded").x))
