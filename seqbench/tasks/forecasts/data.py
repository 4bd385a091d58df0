"""Series and their split: the values that a fit may see, and the origins of the scored forecasts."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from seqbench.evidence.metrics import Columns
from seqbench.interface import Floats, Ids
from seqbench.long_arrays import consecutive
from seqbench.tasks.forecasts.conformal import units
from seqbench.tasks.forecasts.metrics import item_columns, rounded, rounding, seasonal_scale
from seqbench.tasks.forecasts.model import Forecaster, Panel
from seqbench.tasks.forecasts.naive2 import naive2
from seqbench.tasks.forecasts.stretches import Stretches
from seqbench.tasks.parts import refuse_fewer


@dataclass(frozen=True)
class Origins:
    """I places from which the next H values are forecast, grouped by series, the earliest first."""

    series: Ids
    """(I,) index of the series."""
    ends: Ids
    """(I,) number of values of the series that are known at the origin."""

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, rows: Ids) -> "Origins":
        """Return the origins of these rows, in this order."""
        return Origins(self.series[rows], self.ends[rows])


def rolling(starts: Ids, stops: Ids, horizon: int, stride: int) -> Origins:
    """Return origins in the part `starts[n]`..`stops[n] − 1` of each series n, `stride` steps apart.

    All forecast values lie in this part; the first origin is its start. A part shorter than the horizon has no origin.

    Args:
        starts, stops: (N,).
    """
    counts = np.maximum((stops - horizon - starts) // stride + 1, 0)
    series = np.repeat(np.arange(len(counts)), counts)
    return Origins(series, starts[series] + stride * consecutive(np.zeros_like(counts), counts))


@dataclass(frozen=True)
class Yardstick:
    """What scoring I forecasts needs from the data."""

    actual: Floats
    """(I, H) the true values."""
    scale: Floats
    """(I,) scale of MASE."""
    unit: Floats
    """(I,) the units of intervals, as in `conformal`."""
    rounding: Floats
    """(I,) the largest error of a forecast that counts as a rounding error."""
    naive2: Columns
    """Item columns of Naive2's forecasts from the same origins."""


@dataclass(frozen=True)
class SeriesData:
    """Series for forecasting, with rolling origins over a validation part and a test part.

    The validation part may lie inside the training part (M4: all values before the test part are for training) or after
    it (the 12/4/4 months of ETT). In both cases `before` returns the values that a fit may see.
    """

    name: str
    series: Panel
    """All values, those of the test part included unless `without_test` cut them. Models get only pieces of it."""
    train_ends: Ids
    """(N,) number of values of each series in the training part; these are the oldest values."""
    valid: Origins
    test: Origins
    horizon: int
    """H, steps."""
    truth: Forecaster | None = None
    """The true model of a synthetic source, ready to predict."""
    innovation_variance: float | None = None
    """The smallest possible mean squared error one step ahead; None: unknown."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, str] = field(default_factory=dict)
    """Options with which the loader reads new data in the same way. With others it may read other values, so scores
    are compared only where they are equal."""
    history: Ids | None = None
    """(N,) how many of the latest values of each series a fit or a forecast gets at most; None: all. Scales of errors
    come from all values, so that scores stay comparable."""

    @property
    def season(self) -> int:
        return self.series.season

    @cached_property
    def train(self) -> Panel:
        """The whole training part."""
        return self._until(self.train_ends)

    def before(self, origins: Origins) -> Panel:
        """Return what a fit may see if its forecasts from these origins are scored.

        This is the training part of each series, up to the first of these origins. If nothing is cut, the result is
        `train` itself, so that equal parts are the same object.
        """
        ends = self.train_ends.copy()
        np.minimum.at(ends, origins.series, origins.ends)
        return self.train if np.array_equal(ends, self.train_ends) else self._until(ends)

    def _until(self, ends: Ids) -> Panel:
        """Return the values of each series that a fit gets which ends there."""
        return self.series.between(self._starts(ends, np.arange(len(ends))), ends)

    def _starts(self, ends: Ids, series: Ids) -> Ids:
        """Return how many of the oldest values of these series are left out before these ends."""
        return np.zeros_like(ends) if self.history is None else np.maximum(0, ends - self.history[series])

    def younger(self, share: float) -> "SeriesData":
        """Return the same data with a shorter history: this share of the training part of each series, but two seasons
        or horizons at least.

        Raises:
            ValueError: for half of the series, the share is less than that.
        """
        least = 2 * max(self.horizon, self.season) + 1
        kept = np.ceil(share * self.train_ends).astype(np.int64)
        refuse_fewer(int(np.median(kept)), least, "values per series", share, "models need two seasons or two horizons")
        return replace(self, history=np.maximum(kept, least))

    def without_test(self) -> "SeriesData":
        """Return the same data with each series cut at its first test origin; the origins stay."""
        ends = Stretches.of(self.series.values).lengths
        np.minimum.at(ends, self.test.series, self.test.ends)
        return replace(self, series=self.series.until(ends))

    def yardstick(self, split: Literal["valid", "test"]) -> Yardstick:
        """Return what scoring a split needs; it is computed once."""
        return self._valid_yardstick if split == "valid" else self._test_yardstick

    @cached_property
    def _valid_yardstick(self) -> Yardstick:
        return self._yardstick(self.valid)

    @cached_property
    def _test_yardstick(self) -> Yardstick:
        return self._yardstick(self.test)

    def _yardstick(self, origins: Origins) -> Yardstick:
        pasts, actual = replace(self, history=None).past(origins).values, self.actual(origins)
        scale, within = seasonal_scale(pasts, self.season), rounding(pasts)
        mean = rounded(naive2(pasts, self.horizon, self.season), actual, within)
        return Yardstick(actual, scale, units(pasts, scale), within, item_columns(actual, mean, scale))

    def past(self, origins: Origins) -> Panel:
        """Return the values known at each origin, as I series; origins of the same series share its name."""
        starts, names = self._starts(origins.ends, origins.series), self.series.names
        values = Stretches.of(self.series.values).take(origins.series).cut(starts, origins.ends)
        return Panel(values, [names[n] for n in origins.series.tolist()], self.season)

    def actual(self, origins: Origins) -> Floats:
        """Return the true values (I, H) after each origin.

        Raises:
            ValueError: they are not all there, as in data without its test part.
        """
        series = Stretches.of(self.series.values).take(origins.series)
        if (origins.ends + self.horizon > series.lengths).any():
            raise ValueError("a series ends before the horizon of an origin")
        actual: Floats = series.flat[(series.starts + origins.ends)[:, None] + np.arange(self.horizon)]
        return actual
