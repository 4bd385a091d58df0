"""What tasks show besides scores, each kind in its form: curves, bars and fans as figures, the others as text."""

import math
from base64 import b64encode
from functools import singledispatch
from io import BytesIO

import numpy as np
from markupsafe import Markup

from seqbench.evidence.exhibits import Bars, Curves, Exhibit, Fan, Images, Listing, Matrix, Passage
from seqbench.interface import Floats
from seqbench.reports.formatting import broken, plain, visible
from seqbench.reports.page import curves
from seqbench.reports.page.axes import (
    LARGE,
    LETTER,
    Extent,
    canvas,
    extent,
    figure_of,
    number,
    set_x,
    set_y,
    widest,
)
from seqbench.reports.page.figure import Figure, Style, series
from seqbench.reports.page.svg import COLOURS, TIP, Pen
from seqbench.reports.page.template import rendered

WIDTH = 400
LEVELS = 8
"""Number of shades of a cell or symbol."""
MOST_BARS, MOST_NAMES, MOST_CELLS, MOST_SYMBOLS, MOST_ROWS = 60, 12, 200, 2_000, 200
"""The most names of bars; names of a matrix that is a table; names of one that is a picture; symbols of a passage; rows
of a listing. What is beyond is left out, and the caption says so."""
CONFUSIONS = 12
"""Number of the largest counts beside the diagonal that are listed below the picture of a matrix."""
LETTERS = 20


@singledispatch
def shown(exhibit: Exhibit, pen: Pen) -> Figure:
    """Return an exhibit as a figure of the page."""
    raise TypeError(f"there is no form for exhibits of the kind {type(exhibit).__name__}")


@shown.register
def _(exhibit: Curves, pen: Pen) -> Figure:
    return curves.draw(exhibit, pen)


@shown.register
def _(exhibit: Bars, pen: Pen) -> Figure:
    """Bars lie, so that their names can be read."""
    names = [plain(name) for name in exhibit.names[:MOST_BARS]]
    several = len(exhibit.values)
    thick = 10.0 if several > 1 else 13.0
    labels = [broken(name, LETTERS) for name in names]
    heights = [max(13.0 * len(lines), thick * several) + 6 for lines in labels]
    tops = np.cumsum([0.0, *heights])
    left = 14 + LETTER * LARGE * max((len(line) for lines in labels for line in lines), default=1)
    axes = canvas(WIDTH, float(tops[-1]) + 44, left, bottom=38, top=6)
    values = [value for of in exhibit.values.values() for value in of[:MOST_BARS]]
    set_x(axes, extent([0.0, *values], margin=0.03), exhibit.ylabel)
    axes.set_ylim(float(tops[-1]) or 1.0, 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=COLOURS["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    styles = [Style(series(place).colour, "s", "") for place in range(several)]
    for lines, top, height in zip(labels, tops, heights, strict=False):
        axes.annotate(
            "\n".join(lines),
            (0, float(top) + height / 2),
            (-8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=LARGE,
            color=COLOURS["ink"],
        )
    for place, ((name, of), style) in enumerate(zip(exhibit.values.items(), styles, strict=True)):
        for label, value, top, height in zip(names, of, tops, heights, strict=False):
            middle = float(top) + height / 2 + thick * (place - (several - 1) / 2)
            (bar,) = axes.barh(middle, 0.0 if math.isnan(value) else value, thick - 2, color=COLOURS[style.colour])
            bar.set_gid(f"{TIP}{label}{f', {plain(name)}' if several > 1 else ''}: {number(value)}")
    told = "; ".join(
        f"{plain(name)} from {number(np.nanmin(of))} to {number(np.nanmax(of))}"
        for name, of in exhibit.values.items()
        if not np.isnan(of).all()
    )
    body = pen.svg(figure_of(axes), exhibit.title, f"{exhibit.ylabel} of {len(names)} names: {told}.")
    legend = [(plain(name), style) for name, style in zip(exhibit.values, styles, strict=True)]
    left_out = _left_out(len(exhibit.names), MOST_BARS, "names")
    return Figure(plain(exhibit.title), body, left_out, tuple(legend) if several > 1 else ())


@shown.register
def _(exhibit: Fan, pen: Pen) -> Figure:
    past = list(exhibit.past)
    before, after = np.arange(-len(past) + 1, 1), np.arange(1, len(exhibit.mean) + 1)
    bands = sorted(exhibit.bands.items(), reverse=True)
    inside = [*past, *exhibit.truth, *exhibit.mean]
    ends = extent([*inside, *(end for _, sides in bands for side in sides for end in side)])
    limit = extent(inside, margin=1.0)
    up = Extent(max(ends.low, limit.low), min(ends.high, limit.high))
    axes = canvas(WIDTH, 240, widest(up), top=14)
    set_y(axes, up, "")
    set_x(axes, extent([float(before[0]) if past else 1.0, float(after[-1])], margin=0.02), "steps ahead")
    for share, (low, high) in bands:
        drawn = axes.fill_between(
            after,
            np.clip(low, *up[:2]),
            np.clip(high, *up[:2]),
            color=COLOURS["series-0"],
            alpha=0.15,
            linewidth=0,
        )
        drawn.set_gid(f"{TIP}{100 * share:g} % interval")
    styles = {"past and truth": Style("ink"), "mean of the forecast": Style("series-0", "", "--")}
    known = [*past, *exhibit.truth]
    axes.plot([*before, *after[: len(exhibit.truth)]], known, color=COLOURS["ink"], linewidth=1.2)
    axes.plot(after, exhibit.mean, color=COLOURS["series-0"], linewidth=1.6, linestyle="--")
    axes.axvline(0.5, color=COLOURS["soft"], linewidth=0.8)
    shares = " and ".join(f"{100 * share:g} %" for share, _ in reversed(bands))
    description = (
        f"{len(past)} values of the past, then the forecast of {len(after)} steps and the truth; the forecast ends at "
        f"{number(float(exhibit.mean[-1]))}, the truth at {number(float(exhibit.truth[-1]))}."
    )
    caption = f"Shaded: where {shares} of the values should lie." if bands else ""
    body = pen.svg(figure_of(axes), exhibit.title, description)
    return Figure(plain(exhibit.title), body, caption, tuple(styles.items()))


@shown.register
def _(exhibit: Passage, pen: Pen) -> Figure:
    """Symbols in colours by their weights; the largest two in a hundred share the last shade."""
    weights = np.asarray(exhibit.weights[:MOST_SYMBOLS], dtype=float)
    finite = weights[np.isfinite(weights)]
    top = float(np.quantile(finite, 0.98)) if len(finite) else 1.0
    low = min(0.0, float(finite.min())) if len(finite) else 0.0
    symbols = [
        (
            symbol if symbol == " " else visible(symbol),
            _level((weight - low) / (top - low) if top > low else 0.0),
            number(weight),
            "\n" in symbol,
        )
        for symbol, weight in zip(exhibit.symbols, weights.tolist(), strict=False)
    ]
    body = rendered(
        "passage.html",
        symbols=symbols,
        gap=exhibit.gap,
        unit=plain(exhibit.unit),
        levels=range(LEVELS + 1),
        ends=(number(low), number(top)),
    )
    left_out = _left_out(len(exhibit.symbols), MOST_SYMBOLS, "symbols")
    return Figure(plain(exhibit.title), body, left_out, size="wide")


@shown.register
def _(exhibit: Listing, pen: Pen) -> Figure:
    rows = [[plain(cell) for cell in row] for row in exhibit.rows[:MOST_ROWS]]
    body = rendered("listing.html", title=plain(exhibit.title), columns=[plain(c) for c in exhibit.columns], rows=rows)
    return Figure("", body, _left_out(len(exhibit.rows), MOST_ROWS, "rows"), size="wide")


@shown.register
def _(exhibit: Matrix, pen: Pen) -> Figure:
    """A table with shades by the share of a row; a picture and the largest confusions if there are many names."""
    counts = np.asarray(exhibit.counts, dtype=float).reshape(len(exhibit.counts), -1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [plain(name) for name in exhibit.names]
    if len(names) <= MOST_NAMES:
        rows = [
            (name, [(f"{count:,.0f}", _level(share)) for count, share in zip(row, of, strict=True)])
            for name, row, of in zip(names, counts.tolist(), shares.tolist(), strict=True)
        ]
        body = rendered(
            "matrix.html",
            title=plain(exhibit.title),
            names=names,
            rows=rows,
            row_label=plain(exhibit.row_label),
            column_label=plain(exhibit.column_label),
        )
        return Figure("", body, "Shaded by the share of the row.")
    beside = counts - np.diag(np.diag(counts)) if counts.shape[0] == counts.shape[1] else counts
    order = np.argsort(-beside, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, counts.shape), strict=True)]
    largest = [[names[i], names[j], f"{counts[i, j]:,.0f}"] for i, j in pairs if beside[i, j] > 0]
    picture = _png(_coloured(shares[:MOST_CELLS, :MOST_CELLS]))
    alternative = (
        f"{exhibit.row_label} down and {exhibit.column_label} across, {len(names)} names, shaded by the share of the "
        f"row; {float(np.trace(counts) / max(1.0, counts.sum())):.0%} of the counts are on the diagonal"
    )
    body = rendered(
        "heat.html",
        title=plain(exhibit.title),
        picture=picture,
        alternative=plain(alternative),
        largest=largest,
        row_label=plain(exhibit.row_label),
        column_label=plain(exhibit.column_label),
    )
    return Figure(plain(exhibit.title), body, _left_out(len(names), MOST_CELLS, "names"))


@shown.register
def _(exhibit: Images, pen: Pen) -> Figure:
    names = [plain(name) for name in exhibit.names]
    rows = [(plain(name), [_png(_grey(picture)) for picture in of]) for name, of in exhibit.rows.items()]
    body = rendered("images.html", title=plain(exhibit.title), names=names, rows=rows)
    return Figure("", body, size="wide")


def _level(share: float) -> int:
    """Return a shade from 0 to `LEVELS`; 0 if there is no value."""
    return 0 if math.isnan(share) else math.ceil(LEVELS * min(1.0, max(0.0, share)) - 1e-9)


def _left_out(count: int, most: int, what: str) -> str:
    return f"The first {most:,} of {count:,} {what}." if count > most else ""


def _grey(picture: Floats) -> Floats:
    """Return (R, C, 3) shades of values from −1, white, to +1, black; what is no number is grey."""
    shades = np.nan_to_num((1 - np.clip(np.asarray(picture, float), -1, 1)) / 2, nan=0.5)
    return np.repeat(np.atleast_2d(shades)[..., None], 3, axis=2)


def _coloured(shares: Floats) -> Floats:
    """Return (R, C, 4): one blue, the more opaque the larger the share, for light and dark paper."""
    blue = np.broadcast_to([0.16, 0.53, 0.8], (*shares.shape, 3))
    return np.concatenate([blue, np.sqrt(shares)[..., None]], axis=2)


def _png(pixels: Floats) -> Markup:
    """Return a picture (R, C, 3 or 4), with values from 0 to 1, as a URL that holds it."""
    from matplotlib.image import imsave

    data = BytesIO()
    imsave(data, np.ascontiguousarray(np.round(255 * pixels), dtype=np.uint8), format="png", metadata={"Software": ""})
    return Markup(f"data:image/png;base64,{b64encode(data.getvalue()).decode()}")
