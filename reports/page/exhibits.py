"""What tasks show besides scores, each kind in its form: curves, bars and fans as figures, the others as text."""

import re
from collections.abc import Mapping, Sequence

from seqbench.evidence.exhibits import Bars, Curves, Exhibit, Fan, Images, Listing, Matrix, Passage
from seqbench.reports.formatting import plain
from seqbench.reports.page import bars, curves, fan, matrix, passage
from seqbench.reports.page.figure import Figure, left_out
from seqbench.reports.page.pixels import grey, png
from seqbench.reports.page.svg import Pen
from seqbench.reports.page.template import rendered

ROWS = 200
"""The most rows of a listing."""
_NUMBER = re.compile(r"[−+-]?[\d.,]+( ?%)?|∞|—")


def shown(exhibits: Sequence[Exhibit], pen: Pen, scales: Mapping[str, float] | None = None) -> list[Figure]:
    """Return exhibits as figures of the page.

    Args:
        scales: where the last shade of passages begins, by their unit, as `passage.scales` returns it; None: as these
            exhibits need it.
    """
    chosen = passage.scales(exhibits) if scales is None else scales
    return [_figure(exhibit, pen, chosen) for exhibit in exhibits]


def _figure(exhibit: Exhibit, pen: Pen, scales: Mapping[str, float]) -> Figure:
    match exhibit:
        case Curves():
            return curves.draw(exhibit, pen)
        case Bars():
            return bars.draw(exhibit, pen)
        case Fan():
            return fan.draw(exhibit, pen)
        case Matrix():
            return matrix.show(exhibit)
        case Passage():
            return passage.show(exhibit, scales.get(exhibit.unit, 1.0))
        case Listing():
            return _listing(exhibit)
        case Images():
            return _images(exhibit)


def _listing(exhibit: Listing) -> Figure:
    columns = [plain(column) for column in exhibit.columns]
    rows = [[plain(cell) for cell in row] for row in exhibit.rows[:ROWS]]
    numeric = [all(_NUMBER.fullmatch(row[place]) for row in rows if row[place]) for place in range(len(columns))]
    body = rendered("listing.html", title=plain(exhibit.title), columns=columns, rows=rows, numeric=numeric)
    return Figure("", body, left_out(len(exhibit.rows), ROWS, "rows"), size="wide")


def _images(exhibit: Images) -> Figure:
    names = [plain(name) for name in exhibit.names]
    rows = [(plain(name), [png(grey(picture)) for picture in pictures]) for name, pictures in exhibit.rows.items()]
    return Figure("", rendered("images.html", title=plain(exhibit.title), names=names, rows=rows), size="wide")
