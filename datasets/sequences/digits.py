"""Handwritten digits as sequences: scikit-learn's 1,797 pictures of 8 × 8 pixels, pixel by pixel or row by row.

As in Le, Jaitly & Hinton 2015, section 4.2, for MNIST: in the order of reading, or under one fixed permutation.
"""

import hashlib
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from seqbench.data import Dataset
from seqbench.interface import Floats, Ids
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.sequences.data import SequenceData
from seqbench.tasks.sequences.model import LabelledSequences

SIDE, LEVELS = 8, 17
"""Pixels per side, and grey levels, 0..16."""
HELD = 360
"""Pictures of the validation part, and of the test part: a fifth of all each."""
CITATION = (
    "Alpaydin & Kaynak 1998, Optical recognition of handwritten digits, UCI; the test part, as scikit-learn has it"
)
LICENCE = "CC BY 4.0"
PERMUTATION = 0
"""Seed of the permutation."""


class DigitPictures:
    """All pictures and their split: random with a fixed seed, stratified by digit. The writers are not known."""

    def __init__(self, seed: int) -> None:
        pictures = load_digits()
        self.pixels: Ids = pictures.data.astype(np.int64)
        """(N, 64), row by row from the top, 0..16."""
        self.labels: Ids = pictures.target.astype(np.int64)
        rows = np.arange(len(self.labels))
        rest, self.test = train_test_split(rows, test_size=HELD, random_state=seed, stratify=self.labels)
        self.train, self.valid = train_test_split(rest, test_size=HELD, random_state=seed, stratify=self.labels[rest])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.pixels.tobytes() + self.labels.tobytes()).hexdigest()


class Digits(Dataset[SequenceData[LabelledSequences]]):
    """Which digit it is; pixels are in 0..1. Chance is an accuracy of about 1/10."""

    task: ClassVar[str] = "recognise"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION

    order: Literal["pixels", "permuted", "rows"] = Field(
        "pixels",
        description="pixels: 64 steps of one pixel, row by row; permuted: the same under one fixed permutation; rows: "
        "8 steps of 8 pixels",
    )
    seed: int = Field(0, ge=0, description="seed of the split")

    def fingerprint(self) -> str:
        return DigitPictures(self.seed).sha256

    def load(self) -> SequenceData[LabelledSequences]:
        found = DigitPictures(self.seed)
        pixels: Floats = found.pixels / (LEVELS - 1)
        if self.order == "permuted":
            pixels = pixels[:, np.random.Generator(np.random.PCG64(PERMUTATION)).permutation(SIDE * SIDE)]
        width = SIDE if self.order == "rows" else 1
        sequences = pixels.reshape(len(pixels), -1, width)
        train, valid, test = (
            LabelledSequences(list(sequences[rows]), found.labels[rows])
            for rows in (found.train, found.valid, found.test)
        )
        return SequenceData(
            name="digits",
            columns=tuple(f"pixel {i + 1}" for i in range(width)),
            names=tuple("0123456789"),
            train=train,
            valid=valid,
            test=test,
            convention=f"{sequences.shape[1]} steps of {width} pixel{'s' if width > 1 else ''}",
            notes={"licence": LICENCE},
        )


class DigitsPixels(Dataset[TextData]):
    """The next pixel, as a language: a document is a picture of 64 symbols, one of 17 grey levels each.

    Bits per symbol are bits per pixel. Without any knowledge a pixel takes log₂ 17 = 4.09 bits.
    """

    task: ClassVar[str] = "lm"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION

    seed: int = Field(0, ge=0, description="seed of the split")

    def fingerprint(self) -> str:
        return DigitPictures(self.seed).sha256

    def load(self) -> TextData:
        found = DigitPictures(self.seed)
        train, valid, test = (
            TextSplit(list(found.pixels[rows]), list(np.ones_like(found.pixels[rows])))
            for rows in (found.train, found.valid, found.test)
        )
        return TextData(
            name="digits-pixels",
            vocab=Vocab(tuple("0123456789abcdefg")),
            train=train,
            valid=valid,
            test=test,
            convention="sentence",
            unit="symbol",
            notes={"licence": LICENCE},
        )
