"""What the laws of memories are measured on: damaged patterns, and where each of them settles."""

import numpy as np

from seqbench.evidence.laws import TOLERANCE, Measure, ScoreError
from seqbench.interface import Floats
from seqbench.tasks.items import Kind
from seqbench.tasks.patterns.model import Memory, Settled, Signs

STATES = Measure("restored patterns", "units", TOLERANCE)
UNTOLD = -1.0
"""Stands for steps, a period or an energy that a model does not tell."""
FURTHER = ("steps", "period", "energy")
"""What a row has after the N units."""


def probes(units: int) -> Kind[Signs]:
    """Return damaged patterns of N units as items."""
    return Kind(
        noun="probe",
        answer=settled,
        lengths=lambda damaged: np.abs(damaged).sum(axis=1, dtype=np.int64),
        take=lambda damaged, rows: damaged[rows],
        copied=lambda damaged: damaged.copy(),
        equal=np.array_equal,
        measure=STATES,
        unit=np.array([*[1.0] * (units + 2), float(units)]),  # an energy is a sum over units
    )


def settled(model: Memory, damaged: Signs) -> Floats:
    """Return what `predict` returns for copies of damaged patterns, as rows (P, N + 3) with `FURTHER` last.

    Raises:
        ScoreError: the patterns have the wrong shape or other values than ±1, or what is told of them is no number.
    """
    said = model.predict(damaged.copy())
    if not isinstance(said, Settled):
        raise ScoreError(f"predict returned {type(said).__name__}, not Settled")
    patterns = np.asarray(said.patterns)
    if patterns.shape != damaged.shape:
        raise ScoreError(f"predict returned patterns of shape {patterns.shape} for damaged ones of {damaged.shape}")
    if odd := int((np.abs(patterns) != 1).any(axis=1).sum()):
        raise ScoreError(f"predict returned units that are neither +1 nor -1 in {odd:,} patterns")
    told = []
    for name in FURTHER:
        values = getattr(said, name)
        column = np.full(len(damaged), UNTOLD) if values is None else np.asarray(values, dtype=np.float64)
        if column.shape != (len(damaged),) or not np.isfinite(column).all():
            raise ScoreError(f"predict returned {name} that are not one number for each of {len(damaged)} patterns")
        told.append(column)
    return np.column_stack([patterns.astype(np.float64), *told])
