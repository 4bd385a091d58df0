"""Tables as JSON: one object per table, with values that are not rounded."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from seqbench.reports.sheet import Sheet, rows


def render(pages: Sequence[Sheet]) -> str:
    """Return a JSON array of objects, one per sheet.

    Each has `kind` (table, effort, ranks, comparison), `title`, `summary`, `columns` (`key` and `title` of those
    that are shown), `rows` (one object per row: its values, and under `notes` the marks of its notes), `notes` and
    `footer` (as objects, texts by mark and by heading) and `command`. JSON has neither NaN nor infinity: a value that
    does not exist is null, and an infinite one is the text `Infinity` or `-Infinity`, as in records.
    """
    text = json.dumps([_object(page) for page in pages], ensure_ascii=False, allow_nan=False, indent=1)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def _object(page: Sheet) -> dict[str, Any]:
    marks = [list(dict.fromkeys(mark for cell in row for mark in cell.marks)) for row in rows(page.columns)]
    return {
        "kind": page.kind,
        "title": page.title,
        "summary": page.summary,
        "columns": [{"key": column.key, "title": column.title} for column in page.columns],
        "rows": [_strict(entry) | {"notes": own} for entry, own in zip(page.entries, marks, strict=True)],
        "notes": _by_mark(page.notes),
        "footer": dict(page.footer),
        "command": page.command,
    }


def _by_mark(notes: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the texts of notes by their mark, which several may share."""
    found: dict[str, list[str]] = {}
    for mark, text in notes:
        found.setdefault(mark, []).append(text)
    return found


def _strict(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) for name, value in entry.items()}


def _finite(value: Any) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
