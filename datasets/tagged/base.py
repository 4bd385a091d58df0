"""From sentences with the names of their tags to the data of the task `tag`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seqbench.data import Dataset
from seqbench.datasets import download
from seqbench.datasets.files import UTF_8, decode, read_bytes, unix_line_ends
from seqbench.datasets.tagged import columns, conllu
from seqbench.datasets.tagged.lines import Parsed
from seqbench.tasks.tags.data import NewSentences, TaggedData
from seqbench.tasks.tags.model import Tagged

PARTS = ("train", "valid", "test")
CONLLU = ".conllu"


def parse(path: Path, data: bytes, encoding: str = UTF_8, tagged: bool = True) -> Parsed:
    """Read tagged sentences: CoNLL-U if the name of the file ends in .conllu, otherwise two columns.

    Args:
        path: for messages, and for its suffix.
        tagged: whether each word must have a tag.

    Raises:
        DataError: the text is not in the format; the message names the file and the line.
    """
    text = unix_line_ends(decode(path, data, encoding))
    read = conllu.parse if path.suffix.lower() == CONLLU else columns.parse
    return read(str(path), text, tagged)


def new_sentences(path: Path, encoding: str = UTF_8) -> NewSentences:
    """Read sentences to tag: CoNLL-U, or a word on each line, with or without a tag after it.

    Raises:
        DataError: as in `parse`.
    """
    return NewSentences(parse(path, read_bytes(path), encoding, tagged=False).sentences)


def numbered(
    name: str,
    parts: Sequence[Parsed],
    convention: str,
    notes: Mapping[str, Any],
    reading: Mapping[str, Any] | None = None,
) -> TaggedData:
    """Return the data of three parts; the tags are all that occur in any part, in alphabetical order.

    The notes tell for each part its sentences and words, how many words training lacks, and how many of the sentences
    stand in training too.
    """
    tags = tuple(sorted({tag for part in parts for own in part.tags for tag in own}))
    index = {tag: i for i, tag in enumerate(tags)}
    made = [
        Tagged(part.sentences, [np.array([index[tag] for tag in own], dtype=np.int64) for own in part.tags])
        for part in parts
    ]
    words = {word for sentence in parts[0].sentences for word in sentence}
    sentences = {tuple(sentence) for sentence in parts[0].sentences}
    counted: dict[str, Any] = {}
    for part, found in zip(PARTS, parts, strict=True):
        counted |= {f"sentences_{part}": len(found.sentences), f"words_{part}": sum(map(len, found.sentences))}
        if part != "train":
            counted[f"unknown_words_{part}"] = sum(word not in words for own in found.sentences for word in own)
            counted[f"sentences_in_training_{part}"] = sum(tuple(own) in sentences for own in found.sentences)
    train, valid, test = made
    return TaggedData(
        name=name,
        tags=tags,
        train=train,
        valid=valid,
        test=test,
        convention=convention,
        notes={**notes, **counted},
        reading=dict(reading or {}),
    )


class Treebank(Dataset[TaggedData]):
    """A treebank of Universal Dependencies: the part of speech (UPOS) of each word, in the split of its authors."""

    task: ClassVar[str] = "tag"
    name: ClassVar[str]
    source: ClassVar[str]

    def load(self) -> TaggedData:
        files = download.SOURCES[self.source].files
        read = [parse(Path(file.path), data) for file, data in zip(files, download.read(self.source), strict=True)]
        skipped = {
            f"{what}_{part}": count
            for part, found in zip(PARTS, read, strict=True)
            for what, count in found.notes.items()
        }
        return numbered(self.name, read, "words of Universal Dependencies, UPOS", skipped)

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSentences:
        return new_sentences(path)
