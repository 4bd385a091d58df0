"""Naive Bayes, and class frequencies as the simplest baseline."""

import numpy as np
from pydantic import Field
from scipy.special import log_softmax
from sklearn.naive_bayes import ComplementNB, MultinomialNB

from seqbench.baselines.bags_of_words.features import DocumentFeatures
from seqbench.baselines.bags_of_words.linear import FOLDS, temperature
from seqbench.interface import Arrays, Config, Floats
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts


class Majority(Classifier):
    """Predicts the class frequencies of the training part, with one document added per class (Laplace).

    It ignores the content of documents.
    """

    stochastic = False

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        counts = np.bincount(train.labels, minlength=len(ctx.classes)) + 1.0
        self.log_p: Floats = np.log(counts / counts.sum())

    def predict(self, texts: Texts) -> Floats:
        return np.tile(self.log_p, (len(texts), 1))

    def arrays(self) -> Arrays:
        return {"log_p": self.log_p}

    def restore(self, arrays: Arrays) -> None:
        self.log_p = arrays["log_p"]


class NaiveBayesConfig(Config):
    alpha: float = Field(
        1.0,
        gt=0,
        description="added to the count of each word in each class (Lidstone)",
        json_schema_extra={"search": {"low": 0.01, "high": 2.0, "log": True}},
    )
    ngrams: int = Field(
        1,
        ge=1,
        le=5,
        description="number of words of the longest n-gram that is counted",
        json_schema_extra={"search": {"choices": [1, 2, 3]}},
    )


class MultinomialNaiveBayes(Classifier):
    """p(c | x) ∝ p(c) Π p(w | c) over the words of the document (McCallum & Nigam 1998), with scikit-learn."""

    stochastic = False
    config_class = NaiveBayesConfig
    config: NaiveBayesConfig

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        self.features = DocumentFeatures("counts", self.config.ngrams)
        self.model = MultinomialNB(alpha=self.config.alpha)
        for rows, vectors in self.features.pieces(train.texts):
            # `partial_fit` takes the list of all classes, so that a class without documents also has a column.
            self.model.partial_fit(vectors, train.labels[rows], classes=np.arange(len(ctx.classes)))
        met = np.bincount(train.labels, minlength=len(ctx.classes)) > 0
        self.model.class_log_prior_ = np.where(met, self.model.class_log_prior_, -np.inf)

    def predict(self, texts: Texts) -> Floats:
        log_p: Floats = self.model.predict_log_proba(self.features(texts))
        return log_p

    def parameter_count(self) -> int:
        return int(self.model.feature_log_prob_.size + self.model.class_log_prior_.size)


class ComplementNaiveBayes(MultinomialNaiveBayes):
    """Scores each class by the words of all other classes, with scikit-learn (Rennie et al. 2003).

    The weights of each class are normalised. The scores are not probabilities: the model returns the softmax of scores
    divided by one temperature, as for margin classifiers (`linear.Calibrated`). The most probable class is
    scikit-learn's prediction.
    """

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        self.features = DocumentFeatures("counts", self.config.ngrams)
        vectors, classes = self.features.fit(train.texts), np.arange(len(ctx.classes))
        self.model = ComplementNB(alpha=self.config.alpha, norm=True)
        self.model.partial_fit(vectors, train.labels, classes=classes)
        self.met = np.bincount(train.labels, minlength=len(classes)) > 0
        self.temperature = 1.0
        fold = np.arange(len(train)) % FOLDS
        if len(train) >= FOLDS:
            unseen = np.empty((len(train), len(classes)))
            for left_out in range(FOLDS):
                held = fold == left_out
                other = ComplementNB(alpha=self.config.alpha, norm=True)
                other.partial_fit(vectors[~held], train.labels[~held], classes=classes)
                unseen[held] = other.predict_joint_log_proba(vectors[held])
            met = np.flatnonzero(self.met)
            self.temperature = temperature(unseen[:, met], np.searchsorted(met, train.labels))
        ctx.log("temperature", self.temperature)

    def predict(self, texts: Texts) -> Floats:
        scores = self.model.predict_joint_log_proba(self.features(texts)) / self.temperature
        log_p: Floats = log_softmax(np.where(self.met, scores, -np.inf), axis=1)
        return log_p
