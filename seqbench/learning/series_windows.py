"""Windows of series: the last L values at an origin, scaled by themselves, and the H values that came after.

One global model over all series learns from windows, which are told apart by their form alone: each is scaled by its
own level and width, and its target with it (Montero-Manso & Hyndman 2021, "Principles and algorithms for forecasting
groups of time series"; per-window scaling as in Smyl 2020, "A hybrid method of exponential smoothing and recurrent
neural networks for time series forecasting").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Ids
from seqbench.tasks.forecasts.model import Panel

ErrorUnit = Literal["season", "width", "value"]
"""What errors count in: the mean change over a season, as MASE has it; the window's width; a unit of the values, or of
their logarithms."""
KNEE = 0.05
"""Share of a window's mean size below which its logarithm turns into a straight line through 0."""
BEYOND = 5.0
"""How far, in logarithms, a forecast may pass the largest value of its window: e⁵ is 148 times."""
FAR = 20.0
"""Widths at which a target is cut off: what jumped out of all proportion teaches no more than that."""
VALIDATING = 32
"""Windows to validate on, of all series together, for which the last tenth of a long series is looked through."""
STEADY = 0.02
"""Widths that the errors of the last season count for at least, when errors are measured by them."""


@dataclass(frozen=True)
class WindowScale:
    """The level and width of windows, in logarithms where `unit` is set.

        u = asinh(x / unit) (else x),      z = (u − level) / width

    `unit` is `KNEE` times the mean size of the window: asinh is a logarithm far above it, and has a value for zeros and
    negative numbers too (Burbidge, Magee & Robb 1988). A window that never moves has width 0, its forecasts are its
    level.
    """

    level: Tensor
    """(B, 1) mean of the last season."""
    width: Tensor
    """(B, 1) mean distance from the window's mean."""
    roughness: Tensor
    """(B, 1) mean |z_t − z_{t−m}| within the window, `STEADY` at least: MASE's scale, in widths."""
    unit: Tensor | None
    """(B, 1)"""
    bound: Tensor
    """(B, 1) largest |u|"""

    @classmethod
    def of(cls, x: Tensor, season: int, logarithm: bool) -> "WindowScale":
        """x: (B, L) in float64; a season that is not shorter than the window counts as 1 step."""
        season = season if season < x.shape[1] else 1
        unit = KNEE * x.abs().mean(1, keepdim=True) if logarithm else None
        u = x if unit is None else torch.asinh(x / torch.where(unit > 0, unit, 1))
        width = (u - u.mean(1, keepdim=True)).abs().mean(1, keepdim=True)
        bound = u.abs().amax(1, keepdim=True)
        width = torch.where(width > 1e-12 * bound, width, 0)
        moves = (u[:, season:] - u[:, :-season]).abs() if x.shape[1] > 1 else torch.zeros_like(u)
        roughness = moves.mean(1, keepdim=True) / torch.where(width > 0, width, 1)
        return cls(u[:, -season:].mean(1, keepdim=True), width, roughness.clamp(min=STEADY), unit, bound)

    def apply(self, x: Tensor) -> Tensor:
        """(B, T) values → z; 0 of a window that never moves."""
        u = x if self.unit is None else torch.asinh(x / torch.where(self.unit > 0, self.unit, 1))
        return torch.where(self.width > 0, (u - self.level) / torch.where(self.width > 0, self.width, 1), 0)

    def undo(self, z: Tensor) -> Tensor:
        """(B, T) z → values."""
        u = self.level + self.width * z
        if self.unit is None:
            return u
        limit = self.bound + BEYOND
        return self.unit * torch.sinh(torch.maximum(torch.minimum(u, limit), -limit))


class SeriesWindows:
    """Windows of a panel, each at an origin with H values after it.

    A window that reaches back before the start of its series is led by the first value.
    """

    def __init__(self, panel: Panel, firsts: Ids, window: int, horizon: int, stride: int = 1) -> None:
        """firsts: (N,) the first origin of each series, 1 or more: values known there; the last is T − H, and the
        others lie `stride` steps before it."""
        ends = [len(v) - horizon for v in panel.values]
        starts = np.cumsum([0, *(len(v) for v in panel.values)])[:-1]
        origins = [np.arange(end, first - 1, -stride)[::-1] for first, end in zip(firsts, ends, strict=True)]
        self.window, self.horizon, self.season = window, horizon, panel.season
        self._values = torch.from_numpy(np.concatenate([*panel.values, np.zeros(0)]))
        self._origins = torch.from_numpy(
            np.concatenate([np.zeros(0, np.int64), *(s + o for s, o in zip(starts, origins, strict=True))])
        )
        self._starts = torch.from_numpy(np.repeat(starts, [len(o) for o in origins]))

    def __len__(self) -> int:
        return len(self._origins)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Windows (B, L) and what came after (B, H), float64."""
        origins = self._origins[rows, None]
        back = torch.maximum(origins + torch.arange(-self.window, 0), self._starts[rows, None])
        return self._values[back], self._values[origins + torch.arange(self.horizon)]

    def scaled(self, rows: Tensor, logarithm: bool, errors: ErrorUnit) -> tuple[Tensor, Tensor, Tensor]:
        """Windows (B, L) and targets (B, H) as `WindowScale` has them, targets cut off at `FAR`, and the unit (B, 1)
        that errors are measured in, in widths; windows that never moved are left out."""
        x, y = self.take(rows)
        scale = WindowScale.of(x, self.season, logarithm)
        moved = scale.width[:, 0] > 0
        z, target = scale.apply(x), scale.apply(y).clamp(-FAR, FAR)
        width = scale.width[moved]
        units = {"season": scale.roughness[moved], "width": torch.ones_like(width), "value": 1 / width}
        return z[moved], target[moved], units[errors]

    def pieces(self, size: int) -> Iterator[Tensor]:
        """The rows of all windows in order, `size` at a time."""
        yield from torch.split(torch.arange(len(self)), size)


def fitting_window(window: int, lengths: Sequence[int], horizon: int) -> int:
    """`window`, or as much of it as leaves a third of the longest series' origins to learn from, 1 at least."""
    return max(1, min(window, 2 * (max(lengths, default=0) - horizon) // 3))


def training_windows(panel: Panel, window: int, horizon: int) -> SeriesWindows:
    """Every origin that has a whole window before it and H values after; a shorter series gives its last one alone.

    A series of H values or fewer is left out.

    Raises:
        ValueError: no series is longer than the horizon.
    """
    long = [n for n, v in enumerate(panel.values) if len(v) > horizon]
    if not long:
        raise ValueError(f"no series is longer than the horizon of {horizon} steps: give a shorter horizon")
    kept = Panel([panel.values[n] for n in long], [panel.names[n] for n in long], panel.season)
    firsts = np.array([min(window, len(v) - horizon) for v in kept.values])
    return SeriesWindows(kept, firsts, window, horizon)


def held_out(train: Panel, valid: Panel, window: int, horizon: int) -> tuple[Panel, SeriesWindows | None]:
    """What is left to learn from, and windows to validate on, whose targets are no part of it.

    Where `valid` goes on after the training series of the same name (or has a series of its own), its windows there
    validate, a quarter of a horizon apart. Otherwise it is the last H values of each training series of more than 2 H,
    and as much of its last tenth as makes `VALIDATING` windows of all of them, a quarter of a horizon apart too; None
    where there is none such.
    """
    known = {name: len(v) for name, v in zip(train.names, train.values, strict=True)}
    firsts = np.array([max(1, known.get(name, 0)) for name in valid.names], np.int64)
    stride = max(1, horizon // 4)
    later = SeriesWindows(valid, firsts, window, horizon, stride)
    if len(later):
        return train, later
    lengths = np.array([len(v) for v in train.values], np.int64)
    long = lengths > 2 * horizon
    if not long.any():
        return train, None
    earlier = np.clip((lengths // 10 - horizon) // stride, 0, -(-VALIDATING // np.count_nonzero(long)) - 1)
    ends = np.where(long, lengths - horizon - stride * earlier, lengths)
    return train.until(ends), SeriesWindows(train, ends, window, horizon, stride)
