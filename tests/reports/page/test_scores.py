"""The figures of scores: what stands on the front, in which order, and what is beyond the axis."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.reports.groups import Run
from seqbench.reports.page.costs import against_costs, front
from seqbench.reports.page.forest import forest
from seqbench.reports.page.scores import reach, scored
from seqbench.reports.page.svg import Pen, drawing
from seqbench.reports.table import Table, table

Make = Callable[..., Run]
points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9)


@given(points, st.booleans())
def test_the_front_is_what_no_other_point_dominates(found: list[tuple[int, int]], lower_is_better: bool) -> None:
    sign = 1 if lower_is_better else -1
    plain = [(cost, sign * score) for cost, score in found]
    undominated = {(c, s) for c, s in plain if not any((a <= c and b < s) or (a < c and b <= s) for a, b in plain)}
    kept = front([(float(c), float(s)) for c, s in found], lower_is_better)
    assert {plain[i] for i in kept} == undominated
    assert len(kept) == len(undominated)
    assert [plain[i][0] for i in kept] == sorted(plain[i][0] for i in kept)


@pytest.fixture
def made(run: Make) -> Table:
    costs = [{"fit_seconds": seconds, "parameters": count} for seconds, count in ((0.1, 0), (1.0, 10), (10.0, 100))]
    return table(
        [
            run("cheap", 120.0, costs=costs[0]),
            run("dominated", 130.0, costs=costs[1]),
            run("good", 100.0, kind="neural", costs=costs[2]),
            run("peeks", 5.0, kind="neural", broken={"causal": "sees the future"}, costs=costs[1]),
            run("awful", 5000.0, costs=costs[1]),
            run("true model", 90.0, kind="truth"),
        ]
    )


def test_scores_stand_in_order_and_what_is_far_away_is_beyond_the_axis(made: Table) -> None:
    rows = scored(made)
    assert [one.row.label for one in rows] == ["peeks", "true model", "good", "cheap", "dominated", "awful"]
    shown = reach(made.metrics[0], rows)
    assert [shown.holds(one.score) for one in rows] == [False, True, True, True, True, False]


def test_all_scores_are_within_the_axis_if_none_is_far_away(run: Make) -> None:
    rows = scored(table([run("a", 100.0), run("b", 100.0), run("c", 300.0)]))
    assert all(reach(table([run("a")]).metrics[0], rows).holds(one.score) for one in rows)


def test_a_forest_has_each_label_and_tells_the_first_the_last_and_the_reference(made: Table) -> None:
    with drawing():
        found = forest(made, Pen())
    assert found is not None
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", found.body)
    assert [text for text in texts if made.row(text)] == [one.row.label for one in scored(made)]
    assert "5,000" in texts
    assert "first peeks with 5.00" in found.body
    assert "last awful with 5,000" in found.body
    assert "the reference, cheap, has 120.00" in found.body
    assert "2 scores beyond the axis" in found.caption
    assert "Hollow" in found.caption


def test_the_front_leaves_out_models_that_are_not_comparable_and_the_true_one(made: Table) -> None:
    with drawing():
        figures = {found.title: found for found in against_costs(made, Pen())}
    assert list(figures) == ["Perplexity against fit time", "Perplexity against parameters"]
    assert figures["Perplexity against fit time"].caption == "Dashed: the Pareto front, cheap · good."
    tips = re.findall(r"<title>([^<]*)</title>", figures["Perplexity against fit time"].body)
    assert sorted(tip.partition(":")[0] for tip in tips) == ["awful", "cheap", "dominated", "good", "peeks"]
    assert "cheap (0, 120.00)" in figures["Perplexity against parameters"].body


def test_a_table_without_a_score_has_no_figures(run: Make) -> None:
    nothing = table([run("a", status="failed"), run("b", status="timeout")])
    with drawing():
        assert forest(nothing, Pen()) is None
        assert against_costs(nothing, Pen()) == []


def test_without_a_comparable_score_there_is_no_front(run: Make) -> None:
    runs = [run(label, broken={"causal": "sees the future"}, costs={"fit_seconds": 1.0}) for label in ("a", "b")]
    with drawing():
        (found,) = against_costs(table(runs), Pen())
    assert found.caption == ""
    assert "the cheapest first: none." in found.body
