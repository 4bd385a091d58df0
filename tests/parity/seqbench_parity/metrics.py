"""Squared error, with one unit per string."""

from functools import partial

from seqbench.evidence.metrics import Metric, mean_of, totals

MSE = Metric("mse", "MSE", partial(totals, name="squared"), mean_of, lower_is_better=True, range="positive")
