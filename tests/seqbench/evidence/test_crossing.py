"""Where differences change their sign: closed forms on straight and bent curves, and ends that stay open."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.evidence.crossing import Difference, band, crossings

SIZES = [100.0 * 2**k for k in range(6)]


def points(values: list[float], half: float | list[float] = 0.0, sizes: list[float] = SIZES) -> list[Difference]:
    halves = [half] * len(values) if isinstance(half, float) else half
    return [Difference(n, v, v - h, v + h) for n, v, h in zip(sizes, values, halves, strict=True)]


@given(st.floats(5.0, 7.8), st.floats(0.1, 3.0), st.booleans())
def test_of_a_straight_line_the_interval_is_fiellers(at: float, slope: float, rises: bool) -> None:
    """All sizes where |d| is at most its half-width h: log n within h / slope of the crossing."""
    sign, half = 1 if rises else -1, 0.05
    values = [sign * slope * (np.log(n) - at) for n in SIZES]
    found = crossings(points(values, half))
    inside = np.log(SIZES[0]) < at - half / slope and at + half / slope < np.log(SIZES[-1])
    if inside:
        (one,) = found
        assert one.rises is rises
        assert np.log(one.at) == pytest.approx(at, abs=1e-9)
        assert one.low is not None
        assert one.high is not None
        step = np.log(2) / 200
        assert at - half / slope - step <= np.log(one.low) <= at - half / slope
        assert at + half / slope <= np.log(one.high) <= at + half / slope + step


def test_an_end_that_nothing_excludes_is_open() -> None:
    rising = [-5.0, -3.0, -1.0, 1.0, 3.0, 5.0]
    (above,) = crossings(points(rising, [0.1, 0.1, 0.1, 9.0, 9.0, 9.0]))
    assert (above.low is not None, above.high) == (True, None)
    (below,) = crossings(points(rising, [9.0, 9.0, 9.0, 0.1, 0.1, 0.1]))
    assert (below.low, below.high is not None) == (None, True)
    (both,) = crossings(points(rising, 9.0))
    assert (both.low, both.high) == (None, None)
    assert both.at == pytest.approx(np.sqrt(400 * 800))


def test_no_interval_at_a_size_leaves_its_side_open() -> None:
    (one,) = crossings(points([-5.0, -3.0, -1.0, 1.0, 3.0, 5.0], [np.inf, 0.1, 0.1, 0.1, 0.1, np.inf]))
    assert one.low is not None
    assert one.high is not None
    assert band(points([1.0, 2.0], [np.inf, 0.5], SIZES[:2])).low[0] == -np.inf


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [3.0, 0.5, 3.0]])
def test_without_a_change_of_sign_there_is_no_crossing(values: list[float]) -> None:
    assert crossings(points(values, 1.0, SIZES[:3])) == []


def test_each_change_of_order_is_told() -> None:
    found = crossings(points([-2.0, 2.0, 2.0, -2.0, -2.0, -2.0], 0.2))
    assert [one.rises for one in found] == [True, False]
    assert SIZES[0] < found[0].at < SIZES[1] < SIZES[2] < found[1].at < SIZES[3]


def test_a_wiggle_that_is_not_sure_is_one_crossing() -> None:
    """Between sizes with a sure order, the curve is 0 three times; the middle one counts."""
    (one,) = crossings(points([-2.0, -1.0, 0.1, -0.1, 1.0, 2.0], 0.3))
    assert 400 < one.at < 800
    assert one.low is not None
    assert one.high is not None
    assert one.low < 400 < 800 < one.high


@given(st.floats(0.3, 0.9), st.floats(0.15, 1.2), st.floats(0.1, 0.9))
def test_without_noise_the_interval_holds_the_crossing_of_bent_curves(c: float, d: float, place: float) -> None:
    """The difference of two power laws is no straight line in log n; what it bends, the band holds."""
    at = float(np.exp(np.log(SIZES[1]) + place * np.log(SIZES[-2] / SIZES[1])))
    values = [(n / at) ** -c - (n / at) ** -(c + d) for n in SIZES]
    (one,) = crossings(points(values))
    assert one.low is not None
    assert one.high is not None
    assert one.low <= at <= one.high


def test_wider_bands_give_wider_intervals() -> None:
    values = [-5.0, -3.0, -1.0, 1.0, 3.0, 5.0]
    spans = [crossings(points(values, half))[0] for half in (0.1, 0.5, 2.0)]
    assert all(a.low > b.low and a.high < b.high for a, b in pairwise(spans))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (points([1.0], sizes=SIZES[:1]), "two sizes or more"),
        (points([1.0, 2.0], sizes=[200.0, 100.0]), "ascending"),
        (points([1.0, 2.0], sizes=[100.0, 100.0]), "ascending"),
        (points([1.0, np.inf], sizes=SIZES[:2]), "finite"),
    ],
)
def test_what_is_no_curve_is_refused(made: list[Difference], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        crossings(made)
