"""What tuning found for a row of a table, and how the best of its trials grows with their number."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from seqbench.interface import Floats


class Tuned(BaseModel):
    """What a table tells of the tuning behind a row."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    label: str
    """The name of the row, such as `linear-svm, tuned`."""
    row: Literal["default", "tuned", "combined"]
    of: str
    """The name of the model before tuning."""
    budget: str
    """What each model of the table was given, such as `30 trials`."""
    settings: str = ""
    """What was found: the settings, or the weights of the combined trials."""
    trials: int = 0
    failed: int = 0
    """How many of the trials have no score."""
    cpu_seconds: float = 0.0
    """Processor time of all trials."""
    metric: str = ""
    """The name of the metric of `scores`."""
    scores: tuple[float | None, ...] = ()
    """Validation scores of the trials, in their order, the first that of the default settings; None: it failed."""
    remark: str = ""
    """Why a row is missing, or why the budget was not used up; empty if there is nothing to say."""


def expected_best(scores: Sequence[float | None], lower_is_better: bool) -> Floats:
    """Return the expected best score (N,) of n = 1..N trials that are drawn from these N with replacement.

        E[best of n] = Σ_i s_(i) [(i / N)^n − ((i − 1) / N)^n],        s_(1) the worst, s_(N) the best score

    Dodge, Gururangan, Card, Schwartz & Smith 2019, "Show your work: improved reporting of experimental results",
    EMNLP, eqs. 7 and 8. A trial without a score counts as the worst one that has a score.

    The trials of a guided search are not independent: later ones know of earlier ones. What is drawn here are the
    trials that were made, so the curve describes them, and random search would climb more slowly.

    Raises:
        ValueError: no trial has a finite score.
    """
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if not known:
        raise ValueError("no trial has a score")
    worst = max(known) if lower_is_better else min(known)
    filled = np.array([score if score is not None and math.isfinite(score) else worst for score in scores])
    ordered = np.sort(filled)[:: -1 if lower_is_better else 1]
    n = np.arange(1, len(ordered) + 1)
    cumulative = (np.arange(len(ordered) + 1) / len(ordered))[None, :] ** n[:, None]
    found: Floats = np.diff(cumulative, axis=1) @ ordered
    return found
