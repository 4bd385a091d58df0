"""The page: sections of tables, a table of contents, and a policy that lets nothing in from elsewhere."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from markupsafe import Markup

from seqbench.reports.page.section import of_ranks, section
from seqbench.reports.page.svg import Pen, drawing
from seqbench.reports.page.template import rendered, source
from seqbench.reports.sheet import Sheet, rows
from seqbench.reports.summary import QUESTION

OPEN = 5
"""With more tables than this, each shows fewer figures, and they are folded away."""
ROOM = 1_200_000
"""The number of characters that exhibits of models other than the best may take, in all tables together."""


def render(pages: Sequence[Sheet]) -> str:
    """Return sheets as one self-contained page of HTML."""
    tables = [(page.table, page) for page in pages if page.table is not None]
    pen, many = Pen(), len(tables) > OPEN
    with drawing():
        sections = [
            section(table, page, f"table-{number}", pen, many=many, room=ROOM // len(tables))
            for number, (table, page) in enumerate(tables, start=1)
        ]
    others = [page for page in pages if page.table is None]
    ranks = [of_ranks(page, f"{page.kind}-{number}") for number, page in enumerate(others, start=1)]
    style, script = Markup(source("style.css")), Markup(source("script.js"))
    page = rendered(
        "page.html",
        title="; ".join(found.sheet.title for found in [*sections, *ranks][:OPEN]),
        question=QUESTION,
        sections=sections,
        ranks=ranks,
        folded=many,
        rows=rows,
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return str(page) + "\n"


def _policy(style: str, script: str) -> str:
    """Return a policy of content: this style, this script and pictures within the page, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
