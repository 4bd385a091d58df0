"""How to make a table again: settings, budgets, versions, hardware and data in full."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.evidence.records import Record
from seqbench.reports.footer import PROVENANCE
from seqbench.reports.formatting import plain
from seqbench.reports.sheet import Sheet
from seqbench.reports.table import Table


@dataclass(frozen=True)
class Reproduction:
    command: str
    pairs: tuple[tuple[str, str], ...]
    """Headings and texts."""
    models: tuple[tuple[str, str, str, str], ...]
    """Of each row: the label, all settings, the budget, the seeds."""
    packages: tuple[tuple[str, str], ...]
    """Versions of packages; those of the first record if records differ, which the pairs then say."""


def reproduction(table: Table, page: Sheet) -> Reproduction:
    records = [record for row in table.rows for record in row.records]
    told = dict(page.footer)
    pairs = [(heading, told[heading]) for heading in PROVENANCE if heading in told]
    return Reproduction(
        command=page.command,
        pairs=(*pairs, *_hashes(table, records)),
        models=tuple(_model(row.label, row.records) for row in table.rows),
        packages=tuple((plain(name), plain(version)) for name, version in records[0].provenance.packages.items()),
    )


def _hashes(table: Table, records: Sequence[Record]) -> list[tuple[str, str]]:
    data = table.basis.comparability
    found = [
        ("sha256 of the data", table.basis.data_sha256),
        ("sha256 of the vocabulary", data.vocab_sha256 if data else ""),
        ("git commits", ", ".join(dict.fromkeys(r.provenance.git_sha for r in records if r.provenance.git_sha))),
    ]
    return [(heading, text) for heading, text in found if text]


def _model(label: str, records: Sequence[Record]) -> tuple[str, str, str, str]:
    identity = records[0].identity
    seeds = ", ".join(str(record.identity.seed) for record in records)
    return plain(label), _settings(identity.config), _settings(identity.budget), seeds


def _settings(values: Mapping[str, Any]) -> str:
    """Return `hidden_size=96, dropout=0.1`; values that are not set are left out."""
    told = [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in values.items()
        if value is not None
    ]
    return plain(", ".join(told))
