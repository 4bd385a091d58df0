"""Metrics of recall, and what a probe became.

Item columns, one entry per probe: `wrong`, the units that differ from the pattern that it was, of `units`; `outcome`,
the place in `OUTCOMES`; `steps`, `period` and `energy`, NaN if the model tells none; `pattern`, its number.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import SHARE, Columns, Metric, column, mean_of, one_error, share_of, totals
from seqbench.interface import Floats, Ids
from seqbench.tasks.patterns.laws import FURTHER, UNTOLD
from seqbench.tasks.patterns.model import Probes, Signs

OUTCOMES = ("restored", "another stored pattern", "the inverse of one", "a mixture of three", "none of these")
ALIKE = 0.95
"""Share of the units in which a state must agree with the majority of three stored patterns to be called their
mixture (Amit, Gutfreund & Sompolinsky 1985, "Spin-glass models of neural networks")."""


def item_columns(said: Floats, part: Probes, stored: Signs) -> dict[str, NDArray[Any]]:
    """Return the item columns of rows (P, N + 3) for the probes of a part."""
    units = part.whole.shape[1]
    states = said[:, :units].astype(np.int8)
    told = {name: said[:, units + k] for k, name in enumerate(FURTHER)}
    silent = told["steps"] == UNTOLD
    return {
        "wrong": (states != part.whole).sum(axis=1).astype(np.int32),
        "units": np.full(len(part), units, dtype=np.int32),
        "outcome": outcomes(states, part.whole, stored).astype(np.int8),
        "pattern": part.numbers.astype(np.int32),
        **{name: np.where(silent, np.nan, values) for name, values in told.items()},
    }


def outcomes(states: Signs, whole: Signs, stored: Signs) -> Ids:
    """Return the place in `OUTCOMES` (P,) of states (P, N), for probes that were `whole` (P, N)."""
    found = np.full(len(states), OUTCOMES.index("none of these"), dtype=np.int64)
    overlaps = states.astype(np.float64) @ stored.T.astype(np.float64)
    if len(stored) >= 3:
        largest = np.argsort(-np.abs(overlaps), axis=1, kind="stable")[:, :3]
        signs = np.sign(np.take_along_axis(overlaps, largest, axis=1))
        majority = np.sign(np.einsum("pk,pkn->pn", signs, stored[largest].astype(np.float64)))
        found[(majority == states).mean(axis=1) >= ALIKE] = OUTCOMES.index("a mixture of three")
    units = states.shape[1]
    found[overlaps.min(axis=1) == -units] = OUTCOMES.index("the inverse of one")
    found[overlaps.max(axis=1) == units] = OUTCOMES.index("another stored pattern")
    found[(states == whole).all(axis=1)] = OUTCOMES.index("restored")
    return found


def _restored(columns: Columns) -> Floats:
    right = column(columns, "wrong") == 0
    return np.stack([right * 1.0, np.ones(len(right))], axis=1)


def _wrong(columns: Columns) -> Floats:
    return np.stack([column(columns, "wrong"), column(columns, "units")], axis=1)


def _one_wrong(columns: Columns) -> tuple[Floats, Floats]:
    """Return what changes if one unit that is right were wrong."""
    return np.array([[1.0, 0.0]]), np.ones(1)


def _overlap(columns: Columns) -> Floats:
    wrong, units = _wrong(columns).T
    return totals({"overlap": 1 - 2 * wrong / units}, "overlap")


def _steps(columns: Columns) -> Floats:
    return totals(columns, "steps")


RESTORED = Metric("restored", "restored", _restored, share_of, errors=one_error, **SHARE)
"""Share of the probes of which every unit is right."""
BIT_ERROR = Metric(
    "bit_error", "wrong units", _wrong, share_of, errors=_one_wrong, **{**SHARE, "lower_is_better": True}
)
OVERLAP = Metric("overlap", "overlap", _overlap, mean_of, lower_is_better=False)
"""m = 1 − 2 · share of wrong units, in −1..1."""
STEPS = Metric("steps", "steps", _steps, mean_of, lower_is_better=True, range="positive")
