"""A reduction: makes a classifier from language models by Bayes' rule.

Tables name the reduction after the model: `hmm (Bayes)`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from seqbench.interface import Arrays, Documents, Floats, Ids
from seqbench.packing import nested, within
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.scoring import score_documents
from seqbench.tasks.language.vocab import EOS, Vocab


class _Bayes(Classifier):
    """One language model per class: p(c | x) ∝ p(c) p(x | c).

    p(x | c) is the probability of the whole document and its end, so `<eos>` is added to the vocabulary. p(c) is the
    relative frequency of the class, after adding one document to each class. A class without documents has no model,
    and its posterior equals its prior. If all models give a document probability 0, its posterior equals the prior too.
    """

    language_model: type[LanguageModel[Any]]

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Fit the model of each class on its documents, with its validation documents as validation data."""
        counts = np.bincount(train.labels, minlength=len(ctx.classes))
        self.log_prior = np.log((counts + 1) / (counts + 1).sum())
        self.end = ctx.vocab.size
        vocab = Vocab((*ctx.vocab.symbols, EOS))
        self.models: list[LanguageModel[Any] | None] = []
        for number, count in enumerate(counts):
            if count == 0:
                self.models.append(None)
                continue
            model = self.language_model(self.config)
            valid = self._of_class(ctx.valid, number) or self._ended(ctx.valid.texts.ids)
            model.fit(
                self._of_class(train, number),
                LanguageContext(
                    seed=(ctx.seed + number) % 2**31,
                    budget=ctx.budget,
                    valid=valid,
                    device=ctx.device,
                    log=_named(ctx.log, ctx.classes[number]),
                    spent=ctx.spent,
                    vocab=vocab,
                ),
            )
            self.models.append(model)

    def predict(self, texts: Texts) -> Floats:
        documents = self._ended(texts.ids)
        joint = np.tile(self.log_prior, (len(texts), 1))
        for i, model in enumerate(self.models):
            if model is not None:
                joint[:, i] -= [nats.sum() for nats in score_documents(model, documents)]
        return self._posterior(joint, np.array([model is not None for model in self.models]))

    def arrays(self) -> Arrays | None:
        written = nested({str(i): {} if model is None else model.arrays() for i, model in enumerate(self.models)})
        return None if written is None else {"log_prior": self.log_prior, "end": np.array(self.end), **written}

    def restore(self, arrays: Arrays) -> None:
        self.log_prior, self.end = arrays["log_prior"], int(arrays["end"])
        self.models = []
        for i in range(len(self.log_prior)):
            own = within(arrays, str(i))
            model = self.language_model(self.config) if own else None
            if model is not None:
                model.restore(own)
            self.models.append(model)

    def parameter_count(self) -> int | None:
        counts = [model.parameter_count() for model in self.models if model is not None]
        return None if None in counts else sum(count for count in counts if count is not None) + len(self.log_prior)

    def _posterior(self, joint: Floats, known: NDArray[np.bool_]) -> Floats:
        """Return log p(c | x) (N, C), given log p(c) p(x | c); classes without a model (not `known`) keep their
        prior."""
        posterior = np.tile(self.log_prior, (len(joint), 1))
        possible = np.isfinite(joint[:, known]).any(axis=1)
        share = np.log(np.exp(self.log_prior[known]).sum())  # 0 if every class has a model
        posterior[np.ix_(possible, known)] = share + log_softmax(joint[np.ix_(possible, known)], axis=1)
        return posterior

    def _of_class(self, labelled: Labelled, number: int) -> Documents:
        return self._ended(labelled.take(np.flatnonzero(labelled.labels == number)).texts.ids)

    def _ended(self, documents: Documents) -> list[Ids]:
        return [np.append(ids, self.end) for ids in documents]


def bayes(kind: type[LanguageModel[Any]]) -> type[Classifier]:
    """Return a classifier that applies Bayes' rule to a language model; it has the language model's settings."""
    members = {
        "__doc__": f"One {kind.__name__} per class, combined by Bayes' rule.",
        "__module__": kind.__module__,
        "language_model": kind,
        "kind": kind.kind,
        "stochastic": kind.stochastic,
        "config_class": kind.config_class,
    }
    return type(f"Bayes{kind.__name__}", (_Bayes,), members)


def _named(log: Callable[[str, float], None], class_name: str) -> Callable[[str, float], None]:
    return lambda name, value: log(f"{name} of {class_name}", value)
