"""Which runs may stand in one table, and which runs form one row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Comparability, Identity, Record
from seqbench.reports.formatting import ABSENT

Run = tuple[Record, Columns | None]
"""A record and its stored item columns; None if the run has none."""

SHORT = 8
"""Digits of a hash that are shown."""

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
class Basis:
    """What the runs of a table must have in common so that their scores can be compared."""

    task: str
    dataset: str
    schema_version: int
    data_sha256: str
    """Empty if the data was not found."""
    comparability: Comparability | None
    """None if no run has read its data."""
    distinction: str = ""
    """How the group differs from other groups of the same data set; empty if there are no others."""


Group = tuple[Basis, Sequence[Run]]


def one_group(runs: Sequence[Run]) -> Group:
    """Return all runs as one group.

    Raises:
        ValueError: there are no runs, or they differ in what must be equal in a table; the message names the runs.
    """
    found = groups(runs)
    if not found:
        raise ValueError("there are no runs to make a table of")
    if len(found) == 1:
        return found[0]
    differing = _differing([basis for basis, _ in found])
    kinds = "; ".join(f"{_described(basis, differing)}: {_names(members)}" for basis, members in found)
    raise ValueError(
        f"these runs cannot stand in one table, since they differ in {listed([_WORDS[n] for n in differing])} "
        f"({kinds}); make one table per group, as tables() does"
    )


def groups(runs: Sequence[Run]) -> list[Group]:
    """Group runs by what must be equal in a table, in order of first appearance.

    A run that ended before its data was read is put into the group of runs on the same data.
    """
    bases: dict[str, Basis] = {}
    for record, _ in runs:
        if record.comparability is not None:
            for question in _questions(record):
                bases.setdefault(question, _basis(record))
    members: dict[Basis, list[Run]] = {}
    for run in runs:
        record = run[0]
        *exact, vague = _questions(record)
        known = next((bases[q] for q in (exact if record.identity.data_sha256 else [vague]) if q in bases), None)
        members.setdefault(_basis(record) if record.comparability or not known else known, []).append(run)
    return [(_distinguished(basis, list(members)), found) for basis, found in members.items()]


def rows(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Return the rows of a group: each has its own label and the runs that differ only in the seed.

    Raises:
        ValueError: a row has two runs with the same seed, so its fit would be counted twice.
    """
    pooled: dict[str, list[Run]] = {}
    for run in runs:
        identity = run[0].identity.model_copy(update={"seed": 0})
        pooled.setdefault(identity.model_dump_json(), []).append(run)
    lots = [sorted(lot, key=lambda run: run[0].identity.seed) for lot in pooled.values()]
    for lot in lots:
        seeds = [record.identity.seed for record, _ in lot]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"{lot[0][0].label} was given twice with the same seed: {seeds}")
    return [(_label(lot[0][0], [other[0][0] for other in lots]), lot) for lot in lots]


def listed(words: Sequence[str]) -> str:
    """Join words to `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _basis(record: Record) -> Basis:
    identity = record.identity
    return Basis(identity.task, identity.dataset, identity.schema_version, identity.data_sha256, record.comparability)


def _questions(record: Record) -> list[str]:
    """Return keys that identify the data, from the most to the least exact."""
    identity = record.identity
    asked = f"{identity.schema_version} {identity.task} {identity.dataset}"
    exact = f"{asked} {identity.data_sha256}"
    return [f"{exact} {identity.data_source}", exact, f"{asked} {record.data_spec.paths()}"]


def _distinguished(basis: Basis, others: Sequence[Basis]) -> Basis:
    namesakes = [other for other in others if (other.task, other.dataset) == (basis.task, basis.dataset)]
    return replace(basis, distinction=_described(basis, _differing(namesakes)))


def _differing(bases: Sequence[Basis]) -> list[str]:
    return [name for name in _WORDS if len({_field(basis, name) for basis in bases}) > 1]


def _described(basis: Basis, names: Sequence[str]) -> str:
    return ", ".join(f"{_WORDS[name]} {_shown(name, _field(basis, name))}" for name in names)


def _field(basis: Basis, name: str) -> object:
    return getattr(basis, name, getattr(basis.comparability, name, None))


def _shown(name: str, value: object) -> str:
    if value is None or value == "":
        return "unknown"
    return str(value)[:SHORT] if name.endswith("sha256") else f"{value:,}" if isinstance(value, int) else str(value)


def _names(runs: Sequence[Run]) -> str:
    names = [f"{record.label} (seed {record.identity.seed})" for record, _ in runs]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _label(record: Record, others: Sequence[Record]) -> str:
    """Return the record's label with its reduction, and with the settings that distinguish rows of the same name."""
    name = record.label + (f" ({record.reduction})" if record.reduction else "")
    mine = settings(record.identity) | sources(record.identity)
    namesakes = [settings(o.identity) | sources(o.identity) for o in others if o.label == record.label]
    known = {setting: None for settings in [mine, *namesakes] for setting in settings}
    differing = [setting for setting in known if any(other.get(setting) != mine.get(setting) for other in namesakes)]
    if not differing:
        return name
    return f"{name} [{', '.join(f'{setting[1]} {mine.get(setting, ABSENT)}' for setting in differing)}]"


def settings(identity: Identity) -> dict[tuple[str, str], str]:
    """Return what a user can set of a cell, by section and name."""
    found = {("", "model"): identity.model, ("", "from"): identity.target, ("", "device"): identity.device}
    found["", "threads"] = str(identity.threads)
    for section in ("config", "budget", "options"):
        found |= {(section, name): str(value) for name, value in getattr(identity, section).items()}
    return found


def sources(identity: Identity) -> dict[tuple[str, str], str]:
    """Return the first digits of the hashes of a cell's code, by section and name."""
    names = ("model_source", "data_source", "task_source")
    return {("", name.replace("_", " ")): getattr(identity, name)[:SHORT] for name in names}
