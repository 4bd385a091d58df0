"""What the training sample adds to the variance of a score, measured on fits to random parts of one training part.

A fit on a share f of the training part is one of many: with other data of the same kind it would score otherwise. Let
τ² be the variance of the score of one fit over independent training samples of its size. Fits on several random parts
of one training part differ by less, since the parts overlap: for a score that is about linear in what the sample shows,
their variance is s² = τ² (1 − f) (sampling without replacement; Cochran 1977, "Sampling Techniques", 2.6). What the
whole training part is off, f τ², they have in common. So the mean of n fits has the variance

    V = τ² (f + (1 − f) / n),    τ² = s² / (1 − f).

Two or three fits show a variance badly. Sizes next to each other show nearly the same τ², save for its fall with size:
τ² is the mean over a size and its two neighbours, each as if it fell with 1/size, with the degrees of freedom of all.
If the size itself shows more, its own τ² counts.

The whole training part can be drawn only once. Its τ² is that of the two sizes below.
"""

from collections.abc import Sequence

import numpy as np

from seqbench.evidence.statistics import Component
from seqbench.interface import Floats

NEAR = 2
"""Number of sizes beside a size that tell of its variance: one below and one above, or the two next ones at an end."""


def of_samples(scores: Sequence[Floats], shares: Sequence[float], random: bool = True) -> list[list[Component]]:
    """Return, for each size, what training samples and seeds add to the variance of the mean score.

    Args:
        scores: for each size the scores (n,) of its fits, or their differences from those of another model on the same
            parts; on the metric's scale.
        shares: the size of each, as a share of the training part, ascending.
        random: whether the parts were drawn at random, each fit its own; if not, fits differ only by their seeds.

    Returns:
        A list of components per size, empty if nothing is known: no size below the whole has two fits.
    """
    if not random:
        return [_of_seeds(one) for one in scores]
    known = [k for k, one in enumerate(scores) if len(one) > 1 and shares[k] < 1 and np.isfinite(one).all()]
    own = {k: float(scores[k].var(ddof=1)) / (1 - shares[k]) for k in known}
    found = []
    for k, share in enumerate(shares):
        near = _near(known, k)
        if not near:
            found.append(_of_seeds(scores[k]))
            continue
        dofs = [len(scores[j]) - 1 for j in near]
        scaled = [own[j] * shares[j] / share for j in near]
        single = max(float(np.average(scaled, weights=dofs)), own.get(k, 0.0))
        alone = (1 - share) / len(scores[k])
        sampled = Component(single * (share + alone), float(sum(dofs)))
        found.append([sampled, *(_of_seeds(scores[k]) if share == 1 else ())])
    return found


def _near(known: Sequence[int], k: int) -> list[int]:
    """Return the sizes that tell of the variance at size k: itself and the next ones on both sides, as known."""
    if k not in known:
        return sorted(known, key=lambda j: abs(j - k))[:NEAR]
    at = known.index(k)
    return list(known[max(0, at - NEAR // 2) : at + NEAR // 2 + 1])


def _of_seeds(scores: Floats) -> list[Component]:
    """Return the variance of the mean of independent fits."""
    if len(scores) < 2 or not np.isfinite(scores).all():
        return []
    return [Component(float(scores.var(ddof=1)) / len(scores), len(scores) - 1.0)]
