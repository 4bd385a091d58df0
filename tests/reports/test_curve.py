"""Pictures of scores against an option of the data: what is drawn is what the tables hold."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqbench.reports.curve import _round_numbers, draw, panels
from seqbench.reports.groups import Run
from seqbench.reports.table import Table, tables

Make = Callable[..., Run]


@pytest.fixture
def made(run: Make) -> list[Table]:
    runs = []
    for distance, perplexity in ((20, 9.0), (5, 4.0)):
        identity = {"dataset": f"far(distance={distance})", "options": {"distance": distance, "name": "far", "seed": 3}}
        runs += [
            run("kn", perplexity, identity=identity),
            run("lstm", perplexity / 2, identity=identity, kind="neural", stochastic=True),
            run("true model", 1.5, identity=identity, kind="truth"),
        ]
    return tables(runs)


def test_each_model_is_a_line_and_values_stand_in_order(made: list[Table], tmp_path: Path) -> None:
    draw(made, "distance", tmp_path / "curve.svg")
    text = re.findall(r"<!-- (.*?) -->", (tmp_path / "curve.svg").read_text())
    assert {"kn", "lstm", "true model", "distance", "toy", "test perplexity"} <= set(text)
    assert text.index("5") < text.index("20")


def test_the_same_runs_give_the_same_picture(made: list[Table], tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(made, "distance", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_names_are_drawn_as_text(run: Make, tmp_path: Path) -> None:
    names = ["_mine.py:Model", r"$\frac{x$ <b>", "bell\x07"]
    runs = [
        run(name, 5.0, identity={"dataset": f"far({far})", "options": {"distance": far}})
        for name in names
        for far in (5, 20)
    ]
    draw(tables(runs), "distance", tmp_path / "curve.svg")
    text = re.findall(r"<!-- (.*?) -->", (tmp_path / "curve.svg").read_text())
    assert {"_mine.py:Model", r"$\frac{x$ &lt;b&gt;", "bell"} <= set(text)


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_other_formats_are_written_by_their_suffix(made: list[Table], tmp_path: Path, suffix: str) -> None:
    draw(made, "distance", tmp_path / f"curve.{suffix}", "bits_per_token")
    assert (tmp_path / f"curve.{suffix}").read_bytes()[1:4] == {"png": b"PNG", "pdf": b"PDF"}[suffix]


@pytest.mark.parametrize(
    ("option", "name", "metric", "words"),
    [
        ("length", "curve.svg", None, "nothing to draw against 'length': .*options in this store: distance"),
        ("name", "curve.svg", None, "nothing to draw against 'name'"),
        ("distance", "curve.svg", "f1", "no metric 'f1'; there are: perplexity"),
        ("distance", "curve.xyz", None, "curve.xyz cannot be drawn: .*supported"),
    ],
)
def test_what_cannot_be_drawn_says_why(
    made: list[Table], tmp_path: Path, option: str, name: str, metric: str | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        draw(made, option, tmp_path / name, metric)


def test_one_value_is_no_curve(made: list[Table], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run a data set with two values"):
        draw(made[:1], "distance", tmp_path / "curve.svg")


def with_properties(made: Run) -> Run:
    """Symbols have the places 1, 2, 4 and 8 by turns, and a frequency that is alike in the symbols of a stretch."""
    record, columns = made
    assert columns is not None
    places, frequencies = 2 ** (np.arange(len(columns["nats"])) % 4), 10 ** (1 + columns["unit"] % 4)
    return record, {**columns, "position": places.astype(np.int32), "frequency": frequencies.astype(np.int32)}


@pytest.mark.parametrize(("against", "places"), [("position", [1, 2, 4, 8]), ("frequency", [10, 100, 1_000, 10_000])])
def test_text_is_divided_by_places_and_frequencies_with_the_scores_of_all_seeds(
    run: Make, against: str, places: list[int]
) -> None:
    runs = [with_properties(run("lstm", 50.0, seed=seed, stochastic=True, kind="neural")) for seed in (0, 1)]
    (panel,) = panels(tables(runs), against)
    assert (panel.log_x, panel.log_y) == (True, True)
    (line,) = panel.lines
    assert [point.x for point in line.points] == places
    for point in line.points:
        nats = [columns["nats"][columns[against] == point.x].mean() for _, columns in runs if columns is not None]
        assert point.y == pytest.approx(np.exp(np.mean(nats)), rel=1e-6)
        assert point.low <= point.y <= point.high


def test_logarithmic_axes_are_labelled_without_formulas(run: Make, tmp_path: Path) -> None:
    draw(tables([with_properties(run("kn", 50.0))]), "frequency", tmp_path / "curve.svg")
    text = re.findall(r"<!-- (.*?) -->", (tmp_path / "curve.svg").read_text())
    assert [label for label in text if label.replace(",", "").isdigit()][:4] == ["10", "100", "1,000", "10,000"]
    assert not any("math" in label or "$" in label for label in text)
    assert "occurrences of the symbol in training" in text


@pytest.mark.parametrize(
    ("places", "ticks"),
    [
        ([4.6, 228.5], [5, 10, 20, 50, 100, 200]),
        ([0.5, 80_000], [1, 10, 100, 1_000, 10_000]),
        ([222, 353], [222, 353]),
        ([3.0], [3, 3]),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_few_round_numbers(places: list[float], ticks: list[float]) -> None:
    assert _round_numbers(places) == pytest.approx(ticks)


def test_runs_without_properties_say_that_there_is_nothing_to_draw(run: Make, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing to draw against 'position'.*of items: frequency and position"):
        draw(tables([run("kn", 50.0)]), "position", tmp_path / "curve.svg")
