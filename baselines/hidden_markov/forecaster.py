"""A Gaussian hidden Markov model of all series; its forecast is the predictive mixture of its states.

If α is the filtered distribution of the states after a past, the value h steps ahead follows a mixture of K Gaussians,

    p(z_{T+h}) = Σ_k (α Aʰ)_k N(z; μ_k, σ_k²)

(Zucchini, MacDonald & Langrock 2016, "Hidden Markov models for time series", section 5.2). In such a model, only the
states could represent the season. Therefore z is the series minus its last season or its mean profile. One model is
fitted to z of all series, with hmmlearn's Baum–Welch.

If z is the change since the last season, forecasts beyond the first season ahead add the changes of the seasons in
between. The mean of the sum is exact; its variance is computed as if the changes were independent.
"""

from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from seqbench.baselines.series.seasonal_standard import SeasonalBase, SeasonalStandard
from seqbench.interface import Arrays, Config, Floats, MissingExtra
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

HALVINGS = 60
"""Number of times the interval around a quantile is halved, down to the last digits of a float."""


class HMMForecasterConfig(Config):
    states: int = Field(
        8,
        ge=1,
        le=100,
        description="number of states, K; if the series have fewer values, one state per value",
        json_schema_extra={"search": {"choices": [2, 4, 8, 16]}},
    )
    base: SeasonalBase = Field(
        "last",
        description="what is subtracted from a series: profile: the mean profile of a season; last: the last season",
        json_schema_extra={"search": {"choices": ["profile", "last"]}},
    )
    memory: int = Field(200, ge=1, description="newest steps of a past that the filter reads")
    least_variance: float = Field(
        1e-3, gt=0, description="smallest variance of a state, for series standardised to variance 1"
    )


class HMMForecaster(Forecaster):
    """Forecasts the mean and quantiles of the predictive mixture. One step of EM counts as one epoch of the budget."""

    config_class = HMMForecasterConfig
    config: HMMForecasterConfig
    stochastic: ClassVar[bool] = True
    transitions: Floats
    """(K, K) A; rows are previous states, columns are next states."""
    means: Floats
    """(K,)"""
    sds: Floats
    """(K,)"""

    def __init__(self, config: HMMForecasterConfig | None = None) -> None:
        """Raises:
        MissingExtra: hmmlearn is not installed.
        """
        super().__init__(config)
        try:
            import hmmlearn.hmm  # noqa: F401 (imported here, so that the time of a fit does not include it)
        except ImportError:
            raise MissingExtra("hmm needs hmmlearn to forecast: pip install 'seqbench[hmmlearn]'") from None

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Fit by Baum–Welch until the budget is used up or the likelihood no longer increases.

        Raises:
            ValueError: no series has two values, so nothing ever changes.
        """
        z = [row for row in SeasonalStandard.of(train, self.config.base).apply(train) if len(row)]
        if not z:
            raise ValueError("a hidden Markov model needs a series of two values or more: give longer series")
        states = min(self.config.states, sum(map(len, z)))
        ctx.log("states", states)
        from hmmlearn.hmm import GaussianHMM

        model = GaussianHMM(
            states,
            covariance_type="diag",
            min_covar=self.config.least_variance,
            n_iter=ctx.budget.epochs if ctx.budget.updates is None else min(ctx.budget.epochs, ctx.budget.updates),
            tol=1e-4 * sum(map(len, z)),
            implementation="scaling",
            random_state=ctx.seed,
        )
        model.fit(np.concatenate(z)[:, None], [len(row) for row in z])
        for nats in model.monitor_.history:
            ctx.log("train_nats", -nats / sum(map(len, z)))
        self.transitions, self.means = model.transmat_, model.means_[:, 0]
        self.sds = np.sqrt(np.maximum(model.covars_[:, 0, 0], self.config.least_variance))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        standard = SeasonalStandard.of(past, self.config.base)
        state = self._filtered(standard.apply(past))
        shares = np.empty((len(past), horizon, len(self.means)))
        for step in range(horizon):
            state = state @ self.transitions
            shares[:, step] = state
        mean = shares @ self.means
        variance = shares @ (self.means**2 + self.sds**2) - mean**2
        before = standard.earlier(mean)[..., None]
        quantiles = before + self._quantiles(shares, standard.earlier(variance), levels)
        return Forecast(standard.undo(before[..., 0] + mean), standard.undo(quantiles))

    def arrays(self) -> Arrays:
        return {"transitions": self.transitions, "means": self.means, "sds": self.sds}

    def restore(self, arrays: Arrays) -> None:
        self.transitions, self.means, self.sds = arrays["transitions"], arrays["means"], arrays["sds"]

    def _filtered(self, pasts: list[Floats]) -> Floats:
        """Return p(state | the newest values), (N, K); all states have equal probability before the first value."""
        steps = self.config.memory
        state = np.full((len(pasts), len(self.means)), 1 / len(self.means))
        lengths = np.array([min(len(past), steps) for past in pasts])
        z = np.zeros((len(pasts), steps))
        for row, past, length in zip(z, pasts, lengths, strict=True):
            row[steps - length :] = past[len(past) - length :]
        for t in range(steps):
            seen = (t >= steps - lengths)[:, None]
            before = np.where((t > steps - lengths)[:, None], state @ self.transitions, state)
            log_density = -0.5 * ((z[:, t, None] - self.means) / self.sds) ** 2 - np.log(self.sds)
            joint = before * np.exp(log_density - log_density.max(axis=1, keepdims=True))
            total = joint.sum(axis=1, keepdims=True)
            # If all probabilities of a value underflow to 0 in the reachable states, the value is ignored.
            told = np.where(total > 0, joint / np.where(total > 0, total, 1), before)
            state = np.where(seen, told, before)
        return state

    def _quantiles(self, shares: Floats, added: Floats, levels: Floats) -> Floats:
        """Return quantiles (N, H, Q) of mixtures with weights `shares` (N, H, K).

        `added` (N, H) is added to the variance of each Gaussian. Quantiles are found by bisection between the smallest
        and the largest quantile of the single Gaussians.
        """
        sds = np.sqrt(self.sds**2 + added[..., None])
        ends = self.means[:, None] + sds[..., None] * ndtri(levels)
        low, high = ends.min(axis=2), ends.max(axis=2)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = sum(
                shares[..., k, None] * ndtr((middle - self.means[k]) / sds[..., k, None])
                for k in range(len(self.means))
            )
            low, high = np.where(below < levels, middle, low), np.where(below < levels, high, middle)
        quantiles: Floats = (low + high) / 2
        return quantiles
