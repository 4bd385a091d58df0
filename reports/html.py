"""Tables as one self-contained HTML file, for screens in light or dark mode and for printing."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from seqbench.reports.sheet import Sheet, rows


def render(pages: Sequence[Sheet]) -> str:
    """Return sheets as an HTML page."""
    return _template().render(pages=pages, rows=rows) + "\n"


@cache
def _template() -> Template:
    source = files("seqbench.reports").joinpath("templates", "tables.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
