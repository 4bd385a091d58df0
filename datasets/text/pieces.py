"""Passages of text files, which are read in pieces, so that a text may be larger than memory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seqbench.datasets.file_text import FileText

SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Passage:
    """The characters `start:stop` of the text of a file."""

    text: FileText
    start: int
    stop: int

    def pieces(self) -> Iterator[str]:
        """Yield the passage in pieces."""
        place = 0
        for piece in self.text.pieces():
            part = piece[max(0, self.start - place) : max(0, self.stop - place)]
            if part:
                yield part
            place += len(piece)
            if place >= self.stop:
                return


def whole(text: FileText) -> Passage:
    return Passage(text, 0, text.summary.length)


Text = str | FileText | Passage


def pieces_of(text: Text) -> Iterator[str]:
    """Yield a text in pieces."""
    return iter([text]) if isinstance(text, str) else text.pieces()


def cut_at_lines(text: Text, length: int, points: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return for each point of a text of this length where to cut it instead.

    Returns:
        The nearest starts of lines, where the end of the text counts as one; and the places after the next white space.
    """
    before, after, spaces = [0] * len(points), [length] * len(points), [length] * len(points)
    place = 0
    for piece in pieces_of(text):
        for i, point in enumerate(points):
            here = max(0, point - place)
            if (line := piece.rfind("\n", 0, here)) >= 0:
                before[i] = place + line + 1
            if after[i] == length and (line := piece.find("\n", here)) >= 0:
                after[i] = place + line + 1
            if spaces[i] == length and (space := SPACE.search(piece, here)):
                spaces[i] = place + space.end()
        place += len(piece)
    near = [b if point - b <= a - point else a for point, b, a in zip(points, before, after, strict=True)]
    return near, spaces
