"""The echo state network as a forecaster: a reservoir reads each series, a linear read-out gives the next H values.

Jaeger 2001; Lukoševičius 2012, section 3. The read-out sees the last value and the state, and forecasts all H steps at
once. The alternative is to forecast one step and to feed the forecast back (Jaeger & Haas 2004). On the validation
parts of the suite `ts` its errors were at best 6 % smaller, and at worst eight times as large.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field

from seqbench.interface import Arrays, Floats
from seqbench.packing import packed, unpacked, within
from seqbench.recurrent.reservoirs.config import EchoStateConfig
from seqbench.recurrent.reservoirs.readout import Readout, Ridge, Triangle
from seqbench.recurrent.reservoirs.reservoir import Reservoir
from seqbench.recurrent.reservoirs.scales import Base, Scales
from seqbench.tasks.forecasts.linear import last
from seqbench.tasks.forecasts.metrics import seasonal_scale
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

PENALTIES: tuple[float, ...] = tuple(10.0**power for power in range(-12, 3))
"""The ridge penalties that are tried, as a share of an input's sum of squares."""
BLOCKS = 64
"""Number of stretches of the training series that are left out, one at a time, to choose the penalty."""
BEYOND = 2.0
"""A forecast of z is at most this many times as large as the largest |z| of training."""
STATES = 1 << 22
"""About the largest number of values in the states that are held at once, 32 MB."""


class EchoStateForecasterConfig(EchoStateConfig):
    base: Literal["auto", "level", "season"] = Field(
        "auto",
        description="what the reservoir reads; level: values; season: changes over a season (over a step, without "
        "season); auto: whichever forecasts better in cross-validation",
    )
    washout: int = Field(
        300,
        ge=0,
        description="steps that the reservoir reads before its state is used; a shorter past is preceded by its first "
        "value",
    )


class EchoStateForecaster(Forecaster):
    """ŷ = W [z; x] + b, where x is the state of the reservoir after the last value z of a standardised series.

    One read-out serves all series. Its penalty, and `base` if it is `auto`, have the smallest error in
    cross-validation: the mean absolute error, in units of the mean seasonal change, of stretches of H steps that are
    left out together with the H steps on either side, whose targets overlap theirs.

    It counts as neural, since it is a recurrent network, although only its read-out is trained.
    """

    kind = "neural"
    config_class = EchoStateForecasterConfig
    config: EchoStateForecasterConfig

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self.horizon, self.names = ctx.horizon, tuple(train.names)
        self.reservoir = self.config.reservoir(1, ctx.seed)
        bases: tuple[Base, ...] = ("season", "level") if self.config.base == "auto" else (self.config.base,)
        chosen: dict[str, float] = {}
        for base in bases:
            scales = Scales.of(train.values, base, train.season)
            series = scales.apply(train.values)
            ridge = self._regression(series)
            penalties = [ridge.scale * share for share in PENALTIES]
            with ctx.validating():
                errors = self._left_out(ridge, penalties, series, scales, seasonal_scale(train.values, train.season))
            place = int(errors.argmin())
            if not chosen or errors[place] < chosen["left_out_mase"]:
                self.base, self.scales, self.readout = base, scales, ridge.solve([penalties[place]])
                self.bound = BEYOND * max(float(np.abs(z).max()) for z in series)
                chosen = {
                    "season": float(base == "season"),
                    "penalty": PENALTIES[place],
                    "left_out_mase": float(errors[place]),
                }
        for name, value in chosen.items():
            ctx.log(name, value)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        """Forecasts beyond the H steps of the fit are made H steps at a time, from the forecasts so far."""
        values = list(past.values)
        for _ in range(0, horizon, self.horizon):
            ahead = self._ahead(Panel(values, past.names, past.season))
            values = [np.concatenate([v, a]) for v, a in zip(values, ahead, strict=True)]
        made = [v[len(p) : len(p) + horizon] for v, p in zip(values, past.values, strict=True)]
        return Forecast(np.array(made).reshape(len(past), horizon))

    def _ahead(self, past: Panel) -> Floats:
        """Return the next H values (N, H)."""
        scales = self._of(past)
        window = last(scales.apply(past.values), self.config.washout + 1)
        size = max(1, STATES // (window.shape[1] * self.reservoir.hidden_size))
        ends = [self._inputs(window[i : i + size])[:, -1] for i in range(0, len(window), size)]
        ahead = self.readout(np.concatenate([np.zeros((0, self._width)), *ends]))[0]
        return scales.undo(np.clip(ahead, -self.bound, self.bound), past.values)

    def _of(self, past: Panel) -> Scales:
        """Return the scales of series: those of the fit if it has seen them, otherwise those of their pasts."""
        known = {name: row for row, name in enumerate(self.names)}
        rows = np.array([known.get(name, -1) for name in past.names], np.int64)
        (own,) = np.nonzero(rows < 0)
        rows[own] = len(self.names) + np.arange(len(own))
        return self.scales.beside(Scales.of([past.values[n] for n in own.tolist()], self.base, past.season)).take(rows)

    def _regression(self, series: Sequence[Floats]) -> Ridge:
        """Return the regression of the next H values on the inputs of the read-out, over all steps of all series."""
        triangle = Triangle(self._width, self.horizon)
        for x, y in self._rows(series):
            triangle.add(np.concatenate(x), np.concatenate(y))
        if not triangle.rows:  # every series is too short to teach anything: forecasts are z = 0
            triangle.add(np.zeros((1, self._width)), np.zeros((1, self.horizon)))
        return triangle.ridge()

    def _rows(self, series: Sequence[Floats]) -> Iterator[tuple[list[Floats], list[Floats]]]:
        """Yield the inputs (M_n, 1 + N) and next values (M_n, H) of series longer than H, a few series at a time."""
        series = [z for z in series if len(z) > self.horizon]
        longest = self.config.washout + max(map(len, series), default=0)
        size = max(1, STATES // (longest * self.reservoir.hidden_size))
        for group in (series[start : start + size] for start in range(0, len(series), size)):
            inputs = self._inputs(last(group, self.config.washout + max(map(len, group))))
            yield (
                [x[len(x) - len(z) : -self.horizon] for x, z in zip(inputs, group, strict=True)],
                [sliding_window_view(z[1:], self.horizon) for z in group],
            )

    def _inputs(self, z: Floats) -> Floats:
        """Return the inputs [z; x] (B, T, 1 + N) of the read-out after each step of z (B, T)."""
        return np.concatenate([z[..., None], self.reservoir.run(z[..., None])], axis=2)

    @property
    def _width(self) -> int:
        return 1 + self.reservoir.hidden_size

    def _left_out(
        self, ridge: Ridge, penalties: Sequence[float], series: Sequence[Floats], scales: Scales, unit: Floats
    ) -> Floats:
        """Return the cross-validation errors (P,) of the penalties, for series z and their units (N,)."""
        rows = np.array([max(0, len(z) - self.horizon) for z in series])
        gap = min(self.horizon, ridge.rows // 6)  # at least half of the rows remain
        if ridge.rows < 2:
            return np.zeros(len(penalties))
        stretch = max(1, gap)
        places = [(n, start) for n in np.flatnonzero(unit > 0).tolist() for start in range(0, int(rows[n]), stretch)]
        drawn = places[:: -(-len(places) // BLOCKS) or 1]
        total, count = np.zeros(len(penalties)), 0
        for n in dict.fromkeys(n for n, _ in drawn):
            ((x,), (y,)) = next(self._rows([series[n]]))
            for start in (start for m, start in drawn if m == n):
                low, high = max(0, start - gap), start + stretch + gap
                errors = ridge.left_out(x[low:high], y[low:high], penalties)[:, start - low :][:, :stretch]
                errors = np.abs(scales.accumulated(errors, n)) / unit[n]
                total, count = total + errors.sum(axis=(1, 2)), count + errors[0].size
        return total / max(1, count)

    def arrays(self) -> Arrays:
        return {
            **{f"reservoir.{name}": array for name, array in self.reservoir.arrays().items()},
            **{f"scales.{name}": array for name, array in vars(self.scales).items()},
            **{f"readout.{name}": array for name, array in vars(self.readout).items()},
            "names": packed(self.names),
            "fit": np.array([self.horizon, self.base == "season"]),
            "bound": np.array(self.bound),
        }

    def restore(self, arrays: Arrays) -> None:
        self.reservoir = Reservoir.restored(within(arrays, "reservoir"), self.config.leak)
        self.scales, self.readout = Scales(**within(arrays, "scales")), Readout(**within(arrays, "readout"))
        self.names, self.bound = unpacked(arrays["names"]), float(arrays["bound"])
        self.horizon, season = arrays["fit"].tolist()
        self.base = "season" if season else "level"

    def parameter_count(self) -> int:
        """Return the number of learned values: those of the read-out."""
        return self.readout.weight.size + self.readout.bias.size
