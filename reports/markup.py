"""Templates of HTML: all text is escaped, and a name that a template lacks is an error."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from seqbench.reports.formatting import pieces


@cache
def environment(package: str) -> Environment:
    """Return the templates in the folder `templates` of a package. Their filter `pieces` breaks labels."""
    folder = files(package).joinpath("templates")
    made = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["pieces"] = pieces
    return made
