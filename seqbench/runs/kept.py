"""Fits of earlier runs: stored ones, or made again as their records say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqbench import registry
from seqbench.evidence.records import Record
from seqbench.runs.cell import blank, fit
from seqbench.runs.failure import one_line
from seqbench.runs.grid import TRUTH, Cell
from seqbench.runs.loading import dataset as data_of
from seqbench.runs.loading import load
from seqbench.runs.store import AGAIN, MODEL, RECORD, Damaged, Store
from seqbench.tasks import task


@dataclass(frozen=True)
class Kept:
    """A run whose fit is stored, or can be made again."""

    store: Store
    record: Record
    cell: Cell
    encoding: dict[str, Any]
    """What is needed to read new data as the training data was read."""
    held: Any
    """The data, if it is needed to make the fit again; else None."""

    def model(self) -> Any:
        """Return the fitted model."""
        return fitted(self.store, self.cell, self.record, self.held)


def kept_run(run: str, store: str | Path = "results") -> Kept:
    """Find a run by its folder or by the beginning of its key.

    Raises:
        ValueError: there is no such run, or its code or data have changed since then.
    """
    folder = Store(Path(store)).run(run).resolve()
    opened = Store(folder.parents[min(2, len(folder.parents) - 1)])
    record = opened.read(folder / RECORD, fit=True)
    if isinstance(record, Damaged):
        raise ValueError(f"{record.path} cannot be used: {record.why}; or run its cell again")
    if record.status != "ok":
        raise ValueError(f"{folder} contains no fit: {record.status}: {record.reason}")
    cell = Cell.of(record)
    refuse_changes(record)
    encoding = opened.encoding(record) if record.kept != "no" else {}
    held = None if encoding and record.kept == "arrays" else load(cell)
    return Kept(opened, record, cell, encoding or task(record.identity.task).encoding(held), held)


def fitted(store: Store, cell: Cell, record: Record | Damaged | None, held: Any) -> Any:
    """Return the fit of a cell: the one stored with its record, or a new fit on the data `held`.

    Raises:
        ValueError: the stored fit cannot be used.
    """
    model = blank(cell, held)
    if isinstance(record, Record) and record.kept == "arrays":
        arrays = store.arrays(record)
        try:
            model.restore(arrays)
        except Exception as error:
            path = store.folder(record.identity, record.key) / MODEL
            why = f"{type(error).__name__}: {one_line(error)}"
            raise ValueError(f"{path} is no fit of {record.label}: {why}; {AGAIN}") from error
    else:
        fit(model, cell, task(cell.identity.task), held, "test")
    return model


def refuse_changes(record: Record) -> None:
    """Raise if fitting now would not reproduce the recorded fit; code in files is compared before it is imported."""
    cell = Cell.of(record)
    if registry.in_file(cell.dataset) and registry.file_sha256(cell.dataset) != record.identity.data_source:
        raise ValueError(f"the code of {record.identity.dataset} changed since that run; run the cell again")
    if cell.model.name != TRUTH:
        possible = registry.possible_sources(cell.model, record.identity.task)
        if record.identity.model_source not in possible:
            raise ValueError(f"the code of {record.label} changed since that run; run the cell again")
        now = registry.find_model(cell.model, record.identity.task).source_sha256
        if now != record.identity.model_source:
            raise ValueError(f"the code of {record.label} changed since that run; run the cell again")
    if record.kept != "arrays" and data_of(cell).fingerprint() != record.identity.data_sha256:
        raise ValueError(f"the data {record.identity.dataset} changed since that run; run the cell again")


def able(model: Any, method: str, label: str, option: str) -> Any:
    """Return a method that not all models have.

    Raises:
        ValueError: the model called `label` lacks it, which `option` of the command line needs.
    """
    found = getattr(model, method, None)
    if found is None:
        raise ValueError(f"{label} has no method `{method}`, which {option} needs; leave {option} out")
    return found
