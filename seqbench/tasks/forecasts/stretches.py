"""Many series as stretches of one long array: a panel of 10⁵ short series is a few objects, not 10⁵."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from seqbench.interface import Floats, Ids

BLOCK = 1 << 18
"""About the largest number of values of series that are computed together, 2 MB; a single series may be longer."""


class Stretches(Sequence[Floats]):
    """N series (T_n,), views of one long array. A pickle of them holds no other values of that array."""

    def __init__(self, flat: Floats, starts: Ids, ends: Ids) -> None:
        """The series n is `flat[starts[n]:ends[n]]`; both are of shape (N,)."""
        self.flat, self.starts, self.ends = flat, starts, ends

    @classmethod
    def of(cls, series: Sequence[Floats]) -> "Stretches":
        """Return series as stretches; those that are not yet stretches are copied."""
        if isinstance(series, Stretches):
            return series
        ends = np.cumsum([len(values) for values in series], dtype=np.int64)
        flat = np.concatenate(series) if len(series) else np.empty(0)
        return cls(flat, np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)], ends)

    @property
    def lengths(self) -> Ids:
        """T (N,)."""
        return self.ends - self.starts

    def take(self, rows: Ids) -> "Stretches":
        """Return the series of these rows, in this order, as views."""
        return Stretches(self.flat, self.starts[rows], self.ends[rows])

    def cut(self, starts: Ids, ends: Ids) -> "Stretches":
        """Return the values from `starts` to before `ends`, both (N,), of each series, as views."""
        return Stretches(self.flat, self.starts + starts, np.minimum(self.starts + ends, self.ends))

    def copied(self) -> "Stretches":
        """Return a copy, whose array holds nothing else."""
        return Stretches.of(list(self))

    def blocks(self) -> Iterator[tuple[Ids, Floats]]:
        """Yield the rows (B,) of series of one length, and copies (B, T) of them; every series is in one block."""
        lengths = self.lengths
        order = np.argsort(lengths, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
            size = int(lengths[rows[0]]) if len(rows) else 1
            most = max(1, BLOCK // max(1, size))
            for start in range(0, len(rows), most):
                own = rows[start : start + most]
                yield own, self.flat[self.starts[own, None] + np.arange(size)]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> Floats: ...
    @overload
    def __getitem__(self, index: slice) -> "Stretches": ...
    def __getitem__(self, index: int | slice) -> "Floats | Stretches":
        if isinstance(index, slice):
            return Stretches(self.flat, self.starts[index], self.ends[index])
        return self.flat[self.starts[index] : self.ends[index]]

    def __iter__(self) -> Iterator[Floats]:
        flat = self.flat
        return (flat[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        whole = len(self.flat) == int(self.lengths.sum()) and (self.starts[1:] == self.ends[:-1]).all()
        own = self if whole else self.copied()
        return Stretches, (own.flat, own.starts, own.ends)
