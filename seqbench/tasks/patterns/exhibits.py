"""What a reader looks at of a memory: patterns that are stored, damaged and restored, and what probes became."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqbench.evidence.exhibits import Bars, Exhibit, Images
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Record
from seqbench.interface import Floats
from seqbench.tasks.base import Scored
from seqbench.tasks.items import evenly
from seqbench.tasks.patterns.data import PatternData
from seqbench.tasks.patterns.metrics import OUTCOMES
from seqbench.tasks.patterns.model import Memory, Signs

SHOWN, UNITS = 8, 4_096
"""The most probes that the record shows, and the most units of all of them; at least one probe is shown."""
SIGNS = "-0+"
"""How −1, 0 (erased) and +1 are written."""

Fit = Scored[PatternData, Memory]


def restored(fit: Fit) -> dict[str, Any]:
    """Return probes from all over the test part.

    Returns:
        `shape` (height, width) of a pattern; `stored`, `damaged` and `restored`, each a text of `SIGNS` per probe;
        `became`, what each probe became.
    """
    part, units = fit.data.test, fit.data.test.whole.shape[1]
    count = max(1, min(SHOWN, UNITS // units))
    rows = evenly(len(part), count)
    states = fit.witness.said[rows, :units].astype(np.int8)
    return {
        "shape": list(fit.data.shape or nearly_square(units)),
        "stored": _written(part.whole[rows]),
        "damaged": _written(part.damaged[rows]),
        "restored": _written(states),
        "became": [OUTCOMES[i] for i in fit.columns["outcome"][rows]],
    }


def pattern_exhibits(record: Record) -> list[Exhibit]:
    """Return what a page shows of one fit: `restored`."""
    shown = record.detail.get("restored")
    if shown is None:
        return []
    rows = {name: [_read(text, shown["shape"]) for text in shown[name]] for name in ("stored", "damaged", "restored")}
    return [Images("Patterns before and after", rows, shown["became"])]


def outcomes(fits: Mapping[str, tuple[Record, Columns | None]]) -> list[Exhibit]:
    """Return what probes became, in per cent, by model."""
    known = {label: record.detail["outcomes"] for label, (record, _) in fits.items() if "outcomes" in record.detail}
    values = {label: [100 * shares.get(name, 0.0) for name in OUTCOMES] for label, shares in known.items()}
    return [Bars("What damaged patterns became", "probes, %", OUTCOMES, values)] if values else []


def nearly_square(units: int) -> tuple[int, int]:
    """Return the height and width of so many units that are nearest to each other, the width not the smaller one."""
    height = max(side for side in range(1, int(np.sqrt(units)) + 1) if units % side == 0)
    return height, units // height


def _written(patterns: Signs) -> list[str]:
    return ["".join(SIGNS[int(unit) + 1] for unit in pattern) for pattern in patterns]


def _read(text: str, shape: tuple[int, int]) -> Floats:
    return np.array([SIGNS.index(sign) - 1.0 for sign in text]).reshape(shape)
