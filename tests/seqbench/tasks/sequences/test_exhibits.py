"""Predictions by the true value, by brute force; the names of targets come from the record."""

from typing import Any

import numpy as np
import pytest

from seqbench.evidence.exhibits import Curves
from seqbench.tasks.sequences.exhibits import GROUPS, against_truth
from seqbench.tasks.sequences.metrics import item_columns
from seqbench.tasks.sequences.task import Regression


def test_each_point_is_a_twentieth_of_the_sequences_by_their_true_values() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(400, 2))
    said = truth * [0.5, 1] + rng.normal(size=(400, 2))
    found = against_truth("a", item_columns(truth, said), 0, "weight")
    assert (found.xlabel, found.ylabel, found.diagonal) == ("true weight", "predicted weight", True)
    (line,) = found.lines
    pairs = sorted(zip(truth[:, 0], said[:, 0], strict=True))
    for k in range(GROUPS):
        own = pairs[20 * k : 20 * k + 20]
        assert line.x[k] == pytest.approx(np.mean([t for t, _ in own]))
        assert line.y[k] == pytest.approx(np.mean([p for _, p in own]))
        assert line.low is not None
        assert line.high is not None
        assert sum(line.low[k] <= p <= line.high[k] for _, p in own) == 16


def test_few_sequences_are_a_point_each(record: Any) -> None:
    columns = item_columns(np.array([[3.0], [1.0], [2.0]]), np.array([[30.0], [10.0], [20.0]]))
    (curves,) = Regression().exhibits(record({"targets": ["y"]}), columns)
    assert isinstance(curves, Curves)
    assert (curves.lines[0].x, curves.lines[0].y) == ([1, 2, 3], [10, 20, 30])
    assert Regression().exhibits(record({}), columns) == []
    assert Regression().exhibits(record({"targets": ["y"]}), None) == []
