"""Two columns, a word and its tag on each line, with blank lines between sentences."""

from collections.abc import Sequence

from seqbench.data import DataError, shown
from seqbench.datasets.files import Line
from seqbench.datasets.tagged.lines import Parsed, blocks


def parse(source: str, text: str, tagged: bool = True) -> Parsed:
    """Read sentences. If any line holds a tab, tabs separate the columns, and words may hold spaces; otherwise white
    space does, if each line has exactly two parts.

    Args:
        source: the name of the file, for messages.
        text: with the line ends of Unix.
        tagged: whether each word must have a tag; otherwise lines may hold a word alone, and tags are not read.

    Raises:
        DataError: the text is not in the format; the message names the file and the line.
    """
    tabs = "\t" in text
    found = [[_cells(line, tabs, tagged) for line in block] for block in blocks(source, text)]
    if not found:
        raise DataError(f"{source} holds no sentence; write a word, a tab and its tag on each line")
    words = [[cells[0] for cells in sentence] for sentence in found]
    return Parsed(words, [[cells[1] for cells in sentence] for sentence in found] if tagged else [])


def _cells(line: Line, tabs: bool, tagged: bool) -> Sequence[str]:
    """Return the word and its tag; or the word alone, if `tagged` is False and the line holds no more."""
    cells = [cell.strip() for cell in line.text.split("\t")] if tabs else line.text.split()
    if len(cells) == 1 and not tagged:
        return cells
    if len(cells) == 1:
        between = "a tab" if tabs else "a tab or a space"
        raise line.fault(f"{shown(cells[0])} has no tag; write {between} and the tag after it")
    if len(cells) > 2:
        raise line.fault(f"{len(cells)} columns, not 2; keep the word and its tag alone, with one tab between them")
    for cell, what in zip(cells, ("word", "tag"), strict=True):
        if not cell and (tagged or what == "word"):
            raise line.fault(f"the {what} is empty; write it, or remove the line")
    return cells
