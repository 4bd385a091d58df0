"""The laws of a fitted forecaster; each function measures one law and returns the check.

Forecasts are compared in units of their series, so that the same tolerance suits all series.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.laws import TOLERANCE, Measure, ScoreError, difference, moved, restored
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids
from seqbench.tasks.forecasts.metrics import LEVELS, seasonal_scale
from seqbench.tasks.forecasts.model import Forecast, Forecaster, Panel
from seqbench.tasks.forecasts.stretches import Stretches

SCALES = Measure("forecasts", "of the scale of their series", TOLERANCE)
"""A thousandth of a seasonal change is far less than the difference between any two forecasters."""
LEVEL = 1e-3
"""The scale of a series is at least this share of its largest absolute value, because of the precision of float32."""


def copied(past: Panel) -> Panel:
    """Copy series, so that the model may change them and cannot access later values."""
    return Panel(Stretches.of(past.values).copied(), list(past.names), past.season)


def take(past: Panel, rows: Ids) -> Panel:
    """Return the series of these rows, in this order."""
    return Panel(Stretches.of(past.values).take(rows), [past.names[i] for i in rows.tolist()], past.season)


def answer(model: Forecaster, past: Panel, horizon: int) -> Forecast:
    """Return what `predict` returns for copies of the pasts, after checking it.

    Raises:
        ScoreError: the result is not a `Forecast`, has the wrong shape, or contains NaN.
    """
    said = model.predict(copied(past), horizon, np.array(LEVELS))
    if not isinstance(said, Forecast):
        raise ScoreError(f"predict must return a Forecast, not {type(said).__name__}")
    mean = _numbers(said.mean, "mean", (len(past), horizon))
    if not np.isfinite(mean).all():
        series = past.names[int((~np.isfinite(mean)).any(axis=1).argmax())]
        raise ScoreError(f"predict returned a mean that is NaN or infinite, first for {series}")
    if said.quantiles is None:
        return Forecast(mean)
    quantiles = _numbers(said.quantiles, "quantiles", (len(past), horizon, len(LEVELS)))
    if np.isnan(quantiles).any():
        series = past.names[int(np.isnan(quantiles).any(axis=(1, 2)).argmax())]
        raise ScoreError(f"predict returned NaN quantiles, first for {series}")
    return Forecast(mean, quantiles)


def _numbers(given: object, what: str, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(given)
    if array.shape != shape:
        raise ScoreError(f"predict returned {what} of shape {array.shape}, not {shape}")
    if array.dtype.kind != "f":
        raise ScoreError(f"predict returned {what} of type {array.dtype}, not floating-point numbers")
    return array.astype(np.float64)


@dataclass(frozen=True)
class Asked:
    """The pasts on which laws are measured, and the horizon."""

    past: Panel
    horizon: int

    def say(self, model: Forecaster) -> Floats:
        """Return the mean and quantiles (N, H, 1 + Q) of the forecasts, in units of their series."""
        return self.of(model, self.past)

    def of(self, model: Forecaster, past: Panel) -> Floats:
        return scaled(answer(model, past, self.horizon), past)


def scaled(said: Forecast, past: Panel) -> Floats:
    """Return the mean and quantiles (N, H, 1 + Q) of forecasts, in units of their series."""
    parts = [said.mean[..., None]] + ([] if said.quantiles is None else [said.quantiles])
    values: Floats = np.concatenate(parts, axis=-1) / _ruler(past)[:, None, None]
    return values


def _ruler(past: Panel) -> Floats:
    size = np.empty(len(past))
    for rows, values in Stretches.of(past.values).blocks():
        size[rows] = np.abs(values).max(axis=1)
    ruler = np.maximum(seasonal_scale(past.values, past.season), LEVEL * size)
    return np.where(ruler > 0, ruler, 1.0)


@dataclass(frozen=True)
class Kept:
    """One forecast as it was scored, and the pasts of the call that returned it."""

    call: Panel
    row: int
    """Of the forecast in the call."""
    said: Forecast
    """Of the whole call."""

    @property
    def past(self) -> Panel:
        return take(self.call, np.array([self.row]))

    def apart(self, asked: Asked, model: Forecaster, past: Panel, row: int) -> float:
        """Return how much the forecast differs, in units of its series, from the one at `row` of a new call."""
        new, rows = answer(model, past, asked.horizon), np.array([row])
        there = scaled(new.take(rows), take(past, rows))
        return difference(there, scaled(self.said.take(np.array([self.row])), self.past))


def repeatable(
    model: Forecaster, asked: Asked, said: Floats, scored: Sequence[Kept], changes: Sequence[float]
) -> Check:
    """Forecasting again from the same pasts gives the same result.

    If scored forecasts changed when they were made alone, the call of the one that changed most is made again.

    Args:
        changes: of scored forecasts, as `alone` returned them; empty: they could not be made.
    """
    by = max(difference(asked.say(model), said) for _ in range(2))
    if max(changes, default=0.0) > SCALES.bound:
        kept = scored[int(np.argmax(changes))]
        by = max(by, kept.apart(asked, model, kept.call, kept.row))
    return moved(
        "repeatable",
        by,
        "predicting again",
        "predict must keep nothing between calls and use no random numbers",
        SCALES,
        places=len(asked.past) + len(changes),
    )


def alone(model: Forecaster, asked: Asked, scored: Sequence[Kept]) -> list[float]:
    """Return how much each scored forecast changes if it is made alone, in units of its series."""
    return [kept.apart(asked, model, kept.past, 0) for kept in scored]


def causal(model: Forecaster, asked: Asked) -> Check:
    """A forecast must not depend on later values, even if a call contains later origins of the same series.

    A series is cut. The whole series is part of the same call, or of the previous call: once with the true values after
    the cut, once with other values. The forecast from the cut must be the same in both cases.
    """
    by, places = 0.0, 0
    for row in range(min(2, len(asked.past))):
        past = asked.past.values[row]
        ahead = min(asked.horizon, len(past) // 2)
        if not ahead:
            continue
        places += 1
        cut, other = past[:-ahead], past.copy()
        other[-ahead:] = past[:ahead] + 10 * (np.ptp(past) + 1)
        name, season = asked.past.names[row], asked.past.season
        together = [asked.of(model, Panel([cut, later], [name] * 2, season))[0] for later in (past, other)]
        alone = []
        for later in (past, other):
            asked.of(model, Panel([later], [name], season))
            alone.append(asked.of(model, Panel([cut], [name], season))[0])
        by = max(by, difference(*together), difference(*alone))
    return moved("causal", by, "a change of the future", "the model sees what it forecasts", SCALES, places)


def batched(model: Forecaster, asked: Asked, said: Floats, changes: Sequence[float], rng: np.random.Generator) -> Check:
    """The forecast of a series is the same if it is forecast alone, with others, and in any order.

    Args:
        changes: of scored forecasts, as `alone` returned them.
    """
    order = rng.permutation(len(asked.past))
    by = max([difference(asked.of(model, take(asked.past, order)), said[order]), *changes])
    for row in range(len(asked.past)):
        by = max(by, difference(asked.of(model, take(asked.past, np.array([row])))[0], said[row]))
    return moved(
        "batched",
        by,
        "forecasting series alone",
        "the forecast of a series must not depend on other series",
        SCALES,
        places=len(asked.past) + len(changes),
    )


def ordered(model: Forecaster, asked: Asked, scored: Sequence[Kept]) -> Check:
    """Quantiles rise with their level."""
    calls = {id(kept.said): kept.said for kept in scored}.values()
    said = [answer(model, asked.past, asked.horizon), *calls]
    falls, forecasts = 0.0, 0
    for quantiles in (forecast.quantiles for forecast in said):
        if quantiles is None:
            return Check(name="ordered", passed=True, message="the model returns no quantiles of its own")
        with np.errstate(invalid="ignore"):  # ∞ − ∞
            falls = max(falls, -float(np.nan_to_num(np.diff(quantiles, axis=-1), posinf=0.0).min(initial=0.0)))
        forecasts += len(quantiles)
    passed = falls <= 0
    message = "quantiles rise with their level" if passed else f"quantiles cross, by up to {falls:.2g}: sort them"
    return Check(name="ordered", passed=passed, value=falls, bound=0.0, message=message, places=forecasts)


def pure(model: Forecaster, asked: Asked) -> Check:
    """`predict` changes neither the pasts that are passed to it nor the forecasts that it returned earlier."""
    lent = copied(asked.past)
    handed = model.predict(lent, asked.horizon, np.array(LEVELS))
    given = [array for array in (handed.mean, handed.quantiles) if array is not None]
    kept = [np.array(array) for array in given]
    backwards = np.arange(len(asked.past))[::-1]
    model.predict(copied(take(asked.past, backwards)), asked.horizon, np.array(LEVELS))
    if not _equal(given, kept):
        return Check(
            name="pure", passed=False, message="later calls change the forecasts of earlier calls: return a copy"
        )
    if not (_equal(lent.values, asked.past.values) and list(lent.names) == list(asked.past.names)):
        return Check(
            name="pure", passed=False, message="predict changes the pasts that are passed to it: work on a copy"
        )
    return Check(name="pure", passed=True, message="arguments and earlier forecasts stay unchanged")


def saved(model: Forecaster, asked: Asked, said: Floats) -> Check:
    """A new instance restored from `arrays` forecasts the same."""
    twin = restored(model)
    if isinstance(twin, Check):
        return twin
    remedy = "arrays must contain all that was learned, and restore must read it"
    return moved("saved", difference(asked.say(twin), said), "writing and restoring", remedy, SCALES)


def _equal(a: Sequence[Floats], b: Sequence[Floats]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
