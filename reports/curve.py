"""Pictures: how the scores of models change with an option of the data."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.reports.formatting import plain, titled
from seqbench.reports.groups import listed
from seqbench.reports.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = "os^Dvp*XP<>"
LINES = {"classic": ":", "neural": "-", "truth": "--"}


def draw(tables: Sequence[Table], option: str, path: Path, metric: str | None = None) -> None:
    """Draw one panel per data set and one line per model; intervals are drawn only for the metric that ranks.

    Args:
        option: an option of the data, such as `distance`; its values are on the horizontal axis.
        metric: name of the metric; None: the first metric of the task.

    Raises:
        ValueError: no data set was run under two values of the option, or the metric or format is unknown.
    """
    import matplotlib as mpl

    panels = _panels(tables, option)
    # no formulas, since names may contain dollars; the same runs give the same bytes
    with mpl.rc_context({"text.parse_math": False, "svg.hashsalt": "seqbench"}):
        figure = _figure(panels, option, metric)
        try:
            figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix == ".svg" else None)
        except ValueError as error:
            raise ValueError(f"{path} cannot be drawn: {error}") from None


def _figure(panels: dict[str, dict[float, Table]], option: str, metric: str | None) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1 + 6.5 * len(panels), 4.2), layout="constrained")
    for axes, (name, found) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        first = next(iter(found.values()))
        known = {m.name: m for m in first.metrics}
        if metric is not None and metric not in known:
            raise ValueError(f"there is no metric {metric!r}; there are: {', '.join(known)}")
        drawn = known[metric] if metric else first.metrics[0]
        ranks = drawn is first.metrics[0]
        lines = {}
        for place, label in enumerate(dict.fromkeys(row.label for table in found.values() for row in table.rows)):
            points = [(x, row) for x, table in found.items() if (row := table.row(label)) and drawn.name in row.scores]
            if not points:
                continue
            kind = points[0][1].kind
            style = {"linestyle": LINES[kind], **({"color": "black"} if kind == "truth" else {})}
            xs, ys = [x for x, _ in points], [drawn.factor * row.scores[drawn.name] for _, row in points]
            marker = MARKERS[place % len(MARKERS)]
            (line,) = axes.plot(xs, ys, marker=marker, markersize=4, linewidth=1.3, **style)
            lines[plain(label)] = line
            if ranks:
                low, high = zip(*(_bounds(row, drawn.factor) for _, row in points), strict=True)
                axes.fill_between(xs, low, high, color=line.get_color(), alpha=0.12, linewidth=0)
        axes.set(xlabel=plain(f"{option} of {name}"), ylabel=f"test {titled(drawn)}", xticks=list(found))
        axes.grid(alpha=0.25)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.legend(
            lines.values(), lines.keys(), frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5)
        )
    return figure


def _panels(tables: Sequence[Table], option: str) -> dict[str, dict[float, Table]]:
    """Return the tables by data set and by value of the option, with the values in ascending order."""
    panels: dict[str, dict[float, Table]] = {}
    options: set[str] = set()
    for table in tables:
        record = table.rows[0].records[0]
        options |= {n for n, v in record.identity.options.items() if isinstance(v, int | float) and n != "seed"}
        value = record.identity.options.get(option)
        if isinstance(value, int | float):
            found = panels.setdefault(record.data_spec.name, {})
            if value in found:
                raise ValueError(
                    f"{record.data_spec.name} was run more than once with {option}={value}, with different values of "
                    "other options: keep these runs in separate stores, and draw each store by itself"
                )
            found[value] = table
    drawable = {name: dict(sorted(found.items())) for name, found in panels.items() if len(found) > 1}
    if not drawable:
        raise ValueError(
            f"there is nothing to draw against {option!r}: run a data set with two values of it, such as "
            f"--dataset 'name({option}=1)' --dataset 'name({option}=2)'; "
            f"options in this store: {listed(sorted(options)) if options else 'none'}"
        )
    return drawable


def _bounds(row: Row, factor: float) -> tuple[float, float]:
    if row.estimate is None:
        return float("nan"), float("nan")
    return factor * row.estimate.low, factor * row.estimate.high
