"""The templates of the page; all text is escaped unless it is markup made here."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from seqbench.reports.formatting import pieces


def rendered(name: str, **values: Any) -> Markup:
    """Return a template of this room, filled in."""
    return Markup(_environment().get_template(name).render(**values))


def source(name: str) -> str:
    return files("seqbench.reports.page").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pieces"] = pieces
    return environment
