"""The templates of the page; all text is escaped unless it is markup made here."""

from importlib.resources import files
from typing import Any

from markupsafe import Markup

from seqbench.reports.markup import environment

ROOM = "seqbench.reports.page"


def rendered(name: str, **values: Any) -> Markup:
    """Return a template of this room, filled in."""
    return Markup(environment(ROOM).get_template(name).render(**values))


def source(name: str) -> str:
    return files(ROOM).joinpath("templates", name).read_text(encoding="utf-8")
