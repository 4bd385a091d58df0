"""Tables of Parquet, whose columns pyarrow reads."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqbench.data import DataError, shown
from seqbench.datasets.files import opened
from seqbench.datasets.tables.table import Piece, Reading, cell_text, check_wanted
from seqbench.interface import MissingExtra

UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
"""The column in which pandas stores an index that has no name."""
ROWS = 1 << 12
"""The rows that are read at once."""


def parquet(path: Path, wanted: Mapping[str, str]) -> Reading:
    """Return a table of Parquet; all else is as in `TableOptions.table`."""
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
    check_wanted(path, names, wanted)

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
    return [cell_text(f"{path}, row {number}", name, value) for number, value in enumerate(values, before + 1)]
