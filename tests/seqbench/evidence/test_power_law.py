"""Power laws: known curves come back, SciPy fits no better, and extrapolated crossings are where they must be."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, curve_fit

from seqbench.evidence.crossing import Difference
from seqbench.evidence.power_law import FARTHEST, FEWEST, Extrapolation, extrapolated, fit
from seqbench.interface import Floats

SIZES = 100.0 * 2.0 ** np.arange(6)


def law(n: Floats | float, a: float, b: float, c: float) -> Floats:
    return np.asarray(a + b * np.asarray(n) ** -c)


@pytest.mark.parametrize(("a", "b", "c"), [(1.0, 5.0, 0.5), (0.3, 2.0, 0.1), (4.0, 90.0, 1.0), (2.0, 0.0, 0.5)])
def test_a_power_law_is_found_again(a: float, b: float, c: float) -> None:
    found = fit(SIZES, law(SIZES, a, b, c)[None], np.ones(6))
    np.testing.assert_allclose(found(SIZES)[0], law(SIZES, a, b, c), rtol=2e-3)
    np.testing.assert_allclose(found(10 * SIZES[-1:])[0], law(10 * SIZES[-1:], a, b, c), rtol=0.02)


def test_scipy_fits_no_better() -> None:
    """Weighted least squares by the usual search from a good start."""
    rng, deviations = np.random.default_rng(0), np.array([0.3, 0.2, 0.15, 0.1, 0.07, 0.05])
    for _ in range(20):
        y = law(SIZES, 1.5, 20.0, 0.6) + deviations * rng.normal(size=6)
        ours = fit(SIZES, y[None], deviations**2)(SIZES)[0]
        bounds = ([-np.inf, 0, 0.03], [np.inf, np.inf, 3])
        theirs, _ = curve_fit(law, SIZES, y, p0=(1.5, 20, 0.6), sigma=deviations, bounds=bounds, maxfev=20_000)
        misfits = [float((((y - curve) / deviations) ** 2).sum()) for curve in (ours, law(SIZES, *theirs))]
        assert misfits[0] <= misfits[1] + 0.01


def test_a_curve_that_gets_worse_is_taken_as_flat_and_floors_are_kept() -> None:
    assert fit(SIZES, np.linspace(1, 2, 6)[None], np.ones(6)).scale[0] == 0
    still_falling = 10 - np.log(SIZES)
    assert fit(SIZES, still_falling[None], np.ones(6)).floor[0] < 0
    bounded = fit(SIZES, still_falling[None], np.ones(6), least=0.0)
    assert bounded.floor[0] >= 0
    assert (np.diff(bounded(np.geomspace(100, 1e6, 50))[0]) <= 0).all()


def ahead(noise: float, rng: np.random.Generator) -> Extrapolation:
    """A model whose curve starts higher and falls longer than that of its reference, both seen with noise."""
    reference = law(SIZES, 1.2, 20.0, 0.8) + noise * rng.normal(size=len(SIZES))
    values = law(SIZES, 1.0, 8.0, 0.4) - law(SIZES, 1.2, 20.0, 0.8) + noise * rng.normal(size=len(SIZES))
    points = [Difference(n, v, v, v) for n, v in zip(SIZES, values, strict=True)]
    spread = np.full(len(SIZES), noise)
    return extrapolated(points, reference, spread, spread, common=0.0)


TRUE = brentq(lambda n: float(law(n, 1.0, 8.0, 0.4) - law(n, 1.2, 20.0, 0.8)), SIZES[-1], 1e6)


def test_without_noise_the_crossing_is_that_of_the_laws() -> None:
    found = ahead(1e-6, np.random.default_rng(0))
    assert found.at == pytest.approx(TRUE, rel=0.03)


def test_intervals_hold_the_crossing_of_true_power_laws() -> None:
    rng, repeats, hits = np.random.default_rng(0), 60, 0
    for _ in range(repeats):
        found = ahead(0.01, rng)
        hits += (found.low is None or found.low <= TRUE) and (found.high is None or found.high >= TRUE)
    assert hits >= stats.binom.ppf(0.001, repeats, 0.9)


def test_curves_that_part_do_not_cross_in_sight() -> None:
    values = law(SIZES, 2.0, 1.0, 0.5) - law(SIZES, 1.0, 5.0, 0.5)
    points = [Difference(n, v, v, v) for n, v in zip(SIZES, values, strict=True)]
    low = np.full(6, 1e-4)
    far = extrapolated(points, law(SIZES, 1.0, 5.0, 0.5), low, low, common=0.0)
    assert far == Extrapolation(None, None, None)
    slow = law(SIZES, 1.19, 80.0, 0.4) - law(SIZES, 1.2, 20.0, 0.8)  # they cross at 6 · 10⁹
    points = [Difference(n, v, v, v) for n, v in zip(SIZES, slow, strict=True)]
    assert extrapolated(points, law(SIZES, 1.2, 20.0, 0.8), low, low, common=0.0).at is None


def test_a_crossing_is_looked_for_up_to_a_hundred_times_the_data() -> None:
    found = ahead(0.05, np.random.default_rng(3))
    known = [size for size in (found.at, found.low, found.high) if size is not None]
    assert known
    assert all(SIZES[-1] <= size <= FARTHEST * SIZES[-1] * (1 + 1e-9) for size in known)


def test_what_the_test_items_leave_open_widens_the_interval() -> None:
    values = law(SIZES, 1.0, 8.0, 0.4) - law(SIZES, 1.2, 20.0, 0.8)
    points = [Difference(n, v, v, v) for n, v in zip(SIZES, values, strict=True)]
    theirs, low = law(SIZES, 1.2, 20.0, 0.8), np.full(6, 1e-3)
    sharp, vague = (extrapolated(points, theirs, low, low, common=common) for common in (0.0, 0.05))
    assert sharp.low is not None
    assert vague.low is not None
    assert sharp.high is not None
    assert vague.low < sharp.low
    assert vague.high is None or vague.high > sharp.high


def test_too_few_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=f"{FEWEST} sizes or more, not 3"):
        fit(SIZES[:3], np.ones((1, 3)), np.ones(3))
