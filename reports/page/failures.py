"""Cells without a score: how each ended, and why."""

from dataclasses import dataclass

from seqbench.reports.formatting import plain
from seqbench.reports.table import Table

HEAD, TAIL = 4, 16
"""Lines of a traceback that are shown from its start and from its end."""


@dataclass(frozen=True)
class Failure:
    label: str
    seeds: str
    status: str
    reason: str
    traceback: str
    """In lines; empty if there is none."""


def failures(table: Table) -> list[Failure]:
    """Return how the cells without a score ended; seeds of a row that ended in the same way are listed together."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for row in table.rows:
        for record in row.records:
            if record.status != "ok":
                end = (row.label, record.status, record.reason, record.traceback)
                found.setdefault(end, []).append(str(record.identity.seed))
    return [
        Failure(plain(label), ", ".join(seeds), status, plain(reason), _shortened(traceback))
        for (label, status, reason, traceback), seeds in found.items()
    ]


def _shortened(traceback: str) -> str:
    lines = ["".join(c for c in line.expandtabs(4) if c.isprintable()) for line in traceback.splitlines()]
    if len(lines) > HEAD + TAIL + 1:
        lines = [*lines[:HEAD], f"… {len(lines) - HEAD - TAIL} lines …", *lines[-TAIL:]]
    return "\n".join(lines)
