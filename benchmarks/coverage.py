"""Coverage of 80 % and 95 % intervals: what split conformal promises it keeps where errors are exchangeable.

    python benchmarks/coverage.py [--store results/coverage] [--draws 6] [--only synthetic|real] [--jobs 1]

Synthetic sources are drawn anew so many times: their parameters, what calibrates, and the test part. The mean coverage
over the draws stands with its 95 % interval by Student's t, and beside it the mean at the step ahead that is furthest
off. On real series errors drift, and coverage is reported: with the block bootstrap's interval, at the first, the
middle and the last step ahead, and in the first and the last third of the test origins. A model's own quantiles stand
beside the conformal ones: those of the true model, and the normal ones of an autoregression.

Runs the suite ts and goes on where it was stopped. About 5 minutes on one free core. Real data is fetched first:
`seqbench data fetch`.
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
from seqbench.evidence.statistics import block_weights, estimate
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
"""By the level of a central interval, the column of an origin's coverage and the metric."""


class PointAutoregression(Autoregression):
    """An autoregression that keeps its quantiles to itself, so that the harness makes intervals."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(super().predict(past, horizon, levels).mean)


@dataclass(frozen=True)
class Scored:
    """A model on a data set."""

    model: str
    record: Record
    columns: Columns

    @property
    def conformal(self) -> bool:
        return bool(self.columns["conformal"].all())

    @property
    def errors(self) -> str:
        """How many calibrated the intervals at a step."""
        return f"{Intervals.read(self.record.detail['intervals']).errors:,}" if self.conformal else "own"

    def coverage(self, level: float) -> float:
        """Per cent of all values."""
        return 100 * float(self.columns[LEVELS[level][0]].mean())

    def by_step(self, level: float) -> Floats:
        """(H,) per cent of the values so many steps ahead."""
        widths = Intervals.read(self.record.detail["intervals"]).widths[level]
        held = np.abs(self.columns["error"]) <= widths * self.columns["unit"][:, None]
        return 100 * np.asarray(held.mean(axis=0), dtype=np.float64)

    def thirds(self, level: float) -> tuple[float, float] | None:
        """Per cent of the values from the first and from the last third of each series' origins; None: too few."""
        series = self.columns["series"]
        first = np.flatnonzero(np.diff(series, prepend=-1))
        counts = np.diff(first, append=len(series))
        if counts.min() < 3:
            return None
        place = (np.arange(len(series)) - np.repeat(first, counts)) / np.repeat(counts, counts)
        held = self.columns[LEVELS[level][0]]
        return 100 * float(held[place < 1 / 3].mean()), 100 * float(held[place >= 2 / 3].mean())

    def half_width(self, level: float) -> float:
        """Of the 95 % interval of the coverage, by the bootstrap of the suite's tables."""
        items, block = Forecasting().items(self.columns)
        units = len(next(iter(items.values())))
        told = estimate(
            LEVELS[level][1], [items], block_weights(units, block, 2000, np.random.default_rng(0)), block=block
        )
        return 100 * (told.high - told.low) / 2


def scored(models: Mapping[str, str], datasets: Sequence[str], asked: argparse.Namespace) -> list[Scored]:
    """Run models on data sets, each in its process, or take them from the store; what failed is told, and left out."""
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
    print(f"exchangeable errors, mean of {asked.draws} draws, per cent; by step: the one furthest from nominal")
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
    print(f"conformal ones furthest from nominal: {far}")


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
    parser.add_argument("--draws", type=int, default=6, help="of each synthetic source")
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
