"""Tables as one self-contained HTML file, for screens in light or dark mode and for printing."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import rows
from seqbench.reports.table import Table


def render(tables: Sequence[Table]) -> str:
    """Return tables as an HTML page."""
    return _template().render(pages=sheets(tables), rows=rows) + "\n"


@cache
def _template() -> Template:
    source = files("seqbench.reports").joinpath("templates", "tables.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
