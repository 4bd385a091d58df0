"""Windows of series: their scale by its definition, its invariances, and which values are learned from."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seqbench.learning.series_windows import (
    BEYOND,
    KNEE,
    SeriesWindows,
    WindowScale,
    fitting_window,
    held_out,
    training_windows,
)
from seqbench.tasks.forecasts.model import Panel

WINDOWS = arrays.arrays(np.float64, (3, 8), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


def panel(*lengths: int, season: int = 1) -> Panel:
    """Series of which every value is another number."""
    starts = np.cumsum([0, *lengths])
    return Panel([np.arange(a, b) * 1.0 for a, b in pairwise(starts)], [f"s{n}" for n in range(len(lengths))], season)


@pytest.mark.parametrize("logarithm", [False, True])
@given(WINDOWS, st.integers(1, 12))
def test_a_scale_is_undone(logarithm: bool, values: np.ndarray, season: int) -> None:
    x = torch.from_numpy(values)
    scale = WindowScale.of(x, season, logarithm)
    moves = scale.width[:, 0] > 0
    error = (scale.undo(scale.apply(x)) - x)[moves].abs()
    assert error.numel() == 0 or error.max() <= 1e-9 * x.abs().max()
    assert torch.isfinite(scale.apply(x)).all()


def test_a_scale_is_its_definition() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0, 6.0]], dtype=torch.float64)
    scale = WindowScale.of(x, 2, logarithm=False)
    assert (scale.level.item(), scale.width.item()) == (4.5, 1.5)  # mean of 3 and 6; mean distance from 3
    assert scale.roughness.item() == pytest.approx(((3 - 1) + (6 - 2)) / 2 / 1.5, rel=1e-15)
    logs = WindowScale.of(x, 2, logarithm=True)
    u = np.arcsinh(np.array([1, 2, 3, 6]) / (KNEE * 3))
    assert logs.level.item() == pytest.approx(u[2:].mean(), rel=1e-14)
    assert logs.width.item() == pytest.approx(np.abs(u - u.mean()).mean(), rel=1e-14)


@given(WINDOWS, st.sampled_from([2.0**-20, 0.25, 8.0, 2.0**20]), st.booleans())
def test_the_unit_of_a_window_changes_nothing(values: np.ndarray, unit: float, logarithm: bool) -> None:
    x = torch.from_numpy(values)
    one, other = (WindowScale.of(w, 2, logarithm) for w in (x, unit * x))
    torch.testing.assert_close(one.apply(x), other.apply(unit * x), rtol=1e-9, atol=1e-9)
    z = torch.linspace(-3, 3, 5, dtype=torch.float64).expand(3, 5)
    torch.testing.assert_close(unit * one.undo(z), other.undo(z), rtol=1e-9, atol=0)


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("value", [0.0, 3.7, -1e5])
def test_a_window_that_never_moves_is_forecast_by_its_level(value: float, logarithm: bool) -> None:
    x = torch.full((1, 6), value, dtype=torch.float64)
    scale = WindowScale.of(x, 3, logarithm)
    z = torch.tensor([[-9.0, 0.0, 9.0]], dtype=torch.float64)
    torch.testing.assert_close(scale.undo(z), x[:, :3], rtol=1e-12, atol=0)
    assert (scale.apply(x) == 0).all()


def test_no_forecast_in_logarithms_explodes() -> None:
    x = torch.rand(2, 20, dtype=torch.float64) + 0.1
    ahead = WindowScale.of(x, 1, logarithm=True).undo(torch.full((2, 1), 1e9).double())
    assert (ahead < 1.01 * np.exp(BEYOND) * x.amax(1, keepdim=True)).all()


def test_training_takes_every_whole_window_and_the_last_of_a_short_series() -> None:
    windows = training_windows(panel(7, 2, 4), window=3, horizon=2)
    x, y = windows.take(torch.arange(len(windows)))
    assert x.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [9, 9, 10]]  # led by its first value
    assert y.tolist() == [[3, 4], [4, 5], [5, 6], [11, 12]]


def test_series_that_are_all_too_short_are_refused() -> None:
    with pytest.raises(ValueError, match="longer than the horizon of 5"):
        training_windows(panel(5, 3), window=3, horizon=5)


def test_the_last_values_are_held_out_where_nothing_else_validates() -> None:
    train, windows = held_out(panel(9, 4), panel(), window=3, horizon=2)
    assert windows is not None
    x, y = windows.take(torch.arange(len(windows)))
    assert (x.tolist(), y.tolist()) == ([[4, 5, 6]], [[7, 8]])
    assert [len(v) for v in train.values] == [7, 4]


@pytest.mark.parametrize(
    ("lengths", "left", "count"),
    [([400], [365], 32), ([100], [90], 7), ([400, 400], [381, 381], 32), ([400, 30, 7], [381, 26, 7], 17)],
)
def test_the_last_tenth_of_few_series_makes_windows_enough(lengths: list[int], left: list[int], count: int) -> None:
    train, windows = held_out(panel(*lengths), panel(), window=6, horizon=4)
    assert windows is not None
    assert [len(v) for v in train.values] == left
    assert len(windows) == count
    _, y = windows.take(torch.arange(count))
    assert not np.isin(y.numpy(), np.concatenate(train.values)).any()


def test_validation_series_validate_behind_the_training_series_of_their_name() -> None:
    train, valid = panel(6), panel(17)
    rest, windows = held_out(train, valid, window=4, horizon=4)
    assert windows is not None
    assert rest is train
    _, y = windows.take(torch.arange(len(windows)))
    assert y[:, 0].tolist() == [6, 7, 8, 9, 10, 11, 12, 13]
    same, last = held_out(train, train, window=2, horizon=2)
    assert last is not None
    assert last.take(torch.arange(1))[1].tolist() == [[4, 5]]
    assert len(same.values[0]) == 4


def test_without_a_long_series_nothing_is_held_out() -> None:
    train = panel(4, 3)
    assert held_out(train, panel(), window=2, horizon=2) == (train, None)


def test_far_targets_are_cut_off_and_still_windows_left_out() -> None:
    values = np.concatenate([np.zeros(5), [0.0, 1.0, 0.0, 1.0, 0.0, 1e9]])
    windows = SeriesWindows(Panel([values], ["a"], 1), np.array([3]), 3, 1)
    z, target, _ = windows.scaled(torch.arange(len(windows)), logarithm=False, errors="season")
    assert len(z) == len(windows) - 4
    assert target.abs().max() == 20


@pytest.mark.parametrize(("lengths", "fits"), [([1000], 336), ([248], 160), ([9], 1), ([], 1), ([20, 500], 328)])
def test_a_window_leaves_origins_to_learn_from(lengths: list[int], fits: int) -> None:
    assert fitting_window(336, lengths, horizon=8) == fits


def test_errors_count_in_the_unit_asked_for() -> None:
    """A miss of 1 in values, by each unit, on a window of width 1.5 whose season changes by 3 on average."""
    windows = SeriesWindows(Panel([np.array([1.0, 2.0, 3.0, 6.0, 7.0])], ["a"], 2), np.array([4]), 4, 1)
    counted = {}
    for errors in ("season", "width", "value"):
        _, target, unit = windows.scaled(torch.arange(1), False, errors)
        counted[errors] = (1 / 1.5 / unit).item()
        assert target.item() == pytest.approx((7 - 4.5) / 1.5)
    assert counted == pytest.approx({"season": 1 / 3, "width": 1 / 1.5, "value": 1})
