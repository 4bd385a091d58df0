"""Real text as a data set: which symbols it is made of, and where it is split."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.file_text import FileText
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.datasets.text.pieces import Passage, Text, cut_at_lines, pieces_of
from seqbench.datasets.text.tokens import Numbering, Tokens, character_tokens, cut, joined, word_tokens
from seqbench.long_arrays import Collected, occurrences, pieces
from seqbench.tasks.language.data import Convention, TextData, TextSplit
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

Notes = dict[str, int | str]
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Parts:
    """The raw text of the splits, whole or in pieces, with newlines as line ends, and notes on how it was made."""

    train: Text
    valid: Text
    test: Text
    notes: Notes = field(default_factory=dict)

    def noting(self, notes: Notes) -> "Parts":
        return replace(self, notes=self.notes | notes)


class TextDataset(Dataset[TextData]):
    """Real text. The options set how it becomes symbols; subclasses provide the text."""

    task: ClassVar[str] = "lm"
    name: ClassVar[str]
    usual_min_count: ClassVar[int] = 1
    """`min_count` of words if no cut is asked for and none was made before; characters are then all kept."""

    unit: Literal["word", "character"] = Field(
        "word",
        description="word: words, and <eos> after each line; character: Unicode code points, including the newline",
    )
    punctuation: Literal["joined", "apart"] = Field(
        "joined",
        description="joined: words are separated by white space only; apart: punctuation marks are words too, "
        "and words end at Unicode's word boundaries",
    )
    convention: Convention = Field(
        "stream", description="stream: a split is one document; sentence: each line is one, and blank lines are dropped"
    )
    vocab_size: int | None = Field(
        None, ge=3, description="V, including <unk> and <eos>: the most frequent symbols of the training part are kept"
    )
    min_count: int | None = Field(
        None, ge=1, description="a symbol is kept if it occurs at least this often in the training part"
    )

    @field_validator("convention")
    @classmethod
    def _sentences_are_words(cls, convention: Convention, info: ValidationInfo) -> Convention:
        if convention == "sentence" and info.data.get("unit") == "character":
            raise ValueError("characters form a stream; the sentence convention is for unit=word")
        return convention

    @field_validator("min_count")
    @classmethod
    def _one_cut(cls, min_count: int | None, info: ValidationInfo) -> int | None:
        if min_count is not None and info.data.get("vocab_size") is not None:
            raise ValueError("give vocab_size or min_count, not both")
        return min_count

    @abstractmethod
    def parts(self) -> Parts:
        """Return the text of the splits.

        Raises:
            DataError: as in `load`.
        """

    def title(self) -> str:
        """Return the name of the text in errors and tables."""
        return self.name

    def load(self) -> TextData:
        parts = self.parts()
        try:
            return self._numbered(parts)
        except DataError as error:
            raise DataError(f"{self.title()}: {error}") from None

    def _numbered(self, parts: Parts) -> TextData:
        numbering = self._numbering()
        tokens = []
        for split, text in zip(SPLITS, (parts.train, parts.valid, parts.test), strict=True):
            try:
                tokens.append(self._tokens(text, numbering))
            except DataError as error:
                raise DataError(f"{split} part, {error}") from None
        symbols, notes = list(numbering), dict(parts.notes)
        for split, part in zip(SPLITS, tokens, strict=True):
            if self.convention == "sentence":
                notes[f"blank_lines_dropped_{split}"] = part.blank
            if part.line_ends.all():
                raise DataError(f"nothing but blank lines is left for the {split} part; give a longer text")
        counts = occurrences([tokens[0].ids], len(symbols))
        marked = UNK in numbering and bool(counts[numbering[UNK]])
        vocab, lookup = cut(counts, symbols, self.unit, self.vocab_size, self._min_count(marked))
        notes["symbols_in_training"] = int(np.count_nonzero(counts))
        splits = []
        for split in SPLITS:
            part = tokens.pop(0)
            ids, known, unknown = Collected(np.int64), 0, 0
            for numbers, line_ends in zip(pieces(part.ids), pieces(part.line_ends), strict=True):
                ids.append(lookup[numbers])
                of_text = lookup[numbers[~line_ends]]
                new = int(np.count_nonzero(of_text == vocab.unk))
                known, unknown = known + len(of_text) - new, unknown + new
            notes[f"unknown_{split}"] = unknown
            if not known:
                raise DataError(
                    f"every {self.unit} of the {split} part is {UNK} in the vocabulary of the training "
                    "part; are all parts in one language, and is the vocabulary large enough?"
                )
            splits.append(part.split(ids.array(), self.convention))
        return TextData(
            name=self.title(),
            vocab=vocab,
            train=splits[0],
            valid=splits[1],
            test=splits[2],
            convention=self.convention,
            unit=self.unit,
            notes=notes,
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> TextSplit:
        """Read a file as a split, in the vocabulary `encoding["symbols"]`."""
        text, vocab, numbering = self.text_of(path), Vocab(tuple(encoding["symbols"])), self._numbering()
        try:
            tokens = self._tokens(unix_line_ends(text), numbering)
            lookup = vocab.encode(numbering)
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None
        return tokens.split(lookup[tokens.ids], self.convention)

    def text_of(self, path: Path) -> str:
        """Return the text of a file, which is UTF-8 unless a byte-order mark says otherwise."""
        return decode(path, read_bytes(path))

    def _numbering(self) -> Numbering:
        if self.unit == "word":
            return defaultdict(count(2).__next__, {EOS: 0, UNK: 1})
        return defaultdict(count().__next__)

    def _tokens(self, text: Text, numbering: Numbering) -> Tokens:
        return joined(self._in_pieces(text, numbering), drop_blank_lines=self.convention == "sentence")

    def _in_pieces(self, text: Text, numbering: Numbering) -> Iterator[Tokens]:
        if self.unit == "character":
            yield from (character_tokens(piece, numbering) for piece in pieces_of(text))
            return
        lines, apart, last = 0, self.punctuation == "apart", ""
        for number, piece in enumerate(pieces_of(text)):
            if number:
                yield word_tokens(last, numbering, apart, goes_on=True, lines=lines)
                lines += last.count("\n")
            last = piece
        yield word_tokens(last, numbering, apart, lines=lines)

    def _min_count(self, marked: bool) -> int:
        """Return how often a symbol must occur to be kept.

        Args:
            marked: whether the training part already holds `<unk>`, so that it was cut to a vocabulary before.
        """
        if self.min_count is not None:
            return self.min_count
        return self.usual_min_count if self.unit == "word" and self.vocab_size is None and not marked else 1


def by_position(text: str | FileText, train: float, valid: float, unit: str) -> Parts:
    """Split a text into three contiguous parts, which together are the whole text.

    With `unit="character"`, it is cut exactly at the shares; with `unit="word"`, at the nearest line ends. If the lines
    are too long for that, it is cut between two words instead, and a note says so.

    Args:
        train, valid: their shares of the characters; the rest is the test part.
    """
    length = len(text) if isinstance(text, str) else text.summary.length
    points, notes = [int(length * train), int(length * (train + valid))], Notes()
    if unit == "word":
        at_lines, at_spaces = cut_at_lines(text, length, points)
        points = at_lines
        if not 0 < at_lines[0] < at_lines[1] < length:
            points, notes = at_spaces, {"split": "between words, since the lines are too long"}

    def passage(start: int, stop: int) -> str | Passage:
        return text[start:stop] if isinstance(text, str) else Passage(text, start, stop)

    return Parts(passage(0, points[0]), passage(*points), passage(points[1], length), notes)
