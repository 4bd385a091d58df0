"""Logistic regression over a window: a reduction that makes any classifier a tagger.

Each word with the words around it is one example of a classifier, which knows no other tag of the sentence.
"""

import warnings
from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from seqbench.baselines.taggers.features import WindowFeatures
from seqbench.baselines.taggers.lexicon import split
from seqbench.interface import Arrays, Config, Floats
from seqbench.packing import nested, within
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext


class LogisticTaggerConfig(Config):
    c: float = Field(
        1.0,
        gt=0,
        description="inverse strength of the L2 penalty, scikit-learn's C",
        json_schema_extra={"search": {"low": 0.01, "high": 100.0, "log": True}},
    )
    steps: int = Field(100, ge=1, description="maximum number of steps of L-BFGS")


class LogisticTagger(Tagger):
    r"""p(t | x) = softmax(W x + b)_t, with features x of the word and its window; `WindowFeatures` names them.

    A tag that does not occur in training gets probability 0.
    """

    stochastic: ClassVar[bool] = False
    config_class = LogisticTaggerConfig
    config: LogisticTaggerConfig
    weight: Floats
    """(F, C)"""
    bias: Floats
    """(C,)"""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        self.features, tags = WindowFeatures(), np.concatenate(train.tags)
        x, met = self.features.fit(train.sentences), np.unique(tags)
        self.weight, self.bias = np.zeros((x.shape[1], len(ctx.tags))), np.full(len(ctx.tags), -np.inf)
        self.bias[met] = 0.0
        if len(met) > 1:
            model = LogisticRegression(C=self.config.c, max_iter=self.config.steps)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the settings limit the number of steps
                model.fit(x, tags)
            ctx.log("steps", float(model.n_iter_[0]))
            learned = met[1:] if len(met) == 2 else met  # of two classes, scikit-learn learns the odds of the second
            self.weight[:, learned], self.bias[learned] = model.coef_.T, model.intercept_

    def predict(self, sentences: Sentences) -> list[Floats]:
        x: csr_matrix = self.features(sentences)
        return list(split(log_softmax(x @ self.weight + self.bias, axis=1), sentences))

    def arrays(self) -> Arrays | None:
        return nested({"map": {"weight": self.weight, "bias": self.bias}, "features": self.features.arrays()})

    def restore(self, arrays: Arrays) -> None:
        self.weight, self.bias = arrays["map.weight"], arrays["map.bias"]
        self.features = WindowFeatures.restored(within(arrays, "features"))

    def parameter_count(self) -> int:
        return int(self.weight.size + self.bias.size)
