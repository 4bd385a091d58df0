"""Honest forecasters pass all laws; each dishonest or careless one breaks the law that names its fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.interface import Arrays, Floats
from seqbench.spec import Spec
from seqbench.tasks import task
from seqbench.tasks.forecasts.checks import _fit, _series, check_class, probe
from seqbench.tasks.forecasts.laws import answer
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel


class Honest(Forecaster):
    """The last value, pulled towards the mean of the past by a share that is learned; quantiles of its own."""

    stochastic = False

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        moved = [values for values in train.values if len(values) > 2 and np.ptp(values) > 0]
        self.share = np.array([np.mean([np.corrcoef(v[1:], v[:-1])[0, 1] for v in moved])])

    def mean(self, past: Panel, horizon: int) -> Floats:
        last, level = (np.array([f(v) for v in past.values]) for f in (lambda v: v[-1], np.mean))
        return level[:, None] + (last - level)[:, None] * self.share ** np.arange(1, horizon + 1)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = self.mean(past, horizon)
        spread = np.array([np.std(v) for v in past.values])
        return Forecast(mean, mean[..., None] + spread[:, None, None] * (4 * levels - 2))

    def arrays(self) -> Arrays:
        return {"share": self.share}

    def restore(self, arrays: Arrays) -> None:
        self.share = arrays["share"]


class Point(Honest):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon))


class Peeker(Point):
    """Looks into the longest past that a call holds of the same series."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = self.mean(past, horizon)
        for row, (name, values) in enumerate(zip(past.names, past.values, strict=True)):
            known = max((v for n, v in zip(past.names, past.values, strict=True) if n == name), key=len)
            later = known[len(values) : len(values) + horizon]
            mean[row, : len(later)] = later
        return Forecast(mean)


class Rememberer(Point):
    """Keeps the longest past that it was ever shown of a series, and looks into it."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        super().fit(train, ctx)
        self.known = dict(zip(train.names, train.values, strict=True))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = self.mean(past, horizon)
        for row, (name, values) in enumerate(zip(past.names, past.values, strict=True)):
            later = self.known.get(name, values)[len(values) : len(values) + horizon]
            mean[row, : len(later)] = later
            if len(values) >= len(self.known.get(name, values)):
                self.known[name] = values
        return Forecast(mean)


class Company(Point):
    """Looks at the others of a call."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon) + max(len(v) for v in past.values))


class Place(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon) * (1 + np.arange(len(past))[:, None]))


class Moody(Point):
    calls = 0

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        self.calls += 1
        return Forecast(self.mean(past, horizon) * self.calls)


class Learner(Point):
    """Learns from what it is asked about, but tells of it only later."""

    seen = 0

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        self.seen += len(past)
        return Forecast(self.mean(past, horizon) * (1 + self.seen // 200))


class Forgetful(Point):
    def restore(self, arrays: Arrays) -> None:
        self.share = np.array([0.1])


class Vandal(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        said = self.mean(past, horizon)
        past.values[0][:] = 0
        return Forecast(said)


class Reused(Point):
    """Hands out its own buffer."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        said = self.mean(past, horizon)
        if not hasattr(self, "buffer") or self.buffer.shape != said.shape:
            self.buffer = np.empty(said.shape)
        self.buffer[:] = said
        return Forecast(self.buffer)


class WrongShape(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon)[:, :-1])


class WrongQuantiles(Honest):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        said = super().predict(past, horizon, levels)
        assert said.quantiles is not None
        return Forecast(said.mean, said.quantiles[..., 1:])


class NotANumber(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon) * np.nan)


class Endless(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.mean(past, horizon) + np.inf)


class Whole(Point):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Any:
        return Forecast(self.mean(past, horizon).astype(int))


class Bare(Point):
    """Returns its mean alone, not a `Forecast`."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Any:
        return self.mean(past, horizon)


class Crossing(Honest):
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return super().predict(past, horizon, levels[::-1])


class Dice(Point):
    """Draws chance that no seed governs, in fit."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self.share = np.random.default_rng().random(1)


class Seeded(Point):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self.share = np.random.default_rng(ctx.seed).random(1)


class Greedy(Point):
    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        super().fit(train, ctx)
        train.values[0][:] = 0


class OnlySeen(Point):
    """Knows no series but those of its fit."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        super().fit(train, ctx)
        self.names = set(train.names)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        if set(past.names) - self.names:
            raise KeyError("never met")
        return super().predict(past, horizon, levels)


class Impatient(Point):
    """Needs a horizon of values."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(np.stack([values[-horizon:] + np.zeros(horizon) for values in past.values]))


class Standardised(Point):
    """Divides by the deviation of a past, which may be 0."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        with np.errstate(invalid="ignore"):
            means = [v.mean() + v.std() * ((v[-1:] - v.mean()) / v.std()).repeat(horizon) for v in past.values]
        return Forecast(np.stack(means))


class Crowd(Point):
    """Cannot do with one series."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        if len(train) < 2:
            raise ValueError("one series is none")
        super().fit(train, ctx)


def broken(make: Callable[[], Forecaster]) -> set[str]:
    return {check.name for check in check_class(make, seed=3) if not check.passed}


@pytest.mark.parametrize("kind", [Honest, Point])
def test_an_honest_forecaster_breaks_no_law(kind: type[Forecaster]) -> None:
    checks = check_class(kind, seed=3)
    assert [check.message for check in checks if not check.passed] == []
    assert {check.name for check in checks} == {
        *("fit", "untouched", "forecasts", "repeatable", "causal", "batched", "saved", "ordered", "pure", "frozen"),
        *("deterministic", "seedless", "unseen", "lone", "short", "constant", "validation"),
    }


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Peeker, "causal"),
        (Rememberer, "causal"),
        (Company, "batched"),
        (Place, "batched"),
        (Moody, "repeatable"),
        (Forgetful, "saved"),
        (Vandal, "pure"),
        (Reused, "pure"),
        (WrongShape, "forecasts"),
        (WrongQuantiles, "forecasts"),
        (NotANumber, "forecasts"),
        (Endless, "forecasts"),
        (Whole, "forecasts"),
        (Bare, "forecasts"),
        (Crossing, "ordered"),
        (Dice, "deterministic"),
        (Seeded, "seedless"),
        (Greedy, "untouched"),
        (OnlySeen, "unseen"),
        (Crowd, "lone"),
        (Impatient, "short"),
        (Standardised, "constant"),
    ],
)
def test_a_fault_breaks_the_law_that_names_it(kind: type[Forecaster], law: str) -> None:
    assert law in broken(kind)


@pytest.mark.parametrize("name", [name for name, entry in registry.MODELS.items() if "forecast" in entry.targets])
def test_the_models_of_the_house_break_no_law(name: str) -> None:
    assert broken(registry.find_model(Spec(name), "forecast").attribute) == set()


def test_a_forecaster_that_learns_from_the_test_part_is_found_out() -> None:
    series = _series([40, 50], np.random.default_rng(0))
    for kind, honest in ((Learner, False), (Point, True)):
        model = _fit(kind(), series.train, series.horizon, 0)
        unchanged = probe(model, series.past, series.horizon)
        for _ in range(150):
            answer(model, series.past, series.horizon)
        assert unchanged.check().passed == honest


def test_marks_are_of_laws_that_exist() -> None:
    assert set(task("forecast").marks) <= {check.name for check in check_class(Point, seed=3)}
