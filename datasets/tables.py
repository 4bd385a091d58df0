"""Users' tables: CSV, TSV, JSONL and Parquet as columns of text; each fault is reported in one line.

Every cell stays text: no type is guessed, so `NA` is two letters and the 1.50 of JSON is four characters. Only a NaN
that JSON or Parquet holds as a number is an empty cell, as null is.
"""

import csv
import difflib
import io
import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain, islice, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.files import UTF_8, decode, encoding_note, encoding_of, read_bytes, unix_line_ends
from seqbench.interface import Config, MissingExtra

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
ROWS = 1 << 12
"""Rows that are read at once."""
CHARACTERS = 1 << 20
"""Characters of lines that are read at once."""


class Packed(Sequence[str]):
    """The cells of a long column, as few long texts: about as many bytes as the column has in the file.

    They are to be read from front to back; a single cell takes about a millisecond.
    """

    def __init__(self) -> None:
        self._pieces: list[str | list[str]] = []
        self._ends = [0]

    def extend(self, cells: Iterable[str]) -> None:
        cells = list(cells)
        joined = "\0".join(cells)  # texts hold no NUL, but cells of JSON and Parquet may
        self._pieces.append(joined if joined.count("\0") == len(cells) - 1 else cells)
        self._ends.append(self._ends[-1] + len(cells))

    def pieces(self) -> Iterator[list[str]]:
        """Yield the cells in lists."""
        return (piece.split("\0") if isinstance(piece, str) else piece for piece in self._pieces)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.pieces())

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return list(islice(self, *index.indices(len(self)))) if isinstance(index, slice) else list(self)[index]


Column = list[str] | Packed


def pieces_of(column: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the cells of a column in pieces."""
    if isinstance(column, Packed):
        yield from column.pieces()
    else:
        yield from (column[start : start + ROWS] for start in range(0, len(column), ROWS))


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

    def table(self, path: Path, wanted: Mapping[str, str], column: Callable[[], Column] = list) -> "Table":
        """Return the wanted columns of a table, as `read_table` does."""
        return read_table(path, wanted, self.encoding, self.separator, self.quotes, column)

    def header(self, path: Path, wanted: Mapping[str, str]) -> Sequence[str]:
        """Return the names of all columns of a table, as `read_header` does."""
        return read_header(path, wanted, self.encoding, self.separator, self.quotes)


@dataclass(frozen=True, eq=False)
class Table(Mapping[str, Sequence[str]]):
    """The wanted columns of a table, by name."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    """Columns by name; all have the same length."""
    header: Sequence[str]
    """The names of all columns."""
    places: Sequence[int]
    """The line of the file on which each row starts, from 1; of Parquet, the number of the row."""
    unit: str = "line"
    """What `places` counts: line or row."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """How the file was read, if not in the usual way."""

    def __getitem__(self, name: str) -> Sequence[str]:
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
    column: Callable[[], Column] = list,
) -> Table:
    """Return the wanted columns of a table, whose suffix tells the format. Other columns may hold anything.

    Args:
        wanted: the name of each column, and what to do if there is no such column; for the message.
        encoding, separator, quotes: as in `TableOptions`.
        column: what holds a column: a list, or `Packed`, which takes a tenth of the memory.

    Raises:
        DataError: the file is missing, empty or damaged, has another encoding, is not a table, or lacks a wanted
            column; or it cannot be told what its separators or quotes are.
        MissingExtra: the table is Parquet, and pyarrow is not installed.
    """
    suffix = _suffix(path, separator, quotes)
    if suffix == ".parquet":
        table = _parquet(path, wanted, column)
    else:
        text, named = _text_of(path, encoding)
        if suffix in USUAL:
            table = _delimited(path, text, wanted, separator, quotes, column)
        else:
            table = _json_lines(path, text, wanted, column)
        table.notes.update(encoding_note([named]))
    if not table.places:
        raise DataError(f"{path} has a header and no rows; add some rows")
    return table


def read_header(
    path: Path, wanted: Mapping[str, str], encoding: str = UTF_8, separator: Separator = "auto", quotes: Quotes = "auto"
) -> Sequence[str]:
    """Return the names of all columns of a table, as `read_table` does; the rows of CSV are not read.

    Raises:
        DataError, MissingExtra: as in `read_table`.
    """
    if _suffix(path, separator, quotes) not in USUAL:
        return read_table(path, wanted, encoding, separator, quotes, Packed).header
    _, header = _head(path, _text_of(path, encoding)[0], wanted, separator)
    return header[not header[0] :]


def _suffix(path: Path, separator: Separator, quotes: Quotes) -> str:
    """Return the suffix of a file, which is that of a table."""
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
    return suffix


def _text_of(path: Path, encoding: str) -> tuple[str, str]:
    """Return the text of a file, and its encoding."""
    data = read_bytes(path)
    return unix_line_ends(decode(path, data, encoding)), encoding_of(data, encoding)


def shown(text: str) -> str:
    """Quote a name or cell for a message: in one line, and cut if it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def _check_wanted(path: Path, names: Sequence[str], wanted: Mapping[str, str]) -> None:
    there = set(names)
    for name, cure in wanted.items():
        if name in there:
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

    header: list[str]
    columns: dict[str, Column]
    """The wanted columns, without the header."""
    lines: "array[int]"
    """The line on which each row starts, from 1; that of the header is the first."""
    over: int
    """Number of rows over several lines, without the header."""
    quotes: Literal["csv", "letters"]
    """How double quotes were read."""


@dataclass(frozen=True)
class _Reading:
    """How the rows of a text are read."""

    path: Path
    text: str
    separator: str
    places: Mapping[str, int]
    """The place of each wanted column in the header."""
    column: Callable[[], Column]


def _delimited(
    path: Path,
    text: str,
    wanted: Mapping[str, str],
    separator: Separator,
    quotes: Quotes,
    column: Callable[[], Column],
) -> Table:
    notes: dict[str, int | str] = {}
    name, header = _head(path, text, wanted, separator)
    places = {column: place for place, column in enumerate(header)}
    with _cells_of_any_length():
        rows = _rows(_Reading(path, text, SEPARATORS[name], {name: places[name] for name in wanted}, column), quotes)
    if not header[0]:
        notes["ignored_index"] = "the first column, which has no name"
    if name != USUAL[path.suffix.lower()]:
        notes["separator"] = name
    if rows.quotes == "letters":
        notes["quotes"] = "letters"
    if rows.over:
        notes["rows_over_several_lines"] = rows.over
    return Table(path, rows.columns, header[not header[0] :], rows.lines[1:], notes=notes)


def _head(path: Path, text: str, wanted: Mapping[str, str], separator: Separator) -> tuple[str, list[str]]:
    """Return the name of the separator, and the header, whose first name may be empty."""
    with _cells_of_any_length():
        name = _separator(path, text, wanted) if separator == "auto" else separator
        sign = SEPARATORS[name]
        header = _header(text, sign) or _as_csv(_Reading(path, text, sign, {}, list)).header
    _check_header(path, header)
    _check_wanted(path, header, wanted)
    return name, header


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
        rows = csv.reader(_lines(text), delimiter=separator, strict=True)
        return [cell.strip() for cell in next(row for row in rows if row)]
    except (csv.Error, StopIteration):
        return []


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, each with its newline."""
    ends, start = [0], 0
    while start < len(text):
        start = text.find("\n", start + CHARACTERS) + 1 or len(text)
        ends.append(start)
    return chain.from_iterable(io.StringIO(text[start:end], newline="") for start, end in pairwise(ends))


def _rows(reading: _Reading, quotes: Quotes) -> _Rows:
    """Read the rows, and tell what double quotes are, so that no row is lost in a cell that a lone quote opens.

    Quotes enclose cells if the file is then a table whose rows are its lines, or whose lines alone are no table. They
    are letters if the file is a table only then. If both readings give a table, but with different numbers of rows,
    they are letters in a table separated by tabs, which texts hardly contain; in other tables it cannot be told.

    Raises:
        DataError: it cannot be told, or neither reading gives a table.
    """
    text, separator = reading.text, reading.separator
    if quotes == "letters":
        return _as_letters(reading)
    if quotes == "csv" or '"' not in text:
        return _as_csv(reading)
    count, widths = 0, dict[int, None]()
    for line in _lines(text):
        if line != "\n":
            count += 1
            widths[line.count(separator) + 1] = None
    width = next(iter(widths))
    lines_are_rows, tabs = len(widths) == 1, separator == SEPARATORS["tab"] and width > 1
    try:
        rows = _as_csv(reading)
    except DataError:
        # A cell that begins and ends with a quote shows that quotes enclose cells, so the fault is in another cell.
        enclosed = re.search(rf'(?m)(?:^|{re.escape(separator)})"[^"\n]*"(?:$|{re.escape(separator)})', text)
        if lines_are_rows and (tabs or not enclosed):
            return _as_letters(reading)
        raise
    if len(rows.lines) == count or not (tabs or lines_are_rows):
        return rows
    if tabs and lines_are_rows:
        return _as_letters(reading)
    starts = set(rows.lines)
    for number, line in enumerate(_lines(text), 1):
        if line != "\n" and line.count(separator) + 1 == width and number not in starts:
            raise DataError(
                f"{reading.path}, line {number}: a double quote opened before puts this line inside a cell, but it "
                "could be a row; if quotes enclose cells, say --quotes csv; if they are part of the text, say --quotes "
                "letters"
            )
    return rows


def _as_csv(reading: _Reading) -> _Rows:
    """Read CSV as defined in RFC 4180: a quoted cell may hold the separator, line ends, and doubled quotes."""
    rows = csv.reader(_lines(reading.text), delimiter=reading.separator, strict=True)
    return _collected(reading, rows, "csv", '"' in reading.text)


def _as_letters(reading: _Reading) -> _Rows:
    """Read each line that is not empty as a row."""

    def rows() -> Iterator[list[str]]:
        for number, line in enumerate(_lines(reading.text), 1):
            cells = line.removesuffix("\n").split(reading.separator) if line != "\n" else []
            if len(line) > LONGEST and len(max(cells, key=len)) > LONGEST:
                raise DataError(
                    f"{reading.path}, line {number}: a cell is longer than {LONGEST:,} characters; shorten the text"
                )
            yield cells

    return _collected(reading, rows(), "letters", False)


def _collected(reading: _Reading, rows: Iterator[list[str]], quotes: Literal["csv", "letters"], several: bool) -> _Rows:
    """Read all rows and collect the wanted columns; blank rows are left out.

    Args:
        several: whether rows may be over several lines.

    Raises:
        DataError: the rows are no CSV, or not all as long as the first one.
    """
    found = _Rows([], {name: reading.column() for name in reading.places}, array("q"), 0, quotes)
    line, over, uneven = 1, 0, ""
    for taken, error in _in_pieces(rows):
        heights = [1 + "".join(cells).count("\n") for cells in taken] if several else [1] * len(taken)
        starts = list(accumulate(heights, initial=line))
        line = starts.pop()
        if error:
            raise DataError(f"{reading.path}, line {line}: {_why(error)}") from None
        if not all(taken):
            kept = [i for i, cells in enumerate(taken) if cells]
            taken = [taken[i] for i in kept]
            starts, heights = ([part[i] for i in kept] for part in (starts, heights))
        found.lines.extend(starts)
        if not found.header and taken:
            found.header.extend(taken.pop(0))
            starts.pop(0), heights.pop(0)
        width = len(found.header)
        if not uneven and set(map(len, taken)) - {width}:
            row = next(row for row, cells in enumerate(taken) if len(cells) != width)
            uneven = f"{reading.path}, line {starts[row]}: {len(taken[row])} cells where the header has {width}"
        if uneven:  # a later row that is no CSV is told first
            continue
        over += len(heights) - heights.count(1)
        for name, place in reading.places.items():
            found.columns[name].extend(map(itemgetter(place), taken))
    if uneven:
        raise DataError(f"{uneven}; a cell that holds the separator must stand in double quotes")
    return found._replace(over=over)


def _in_pieces(rows: Iterator[list[str]]) -> Iterator[tuple[list[list[str]], csv.Error | None]]:
    """Yield rows in pieces; the last one is followed by the error that ended them, if one did."""
    while True:
        taken: list[list[str]] = []
        try:
            taken.extend(islice(rows, ROWS))  # keeps the rows before an error
        except csv.Error as error:
            yield taken, error
            return
        if not taken:
            return
        yield taken, None


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
    before: set[str] = set()
    for number, name in enumerate(header, 1):
        if not name and number > 1:
            raise DataError(f"{path}: column {number} has no name; the first line must name the columns")
        if name in before:
            raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")
        before.add(name)


def _json_lines(path: Path, text: str, wanted: Mapping[str, str], column: Callable[[], Column]) -> Table:
    columns, taken = {name: column() for name in wanted}, {name: list[str]() for name in wanted}
    lines = array("q")
    names: dict[str, None] = {}
    lacking: tuple[int, str] | None = None
    for number, line in enumerate(_lines(text), 1):
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
        lines.append(number)
        names |= dict.fromkeys(found)
        for name, cells in taken.items():
            if name in found:
                cells.append(_text(where, name, found[name]))
            else:
                lacking = lacking or (number, name)
            if len(cells) == ROWS:
                columns[name].extend(cells)
                cells.clear()
    for name, cells in taken.items():
        columns[name].extend(cells)
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


def _parquet(path: Path, wanted: Mapping[str, str], column: Callable[[], Column]) -> Table:
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
    columns = {name: column() for name in wanted}
    for name, cells in columns.items():
        for start in range(0, table.num_rows, ROWS):
            cells.extend(_parquet_cells(path, name, table.column(name).slice(start, ROWS), start))
    notes: dict[str, int | str] = {"ignored_index": ", ".join(sorted(ignored))} if ignored else {}
    return Table(path, columns, names, range(1, table.num_rows + 1), "row", notes)


def _parquet_cells(path: Path, name: str, column: Any, start: int) -> list[str]:
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError) as error:  # bytes that are not UTF-8, or dates that Python cannot hold
        raise DataError(f"{path}: the column {shown(name)} holds what is no text: {error}; save it as text") from None
    return [_text(f"{path}, row {number}", name, value) for number, value in enumerate(values, start + 1)]
