"""Multi30k: captions of photographs in English, and their German translations (Elliott et al. 2016).

Test parts: Flickr 2016, and Flickr 2017 (Elliott et al. 2017, "Findings of the second shared task on multimodal machine
translation").
"""

import gzip
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.pairs.base import Lines, PairDataset, PairParts

LANGUAGES = ("de", "en")
YEARS = ("2016", "2017")


class Multi30k(download.Downloaded, PairDataset):
    """29,000 pairs for training, 1,014 for validation and 1,000 for the test, one sentence per line."""

    name: ClassVar[str] = "multi30k"

    direction: Literal["de-en", "en-de"] = Field(
        "de-en", description="the language of the sources, then of the targets"
    )
    test: Literal[2016, 2017] = Field(2016, description="year of the test part")

    def title(self) -> str:
        return self.name

    def directed(self) -> str:
        return self.direction.replace("-", " to ")

    def parts(self) -> PairParts:
        files = [gzip.decompress(data).decode().removesuffix("\n").split("\n") for data in download.read(self.name)]
        of_train, of_valid, *tests = (
            dict(zip(LANGUAGES, files[i : i + 2], strict=True)) for i in range(0, len(files), 2)
        )
        chosen = {"train": of_train, "valid": of_valid, "test": tests[YEARS.index(str(self.test))]}
        source, target = self.direction.split("-")
        train, valid, test = (Lines(both[source], both[target], partial(_place, part)) for part, both in chosen.items())
        return PairParts(train, valid, test)


def _place(part: str, row: int) -> str:
    return f"multi30k, {part}, line {row + 1}"
