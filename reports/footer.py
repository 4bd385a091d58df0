"""The footer of a table: method, data, budget, versions, hardware."""

import shlex
from collections.abc import Callable

from seqbench.evidence.records import Record
from seqbench.evidence.spread import FEWEST, block_length
from seqbench.reports.formatting import margin
from seqbench.reports.groups import SHORT
from seqbench.reports.table import Table
from seqbench.reports.tuned import tuned_with
from seqbench.spec import OWN
from seqbench.tasks import task

PROVENANCE = ("data", "read", "budget", "learning rate", "precision", "versions", "hardware", "date")
"""Headings of what makes the table again; the others say how scores, intervals and verdicts come about."""


def footer(table: Table) -> tuple[tuple[str, str], ...]:
    """Return pairs of a heading and a text."""
    pairs = [
        ("interval", _interval(table)),
        ("verdict", _verdict(table)),
        ("cost", _cost(table)),
        ("quantiles", each(table, _calibrated)),
        ("best", _best(table)),
        ("data", _data(table)),
        ("read", each(table, _read)),
        ("warnings", _warnings(table)),
        ("budget", each(table, _budget)),
        ("learning rate", each(table, _learning_rate)),
        ("precision", each(table, _precision)),
        ("versions", each(table, versions)),
        ("hardware", _hardware(table)),
        ("date", date(table)),
    ]
    return tuple((heading, text) for heading, text in pairs if text)


def command(table: Table) -> str:
    """Return the command that makes the table: the one in the settings, or one put together from the records."""
    if table.settings.command is not None:
        return table.settings.command
    models = [row.records[0] for row in table.rows if row.kind != "truth"]
    words = [
        "seqbench",
        "run",
        "--suite",
        task(table.basis.task).suite,
        "--dataset",
        str(table.rows[0].records[0].data_spec),
    ]
    for label in dict.fromkeys(record.label for record in models):
        words += ["--model", label]
    words += ["--seeds", str(max(len(row.records) for row in table.rows))]
    devices = {record.identity.device for record in models} - {"cpu"}
    words += ["--device", min(devices)] if devices else []
    formats = {name for record in models for name in _formats(record)} - {"float32"}
    words += ["--precision", min(formats)] if formats else []
    return f"{shlex.join(words)}  # put together from the records, without their budgets"


def _interval(table: Table) -> str:
    if not table.units:
        return ""
    one_fit = any(row.stochastic and row.pooled == 1 for row in table.rows)
    return (
        f"{100 * table.settings.level:g} %, from what the score would be without each of the {_counted(table)}, with "
        "Student's t for what varies over seeds"
        + (
            "; of a model with one fit, the interval leaves out how much another seed would change it"
            if one_fit
            else ""
        )
    )


def _counted(table: Table) -> str:
    """Return how many units there are, and how they depend on each other."""
    fixed, told = _fixed(table), []
    for way in table.ways:
        if way.name in fixed:
            continue
        groups = way.count(table.units)
        block = block_length(groups, way.overlap) if way.ordered else 1
        told.append(f"{groups:,} {way.name}" + (f" in blocks of {block:,}" if block > 1 else ""))
    return " and of the ".join(told)


def _verdict(table: Table) -> str:
    if table.reference is None:
        return "none, since no classic model has a comparable score"
    metric = table.metrics[0]
    parts = [
        f"{metric.title} against {table.reference}, the best classic model on validation, on the same test items; a "
        f"tie lies within {margin(metric, table.settings.margin)}; {tuned_with(table)}",
        *_scope(table),
    ]
    held = sum(row.against_reference is not None and row.kind != "truth" for row in table.rows)
    if held > 1:
        chance = 100 * (1 - table.settings.level**held)
        parts.append(
            f"each of {held} rows has a verdict of its own: if all were equal, up to {chance:.0f} % of such tables "
            "would hold a false one"
        )
    parts.append("skill is the share by which the score is better than the reference's")
    return ". ".join(part[0].upper() + part[1:] if i else part for i, part in enumerate(parts))


def _fixed(table: Table) -> tuple[str, ...]:
    """Return the names of the ways that intervals leave out, since they have too few groups."""
    return next((row.estimate.spread.fixed for row in table.rows if row.estimate and row.estimate.spread), ())


def _scope(table: Table) -> list[str]:
    """Return a sentence for each way in which the test part has too few groups to generalise over."""
    fixed, found = _fixed(table), []
    for way in table.ways:
        if way.name in fixed and way.groups is not None:
            groups = way.count(table.units)
            these = f"these {groups} {way.name}" if groups > 1 else f"this one of the {way.name}"
            found.append(f"it holds for {these} alone: a general one needs at least {FEWEST}")
    return found


def _cost(table: Table) -> str:
    apart = any(row.costs.validation_seconds or row.costs.early_stopping_seconds for row in table.rows)
    return (
        "fit is wall time; of it training leaves out validation and the epochs after the one whose weights were kept"
        if apart
        else ""
    )


def _best(table: Table) -> str:
    if table.best is None:
        return ""
    ties = [row.label for row in table.rows if row.ties_with_best]
    also = f"; in bold too, since the difference lies within the margin of a tie: {', '.join(ties)}" if ties else ""
    return f"{table.best} (in bold), chosen on validation{also}"


def _data(table: Table) -> str:
    found, records = table.basis.comparability, [record for row in table.rows for record in row.records]
    sha256 = table.basis.data_sha256
    parts = [table.basis.dataset, f"sha256 {sha256[:SHORT]}" if sha256 else "not at hand"]
    licence = next((str(record.notes["licence"]) for record in records if record.notes.get("licence")), "")
    parts += [f"licence {licence}"] if licence else []
    if found is not None:
        parts.append(f"{found.items:,} scored {found.unit}s, convention: {found.convention}")
        parts += [f"vocabulary {found.vocab_sha256[:SHORT]}"] if found.vocab_sha256 else []
    return ", ".join(parts)


def _read(record: Record) -> str:
    """Return how a file of the user was read: what the notes of its record say, without counts of 0 and of parts."""
    if record.data_spec.name != OWN:
        return ""
    notes = {
        name: value
        for name, value in record.notes.items()
        if isinstance(value, int | str) and value and not name.endswith(("_train", "_valid", "_test", "vocabulary"))
    }
    return "; ".join(
        f"{name.replace('_', ' ')}: {f'{value:,}' if isinstance(value, int) else value}"
        for name, value in notes.items()
    )


def _warnings(table: Table) -> str:
    """Return what data sets warn of, each sentence once."""
    records = [record for row in table.rows for record in row.records]
    return "; ".join(dict.fromkeys(said for record in records for said in record.notes.get("warnings", ())))


def _calibrated(record: Record) -> str:
    return task(record.identity.task).calibrated(record.detail) if record.status == "ok" else ""


def _budget(record: Record) -> str:
    if record.kind == "truth":
        return ""
    return ", ".join(f"{name} {value}" for name, value in record.identity.budget.items() if value is not None)


def _learning_rate(record: Record) -> str:
    """Return which learning rate was chosen among several; empty if there was no choice."""
    rates, chosen = record.identity.config.get("learning_rate"), record.curves.get("learning_rate")
    if not isinstance(rates, list) or not chosen:
        return ""
    tried = ", ".join(f"{rate:g}" for rate in rates)
    return f"{chosen[-1]:g}, chosen on validation among {tried}, each tried with the whole budget"


def _precision(record: Record) -> str:
    """Return the number formats of matrix products in training: of the model, or of all models of a sum."""
    formats = _formats(record)
    emulated = any("bfloat16_emulated" in name for name in record.curves)
    return f"{' and '.join(formats)} in training{', emulated' if emulated else ''}" if formats else ""


def _formats(record: Record) -> list[str]:
    config = record.identity.config
    named = [part.get("precision") for part in (config, *config.get("parts", ()))]
    return sorted({str(name) for name in named if name})


def versions(record: Record) -> str:
    """Return the versions that made a record."""
    made = record.provenance
    changed = ", with uncommitted changes" if made.git_dirty else ""
    git = f" (git {made.git_sha[:SHORT]}{changed})" if made.git_sha else ""
    packages = [f"{name} {made.packages[name]}" for name in ("torch", "numpy") if name in made.packages]
    return ", ".join([f"seqbench {made.seqbench}{git}", f"Python {made.python}", *packages])


def machine(record: Record) -> str:
    """Return the machine that made a record."""
    made = record.provenance
    threads = f"{made.threads} thread{'s' if made.threads != 1 else ''}"
    return ", ".join(part for part in (made.gpu, made.cpu, threads, made.platform) if part)


def _hardware(table: Table) -> str:
    text = each(table, machine)
    warning = "times do not compare, since rows were made on different hardware. "
    return (warning if len(_kinds(table, machine)) > 1 else "") + text


def date(table: Table) -> str:
    """Return the days on which the cells of a table ended."""
    days = sorted(record.finished[:10] for row in table.rows for record in row.records)
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def each(table: Table, of: Callable[[Record], str]) -> str:
    """Return the text once if all rows share it; otherwise each variant with its rows, the most common one first."""
    kinds = _kinds(table, of)
    if len(kinds) < 2:
        return next(iter(kinds), "")
    most = max(kinds, key=lambda text: len(kinds[text]))
    others = "; ".join(f"{', '.join(labels)}: {text}" for text, labels in kinds.items() if text != most)
    return f"{most}; but {others}"


def _kinds(table: Table, of: Callable[[Record], str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for row in table.rows:
        for text in dict.fromkeys(of(record) for record in row.records):
            if text:
                kinds.setdefault(text, []).append(row.label)
    return kinds
