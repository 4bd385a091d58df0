"""Users' tables: CSV, TSV, JSONL and Parquet as columns of text; each fault is reported in one line.

They are read in pieces, so that a table may be larger than memory.

Every cell stays text: no type is guessed, so `NA` is two letters and the 1.50 of JSON is four characters. Only a NaN
that JSON or Parquet holds as a number is an empty cell, as null is.
"""

import csv
import difflib
import json
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.file_text import FileText, Lines
from seqbench.datasets.files import UTF_8, encoding_note, opened
from seqbench.datasets.packed import Column
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
ROWS = 1 << 12
"""The rows of Parquet that are read at once."""
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

    def table(self, path: Path, wanted: Mapping[str, str], column: Callable[[], Column] = list) -> "Table":
        """Return the wanted columns of a table, as `read_table` does."""
        return read_table(path, wanted, self.encoding, self.separator, self.quotes, column)

    def header(self, path: Path, wanted: Mapping[str, str]) -> Sequence[str]:
        """Return the names of all columns of a table, as `read_header` does."""
        return read_header(path, wanted, self.encoding, self.separator, self.quotes)

    def pieces(self, path: Path, wanted: Mapping[str, str]) -> "Reading":
        """Return the wanted columns of a table, to be read in pieces, as `read_in_pieces` does."""
        return read_in_pieces(path, wanted, self.encoding, self.separator, self.quotes)


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


@dataclass(frozen=True)
class Piece:
    """Some rows of a table; the arguments are as in `Table`."""

    columns: Columns
    places: list[int]


@dataclass(eq=False)
class Reading:
    """A table that is read in pieces; the other fields are as in `Table`, and complete once all pieces were read."""

    path: Path
    unit: str = "line"
    header: Sequence[str] = ()
    notes: dict[str, int | str] = field(default_factory=dict)
    rows: Iterable[Piece] = ()

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows in pieces, once.

        Raises:
            DataError: as in `read_table`; a fault that only the whole file shows is told after the last piece.
        """
        empty = True
        for piece in self.rows:
            empty = empty and not piece.places
            yield piece
        if empty:
            raise DataError(f"{self.path} has a header and no rows; add some rows")


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
    reading = read_in_pieces(path, wanted, encoding, separator, quotes)
    columns = {name: column() for name in wanted}
    places = array("q")
    for piece in reading.pieces():
        places.extend(piece.places)
        for name, cells in columns.items():
            cells.extend(piece.columns[name])
    return Table(path, columns, reading.header, places, reading.unit, reading.notes)


def read_header(
    path: Path, wanted: Mapping[str, str], encoding: str = UTF_8, separator: Separator = "auto", quotes: Quotes = "auto"
) -> Sequence[str]:
    """Return the names of all columns of a table, as `read_table` does; only of JSON all rows are read.

    Raises:
        DataError, MissingExtra: as in `read_table`.
    """
    reading = read_in_pieces(path, wanted, encoding, separator, quotes)
    if not reading.header:
        deque(reading.pieces(), maxlen=0)
    return reading.header


def read_in_pieces(
    path: Path,
    wanted: Mapping[str, str],
    encoding: str = UTF_8,
    separator: Separator = "auto",
    quotes: Quotes = "auto",
) -> Reading:
    """Return a table to be read in pieces; all else is as in `read_table`."""
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
        return _parquet(path, wanted)
    text = FileText(path, encoding)
    quoted = text.summary.quoted
    return _delimited(text, quoted, wanted, separator, quotes) if suffix in USUAL else _json_lines(text, wanted)


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


Row = tuple[int, list[str]]
"""The line on which a row starts, from 1, and its cells."""


def _delimited(
    text: FileText, quoted: bool, wanted: Mapping[str, str], separator: Separator, quotes: Quotes
) -> Reading:
    path = text.path
    with _cells_of_any_length():
        name = _separator(text, wanted) if separator == "auto" else separator
        sign = SEPARATORS[name]
        header = _header(text, sign) or next(_as_csv(text.lines(), path, sign))[1]
        _check_header(path, header)
        _check_wanted(path, header, wanted)
        letters = quotes == "letters" or (quotes == "auto" and quoted and _quotes_are_letters(text, sign))
    notes: dict[str, int | str] = {}
    if not header[0]:
        notes["ignored_index"] = "the first column, which has no name"
    if name != USUAL[path.suffix.lower()]:
        notes["separator"] = name
    if letters:
        notes["quotes"] = "letters"
    places = {column: header.index(column) for column in wanted}
    lines = text.lines()
    rows = (_as_letters if letters else _as_csv)(lines, path, sign)

    def pieces() -> Iterator[Piece]:
        over = 0
        for found in _gathered(rows, lines):
            over += sum("\n" in "".join(cells) for _, cells in found)
            yield Piece(
                {column: [cells[i] for _, cells in found] for column, i in places.items()}, [line for line, _ in found]
            )
        notes.update({"rows_over_several_lines": over} if over else {})
        notes.update(encoding_note([text.encoding]))

    return Reading(path, header=header[not header[0] :], notes=notes, rows=pieces())


def _gathered(rows: Iterator[Row], lines: Lines) -> Iterator[list[Row]]:
    """Yield the rows below the header in lists of about a piece of the file."""
    first = 1
    while True:
        found: list[Row] = []
        before = lines.pieces
        with _cells_of_any_length():
            for row in rows:
                found.append(row)
                if lines.pieces != before:
                    break
        if not found:
            return
        yield found[first:]
        first = 0


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Let the csv module read cells of up to LONGEST characters."""
    previous = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _separator(text: FileText, wanted: Mapping[str, str]) -> str:
    """Return the name of the separator that makes all wanted names cells of the header.

    At most one does so if the header has two cells. If a wanted name is missing, it is the only one that divides the
    header, or else the usual one of the suffix.

    Raises:
        DataError: a wanted name is missing, and several separators divide the header, but not the usual one.
    """
    path, usual = text.path, USUAL[text.path.suffix.lower()]
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


def _header(text: FileText, separator: str) -> list[str]:
    """Return the names of the columns, which may be quoted; none if their quotes are not those of CSV.

    The first name may be empty: pandas writes an index as the first column.
    """
    try:
        rows = csv.reader(text.lines(), delimiter=separator, strict=True)
        return [cell.strip() for cell in next(row for row in rows if row)]
    except (csv.Error, StopIteration):
        return []


def _quotes_are_letters(text: FileText, separator: str) -> bool:
    """Tell what double quotes are, so that no row is lost in a cell that a lone quote opens.

    Quotes enclose cells if the file is then a table whose rows are its lines, or whose lines alone are no table. They
    are letters if the file is a table only then. If both readings give a table, but with different numbers of rows,
    they are letters in a table separated by tabs, which texts hardly contain; in other tables it cannot be told.

    Raises:
        DataError: it cannot be told, or neither reading gives a table.
    """
    lines = _Watched(text, separator)
    rows, within = 0, 0
    try:
        for start, _ in _as_csv(lines, text.path, separator):
            rows += 1
            within = within or next((line for line in lines.wide if line != start), 0)
            lines.wide.clear()
    except DataError:
        deque(lines.rest, maxlen=0)
        # A cell that begins and ends with a quote shows that quotes enclose cells, so the fault is in another cell.
        enclosed = re.compile(rf'(?:^|{re.escape(separator)})"[^"\n]*"(?:$|{re.escape(separator)})')
        if lines.even and (lines.tabs or not any(map(enclosed.search, text.lines()))):
            return True
        raise
    if rows == lines.filled or not (lines.tabs or lines.even):
        return False
    if lines.tabs and lines.even:
        return True
    if within:
        raise DataError(
            f"{text.path}, line {within}: a double quote opened before puts this line inside a cell, but it could be "
            "a row; if quotes enclose cells, say --quotes csv; if they are part of the text, say --quotes letters"
        )
    return False


class _Watched:
    """The lines of a file; of those that are not empty, what they would be as rows."""

    def __init__(self, text: FileText, separator: str) -> None:
        self.filled = self.width = 0
        """Number of lines; cells of the first one."""
        self.even = True
        """Whether all have as many cells."""
        self.wide: list[int] = []
        """Those that have, since this list was last cleared."""
        self.separator = separator
        self.rest = self._watched(text.lines())
        """The lines that were not read yet."""

    def __iter__(self) -> Iterator[str]:
        return self.rest

    @property
    def tabs(self) -> bool:
        """Whether tabs separate more than one cell."""
        return self.separator == SEPARATORS["tab"] and self.width > 1

    def _watched(self, lines: Lines) -> Iterator[str]:
        for number, line in enumerate(lines, 1):
            if line != "\n":
                width = line.count(self.separator) + 1
                self.filled += 1
                self.width = self.width or width
                if width == self.width:
                    self.wide.append(number)
                else:
                    self.even = False
            yield line


def _as_csv(lines: Iterable[str], path: Path, separator: str) -> Iterator[Row]:
    """Read CSV as defined in RFC 4180: a quoted cell may hold the separator, line ends, and doubled quotes."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    return _even(path, _that_are_csv(reader, path))


def _that_are_csv(reader: Any, path: Path) -> Iterator[Row]:
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {line}: {_why(error)}") from None


def _as_letters(lines: Iterable[str], path: Path, separator: str) -> Iterator[Row]:
    """Read each line that is not empty as a row."""
    return _even(path, _that_are_lines(lines, path, separator))


def _that_are_lines(lines: Iterable[str], path: Path, separator: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if line != "\n":
            cells = line.removesuffix("\n").split(separator)
            if len(line) > LONGEST and len(max(cells, key=len)) > LONGEST:
                raise DataError(
                    f"{path}, line {number}: a cell is longer than {LONGEST:,} characters; shorten the text"
                )
            yield number, cells


def _even(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows as long as all have as many cells as the header.

    Raises:
        DataError: a row has not; a fault that reading the further rows shows is told instead.
    """
    width, uneven = 0, None
    for row in rows:
        line, cells = row
        width = width or len(cells)
        if uneven is None and len(cells) != width:
            uneven = DataError(
                f"{path}, line {line}: {len(cells)} cells where the header has {width}; "
                "a cell that holds the separator must stand in double quotes"
            )
        if uneven is None:
            yield row
    if uneven is not None:
        raise uneven


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


def _json_lines(text: FileText, wanted: Mapping[str, str]) -> Reading:
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
            cells.append(_text(where, name, found.get(name)))
    reading.header = list(names)
    _check_wanted(path, reading.header, wanted)
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


def _parquet(path: Path, wanted: Mapping[str, str]) -> Reading:
    with opened(path):
        pass
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtra(
            'Parquet files need pyarrow: pip install "seqbench[parquet]", or save the table as CSV'
        ) from None
    faults = (ArrowException, OSError, UnicodeDecodeError)
    try:
        with ParquetFile(path) as file:
            schema = file.schema_arrow
    except faults as error:
        raise _damaged(path, error) from None
    index = {name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if isinstance(name, str)}
    ignored = {name for name in index if UNNAMED_INDEX.fullmatch(name)} - set(wanted)
    names = [name for name in schema.names if name not in ignored]
    for name in wanted:
        if names.count(name) > 1:
            raise DataError(f"{path}: two columns are called {shown(name)}; rename one of them")
    _check_wanted(path, names, wanted)

    def rows() -> Iterator[Piece]:
        read = 0
        try:
            with ParquetFile(path) as file:
                for batch in file.iter_batches(ROWS, columns=list(wanted)):
                    columns = {name: _parquet_cells(path, name, batch.column(name), read) for name in wanted}
                    places = list(range(read + 1, read + 1 + batch.num_rows))
                    read += batch.num_rows
                    yield Piece(columns, places)
        except faults as error:
            raise _damaged(path, error) from None

    notes: dict[str, int | str] = {"ignored_index": ", ".join(sorted(ignored))} if ignored else {}
    return Reading(path, "row", names, notes, rows())


def _damaged(path: Path, error: Exception) -> DataError:
    why = str(error).partition("\n")[0][:200]
    return DataError(f"{path} is no Parquet file, or a damaged one: {why}")


def _parquet_cells(path: Path, name: str, column: Any, before: int) -> list[str]:
    """Return the cells of a column; before: the number of rows before them."""
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError) as error:  # bytes that are not UTF-8, or dates that Python cannot hold
        raise DataError(f"{path}: the column {shown(name)} holds what is no text: {error}; save it as text") from None
    return [_text(f"{path}, row {number}", name, value) for number, value in enumerate(values, before + 1)]
