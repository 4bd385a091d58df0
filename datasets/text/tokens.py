"""Text as numbers: words or characters, the number of characters of each, and their vocabulary."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
import regex
from numpy.typing import NDArray

from seqbench.data import DataError
from seqbench.interface import Ids
from seqbench.long_arrays import Collected, Cut, numbered_pieces
from seqbench.tasks.language.data import Convention, TextSplit
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

Numbering = dict[str, int]
"""The number of each symbol; a new symbol gets the next free number. If symbols are words, `<eos>` is 0."""

WORD_OR_MARK = regex.compile(rf"{UNK}|(\W)\1+\b|.+?\b", regex.WORD | regex.DOTALL)
"""`<unk>`, a run of one mark, or what lies between two word boundaries."""
REMEMBERED = 1 << 17
"""The number of strings whose words are remembered; a text repeats most of its strings."""
SPACE = np.array([chr(point).isspace() for point in range(0x3001)] + [False])
"""Whether `str.split` treats a code point as white space; the last entry stands for all higher code points."""
NEWLINE = ord("\n")


@dataclass(frozen=True)
class Tokens:
    """A text as numbers of a `Numbering`."""

    ids: Ids
    """(T,)"""
    characters: Ids
    """(T,) number of characters from the end of the previous symbol to the end of this one: a word includes the white
    space before it, `<eos>` the line end and the white space before it. The sum is the length of the text."""
    line_ends: NDArray[np.bool_]
    """(T,) True for an `<eos>` that stands for a line end."""
    blank: int = 0
    """Number of lines without a word that were dropped."""

    def split(self, ids: Ids, convention: Convention) -> TextSplit:
        if convention == "stream":
            return TextSplit(documents=(ids,), characters=(self.characters,))
        ends = np.concatenate([np.flatnonzero(part) + start for start, part in numbered_pieces(self.line_ends)]) + 1
        return TextSplit(documents=Cut(ids, ends[:-1]), characters=Cut(self.characters, ends[:-1]))


def joined(parts: Iterable[Tokens], drop_blank_lines: bool) -> Tokens:
    """Join the tokens of the pieces of a text; long arrays are memory maps."""
    ids, characters, line_ends = Collected(np.int64), Collected(np.int64), Collected(np.bool_)
    blank_lines, after_line = 0, True
    for part in parts:
        kept: slice | NDArray[np.bool_] = slice(None)
        if drop_blank_lines and len(part.ids):
            blank = part.line_ends & np.append(after_line, part.line_ends[:-1])
            after_line, kept = bool(part.line_ends[-1]), ~blank
            blank_lines += int(blank.sum())
        ids.append(part.ids[kept])
        characters.append(part.characters[kept])
        line_ends.append(part.line_ends[kept])
    return Tokens(ids.array(), characters.array(), line_ends.array(), blank_lines)


def words_and_marks(text: str) -> list[str]:
    """Return the words of a text, with punctuation marks as words of their own, and runs of one mark as one word.

    Words end where white space is, and at the default word boundaries of Unicode (UAX #29), so `don't`, `3.14`, a
    letter with combining marks, and an emoji of several code points are each one word. For scripts without spaces, such
    as Thai or Chinese, these boundaries are between letters.
    """
    return list(chain.from_iterable(map(_words_of, text.split())))


@lru_cache(REMEMBERED)
def _words_of(string: str) -> tuple[str, ...]:
    """Return the words of a string without white space; joined, they are the string."""
    return tuple(match[0] for match in WORD_OR_MARK.finditer(string))


def word_tokens(text: str, numbering: Numbering, apart: bool = False, goes_on: bool = False, lines: int = 0) -> Tokens:
    """Return the words in order, with `<eos>` (number 0) after each line, also if the last one has no line end.

    Args:
        text: with `\\n` as line end.
        numbering: gives a number to each new word.
        apart: punctuation marks are words, as `words_and_marks` says.
        goes_on: whether this is a piece of a text that goes on with white space, or with a new line.
        lines: number of line ends before this piece.

    Raises:
        DataError: the text holds `<eos>` as a word.
    """
    closed = text if not text or text.endswith("\n") else text + "\n"
    points = _code_points(closed)
    words: Iterable[str]
    space = SPACE[np.minimum(points, len(SPACE) - 1)]
    if apart:
        words = words_and_marks(closed)
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        ends = np.flatnonzero(~space)[np.cumsum(lengths) - 1] + 1
    else:
        words = chain.from_iterable(map(str.split, closed.split("\n")))
        ends = np.flatnonzero(~space[:-1] & space[1:]) + 1
    line_ends = np.flatnonzero(points == NEWLINE) + 1
    bounds = np.sort(np.concatenate([ends, line_ends]), kind="stable")  # a stable sort merges the two sorted runs
    is_line_end = points[bounds - 1] == NEWLINE
    numbers = np.fromiter(map(numbering.__getitem__, words), dtype=np.int64, count=len(ends))
    if not numbers.all():
        line = lines + 1 + int(np.searchsorted(line_ends, ends[numbers.argmin()]))
        raise DataError(f"line {line} holds the word {EOS}, which stands for line ends here; remove it from the text")
    ids = np.zeros(len(bounds), dtype=np.int64)
    ids[~is_line_end] = numbers
    characters = np.diff(bounds, prepend=0)
    if closed is not text:
        characters[-1] -= 1
        if goes_on:
            return Tokens(ids[:-1], characters[:-1], is_line_end[:-1])
    return Tokens(ids, characters, is_line_end)


def character_tokens(text: str, numbering: Numbering) -> Tokens:
    """Return the Unicode code points in order, numbered by first occurrence."""
    points = _code_points(text)
    distinct, first, inverse = np.unique(points, return_index=True, return_inverse=True)
    numbers = np.empty(len(distinct), dtype=np.int64)
    for i in np.argsort(first):
        numbers[i] = numbering[chr(distinct[i])]
    return Tokens(numbers[inverse], np.ones(len(points), dtype=np.int64), np.zeros(len(points), dtype=np.bool_))


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def cut(
    counts: NDArray[np.int64], symbols: list[str], unit: str, vocab_size: int | None, min_count: int
) -> tuple[Vocab, Ids]:
    """Return the vocabulary of the training part, sorted by frequency, ties by first occurrence.

    A vocabulary always has `<unk>`, and one of words `<eos>`. So V depends on the training part alone, and not on
    whether another part holds a new character.

    Args:
        counts: how often each symbol occurs in the training part.
        symbols: all symbols of all parts, in the order of first occurrence; for words, the first two are `<eos>`
            and `<unk>`.
        vocab_size: the largest V, including `<eos>` and `<unk>`; None: no limit.
        min_count: a symbol is kept if it occurs at least this often.

    Returns:
        The vocabulary, and the id of each of `symbols`.

    Raises:
        DataError: no symbol is left.
    """
    special = np.array([symbol in (EOS, UNK) for symbol in symbols])
    ranked = np.argsort(-counts, kind="stable")
    frequent = ranked[(counts[ranked] >= min_count) & ~special[ranked]]
    if not len(frequent):
        most = int(counts[~special].max(initial=0))
        if not most:
            raise DataError(f"the training part holds no {unit} but {UNK}; give a text that still has its {unit}s")
        raise DataError(
            f"min_count={min_count} leaves no {unit}; the most frequent one occurs {most} times; "
            "give a smaller min_count or a longer text"
        )
    room = len(symbols) + 1 if vocab_size is None else vocab_size
    extra = [EOS, UNK] if unit == "word" else [UNK]
    kept = [symbols[i] for i in frequent[: room - len(extra)]]
    tally = dict(zip(symbols, counts.tolist(), strict=True))
    tally[UNK] = int(counts.sum()) - sum(tally[s] for s in {*kept, *extra} - {UNK})
    vocab = Vocab(tuple(sorted(extra + kept, key=lambda symbol: -tally[symbol])))
    lookup = vocab.encode(symbols)
    return vocab, lookup
