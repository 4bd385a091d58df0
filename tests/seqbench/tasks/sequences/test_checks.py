"""Honest models of sequences pass all laws; each dishonest or careless one breaks the law that names its fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.interface import Arrays, Floats
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.items import Witness, check_fitted, probe, score
from seqbench.tasks.sequences.checks import Measuring, Recognising
from seqbench.tasks.sequences.laws import measured
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Recogniser,
    RecognitionContext,
    RegressionContext,
    Regressor,
    Sequences,
    TargetedSequences,
)
from seqbench.tasks.trials import Corpus


class Honest(Regressor):
    """The mean of the targets, moved by the mean of the first column."""

    stochastic = False

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        self.mean = train.targets.mean(axis=0)

    def predict(self, sequences: Sequences) -> Floats:
        moved: Floats = self.mean + np.array([[x[:, 0].mean()] for x in sequences])
        return moved

    def arrays(self) -> Arrays:
        return {"mean": self.mean}

    def restore(self, arrays: Arrays) -> None:
        self.mean = arrays["mean"]


class Company(Honest):
    """Looks at the longest sequence of a call, as careless padding does."""

    def predict(self, sequences: Sequences) -> Floats:
        return super().predict(sequences) + max(map(len, sequences))


class Place(Honest):
    def predict(self, sequences: Sequences) -> Floats:
        return super().predict(sequences) + np.arange(len(sequences))[:, None]


class Moody(Honest):
    calls = 0

    def predict(self, sequences: Sequences) -> Floats:
        self.calls += 1
        return super().predict(sequences) + self.calls


class Learner(Honest):
    """Learns from what it is asked about, but tells of it only later."""

    seen = 0

    def predict(self, sequences: Sequences) -> Floats:
        self.seen += len(sequences)
        return super().predict(sequences) + self.seen // 1000


class Forgetful(Honest):
    def restore(self, arrays: Arrays) -> None:
        self.mean = 0 * arrays["mean"]


class Vandal(Honest):
    def predict(self, sequences: Sequences) -> Floats:
        said = super().predict(sequences)
        sequences[0][:] = 0
        return said


class Reused(Honest):
    """Hands out its own buffer."""

    def predict(self, sequences: Sequences) -> Floats:
        said = super().predict(sequences)
        if not hasattr(self, "buffer") or self.buffer.shape != said.shape:
            self.buffer = np.empty(said.shape)
        self.buffer[:] = said
        return self.buffer


class OneTarget(Honest):
    def predict(self, sequences: Sequences) -> Floats:
        return super().predict(sequences)[:, 0]


class NotANumber(Honest):
    def predict(self, sequences: Sequences) -> Floats:
        return super().predict(sequences) * np.nan


class Whole(Honest):
    def predict(self, sequences: Sequences) -> Any:
        return super().predict(sequences).astype(int)


class Dice(Honest):
    """Draws chance that no seed governs, in fit."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        super().fit(train, ctx)
        self.mean = self.mean + np.random.default_rng().normal()


class Seeded(Honest):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        super().fit(train, ctx)
        self.mean = self.mean + np.random.default_rng(ctx.seed).normal()


class Greedy(Honest):
    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        super().fit(train, ctx)
        train.targets[:] = 0


class Fixed(Honest):
    """Reads no sequence that is longer than those of its fit."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        super().fit(train, ctx)
        self.longest = max(map(len, train.sequences))

    def predict(self, sequences: Sequences) -> Floats:
        if max(map(len, sequences)) > self.longest:
            raise ValueError("too long")
        return super().predict(sequences)

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.longest = 20


class Divided(Honest):
    """Divides by the spread of a column, which may be zero."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        with np.errstate(invalid="ignore"):
            self.mean = train.targets.mean(axis=0) + 0 / np.array(train.targets.std())


class Slope(Regressor):
    """Ridge regression of the targets on the mean of each column; the penalty is chosen on validation."""

    stochastic = False

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        x, y = _means(train.sequences), train.targets
        self.level, self.centre = y.mean(axis=0), x.mean(axis=0)
        x = x - self.centre
        slopes = [np.linalg.solve(x.T @ x + k * np.eye(2), x.T @ (y - self.level)) for k in (0.01, 10.0, 1000.0)]

        def off(slope: Floats) -> float:
            self.slope = slope
            return float(((self.predict(ctx.valid.sequences) - ctx.valid.targets) ** 2).mean())

        self.slope = min(slopes, key=off)

    def predict(self, sequences: Sequences) -> Floats:
        said: Floats = self.level + (_means(sequences) - self.centre) @ self.slope
        return said


class SlopeOfAll(Slope):
    """Also learns from the validation part."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        sequences = [*train.sequences, *ctx.valid.sequences]
        super().fit(TargetedSequences(sequences, np.concatenate([train.targets, ctx.valid.targets])), ctx)


def _means(sequences: Sequences) -> Floats:
    return np.array([x.mean(axis=0) for x in sequences])


class Levels(Recogniser):
    """Honest: normal classes by the mean of the first column."""

    stochastic = False

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        means = _means(train.sequences)[:, 0]
        own = [means[train.labels == c] for c in range(len(ctx.classes))]
        self.centres = np.array([of_class.mean() if len(of_class) else 1e3 for of_class in own])

    def predict(self, sequences: Sequences) -> Floats:
        scores = -0.5 * (_means(sequences)[:, :1] - self.centres) ** 2
        log_p: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        return log_p


class Unnormalised(Levels):
    def predict(self, sequences: Sequences) -> Floats:
        return super().predict(sequences) - 0.1


class OnlySeen(Levels):
    """Has no column for a class that training lacks."""

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        super().fit(train, ctx)
        self.centres = self.centres[np.unique(train.labels)]


def broken(make: Callable[[], Regressor | Recogniser], name: str) -> set[str]:
    return {check.name for check in task(name).check_class(make, seed=3) if not check.passed}


@pytest.mark.parametrize(("kind", "name"), [(Honest, "regress"), (Slope, "regress"), (Levels, "recognise")])
def test_an_honest_model_breaks_no_law(kind: type[Regressor | Recogniser], name: str) -> None:
    checks = task(name).check_class(kind, seed=3)
    assert not [check.message for check in checks if not check.passed]
    own = {"single"} if name == "regress" else {"normalised", "missing"}
    assert {check.name for check in checks} == own | {
        *("fit", "untouched", "scores", "repeatable", "batched", "saved", "pure", "frozen", "deterministic"),
        *("seedless", "longer", "lone", "constant", "validation"),
    }


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Company, "batched"),
        (Place, "batched"),
        (Moody, "repeatable"),
        (Forgetful, "saved"),
        (Vandal, "pure"),
        (Reused, "pure"),
        (OneTarget, "scores"),
        (NotANumber, "scores"),
        (Whole, "scores"),
        (Dice, "deterministic"),
        (Seeded, "seedless"),
        (Greedy, "untouched"),
        (Fixed, "longer"),
        (Divided, "constant"),
        (SlopeOfAll, "validation"),
    ],
)
def test_a_fault_of_a_regressor_breaks_the_law_that_names_it(kind: type[Regressor], law: str) -> None:
    assert law in broken(kind, "regress")


@pytest.mark.parametrize(("kind", "law"), [(Unnormalised, "normalised"), (OnlySeen, "missing")])
def test_a_fault_of_a_recogniser_breaks_the_law_that_names_it(kind: type[Recogniser], law: str) -> None:
    assert law in broken(kind, "recognise")


def test_a_regressor_that_learns_from_the_test_part_is_found_out() -> None:
    trial = Measuring()
    corpus = trial.corpus(np.random.default_rng(0))
    kind = measured(corpus.train.targets)
    for model, honest in ((Learner(), False), (Honest(), True)):
        trial.fitted(model, corpus, 0)
        unchanged = probe(kind, model, corpus.valid.sequences)
        for _ in range(50):
            score(kind, model, corpus.test.sequences)
        assert unchanged.check().passed == honest


@pytest.mark.parametrize(
    ("name", "model"),
    [(t, name) for t in ("regress", "recognise") for name, entry in registry.MODELS.items() if t in entry.targets],
)
def test_the_models_of_the_house_break_no_law(name: str, model: str) -> None:
    small = "(hidden_size=8)" if model in ("elman", "gru", "lstm", "bilstm", "window-mlp", "tcn") else ""
    spec = parse(f"{model}{small}")
    kind = registry.find_model(spec, name).attribute
    assert broken(lambda: kind(registry.configured(kind.config_class, spec, name)), name) == set()


@pytest.mark.parametrize(("name", "kind"), [("regress", Honest), ("recognise", Levels)])
def test_marks_are_of_laws_that_exist(name: str, kind: type[Regressor | Recogniser]) -> None:
    known = {check.name for check in task("recognise").check_class(Levels, seed=3)}
    assert set(task(name).marks) <= known


def test_sources_of_the_law_of_validation_share_no_column_that_tells_something() -> None:
    for trial in (Measuring(), Recognising()):
        own, *others = trial.sources(np.random.default_rng(0))
        for part, column in zip((own.train, *others), (0, 0, 1, 1), strict=True):
            steps = np.concatenate(list(part.sequences))
            assert not steps[:, 1 - column].any()
            assert steps[:, column].std() > 0.5


class CrowdFollower(Honest):
    """Looks at the other sequences of a call if it is a full one, as those of scoring are."""

    def predict(self, sequences: Sequences) -> Floats:
        said = super().predict(sequences)
        return said + said.mean() if len(sequences) > 500 else said


def test_a_fault_that_shows_only_in_full_calls_is_found_where_sequences_are_scored() -> None:
    trial = Measuring()
    rng = np.random.default_rng(0)
    train, many = trial.part(60, rng), trial.part(1500, rng)
    kind = measured(train.targets)
    for model, honest in ((CrowdFollower(), False), (Honest(), True)):
        trial.fitted(model, Corpus(train, train, train, trial.lent), 0, epochs=1)
        witness = Witness()
        score(kind, model, many.sequences, witness)
        broken = {check.name for check in check_fitted(kind, model, many.sequences, 0, witness) if not check.passed}
        assert broken == (set() if honest else {"batched"})
