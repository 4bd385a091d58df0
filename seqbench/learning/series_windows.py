"""Windows of series: the last L values before an origin, scaled by their own statistics, and the next H values.

One global model is fitted to all series. Each window and its target are scaled by the level and width of the window,
so that windows differ only in shape (Montero-Manso & Hyndman 2021, "Principles and algorithms for forecasting
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
"""The unit of errors.

season: the mean change over a season, as in MASE. width: the window's width. value: the unit of the values, or of their
logarithms.
"""
KNEE = 0.05
"""Below this share of the window's mean absolute value, the logarithm becomes a straight line through 0."""
BEYOND = 5.0
"""How far, in logarithms, a forecast may exceed the largest absolute value of its window: by a factor of e⁵ = 148."""
FAR = 20.0
"""Targets are clipped at this many widths, so that a single huge jump does not dominate training."""
VALIDATING = 32
"""Number of validation windows, over all series, that are taken from the last tenth of long series."""
STEADY = 0.02
"""Lower bound, in widths, of the seasonal change by which errors are divided."""


@dataclass(frozen=True)
class WindowScale:
    """The level and width of windows, in logarithms if `unit` is not None.

        u = asinh(x / unit), or x if `unit` is None,      z = (u − level) / width

    `unit` is `KNEE` times the mean absolute value of the window. For values far above `unit`, asinh acts as a
    logarithm; it is also defined for zero and negative values (Burbidge, Magee & Robb 1988). A constant window has
    width 0; its forecasts equal its level.
    """

    level: Tensor
    """(B, 1) mean of u over the last season."""
    width: Tensor
    """(B, 1) mean absolute deviation of u from the window's mean."""
    roughness: Tensor
    """(B, 1) mean |z_t − z_{t−m}| within the window, at least `STEADY`: the scale of MASE, in widths."""
    unit: Tensor | None
    """(B, 1) divisor of x inside asinh; None: no logarithms."""
    bound: Tensor
    """(B, 1) largest |u| of the window."""

    @classmethod
    def of(cls, x: Tensor, season: int, logarithm: bool) -> "WindowScale":
        """Compute the scale of windows x (B, L) in float64; a season of at least L steps counts as 1 step."""
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
        """Scale values (B, T) to z; z is 0 for a constant window."""
        u = x if self.unit is None else torch.asinh(x / torch.where(self.unit > 0, self.unit, 1))
        return torch.where(self.width > 0, (u - self.level) / torch.where(self.width > 0, self.width, 1), 0)

    def undo(self, z: Tensor) -> Tensor:
        """Return the values (B, T) of scaled values z (B, T)."""
        u = self.level + self.width * z
        if self.unit is None:
            return u
        limit = self.bound + BEYOND
        return self.unit * torch.sinh(torch.maximum(torch.minimum(u, limit), -limit))


class SeriesWindows:
    """Windows of a panel, each at an origin with H values after it.

    A window that begins before the start of its series is padded with the first value of the series.
    """

    def __init__(self, panel: Panel, firsts: Ids, window: int, horizon: int, stride: int = 1) -> None:
        """firsts: (N,) the first origin of each series, at least 1; an origin is the number of values before it.

        The last origin of a series of T values is T − H; the others precede it at intervals of `stride` steps.
        """
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
        """Return windows (B, L) and their next values (B, H), in float64."""
        origins = self._origins[rows, None]
        back = torch.maximum(origins + torch.arange(-self.window, 0), self._starts[rows, None])
        return self._values[back], self._values[origins + torch.arange(self.horizon)]

    def scaled(self, rows: Tensor, logarithm: bool, errors: ErrorUnit) -> tuple[Tensor, Tensor, Tensor]:
        """Return scaled windows (B, L), scaled targets (B, H) and the unit of errors (B, 1), in widths.

        `WindowScale` does the scaling; targets are clipped at `FAR`. Constant windows are left out.
        """
        x, y = self.take(rows)
        scale = WindowScale.of(x, self.season, logarithm)
        moved = scale.width[:, 0] > 0
        z, target = scale.apply(x), scale.apply(y).clamp(-FAR, FAR)
        width = scale.width[moved]
        units = {"season": scale.roughness[moved], "width": torch.ones_like(width), "value": 1 / width}
        return z[moved], target[moved], units[errors]

    def pieces(self, size: int) -> Iterator[Tensor]:
        """Yield the rows of all windows in order, `size` at a time."""
        yield from torch.split(torch.arange(len(self)), size)


def fitting_window(window: int, lengths: Sequence[int], horizon: int) -> int:
    """Return `window`, reduced if needed to leave a third of the longest series' origins for training; at least 1."""
    return max(1, min(window, 2 * (max(lengths, default=0) - horizon) // 3))


def training_windows(panel: Panel, window: int, horizon: int) -> SeriesWindows:
    """Return the windows at all origins that have a whole window before them and H values after them.

    A series that is too short for this has a window at its last origin only; series of at most H values are left out.

    Raises:
        ValueError: no series is longer than the horizon.
    """
    long = [n for n, v in enumerate(panel.values) if len(v) > horizon]
    if not long:
        raise ValueError(f"no series is longer than the horizon of {horizon} steps: use a shorter horizon")
    kept = Panel([panel.values[n] for n in long], [panel.names[n] for n in long], panel.season)
    firsts = np.array([min(window, len(v) - horizon) for v in kept.values])
    return SeriesWindows(kept, firsts, window, horizon)


def held_out(train: Panel, valid: Panel, window: int, horizon: int) -> tuple[Panel, SeriesWindows | None]:
    """Return the panel to train on, and validation windows whose targets are not part of that panel.

    If `valid` continues training series of the same names, or has other series, the windows have their targets in these
    values, a quarter of a horizon apart. Otherwise each training series of more than 2 H values gives its last H
    values, and as much of its last tenth as is needed for `VALIDATING` windows in total, also a quarter of a horizon
    apart. If there are no such series, the windows are None.
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
