"""Every model of the suite `ts` on the smallest and the oddest series that the loader accepts."""

from pathlib import Path

import numpy as np
import pytest

from seqbench import registry
from seqbench.datasets.series.own import SeriesFile
from seqbench.evidence.laws import seed_everything
from seqbench.interface import Budget
from seqbench.runs import suites
from seqbench.spec import parse
from seqbench.tasks.base import Split
from seqbench.tasks.forecasts.model import Forecaster
from seqbench.tasks.forecasts.task import Forecasting

SETTINGS = {"kneser-ney(order=3)": "kneser-ney(order=3, paths=40, memory=8)"}


def ignored(name: str, value: float) -> None:
    """Log nothing."""


def months(columns: list[list[float]]) -> str:
    """Return a wide table of monthly values."""
    rows = [
        ",".join([f"{2000 + t // 12}-{t % 12 + 1:02}", *map(repr, row)])
        for t, row in enumerate(zip(*columns, strict=True))
    ]
    return "\n".join([",".join(["ds", *(f"s{n}" for n in range(len(columns)))]), *rows, ""])


def spiked(length: int, places: dict[int, float], level: float = 0.0) -> list[float]:
    values = np.full(length, level)
    values[list(places)] = list(places.values())
    return values.tolist()


def noise(length: int, unit: float, level: float = 0.0) -> list[float]:
    return (level + unit * np.random.default_rng(0).normal(size=length)).tolist()


HORIZON = 3
TINY: dict[str, list[list[float]]] = {
    "the fewest values": [noise(3 * HORIZON + 1, 1)],
    "thirteen values": [noise(13, 1)],
    "thirteen values of which the last moves": [spiked(13, {12: 1})],
    "constant but for the end": [spiked(40, {37: 3, 39: 2}, level=7)],
    "constant until the test part": [spiked(40, {36: 3, 39: 2})],
    "one spike": [spiked(40, {20: 1e6})],
    "very large": [noise(40, 1e12), noise(40, 1e11, 1e12)],
    "very small": [noise(40, 1e-12), noise(40, 1e-13, 1e-12)],
    "a constant one among them": [noise(40, 1), spiked(40, {})],
}


def model(name: str) -> Forecaster:
    spec = parse(SETTINGS.get(name, name))
    kind = registry.find_model(spec, "forecast").attribute
    made: Forecaster = kind(registry.configured(kind.config_class, spec, "forecast"))
    return made


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("data", TINY)
@pytest.mark.parametrize("name", suites.load("ts").parts[0].models)
def test_every_model_forecasts_any_series_that_the_loader_accepts(name: str, data: str, tmp_path: Path) -> None:
    task, path, columns = Forecasting(), tmp_path / "tiny.csv", None
    path.write_text(months(TINY[data]))
    series = SeriesFile(path=path, layout="wide", horizon=HORIZON).load()
    splits: tuple[Split, Split] = ("valid", "test")
    for split in splits:
        made = model(name)
        seed_everything(0)
        made.fit(task.train(series, split), task.context(series, split, 0, Budget(epochs=1), "cpu", ignored))
        columns = task.score(made, series, split, columns)
        size = max(abs(value) for column in TINY[data] for value in column)
        assert np.abs(columns["error"]).max() <= 1000 * size
