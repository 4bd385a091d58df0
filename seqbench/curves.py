"""Curves of quality against training size: how much data does a model need, and where does the order of models turn?"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from seqbench import api
from seqbench.api import Asked
from seqbench.evidence.records import Record
from seqbench.reports.size_picture import draw as draw_curves
from seqbench.reports.sizes import SizeCurve
from seqbench.reports.sizes import curves as curves_of

SIZES, SEEDS = 6, 3
MOST_SIZES = 20


def ask(
    suite: str = "lm", *, sizes: str | int | Sequence[float] = SIZES, seeds: int | None = None, **request: Any
) -> Asked:
    """Resolve the cells of curves without starting them.

    Args:
        suite: as for `seqbench.api.ask`.
        sizes: their number, each half of the next: 1, 1/2, 1/4, …; or shares of the training part, as numbers or as
            text such as `1, 1/3, 0.1`.
        seeds: number of fits per model and size; None: 3.
        request: further arguments of `seqbench.api.ask`.

    Raises:
        ValueError: sizes or another argument are wrong.
    """
    return api.ask(suite, shares=shares(sizes), seeds=SEEDS if seeds is None else seeds, **request)


def shares(sizes: str | int | Sequence[float]) -> tuple[float, ...]:
    """Return shares of the training part, ascending; the argument is that of `ask`.

    Raises:
        ValueError: there are fewer than two or more than 20 sizes, two are equal, or one is not in (0, 1].
    """
    if isinstance(sizes, str):
        parts = [part.strip() for part in sizes.split(",") if part.strip()]
        sizes = int(parts[0]) if len(parts) == 1 and parts[0].isdecimal() else [_share(part) for part in parts]
    if isinstance(sizes, int):
        _check_number(sizes)
        return tuple(2.0**-k for k in reversed(range(sizes)))
    _check_number(len(set(sizes)))
    if len(set(sizes)) < len(sizes):
        raise ValueError("two sizes are equal: name each share once")
    if wrong := [share for share in sizes if not 0 < share <= 1]:
        raise ValueError(f"a size is a share of the training part, above 0 and at most 1, not {wrong[0]:g}")
    return tuple(sorted(sizes))


def _check_number(number: int) -> None:
    if not 2 <= number <= MOST_SIZES:
        raise ValueError(
            f"a curve has 2 to {MOST_SIZES} sizes, not {number}; name a number, or shares such as 1,1/3,0.1"
        )


def _share(text: str) -> float:
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"sizes are a number such as 6, or shares such as 1,1/3,0.1 of the training part, not {text!r}"
        ) from None


def curves(asked: Asked) -> list[SizeCurve]:
    """Return the curves of the cells that are done, one per data set."""
    records = [record for cell in asked.cells if isinstance(record := asked.store.find(cell.identity), Record)]
    found = []
    for name in dict.fromkeys(record.identity.task for record in records):
        runs = [(record, asked.store.columns(record)) for record in records if record.identity.task == name]
        found += curves_of(runs, margin=asked.suite.margin(name), command=asked.command)
    return found


def draw(found: Sequence[SizeCurve], output: str | Path) -> None:
    """Draw curves.

    Args:
        output: the file; its suffix gives the format: .png, .svg, .pdf.

    Raises:
        ValueError: there is nothing to draw, or the format is unknown.
    """
    draw_curves(found, Path(output))
