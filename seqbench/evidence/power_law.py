"""Learning curves as power laws, and where two of them would cross beyond the data.

    y(n) = a + b n^(−c),   b ≥ 0,  c > 0

describes most learning curves of losses (Hestness et al. 2017, "Deep learning scaling is predictable, empirically";
Viering & Loog 2022, "The shape of learning curves: a review", IEEE Trans. PAMI 45, section 4: of all parametric forms,
this one is supported best, but no form always holds). What it says beyond the data is an extrapolation.

For a fixed exponent c the weighted least squares of a and b are linear, so c alone is searched for, on a grid
(variable projection; Golub & Pereyra 1973). Nothing depends on a start value, and all resamples are fitted at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.crossing import Difference
from seqbench.interface import Floats

FEWEST = 4
"""The smallest number of sizes: a power law has three numbers."""
FARTHEST = 100.0
"""How many times the largest size a crossing is looked for."""
RESAMPLES = 400
PARAMETERS = 3
EXPONENTS = np.geomspace(0.03, 3.0, 120)
PLACES = 400
"""Number of sizes, between the largest one and the farthest, at which fitted curves are compared."""


@dataclass(frozen=True)
class PowerLaws:
    """R fitted curves; each field is (R,)."""

    floor: Floats
    """a, the loss that is left when the training part is endless."""
    scale: Floats
    """b n₁^(−c), what training can still gain at the largest size n₁."""
    exponent: Floats
    largest: float
    """n₁."""

    def __call__(self, sizes: Floats) -> Floats:
        """Return the losses (R, M) at sizes (M,)."""
        ratio = np.log(sizes / self.largest)
        losses: Floats = self.floor[:, None] + self.scale[:, None] * np.exp(-self.exponent[:, None] * ratio)
        return losses


def fit(sizes: Floats, losses: Floats, variances: Floats, least: float = -np.inf) -> PowerLaws:
    """Fit a power law to each row of losses by weighted least squares.

    Args:
        sizes: (K,) ascending.
        losses: (R, K); lower is better.
        variances: (K,) of the losses; weights are their reciprocals.
        least: the smallest possible loss, which a cannot fall below.

    Raises:
        ValueError: there are fewer than `FEWEST` sizes.
    """
    if len(sizes) < FEWEST:
        raise ValueError(f"a power law is fitted to {FEWEST} sizes or more, not {len(sizes)}")
    largest = float(sizes[-1])
    floor = 1e-6 * float(variances.max()) or 1.0
    weights = 1 / np.maximum(variances, floor)
    weights /= weights.sum()
    gains = np.exp(-EXPONENTS[:, None] * np.log(sizes / largest))  # (C, K): n^(−c) in units of that of the largest size
    mean_gain, mean_loss = gains @ weights, losses @ weights  # (C,), (R,)
    centred = gains - mean_gain[:, None]
    b = np.maximum((losses * weights) @ centred.T / ((centred**2) @ weights), 0.0)  # (R, C)
    a = mean_loss[:, None] - b * mean_gain
    below = a < least
    if below.any():
        alone = ((losses - least) * weights) @ gains.T / ((gains**2) @ weights)
        a, b = np.where(below, least, a), np.where(below, np.maximum(alone, 0.0), b)
    misfit = np.stack([((losses - a[:, [i]] - b[:, [i]] * gains[i]) ** 2) @ weights for i in range(len(EXPONENTS))])
    best, rows = misfit.argmin(axis=0), np.arange(len(losses))
    return PowerLaws(a[rows, best], b[rows, best], EXPONENTS[best], largest)


@dataclass(frozen=True)
class Extrapolation:
    """Where the power laws of two models cross beyond the data."""

    at: float | None
    """The median over resamples; None: the curves do not cross within `FARTHEST` times the largest size."""
    low: float | None
    """None: that they cross at all within this distance is excluded."""
    high: float | None
    """None: there is no bound."""


def extrapolated(
    points: Sequence[Difference],
    reference: Floats,
    deviations: Floats,
    spread: Floats,
    common: float,
    *,
    least: float = -np.inf,
    level: float = 0.95,
    seed: int = 0,
) -> Extrapolation:
    """Return where the order of two models turns beyond the largest size, by power laws fitted to both.

    The interval comes from fits to resampled points. At each size the loss of the reference and the difference are
    drawn anew with their standard deviations, or with the root mean square by which points miss the fitted laws if that
    is more. What test items add to the difference is drawn once for all sizes, which share these items. A crossing
    before the largest size counts as one at the largest size.

    Args:
        points: K differences of losses from those of the reference; losses are better if they are lower.
        reference: (K,) losses of the reference.
        deviations: (K,) their standard deviations over training samples and seeds.
        spread: (K,) those of the differences.
        common: standard deviation of a difference over test items.
        least: the smallest possible loss.

    Raises:
        ValueError: there are fewer than `FEWEST` sizes.
    """
    sizes, values = np.array([p.size for p in points]), np.array([p.value for p in points])
    theirs, ours = reference[None], (reference + values)[None]
    of_theirs, of_ours = deviations**2, deviations**2 + spread**2
    law, other = fit(sizes, theirs, of_theirs, least)(sizes), fit(sizes, ours, of_ours, least)(sizes)
    missed = theirs - law, ours - other - (theirs - law)
    off = [float(np.square(one).sum()) / (len(sizes) - PARAMETERS) for one in missed]
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(2, RESAMPLES, len(sizes)))
    theirs = theirs + drawn[0] * np.sqrt(np.maximum(of_theirs, off[0]))
    gains = drawn[1] * np.sqrt(np.maximum(spread**2, off[1])) + common * rng.normal(size=(RESAMPLES, 1))
    ours = theirs + values + gains
    beyond = np.geomspace(sizes[-1], FARTHEST * sizes[-1], PLACES)
    apart = fit(sizes, ours, of_ours, least)(beyond) - fit(sizes, theirs, of_theirs, least)(beyond)
    turned = apart * (np.sign(values[-1]) or 1.0) < 0
    at = np.where(turned.any(axis=1), beyond[turned.argmax(axis=1)], np.inf)
    tail = (1 - level) / 2
    low, middle, high = np.quantile(at, [tail, 0.5, 1 - tail], method="inverted_cdf").tolist()
    return Extrapolation(_told(middle), _told(low), _told(high))


def _told(size: float) -> float | None:
    return size if np.isfinite(size) else None
