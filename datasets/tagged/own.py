"""Users' own tagged sentences."""

import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset, shown
from seqbench.datasets.files import UTF_8, encoding_note, encoding_of, read_distinct
from seqbench.datasets.splits import assign
from seqbench.datasets.tagged.base import CONLLU, PARTS, new_sentences, numbered, parse
from seqbench.datasets.tagged.lines import Parsed
from seqbench.tasks.tags.data import NewSentences, TaggedData

SHARES = (0.8, 0.1, 0.1)
OFTEN = 0.1
"""If more than this share of the test sentences stand in training too, the table warns."""


class TaggedFile(Dataset[TaggedData]):
    """CoNLL-U (.conllu), or a word and its tag on each line with blank lines between sentences.

    One file is split 80/10/10 by a hash of the sentences, so that the split depends on neither their order nor a seed,
    and equal sentences are in one part; or there is one file per part.
    """

    task: ClassVar[str] = "tag"

    path: Path = Field(description="the sentences; the training part if `valid` and `test` are given")
    valid: Path | None = Field(None, description="sentences of the validation part")
    test: Path | None = Field(None, validate_default=True, description="sentences of the test part")
    encoding: str = Field(
        UTF_8, description="encoding of files without a byte-order mark, such as cp1252; a mark tells its own"
    )

    @field_validator("test")
    @classmethod
    def _both_or_none(cls, test: Path | None, info: ValidationInfo) -> Path | None:
        if (test is None) != (info.data.get("valid") is None):
            raise ValueError("give valid and test both, or neither; with neither, the sentences are split 80/10/10")
        return test

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        return 2 * int(path.suffix.lower() == CONLLU)

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path", "valid", "test"})

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for data in self._bytes()).encode()).hexdigest()

    def load(self) -> TaggedData:
        paths, read = self._paths(), self._bytes()
        found = [parse(path, data, self.encoding) for path, data in zip(paths, read, strict=True)]
        for path, one in zip(paths, found, strict=True):
            _check(path, one)
        words = {word for one in found for words in one.sentences for word in words}
        form = {} if all(unicodedata.is_normalized("NFC", word) for word in words) else {"unicode_form": "not NFC"}
        skipped = {name: sum(one.notes.get(name, 0) for one in found) for name in found[0].notes}
        what = "UPOS of CoNLL-U" if paths[0].suffix.lower() == CONLLU else "tags of a file"
        data = numbered(
            self.path.name,
            found if len(found) > 1 else self._split(found[0]),
            what,
            {**skipped, **form, **encoding_note(encoding_of(data, self.encoding) for data in read)},
            {"encoding": self.encoding},
        )
        if len(data.tags) == 1:
            raise DataError(f"{self.path}: all words have the tag {shown(data.tags[0])}, so there is nothing to learn")
        if warnings := list(_warnings(data)):
            data.notes["warnings"] = warnings
        return data

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSentences:
        return new_sentences(path, encoding["reading"]["encoding"])

    def _split(self, found: Parsed) -> list[Parsed]:
        texts = [" ".join(words) for words in found.sentences]
        if (distinct := len({" ".join(text.lower().split()) for text in texts})) < len(PARTS):
            raise DataError(
                f"{self.path} holds {distinct} different sentence{'s' if distinct > 1 else ''}, fewer than the "
                f"{len(PARTS)} parts of the split; separate sentences by blank lines, or give more of them"
            )
        part = assign(texts, [""] * len(texts), SHARES)
        rows = [np.flatnonzero(part == number).tolist() for number in range(len(PARTS))]
        return [Parsed([found.sentences[i] for i in own], [found.tags[i] for i in own]) for own in rows]

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]

    def _bytes(self) -> list[bytes]:
        return read_distinct(
            self._paths(),
            "hold the same sentences; give different files, since a model must not be tested on its training data",
        )


def _warnings(data: TaggedData) -> Iterator[str]:
    learned = {int(tag) for own in data.train.tags for tag in own}
    if strange := [tag for i, tag in enumerate(data.tags) if i not in learned]:
        yield f"no training sentence holds the tags {', '.join(map(shown, strange))}, so no model can learn them"
    seen, count = data.notes["sentences_in_training_test"], data.notes["sentences_test"]
    if seen > OFTEN * count:
        yield f"{seen:,} of {count:,} test sentences stand in training too, so the scores are too high"


def _check(path: Path, found: Parsed) -> None:
    """Refuse a file whose columns are probably in the wrong order."""
    words = {word for sentence in found.sentences for word in sentence}
    tags = {tag for own in found.tags for tag in own}
    if len(tags) > len(words):
        raise DataError(
            f"{path}: the tags ({len(tags):,} different ones) outnumber the words ({len(words):,}); "
            "write the word first and its tag after it"
        )
