"""Honest classifiers pass all laws; each dishonest or careless one breaks the law that names its fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.interface import Arrays, Floats
from seqbench.spec import Spec
from seqbench.tasks import task
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts


class Honest(Classifier):
    """Frequencies of classes, tilted by the share of even words."""

    stochastic = False

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        counts = np.bincount(train.labels, minlength=len(ctx.classes)) + 1.0
        self.prior = np.log(counts / counts.sum())

    def predict(self, texts: Texts) -> Floats:
        share = np.array([np.mean(ids % 2 == 0) for ids in texts.ids])
        scores = self.prior + share[:, None] * np.arange(len(self.prior))
        normalised: Floats = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return normalised

    def arrays(self) -> Arrays:
        return {"prior": self.prior}

    def restore(self, arrays: Arrays) -> None:
        self.prior = arrays["prior"]


class Unnormalised(Honest):
    def predict(self, texts: Texts) -> Floats:
        return super().predict(texts) + 0.1


class Company(Honest):
    """Looks at the longest document of a batch, as careless padding does."""

    def predict(self, texts: Texts) -> Floats:
        longest = max(len(ids) for ids in texts.ids)
        tilted = super().predict(texts) * (1 + longest / 100)
        return tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True))


class Place(Honest):
    """Looks at where a document stands in its batch."""

    def predict(self, texts: Texts) -> Floats:
        tilted = super().predict(texts) * (1 + np.arange(len(texts))[:, None] / 10)
        return tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True))


class Moody(Honest):
    calls = 0

    def predict(self, texts: Texts) -> Floats:
        self.calls += 1
        tilted = super().predict(texts) * (1 + self.calls / 50)
        return tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True))


class Learner(Honest):
    """Learns from what it is asked about, but tells of it only later."""

    seen = 0

    def predict(self, texts: Texts) -> Floats:
        self.seen += len(texts)
        tilted = super().predict(texts) * (1 + self.seen // 1000)
        return tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True))


class Forgetful(Honest):
    def restore(self, arrays: Arrays) -> None:
        self.prior = np.log(np.arange(1, 1 + len(arrays["prior"])) / 6)


class Vandal(Honest):
    def predict(self, texts: Texts) -> Floats:
        said = super().predict(texts)
        texts.ids[0][:] = 0
        return said


class Reused(Honest):
    """Hands out its own buffer."""

    def predict(self, texts: Texts) -> Floats:
        said = super().predict(texts)
        if not hasattr(self, "buffer") or self.buffer.shape != said.shape:
            self.buffer = np.empty(said.shape)
        self.buffer[:] = said
        return self.buffer


class WrongShape(Honest):
    def predict(self, texts: Texts) -> Floats:
        return super().predict(texts)[:, :-1]


class NotANumber(Honest):
    def predict(self, texts: Texts) -> Floats:
        return super().predict(texts) * np.nan


class Whole(Honest):
    def predict(self, texts: Texts) -> Any:
        return super().predict(texts).astype(int)


class Dice(Honest):
    """Draws chance that no seed governs, in fit."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        super().fit(train, ctx)
        self.prior = np.log(np.random.default_rng().dirichlet(np.ones(len(ctx.classes))))


class Seeded(Honest):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        super().fit(train, ctx)
        self.prior = np.log(np.random.default_rng(ctx.seed).dirichlet(np.ones(len(ctx.classes))))


class Greedy(Honest):
    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        super().fit(train, ctx)
        train.labels[:] = 0


class Blind(Honest):
    """Has no idea of a document of unknown words."""

    def predict(self, texts: Texts) -> Floats:
        said = super().predict(texts)
        said[[not (ids > 0).any() for ids in texts.ids]] = -np.inf
        return said


class OnlySeen(Honest):
    """Has no column for a class that training lacks."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        counts = np.unique(train.labels, return_counts=True)[1]
        self.prior = np.log(counts / counts.sum())


def broken(make: Callable[[], Classifier]) -> set[str]:
    return {check.name for check in task("classify").check_class(make, seed=3) if not check.passed}


def test_an_honest_classifier_breaks_no_law() -> None:
    checks = task("classify").check_class(Honest, seed=3)
    assert all(check.passed for check in checks)
    assert {check.name for check in checks} == {
        *("fit", "untouched", "scores", "repeatable", "batched", "saved", "normalised", "pure", "frozen"),
        *("deterministic", "seedless", "unseen", "binary", "missing", "validation"),
    }


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Unnormalised, "normalised"),
        (Company, "batched"),
        (Place, "batched"),
        (Moody, "repeatable"),
        (Forgetful, "saved"),
        (Vandal, "pure"),
        (Reused, "pure"),
        (WrongShape, "scores"),
        (NotANumber, "scores"),
        (Whole, "scores"),
        (Dice, "deterministic"),
        (Seeded, "seedless"),
        (Greedy, "untouched"),
        (Blind, "unseen"),
        (OnlySeen, "missing"),
    ],
)
def test_a_fault_breaks_the_law_that_names_it(kind: type[Classifier], law: str) -> None:
    assert law in broken(kind)


@pytest.mark.parametrize("name", [name for name, entry in registry.MODELS.items() if "classify" in entry.targets])
def test_the_models_of_the_house_break_no_law(name: str) -> None:
    assert broken(registry.find_model(Spec(name), "classify").attribute) == set()


def test_a_classifier_that_learns_from_the_test_part_is_found_out() -> None:
    from seqbench.tasks.documents.checks import Classification
    from seqbench.tasks.documents.laws import documents
    from seqbench.tasks.items import probe, score

    trial = Classification()
    corpus = trial.corpus(np.random.default_rng(0))
    for kind, honest in ((Learner, False), (Honest, True)):
        model = trial.fitted(kind(), corpus, 0)
        unchanged = probe(documents(3), model, corpus.valid.texts)
        for _ in range(50):
            score(documents(3), model, corpus.test.texts)
        assert unchanged.check().passed == honest


def test_marks_are_of_laws_that_exist() -> None:
    assert set(task("classify").marks) <= {check.name for check in task("classify").check_class(Honest, seed=3)}
