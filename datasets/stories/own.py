"""Users' own stories with questions, in the format of bAbI."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, shown
from seqbench.datasets.files import UTF_8, encoding_note, encoding_of, first_lines, read_distinct
from seqbench.datasets.splits import assign
from seqbench.datasets.stories.babi_format import Tale
from seqbench.datasets.stories.base import NUMBER, Stories, answer_data, spelled, tales_of
from seqbench.tasks.answers.data import AnswerData

QUESTION = re.compile(r"\?\s*\t")
CUT = 0.1
"""Share of the tales for each part that is cut from the training part."""
OFTEN = 0.1
"""If more than this share of the test tales stand in training too, the table warns."""


class StoryFile(Stories):
    """Numbered sentences, and questions with a tab and the answer after them; a tale begins with the number 1.

    A missing validation or test part is cut from the training part, 10 % each, by a hash of the tales, so that the
    split depends on neither their order nor a seed, and equal tales are in one part.
    """

    path: Path = Field(description="the tales; the training part if `test` is given")
    valid: Path | None = Field(None, description="tales of the validation part")
    test: Path | None = Field(None, validate_default=True, description="tales of the test part")
    encoding: str = Field(
        UTF_8, description="encoding of files without a byte-order mark, such as cp1252; a mark tells its own"
    )

    @field_validator("test")
    @classmethod
    def _not_valid_alone(cls, test: Path | None, info: ValidationInfo) -> Path | None:
        if test is None and info.data.get("valid") is not None:
            raise ValueError("give test too, or leave out valid; the parts that are missing are cut from the tales")
        return test

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        lines = first_lines(path)
        asked = any(QUESTION.search(line) for line in lines)
        return 2 * int(bool(lines) and asked and all(NUMBER.match(line) for line in lines if line.strip()))

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path", "valid", "test"}) | {
            "parts": [part for part in ("valid", "test") if getattr(self, part) is not None]
        }

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for data in self._bytes()).encode()).hexdigest()

    def load(self) -> AnswerData:
        read = self._bytes()
        found = [tales_of(path, data, self.encoding) for path, data in zip(self._paths(), read, strict=True)]
        data = answer_data(
            self.path.name,
            self._parts(found),
            encoding_note(encoding_of(data, self.encoding) for data in read),
            reading={"encoding": self.encoding},
        )
        if len(data.answers) == 1:
            raise DataError(f"{self.path}: all answers are {shown(data.answers[0])}, so there is nothing to learn")
        if warnings := list(_warnings(data)):
            data.notes["warnings"] = warnings
        return data

    def _parts(self, found: Sequence[list[Tale]]) -> list[list[Tale]]:
        """Return the tales of train, valid and test."""
        missing = 3 - len(found)
        whole = found[0]
        texts = [spelled(tale) for tale in whole]
        if (distinct := len({text.lower() for text in texts})) < 1 + missing:
            raise DataError(
                f"{self.path} holds {distinct} different tale{'s' if distinct > 1 else ''}, fewer than the "
                f"{1 + missing} parts of the split; begin each tale with the number 1, or give more of them"
            )
        part = assign(texts, [""] * len(whole), [1 - CUT * missing, *[CUT] * missing])
        cut = [[whole[i] for i in np.flatnonzero(part == number)] for number in range(1 + missing)]
        return [*cut, *found[1:]]

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]

    def _bytes(self) -> list[bytes]:
        return read_distinct(
            self._paths(), "hold the same tales; give different files, since a model must not be tested on what it read"
        )


def _warnings(data: AnswerData) -> Iterator[str]:
    learned = set(data.train.answers.tolist())
    if strange := [answer for i, answer in enumerate(data.answers) if i not in learned]:
        named = ", ".join(map(shown, strange))
        yield f"no training question has the answer {named}, so no model can learn to give it"
    seen, count = data.notes["tales_in_training_test"], data.notes["tales_test"]
    if seen > OFTEN * count:
        yield f"{seen:,} of {count:,} test tales stand in training too, so the scores are too high"
