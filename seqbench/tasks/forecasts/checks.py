"""Measures the laws of forecasters: on the fit of a run, and on fits of a class to series generated here.

What a model declares about itself is not trusted. The number of forecasts is fixed and does not depend on how fast the
model is: about fifty, since for some models each forecast is a fit of its own, and each of 17 scored forecasts once
more, alone. docs/laws.md tells what each law can see.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from seqbench.evidence.laws import Fits, Probe, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Floats
from seqbench.tasks.forecasts import laws
from seqbench.tasks.forecasts.laws import SCALES, Asked, Kept, answer, copied, take
from seqbench.tasks.forecasts.model import ForecastContext, Forecaster, Panel

PASTS = 4
"""Number of pasts on which the laws are measured."""


def check_fitted(model: Forecaster, past: Panel, horizon: int, seed: int, scored: Sequence[Kept] = ()) -> list[Check]:
    """Measure the laws of a fitted forecaster on pasts of the test part.

    A law that depends on another law is measured only if the other law holds, so that each fault is reported once.

    Args:
        scored: forecasts that were kept while the test part was scored.
    """
    rng = np.random.default_rng(seed)
    asked = Asked(some(past, rng), horizon)
    said: list[Floats] = []
    changes: list[float] = []

    def forecasts() -> Check:
        said.append(asked.say(model))
        return Check(name="forecasts", passed=True, message="forecasts are numbers, one for each series and step")

    checks = [law("forecasts", forecasts)]
    if not said:
        return checks
    with suppress(Exception):  # `batched` meets it again and reports it
        changes += laws.alone(model, asked, scored)
    checks.append(law("repeatable", lambda: laws.repeatable(model, asked, said[0], scored, changes)))
    if checks[-1].passed:
        checks.append(law("causal", lambda: laws.causal(model, asked)))
        checks.append(
            law(
                "batched",
                lambda: laws.batched(model, asked, said[0], changes or laws.alone(model, asked, scored), rng),
            )
        )
        checks.append(law("saved", lambda: laws.saved(model, asked, said[0])))
    checks.append(law("ordered", lambda: laws.ordered(model, asked, scored)))
    checks.append(law("pure", lambda: laws.pure(model, asked)))
    return checks


def probe(model: Forecaster, past: Panel, horizon: int) -> Probe:
    """Return a probe that detects whether scoring changes the model: create it before, call `check` after."""
    asked = Asked(some(past, np.random.default_rng(0)), horizon)
    return Probe(lambda: asked.say(model), "scoring the test part", SCALES)


def some(past: Panel, rng: np.random.Generator) -> Panel:
    """Return at most `PASTS` pasts: the longest, the shortest, and others at random."""
    lengths = [len(values) for values in past.values]
    drawn = [int(np.argmax(lengths)), int(np.argmin(lengths)), *rng.permutation(len(past))[: PASTS - 2].tolist()]
    return take(past, np.array(list(dict.fromkeys(drawn))))


@dataclass(frozen=True)
class _Series:
    train: Panel
    past: Panel
    """The same series with one more horizon of values."""
    horizon: int = 6


def check_class(make: Callable[[], Forecaster], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated series, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    series = _series([40, 90, 61, 75, 52, 64], rng)
    lent = copied(series.train)
    asked = Asked(series.past, series.horizon)
    model = make()
    fits = Fits(lambda seed: _fit(make(), series.train, series.horizon, seed), asked.say, seed, SCALES)

    def fit() -> Check:
        _fit(model, lent, series.horizon, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def unseen() -> Check:
        new = Panel([series.past.values[0] + 1], ["never met"], series.past.season)
        answer(model, new, series.horizon)
        return Check(name="unseen", passed=True, message="a series that is not in the training data gets a forecast")

    def lone() -> Check:
        one = take(series.train, np.array([1]))
        answer(_fit(make(), one, series.horizon, seed), one, series.horizon)
        return Check(name="lone", passed=True, message="one series can be learned")

    def short() -> Check:
        whole = series.train.values[1]
        few = [whole[:1], whole[:2], whole[:3], whole]
        panel = Panel(few, ["one", "two", "three", "whole"], series.train.season)
        answer(_fit(make(), panel, series.horizon, seed), panel, series.horizon)
        return Check(name="short", passed=True, message="series shorter than the horizon get forecasts")

    def constant() -> Check:
        panel = Panel([np.zeros(40), np.full(60, 3.0), series.train.values[1]], ["0", "3", "moving"], 4)
        answer(_fit(make(), panel, series.horizon, seed), panel, series.horizon)
        return Check(name="constant", passed=True, message="constant series get forecasts")

    def taught() -> Check:
        own, same = _autoregressions(0.9, 40, rng), _autoregressions(0.9, 120, rng)
        other, new = _autoregressions(-0.9, 120, rng), _autoregressions(-0.9, 81, rng)
        past, truth = new.until(np.full(len(new), 80)), np.array([values[80] for values in new.values])

        def loss(valid: Panel) -> float:
            fitted = _fit(make(), own, series.horizon, seed, valid)
            return _nats(answer(fitted, past, series.horizon).mean[:, 0] - truth)

        return validation(loss(same), loss(other), ignorant=_nats(truth))

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    same = all(np.array_equal(a, b) for a, b in zip(lent.values, series.train.values, strict=True))
    checks.append(untouched(same))
    once: list[Floats] = []
    with suppress(Exception):  # a fault of the forecasts is reported below
        once.append(fits.said(model))
    unchanged = probe(model, series.past, series.horizon)
    checks += check_fitted(model, series.past, series.horizon, seed)
    if once:
        checks += [unchanged.check(), *fits.again(once[0], model.stochastic)]
        checks += [law("unseen", unseen), law("lone", lone), law("short", short), law("constant", constant)]
        checks.append(law("validation", taught))
    return checks


def _series(lengths: list[int], rng: np.random.Generator) -> _Series:
    """Generate seasonal autoregressions of several levels and scales; some values are negative."""
    horizon, season, values = 6, 4, []
    for n, length in enumerate(lengths):
        y, drawn = 0.0, []
        for t in range(length + horizon):
            y = 0.7 * y + float(rng.normal())
            drawn.append(y + 3 * np.sin(2 * np.pi * t / season))
        values.append(10.0 ** (n - 2) * (np.array(drawn) + 2 * n))
    names = [f"series {n}" for n in range(len(lengths))]
    return _Series(Panel([v[:-horizon] for v in values], names, season), Panel(values, names, season), horizon)


def _autoregressions(coefficient: float, length: int, rng: np.random.Generator) -> Panel:
    """Generate twelve series y_t = φ y_{t−1} + ε_t, always with the same names."""
    innovations = rng.normal(size=(12, length + 20))
    values = lfilter([1.0], [1.0, -coefficient], innovations, axis=1)[:, 20:]
    return Panel(list(values), [f"series {n}" for n in range(len(values))], 4)


def _nats(errors: Floats) -> float:
    """Return ½ ln of the mean squared error: the loss per value, save for a constant, if errors are normal."""
    return 0.5 * float(np.log((errors**2).mean()))


def _fit(model: Forecaster, train: Panel, horizon: int, seed: int, valid: Panel | None = None) -> Forecaster:
    seed_everything(seed)
    lent = copied(train if valid is None else valid)
    model.fit(train, ForecastContext(seed=seed, budget=Budget(epochs=2), valid=lent, horizon=horizon))
    return model
