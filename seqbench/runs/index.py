"""The index of a store: what a run asks of all records, without reading each of them.

`index.jsonl` beside the folders has a line per record. The folders stay the truth: a line counts as long as the file of
its record has the same inode, size and time of change. What has no such line is read, and gets one. So the index may be
removed at any time; a torn line is none.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seqbench.evidence.records import Record, Status, question
from seqbench.runs.store import RECORD, Store

INDEX = "index.jsonl"
MANY = 1000
"""Fewer records without a line are read in less than a second, and get none."""

Stamp = tuple[int, int, int]
"""Inode, size in bytes, and time of change in nanoseconds of a file."""


@dataclass(frozen=True)
class Known:
    """What the index knows of a record."""

    key: str
    question: str
    """As `named` returns it."""
    status: Status
    kept: str
    seconds: float | None
    """Wall time of the cell."""
    finished: str

    @classmethod
    def of(cls, record: Record) -> "Known":
        wall = record.costs.wall_seconds
        return cls(record.key, named(question(record)), record.status, record.kept, wall, record.finished)


def named(question: str) -> str:
    """Return a short name for the question that a cell answers."""
    return sha256(question.encode()).hexdigest()[:32]


def known(store: Store) -> list[Known]:
    """Return what is known of all records that can be read, in the order in which they were finished."""
    lines = lines_of(store.root)
    found: list[Known] = []
    new: list[str] = []
    for place, stamp in stamps(store.root):
        line = lines.get(place)
        if line is not None and line[0] == stamp:
            found.append(line[1])
            continue
        record = store.read(store.root / place / RECORD, items=False)
        if isinstance(record, Record):
            found.append(Known.of(record))
            new.append(json.dumps([place, *stamp, *vars(found[-1]).values()]))
    if len(new) >= MANY:
        with suppress(OSError):  # a store that cannot be written can be read
            _append(store.root / INDEX, new, anew=len(lines) > 2 * len(found))
    return sorted(found, key=lambda one: one.finished)


def stamps(root: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield the folder of each record, from the root, with the stamp of its file."""
    places = [""]
    for _ in range(3):
        places = [f"{place}/{name}" if place else name for place in places for name in _folders(root / place)]
    for place in places:
        with suppress(OSError):
            state = os.stat(f"{root}/{place}/{RECORD}")  # noqa: PTH116 (a Path for each of 10⁵ takes as long as stat)
            yield place, (state.st_ino, state.st_size, state.st_mtime_ns)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


def lines_of(root: Path) -> dict[str, tuple[Stamp, Known]]:
    """Return the lines of a store's index by the folder of the record; the last one counts."""
    found: dict[str, tuple[Stamp, Known]] = {}
    try:
        text = (root / INDEX).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    for line in text.splitlines():
        with suppress(ValueError, TypeError, RecursionError):
            place, inode, size, changed, *rest = json.loads(line)
            found[place] = (inode, size, changed), Known(*rest)
    return found


def _append(path: Path, lines: list[str], anew: bool) -> None:
    """Add lines in one step, so that two processes may do it at once.

    Args:
        anew: whether most of the old lines are of records that are gone, so that the index is begun again.
    """
    if anew:
        path.unlink(missing_ok=True)
    with path.open("ab") as file:
        file.write("".join(f"\n{line}" for line in lines).encode())
