"""Tables whose cells are divided by a separator, CSV and TSV: what separates the cells, and what double quotes are."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from seqbench.data import DataError, shown
from seqbench.datasets.file_text import FileText, Lines
from seqbench.datasets.files import encoding_note
from seqbench.datasets.tables.table import LONGEST, Piece, Reading, check_wanted

Separator = Literal["auto", "comma", "semicolon", "tab", "bar"]
Quotes = Literal["auto", "csv", "letters"]

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
USUAL = {".csv": "comma", ".tsv": "tab", ".txt": "tab"}
"""The separator that a suffix promises."""

Row = tuple[int, list[str]]
"""The line on which a row starts, from 1, and its cells."""


def delimited(text: FileText, quoted: bool, wanted: Mapping[str, str], separator: Separator, quotes: Quotes) -> Reading:
    """Return a table of CSV or TSV; quoted: whether it holds double quotes. All else is as in `TableOptions.table`."""
    path = text.path
    with _cells_of_any_length():
        name = _separator(text, wanted) if separator == "auto" else separator
        sign = SEPARATORS[name]
        header = _header(text, sign) or next(_as_csv(text.lines(), path, sign))[1]
        _check_header(path, header)
        check_wanted(path, header, wanted)
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
