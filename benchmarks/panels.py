"""Measure how time and memory grow with the number of series in a panel, from the table to the scores.

    python benchmarks/panels.py [--series 1e3 1e4 1e5] [--models naive seasonal-naive drift naive2 autoregression ...]

Each series has 100 daily values: a level, a trend, a season of seven days, and an autoregression of order 1. They stand
in a CSV file in the long layout, series by series. Each stage runs in a process of its own, one after the other: the
file is read and split; what scoring needs is computed, and the data is written for the processes of cells; such a
process opens it; each model is fitted to all series, forecasts all of them, and is scored. Time is that of the
processor, on one thread; memory is the peak above what the process held before. The exponent is that of a power law
through the two largest panels.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from growth import alone, peak, reset_peak, tell_growth
from scipy.signal import lfilter

from seqbench import registry
from seqbench.datasets.series.own import SeriesFile
from seqbench.interface import Budget
from seqbench.runs import contents
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.forecasts.model import Forecast, Forecaster, Panel

VALUES = 100
HORIZON = 7
SERIES_OF_A_BLOCK = 1_000


@dataclass(frozen=True)
class Measured:
    stage: str
    cpu: float
    peak_bytes: int
    note: str = ""


def write_table(file: Path, series: int) -> None:
    rng = np.random.default_rng(0)
    days = [(date(2024, 1, 1) + timedelta(days=t)).isoformat() for t in range(VALUES)]
    time_, phase = np.arange(VALUES), 2 * np.pi / 7
    with file.open("w", encoding="utf-8") as out:
        out.write("shop,ds,sales\n")
        for start in range(0, series, SERIES_OF_A_BLOCK):
            count = min(SERIES_OF_A_BLOCK, series - start)
            level = 50 + 150 * rng.random((count, 1))
            noise = lfilter([1.0], [1.0, -0.6], rng.normal(size=(count, VALUES)), axis=1)
            season = 4 * np.sin(phase * time_ + 7 * rng.random((count, 1)))
            values = level * (1 + 0.002 * rng.normal(size=(count, 1)) * time_ + (season + noise) / 40)
            for n, row in enumerate(values.round(2).tolist(), start):
                out.writelines(f"shop-{n:06},{day},{value}\n" for day, value in zip(days, row, strict=True))


@contextmanager
def measured(stage: str, found: list[Measured]) -> Iterator[list[str]]:
    """Add a measurement of the block; the block may add notes to what it gets."""
    reset_peak()
    before, cpu, notes = peak(), time.process_time(), []
    yield notes
    found.append(Measured(stage, time.process_time() - cpu, peak() - before, " ".join(notes)))


def read(table: Path, folder: Path) -> list[Measured]:
    """Read the table as the process of a run does that loads it, and write the files of a cell."""
    found: list[Measured] = []
    kind = task("forecast")
    source = SeriesFile(path=table, id="shop", value="sales", horizon=HORIZON)
    with measured("read and split", found):
        whole = source.load()
    with measured("yardsticks", found):
        known = kind.without_test(whole)
        kind.prepare(known, "valid")
        kind.prepare(whole, "test")
    with measured("write", found) as notes:
        writer = contents.Writer()
        writer.write(folder / "fitting.pickle", known)
        writer.write(folder / "scoring.pickle", whole)
        notes.append(f"{sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.0f} MB on disk")
    return found


def opened(folder: Path) -> list[Measured]:
    found: list[Measured] = []
    with measured("open", found):
        contents.read(folder / "scoring.pickle")
    return found


class Timed(Forecaster):
    """Counts the time of another forecaster's predictions."""

    def __init__(self, model: Forecaster) -> None:
        self.model, self.cpu = model, 0.0

    def fit(self, train: Panel, ctx: Any) -> None:
        raise NotImplementedError

    def predict(self, past: Panel, horizon: int, levels: Any) -> Forecast:
        started = time.process_time()
        said = self.model.predict(past, horizon, levels)
        self.cpu += time.process_time() - started
        return said


def run(name: str, epochs: int, folder: Path) -> list[Measured]:
    """Fit a model for the test part, and score the test part."""
    torch.set_num_threads(1)
    found: list[Measured] = []
    kind, spec = task("forecast"), parse(name)
    attribute = registry.find_model(spec, "forecast").attribute
    model = attribute(registry.configured(attribute.config_class, spec, "forecast"))
    data = contents.read(folder / "scoring.pickle")
    valid = kind.score(registry.find_model(parse("naive"), "forecast").attribute(), data, "valid")
    with measured(f"{name}: fit", found):
        context = kind.context(data, "test", 0, Budget(epochs=epochs), "cpu", lambda *_: None)
        model.fit(kind.train(data, "test"), context)
    timed = Timed(model)
    with measured(f"{name}: predict", found):
        witness = kind.witness(data, 0)
        columns = kind.score(timed, data, "test", valid, witness)
    whole = found.pop()
    found.append(Measured(whole.stage, timed.cpu, whole.peak_bytes, f"MASE {np.nanmean(columns['mase']):.4f}"))
    found.append(Measured(f"{name}: score", whole.cpu - timed.cpu, whole.peak_bytes))
    with measured(f"{name}: detail", found):
        kind.detail(columns, data, valid)
    with measured(f"{name}: laws", found):
        kind.check(model, data, 0, witness)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=float, nargs="+", default=[1e3, 1e4, 1e5])
    parser.add_argument(
        "--models",
        nargs="*",
        default=["naive", "seasonal-naive", "drift", "naive2", "autoregression", "linear-window", "window-mlp"],
    )
    parser.add_argument("--epochs", type=int, default=1, help="of the networks")
    given = parser.parse_args()

    found: dict[str, list[tuple[int, Measured]]] = {}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'series':>8}  {'stage':26}{'CPU s':>9}{'ms/series':>11}{'peak MB':>9}", flush=True)
    for series in sorted(map(int, given.series)):
        with tempfile.TemporaryDirectory() as folder:
            table, cells = Path(folder) / "shops.csv", Path(folder) / "cells"
            write_table(table, series)
            cells.mkdir()
            stages = [(read, table, cells), (opened, cells)]
            stages += [(run, name, given.epochs, cells) for name in given.models]
            for stage, *arguments in stages:
                for one in alone(stage, *arguments):
                    found.setdefault(one.stage, []).append((series, one))
                    print(
                        f"{series:8.0e}  {one.stage:26}{one.cpu:9.2f}{1e3 * one.cpu / series:11.3f}"
                        f"{one.peak_bytes / 1e6:9.0f}  {one.note}",
                        flush=True,
                    )
    tell_growth(found, "series")


if __name__ == "__main__":
    main()
