"""Tables as a pandas frame and as CSV: one row per model, without rounding."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqbench.reports.entries import entries
from seqbench.reports.formatting import plain
from seqbench.reports.sheet import Sheet
from seqbench.reports.table import Table

if TYPE_CHECKING:
    import pandas as pd

_COUNTS = ("items", "seeds", "fits", "parameters", "peak_memory_bytes", "trials", "failed_trials")


def frame(tables: Sequence[Table]) -> "pd.DataFrame":
    """Return the rows of all tables, in their order, with the columns of `entries`."""
    return _framed([entry for table in tables for entry in entries(table)])


def render(pages: Sequence[Sheet]) -> str:
    """Return the entries of all sheets of the first one's kind as CSV, each text as one printable line."""
    texts = [
        {name: plain(value) if isinstance(value, str) else value for name, value in entry.items()}
        for page in pages
        if page.kind == pages[0].kind
        for entry in page.entries
    ]
    return str(_framed(texts).to_csv(index=False, lineterminator="\n"))


def _framed(found: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    made = pd.DataFrame(found)
    return made.astype({name: "Int64" for name in made if re.sub("_[ab]$", "", str(name)) in _COUNTS})
