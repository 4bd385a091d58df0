"""Two stores, compared row by row: known changes are found, noise is not, and what cannot be compared is not."""

import csv
import io
import json as stdlib_json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seqbench.evidence.statistics import compare
from seqbench.reports import frame, json, latex, markdown, terminal
from seqbench.reports.changes import Change, compared
from seqbench.reports.comparison import sheets
from seqbench.reports.groups import Run
from seqbench.reports.page import document as html
from seqbench.reports.sheet import Sheet
from seqbench.reports.table import tables

Make = Callable[..., Run]
UNITS, LENGTH = 40, 16


def pages(a: list[Run], b: list[Run]) -> list[Sheet]:
    return sheets(("results/A", tables(a)), ("results/B", tables(b)), "seqbench compare results/A results/B")


def page(a: list[Run], b: list[Run]) -> Sheet:
    (found,) = pages(a, b)
    return found


def changes(a: list[Run], b: list[Run]) -> dict[str, Change]:
    return {change.label: change for one in compared(tables(a), tables(b)) for change in one.changes}


def cells(sheet: Sheet, key: str) -> list[str]:
    (column,) = [column for column in sheet.columns if column.key == key]
    return [cell.text for cell in column.cells]


def scores(rng: np.random.Generator, spread: float = 0.5) -> np.ndarray:
    """(T,) nats of tokens."""
    drawn: np.ndarray = rng.normal(4, spread, UNITS * LENGTH)
    return drawn


def test_equal_runs_are_identical_and_nothing_changed(run: Make) -> None:
    runs = [run("kn"), *[run("lstm", 90.0 + s, seed=s, kind="neural", stochastic=True) for s in range(3)]]
    found = page(runs, runs)
    assert found.summary == "Nothing changed: all 2 rows that both stores have are identical to the last digit."
    assert cells(found, "change") == ["identical", "identical"]
    assert cells(found, "difference") == ["0", "0"]
    assert cells(found, "verdict") == ["reference", "better"]
    assert [found.entries[0][name] for name in ("difference", "difference_low", "difference_high", "p")] == [0, 0, 0, 1]
    assert "the same code, packages and names of hardware" in dict(found.footer)["differs"]
    assert page(runs[:1], runs[:1]).summary.startswith("Nothing changed: the row that both stores have is identical")


def test_the_last_digit_of_one_item_of_one_seed_is_a_difference(run: Make) -> None:
    before = [run("lstm", seed=s, stochastic=True) for s in range(2)]
    assert before[1][1] is not None
    nats = before[1][1]["nats"].copy()
    nats[3] = np.nextafter(nats[3], np.float32(np.inf))
    after = [before[0], (before[1][0], {**before[1][1], "nats": nats})]
    assert not changes(before, after)["lstm"].identical
    assert changes(before, before)["lstm"].identical


def test_the_difference_and_its_interval_are_those_of_pairs_of_items_and_seeds(run: Make) -> None:
    before = [run("lstm", 100.0 + 9 * s, seed=s, stochastic=True) for s in range(3)]
    after = [run("lstm", 97.0 + 9 * s, seed=s, stochastic=True) for s in range(3)]
    change = changes(before, after)["lstm"]
    (a,), (b,) = tables(before), tables(after)
    row_a, row_b = a.rows[0], b.rows[0]
    expected = compare(b.metrics[0], row_b.fits, row_a.fits, 0.01, b.ways, 0.95, by_seed=True)
    assert change.comparison == expected
    assert change.seeds == (0, 1, 2)
    assert expected.difference == pytest.approx(np.log([97 / 100, 106 / 109, 115 / 118]).mean(), abs=1e-5)
    assert change.beyond_noise
    assert page(before, after).summary.startswith("1 of 1 rows changed beyond noise: lstm better.")


def test_the_difference_is_told_in_per_cent_of_a(run: Make) -> None:
    found = page([run("kn", 100.0)], [run("kn", 110.0)])
    assert float(cells(found, "difference")[0].lstrip("+")) == pytest.approx(10, abs=0.05)
    assert cells(found, "change") == ["worse"]
    assert [column.title for column in found.columns][3] == "difference, %"
    assert "in per cent of A, lower is better" in dict(found.footer)["difference"]


def test_rows_that_change_by_less_than_the_margin_or_by_noise_are_not_called_changed(run: Make) -> None:
    rng = np.random.default_rng(0)
    near = scores(rng)
    before = [run("kn"), run("near", nats=near), run("noisy", nats=scores(rng))]
    after = [run("kn"), run("near", nats=near + rng.normal(0.002, 0.02, len(near))), run("noisy", nats=scores(rng))]
    found = page(before, after)
    assert cells(found, "change") == ["identical", "tie", "undecided"]
    assert found.summary == (
        "Nothing changed beyond noise and the margin of a tie: of 3 rows, 1 is identical, 1 differs by less than the "
        "margin and 1 is undecided."
    )


def test_holm_counts_the_rows_so_that_chance_among_many_is_not_called_a_change(run: Make) -> None:
    """Twenty rows of noise, with a seed for which one has an interval without 0."""
    rng = np.random.default_rng(4)
    before = [run(f"m{i}", nats=scores(rng, 3.0)) for i in range(20)]
    after = [run(f"m{i}", nats=scores(rng, 3.0)) for i in range(20)]
    found = changes(before, after)
    alone = [change for change in found.values() if change.kind in ("better", "worse")]
    assert alone
    assert not any(change.beyond_noise for change in found.values())
    for change in alone:
        assert change.comparison is not None
        assert change.comparison.chance < 0.05 < change.chance
    assert f"{len(alone)} differ" in page(before, after).summary.replace("differs", "differ")


@pytest.mark.parametrize(("rows", "seeds", "draws"), [(4, 3, 40), (8, 5, 20)])
def test_of_stores_that_differ_by_noise_alone_few_are_called_changed(
    run: Make, rows: int, seeds: int, draws: int
) -> None:
    rng, false = np.random.default_rng(1), 0
    for _ in range(draws):
        a, b = (
            [
                run(f"m{i}", nats=scores(rng, 3.0) + rng.normal(0, 0.1), seed=seed)
                for i in range(rows)
                for seed in range(seeds)
            ]
            for _ in range(2)
        )
        false += any(change.beyond_noise for change in changes(a, b).values())
    assert false <= stats.binom.ppf(0.999, draws, 0.05)


def test_a_real_change_among_many_rows_is_found(run: Make) -> None:
    rng = np.random.default_rng(2)
    nats = [scores(rng, 3.0) for _ in range(10)]
    before = [run(f"m{i}", nats=each) for i, each in enumerate(nats)]
    after = [run(f"m{i}", nats=each + rng.normal(0.2 if i == 4 else 0, 0.1, len(each))) for i, each in enumerate(nats)]
    found = page(before, after)
    assert found.summary.startswith("1 of 10 rows changed beyond noise: m4 worse; of the others, ")
    (column,) = [column for column in found.columns if column.key == "change"]
    assert [cell.bold for cell in column.cells] == [i == 4 for i in range(10)]


def test_seeds_that_only_one_store_has_are_left_out_of_the_difference_and_told(run: Make) -> None:
    before = [run("lstm", 100.0 + 9 * s, seed=s, stochastic=True) for s in range(2)]
    after = [run("lstm", 100.0 + 9 * s, seed=s, stochastic=True) for s in range(5)]
    found = page(before, after)
    assert changes(before, after)["lstm"].seeds == (0, 1)
    assert found.notes == (("1", "seeds 0, 1 in A and seeds 0, 1, 2, 3, 4 in B, so seeds 0, 1 are compared."),)
    none = changes(before, [run("lstm", seed=s, stochastic=True) for s in (7, 8, 9)])["lstm"]
    assert none.seeds == ()
    assert none.comparison is not None
    assert none.comparison.seeds == (3, 2)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ({"device": "cuda:0"}, "device cpu → cuda:0"),
        ({"threads": 4}, "threads 1 → 4"),
        ({"budget": {"epochs": 5, "updates": None}}, "epochs 3 → 5"),
        ({"config": {"hidden_size": 8}}, "hidden_size not set → 8"),
        ({"model_source": "f" * 64}, ""),
        ({"target": "elsewhere:Class"}, ""),
    ],
)
def test_rows_are_paired_by_what_they_ask_and_then_by_name(run: Make, identity: dict[str, Any], said: str) -> None:
    before, after = [run("kn"), run("lstm", 90.0)], [run("kn"), run("lstm", 90.0, identity=identity)]
    found = page(before, after)
    assert cells(found, "model") == ["kn", "lstm"]
    assert cells(found, "change") == ["identical", "identical"]
    assert found.notes == ((("1", f"asked differently: {said}."),) if said else ())


def test_two_rows_of_one_name_are_paired_with_their_own_settings(run: Make) -> None:
    def both(perplexity: float) -> list[Run]:
        return [run("lstm", perplexity * f, identity={"config": {"hidden_size": h}}) for h, f in ((8, 1), (16, 0.5))]

    found = changes(both(100.0), both(110.0)[::-1])
    assert list(found) == ["lstm [hidden_size 16]", "lstm [hidden_size 8]"]
    for change in found.values():
        assert change.comparison is not None
        assert change.comparison.difference == pytest.approx(np.log(1.1), abs=1e-4)
    one = page(both(100.0), both(110.0)[:1])
    assert dict(one.footer)["only in A"] == "lstm [hidden_size 16]"


def test_rows_of_one_store_alone_are_named(run: Make) -> None:
    found = page([run("kn"), run("old", 99.0)], [run("new", 98.0), run("kn")])
    assert (dict(found.footer)["only in A"], dict(found.footer)["only in B"]) == ("old", "new")
    assert "Of other rows, 1 only in A and 1 only in B." in found.summary
    assert cells(found, "model") == ["kn"]


def test_stores_without_a_row_in_common_are_refused_with_what_they_hold(run: Make) -> None:
    other = run("kn", identity={"dataset": "else"})
    with pytest.raises(ValueError, match="no row in common: the first has lm on toy; the second has lm on else"):
        pages([run("kn")], [other])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"data_sha256": "ab" * 32}, "data 3fa2c1d4 → abababab"),
        ({"vocab_sha256": "cd" * 32}, "vocabulary 9b9b9b9b → cdcdcdcd"),
        ({"items": 99}, "number of items 640 → 99"),
        ({"convention": "sentence"}, "convention stream → sentence"),
    ],
)
def test_scores_on_other_data_are_shown_but_not_compared(run: Make, changed: dict[str, Any], said: str) -> None:
    found = page([run("kn")], [run("kn", 50.0, comparability=changed)])
    assert found.summary.startswith(f"Scores are shown, but not compared, since the data are different: {said}.")
    assert "change" not in {column.key for column in found.columns}
    assert (cells(found, "a"), cells(found, "b")) == (["100.00"], ["50.00"])


def test_a_changed_headline_reference_verdict_and_end_are_told(run: Make) -> None:
    before = [run("kn"), run("hmm", 120.0), run("lstm", 120.0, kind="neural"), run("gru", 95.0, kind="neural")]
    after = [run("kn", 130.0), run("hmm", 120.0), run("lstm", 80.0, kind="neural")]
    after += [run("gru", status="timeout", reason="too long", kind="neural")]
    found = page(before, after)
    said = "Whether the neural network earns its cost: it was better, now it is better."
    assert said not in found.summary
    assert "The reference of verdicts was kn, now it is hmm." in found.summary
    assert "Verdicts changed: kn (reference → worse), hmm (worse → reference), lstm (worse → better)" in found.summary
    assert "Cells ended otherwise: gru (ok → timeout)." in found.summary
    assert cells(found, "status") == ["ok", "ok", "ok", "ok → timeout"]
    assert any(text == "gru in B: timeout (too long)." for _, text in found.notes)
    worse = page(before[:3], after[:3])
    assert "Whether the neural network earns its cost: it was worse, now it is better." in worse.summary


COSTS = {"fit_seconds": 2.0, "predict_seconds": 1.0, "peak_memory_bytes": 100, "parameters": 7}


def costly(run: Make, machine: dict[str, Any] | None = None, **factors: float) -> list[Run]:
    costs = {name: type(value)(value * factors.get(name, 1)) for name, value in COSTS.items()}
    return [run("kn", costs={**costs, "busy": bool(factors.get("busy"))}, machine=machine)]


def test_costs_are_ratios_and_named_from_a_threshold_on(run: Make) -> None:
    found = page(costly(run), costly(run, fit_seconds=3.0, predict_seconds=1.4, peak_memory_bytes=0.5))
    assert [cells(found, key) for key in ("fit", "scoring", "memory")] == [["3.00"], ["1.40"], ["0.500"]]
    assert "Costs changed: fit kn 3.0 times; memory kn 0.50 times." in found.summary
    assert "parameters" not in {column.key for column in found.columns}
    more = page(costly(run), costly(run, parameters=2))
    assert cells(more, "parameters") == ["2.00"]


def test_nothing_is_said_of_times_of_a_busy_machine_nor_of_costs_on_other_hardware(run: Make) -> None:
    busy = page(costly(run), costly(run, fit_seconds=3.0, peak_memory_bytes=2.0, busy=1))
    assert cells(busy, "fit") == ["3.00"]
    assert "Costs changed: memory kn 2.0 times." in busy.summary
    assert "the machine was busy" in busy.notes[0][1]
    other = page(costly(run), costly(run, machine={"cpu": "another"}, fit_seconds=3.0, peak_memory_bytes=2.0))
    assert cells(other, "fit") == ["3.00"]
    assert "Costs" not in other.summary
    assert "different hardware" in other.notes[0][1]
    assert "processor EPYC, 2 cores → another" in dict(other.footer)["differs"]


def test_a_short_time_is_not_named(run: Make) -> None:
    found = page(costly(run, fit_seconds=0.01), costly(run, fit_seconds=0.04))
    assert cells(found, "fit") == ["4.00"]
    assert "Costs" not in found.summary


def test_versions_that_differ_are_told_and_equal_ones_are_not(run: Make) -> None:
    machine = {"git_sha": "ffffffff" * 5, "git_dirty": True, "packages": {"numpy": "2.3.1", "torch": "2.14.0"}}
    before = [run("kn"), run("hmm", 90.0)]
    after = [run("kn", machine=machine, identity={"model_source": "e" * 64}), run("hmm", 90.0, machine=machine)]
    assert dict(page(before, after).footer)["differs"] == (
        "git 7a5aca3f → ffffffff with changes; torch 2.13.0 → 2.14.0; scipy 1.15.0 → none; code of the model in 1 of 2 "
        "rows"
    )


def test_a_broken_law_is_told_and_its_score_is_not_compared(run: Make) -> None:
    found = page([run("bilstm", 50.0)], [run("bilstm", 40.0, broken={"causal": "it peeks"})])
    assert found.notes == (
        ("***", "bilstm in B: it peeks. The score is not comparable: no verdict, never reference or best."),
    )
    assert "change" not in {column.key for column in found.columns}
    assert found.summary.startswith("Scores cannot be compared: see the notes.")


def test_missing_items_of_one_store_are_told(run: Make) -> None:
    found = page([run("kn")], [run("kn", 90.0, items=False)])
    assert found.notes == (("1", "not compared: the scores of single items are missing in one of the stores."),)
    assert page([run("kn", items=False)], [run("kn", items=False)]).summary.startswith("Nothing changed: the row")


def test_true_models_are_set_apart(run: Make) -> None:
    runs = [run("kn"), run("true model", 90.0, kind="truth")]
    assert page(runs, runs).truth == 1


def test_several_data_sets_are_one_sheet_each_and_one_family(run: Make) -> None:
    def store(perplexity: float) -> list[Run]:
        return [run("kn", perplexity, identity={"dataset": name}) for name in ("one", "two", "three")]

    found = pages(store(100.0), [*store(100.0)[:2], store(130.0)[2]])
    assert [sheet.title for sheet in found] == [f"lm on {name}: from A to B" for name in ("one", "two", "three")]
    assert found[0].summary == (
        "Over 3 tables: 1 of 3 rows changed beyond noise: kn worse; of the others, 2 are identical. In this one: "
        "Nothing changed: the row that both stores have is identical to the last digit."
    )
    assert len(list(csv.DictReader(io.StringIO(frame.render(found))))) == 3
    assert {"A", "B", "cost"} <= dict(found[0].footer).keys()
    assert not {"A", "B", "cost"} & dict(found[1].footer).keys()  # said once


def test_every_format_writes_it_and_names_are_text(run: Make) -> None:
    label = "a|b_c*d* [x] & <i> $5 #1 50% \\ ~ ^ {y} \x1b[31m\u202e"
    machine = {"cpu": "<script>alert(1)</script>"}
    found = pages([run(label)], [run(label, 130.0, machine=machine, identity={"config": {"<b>": "|"}})])
    text = html.render(found)
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    for render in (markdown.render, latex.render, terminal.render, frame.render, json.render, html.render):
        written = render(found)
        assert "\x1b" not in written
        assert "\u202e" not in written
    (read,) = stdlib_json.loads(json.render(found))
    assert read["kind"] == "comparison"
    assert read["rows"][0]["change"] == "worse"
    assert read["rows"][0]["model"] == label
    assert read["rows"][0]["p_holm"] == pytest.approx(read["rows"][0]["p"])
    assert read["rows"][0]["same_hardware"] is False
    assert r"\ensuremath{\rightarrow}" in latex.render(found)


def test_a_metric_that_is_better_when_higher_is_told_in_its_unit(run: Make, accuracy_task: None) -> None:
    def guess(share: float) -> list[Run]:
        record, _ = run("coin", identity={"task": "guess"}, comparability={"task": "guess"})
        return [(record, {"right": (np.arange(640) % 100 < 100 * share).astype(float)})]

    found = page(guess(0.5), guess(0.75))
    assert cells(found, "change") == ["better"]
    assert "higher is better" in dict(found.footer)["difference"]
    assert float(cells(found, "difference")[0]) == pytest.approx(0.25, abs=0.03)
