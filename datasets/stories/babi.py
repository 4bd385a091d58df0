"""Three tasks of bAbI, the version with 1,000 questions per part (Weston et al. 2015)."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.splits import assign
from seqbench.datasets.stories.base import Stories, answer_data, spelled, tales_of
from seqbench.tasks.answers.data import AnswerData

VALID = 0.1
"""Share of the training tales that are the validation part, as Sukhbaatar et al. 2015 have it."""


class Babi(download.Downloaded, Stories):
    """Where somebody or something is, by one, two or three supporting facts; 200 tales per part, 5 questions each.

    The validation part is cut from the training part by a hash of the tales.
    """

    name: ClassVar[str] = "babi"

    facts: int = Field(1, ge=1, le=3, description="supporting facts: task 1, 2 or 3 of bAbI")

    def load(self) -> AnswerData:
        files, read = download.SOURCES[self.name].files, download.read(self.name)
        chosen = 2 * (self.facts - 1)
        train, test = (tales_of(Path(files[i].path), read[i]) for i in (chosen, chosen + 1))
        part = assign([spelled(tale) for tale in train], [""] * len(train), (1 - VALID, VALID))
        own, valid = ([train[i] for i in np.flatnonzero(part == number)] for number in (0, 1))
        return answer_data(self.name, [own, valid, test], {})
