"""Tagged sentences as a file holds them: what readers of all formats return, and how they report a fault."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seqbench.datasets.files import Line


@dataclass(frozen=True)
class Parsed:
    """N sentences with the names of their tags; without tags if the file holds none."""

    sentences: Sequence[Sequence[str]]
    tags: Sequence[Sequence[str]]
    notes: Mapping[str, int] = field(default_factory=dict)
    """What was skipped, counted."""


def blocks(source: str, text: str) -> Iterator[list[Line]]:
    """Yield the lines between blank lines.

    Args:
        source: the name of the file, for messages.
        text: with the line ends of Unix.
    """
    block: list[Line] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            block.append(Line(source, number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block
