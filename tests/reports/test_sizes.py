"""Curves against training size: what is said, what is missing and told, and what is drawn."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqbench.reports.groups import Run
from seqbench.reports.size_picture import draw
from seqbench.reports.size_sheet import FORMATS, frame, render, sheet
from seqbench.reports.size_summary import sentence
from seqbench.reports.sizes import SizeCurve, curves

Make = Callable[..., Run]
SHARES = [2.0**-k for k in range(5, -1, -1)]
WHOLE = 3200


@pytest.fixture
def made(run: Make) -> Callable[..., list[Run]]:
    """Runs of a model with these perplexities at these shares, of which seeds differ by about one per cent."""

    def make(
        label: str,
        perplexities: Sequence[float],
        shares: Sequence[float] = SHARES,
        seeds: int = 3,
        spread: float = 0.01,
        **fields: Any,
    ) -> list[Run]:
        runs = []
        for share, perplexity in zip(shares, perplexities, strict=True):
            for seed in range(seeds if share < 1 or fields.get("stochastic") else 1):
                drawn = np.random.default_rng([seed, round(1000 * share)]).normal()
                identity = {"share": share, "options": {}, **fields.get("identity", {})}
                rest = {name: value for name, value in fields.items() if name != "identity"}
                size = (round(share * WHOLE) + seed, "symbol")
                score = perplexity * np.exp(spread * drawn)
                runs.append(run(label, score, seed=seed, identity=identity, training_size=size, **rest))
        return runs

    return make


def only(runs: Sequence[Run]) -> SizeCurve:
    (found,) = curves(runs, command="seqbench curve")
    return found


FALLING = [60.0, 42.0, 30.0, 24.0, 20.0, 18.0]
LATE = [90.0, 60.0, 36.0, 24.5, 17.0, 12.0]


def test_the_sentence_tells_where_the_order_turns(made: Any) -> None:
    found = only(made("kn", FALLING) + made("lstm", LATE, kind="neural", stochastic=True))
    said = sheet(found).summary
    match = re.fullmatch(
        r"How much data does it take\? lstm overtakes kn at about ([\d,]+) training symbols "
        r"\(95 % interval: ([\d,]+) to ([\d,]+)\)\.",
        said,
    )
    assert match, said
    at, low, high = (float(text.replace(",", "")) for text in match.groups())
    assert 400 < low < at < high < 1600
    (order,) = found.orders
    assert [one.verdict for one in order.comparisons[:2]] == ["worse", "worse"]
    assert order.comparisons[-1].verdict == "better"
    assert order.beyond is None


def test_rows_are_sizes_and_columns_models(made: Any) -> None:
    page = sheet(
        only(made("kn", FALLING) + made("lstm", LATE, kind="neural") + made("true model", [9.0], [1.0], kind="truth"))
    )
    assert [column.title for column in page.columns] == ["training symbols", "kn", "lstm", "true model", "lstm is"]
    sizes = [cell.text for cell in page.columns[0].cells]
    assert sizes[0] == "101 (1/32)"  # the mean over seeds
    assert sizes[-1] == "3,200 (all)"
    assert re.fullmatch(r"17\.\d+ \([\d.]+–[\d.]+\)", page.columns[1].cells[-1].text)
    assert [cell.text for cell in page.columns[3].cells[:-1]] == ["—"] * 5


def test_the_true_model_stands_beside_the_largest_size_even_if_that_is_not_the_whole(made: Any) -> None:
    found = only(made("kn", FALLING[:4], SHARES[:4]) + made("true model", [9.0], [1.0], kind="truth"))
    assert [size.share for size in found.sizes] == SHARES[:4]
    assert sheet(found).columns[2].cells[-1].text.startswith("8.96")
    assert found.reference == "kn"


def test_where_it_does_not_turn_what_is_beyond_is_marked_as_extrapolation(made: Any) -> None:
    n = WHOLE * np.array(SHARES)
    soon = only(
        made("kn", np.exp(2 + 3 * n**-0.5), spread=0.001) + made("lstm", np.exp(1.5 + 9 * n**-0.3), spread=0.001)
    )
    said = sheet(soon).summary
    assert "kn is better than lstm at all sizes from 101 to 3,200 training symbols." in said
    assert re.search(
        r"Beyond the data, by power laws .*, lstm would overtake kn at about [\d,]+ training symbols", said
    )
    assert "(an extrapolation; 95 % interval:" in said
    (order,) = soon.orders
    assert order.beyond is not None
    assert order.beyond.low is not None
    assert order.beyond.at is not None
    assert 3200 < order.beyond.low <= order.beyond.at
    never = only(made("kn", np.exp(2 + 3 * n**-0.5)) + made("lstm", np.exp(2.5 + 9 * n**-0.5)))
    assert "No crossing is in sight beyond the data" in sheet(never).summary
    assert "100 times as many symbols" in sheet(never).summary


def test_where_nothing_is_sure_nothing_is_claimed(made: Any) -> None:
    alike = only(
        made("kn", FALLING, spread=0.3)
        + made("lstm", [1.01 * p for p in FALLING], spread=0.31, identity={"model": "lstm"})
    )
    assert re.search(r"is sure at no size|is not sure at all sizes", sheet(alike).summary)


def test_an_end_that_is_open_is_told(made: Any) -> None:
    late = [80.0, 60.0, 45.0, 33.0, 22.0, 17.8]
    found = only(made("kn", FALLING, spread=0.02) + made("lstm", late, spread=0.05))
    assert re.search(r"but that is not sure \(95 % interval: from [\d,]+ on, with no upper end", sheet(found).summary)
    early = [60.5, 39.0, 26.0, 20.0, 15.0, 12.0]
    found = only(made("kn", FALLING, spread=0.04) + made("lstm", early, spread=0.1))
    found_early = [59.0, *early[1:]]
    found = only(made("kn", [57.0, *FALLING[1:]], spread=0.04) + made("lstm", found_early, spread=0.1))
    assert re.search(r"That kn is better with fewer is not sure; .*interval: up to", sheet(found).summary)


def test_too_few_sizes_say_nothing_of_more_data(made: Any) -> None:
    found = only(made("kn", FALLING[:2], SHARES[-2:]) + made("lstm", LATE[:2], SHARES[-2:]))
    assert "Nothing is said of more data, since that takes 4 sizes." in sheet(found).summary
    assert found.orders[0].beyond is None


def test_every_other_model_has_a_sentence_and_the_best_network_leads(made: Any) -> None:
    worse = [2 * p for p in LATE]
    page = sheet(
        only(
            made("kn", FALLING)
            + made("unigram", [3 * p for p in FALLING])
            + made("lstm", LATE, kind="neural")
            + made("elman", worse, kind="neural")
        )
    )
    assert "lstm overtakes kn" in page.summary
    assert [heading for heading, _ in page.footer[:2]] == ["elman", "unigram"]
    assert dict(page.footer)["unigram"].startswith("kn is better than unigram at all sizes")


def test_with_one_fit_per_size_nothing_is_claimed_of_other_samples(made: Any) -> None:
    page = sheet(only(made("kn", FALLING, seeds=1) + made("lstm", LATE, seeds=1, kind="neural")))
    assert page.summary.endswith("With one fit per size, other training samples may differ.")
    assert dict(page.footer)["interval"].startswith("95 %, over test items alone")
    assert "other training samples" not in sheet(only(made("kn", FALLING) + made("lstm", LATE))).summary


def test_the_reference_is_a_classic_model_even_if_it_failed_at_the_largest_size(made: Any) -> None:
    runs = made("kn", FALLING[:-1], SHARES[:-1]) + made("kn", [9.0], [1.0], status="timeout")
    found = only(runs + made("lstm", LATE, kind="neural"))
    assert found.reference == "kn"
    assert [size.share for size in found.orders[0].sizes] == SHARES[:-1]
    assert only(made("elman", FALLING, kind="neural") + made("lstm", LATE, kind="neural")).reference == "lstm"


def test_one_model_alone_has_a_curve_but_no_crossing(made: Any) -> None:
    page = sheet(only(made("lstm", LATE, kind="neural")))
    assert "perplexity of lstm is 90" in page.summary.replace("91", "90").replace("89", "90")
    assert "Name a second model" in page.summary


def test_a_point_that_is_missing_is_told_and_the_curve_goes_on(made: Any) -> None:
    runs = made("kn", FALLING) + made("lstm", LATE[1:], SHARES[1:], kind="neural")
    runs += made("lstm", LATE[:1], SHARES[:1], kind="neural", status="failed", reason="a batch needs 200 symbols")
    found = only(runs)
    page = sheet(found)
    cell = page.columns[2].cells[0]
    assert (cell.text, cell.marks) == ("failed", ("1",))
    assert page.notes == (("1", "with 101 (1/32) symbols, lstm: failed (a batch needs 200 symbols)"),)
    assert "lstm overtakes kn" in page.summary
    assert [point.size.share for point in found.points["lstm"]] == SHARES[1:]


def test_a_seed_that_failed_is_left_out_of_both_sides(made: Any) -> None:
    runs = made("kn", FALLING) + made("lstm", LATE, kind="neural")
    bad = next(
        i for i, (r, _) in enumerate(runs) if r.label == "lstm" and r.identity.seed == 1 and r.identity.share == 0.25
    )
    runs[bad] = (runs[bad][0].model_copy(update={"status": "crashed", "scores": {}}), None)
    page = sheet(only(runs))
    assert page.notes[0][1].startswith("with 801 (1/4) symbols, lstm: pooled over 2 of 3 seeds; seed 1 crashed")


def test_a_model_that_breaks_a_law_is_shown_and_not_compared(made: Any) -> None:
    found = only(
        made("kn", FALLING) + made("bilstm", [2.0] * 6, kind="neural", broken={"causal": "sees what it predicts"})
    )
    page = sheet(found)
    assert found.orders == ()
    assert page.columns[2].cells[0].marks == ("***",)
    assert page.notes == (("***", "bilstm: sees what it predicts"),)
    assert "no two models have comparable scores" in page.summary


def test_models_are_compared_on_the_same_parts(made: Any) -> None:
    """What a part does to both models cancels in their difference."""
    found = only(made("kn", FALLING, spread=0.1) + made("lstm", [1.05 * p for p in FALLING], spread=0.1))
    (order,) = found.orders
    for comparison, point in zip(order.comparisons[:-1], found.points["lstm"][:-1], strict=True):
        single = np.log(point.estimate.high / point.estimate.low)
        assert comparison.high - comparison.low < single / 4


@pytest.mark.usefixtures("accuracy_task")
def test_where_higher_is_better_the_higher_one_overtakes(run: Make) -> None:
    rng, runs = np.random.default_rng(0), []
    for share in SHARES:
        for label, p in (("slow", 0.55 + 0.4 * share), ("quick", 0.7 + 0.1 * share)):
            for seed in range(3 if share < 1 else 1):
                right = (rng.permutation(2000) < 2000 * p).astype(np.float64)
                record, _ = run(
                    label,
                    seed=seed,
                    identity={"task": "guess", "share": share},
                    comparability={"task": "guess", "items": 2000, "unit": "item"},
                    training_size=(round(share * WHOLE), "item"),
                )
                scores = {"valid": {"accuracy": float(label == "quick")}, "test": {"accuracy": p}}
                runs.append((record.model_copy(update={"scores": scores}), {"right": right}))
    found = only(runs)
    assert found.reference == "quick"
    assert sentence(found.orders[0], found).startswith("slow overtakes quick at about")


def test_csv_has_a_row_per_model_and_size(made: Any) -> None:
    found = only(made("kn", FALLING) + made("lstm", LATE, kind="neural"))
    rows = list(csv.DictReader(io.StringIO(render([found], "csv"))))
    assert len(rows) == 12
    last = rows[-1]
    assert (last["model"], last["share"], last["size"], last["reference"]) == ("lstm", "1.0", "3200", "kn")
    assert float(last["low"]) < float(last["score"]) < float(last["high"])
    assert float(last["difference_high"]) < 0
    assert float(last["crossing_low"]) < float(last["crossing"]) < float(last["crossing_high"])
    assert last["extrapolated"] == "False"
    assert frame([found])["crossing"].nunique() == 1


NAMES = ["_mine.py:Model", r"$\frac{x$ <script>alert(1)</script>", "bell\x07 \x1b[31m", "שלום", "Ω & Co | x"]


@pytest.mark.parametrize("format", FORMATS)
def test_names_come_out_as_text(made: Any, format: str) -> None:
    runs = [one for i, name in enumerate(NAMES) for one in made(name, [p * (1 + 0.1 * i) for p in FALLING])]
    text = render([only(runs)], format)
    assert "\x07" not in text
    assert "\x1b" not in text
    if format == "markdown":
        assert "<script>" not in text


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="terminal, markdown, latex, csv, not as html"):
        render([], "html")


def test_the_picture_holds_every_model_and_each_data_set(made: Any, tmp_path: Path) -> None:
    runs = [one for name in NAMES for one in made(name, FALLING)]
    other = made("kn", FALLING, identity={"dataset": "other"}) + made(
        "lstm", LATE, identity={"dataset": "other"}, kind="neural"
    )
    for name in ("a.svg", "b.svg"):
        draw(curves([*runs, *other]), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    text = set(re.findall(r"<!-- (.*?) -->", (tmp_path / "a.svg").read_text()))
    assert {
        "_mine.py:Model",
        "bell",
        "kn",
        "lstm",
        "other",
        "toy",
        "training symbols",
        "test perplexity",
        "3,200",
    } <= text


def test_nothing_to_draw_is_told(made: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no model has scores at two sizes"):
        draw(curves(made("kn", FALLING[:1], [0.5])), tmp_path / "curve.svg")
