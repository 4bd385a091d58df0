"""Text and its split, for language modelling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from seqbench.interface import Documents, Ids
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.parts import stretch

Convention = Literal["sentence", "stream"]
Unit = Literal["word", "character", "symbol"]


@dataclass(frozen=True)
class TextSplit:
    documents: Documents
    """Ids, each (T_i,)."""
    characters: Sequence[Ids]
    """Number of characters that each id stands for, including the separator, each (T_i,); for bits per character."""

    @property
    def tokens(self) -> int:
        return sum(len(d) for d in self.documents)

    def stretch(self, share: float, seed: int, whole: bool) -> "TextSplit":
        """Return a share of the symbols, from a random place on; after the last document comes the first.

        Args:
            whole: whether documents are kept whole; else the first and the last one are cut to the share.
        """
        lengths = np.array([len(d) for d in self.documents])
        if whole:
            rows = stretch(lengths, share, seed).tolist()
            return TextSplit([self.documents[i] for i in rows], [self.characters[i] for i in rows])
        borders = np.cumsum(lengths)
        start = int(np.random.default_rng(seed).integers(borders[-1]))
        left = max(1, round(share * int(borders[-1])))
        pieces = []
        i = int(np.searchsorted(borders, start, side="right"))
        begin = start - int(borders[i] - lengths[i])
        while left > 0:
            end = min(int(lengths[i]), begin + left)
            pieces.append((i, slice(begin, end)))
            left -= end - begin
            i, begin = (i + 1) % len(lengths), 0
        return TextSplit([self.documents[i][cut] for i, cut in pieces], [self.characters[i][cut] for i, cut in pieces])


@dataclass(frozen=True)
class TextData:
    """Text for language modelling.

    In the `sentence` convention each line is a document and is scored without a state from earlier lines; blank lines
    are dropped. In the `stream` convention a split is one document, and every line end is kept. In both conventions, if
    the text has lines, `<eos>` ends each line and is scored.
    """

    name: str
    vocab: Vocab
    train: TextSplit
    valid: TextSplit
    test: TextSplit
    convention: Convention
    unit: Unit
    truth: LanguageModel[object] | None = None
    """The true model of a synthetic source, ready to predict."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""

    @property
    def ends(self) -> int | None:
        """The symbol that ends a document, after which nothing before it is known; None: documents have no end."""
        return self.vocab.eos if self.convention == "sentence" else None
