"""Counts by row and column: a table with shades, or a picture if there are many names."""

import numpy as np

from seqbench.evidence.exhibits import Matrix
from seqbench.reports.formatting import plain
from seqbench.reports.page.figure import Figure, left_out, level
from seqbench.reports.page.pixels import coloured, png
from seqbench.reports.page.template import rendered

NAMES, CELLS = 12, 200
"""The most names of a table, and of a picture."""
LARGEST = 12
"""Number of the largest counts beside the diagonal that are listed below a picture."""


def show(exhibit: Matrix) -> Figure:
    counts = np.asarray(exhibit.counts, dtype=float).reshape(len(exhibit.counts), -1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    title, names = plain(exhibit.title), [plain(name) for name in exhibit.names]
    labels = {"title": title, "row_label": plain(exhibit.row_label), "column_label": plain(exhibit.column_label)}
    if len(names) <= NAMES:
        rows = [
            (name, [(f"{count:,.0f}", level(share)) for count, share in zip(*pair, strict=True)])
            for name, pair in zip(names, zip(counts.tolist(), shares.tolist(), strict=True), strict=True)
        ]
        return Figure("", rendered("matrix.html", names=names, rows=rows, **labels), "Shaded by the share of the row.")
    beside = counts - np.diag(np.diag(counts))
    order = np.argsort(-beside, axis=None, kind="stable")[:LARGEST]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, counts.shape), strict=True)]
    alternative = (
        f"{labels['row_label']} down and {labels['column_label']} across, {len(names)} names, shaded by the share of "
        f"the row; {float(np.trace(counts) / max(1.0, counts.sum())):.0%} of the counts are on the diagonal"
    )
    body = rendered(
        "heat.html",
        picture=png(coloured(shares[:CELLS, :CELLS])),
        alternative=alternative,
        largest=[(names[i], names[j], f"{counts[i, j]:,.0f}") for i, j in pairs if beside[i, j] > 0],
        **labels,
    )
    return Figure(title, body, left_out(len(names), CELLS, "names"))
