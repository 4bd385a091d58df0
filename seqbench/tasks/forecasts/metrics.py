"""Metrics of forecasts, as the M4 competition defines them.

An item is one series at one origin, with the H values after it. Metrics are means over items, or ratios of such means,
so that a bootstrap may draw items, series or blocks of origins. `item_columns` computes the columns of items.

Divisions by 0: a step whose value and forecast are both 0 has sMAPE 0. An item whose past is constant (or no longer
than a season) has no MASE: its column holds NaN, and MASE and OWA leave the item out; a resample with only such
items has the score NaN (`Forecasting.items` draws no such resample). A ratio of two zeros is 0 for a loss and 1 for a
comparison with Naive2.

Rounding errors are no errors: a forecast or quantile within `ROUNDING` of the true value, as a share of the past's mean
absolute value, counts as equal to it, and a seasonal change that small counts as 0.

Makridakis, Spiliotis & Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods",
Int. J. Forecasting 36(1), section 2; Hyndman & Koehler 2006 for MASE.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric
from seqbench.interface import Floats, Ids

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Levels of the weighted quantile loss, as in GluonTS."""
LEVELS = (0.025, *DECILES, 0.975)
"""Levels (Q,) of the quantiles that `predict` must return, ascending."""
INTERVALS: Mapping[str, tuple[float, float]] = {"covered_80": (0.1, 0.9), "covered_95": (0.025, 0.975)}
"""The central intervals whose coverage is scored, by the name of the coverage's column."""
ROUNDING = 1e-12
"""The largest difference, as a share of a series' mean absolute value, that may be a rounding error: 4,500 times that
of a single float64 operation."""
SUMMED = (
    *("smape", "mase", "absolute", "squared", "naive2_smape", "naive2_mase"),
    *("quantile_loss", "magnitude", *INTERVALS),
)
"""The columns that metrics use; `in_units` sums them."""


def rounding(pasts: Sequence[Floats]) -> Floats:
    """Return the largest difference (I,) that counts as a rounding error, from each past."""
    return np.array([ROUNDING * np.abs(past).mean() for past in pasts])


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
    scale = np.array([np.abs(past[season:] - past[:-season]).mean() if len(past) > season else 0.0 for past in pasts])
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


def in_units(columns: Columns, unit: Ids) -> dict[str, NDArray[np.float64]]:
    """Turn columns of items into columns of the units that a bootstrap draws; the metrics of both are equal.

    Each column becomes its sum over the items of a unit. A second column `…_items` holds the number of summed items.
    Items with NaN are left out of both.

    Args:
        unit: (I,) the unit to which each item belongs, 0..U−1.
    """
    units = int(unit.max()) + 1
    summed: dict[str, NDArray[np.float64]] = {}
    for name in (name for name in SUMMED if name in columns):
        told = ~np.isnan(columns[name])
        summed[name] = np.bincount(unit, np.where(told, columns[name], 0.0), units).astype(np.float64)
        summed[f"{name}_items"] = np.bincount(unit, told, units).astype(np.float64)
    return summed


def _total(columns: Columns, name: str, weights: Floats) -> tuple[Floats, Floats]:
    """Return the weighted sum (R,) of a column and the weighted number of its items.

    An infinite value counts only if it has weight.
    """
    if name not in columns:
        raise ValueError(f"column {name!r} is missing among: {', '.join(columns)}")
    values = columns[name].astype(np.float64)
    told, endless = ~np.isnan(values), np.isposinf(values)
    total: Floats = weights @ np.where(
        told & ~endless, values, 0.0
    )  # 0 · ∞ would give NaN in resamples without the item
    total[weights[:, endless].any(axis=1)] = np.inf
    return total, weights @ columns.get(f"{name}_items", told).astype(np.float64)


def _mean(columns: Columns, name: str, weights: Floats) -> Floats:
    total, weight = _total(columns, name, weights)
    mean: Floats = np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
    return mean


def _smape(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "smape", weights)


def _mase(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "mase", weights)


def _mae(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "absolute", weights)


def _mse(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "squared", weights)


def _rmse(columns: Columns, weights: Floats) -> Floats:
    return np.sqrt(_mse(columns, weights))


def _divided(upper: Floats, lower: Floats, nothing: float) -> Floats:
    """Return ratios (R,) of non-negative numbers; 0/0 has the value `nothing`."""
    zero = lower == 0
    ratio: Floats = np.where(zero, np.where(upper > 0, np.inf, nothing), upper / np.where(zero, 1, lower))
    return ratio


def _owa(columns: Columns, weights: Floats) -> Floats:
    """Return ½ (sMAPE / Naive2's sMAPE + MASE / Naive2's MASE), with means over all items (M4 Competition, section
    2.2)."""
    ratios = [
        _divided(_mean(columns, name, weights), _mean(columns, f"naive2_{name}", weights), nothing=1.0)
        for name in ("smape", "mase")
    ]
    return (ratios[0] + ratios[1]) / 2


def _weighted_quantile_loss(columns: Columns, weights: Floats) -> Floats:
    """Return the mean over `DECILES` of 2 Σ pinball / Σ |y|."""
    return _divided(_total(columns, "quantile_loss", weights)[0], _total(columns, "magnitude", weights)[0], nothing=0.0)


def _coverage_80(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "covered_80", weights)


def _coverage_95(columns: Columns, weights: Floats) -> Floats:
    return _mean(columns, "covered_95", weights)


MASE = Metric("mase", "MASE", _mase, lower_is_better=True)
SMAPE = Metric("smape", "sMAPE", _smape, lower_is_better=True)
OWA = Metric("owa", "OWA", _owa, lower_is_better=True)
RMSE = Metric("rmse", "RMSE", _rmse, lower_is_better=True)
MSE = Metric("mse", "MSE", _mse, lower_is_better=True)
MAE = Metric("mae", "MAE", _mae, lower_is_better=True)
WEIGHTED_QUANTILE_LOSS = Metric(
    "weighted_quantile_loss", "quantile loss", _weighted_quantile_loss, lower_is_better=True
)
# Coverage should equal its nominal value; a higher coverage is better only below that value.
COVERAGE_80 = Metric("coverage_80", "coverage 80 %", _coverage_80, lower_is_better=False, per_cent=True)
COVERAGE_95 = Metric("coverage_95", "coverage 95 %", _coverage_95, lower_is_better=False, per_cent=True)
