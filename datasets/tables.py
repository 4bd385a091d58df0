"""Users' tables: CSV, TSV, JSONL and Parquet as columns of text; each fault is reported in one line.

Every cell stays text: no type is guessed, so `NA` is two letters and the 1.50 of JSON is four characters. Only a NaN
that JSON or Parquet holds as a number is an empty cell, as null is.
"""

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.files import UTF_8, decode, encoding_note, encoding_of, read_bytes, unix_line_ends
from seqbench.interface import Config, MissingExtra

Columns = dict[str, list[str]]
"""Columns by name; all have the same length."""
Separator = Literal["auto", "comma", "semicolon", "tab", "bar"]
Quotes = Literal["auto", "csv", "letters"]

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
USUAL = {".csv": "comma", ".tsv": "tab", ".txt": "tab"}
"""The separator that a suffix promises."""
SUFFIXES = (*USUAL, ".jsonl", ".ndjson", ".parquet")
UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
"""The column in which pandas stores an index that has no name."""
LONGEST = 1_000_000
"""The most characters of a cell; if a cell is longer, a quote was left open or the file is not a table."""
SHOWN, LISTED = 60, 20
"""The most characters of a name or cell, and the most names of columns, that a message quotes."""


class TableOptions(Config):
    """How a table is read."""

    encoding: str = Field(
        UTF_8, description="encoding of files without a byte-order mark, such as cp1252; a mark tells its own"
    )
    separator: Separator = Field(
        "auto", description="what separates the cells of CSV and TSV; auto: whatever makes the named columns a header"
    )
    quotes: Quotes = Field(
        "auto",
        description="csv: double quotes enclose cells, as in RFC 4180; letters: they are part of the text; auto: "
        "the one that fits the file",
    )

    def table(self, path: Path, wanted: Mapping[str, str]) -> "Table":
        """Return the wanted columns of a table, as `read_table` does."""
        return read_table(path, wanted, self.encoding, self.separator, self.quotes)


@dataclass(frozen=True, eq=False)
class Table(Mapping[str, list[str]]):
    """The wanted columns of a table, by name."""

    path: Path
    columns: Columns
    header: Sequence[str]
    """The names of all columns."""
    places: Sequence[int]
    """The line of the file on which each row starts, from 1; of Parquet, the number of the row."""
    unit: str = "line"
    """What `places` counts: line or row."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """How the file was read, if not in the usual way."""

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def where(self, row: int) -> str:
        """Return the place of a row, numbered from 0, for messages."""
        return f"{self.path}, {self.unit} {self.places[row]}"


def read_table(
    path: Path,
    wanted: Mapping[str, str],
    encoding: str = UTF_8,
    separator: Separator = "auto",
    quotes: Quotes = "auto",
) -> Table:
    """Return the wanted columns of a table, whose suffix tells the format. Other columns may hold anything.

    Args:
        wanted: the name of each column, and what to do if there is no such column; for the message.
        encoding, separator, quotes: as in `TableOptions`.

    Raises:
        DataError: the file is missing, empty or damaged, has another encoding, is not a table, or lacks a wanted
            column; or it cannot be told what its separators or quotes are.
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
    if suffix not in USUAL and (separator, quotes) != ("auto", "auto"):
        raise DataError(f"{path} is no CSV or TSV; leave out the options separator and quotes")
    if suffix == ".parquet":
        table = _parquet(path, wanted)
    else:
        data = read_bytes(path)
        text = unix_line_ends(decode(path, data, encoding))
        table = (
            _delimited(path, text, wanted, separator, quotes) if suffix in USUAL else _json_lines(path, text, wanted)
        )
        table.notes.update(encoding_note([encoding_of(data, encoding)]))
    if not table.places:
        raise DataError(f"{path} has a header and no rows; add some rows")
    return table


def shown(text: str) -> str:
    """Quote a name or cell for a message: in one line, and cut if it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


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
    """Return a cell of JSON or Parquet as text: None and NaN are empty, and true is `true` in both formats."""
    if isinstance(value, bytes | list | tuple | dict):
        raise DataError(
            f"{where}: {shown(name)} is neither text nor number but {type(value).__name__}; write one text or number"
        )
    text = "" if value is None or value != value else str(value).lower() if isinstance(value, bool) else str(value)
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


class _Rows(NamedTuple):
    """The rows of a table that are not blank; the first one is the header."""

    lines: list[int]
    """The line on which each row starts, from 1."""
    cells: list[list[str]]
    quotes: Literal["csv", "letters"]
    """How double quotes were read."""


def _delimited(path: Path, text: str, wanted: Mapping[str, str], separator: Separator, quotes: Quotes) -> Table:
    notes: dict[str, int | str] = {}
    with _cells_of_any_length():
        name = _separator(path, text, wanted) if separator == "auto" else separator
        header = _header(text, SEPARATORS[name]) or _as_csv(path, text, SEPARATORS[name]).cells[0]
        _check_header(path, header)
        _check_wanted(path, header, wanted)
        rows = _rows(path, text, SEPARATORS[name], quotes)
    if not header[0]:
        notes["ignored_index"] = "the first column, which has no name"
    if name != USUAL[path.suffix.lower()]:
        notes["separator"] = name
    if rows.quotes == "letters":
        notes["quotes"] = "letters"
    places = {column: header.index(column) for column in wanted}
    columns = {column: [cells[i] for cells in rows.cells[1:]] for column, i in places.items()}
    if over := sum("\n" in "".join(cells) for cells in rows.cells[1:]):
        notes["rows_over_several_lines"] = over
    return Table(path, columns, header[not header[0] :], rows.lines[1:], notes=notes)


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Let the csv module read cells of up to LONGEST characters."""
    previous = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _separator(path: Path, text: str, wanted: Mapping[str, str]) -> str:
    """Return the name of the separator that makes all wanted names cells of the header.

    At most one does so if the header has two cells. If a wanted name is missing, it is the only one that divides the
    header, or else the usual one of the suffix.

    Raises:
        DataError: a wanted name is missing, and several separators divide the header, but not the usual one.
    """
    usual = USUAL[path.suffix.lower()]
    headers = {name: _header(text, SEPARATORS[name]) for name in dict.fromkeys([usual, *SEPARATORS])}
    for name, header in headers.items():
        if set(wanted) <= set(header):
            return name
    dividing = [name for name, header in headers.items() if len(header) > 1]
    if len(dividing) > 1 and usual not in dividing:
        raise DataError(
            f"{path}: its cells may be separated by {' or '.join(dividing)}; "
            f"name one, such as --separator {dividing[0]}"
        )
    return usual if usual in dividing or not dividing else dividing[0]


def _header(text: str, separator: str) -> list[str]:
    """Return the names of the columns, which may be quoted; none if their quotes are not those of CSV.

    The first name may be empty: pandas writes an index as the first column.
    """
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [cell.strip() for cell in next(row for row in rows if row)]
    except (csv.Error, StopIteration):
        return []


def _rows(path: Path, text: str, separator: str, quotes: Quotes) -> _Rows:
    """Read the rows, and tell what double quotes are, so that no row is lost in a cell that a lone quote opens.

    Quotes enclose cells if the file is then a table whose rows are its lines, or whose lines alone are no table. They
    are letters if the file is a table only then. If both readings give a table, but with different numbers of rows,
    they are letters in a table separated by tabs, which texts hardly contain; in other tables it cannot be told.

    Raises:
        DataError: it cannot be told, or neither reading gives a table.
    """
    if quotes == "letters":
        return _as_letters(path, text, separator)
    if quotes == "csv" or '"' not in text:
        return _as_csv(path, text, separator)
    widths = {i: line.count(separator) + 1 for i, line in enumerate(text.split("\n"), 1) if line}
    width = next(iter(widths.values()))
    lines_are_rows, tabs = set(widths.values()) == {width}, separator == SEPARATORS["tab"] and width > 1
    try:
        rows = _as_csv(path, text, separator)
    except DataError:
        # A cell that begins and ends with a quote shows that quotes enclose cells, so the fault is in another cell.
        enclosed = re.search(rf'(?m)(?:^|{re.escape(separator)})"[^"\n]*"(?:$|{re.escape(separator)})', text)
        if lines_are_rows and (tabs or not enclosed):
            return _as_letters(path, text, separator)
        raise
    if len(rows.lines) == len(widths) or not (tabs or lines_are_rows):
        return rows
    if tabs and lines_are_rows:
        return _as_letters(path, text, separator)
    starts = set(rows.lines)
    within = [line for line, found in widths.items() if found == width and line not in starts]
    if within:
        raise DataError(
            f"{path}, line {within[0]}: a double quote opened before puts this line inside a cell, but it could be "
            "a row; if quotes enclose cells, say --quotes csv; if they are part of the text, say --quotes letters"
        )
    return rows


def _as_csv(path: Path, text: str, separator: str) -> _Rows:
    """Read CSV as defined in RFC 4180: a quoted cell may hold the separator, line ends, and doubled quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, line = _Rows([], [], "csv"), 1
    try:
        for cells in reader:
            if cells:
                rows.lines.append(line)
                rows.cells.append(cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {line}: {_why(error)}") from None
    return _even(path, rows)


def _as_letters(path: Path, text: str, separator: str) -> _Rows:
    """Read each line that is not empty as a row."""
    lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if line]
    rows = _Rows([i for i, _ in lines], [line.split(separator) for _, line in lines], "letters")
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        if len(max(cells, key=len)) > LONGEST:
            raise DataError(f"{path}, line {line}: a cell is longer than {LONGEST:,} characters; shorten the text")
    return _even(path, rows)


def _even(path: Path, rows: _Rows) -> _Rows:
    width = len(rows.cells[0])
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        if len(cells) != width:
            raise DataError(
                f"{path}, line {line}: {len(cells)} cells where the header has {width}; "
                "a cell that holds the separator must stand in double quotes"
            )
    return rows


def _why(error: csv.Error) -> str:
    """Return what is wrong with a row, and what to do."""
    if "limit" in str(error):
        return (
            f"a cell is longer than {LONGEST:,} characters; if a double quote was left open, close it, "
            "otherwise shorten the text"
        )
    if "end of data" in str(error):
        return (
            "a double quote is opened and never closed; close it, write it twice if it is part of the text, "
            "or say --quotes letters if all are"
        )
    return (
        f"a double quote stands where none may ({error}); write it twice, and put the whole cell "
        "in double quotes, or say --quotes letters if all quotes are part of the text"
    )


def _check_header(path: Path, header: Sequence[str]) -> None:
    for number, name in enumerate(header, 1):
        if not name and number > 1:
            raise DataError(f"{path}: column {number} has no name; the first line must name the columns")
        if name in header[: number - 1]:
            raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")


def _json_lines(path: Path, text: str, wanted: Mapping[str, str]) -> Table:
    columns: Columns = {name: [] for name in wanted}
    lines: list[int] = []
    names: dict[str, None] = {}
    lacking: tuple[int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            found = json.loads(
                line,
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
        lines.append(number)
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
    return Table(path, columns, list(names), lines)


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


def _parquet(path: Path, wanted: Mapping[str, str]) -> Table:
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
            schema = file.schema_arrow
            index = {name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if isinstance(name, str)}
            ignored = {name for name in index if UNNAMED_INDEX.fullmatch(name)} - set(wanted)
            names = [name for name in schema.names if name not in ignored]
            for name in wanted:
                if names.count(name) > 1:
                    raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")
            _check_wanted(path, names, wanted)
            table = file.read(columns=list(wanted))
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        why = str(error).partition("\n")[0][:200]
        raise DataError(f"{path} is no Parquet file, or a damaged one: {why}") from None
    columns = {name: _parquet_cells(path, name, table.column(name)) for name in wanted}
    notes: dict[str, int | str] = {"ignored_index": ", ".join(sorted(ignored))} if ignored else {}
    return Table(path, columns, names, range(1, table.num_rows + 1), "row", notes)


def _parquet_cells(path: Path, name: str, column: Any) -> list[str]:
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError) as error:  # bytes that are not UTF-8, or dates that Python cannot hold
        raise DataError(f"{path}: the column {shown(name)} holds what is no text: {error}; save it as text") from None
    return [_text(f"{path}, row {number}", name, value) for number, value in enumerate(values, 1)]
