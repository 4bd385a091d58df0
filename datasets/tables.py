"""Tables of the user's: CSV, TSV, JSONL and Parquet as columns of text, every fault told in one line.

All cells are text as they stand: no type is guessed, and `NA` is two letters.
"""

import csv
import difflib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqbench.data import DataError
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.interface import MissingExtra

Columns = Mapping[str, Sequence[str]]
"""By the name in the header, in its order; all of one length."""

TAB = "\t"
SUFFIXES = {".csv": ",", ".tsv": TAB, ".jsonl": "", ".ndjson": "", ".parquet": ""}
LONGEST = 1_000_000
"""Characters of a cell at most: beyond, a quote was left open or the file is no table."""


def read_table(path: Path, encoding: str = "utf-8") -> Columns:
    """The columns of a table; its format is told by the suffix.

    Raises:
        DataError: the file is missing, empty, damaged, of another encoding, or no table.
        MissingExtra: Parquet needs pyarrow.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise DataError(f"there is no file {path}")
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it")
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path} ends in {suffix or 'nothing'}; a table ends in {', '.join(SUFFIXES)}, which says how it is read"
        )
    if suffix == ".parquet":
        return _checked(path, _parquet(path))
    text = unix_line_ends(read_text(path, encoding))
    if suffix in (".csv", ".tsv"):
        return _checked(path, _delimited(path, text, SUFFIXES[suffix]))
    return _checked(path, _json_lines(path, text))


def column(path: Path, columns: Columns, name: str, option: str) -> Sequence[str]:
    """A column by name.

    Args:
        option: of the command line, that names it; for the message.

    Raises:
        DataError: there is none of that name; the message lists those that there are.
    """
    if name in columns:
        return columns[name]
    near = difflib.get_close_matches(name, list(columns), n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise DataError(
        f"{path} has no column {name!r}; {hint}it has: {', '.join(columns)}; name the right one with {option} NAME"
    )


def read_text(path: Path, encoding: str) -> str:
    """The text of a file in an encoding.

    Raises:
        DataError: the file is missing, empty, or of another encoding.
    """
    data = read_bytes(path)
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return decode(path, data)
    try:
        text = data.decode(encoding)
    except LookupError:
        raise DataError(f"there is no encoding {encoding!r}; common ones are utf-8, cp1252, latin-1, cp1251") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} is not {encoding}: line {line}, byte 0x{data[error.start]:02x} at offset {error.start}; "
            "name the encoding that it has"
        ) from None
    if not text.strip():
        raise DataError(f"{path} holds only blank lines")
    return text


def _delimited(path: Path, text: str, delimiter: str) -> dict[str, list[str]]:
    """CSV as RFC 4180 has it: a quoted cell may hold the delimiter, line ends, and doubled quotes."""
    previous = csv.field_size_limit(LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _rows(path, reader)
    try:
        header = [name.strip() for name in next(rows)[1]]
        _check_header(path, header, delimiter)
        columns: dict[str, list[str]] = {name: [] for name in header}
        for line, cells in rows:
            if len(cells) != len(header):
                raise DataError(
                    f"{path}, line {line}: {len(cells)} cells where the header has {len(header)}; "
                    "a cell that holds the delimiter must stand in double quotes"
                )
            for name, cell in zip(header, cells, strict=True):
                columns[name].append(cell)
    finally:
        csv.field_size_limit(previous)
    return columns


def _rows(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line of the file that it starts on."""
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "limit" in str(error):
                why = f"a cell is longer than {LONGEST:,} characters; is a double quote left open? If not, cut the text"
            elif "end of data" in str(error):
                why = "a double quote is opened and never closed; close it, or double it if it is part of the text"
            else:
                why = f"a double quote stands where none may ({error}); double it, and quote the whole cell"
            raise DataError(f"{path}, line {line}: {why}") from None
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _check_header(path: Path, header: Sequence[str], delimiter: str) -> None:
    for number, name in enumerate(header, 1):
        if not name:
            raise DataError(f"{path}: column {number} has no name; the first line must name the columns")
        if name in header[: number - 1]:
            raise DataError(f"{path}: two columns are called {name!r}; rename one of them")
    other = "," if delimiter == TAB else TAB
    if len(header) == 1:
        for found, name in ((other, "tabs" if other == TAB else "commas"), (";", "semicolons"), ("|", "bars")):
            if found in header[0]:
                cure = (
                    f"name it {path.stem}{'.tsv' if found == chr(9) else '.csv'}" if found == other else "write commas"
                )
                raise DataError(f"{path}: its cells are divided by {name}; {cure}")


def _json_lines(path: Path, text: str) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:  # of JSON, or of a number too long to be one
            why = getattr(error, "msg", "a number of too many digits")
            raise DataError(f"{path}, line {number} is no JSON: {why}; each line is one object") from None
        except RecursionError:
            raise DataError(f"{path}, line {number} is nested too deeply; each line is one flat object") from None
        if not isinstance(found, dict) or not found:
            raise DataError(f'{path}, line {number} is no object with keys; write {{"text": "…", "label": "…"}}')
        if not columns:
            columns = {name: [] for name in found}
        if set(found) != set(columns):
            differing = sorted(set(found) ^ set(columns))
            state = "has" if differing[0] in found else "lacks"
            raise DataError(f"{path}, line {number} {state} {differing[0]!r}, unlike the lines before it")
        for name, value in found.items():
            if value is not None and not isinstance(value, str | int | float):
                raise DataError(f"{path}, line {number}: {name!r} is neither text nor number; flatten it")
            columns[name].append("" if value is None else value if isinstance(value, str) else json.dumps(value))
    return columns


def _parquet(path: Path) -> dict[str, list[str]]:
    read_bytes(path)
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table as read_parquet
    except ImportError:
        raise MissingExtra(
            'Parquet files need pyarrow: pip install "seqbench[parquet]", or save the table as CSV'
        ) from None
    try:
        table = read_parquet(path)
    except (ArrowException, OSError) as error:
        raise DataError(f"{path} is no Parquet file, or a damaged one: {str(error).splitlines()[0]}") from None
    return {
        name: ["" if value is None else str(value) for value in table.column(name).to_pylist()]
        for name in table.column_names
    }


def _checked(path: Path, columns: dict[str, list[str]]) -> Columns:
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{path} has a header and no rows; give it some")
    for name, cells in columns.items():
        for number, cell in enumerate(cells, 1):
            if len(cell) > LONGEST:
                raise DataError(
                    f"{path}, row {number}: the cell {name!r} holds {len(cell):,} characters, more than {LONGEST:,}; "
                    "cut the text, or leave the row out"
                )
    return columns
