"""Pictures of scores against an option of the data: what is drawn is what the tables hold."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from seqbench.reports.curve import draw
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
