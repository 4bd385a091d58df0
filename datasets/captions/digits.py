"""Captions of handwritten digits: their names, or what they look like. Pictures and split are those of `digits`."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.sequences.digits import CITATION, LEVELS, LICENCE, SIDE, DigitPictures
from seqbench.interface import Floats
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Pairs

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
INKS = ("thin", "plain", "bold")
SLANTS = ("leaning left", "standing upright", "leaning right")
UPRIGHT = 5.0
"""A digit that leans at most so many degrees to either side stands upright."""


class DigitCaptions(Dataset[TranslationData]):
    """A source is a picture of 8 × 8 pixels in 0..1, row by row from the top, (64,)."""

    task: ClassVar[str] = "translate"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION
    name: ClassVar[str]

    seed: int = Field(0, ge=0, description="seed of the split")

    @abstractmethod
    def captions(self, found: DigitPictures) -> tuple[Sequence[list[str]], dict[str, float | str]]:
        """Return the words of each caption, and what was measured for them."""

    def fingerprint(self) -> str:
        return DigitPictures(self.seed).sha256

    def load(self) -> TranslationData:
        found = DigitPictures(self.seed)
        captions, notes = self.captions(found)
        pairs = Pairs(list(found.pixels / (LEVELS - 1)), captions)
        train, valid, test = (pairs.take(rows) for rows in (found.train, found.valid, found.test))
        words = sorted({word for caption in train.targets for word in caption})
        return TranslationData(
            name=self.name,
            source_vocab=None,
            target_vocab=Vocab((UNK, EOS, *words)),
            train=train,
            valid=valid,
            test=test,
            convention="words, from 64 pixels",
            ranked_by="exact_match",
            notes={"licence": LICENCE, **notes},
        )


class DigitNames(DigitCaptions):
    """The name of the digit, one word: a classification, as a translation."""

    name: ClassVar[str] = "digit-names"

    def captions(self, found: DigitPictures) -> tuple[Sequence[list[str]], dict[str, float | str]]:
        return [[NAMES[digit]] for digit in found.labels], {}


class DigitDescriptions(DigitCaptions):
    """Ink, name and slant: `a bold three leaning left`.

    Both attributes follow from the picture by a rule, so that who recognises all digits can be right everywhere: `ink`,
    by the terciles of the training part, and `slant`. They do not depend on the digit that was meant; a six that is
    drawn upright leans left by the rule, as most of its ink is there at the bottom.
    """

    name: ClassVar[str] = "digit-descriptions"

    def captions(self, found: DigitPictures) -> tuple[Sequence[list[str]], dict[str, float | str]]:
        pixels = found.pixels / (LEVELS - 1)
        amount = pixels.sum(axis=1)
        thin, plain = np.quantile(amount[found.train], [1 / 3, 2 / 3])
        inks, slants = np.searchsorted([thin, plain], amount), np.searchsorted([-UPRIGHT, UPRIGHT], slant(pixels))
        captions = [
            f"a {INKS[ink]} {NAMES[digit]} {SLANTS[lean]}".split()
            for ink, digit, lean in zip(inks, found.labels, slants, strict=True)
        ]
        return captions, {"most_ink_of_thin": float(thin), "most_ink_of_plain": float(plain)}


def slant(pixels: Floats) -> Floats:
    r"""Return the angles (N,) by which digits (N, 64) lean to the right, in degrees; negative: to the left.

        tan = −μ_11 / μ_02,     μ_pq = Σ ink(x, y) (x − x̄)^p (y − ȳ)^q

    x grows to the right, y downwards. μ_11 / μ_02 is the slope of the line x(y) through the ink by least squares: how
    far it moves to the right from one row to the next below (moments: Hu 1962, "Visual pattern recognition by moment
    invariants").
    """
    ink = pixels / pixels.sum(axis=1, keepdims=True)
    y, x = (axis.ravel() for axis in np.mgrid[:SIDE, :SIDE])
    dx, dy = x - ink @ x[:, None], y - ink @ y[:, None]
    angles: Floats = np.degrees(np.arctan2(-(ink * dx * dy).sum(axis=1), (ink * dy**2).sum(axis=1)))
    return angles
