"""Nearest neighbour under dynamic time warping, the classic of time series classification.

Sakoe & Chiba 1978, "Dynamic programming algorithm optimization for spoken word recognition", eqs. 1-9 without slope
weights; the width of the band is chosen on validation, as in Dau et al. 2018, "Optimizing dynamic time warping's window
width for time series data mining applications".
"""

from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.tasks.sequences.model import LabelledSequences, Recogniser, RecognitionContext, Sequences


class WarpingConfig(Config):
    bands: tuple[float, ...] = Field(
        (0.0, 0.05, 0.1, 0.2),
        min_length=1,
        description="widths of the band that are tried, as a share of the longer sequence; the best on validation is "
        "kept, the narrowest of equals",
    )


class NearestNeighbour(Recogniser):
    """Predicts the class of the nearest training sequence, of several equally near the first one.

    Each column is divided by its standard deviation in training. The probability of the predicted class is the share of
    right answers on validation, after adding one right and one wrong; all other classes share the rest equally.
    """

    stochastic: ClassVar[bool] = False
    config_class = WarpingConfig
    config: WarpingConfig

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        steps = np.concatenate(list(train.sequences))
        spread = steps.std(axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        self.lengths = np.array([len(sequence) for sequence in train.sequences])
        self.steps, self.labels, self.classes = steps / self.scale, train.labels.copy(), len(ctx.classes)
        with ctx.validating():
            best = -1
            for band in sorted(self.config.bands):
                found = self._nearest(ctx.valid.sequences, band)
                right = int((found == ctx.valid.labels).sum())
                if right > best:
                    best, self.band = right, band
        self.sure = (best + 1) / (len(ctx.valid) + 2)
        ctx.log("band", self.band)

    def predict(self, sequences: Sequences) -> Floats:
        other = (1 - self.sure) / max(1, self.classes - 1)
        p = np.full((len(sequences), self.classes), other)
        p[np.arange(len(sequences)), self._nearest(sequences, self.band)] = self.sure if self.classes > 1 else 1.0
        log_p: Floats = np.log(p)
        return log_p

    def _nearest(self, sequences: Sequences, band: float) -> Ids:
        """Return the class (N,) of the training sequence that is nearest to each sequence."""
        known = np.split(self.steps, np.cumsum(self.lengths)[:-1])
        return np.array([self.labels[distances(x / self.scale, known, band).argmin()] for x in sequences], np.int64)

    def arrays(self) -> Arrays:
        chosen = np.array([self.band, self.sure])
        own = {"steps": self.steps, "lengths": self.lengths, "labels": self.labels, "scale": self.scale}
        return {**own, "chosen": chosen, "classes": np.array(self.classes)}

    def restore(self, arrays: Arrays) -> None:
        self.steps, self.lengths, self.labels = arrays["steps"], arrays["lengths"], arrays["labels"]
        self.scale, self.classes = arrays["scale"], int(arrays["classes"])
        self.band, self.sure = arrays["chosen"].tolist()

    def parameter_count(self) -> int:
        """Return the number of values that it keeps."""
        return int(self.steps.size)


def distances(one: Floats, others: Sequences, band: float) -> Floats:
    r"""Return the warping distance (N,) from one sequence to each of the others.

        d(i, j) = ‖a_i − b_j‖² + min(d(i−1, j), d(i, j−1), d(i−1, j−1)),   |i − j| ≤ r

    d(n, m) is the least sum over all monotonous alignments of a, of n steps, with b, of m steps. The radius of the band
    is r = max(band · max(n, m), |n − m|), rounded up; with band = 1 it holds all alignments. All others are aligned at
    once: steps after the end of b cannot change d(n, m).

    Args:
        one: (n, D); others: each (m, D).
    """
    lengths = np.array([len(other) for other in others])
    n, longest = len(one), int(lengths.max())
    padded = np.zeros((longest, len(others), one.shape[1]))
    for i, other in enumerate(others):
        padded[: len(other), i] = other
    radius = np.maximum(np.ceil(band * np.maximum(n, lengths)), np.abs(n - lengths)).astype(np.int64)
    widest, narrowest = int(radius.max()), int(radius.min())
    before = np.full((longest + 1, len(others)), np.inf)
    before[0] = 0.0
    for i in range(n):
        after = np.full_like(before, np.inf)
        first, last = max(0, i - widest), min(longest, i + widest + 1)
        cost = ((one[i] - padded[first:last]) ** 2).sum(axis=-1)
        reached = np.minimum(before[first:last], before[first + 1 : last + 1])
        for j in range(first, last):
            step = np.minimum(reached[j - first], after[j])
            after[j + 1] = cost[j - first] + step
            if abs(i - j) > narrowest:
                after[j + 1, abs(i - j) > radius] = np.inf
        before = after
    found: Floats = before[lengths, np.arange(len(others))]
    return found
