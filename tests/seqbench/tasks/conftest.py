"""Records with the detail that a task has left in them."""

from collections.abc import Callable
from typing import Any

import pytest

from seqbench.evidence.records import Comparability, Identity, Provenance, Record
from seqbench.spec import parse

Make = Callable[..., Record]


def make_record(detail: dict[str, Any], label: str = "model", unit: str = "item") -> Record:
    """A record of an ok cell, written to JSON and read again as a store does."""
    identity: dict[str, Any] = dict.fromkeys(["task", "model", "target", "model_source", "dataset"], "")
    identity |= dict.fromkeys(["data_sha256", "data_source", "task_source", "device"], "")
    basis: dict[str, Any] = dict.fromkeys(["task", "dataset", "data_sha256", "vocab_sha256", "convention"], "")
    provenance: dict[str, Any] = dict.fromkeys(["seqbench", "git_sha", "python", "platform", "cpu", "gpu"], "")
    record = Record(
        key="",
        identity=Identity(**identity, config={}, options={}, seed=0, budget={}),
        label=label,
        model_spec=parse("model"),
        data_spec=parse("data"),
        kind="classic",
        stochastic=False,
        status="ok",
        comparability=Comparability(**basis, unit=unit, items=1),
        detail=detail,
        provenance=Provenance(**provenance, git_dirty=None, packages={}, threads=1),
        finished="",
    )
    return Record.model_validate_json(record.model_dump_json(indent=1))


@pytest.fixture(scope="session")
def record() -> Make:
    return make_record
