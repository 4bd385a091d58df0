"""CoNLL-U, the format of treebanks of Universal Dependencies: words and their parts of speech (UPOS).

https://universaldependencies.org/format.html: ten columns separated by tabs; comments before a sentence; a range `1-2`
for a token of several words, which stand after it; an empty node `8.1` for a word that is not in the text.
"""

import re
from collections import Counter
from collections.abc import Sequence

from seqbench.data import DataError, shown
from seqbench.datasets.files import Line
from seqbench.datasets.tagged.lines import Parsed, blocks

COLUMNS = 10
FORM, UPOS = 1, 3
WORD, RANGE, EMPTY = (
    re.compile(pattern, re.ASCII)
    for pattern in (r"[1-9]\d{0,8}", r"([1-9]\d{0,8})-([1-9]\d{0,8})", r"\d{1,9}\.[1-9]\d{0,8}")
)


def parse(source: str, text: str, tagged: bool = True) -> Parsed:
    """Read the words of sentences; ranges are skipped and their words are kept, empty nodes are skipped.

    Args:
        source: the name of the file, for messages.
        text: with the line ends of Unix.
        tagged: whether each word must have a tag; otherwise the column of tags is not read.

    Raises:
        DataError: the text is not in the format; the message names the file and the line.
    """
    sentences, tags, skipped = [], [], Counter[str]()
    for block in blocks(source, text):
        rows = _without_comments(block)
        if not rows:
            continue
        words = _words(rows, skipped)
        sentences.append([cells[FORM] for _, cells in words])
        if tagged:
            tags.append([_tag(line, cells) for line, cells in words])
    if not sentences:
        raise DataError(f"{source} holds no sentence; a sentence is lines of {COLUMNS} columns, separated by tabs")
    notes = {"multiword_ranges_skipped": skipped["range"], "empty_nodes_skipped": skipped["empty"]}
    return Parsed(sentences, tags, notes)


def _without_comments(block: Sequence[Line]) -> Sequence[Line]:
    comments = [line.text.startswith("#") for line in block]
    first = comments.index(False) if False in comments else len(block)
    for line, comment in zip(block[first:], comments[first:], strict=True):
        if comment:
            raise line.fault("a comment stands inside a sentence; move it before the first word, or end the sentence")
    return block[first:]


def _words(rows: Sequence[Line], skipped: Counter[str]) -> list[tuple[Line, list[str]]]:
    """Return the lines of words with their cells; count in `skipped` the lines of ranges and empty nodes."""
    words: list[tuple[Line, list[str]]] = []
    end = 0
    for line in rows:
        cells = line.text.split("\t")
        if len(cells) != COLUMNS:
            raise line.fault(f"{len(cells)} columns, not {COLUMNS}; separate the columns by single tabs")
        name, following = cells[0], len(words) + 1
        if span := RANGE.fullmatch(name):
            start, stop = int(span[1]), int(span[2])
            if start != following or stop <= start or start <= end:
                raise line.fault(f"the range {name} does not begin at the next word, {following}, and end after it")
            end = stop
            skipped["range"] += 1
        elif EMPTY.fullmatch(name):
            if int(name.partition(".")[0]) != len(words):
                raise line.fault(f"the empty node {name} does not follow the word {len(words)}")
            skipped["empty"] += 1
        elif not WORD.fullmatch(name):
            raise line.fault(f"{shown(name)} is no number of a word, range such as 1-2 or empty node such as 8.1")
        elif int(name) != following:
            raise line.fault(
                f"word {name} stands where word {following} is expected; separate sentences by blank lines"
            )
        elif not cells[FORM].strip():
            raise line.fault(f"word {name} is empty; write it in column {FORM + 1}")
        else:
            words.append((line, cells))
    if end > len(words):
        raise rows[-1].fault(f"the sentence ends at word {len(words)}, inside a range that ends at {end}")
    if not words:
        raise rows[-1].fault("the sentence has no word")
    return words


def _tag(line: Line, cells: Sequence[str]) -> str:
    if cells[UPOS].strip() in ("", "_"):
        raise line.fault(f"the word {shown(cells[FORM])} has no part of speech; write it in column {UPOS + 1}, UPOS")
    return cells[UPOS].strip()
