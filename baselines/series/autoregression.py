"""Autoregression by least squares: one equation per series, with all series of a panel fitted together.

    y_t = c + Σ_{i≤p} φ_i y_{t−i} + ε_t,      t = p..T−1

The Gram matrix of the p + 1 lagged windows of a series (lag 0 is the predicted value) has equal entries along each
diagonal, except for terms from the ends of the window,

    G_{i+1,j+1} = G_{ij} + y_{p−1−i} y_{p−1−j} − y_{T−1−i} y_{T−1−j},

so only its first row is summed over time: p + 1 sums of T terms instead of (p + 1)² (the covariance method of linear
prediction; Makhoul 1975, "Linear prediction: a tutorial review", Proc. IEEE 63). Its Cholesky factor gives the
solutions of all orders together. A Gram matrix has half the digits of its windows. If the lags of a series predict it
almost exactly, or hardly move while the series moves elsewhere, its equation is therefore solved from the windows, by
their singular values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import Field
from scipy.fft import irfft, next_fast_len, rfft

from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.packing import packed, unpacked
from seqbench.tasks.forecasts.linear import error_variances, gaussian_quantiles, iterate, last
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

Flags = NDArray[np.bool_]

SLAB_BYTES = 8_000_000
"""The most bytes of Gram matrices that are computed together; they fit into the processor's cache."""
EPS = float(np.finfo(np.float64).eps)
DOUBTFUL = 1e-6
"""The smallest share of the series' sum of squares that earlier lags may leave unexplained of a lag.

If the share is smaller, the Gram matrix has too few digits.
"""
STEPS = 5
"""The fewest steps per parameter of an equation of the usual order.

Each estimated parameter adds σ² / steps to the squared error of one step (Akaike 1969, "Fitting autoregressive models
for prediction", Ann. Inst. Statist. Math. 21), so all parameters together add at most a fifth.
"""
LIMIT = 1e30
"""The largest absolute value of a forecast.

The forecasts of an explosive equation grow without bound. They are held at this value, whose squares and sums are
still finite.
"""


class AutoregressionConfig(Config):
    lags: int | None = Field(
        None,
        ge=0,
        le=2000,
        description="p, steps; None: 10 log10 T plus a season, or fewer if a series of T values is too short",
        json_schema_extra={"search": {"low": 1, "high": 400, "log": True}},
    )
    aic: bool = Field(False, description="whether each series uses the order in 0..lags with the smallest AIC")
    ridge: float = Field(
        0.0,
        ge=0,
        description="penalty on the squared coefficients, as a share of the variance of a series times its length",
        json_schema_extra={"search": {"low": 1e-8, "high": 1e-1, "log": True}},
    )
    intercept: bool = Field(
        True, description="whether the equation has a constant c; without it, series should have mean 0"
    )
    logarithm: bool = Field(
        False,
        description="whether the equation predicts log(1 + y); only used for series that are never below 0",
        json_schema_extra={"search": {"choices": [False, True]}},
    )


@dataclass(frozen=True)
class Equations:
    """The equations of N series; coefficients of lags above a series' order are 0."""

    coefficients: Floats
    """(N, p), φ_1 first."""
    intercept: Floats
    """(N,)"""
    variance: Floats
    """(N,) variance of the innovations, Σ ε² / (steps − parameters)."""
    logarithm: Flags
    """(N,) whether the equation uses log(1 + y) instead of y."""

    def take(self, rows: Ids) -> "Equations":
        return Equations(self.coefficients[rows], self.intercept[rows], self.variance[rows], self.logarithm[rows])

    def beside(self, other: "Equations") -> "Equations":
        """Return these equations followed by those of `other`; the shorter coefficients are padded with 0."""
        width = max(self.coefficients.shape[1], other.coefficients.shape[1])
        wide = [np.pad(e.coefficients, ((0, 0), (0, width - e.coefficients.shape[1]))) for e in (self, other)]
        return Equations(
            np.concatenate(wide),
            np.concatenate([self.intercept, other.intercept]),
            np.concatenate([self.variance, other.variance]),
            np.concatenate([self.logarithm, other.logarithm]),
        )


class Autoregression(Forecaster):
    """Forecasts by iterating the equation; quantiles are normal, with the accumulated variance of the errors.

    With logarithms, forecasts and quantiles are transformed by y = exp(u) − 1. This function is increasing, so the
    results are still quantiles, and the point forecast is the median, not the mean. A series with a training value
    below 0 gets an equation without logarithms.

    If `fit` has not seen a series, its equation is estimated from its past in `predict`. The same is done if a series
    has an equation with logarithms, but its past now has a value below 0. A series with fewer than 2p + 2 values is too
    short for p lags, because it would leave no more steps than parameters; it gets the order that it would have if p
    were not set. Forecasts and quantiles are limited to ±`LIMIT`; a forecast that exceeds it stays there.
    """

    stochastic: ClassVar[bool] = False
    config_class = AutoregressionConfig
    config: AutoregressionConfig

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self._names, self._equations = tuple(train.names), self._estimated(train.values, train.season)
        self._rows = {name: row for row, name in enumerate(self._names)}
        if len(self._rows) < len(self._names):
            raise ValueError("each series needs a name of its own, since equations are looked up by name")

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        equations = self._of(past)
        recent = last(past.values, equations.coefficients.shape[1])
        recent[equations.logarithm] = np.log1p(recent[equations.logarithm])
        mean = _held(iterate(recent, equations.coefficients, equations.intercept, horizon))
        variances = np.minimum(error_variances(equations.coefficients, equations.variance, horizon), LIMIT**2)
        quantiles = gaussian_quantiles(mean, variances, levels)
        return Forecast(_values(mean, equations.logarithm), _values(quantiles, equations.logarithm))

    def arrays(self) -> Arrays:
        return {"names": packed(self._names), **vars(self._equations)}

    def restore(self, arrays: Arrays) -> None:
        self._names = unpacked(arrays["names"])
        self._rows = {name: row for row, name in enumerate(self._names)}
        self._equations = Equations(**{field.name: arrays[field.name] for field in fields(Equations)})

    def _of(self, past: Panel) -> Equations:
        known = self._equations
        rows = np.array([self._rows.get(name, -1) for name in past.names])
        fallen = np.array([known.logarithm[row] and v.min() < 0 for row, v in zip(rows, past.values, strict=True)])
        (own,) = np.nonzero((rows < 0) | fallen)
        if not len(own):
            return known.take(rows)
        rows[own] = len(self._names) + np.arange(len(own))
        return known.beside(self._estimated([past.values[n] for n in own.tolist()], past.season)).take(rows)

    def _estimated(self, values: Sequence[Floats], season: int) -> Equations:
        c = self.config
        lengths = np.array([len(v) for v in values])
        orders = usual_orders(lengths, season)
        if c.lags is not None:
            orders = np.where(lengths >= 2 * c.lags + 2, c.lags, orders)
        logarithm = np.array([c.logarithm and v.min() >= 0 for v in values])
        nothing = np.zeros(len(values))
        found = Equations(np.zeros((len(values), orders.max())), nothing, nothing.copy(), logarithm)
        for order, rows in _slabs(lengths, orders):
            taken = [np.log1p(values[n]) if logarithm[n] else values[n] for n in rows]
            part = estimate(taken, order, ridge=c.ridge, aic=c.aic, intercept=c.intercept)
            found.coefficients[rows, :order] = part.coefficients
            found.intercept[rows], found.variance[rows] = part.intercept, part.variance
        return found


def usual_orders(lengths: Ids, season: int) -> Ids:
    """Return the usual orders (N,) of series with T = `lengths` (N,) values.

    The order is 10 log10 T, the maximum of R's `ar`, plus a season if the series is long enough for more lags than a
    season. It is limited so that at least `STEPS` steps per parameter remain.

    Without a season, 30, 100, 700 and 20,000 values get 4, 15, 28 and 43 lags; with a season of 24, 4, 15, 52 and 67.
    """
    most = np.maximum((lengths - STEPS) // (STEPS + 1), 0)  # T − p ≥ STEPS (p + 1)
    usual = (10 * np.log10(lengths)).astype(np.int64)
    orders: Ids = np.minimum(usual + np.where((most > season) & (season > 1), season, 0), most)
    return orders


def _held(mean: Floats) -> Floats:
    """Return forecasts (N, H), held at ±`LIMIT` from the first one that exceeds it, since later ones may be NaN."""
    passed = np.maximum.accumulate(~(np.abs(mean) <= LIMIT), axis=1)
    first = mean[np.arange(len(mean)), passed.argmax(axis=1)]
    return np.where(passed, np.copysign(LIMIT, first)[:, None], mean)


def _values(u: Floats, logarithm: Flags) -> Floats:
    """Turn forecasts or quantiles (N, H, …) of the equations into those of the values, within ±`LIMIT`."""
    values = np.clip(u, -LIMIT, LIMIT)
    values[logarithm] = np.expm1(np.minimum(values[logarithm], np.log1p(LIMIT)))
    return values


def _slabs(lengths: Ids, orders: Ids) -> Iterator[tuple[int, Ids]]:
    """Yield an order and the rows of series with this order whose Gram matrices are computed together.

    Series of similar length are grouped, so that there is little padding.
    """
    for order in np.unique(orders).tolist():
        rows = np.flatnonzero(orders == order)
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        size = max(1, SLAB_BYTES // (8 * ((order + 1) ** 2 + int(lengths[rows].max()))))
        yield from ((order, rows[start : start + size]) for start in range(0, len(rows), size))


def estimate(
    values: Sequence[Floats], order: int, ridge: float = 0.0, aic: bool = False, intercept: bool = True
) -> Equations:
    """Fit each series by least squares on `order` lags and a constant.

    Args:
        values: N series, each of at least 2 · order + 2 values (any length if the order is 0).
        ridge: the penalty is ridge · Σ (y − mean)² · Σ φ².
        aic: whether each series uses the order k in 0..order with the smallest steps · ln(Σ ε² / steps) + 2 k. All
            orders are fitted and compared on the steps after the first `order`.
    """
    lengths = np.array([len(v) for v in values])
    steps = lengths - order
    centre = np.array([v.mean() for v in values]) if intercept else np.zeros(len(values))
    y = np.zeros((len(values), lengths.max()))  # aligned at the newest value; 0 before the start
    for row, v, c in zip(y, values, centre, strict=True):
        row[len(row) - len(v) :] = v - c
    gram, sums = _gram(y, steps, order)
    if intercept:
        gram -= sums[:, :, None] * (sums / steps[:, None])[:, None, :]
    penalty = ridge * np.einsum("nt,nt->n", y, y)
    factors, projections, left = _factored(gram, penalty)
    shares = np.concatenate([factors.diagonal(axis1=1, axis2=2) ** 2, left[:, -1:]], axis=1)
    sound = shares.min(axis=1) > DOUBTFUL * np.einsum("nt,nt->n", y, y)
    orders = _least_aic(left, steps) if aic else np.full(len(y), order)
    coefficients = _solved(factors, projections, orders, sound)
    squares = left[np.arange(len(y)), orders]
    for n in np.flatnonzero(~sound).tolist():
        coefficients[n], squares[n], orders[n] = _from_windows(values[n], order, penalty[n], aic, intercept)
    squares = np.maximum(squares - penalty * np.einsum("np,np->n", coefficients, coefficients), 0)
    level = (sums[:, 0] - np.einsum("np,np->n", sums[:, 1:], coefficients)) / steps if intercept else 0.0
    return Equations(
        coefficients,
        level + centre * (1 - coefficients.sum(axis=1)),
        squares / np.maximum(steps - orders - intercept, 1),
        np.zeros(len(y), dtype=np.bool_),
    )


def _gram(y: Floats, steps: Ids, order: int) -> tuple[Floats, Floats]:
    """Return sums over the last `steps` (N,) of the products (N, p+1, p+1) of lags 0..p, and of the lags (N, p+1)."""
    count, total = y.shape
    explained = np.where(np.arange(total) >= (total - steps)[:, None], y, 0)
    back = np.arange(order)
    heads = y[np.arange(count)[:, None], (total - steps - 1)[:, None] - back]  # y_{p−1−i}
    tails = y[:, total - 1 - back]  # y_{T−1−i}
    first = explained.sum(axis=1, keepdims=True)
    sums = np.concatenate([first, first + np.cumsum(heads - tails, axis=1)], axis=1)
    size = next_fast_len(total + order, real=True)
    gram = np.empty((count, order + 1, order + 1))
    gram[:, 0] = gram[:, :, 0] = irfft(rfft(explained, size) * rfft(y, size).conj(), size)[:, : order + 1]
    for i in range(order):
        row = gram[:, i, i:-1] + heads[:, i, None] * heads[:, i:] - tails[:, i, None] * tails[:, i:]
        gram[:, i + 1, i + 1 :] = gram[:, i + 1 :, i + 1] = row
    return gram, sums


def _factored(gram: Floats, penalty: Floats) -> tuple[Floats, Floats, Floats]:
    """Factor the Gram matrices of lags 1..p, with the penalty added to the diagonal.

    Returns:
        The Cholesky factors L (N, p, p), the solution x (N, p) of L x = products of lags 1..p with lag 0, and the sum
        of squares (N, p+1) of lag 0 that the first 0..p lags leave unexplained: lag k reduces it by x_k².
    """
    matrices = torch.from_numpy(gram[:, 1:, 1:].copy())
    matrices.diagonal(dim1=1, dim2=2).add_(torch.from_numpy(penalty)[:, None])
    factors = torch.linalg.cholesky_ex(matrices).L
    right = torch.from_numpy(gram[:, 1:, :1].copy())
    projections: Floats = torch.linalg.solve_triangular(factors, right, upper=False)[:, :, 0].numpy()
    taken = np.cumsum(projections**2, axis=1)
    return factors.numpy(), projections, gram[:, :1, 0] - np.pad(taken, ((0, 0), (1, 0)))


def _solved(factors: Floats, projections: Floats, orders: Ids, sound: Flags) -> Floats:
    """Return coefficients (N, p): solved for the first `orders` (N,) lags of series that are `sound` (N,), else 0."""
    coefficients = np.zeros_like(projections)
    kept = np.where(np.arange(projections.shape[1]) < orders[:, None], projections, 0)[sound, :, None]
    upper = torch.from_numpy(factors[sound]).mT
    coefficients[sound] = torch.linalg.solve_triangular(upper, torch.from_numpy(kept), upper=True)[:, :, 0].numpy()
    return coefficients


def _least_aic(left: Floats, steps: Ids) -> Ids:
    """Return the orders (N,) of smallest AIC, given the sums of squares (N, p+1) that orders 0..p leave unexplained."""
    smallest = np.maximum(EPS * np.abs(left[:, :1]), np.finfo(np.float64).tiny)
    aic = steps[:, None] * np.log(np.fmax(left, smallest) / steps[:, None]) + 2 * np.arange(left.shape[1])
    least: Ids = aic.argmin(axis=1)
    return least


def _from_windows(v: Floats, order: int, penalty: float, aic: bool, intercept: bool) -> tuple[Floats, float, int]:
    """Solve the equation of one series (T,) from its windows, by singular values.

    Lags, and singular values of the lags, that are no larger than the rounding errors of the windows count as 0.

    Returns:
        The coefficients (p,), the sum of squares that they leave unexplained plus the penalty, and the order.
    """
    windows = sliding_window_view(v, order + 1)[:, ::-1]
    rounding = EPS * np.sqrt(windows[:, 1:].size) * np.abs(windows[:, 1:]).max(initial=0)
    if intercept:
        windows = windows - v[0]  # so that the mean of a lag that never moves is exact
        windows -= windows.mean(axis=0)
    lags = np.concatenate([windows[:, 1:], np.sqrt(penalty) * np.eye(order)])
    explained = np.concatenate([windows[:, 0], np.zeros(order)])
    if aic:
        left = _unexplained(lags, explained, rounding)
        order = int(_least_aic(left[None], np.array([len(windows)]))[0])
    u, sizes, vt = np.linalg.svd(lags[:, :order], full_matrices=False)
    kept = sizes > max(rounding, 1e-15 * sizes.max(initial=0))
    found = np.zeros(lags.shape[1])
    found[:order] = vt[kept].T @ (u[:, kept].T @ explained / sizes[kept])
    rest = explained - lags @ found
    return found, float(rest @ rest), order


def _unexplained(lags: Floats, explained: Floats, rounding: float) -> Floats:
    """Return the sum of squares (p+1,) of `explained` (T,) that the first 0..p of `lags` (T, p) leave unexplained.

    The lags are made orthogonal one by one. A lag of which earlier lags leave no more than `rounding` is left out.
    """
    basis, rank = np.empty(lags.shape), 0
    taken = np.zeros(lags.shape[1] + 1)
    for k, lag in enumerate(lags.T):
        earlier = basis[:, :rank]
        rest = lag - earlier @ (earlier.T @ lag)
        rest = rest - earlier @ (earlier.T @ rest)  # once more, for the digits that the first time lost
        if (size := float(np.linalg.norm(rest))) > rounding:
            basis[:, rank], rank = rest / size, rank + 1
            taken[k + 1] = (basis[:, rank - 1] @ explained) ** 2
    left: Floats = explained @ explained - np.cumsum(taken)
    return left
