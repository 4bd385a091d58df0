"""Which runs may stand in one table, and which of them are one row."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqbench.metrics import Columns
from seqbench.records import Comparability, Identity, Record
from seqbench.reports.formatting import ABSENT

Run = tuple[Record, Columns | None]
"""A record and its kept item columns; None where the run has none."""

SHORT = 8
"""Digits of a hash that people are shown."""

_WORDS = {
    "schema_version": "schema of the records",
    "task": "task",
    "dataset": "data set",
    "data_sha256": "data",
    "vocab_sha256": "vocabulary",
    "convention": "convention",
    "unit": "unit",
    "items": "number of items",
}


@dataclass(frozen=True)
class Group:
    """Runs whose scores are comparable."""

    task: str
    dataset: str
    schema_version: int
    comparability: Comparability | None
    """None where no run got as far as reading its data."""
    distinction: str
    """In what it differs from the other groups of that data set; empty where there is none."""
    runs: tuple[Run, ...]


def one_group(runs: Sequence[Run]) -> Group:
    """All runs as one group.

    Raises:
        ValueError: there are none, or they differ in what must be equal in a table; the message names the runs.
    """
    if not runs:
        raise ValueError("there are no runs to make a table of")
    found = groups(runs)
    if len(found) == 1:
        return found[0]
    differing = [name for name in _WORDS if len({_field(group, name) for group in found}) > 1]
    kinds = "; ".join(
        f"{', '.join(f'{_WORDS[name]} {_shown(group, name)}' for name in differing)}: {_names(group)}"
        for group in found
    )
    raise ValueError(
        f"these runs cannot stand in one table, since they differ in {_listed([_WORDS[n] for n in differing])} "
        f"({kinds}); make a table of each, as tables() does"
    )


def groups(runs: Sequence[Run]) -> list[Group]:
    """Runs by what must be equal in a table, in order of first appearance.

    A run that ended before its data was read joins those that were to read the same.
    """
    members: dict[tuple[int, Comparability], list[int]] = {}
    asked: dict[str, tuple[int, Comparability]] = {}
    for i, (record, _) in enumerate(runs):
        if record.comparability is not None:
            key = record.identity.schema_version, record.comparability
            members.setdefault(key, []).append(i)
            for question in _questions(record):
                asked.setdefault(question, key)
    lost: dict[str, list[int]] = {}
    for i, (record, _) in enumerate(runs):
        if record.comparability is None:
            known = next((asked[question] for question in _questions(record) if question in asked), None)
            if known is None:
                lost.setdefault(_questions(record)[-1], []).append(i)
            else:
                members[known].append(i)
    parts: list[tuple[Comparability | None, list[int]]] = [(c, sorted(m)) for (_, c), m in members.items()]
    parts += [(None, m) for m in lost.values()]
    found = [_group(c, tuple(runs[i] for i in m)) for c, m in sorted(parts, key=lambda part: part[1][0])]
    return [_distinguished(group, found) for group in found]


def rows(group: Group) -> list[tuple[str, list[Run]]]:
    """Runs that differ in nothing but the seed, under a label that no other row of the group bears.

    Raises:
        ValueError: a seed was run twice, so that pooling would count its fit double.
    """
    pooled: dict[str, list[Run]] = {}
    for run in group.runs:
        identity = run[0].identity.model_copy(update={"seed": 0})
        pooled.setdefault(identity.model_dump_json(), []).append(run)
    lots = [sorted(lot, key=lambda run: run[0].identity.seed) for lot in pooled.values()]
    for lot in lots:
        seeds = [record.identity.seed for record, _ in lot]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"{lot[0][0].label} was given twice with the same seed: {seeds}")
    return [(_label(lot[0][0], [other[0][0] for other in lots]), lot) for lot in lots]


def _group(comparability: Comparability | None, runs: tuple[Run, ...]) -> Group:
    first = runs[0][0].identity
    return Group(first.task, first.dataset, first.schema_version, comparability, "", runs)


def _distinguished(group: Group, all_groups: Sequence[Group]) -> Group:
    namesakes = [g for g in all_groups if (g.task, g.dataset) == (group.task, group.dataset)]
    differing = [name for name in _WORDS if len({_field(g, name) for g in namesakes}) > 1]
    text = ", ".join(f"{_WORDS[name]} {_shown(group, name)}" for name in differing)
    return Group(group.task, group.dataset, group.schema_version, group.comparability, text, group.runs)


def _questions(record: Record) -> list[str]:
    """What was asked of the data, from the most exact to the least."""
    i = record.identity
    asked = f"{i.schema_version} {i.task} {i.dataset}"
    exact = f"{asked} {i.data_sha256}"
    return [f"{exact} {i.data_source}", exact, asked] if i.data_sha256 else [asked]


def _field(group: Group, name: str) -> object:
    return getattr(group, name, getattr(group.comparability, name, None))


def _shown(group: Group, name: str) -> str:
    value = _field(group, name)
    if value is None:
        return "unknown"
    return str(value)[:SHORT] if name.endswith("sha256") else f"{value:,}" if isinstance(value, int) else str(value)


def _names(group: Group) -> str:
    names = [f"{record.label} (seed {record.identity.seed})" for record, _ in group.runs]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _label(record: Record, others: Sequence[Record]) -> str:
    """The record's label, with what its namesakes have otherwise."""
    mine = _settings(record.identity)
    namesakes = [_settings(other.identity) for other in others if other.label == record.label]
    names = {name: None for settings in [mine, *namesakes] for name in settings}
    differing = [name for name in names if any(other.get(name) != mine.get(name) for other in namesakes)]
    if not differing:
        return record.label
    return f"{record.label} [{', '.join(f'{name[1]} {mine.get(name, ABSENT)}' for name in differing)}]"


def _settings(identity: Identity) -> dict[tuple[str, str], str]:
    found = {("", "model"): identity.model, ("", "from"): identity.target, ("", "device"): identity.device}
    for section in ("config", "budget", "options"):
        found |= {(section, name): str(value) for name, value in getattr(identity, section).items()}
    for name in ("model_source", "data_source", "task_source"):
        found["", name.replace("_", " ")] = getattr(identity, name)[:SHORT]
    return found
