"""Users' tables: CSV, TSV, JSONL and Parquet as columns of text; each fault is reported in one line.

Every cell stays text: no type is guessed, so `NA` is two letters and the 1.50 of JSON is four characters.
"""

import codecs
import csv
import difflib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from seqbench.data import DataError
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.interface import MissingExtra

Columns = dict[str, list[str]]
"""Columns by name; all have the same length."""

TAB = "\t"
SUFFIXES = {".csv": ",", ".tsv": TAB, ".jsonl": "", ".ndjson": "", ".parquet": ""}
LONGEST = 1_000_000
"""The most characters of a cell; if a cell is longer, a quote was left open or the file is not a table."""
SHOWN, LISTED = 60, 20
"""The most characters of a name or cell, and the most names of columns, that a message quotes."""
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # it begins with the mark of UTF-16, so it must be tested first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_table(path: Path, wanted: Mapping[str, str], encoding: str = "utf-8") -> Columns:
    """Return the wanted columns of a table, whose suffix tells the format. Other columns may hold anything.

    Args:
        wanted: the name of each column, and what to do if there is no such column; for the message.

    Raises:
        DataError: the file is missing, empty or damaged, has another encoding, is not a table, or lacks a wanted
            column.
        MissingExtra: the table is Parquet, and pyarrow is not installed.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it")
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path} ends in {suffix or 'nothing'}; a table ends in {', '.join(SUFFIXES)}; "
            "save it as one of these, or rename it"
        )
    if suffix == ".parquet":
        columns = _parquet(path, wanted)
    else:
        text = unix_line_ends(decode_as(path, read_bytes(path), encoding))
        delimiter = SUFFIXES[suffix]
        columns = _delimited(path, text, delimiter, wanted) if delimiter else _json_lines(path, text, wanted)
    if not all(columns.values()):
        raise DataError(f"{path} has a header and no rows; add some rows")
    return columns


def shown(text: str) -> str:
    """Quote a name or cell for a message: in one line, and cut if it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def decode_as(path: Path, data: bytes, encoding: str) -> str:
    """Decode bytes that are in the given encoding; a byte-order mark is removed.

    Raises:
        DataError: there is no such encoding, the bytes are not valid in it, or they hold only blank lines.
    """
    try:
        codec = codecs.lookup(encoding).name
        if codec in ("utf-8", "utf-8-sig"):
            return decode(path, data)
        marked = next((own for mark, own in MARKS.items() if data.startswith(mark)), "")
        if marked and not codec.startswith(marked):
            raise DataError(f"{path} is {marked}, as its byte-order mark says, not {encoding}; set encoding={marked}")
        text = data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise DataError(
            f"there is no encoding {shown(encoding)}; common ones are utf-8, cp1252, latin-1, cp1251"
        ) from None
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = data.count(b"\n", 0, start) + 1
        raise DataError(
            f"{path} is not {encoding}: line {line}, byte 0x{data[start]:02x} at offset {start}; "
            "name the encoding of the file"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            f"{path} is no text in {encoding}: it holds NUL characters, the first on line {line}; "
            "name the encoding of the file, or remove these characters"
        )
    if not text.strip():
        raise DataError(f"{path} holds only blank lines")
    return text


def _check_wanted(path: Path, names: Sequence[str], wanted: Mapping[str, str]) -> None:
    for name, cure in wanted.items():
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        hint = f"did you mean {shown(near[0])}? " if near else ""
        more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
        listed = ", ".join(map(shown, names[:LISTED])) or "no column at all"
        raise DataError(f"{path} has no column {shown(name)}; {hint}it has: {listed}{more}; {cure}")


def _text(where: str, name: str, value: Any) -> str:
    """Return a cell of JSON or Parquet as text: None is empty, and true is `true` in both formats."""
    if isinstance(value, bytes | list | tuple | dict):
        raise DataError(
            f"{where}: {shown(name)} is neither text nor number but {type(value).__name__}; write one text or number"
        )
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONGEST:
        raise DataError(
            f"{where}: the cell {shown(name)} holds {len(text):,} characters, more than {LONGEST:,}; "
            "shorten the text, or remove the row"
        )
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise DataError(
            f"{where}: {shown(name)} holds half of a surrogate pair, which is no character; correct the text"
        )
    return text


def _delimited(path: Path, text: str, delimiter: str, wanted: Mapping[str, str]) -> Columns:
    """Read CSV as defined in RFC 4180: a quoted cell may hold the delimiter, line ends, and doubled quotes."""
    previous = csv.field_size_limit(LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _rows(path, reader)
    try:
        header = [name.strip() for name in next(rows)[1]]
        _check_header(path, header, delimiter)
        _check_wanted(path, header, wanted)
        columns: Columns = {name: [] for name in wanted}
        place = {name: header.index(name) for name in wanted}
        for line, cells in rows:
            if len(cells) != len(header):
                raise DataError(
                    f"{path}, line {line}: {len(cells)} cells where the header has {len(header)}; "
                    "a cell that holds the delimiter must stand in double quotes"
                )
            for name, i in place.items():
                columns[name].append(cells[i])
    finally:
        csv.field_size_limit(previous)
    return columns


def _rows(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the number of the line on which it starts."""
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "limit" in str(error):
                why = (
                    f"a cell is longer than {LONGEST:,} characters; if a double quote was left open, close it, "
                    "otherwise shorten the text"
                )
            elif "end of data" in str(error):
                why = "a double quote is opened and never closed; close it, or write it twice if it is part of the text"
            else:
                why = (
                    f"a double quote stands where none may ({error}); write it twice, and put the whole cell "
                    "in double quotes"
                )
            raise DataError(f"{path}, line {line}: {why}") from None
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _check_header(path: Path, header: Sequence[str], delimiter: str) -> None:
    for number, name in enumerate(header, 1):
        if not name:
            raise DataError(f"{path}: column {number} has no name; the first line must name the columns")
        if name in header[: number - 1]:
            raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")
    other, suffix, called = (",", ".csv", "commas") if delimiter == TAB else (TAB, ".tsv", "tabs")
    if len(header) == 1:
        rename = f"name it {path.stem}{suffix}"
        for found, name, cure in (
            (other, called, rename),
            (";", "semicolons", "write commas"),
            ("|", "bars", "write commas"),
        ):
            if found in header[0]:
                raise DataError(f"{path}: its cells are divided by {name}; {cure}")


def _json_lines(path: Path, text: str, wanted: Mapping[str, str]) -> Columns:
    columns: Columns = {name: [] for name in wanted}
    names: dict[str, None] = {}
    lacking: tuple[int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            found = json.loads(
                line, object_pairs_hook=partial(_object, where), parse_int=str, parse_float=str, parse_constant=str
            )
        except json.JSONDecodeError as error:
            raise DataError(f"{where} is no JSON: {error.msg}; write one object per line") from None
        except RecursionError:
            raise DataError(f"{where} is nested too deeply; write one flat object per line") from None
        if not isinstance(found, dict):
            raise DataError(f'{where} is no object; write one such as {{"text": "…", "label": "…"}}')
        names |= dict.fromkeys(found)
        for name, cells in columns.items():
            if name in found:
                cells.append(_text(where, name, found[name]))
            else:
                lacking = lacking or (number, name)
    _check_wanted(path, list(names), wanted)
    if lacking:
        number, name = lacking
        raise DataError(f"{path}, line {number} lacks the key {shown(name)}; write null if there is no value")
    return columns


def _object(where: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise DataError(f"{where} has the key {shown(twice)} twice; keep one of them")
    return found


def _parquet(path: Path, wanted: Mapping[str, str]) -> Columns:
    read_bytes(path)
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtra(
            'Parquet files need pyarrow: pip install "seqbench[parquet]", or save the table as CSV'
        ) from None
    try:
        with ParquetFile(path) as file:
            names = file.schema_arrow.names
            for name in wanted:
                if names.count(name) > 1:
                    raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")
            _check_wanted(path, names, wanted)
            table = file.read(columns=list(wanted))
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        why = str(error).partition("\n")[0][:200]
        raise DataError(f"{path} is no Parquet file, or a damaged one: {why}") from None
    return {name: _parquet_cells(path, name, table.column(name)) for name in wanted}


def _parquet_cells(path: Path, name: str, column: Any) -> list[str]:
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError) as error:  # bytes that are not UTF-8, or dates that Python cannot hold
        raise DataError(f"{path}: the column {shown(name)} holds what is no text: {error}; save it as text") from None
    return [_text(f"{path}, row {number}", name, value) for number, value in enumerate(values, 1)]
