"""Measures the laws of a class of models that predict each item by itself, on fits to items that its task generates.

A task says in a `Trial` what is generated and how a model is fitted and asked. All else is the same. What a model
declares about itself is not trusted. docs/laws.md tells what each law can see.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from seqbench.evidence.laws import Fits, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Context
from seqbench.tasks import items
from seqbench.tasks.items import Answers, Bunch, Kind

Part = TypeVar("Part")
"""Items with what is to be predicted of them."""


@dataclass(frozen=True)
class Corpus(Generic[Part]):
    """Generated data of a task."""

    train: Part
    valid: Part
    test: Part
    lent: Mapping[str, Any] = field(default_factory=dict)
    """What the context of `fit` holds for this task alone, such as the names of the classes."""


class Trial(ABC, Generic[Part, Bunch]):
    """How a class of models of one task is tried."""

    context: ClassVar[type[Context[Any]]]

    @abstractmethod
    def corpus(self, rng: np.random.Generator) -> Corpus[Part]:
        """Generate data for most of the laws."""

    @abstractmethod
    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Part], Part, Part, Part]:
        """Generate data of two sources, of which one teaches nothing about the other.

        Returns:
            A corpus of the first source, of which only the training part counts; a further part of the first source;
            two parts of the second.
        """

    @abstractmethod
    def kind(self, corpus: Corpus[Part]) -> Kind[Bunch]:
        """Return how models that were fitted to a corpus are asked."""

    @abstractmethod
    def items(self, part: Part) -> Bunch:
        """Return the items of a part as they are passed to `predict`."""

    @abstractmethod
    def same(self, a: Part, b: Part) -> bool:
        """Return whether two parts are equal."""

    @abstractmethod
    def losses(self, model: Any, corpus: Corpus[Part], part: Part) -> Sequence[float]:
        """Return the mean losses of a fit on a part, in nats, save for constants; mostly there is one."""

    @abstractmethod
    def ignorant(self, part: Part) -> float:
        """Return the loss of the best prediction that is the same for all items."""

    def unseen(self, corpus: Corpus[Part], rng: np.random.Generator) -> dict[str, tuple[Part, str]]:
        """Return parts unlike that of training, by the name of the law, each with what it shows."""
        return {}

    def say(self, model: Any, corpus: Corpus[Part], part: Part) -> Answers:
        """Return what a model that was fitted to a corpus predicts for the items of a part."""
        return self.kind(corpus).answer(model, self.items(part))

    def possible(self, said: Answers) -> bool:
        """Return whether predictions for unseen items leave something possible."""
        return True

    @abstractmethod
    def unusual(self, corpus: Corpus[Part], rng: np.random.Generator) -> dict[str, tuple[Corpus[Part], str]]:
        """Return unusual data that must be learned, by the name of the law, each with what it shows."""

    def check_fitted(self, model: Any, corpus: Corpus[Part], seed: int) -> list[Check]:
        """Measure the laws of a fitted model on the test part."""
        return items.check_fitted(self.kind(corpus), model, self.items(corpus.test), seed)

    def further(
        self, make: Callable[[], Any], model: Any, corpus: Corpus[Part], fits: Fits, first: Any, seed: int
    ) -> Iterator[Check]:
        """Yield checks of laws that this task alone has; they may compare fits, which are equal for the same seed.

        Args:
            make: returns a new, unfitted instance.
            fits: asks fits to the corpus about the items of its test part.
            first: what `fits` was told by the first fit, `model`.
        """
        return iter(())

    def fitted(self, model: Any, corpus: Corpus[Part], seed: int, epochs: int = 2) -> Any:
        """Fit a model to a corpus, and return it."""
        seed_everything(seed)
        ctx = self.context(seed=seed, budget=Budget(epochs=epochs), valid=corpus.valid, **corpus.lent)
        model.fit(corpus.train, ctx)
        return model


def check_class(make: Callable[[], Any], trial: Trial[Part, Any], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated data, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus, model = trial.corpus(rng), make()
    kind, asked = trial.kind(corpus), trial.items(corpus.test)
    lent = replace(corpus, train=deepcopy(corpus.train), valid=deepcopy(corpus.valid))
    fits = Fits(
        lambda seed: trial.fitted(make(), corpus, seed),
        lambda fitted: kind.answer(fitted, asked),
        seed,
        kind.measure,
        kind.apart,
    )

    def fit() -> Check:
        trial.fitted(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def understood(name: str, strange: Part, message: str) -> Check:
        passed = trial.possible(trial.say(model, corpus, strange))
        if not passed:
            message = "predictions for unknown words leave nothing possible: fall back on the prior"
        return Check(name=name, passed=passed, message=message)

    def learned(name: str, own: Corpus[Part], message: str) -> Check:
        trial.say(trial.fitted(make(), own, seed), own, own.test)
        return Check(name=name, passed=True, message=message)

    def taught() -> Check:
        own, same, other, new = trial.sources(rng)

        def losses(valid: Part) -> Sequence[float]:
            return trial.losses(trial.fitted(make(), replace(own, valid=valid), seed, epochs=6), own, new)

        found = [validation(a, b, trial.ignorant(new)) for a, b in zip(losses(same), losses(other), strict=True)]
        return next((check for check in found if not check.passed), found[0])

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched(trial.same(lent.train, corpus.train) and trial.same(lent.valid, corpus.valid)))
    once: list[Any] = []
    with suppress(Exception):  # a fault of the predictions is reported below
        once.append(fits.said(model))
    unchanged = items.probe(kind, model, trial.items(corpus.valid))
    checks += trial.check_fitted(model, corpus, seed)
    if not once:
        return checks

    def still() -> Check:
        by = kind.apart(fits.said(model), once[0])
        return kind.moved("frozen", by, "asking again", "predict must not learn from what it is asked about")

    again = fits.again(once[0], model.stochastic)
    frozen = unchanged.check()
    checks += [law("frozen", still) if frozen.passed else frozen, *again]
    if again[0].passed:
        checks += trial.further(make, model, corpus, fits, once[0], seed)
    for name, (strange, message) in trial.unseen(corpus, rng).items():
        checks.append(law(name, partial(understood, name, strange, message)))
    for name, (own, message) in trial.unusual(corpus, rng).items():
        checks.append(law(name, partial(learned, name, own, message)))
    checks.append(law("validation", taught))
    return checks
