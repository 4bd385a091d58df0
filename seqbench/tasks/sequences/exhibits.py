"""What a page shows of regression: what is predicted where the truth is low, and where it is high."""

import numpy as np

from seqbench.evidence.exhibits import Curves, Line
from seqbench.evidence.metrics import Columns, column

GROUPS = 20
"""The most groups of sequences, each a point."""
RANGE = (0.1, 0.9)
"""Levels between which four fifths of the predictions lie."""


def against_truth(label: str, columns: Columns, target: int, name: str) -> Curves:
    """Return the mean prediction by the true value, and the range of four fifths of the predictions.

    Sequences are divided into groups of about equal size by their true values.

    Args:
        target: number of the target, from 0; name: what it is called.
    """
    truth, said = column(columns, f"target_{target}"), column(columns, f"predicted_{target}")
    groups = np.array_split(np.argsort(truth, kind="stable"), min(GROUPS, len(truth)))
    low, high = np.array([np.quantile(said[rows], RANGE) for rows in groups]).T
    line = Line(
        label,
        [float(truth[rows].mean()) for rows in groups],
        [float(said[rows].mean()) for rows in groups],
        low.tolist(),
        high.tolist(),
    )
    title = f"Predictions of {name} by its true value: mean, and where four fifths lie"
    return Curves(title, f"true {name}", f"predicted {name}", [line], diagonal=True)
