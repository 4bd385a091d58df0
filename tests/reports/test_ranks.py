"""Ranks over data sets against scipy's and Demšar's own figures."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from seqbench.evidence.metrics import Metric, mean_of, totals
from seqbench.reports.ranks import Ranking, ranking
from seqbench.reports.table import Table

SCORES = np.array([[10.0, 20.0, 30.0], [11.0, 12.0, 12.0], [5.0, 4.0, 9.0], [1.0, 2.0, 3.0]])


def _table(scores: dict[str, float], lower: bool = True, marked: str = "", kind: str = "classic") -> Table:
    metric = Metric("loss", "loss", partial(totals, name="x"), mean_of, lower_is_better=lower)
    rows = tuple(
        SimpleNamespace(label=label, kind=kind, scores={"loss": score}, comparable=label != marked)
        for label, score in scores.items()
    )
    return cast(Table, SimpleNamespace(metrics=(metric,), rows=rows))


def _tables(**options: Any) -> list[Table]:
    return [_table(dict(zip("abc", row, strict=True)), **options) for row in SCORES.tolist()]


def test_ranks_are_those_of_each_data_set_and_ties_share() -> None:
    found = ranking(_tables())
    assert found is not None
    np.testing.assert_array_equal(found.ranks, [[1, 2, 3], [1, 2.5, 2.5], [2, 1, 3], [1, 2, 3]])
    np.testing.assert_allclose(found.mean, [1.25, 1.875, 2.875])


def test_where_higher_is_better_ranks_turn_round() -> None:
    lower, higher = ranking(_tables()), ranking(_tables(lower=False))
    assert lower is not None
    assert higher is not None
    np.testing.assert_array_equal(higher.ranks, 4 - lower.ranks)


def test_a_model_that_is_marked_somewhere_or_missing_is_left_out() -> None:
    tables = [_table({**dict(zip("abc", row, strict=True)), "d": 0.0}) for row in SCORES.tolist()]
    assert ranking([*tables[:3], _tables()[3]]).models == ("a", "b", "c")  # type: ignore[union-attr]
    tables[1] = _table({"a": 1.0, "b": 2.0, "c": 3.0, "d": 0.0}, marked="d")
    assert ranking(tables).models == ("a", "b", "c")  # type: ignore[union-attr]


@pytest.mark.parametrize("tables", [_tables()[:2], _tables(kind="truth"), _tables(marked="a")])
def test_too_few_data_sets_or_models_have_no_ranking(tables: list[Table]) -> None:
    assert ranking(tables) is None


def test_the_critical_difference_is_demsars() -> None:
    """His example: 4 classifiers, 14 data sets, q = 2.569, CD = 1.25."""
    found = Ranking(("a", "b", "c", "d"), np.tile(np.arange(1.0, 5), (14, 1)))
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), rel=1e-3)


def test_friedmans_p_is_small_where_all_agree_and_one_where_all_tie() -> None:
    agreed = Ranking(("a", "b", "c"), np.tile(np.arange(1.0, 4), (10, 1)))
    assert agreed.chance == pytest.approx(np.exp(-10.0))  # chi-square of 2 (N) with 2 degrees: exp(−20 / 2)
    assert replace(agreed, ranks=np.full((10, 3), 2.0)).chance == 1.0


def test_the_interval_is_students() -> None:
    found = Ranking(("a", "b"), np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]))
    assert found.half_width[0] == pytest.approx(4.30265 * np.std([1, 2, 1], ddof=1) / np.sqrt(3), rel=1e-5)
