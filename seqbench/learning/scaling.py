"""Columns of values with mean 0 and standard deviation 1."""

import numpy as np

from seqbench.interface import Floats


class Scaled:
    """Subtracts a mean (D,) and divides by a scale (D,)."""

    def __init__(self, mean: Floats, scale: Floats) -> None:
        self.mean, self.scale = mean, scale

    @classmethod
    def of(cls, values: Floats) -> "Scaled":
        """Return what gives values (M, D) mean 0 and standard deviation 1; a constant column becomes 0."""
        mean, spread = values.mean(axis=0), values.std(axis=0)
        return cls(mean, np.where(spread > 1e-9 * np.maximum(1, np.abs(mean)), spread, 1.0))

    def __call__(self, values: Floats) -> Floats:
        scaled: Floats = (values - self.mean) / self.scale
        return scaled

    def undo(self, scaled: Floats) -> Floats:
        values: Floats = self.mean + scaled * self.scale
        return values
