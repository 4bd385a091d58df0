"""Users' tables: CSV, TSV, JSONL and Parquet as columns of text, read in pieces, so that they may exceed memory."""

from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.file_text import FileText
from seqbench.datasets.files import UTF_8
from seqbench.datasets.packed import Column
from seqbench.datasets.tables.delimited import USUAL, Quotes, Separator, delimited
from seqbench.datasets.tables.json_lines import json_lines
from seqbench.datasets.tables.parquet import parquet
from seqbench.datasets.tables.table import Reading, Table
from seqbench.interface import Config

SUFFIXES = (*USUAL, ".jsonl", ".ndjson", ".parquet")


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

    def table(self, path: Path, wanted: Mapping[str, str], column: Callable[[], Column] = list) -> Table:
        """Return the wanted columns of a table, whose suffix tells the format. Other columns may hold anything.

        Args:
            wanted: the name of each column, and what to do if there is no such column; for the message.
            column: what holds a column: a list, or `Packed`, which takes a tenth of the memory.

        Raises:
            DataError: the file is missing, empty or damaged, has another encoding, is not a table, or lacks a wanted
                column; or it cannot be told what its separators or quotes are.
            MissingExtra: the table is Parquet, and pyarrow is not installed.
        """
        reading = self.pieces(path, wanted)
        columns = {name: column() for name in wanted}
        places = array("q")
        for piece in reading.pieces():
            places.extend(piece.places)
            for name, cells in columns.items():
                cells.extend(piece.columns[name])
        return Table(path, columns, reading.header, places, reading.unit, reading.notes)

    def header(self, path: Path, wanted: Mapping[str, str]) -> Sequence[str]:
        """Return the names of all columns of a table; only of JSON all rows are read.

        Raises:
            DataError, MissingExtra: as in `table`.
        """
        reading = self.pieces(path, wanted)
        if not reading.header:
            deque(reading.pieces(), maxlen=0)
        return reading.header

    def pieces(self, path: Path, wanted: Mapping[str, str]) -> Reading:
        """Return a table to be read in pieces; all else is as in `table`."""
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
        if suffix not in USUAL and (self.separator, self.quotes) != ("auto", "auto"):
            raise DataError(f"{path} is no CSV or TSV; leave out the options separator and quotes")
        if suffix == ".parquet":
            return parquet(path, wanted)
        text = FileText(path, self.encoding)
        if suffix in USUAL:
            return delimited(text, text.summary.quoted, wanted, self.separator, self.quotes)
        return json_lines(text, wanted)
