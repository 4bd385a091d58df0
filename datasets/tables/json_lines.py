"""Tables as lines of JSON: an object per row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from seqbench.data import DataError, shown
from seqbench.datasets.file_text import FileText
from seqbench.datasets.files import encoding_note
from seqbench.datasets.tables.table import Piece, Reading, cell_text, check_wanted


def json_lines(text: FileText, wanted: Mapping[str, str]) -> Reading:
    """Return a table of JSON lines, whose header is known once all were read; see `TableOptions.table`."""
    reading = Reading(text.path, notes=encoding_note([text.encoding]))
    reading.rows = _objects(text, wanted, reading)
    return reading


def _objects(text: FileText, wanted: Mapping[str, str], reading: Reading) -> Iterator[Piece]:
    path, lines = text.path, text.lines()
    names: dict[str, None] = {}
    lacking: tuple[int, str] | None = None
    piece, before = Piece({name: [] for name in wanted}, []), 0
    for number, line in enumerate(lines, 1):
        if lines.pieces != before and piece.places:
            yield piece
            piece = Piece({name: [] for name in wanted}, [])
        before = lines.pieces
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            found = json.loads(
                line.removesuffix("\n"),
                object_pairs_hook=partial(_object, where),
                parse_int=str,
                parse_float=str,
                parse_constant=_constant,
            )
        except json.JSONDecodeError as error:
            raise DataError(f"{where} is no JSON: {error.msg}; write one object per line") from None
        except RecursionError:
            raise DataError(f"{where} is nested too deeply; write one flat object per line") from None
        if not isinstance(found, dict):
            example = json.dumps(dict.fromkeys(wanted, "…"), ensure_ascii=False)
            raise DataError(f"{where} is no object; write one such as {example}")
        piece.places.append(number)
        names |= dict.fromkeys(found)
        for name, cells in piece.columns.items():
            if name not in found:
                lacking = lacking or (number, name)
            cells.append(cell_text(where, name, found.get(name)))
    reading.header = list(names)
    check_wanted(path, reading.header, wanted)
    if lacking:
        number, name = lacking
        raise DataError(f"{path}, line {number} lacks the key {shown(name)}; write null if there is no value")
    yield piece


def _constant(name: str) -> str | None:
    """Return `Infinity` as written; NaN is no value."""
    return None if name == "NaN" else name


def _object(where: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise DataError(f"{where} has the key {shown(twice)} twice; keep one of them")
    return found
