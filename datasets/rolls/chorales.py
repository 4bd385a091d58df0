"""Chorales by J. S. Bach in quarter notes, with the split of Allan & Williams 2005."""

import json
from typing import ClassVar

from seqbench.data import Dataset
from seqbench.datasets import download
from seqbench.datasets.rolls.formats import LOWEST, PARTS, Frames, roll_of
from seqbench.tasks.frames.data import FrameData


class JSBChorales(download.Downloaded, Dataset[FrameData]):
    """229 / 76 / 77 pieces. A key that lasts several frames sounds in each; a few frames are silent."""

    task: ClassVar[str] = "frames"
    name: ClassVar[str] = "jsb-chorales"

    def load(self) -> FrameData:
        (data,) = download.read(self.source)
        pieces: dict[str, list[Frames]] = json.loads(data)
        train, valid, test = ([roll_of(piece, self.name) for piece in pieces[part]] for part in PARTS)
        return FrameData(
            name=self.name, train=train, valid=valid, test=test, lowest=LOWEST, convention="quarter notes, 88 keys"
        )
