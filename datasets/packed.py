"""Long columns of a table, as few long texts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import overload

ROWS = 1 << 12
"""Cells of a list that are read at once."""


class Packed(Sequence[str]):
    """The cells of a long column, as few long texts: about as many bytes as the column has in the file.

    They are to be read from front to back; a single cell takes about a millisecond.
    """

    def __init__(self) -> None:
        self._pieces: list[str | list[str]] = []
        self._ends = [0]

    def extend(self, cells: Iterable[str]) -> None:
        cells = list(cells)
        joined = "\0".join(cells)  # texts hold no NUL, but cells of JSON and Parquet may
        self._pieces.append(joined if joined.count("\0") == len(cells) - 1 else cells)
        self._ends.append(self._ends[-1] + len(cells))

    def pieces(self) -> Iterator[list[str]]:
        """Yield the cells in lists."""
        return (piece.split("\0") if isinstance(piece, str) else piece for piece in self._pieces)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.pieces())

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return list(islice(self, *index.indices(len(self)))) if isinstance(index, slice) else list(self)[index]


Column = list[str] | Packed


def pieces_of(column: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the cells of a column in pieces."""
    if isinstance(column, Packed):
        yield from column.pieces()
    else:
        yield from (column[start : start + ROWS] for start in range(0, len(column), ROWS))
