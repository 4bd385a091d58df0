"""What a reader asks to see of tables: which columns, and in what order of rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seqbench.reports.groups import listed


@dataclass(frozen=True)
class View:
    columns: tuple[str, ...] = ()
    """Names of the columns that follow the model's, in this order; empty: all that say something."""
    sort: str = ""
    """The name of the column that rows are sorted by, the best or cheapest first; empty: the order of the runs."""

    @classmethod
    def of(cls, columns: str | Iterable[str] = (), sort: str = "") -> "View":
        """Return the view of names in a list, or in a text with commas between them."""
        names = columns.split(",") if isinstance(columns, str) else columns
        return cls(tuple(dict.fromkeys(name.strip() for name in names if name.strip())), sort.strip())

    def check(self, known: Mapping[str, Iterable[str]]) -> None:
        """Raise ValueError if there is no such column.

        Args:
            known: the names of all columns, each with its other names.
        """
        names = {*known, *(other for others in known.values() for other in others)}
        told = ", ".join(" or ".join([name, *sorted(others)]) for name, others in known.items())
        unknown = [repr(name) for name in self.columns if name not in names]
        if unknown:
            raise ValueError(f"there is no column {listed(unknown)}; there are: {told}")
        if self.sort and self.sort not in names:
            raise ValueError(f"there is no column {self.sort!r} to sort rows by; there are: {told}")
