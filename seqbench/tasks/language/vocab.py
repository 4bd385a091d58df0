"""The vocabulary: symbols and their ids. The harness creates it and passes it to models."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

UNK = "<unk>"
EOS = "<eos>"


@dataclass(frozen=True)
class Vocab:
    """Symbols in the order of their ids 0..V-1.

    `<unk>` stands for every symbol that is not in the vocabulary; `<eos>` ends a line. Both are ordinary symbols, which
    are predicted and scored like all others. A vocabulary may have neither of them (characters without unknown ones,
    the symbols of a synthetic source).
    """

    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a vocabulary must list each symbol only once")

    @property
    def size(self) -> int:
        return len(self.symbols)

    @cached_property
    def index(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @property
    def unk(self) -> int | None:
        return self.index.get(UNK)

    @property
    def eos(self) -> int | None:
        return self.index.get(EOS)

    @property
    def line_ends(self) -> list[int]:
        """The ids of the symbols that end a line."""
        return [self.index[end] for end in (EOS, "\n") if end in self.index]

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256("\0".join(self.symbols).encode()).hexdigest()

    def encode(self, symbols: Iterable[str]) -> NDArray[np.int64]:
        """Return the ids (T,) of symbols; symbols that are not in the vocabulary become `<unk>`.

        Raises:
            ValueError: a symbol is not in the vocabulary, which has no `<unk>`.
        """
        index, unk = self.index, self.unk
        if unk is not None:
            return np.fromiter((index.get(s, unk) for s in symbols), dtype=np.int64)
        try:
            return np.fromiter((index[s] for s in symbols), dtype=np.int64)
        except KeyError as missing:
            raise ValueError(f"the symbol {missing} is not in the vocabulary, which has no {UNK}") from None

    def decode(self, ids: Sequence[int] | NDArray[np.int64]) -> list[str]:
        return [self.symbols[i] for i in ids]
