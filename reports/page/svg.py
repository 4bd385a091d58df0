"""Figures of matplotlib as SVG inside a page: text stays text, colours are those of the page, identifiers are unique.

A figure is drawn with colours that stand for names (`COLOURS`), which become CSS variables here. So one drawing serves
light and dark screens and print. An artist whose gid begins with `TIP` gets the rest of it as its tooltip.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from seqbench.reports.formatting import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIES = 8
"""Number of colours for series without a colour of their own."""
NAMES = ("ink", "soft", "line", "paper", "classic", "neural", "truth", *(f"series-{i}" for i in range(SERIES)))
COLOURS = {name: f"#0102{i:02x}" for i, name in enumerate(NAMES)}
"""By name: the colour that stands for it in a drawing."""
TIP = "tip: "

_VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}
_DROPPED = ("metadata", "style")
_KEPT_STYLES = frozenset(
    (
        *("fill", "fill-opacity", "fill-rule", "opacity", "font-size", "font-style", "font-weight", "stroke"),
        *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-opacity"),
        *("stroke-width", "text-anchor"),
    )
)
_NUMBER = re.compile(r"-?\d+\.\d+")
_FONT = re.compile(r"(?P<weight>bold|\d{3}(?=\s))?.*?(?P<size>[\d.]+px)")


@contextmanager
def drawing() -> Iterator[None]:
    """Set up matplotlib for the figures of a page: text as text, no formulas, since names may contain dollars, and the
    same figures for the same runs."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "seqbench",
        "text.parse_math": False,
        "lines.solid_capstyle": "butt",
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the reader's browser has other fonts
        yield


class Pen:
    """Writes the figures of one page, each with identifiers of its own."""

    def __init__(self) -> None:
        self._written = 0

    def svg(self, figure: "Figure", title: str, description: str) -> Markup:
        """Return a figure as an `svg` element that fills the width it is given, up to a quarter more than its own.

        Args:
            title: the accessible name.
            description: what the figure shows, in one sentence, for readers who do not see it.
        """
        self._written += 1
        name = f"figure{self._written}"
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        root = ElementTree.fromstring(text.getvalue())
        width, height = (f"{float(size):g}" for size in root.get("viewBox", "0 0 0 0").split()[2:])
        used = set(re.findall(r'(?:href="|url\()#([\w.-]+)', text.getvalue()))
        body = "".join(_element(child, name, used) for child in root)
        return Markup(
            f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="{name}-title {name}-description" stroke-linejoin="round">'
            f'<title id="{name}-title">{escape(plain(title))}</title>'
            f'<desc id="{name}-description">{escape(plain(description))}</desc>{body}</svg>'
        )


def _element(node: ElementTree.Element, name: str, used: set[str]) -> str:
    """Return an element without what matplotlib writes for other readers than a browser."""
    tag = node.tag.rpartition("}")[2]
    if tag in _DROPPED:
        return ""
    tip, attributes = "", dict[str, str]()
    for key, value in node.attrib.items():
        key = key.rpartition("}")[2]
        if key == "style":
            attributes |= _attributes(value)
        elif key == "id":
            if value.startswith(TIP):
                tip = f"<title>{escape(value.removeprefix(TIP))}</title>"
            elif value in used:
                attributes["id"] = f"{name}-{value}"
        elif key == "href":
            attributes["href"] = f"#{name}-{value.removeprefix('#')}"
        elif key == "clip-path":
            attributes["clip-path"] = value.replace("#", f"#{name}-")
        elif key != "transform" or not value.startswith("rotate(-0 "):
            attributes[key] = " ".join(_NUMBER.sub(_rounded, value).split())
    inside = tip + escape(node.text.strip() if node.text else "") + "".join(_element(n, name, used) for n in node)
    if tag in ("g", "defs") and (not inside or (tag == "g" and not attributes and not tip)):
        return inside
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def _attributes(style: str) -> dict[str, str]:
    """Return a style as presentation attributes, which a strict policy of content allows."""
    pairs = (part.partition(":")[::2] for part in style.split(";"))
    found = {key.strip(): value.strip() for key, value in pairs}
    if font := _FONT.match(found.get("font", "")):
        found["font-size"] = font["size"]
        found |= {"font-weight": font["weight"]} if font["weight"] else {}
    return {key: _VARIABLES.get(value, value) for key, value in found.items() if key in _KEPT_STYLES}


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
