"""What the terminal shows: the progress of a run, and plain tables."""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from seqbench.api import Asked
from seqbench.evidence.records import Check, Record
from seqbench.reports.formatting import plain, seconds, shortened
from seqbench.runs.grid import Cell
from seqbench.runs.remaining import Remaining
from seqbench.runs.runner import Finished, Left, Progress, Recomputed, Started
from seqbench.tasks import task
from seqbench.tasks.parts import written

if TYPE_CHECKING:
    from seqbench.tuning.search import Search
    from seqbench.tuning.study import Study

MOST = 4
"""The most running cells that the bar names."""
LAGS = (1, 10, 50, 100, 200, 500, 1000)
"""The lags at which norms are printed."""


class _TimeLeft(ProgressColumn):
    """How much time is left, at the moment at which the bar is drawn."""

    max_refresh = 1.0

    def __init__(self, remaining: Remaining) -> None:
        super().__init__()
        self.remaining = remaining

    def render(self, task: Any) -> Text:
        return Text(self.remaining.told(time.monotonic()))


class _Bar(Bar):
    """A bar, with a line below it for each cell that runs."""

    def __init__(self, remaining: Remaining, **settings: Any) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            _TimeLeft(remaining),
        )
        self.doing: dict[str, tuple[str, str]] = {}
        """Name and last value of each cell that runs, by its key."""
        super().__init__(*columns, **settings)

    def get_renderables(self) -> Iterator[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        running = list(self.doing.values())
        for name, value in running[:MOST]:
            yield Text(f"  {shortened(name, self.console.width - cell_len(value) - 4)}{value}", no_wrap=True)
        if running[MOST:]:
            yield Text(f"  and {len(running) - MOST} more")


def follow(
    asked: Asked, quiet: bool = False, deadline: float | None = None, told: Collection[str] = frozenset()
) -> bool:
    """Run the requested cells and show progress on stderr; return whether a cell failed (neither ok nor skipped).

    A terminal shows a bar with what runs, the last value of its curve and the time that is left, and a line per cell
    that is not ok. Elsewhere there is one line per finished cell.

    Args:
        quiet: show neither a bar nor cells.
        deadline: a time of `time.monotonic` at which cells are ended; None: there is none.
        told: keys of cells of which nothing is said, since an earlier call did.
    """
    console = Console(stderr=True)
    total, ended, failed = sum(cell.key not in told for cell in asked.cells), 0, False
    shown = console.is_terminal and not quiet
    remaining = asked.remaining() if shown else Remaining({}, {}, asked.jobs)
    with _Bar(remaining, console=console, disable=not shown, transient=True) as bar:
        grid = bar.add_task(plain(f"{asked.suite.name} ({asked.preset})"), total=total)
        for event in asked.start(deadline):
            cell = event.cell
            if cell.key in told:
                continue
            match event:
                case Started():
                    remaining.start(cell.key, time.monotonic())
                    bar.doing[cell.key] = (_briefly(cell, asked), "")
                case Progress(name=curve, value=value):
                    bar.doing[cell.key] = (_briefly(cell, asked), plain(f": {curve} {value:.4g}"))
                case Recomputed(damaged=damaged):
                    _say(console, f"damaged, computed again: {damaged.path}: {damaged.why}", "yellow")
                case Left():
                    bar.doing.pop(cell.key, None)
                    ended += 1
                    if not quiet:
                        end = f"{_named(cell, asked)}: left out, since the time is up"
                        _say(console, f"[{ended}/{total}] {end}", "yellow")
                case Finished(record=record, reused=reused):
                    remaining.finish(cell.key, time.monotonic())
                    bar.doing.pop(cell.key, None)
                    bar.advance(grid)
                    ended += 1
                    good = record.status == "ok"
                    failed |= not good and record.status != "skipped"
                    if not quiet and not (good and console.is_terminal):
                        end = f"{_named(cell, asked)}: {_end(record, reused)}"
                        _say(console, f"[{ended}/{total}] {end}", "" if good else "yellow")
    return failed


def _briefly(cell: Cell, asked: Asked) -> str:
    """Return the name of a cell without what all cells share."""
    if len({other.identity.dataset for other in asked.cells}) > 1:
        return _named(cell, asked)
    return plain(cell.label + _seed(cell, asked))


def _named(cell: Cell, asked: Asked) -> str:
    share = "" if cell.identity.share == 1 else f"{written(cell.identity.share)} of "
    return plain(f"{cell.label} on {share}{cell.identity.dataset}{_seed(cell, asked)}")


def _seed(cell: Cell, asked: Asked) -> str:
    return f", seed {cell.identity.seed}" if any(other.identity.seed for other in asked.cells) else ""


def _end(record: Record, reused: bool) -> str:
    """Return how a cell ended: its status with the reason, or with its time."""
    if record.reason:
        return f"{record.status}: {record.reason}"
    return f"{record.status}, {'in the store' if reused else seconds(record.costs.wall_seconds)}"


def follow_search(search: "Search", quiet: bool = False) -> None:
    """Run the trials of a search and show progress on stderr.

    A terminal shows a bar with the trials that run, and a line per model whose search has ended; elsewhere there is one
    line per finished trial.

    Args:
        quiet: show neither a bar nor lines.
    """
    console = Console(stderr=True)
    shown = console.is_terminal and not quiet
    studies, told = search.studies, set[str]()
    if search.journal.moved is not None and not quiet:
        _say(console, f"the journal of trials could not be read; it was moved to {search.journal.moved}", "yellow")
    with _Bar(Remaining({}, {}, search.asked.jobs), console=console, disable=not shown, transient=True) as bar:
        most = search.allowance.trials
        total = None if most is None else most * len(studies)
        trials = bar.add_task(plain(f"{search.asked.suite.name} ({search.asked.preset}), trials"), total=total)

        def tell_ends() -> None:
            bar.update(trials, completed=sum(_done(study, most) for study in studies))
            for study in studies:
                if study.ended and study.name not in told:
                    told.add(study.name)
                    if not quiet:
                        _say(console, _end_of_study(study))

        for event in search.start():
            name = plain(f"{event.cell.label} on {event.cell.identity.dataset}")
            match event:
                case Started():
                    bar.doing[name] = (name, "")
                case Progress(name=curve, value=value):
                    bar.doing[name] = (name, plain(f": {curve} {value:.4g}"))
                case Recomputed(damaged=damaged):
                    _say(console, f"damaged, computed again: {damaged.path}: {damaged.why}", "yellow")
                case Finished(record=record, reused=reused):
                    bar.doing.pop(name, None)
                    if not quiet and not console.is_terminal:
                        _say(console, f"{name}: {_end_of_trial(record, reused)}")
            tell_ends()
        tell_ends()


def _done(study: "Study", most: int | None) -> int:
    return most if study.ended and most is not None else len(study.trials)


def _end_of_trial(record: Record, reused: bool) -> str:
    scores = record.scores.get("valid")
    if not scores:
        return _end(record, reused)
    name = task(record.identity.task).ranked(record.comparability)[0].name
    return f"{_end(record, reused)}, validation {name} {scores.get(name, float('nan')):.4g}"


def _end_of_study(study: "Study") -> str:
    """Return one line on a search that has ended."""
    told = f"{study.base.label} on {study.base.identity.dataset}: "
    if not study.trials:
        return told + study.stopped
    failed = len(study.trials) - len(study.scored)
    told += f"{len(study.trials)} trials ({failed} failed), {seconds(study.spent)} of processor time"
    best = study.best
    if best is not None:
        found = study.space.told(best.params) if best.number else "the default settings"
        told += f"; best on validation: {best.metric} {best.score:.4g} with {found}"
    return told + (f"; {study.stopped}" if study.stopped else "")


def show_search(search: "Search") -> None:
    """List the models of a search, with what would be searched and which trials are done."""
    rows = [
        (
            study.base.identity.dataset,
            study.base.label,
            ", ".join(parameter.told for parameter in study.space.parameters) or "none",
            f"{len(study.trials)} trials, {seconds(study.spent)}" if study.trials else "no trial yet",
        )
        for study in search.studies
    ]
    show_rows(("data", "model", "searched", "done"), rows)
    _say(Console(), f"{len(rows)} searches with {search.allowance.told} each; then the rows of the table are run")


def show_cells(asked: Asked) -> None:
    """List the cells of a run, with their status if they are in the store, else with the time of their last run."""
    known = asked.seconds()
    parts = any(cell.identity.share < 1 for cell in asked.cells)
    rows, total, unknown = list[tuple[str, ...]](), 0.0, 0
    for cell in asked.cells:
        record = asked.store.find(cell.identity)
        if record is None:
            estimate = known.get(cell.key)
            total, unknown = total + (estimate or 0.0), unknown + (estimate is None)
            state = "to run" if estimate is None else f"to run, about {estimate:.0f} s"
        else:
            state = getattr(record, "status", "damaged, to run")
        share = (written(cell.identity.share),) if parts else ()
        rows.append((cell.identity.dataset, *share, cell.label, str(cell.identity.seed), state))
    show_rows(("data", *(("share",) if parts else ()), "model", "seed", "state"), rows)
    rest = f", and {unknown} of unknown length" if unknown else ""
    _say(Console(), f"{len(rows)} cells; to run: about {total / asked.jobs:.0f} s{rest}")


def show_checks(checks: Sequence[Check]) -> bool:
    """Print laws and whether they hold; return whether one is broken.

    The last column is the share of places that must be wrong so that a broken law is seen with 95 % probability.
    """
    rows = [
        ("holds" if c.passed else "BROKEN", c.name, c.message, "" if c.caught is None else f"{100 * c.caught:.2g} %")
        for c in checks
    ]
    show_rows(("", "law", "measured", "seen from"), rows)
    return not all(check.passed for check in checks)


def show_studies(studies: Sequence[Any]) -> None:
    """Print how far gradients reach, by lag, and what clipping does to gradient descent."""
    length = len(studies[0].reaches["trained"].spectral)
    lags = sorted({lag for lag in LAGS if lag < length} | {length})
    rows = [
        (
            f"{study.label}, {when}",
            *(f"{reach.spectral[lag - 1]:.2g}" for lag in lags),
            f"{reach.per_step:.3f}",
            "" if study.bounds[when] is None else f"{study.bounds[when][0]:.2f}",
        )
        for study in studies
        for when, reach in study.reaches.items()
    ]
    show_rows(("model", *(f"lag {lag:,}" for lag in lags), "per step", "bound"), rows)
    Console().print()
    rows = [
        (study.label, how, f"{max(descent.norms):.2g}", f"{descent.losses[-1]:.2g}", f"{max(descent.losses):.2g}")
        for study in studies
        for how, descent in study.descents.items()
    ]
    show_rows(("model", "gradient descent", "largest norm", "last loss", "largest loss"), rows)


def show_units(activity: Any, units: Sequence[int]) -> None:
    """Print how much units vary over a text, and after which symbols they are highest and lowest."""
    rows = [
        (str(unit), f"{activity.values[:, unit].std():.2f}", *map(" ".join, activity.extremes(unit, 3)))
        for unit in units
    ]
    show_rows(("unit", f"deviation of {activity.quantity}", "highest after", "lowest after"), rows)


def show_files(rows: Iterable[Any]) -> bool:
    """Print files of data sets; return whether one is wrong or missing."""
    found = list(rows)
    show_rows(("data set", "file", "state", "where"), [(r.name, r.file, r.state, str(r.where)) for r in found])
    for row in found:
        if row.message:
            _say(Console(), f"{row.file}: {row.message}")
    return any(not r.good for r in found)


def show_rows(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a plain table on stdout."""
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(str(cell))) for cell in row))
    Console().print(table)


def _say(console: Console, text: str, style: str = "") -> None:
    """Print one line; its brackets and escape codes come from names and models, and are not for the terminal."""
    console.print(Text(plain(text), style), soft_wrap=True)
