"""Measure the coverage of 80 % and 95 % intervals by split conformal prediction.

    python benchmarks/coverage.py [--store results/coverage] [--draws 6] [--only synthetic|real] [--jobs 1]

On synthetic sources errors are exchangeable, so coverage should be close to its nominal value. Each source is drawn
`--draws` times, with new parameters, calibration values and test values. The table shows the mean coverage over the
draws with its 95 % interval by Student's t, and the mean coverage at the step ahead that is furthest from nominal. On
real series errors drift. Their coverage is shown with its interval, at the first, the middle and
the last step ahead, and in the first and the last third of the test origins. For comparison, the tables also
show models with quantiles of their own: the true model, if it is known, and an autoregression with normal quantiles.

Runs the suite ts; an interrupted run continues where it stopped. Takes about 5 minutes on one free core. Fetch the real
data first: `seqbench data fetch`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from seqbench import api
from seqbench.baselines.series.autoregression import Autoregression
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Record
from seqbench.evidence.statistics import estimate
from seqbench.interface import Floats
from seqbench.spec import parse
from seqbench.tasks.forecasts.conformal import Intervals
from seqbench.tasks.forecasts.metrics import COVERAGE_80, COVERAGE_95
from seqbench.tasks.forecasts.model import Forecast, Panel
from seqbench.tasks.forecasts.task import Forecasting

POINT = f"{Path(__file__).resolve()}:PointAutoregression"
SOURCES = ["synthetic-ar", "synthetic-seasonal", "synthetic-threshold"]
DRAWN = "train_steps=2000, valid_steps=6000, test_steps=6000, horizon=8, series=2"
REAL = ["m4-hourly", "ett-h1(stride=24)", "exchange-rate", "airpassengers", "daily-min-temps", "sunspots"]
LEVELS = {0.8: ("covered_80", COVERAGE_80), 0.95: ("covered_95", COVERAGE_95)}
"""Level of a central interval → the column with the coverage of each origin, and the metric."""


class PointAutoregression(Autoregression):
    """An autoregression that returns no quantiles, so that the harness makes intervals."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(super().predict(past, horizon, levels).mean)


@dataclass(frozen=True)
class Scored:
    """The scores of a model on a data set."""

    model: str
    record: Record
    columns: Columns

    @property
    def conformal(self) -> bool:
        return bool(self.columns["conformal"].all())

    @property
    def errors(self) -> str:
        """Number of errors that calibrated the intervals of one step ahead; `own` if the quantiles are the model's."""
        return f"{Intervals.read(self.record.detail['intervals']).errors:,}" if self.conformal else "own"

    def coverage(self, level: float) -> float:
        """Return the per cent of all values that the interval covers."""
        return 100 * float(self.columns[LEVELS[level][0]].mean())

    def by_step(self, level: float) -> Floats:
        """Return (H,) the per cent of values that the interval covers at each step ahead."""
        widths = Intervals.read(self.record.detail["intervals"]).widths[level]
        held = np.abs(self.columns["error"]) <= widths * self.columns["unit"][:, None]
        return 100 * np.asarray(held.mean(axis=0), dtype=np.float64)

    def thirds(self, level: float) -> tuple[float, float] | None:
        """Return the per cent covered in the first and the last third of each series' origins; None if they are few."""
        series = self.columns["series"]
        first = np.flatnonzero(np.diff(series, prepend=-1))
        counts = np.diff(first, append=len(series))
        if counts.min() < 3:
            return None
        place = (np.arange(len(series)) - np.repeat(first, counts)) / np.repeat(counts, counts)
        held = self.columns[LEVELS[level][0]]
        return 100 * float(held[place < 1 / 3].mean()), 100 * float(held[place >= 2 / 3].mean())

    def half_width(self, level: float) -> float:
        """Return half the width of the coverage's 95 % interval, by the same bootstrap as in the suite's tables."""
        assert self.record.comparability is not None
        units = Forecasting().units(self.columns, self.record.comparability)
        told = estimate(LEVELS[level][1], [units.columns], units.ways)
        return 100 * (told.high - told.low) / 2


def scored(models: Mapping[str, str], datasets: Sequence[str], asked: argparse.Namespace) -> list[Scored]:
    """Run models on data sets in separate processes, or read them from the store; print and leave out failed runs."""
    run = api.ask(
        "ts",
        models=list(models.values()),
        datasets=datasets,
        preset="quick",
        store=asked.store,
        jobs=asked.jobs,
    )
    for _ in run.start():
        pass
    names, found = {str(parse(spec)): name for name, spec in models.items()}, []
    for cell in run.cells:
        record = run.store.find(cell.identity)
        assert isinstance(record, Record)
        name, columns = names.get(cell.label, cell.label), run.store.columns(record)
        if columns is None:
            print(f"{name} on {record.identity.dataset}: {record.status}: {record.reason}")
        else:
            found.append(Scored(name, record, columns))
    return found


def synthetic(asked: argparse.Namespace) -> None:
    models = {
        "seasonal-naive": "seasonal-naive",
        "autoregression": POINT,
        "linear-window": "linear-window(window=48)",
        "window-mlp": "window-mlp(window=48)",
        "autoregression, own": "autoregression",
    }
    datasets = [
        f"{source}({DRAWN}, seed={number * asked.draws + draw})"
        for number, source in enumerate(SOURCES)
        for draw in range(asked.draws)
    ]
    found = scored(models, datasets, asked)
    print(f"exchangeable errors, mean of {asked.draws} draws, per cent; by step: at the step furthest from nominal")
    print(f"{'':21}{'':21}{'errors':>7}{'80 %':>14}{'by step':>9}{'95 %':>14}{'by step':>9}")
    largest = dict.fromkeys(LEVELS, 0.0)
    for source in SOURCES:
        for model in dict.fromkeys(s.model for s in found):
            draws = [s for s in found if s.model == model and s.record.data_spec.name == source]
            if not draws:
                continue
            row = f"{source:21}{model:21}{draws[0].errors:>7}"
            for level in LEVELS:
                values = np.array([s.coverage(level) for s in draws])
                half = float(stdtrit(len(values) - 1, 0.975)) * values.std(ddof=1) / np.sqrt(len(values))
                row += f"{f'{values.mean():.2f} ± {half:.2f}':>14}"
                if draws[0].conformal:
                    largest[level] = max(largest[level], abs(values.mean() - 100 * level))
                    steps = np.mean([s.by_step(level) for s in draws], axis=0)
                    row += f"{steps[np.abs(steps - 100 * level).argmax()]:9.2f}"
                else:
                    row += f"{'':9}"
            print(row.rstrip())
    far = ", ".join(f"{points:.2f} points at {100 * level:g} %" for level, points in largest.items())
    print(f"largest distance of conformal coverage from nominal: {far}")


def real(asked: argparse.Namespace) -> None:
    print("real series, per cent: all values; steps ahead: first, middle, last; origins: first and last third")
    print(f"{'':18}{'':21}{'errors':>7}", end="")
    for level in LEVELS:
        print(f"{f'{100 * level:g} %':>13}{'steps ahead':>19}{'origins':>13}", end="")
    print()
    models = {
        "seasonal-naive": "seasonal-naive",
        "autoregression": POINT,
        "linear-window": "linear-window",
        "autoregression, own": "autoregression",
    }
    for dataset in REAL:
        for s in scored(models, [dataset], asked):
            row = f"{s.record.data_spec.name:18}{s.model:21}{s.errors:>7}"
            for level in LEVELS:
                row += f"{f'{s.coverage(level):.1f} ± {s.half_width(level):.1f}':>13}"
                steps = s.by_step(level) if s.conformal else np.empty(0)
                row += f"{' '.join(f'{steps[h]:.1f}' for h in (0, len(steps) // 2, -1)) if len(steps) else '':>19}"
                thirds = s.thirds(level)
                row += f"{'{:.1f} {:.1f}'.format(*thirds) if thirds else '':>13}"
            print(row.rstrip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results/coverage"))
    parser.add_argument("--draws", type=int, default=6, help="draws of each synthetic source")
    parser.add_argument("--only", choices=["synthetic", "real"])
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    if asked.draws < 2:
        parser.error("an interval over draws needs --draws 2 or more")
    if asked.only != "real":
        synthetic(asked)
    if asked.only != "synthetic":
        real(asked)


if __name__ == "__main__":
    main()
