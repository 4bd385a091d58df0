"""Metrics of forecasts, as the M4 competition defines them.

An item is one series at one origin, with the H values after it. Metrics are means over items, or ratios of such means,
so that the score without an item, a series or a time is at hand. `item_columns` computes the columns of items.

Divisions by 0: a step whose value and forecast are both 0 has sMAPE 0. An item whose past is constant (or no longer
than a season) has no MASE: its column holds NaN, and MASE and OWA leave the item out. A ratio of two zeros is 0 for a
loss and 1 for a comparison with Naive2.

Rounding errors are no errors: a forecast or quantile within `ROUNDING` of the true value, as a share of the past's mean
absolute value, counts as equal to it, and a seasonal change that small counts as 0.

Makridakis, Spiliotis & Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods",
Int. J. Forecasting 36(1), section 2; Hyndman & Koehler 2006 for MASE.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.interface import Floats
from seqbench.tasks.forecasts.stretches import Stretches

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Levels of the weighted quantile loss, as in GluonTS."""
LEVELS = (0.025, *DECILES, 0.975)
"""Levels (Q,) of the quantiles that `predict` must return, ascending."""
INTERVALS: Mapping[str, tuple[float, float]] = {"covered_80": (0.1, 0.9), "covered_95": (0.025, 0.975)}
"""The central intervals whose coverage is scored, by the name of the coverage's column."""
ROUNDING = 1e-12
"""The largest difference, as a share of a series' mean absolute value, that may be a rounding error: 4,500 times that
of a single float64 operation."""
SCORED = (
    *("smape", "mase", "absolute", "squared", "naive2_smape", "naive2_mase"),
    *("quantile_loss", "magnitude", *INTERVALS),
)
"""The columns that metrics use."""


def rounding(pasts: Sequence[Floats]) -> Floats:
    """Return the largest difference (I,) that counts as a rounding error, from each past."""
    found = np.empty(len(pasts))
    for rows, past in Stretches.of(pasts).blocks():
        found[rows] = ROUNDING * np.abs(past).mean(axis=1)
    return found


def rounded(forecast: Floats, actual: Floats, within: Floats) -> Floats:
    """Return forecasts (I, …) in which those that differ from `actual` (I, …) by at most `within` (I,) equal it."""
    limit = within.reshape(-1, *(1,) * (forecast.ndim - 1))
    equal: Floats = np.where(np.abs(forecast - actual) <= limit, actual, forecast)
    return equal


def seasonal_scale(pasts: Sequence[Floats], season: int) -> Floats:
    """Return the scale (I,) of MASE: the mean |y_t − y_{t−m}| over each past, with m = `season`.

    A past holds all values before an origin, also those after the training part: Hyndman & Koehler's in-sample values
    of that forecast.

    It is 0 if the past is no longer than m, or if it is a rounding error.
    """
    scale, pasts = np.zeros(len(pasts)), Stretches.of(pasts)
    for rows, past in pasts.blocks():
        if past.shape[1] > season:
            scale[rows] = np.abs(past[:, season:] - past[:, :-season]).mean(axis=1)
    return np.where(scale > rounding(pasts), scale, 0.0)


def item_columns(
    actual: Floats, mean: Floats, scale: Floats, quantiles: Floats | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return the columns for all metrics here except OWA, one entry per item.

    Args:
        actual: (I, H) true values.
        mean: (I, H) point forecasts.
        scale: (I,) as `seasonal_scale` returns it.
        quantiles: (I, H, Q) at `LEVELS`; None: the columns of quantile loss and coverage are left out.

    Returns:
        `smape` (per cent), `mase`, `absolute` and `squared` error, each a mean over the H steps. With quantiles, also
        `quantile_loss` and `magnitude`, sums over the steps, and the share of steps in each interval of `INTERVALS`.

    Raises:
        ValueError: the shapes do not match.
    """
    wanted = {"mean": (mean.shape, actual.shape), "scale": (scale.shape, actual.shape[:1])}
    if quantiles is not None:
        wanted["quantiles"] = (quantiles.shape, (*actual.shape, len(LEVELS)))
    for name, (found, right) in wanted.items():
        if found != right:
            raise ValueError(f"{name} must be of shape {right}, not {found}, for actual values of shape {actual.shape}")
    absolute, size = np.abs(actual - mean), np.abs(actual) + np.abs(mean)
    steps, moved = np.where(size > 0, size, 1), scale > 0
    with np.errstate(over="ignore"):  # if a forecast explodes, infinity is the nearest float
        columns = {
            "smape": (200 * (absolute / steps)).mean(axis=1),
            "mase": np.where(moved, absolute.mean(axis=1) / np.where(moved, scale, 1), np.nan),
            "absolute": absolute.mean(axis=1),
            "squared": (absolute**2).mean(axis=1),
        }
    if quantiles is not None:
        columns |= quantile_columns(actual, quantiles)
    return columns


def quantile_columns(actual: Floats, quantiles: Floats) -> dict[str, NDArray[np.float64]]:
    """Return the columns of quantile loss and coverage of `item_columns`; the arguments are the same."""
    at = {level: quantiles[..., i] for i, level in enumerate(LEVELS)}
    losses = [2 * np.maximum(q * (actual - at[q]), (q - 1) * (actual - at[q])) for q in DECILES]
    return {
        "quantile_loss": np.mean(losses, axis=0).sum(axis=1),
        "magnitude": np.abs(actual).sum(axis=1),
        **{name: ((at[low] <= actual) & (actual <= at[high])).mean(axis=1) for name, (low, high) in INTERVALS.items()},
    }


def against_naive2(columns: Columns, naive2: Columns) -> dict[str, NDArray[np.float64]]:
    """Add the columns that OWA needs, `naive2_smape` and `naive2_mase`: those of Naive2 on the same items."""
    return {**columns, "naive2_smape": naive2["smape"], "naive2_mase": naive2["mase"]}


def _divided(upper: Floats, lower: Floats, nothing: float) -> Floats:
    """Return ratios (R,) of non-negative numbers; 0/0 has the value `nothing`."""
    zero = lower == 0
    ratio: Floats = np.where(zero, np.where(upper > 0, np.inf, nothing), upper / np.where(zero, 1, lower))
    return ratio


def _root_mean(sums: Floats) -> Floats:
    return np.sqrt(mean_of(sums))


def _against_naive2(columns: Columns) -> Floats:
    """Return (N, 12): the totals of sMAPE and MASE, and of those of Naive2."""
    names = ("smape", "naive2_smape", "mase", "naive2_mase")
    return np.concatenate([totals(columns, name) for name in names], axis=1)


def _owa(sums: Floats) -> Floats:
    """Return ½ (sMAPE / Naive2's sMAPE + MASE / Naive2's MASE), with means over all items (M4 Competition, section
    2.2)."""
    smape, naive2_smape, mase, naive2_mase = (mean_of(part) for part in np.split(sums, 4, axis=1))
    return (_divided(smape, naive2_smape, nothing=1.0) + _divided(mase, naive2_mase, nothing=1.0)) / 2


def _losses(columns: Columns) -> Floats:
    """Return (N, 6): the totals of the quantile loss and of the magnitude."""
    return np.concatenate([totals(columns, name) for name in ("quantile_loss", "magnitude")], axis=1)


def _weighted_quantile_loss(sums: Floats) -> Floats:
    """Return the mean over `DECILES` of 2 Σ pinball / Σ |y|."""
    loss, endless, _, magnitude, *_ = sums.T
    ratio = _divided(loss, magnitude, nothing=0.0)
    ratio[endless > 0] = np.inf
    return ratio


def _a_miss(columns: Columns) -> tuple[Floats, Floats]:
    """Return what changes if a forecast that is covered at all steps is not."""
    return np.array([[-1.0, 0.0, 0.0]]), np.ones(1)


def _mean(name: str, title: str, of: str, **fields: Any) -> Metric:
    return Metric(name, title, partial(totals, name=of), **{"value": mean_of, **_ERROR, **fields})


_ERROR: dict[str, Any] = {"lower_is_better": True, "range": "positive"}
# Coverage should equal its nominal value; a higher coverage is better only below that value.
_COVERAGE: dict[str, Any] = {"lower_is_better": False, "range": "share", "errors": _a_miss, "per_cent": True}

MASE = _mean("mase", "MASE", "mase")
SMAPE = _mean("smape", "sMAPE", "smape")
OWA = Metric("owa", "OWA", _against_naive2, _owa, **_ERROR)
RMSE = _mean("rmse", "RMSE", "squared", value=_root_mean)
MSE = _mean("mse", "MSE", "squared")
MAE = _mean("mae", "MAE", "absolute")
WEIGHTED_QUANTILE_LOSS = Metric("weighted_quantile_loss", "quantile loss", _losses, _weighted_quantile_loss, **_ERROR)
COVERAGE_80 = _mean("coverage_80", "coverage 80 %", "covered_80", **_COVERAGE)
COVERAGE_95 = _mean("coverage_95", "coverage 95 %", "covered_95", **_COVERAGE)
