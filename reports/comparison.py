"""The comparison of two stores as text."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from seqbench.evidence.metrics import Metric
from seqbench.evidence.records import Record
from seqbench.reports.changes import Change, Compared, compared
from seqbench.reports.columns import DETAIL, MAIN, USUAL, Panel, verdict
from seqbench.reports.footer import date, each, machine, versions
from seqbench.reports.formatting import ABSENT, Written, fixed, margin, places, significant, times
from seqbench.reports.groups import SHORT, listed
from seqbench.reports.notes import Notes, ended
from seqbench.reports.sheet import Cell, Column, Sheet, Tone
from seqbench.reports.table import Row, Table
from seqbench.tasks import task

NOTABLE = 1.5
"""A cost is named in the sentence if it is this many times as high, or as low."""
BRIEF = 0.1
"""A time is named only if the longer one has this many seconds; below it, chance decides."""
NAMED = 4
"""The most rows that a sentence names."""
Side = tuple[str, Sequence[Table]]
"""The name of a store, and its tables."""
COSTS = {"fit": "fit_seconds", "scoring": "predict_seconds", "memory": "peak_memory_bytes", "parameters": "parameters"}
_TONES: dict[str, Tone] = {"better": "good", "worse": "bad", "tie": "even", "identical": "quiet"}
_BUSY = "the machine was busy during a fit or its scoring in one of the stores, so the ratio of times says nothing"
_MACHINES = "made on different hardware or with another number of threads, so the ratio says nothing of the code"


def sheets(a: Side, b: Side, command: str) -> list[Sheet]:
    """Return what changed from store A to store B, one sheet per data set that both have.

    Raises:
        ValueError: the stores have no row in common.
    """
    found = compared(a[1], b[1])
    every = [change for one in found for change in one.changes]
    made = [_sheet(one, (a[0], b[0]), len(every), command) for one in found]
    first, *others = made
    if others:
        first = replace(first, summary=f"Over {len(found)} tables: {_scores(every)} In this one: {first.summary}")
    said_once = [replace(o, footer=tuple(pair for pair in o.footer if pair not in first.footer)) for o in others]
    return [page.plain() for page in (first, *said_once)]


def _sheet(one: Compared, names: tuple[str, str], tested: int, command: str) -> Sheet:
    notes, changes = Notes(), one.changes
    columns = [column for column in _columns(one, notes) if column.says_something]
    return Sheet(
        kind="comparison",
        title=f"{one.b.basis.task} on {one.b.basis.dataset}: from A to B",
        summary=" ".join(filter(None, _sentences(one))),
        columns=tuple(columns),
        truth=sum(change.b.kind != "truth" for change in changes),
        notes=notes.listed(),
        footer=tuple((heading, text) for heading, text in _footer(one, names, tested) if text),
        command=command,
        entries=tuple(_entry(one, change) for change in changes),
    )


def _columns(one: Compared, notes: Notes) -> Iterator[Column]:
    changes, metric = one.changes, one.b.metrics[0]
    written = Written.of(metric, [row.scores.get(metric.name) for c in changes for row in (c.a, c.b)])
    number, unit = _differences(metric, changes)

    def column(
        key: str,
        title: str,
        cells: Sequence[Cell],
        importance: int = MAIN,
        panel: Panel = "quality",
        text: bool = False,
    ) -> Column:
        return Column(key, title, tuple(cells), panel, not text, importance)

    labels = [Cell(c.label, tuple(map(notes.number, _remarks(c)))) for c in changes]
    yield column("model", "model", labels, panel="label", text=True)
    for key, side in (("a", "A"), ("b", "B")):
        cells = [_score(getattr(c, key), metric, written, side, notes) for c in changes]
        yield column(key, f"{metric.title} in {side}{', %' if metric.per_cent else ''}", cells)
    yield column("difference", f"difference{unit}", [Cell(_difference(c, number), _carried(c, notes)) for c in changes])
    intervals = [Cell(_interval(c, number)) for c in changes]
    yield column("interval", f"{100 * one.b.settings.level:g} % interval", intervals)
    kinds = [Cell(c.kind or ABSENT, bold=c.beyond_noise, tone=_TONES.get(c.kind or "", "")) for c in changes]
    yield column("change", "change", kinds, text=True)
    verdicts = [Cell(_arrow(verdict(one.a, c.a), verdict(one.b, c.b))) for c in changes]
    yield column("verdict", "verdict", verdicts, USUAL, text=True)
    for key, cost in COSTS.items():
        cells = [_ratio(c, cost, notes) for c in changes]
        if key != "parameters" or any(c.ratio(cost) not in (None, 1.0) for c in changes):
            yield column(key, f"{key} B/A", cells, USUAL, "cost")
    if any(row.status != "ok" for change in changes for row in (change.a, change.b)):
        ends = [Cell(_arrow(c.a.status, c.b.status), tone="" if c.b.status == "ok" else "bad") for c in changes]
        yield column("status", "status", ends, DETAIL, "cost", text=True)


def _differences(metric: Metric, changes: Sequence[Change]) -> tuple[Callable[[float], str], str]:
    """Return how a difference on the metric's scale is written, and its unit: in per cent for a logarithm.

    There are as many decimals as the shortest interval needs, within bounds.
    """

    def read(difference: float) -> float:
        return 100 * math.expm1(difference) if metric.scale == "log" else metric.factor * difference

    found = [c.comparison for c in changes if c.comparison is not None and not c.identical]
    lengths = [read(one.high) - read(one.low) for one in found if math.isfinite(one.difference)]
    decimals = min(4, max(1, places(lengths, 2)))

    def number(difference: float) -> str:
        text = fixed(read(difference), decimals)
        if not text.strip("−0."):
            return text.lstrip("−")
        return f"+{text}" if difference > 0 else text

    unit = {"log": ", %", "square": " of squares", "linear": ", points" if metric.per_cent else ""}
    return number, unit[metric.scale]


def _difference(change: Change, number: Callable[[float], str]) -> str:
    if change.identical:
        return "0"
    return ABSENT if change.comparison is None else number(change.comparison.difference)


def _interval(change: Change, number: Callable[[float], str]) -> str:
    found = change.comparison
    if change.identical or found is None or not math.isfinite(found.high - found.low):
        return ABSENT
    return f"{number(found.low)} to {number(found.high)}"


def _score(row: Row, metric: Metric, written: Written, side: str, notes: Notes) -> Cell:
    marks = list(row.marks)
    for check in row.broken:
        said = f"{row.label} in {side}: {check.message.rstrip('. ')}"
        known = task(row.records[0].identity.task).marks
        if check.name in known:
            notes.laws.setdefault(known[check.name], []).append(said)
        else:
            marks.append(notes.number(said))
    if row.pooled < len(row.records):
        marks.append(notes.number(f"{row.label} in {side}: {ended(row)}"))
    return Cell(written(row.scores.get(metric.name)), tuple(marks))


def _remarks(change: Change) -> Iterator[str]:
    """Yield what must be known of a row to compare it; rows of which the same is true share a note."""
    if change.settings:
        yield f"asked differently: {'; '.join(change.settings)}"
    ran = [[r.identity.seed for r in row.records if r.status == "ok"] for row in (change.a, change.b)]
    if all(ran) and ran[0] != ran[1]:
        told = " and ".join(f"{_seeds(seeds)} in {side}" for side, seeds in zip("AB", ran, strict=True))
        pairs = f"{_seeds(change.seeds)} are compared" if change.seeds else "fits are not compared seed by seed"
        yield f"{told}, so {pairs}"
    if change.why:
        yield f"not compared: {change.why}"


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _carried(change: Change, notes: Notes) -> tuple[str, ...]:
    found = change.comparison
    if change.identical or found is None or found.spread is None or not found.carried_by:
        return ()
    numbers = listed([f"{group + 1:,}" for group in found.carried_by])
    why = f"numbers {numbers} of the {found.spread.way} carry most of the difference, so its interval is wide"
    return (notes.number(f"{change.label}: {why}"),)


def _ratio(change: Change, cost: str, notes: Notes) -> Cell:
    """Return how many times as high a cost is in B, marked if this may have other reasons than the code."""
    ratio = change.ratio(cost)
    if ratio is None:
        return Cell(ABSENT)
    why = [] if change.same_machine or cost == "parameters" else [_MACHINES]
    why += [_BUSY] if change.busy and cost.endswith("_seconds") else []
    tone: Tone = "" if why or not _notable(change, cost) else "bad" if ratio > 1 else "good"
    return Cell(significant(ratio), tuple(map(notes.number, why)), tone=tone)


def _notable(change: Change, cost: str) -> bool:
    """Return whether a cost changed by so much that it is named."""
    ratio = change.ratio(cost)
    if ratio is None or (cost != "parameters" and not change.same_machine):
        return False
    if cost.endswith("_seconds"):
        longer = max(getattr(row.costs, cost) for row in (change.a, change.b))
        if change.busy or longer < BRIEF:
            return False
    return not 1 / NOTABLE < ratio < NOTABLE


def _arrow(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _sentences(one: Compared) -> Iterator[str]:
    """Yield what changed: scores, the answer, verdicts, ends, costs, rows."""
    changes = one.changes
    if one.data:
        yield f"Scores are shown, but not compared, since the data are different: {'; '.join(one.data)}."
    else:
        yield _scores(changes)
    headlines = [table.headline.verdict if table.headline else "none" for table in (one.a, one.b)]
    if headlines[0] != headlines[1]:
        yield f"Whether the neural network earns its cost: it was {headlines[0]}, now it is {headlines[1]}."
    if one.a.reference != one.b.reference:
        yield f"The reference of verdicts was {one.a.reference or 'none'}, now it is {one.b.reference or 'none'}."
    arrows = {c.label: _arrow(verdict(one.a, c.a), verdict(one.b, c.b)) for c in changes}
    changed = [f"{label} ({arrow})" for label, arrow in arrows.items() if "→" in arrow]
    yield f"Verdicts changed: {_several(changed)}." if changed else ""
    ends = [f"{c.label} ({_arrow(c.a.status, c.b.status)})" for c in changes if c.a.status != c.b.status]
    yield f"Cells ended otherwise: {_several(ends)}." if ends else ""
    costs = [
        f"{key} {_several([f'{c.label} {times(c.ratio(cost) or 1.0)}' for c in changes if _notable(c, cost)])}"
        for key, cost in COSTS.items()
        if any(_notable(c, cost) for c in changes)
    ]
    yield f"Costs changed: {'; '.join(costs)}." if costs else ""
    alone = [f"{len(rows)} only in {side}" for side, rows in (("A", one.only_a), ("B", one.only_b)) if rows]
    yield f"Of other rows, {' and '.join(alone)}." if alone else ""


def _scores(changes: Sequence[Change]) -> str:
    """Return what became of the scores, in view of the number of rows."""
    changed, total = [c for c in changes if c.beyond_noise], len(changes)
    kinds = Counter("alone" if c.kind in ("better", "worse") else c.kind for c in changes if not c.beyond_noise)
    if kinds["identical"] == total:
        rows = f"all {total} rows that both stores have are" if total > 1 else "the row that both stores have is"
        return f"Nothing changed: {rows} identical to the last digit."
    if kinds[None] == total:
        return "Scores cannot be compared: see the notes."
    words = {
        "identical": ("is identical", "are identical"),
        "tie": ("differs by less than the margin", "differ by less than the margin"),
        "undecided": ("is undecided", "are undecided"),
        "alone": ("differs by its own interval, but not beyond what so many rows show by chance",) * 2,
        None: ("cannot be compared", "cannot be compared"),
    }
    rest = [f"{kinds[kind]} {said[kinds[kind] > 1]}" for kind, said in words.items() if kinds[kind]]
    if not changed:
        or_less = " and the margin of a tie" if kinds["tie"] else ""
        return f"Nothing changed beyond noise{or_less}: of {total} row{'s' if total > 1 else ''}, {listed(rest)}."
    better = sum(c.kind == "better" for c in changed)
    told = f"{better} better and {len(changed) - better} worse"
    if len(changed) <= NAMED:
        told = listed([f"{c.label} {c.kind}" for c in changed])
    others = f"; of the others, {listed(rest)}" if rest else ""
    return f"{len(changed)} of {total} rows changed beyond noise: {told}{others}."


def _several(told: Sequence[str]) -> str:
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return ", ".join(told[:NAMED]) + more if more else listed(told)


def _footer(one: Compared, names: tuple[str, str], tested: int) -> Iterator[tuple[str, str]]:
    metric = one.b.metrics[0]
    for side, name, table in (("A", names[0], one.a), ("B", names[1], one.b)):
        yield side, f"{name}, {date(table)}; {each(table, versions)}; {each(table, machine)}"
    yield "differs", _differing(one)
    if not one.data:
        per = "in per cent of A" if metric.scale == "log" else "in points" if metric.per_cent else ""
        better = "lower" if metric.lower_is_better else "higher"
        width = margin(metric, max(one.a.settings.margin, one.b.settings.margin))
        parts = ["B against A on the same test items and with the same seeds", per, f"{better} is better"]
        yield "difference", ", ".join(filter(None, parts))
        yield (
            "change",
            f"better or worse if the interval leaves 0 out, a tie if it lies within {width}, else undecided; identical "
            "if all stored values of the items are equal. The sentence above, and bold, go by p-values with Holm's "
            f"correction for all rows that are not identical ({tested} rows were compared)",
        )
    yield (
        "cost",
        f"times as high as in A; from {NOTABLE:g} times on, either way, it is named above, unless the hardware was "
        f"busy or has another name; times below {BRIEF:g} s are not",
    )
    yield "only in A", ", ".join(one.only_a)
    yield "only in B", ", ".join(one.only_b)


def _differing(one: Compared) -> str:
    """Return which versions, machines and code differ between the rows that are compared."""
    sides = [[r for change in one.changes for r in getattr(change, side).records] for side in ("a", "b")]
    packages = dict.fromkeys(name for records in sides for r in records for name in r.provenance.packages)
    of: Mapping[str, Callable[[Record], str]] = {
        "seqbench": lambda r: r.provenance.seqbench,
        "git": _revision,
        "Python": lambda r: r.provenance.python,
        **{name: lambda r, name=name: r.provenance.packages.get(name, "none") for name in packages},  # type: ignore[misc]
        "system": lambda r: r.provenance.platform,
        "processor": lambda r: r.provenance.cpu,
        "graphics card": lambda r: r.provenance.gpu or "none",
        "threads": lambda r: str(r.provenance.threads),
    }
    parts = []
    for words, text in of.items():
        before, after = (listed(sorted({text(record) for record in records})) for records in sides)
        parts += [f"{words} {before} → {after}"] if before != after else []
    code = Counter(name for change in one.changes for name in change.code)
    parts += [f"code of the {name} in {count} of {len(one.changes)} rows" for name, count in sorted(code.items())]
    return "; ".join(parts) or "nothing that the records tell: the same code, packages and names of hardware"


def _revision(record: Record) -> str:
    made = record.provenance
    return f"{(made.git_sha or 'unknown')[:SHORT]}{' with changes' if made.git_dirty else ''}"


def _entry(one: Compared, change: Change) -> dict[str, Any]:
    name = one.b.metrics[0].name
    ratios = {f"{key}_ratio": change.ratio(cost) for key, cost in COSTS.items()}
    costs = {
        f"{cost}_{side}": getattr(row.costs, cost)
        for cost in COSTS.values()
        for side, row in (("a", change.a), ("b", change.b))
    }
    return {
        "task": one.b.basis.task,
        "dataset": one.b.basis.dataset,
        "model": change.label,
        "metric": name,
        "score_a": change.a.scores.get(name),
        "score_b": change.b.scores.get(name),
        "seeds_compared": " ".join(map(str, change.seeds)),
        "same_data": not one.data,
        "identical": change.identical,
        "change": change.kind,
        **_difference_values(change),
        "beyond_noise": change.beyond_noise,
        "verdict_a": _known(verdict(one.a, change.a)),
        "verdict_b": _known(verdict(one.b, change.b)),
        "status_a": change.a.status,
        "status_b": change.b.status,
        **costs,
        **ratios,
        "same_hardware": change.same_machine,
        "busy": change.busy,
        "settings": "; ".join(change.settings),
        "code": " ".join(change.code),
    }


def _difference_values(change: Change) -> dict[str, float | None]:
    names, found = ("difference", "difference_low", "difference_high", "p", "p_holm"), change.comparison
    if change.identical:
        return dict(zip(names, (0.0, 0.0, 0.0, 1.0, 1.0), strict=True))
    if found is None:
        return dict.fromkeys(names)
    values = (found.difference, found.low, found.high, found.chance, change.chance)
    return dict(zip(names, values, strict=True))


def _known(text: str) -> str | None:
    return None if text == ABSENT else text
