"""A table of the page with all that belongs to it: figures, exhibits of its task, failures, how to make it again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seqbench.evidence.exhibits import Exhibit
from seqbench.reports.effort import curves
from seqbench.reports.footer import PROVENANCE
from seqbench.reports.formatting import plain
from seqbench.reports.page.costs import against_costs
from seqbench.reports.page.curves import draw
from seqbench.reports.page.exhibits import shown
from seqbench.reports.page.failures import Failure, failures
from seqbench.reports.page.figure import Group
from seqbench.reports.page.forest import forest
from seqbench.reports.page.passage import scales
from seqbench.reports.page.reproduction import Reproduction, reproduction
from seqbench.reports.page.scores import NAMES, legend
from seqbench.reports.page.strata import strata
from seqbench.reports.page.svg import SERIES, Pen
from seqbench.reports.page.training import STYLES, training
from seqbench.reports.sheet import Sheet
from seqbench.reports.summary import answer
from seqbench.reports.table import Row, Table, best_on_validation
from seqbench.tasks import task

NETWORKS, FEW_NETWORKS = 24, 6
"""The most networks whose training is drawn; the second number holds if there are many tables."""


@dataclass(frozen=True)
class Section:
    anchor: str
    sheet: Sheet
    answer: Sequence[str]
    """Sentences: the verdict first, then its evidence."""
    kinds: Sequence[str]
    """Of the rows: classic, neural or true model; empty for ranks."""
    method: Sequence[tuple[str, str]]
    """The part of the footer that says how scores, intervals and verdicts come about."""
    groups: Sequence[Group] = ()
    others: Sequence[Group] = ()
    """Exhibits of the models that are not the best, folded away."""
    failures: Sequence[Failure] = ()
    reproduction: Reproduction | None = None


def section(table: Table, sheet: Sheet, anchor: str, pen: Pen, *, many: bool, room: int) -> Section:
    """Return the section of a table.

    Args:
        many: whether there are many tables, so that each shows less.
        room: after so many characters, the exhibits of further models are left out.
    """
    pair = [row for kind in ("neural", "classic") if (row := _best(table, kind)) is not None]
    labels = {row.label for row in pair}
    others = [] if many else [row for row in table.rows if row.label not in labels]
    best = [(row, _exhibits(row)) for row in pair]
    shades = scales([exhibit for _, exhibits in best for exhibit in exhibits])
    shown_best = [
        Group(plain(row.label), shown(exhibits, pen, shades), f"The best {row.kind} model on validation.")
        for row, exhibits in best
    ]
    return Section(
        anchor,
        sheet,
        [plain(sentence) for sentence in answer(table)],
        [NAMES[row.kind] for row in table.rows],
        [(heading, text) for heading, text in sheet.footer if heading not in PROVENANCE],
        [
            group
            for group in (*_scores(table, pair, pen), *shown_best, *_training(table, pair, pen, many))
            if group.figures
        ],
        list(_within(room, (Group(plain(row.label), shown(_exhibits(row), pen, shades)) for row in others))),
        failures(table),
        reproduction(table, sheet),
    )


def of_ranks(sheet: Sheet, anchor: str) -> Section:
    """Return the section of a ranking over data sets."""
    return Section(anchor, sheet, [sheet.summary], [""] * len(sheet.columns[0].cells), sheet.footer)


def _scores(table: Table, pair: Sequence[Row], pen: Pen) -> Iterator[Group]:
    first = forest(table, pen)
    figures = [*([first] if first else []), *against_costs(table, pen)]
    yield Group("Quality and cost", figures, legend=legend(table))
    tuning = curves(table)
    if tuning is not None:
        about = (
            "The expected best of n trials that are drawn, with replacement, from those that the search made after "
            "that of the default settings."
        )
        yield Group("Tuning", [draw(tuning, pen)], about)
    yield strata(table, [*_first(table, pair, SERIES), *(row for row in table.rows if row.kind == "truth")], pen)
    fits = {row.label: row.first for row in table.rows if row.first is not None}
    yield Group("Models side by side", shown(task(table.basis.task).comparisons(fits), pen))


def _training(table: Table, pair: Sequence[Row], pen: Pen, many: bool) -> Iterator[Group]:
    networks = [row for row in table.rows if row.kind == "neural"]
    most = FEW_NETWORKS if many else NETWORKS
    if len(networks) > most:
        networks = [row for row in _first(table, pair, len(table.rows)) if row.kind == "neural"][:most]
    about = "By epoch, with the same axes for all networks; a line for each seed."
    for quantity, drawn in training(networks, pen).items():
        yield Group(f"Training: {quantity}", drawn, about, tuple(STYLES.items()))


def _exhibits(row: Row) -> Sequence[Exhibit]:
    if row.first is None:
        return ()
    record, columns = row.first
    return task(record.identity.task).exhibits(record, columns)


def _within(room: int, groups: Iterator[Group]) -> Iterator[Group]:
    """Yield groups with figures until there is no room; `groups` draws them one by one."""
    for group in groups:
        if group.figures:
            yield group
        room -= sum(len(figure.body) for figure in group.figures)
        if room < 0:
            return


def _best(table: Table, kind: str) -> Row | None:
    return table.row(best_on_validation([row for row in table.rows if row.kind == kind], table.metrics[0]))


def _first(table: Table, pair: Sequence[Row], most: int) -> list[Row]:
    """Return the pair and the best others on validation, without true models."""
    chosen, labels = list(pair), {row.label for row in pair}
    others = {row.label: row for row in table.rows if row.kind != "truth" and row.label not in labels}
    while len(chosen) < most and (label := best_on_validation(list(others.values()), table.metrics[0])) is not None:
        chosen.append(others.pop(label))
    return chosen
