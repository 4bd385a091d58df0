"""What the process of one cell does: fit, predict, check, write the record.

It holds no test part until the test part is scored, which another process does (`scoring`). So a model cannot find the
test part in the memory of its process.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from threadpoolctl import threadpool_limits

from seqbench import registry
from seqbench.evidence.laws import seed_everything, wordless
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Check, Comparability, Costs, Provenance, Record, Status
from seqbench.interface import Arrays, Besides, Budget, MissingExtra, SequenceModel
from seqbench.runs.clock import Clock
from seqbench.runs.failure import full_trace, one_line, places, shortened
from seqbench.runs.family import enter
from seqbench.runs.grid import TRUTH, Cell
from seqbench.runs.loading import Files, dataset
from seqbench.runs.printed import Printed
from seqbench.runs.scoring import answer
from seqbench.runs.store import Store, Unwritable
from seqbench.runs.suites import Limits
from seqbench.runs.surroundings import Surroundings, end_soon
from seqbench.runs.values import Sender
from seqbench.tasks import task
from seqbench.tasks.base import Scored, Split, Task

REFIT = ", for the test part"
"""Added to the names of the second fit's curves if the test part needs its own fit."""
DEFERRED, NOTICED = 0.1, 0.01
"""Work that a first prediction does for a fit counts as fit if it is more than this share of it and these seconds."""
UNWRITTEN = 74
"""Exit code of a cell whose record could not be written; its last output says why."""


@dataclass(frozen=True)
class Options:
    """How cells are run. None of these options changes a result."""

    limits: Limits
    provenance: Provenance
    """Stored in every record."""
    keep: bool = False
    """Whether the fit is stored with the record."""
    text: bool = True
    """Whether words of the data may be stored with the record."""


@dataclass
class Outcome:
    """What is known about a cell so far; if the cell fails, its record still has costs, curves and notes."""

    comparability: Comparability | None = None
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    costs: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    training_size: tuple[int, str] | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    columns: Columns | None = None
    arrays: Arrays | None = None
    encoding: dict[str, Any] | None = None


def record_of(cell: Cell, status: Status, reason: str, options: Options, outcome: Outcome, trace: str = "") -> Record:
    """Return the record of a cell that ended with this status."""
    return Record(
        key=cell.key,
        identity=cell.identity,
        label=cell.label,
        reduction=cell.reduction,
        model_spec=cell.model,
        data_spec=cell.dataset,
        kind=cell.kind,
        stochastic=cell.stochastic,
        status=status,
        reason=reason,
        comparability=outcome.comparability,
        scores=outcome.scores,
        detail=outcome.detail,
        costs=Costs(**outcome.costs),
        checks=outcome.checks,
        curves=outcome.curves,
        training_size=outcome.training_size,
        notes=outcome.notes,
        traceback=trace,
        provenance=options.provenance,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        kept="no" if outcome.encoding is None else "refit" if outcome.arrays is None else "arrays",
    )


def main(
    cell: Cell,
    files: Files,
    scorer: Connection,
    root: Path,
    options: Options,
    values: Path,
    log: Path,
    folder: Path,
) -> None:
    """Run a cell, in its own process.

    Its data is read from `files`, which `loading` wrote; the test part is scored by the process behind `scorer`. The
    output of the model goes to the file `log`; values of curves are sent to the parent through the file `values`. The
    process works in `folder`, so that no other cell finds the files that the model leaves there.
    """
    enter()
    os.chdir(folder)
    printed = Printed(log)
    for number in (1, 2):
        os.dup2(printed.file.fileno(), number)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    sender, surroundings = Sender(values), Surroundings()
    limit_threads(cell.identity.threads)
    started, outcome = time.perf_counter(), Outcome()

    def log_value(name: str, value: float) -> None:
        outcome.curves.setdefault(str(name), []).append(float(value))
        sender.send(str(name), float(value))

    status: Status = "ok"
    reason = trace = ""
    try:
        _evaluate(cell, files, scorer, options, outcome, log_value, surroundings.restore)
    except MissingExtra as error:
        status, reason = "skipped", str(error)
    except MemoryError as error:
        status, reason = "out of memory", one_line(error, options.text)
    except Exception as error:
        out_of_memory = type(error).__name__ == "OutOfMemoryError"  # torch's, for a GPU
        status, reason = "out of memory" if out_of_memory else "failed", one_line(error, options.text)
        trace = full_trace(error) if options.text else places(error)
    except SystemExit as error:
        status, reason = (
            "failed",
            f"the model called sys.exit({shortened(error.code)})" if options.text else "sys.exit was called",
        )
    except BaseException as error:  # such as KeyboardInterrupt: Ctrl-C does not come here, so the model raised it
        status, reason = "failed", f"{type(error).__name__}: {one_line(error, options.text)}"
        trace = full_trace(error) if options.text else places(error)
    surroundings.restore()
    outcome.costs["wall_seconds"] = time.perf_counter() - started
    outcome.costs.setdefault("peak_memory_bytes", _peak_memory())
    if status != "ok":
        outcome.scores, outcome.detail = {}, {}
        outcome.columns, outcome.arrays, outcome.encoding = None, None, None
    record = record_of(cell, status, reason, options, outcome, trace)
    output = b""
    with suppress(OSError):  # a model may have closed all files
        output = printed.read() if options.text else b""
    try:
        Store(root).write(record, outcome.columns, outcome.arrays, outcome.encoding, output)
    except Unwritable as error:
        with suppress(OSError):
            print(error, file=sys.stderr)
        sys.exit(UNWRITTEN)
    end_soon()


def _ignored(name: str, value: float) -> None:
    return


def limit_threads(threads: int) -> None:
    """Limit the threads of numerical libraries in this process."""
    threadpool_limits(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def fit(
    model: SequenceModel[Any, Any],
    cell: Cell,
    kind: Task[Any, Any],
    data: Any,
    split: Split,
    log: Callable[[str, float], None] = _ignored,
    spent: Callable[[Besides, float], None] = _ignored,
) -> None:
    """Fit the model of a cell for scoring a split; a true model needs no fit."""
    if cell.model.name != TRUTH:
        seed_everything(cell.seed)
        budget = Budget.model_validate(cell.identity.budget)
        context = kind.context(data, split, cell.seed, budget, cell.identity.device, log)
        model.fit(kind.train(data, split), replace(context, spent=spent))


def blank(cell: Cell, data: Any = None) -> SequenceModel[Any, Any]:
    """Return the unfitted model of a cell; a true model comes with the data."""
    if cell.model.name == TRUTH:
        truth: SequenceModel[Any, Any] = data.truth
        return truth
    task_name = cell.identity.task
    kind = registry.find_model(cell.model, task_name).attribute
    model: SequenceModel[Any, Any] = kind(registry.configured(kind.config_class, cell.model, task_name))
    return model


def _evaluate(
    cell: Cell,
    files: Files,
    scorer: Connection,
    options: Options,
    outcome: Outcome,
    log: Callable[[str, float], None],
    restore: Callable[[], None],
) -> None:
    kind = task(cell.identity.task)
    outcome.costs["start_memory_bytes"] = psutil.Process().memory_info().rss
    source = dataset(cell)
    data, outcome.comparability = files.read_fitting(cell)
    outcome.training_size = kind.training_size(data)
    outcome.notes = {"licence": source.licence, "citation": source.citation, **data.notes}

    fitting, first, again, scoring = (Clock(cell.identity.device) for _ in range(4))

    def spent(besides: Besides, seconds: float) -> None:
        name = f"{besides.replace(' ', '_')}_seconds"
        outcome.costs[name] = outcome.costs.get(name, 0.0) + seconds

    def fitted(split: Split, log: Callable[[str, float], None]) -> tuple[SequenceModel[Any, Any], Callable[[], Check]]:
        model = blank(cell, data)  # not timed, since it imports what the model needs
        with fitting:
            fit(model, cell, kind, data, split, log, spent)
        restore()
        with first:
            unchanged = kind.probe(model, data)
        with again:
            kind.probe(model, data)
        outcome.costs |= _fit_costs(fitting, first, again)
        outcome.costs["parameters"] = model.parameter_count()
        return model, unchanged

    model, unchanged = fitted("valid", log)
    valid = kind.score(model, data, "valid")
    restore()
    outcome.scores["valid"] = _scores(kind, valid, outcome.comparability)
    if cell.model.name != TRUTH and kind.train(data, "test") is not kind.train(data, "valid"):
        del model, unchanged  # so that two fits are not in memory at the same time
        model, unchanged = fitted("test", lambda name, value: log(f"{name}{REFIT}", value))
    outcome.columns, outcome.detail, witness = answer(model, scorer, valid, scoring)
    restore()
    outcome.costs |= {"predict_seconds": scoring.wall, "predict_cpu_seconds": scoring.cpu}
    outcome.costs |= {"items_per_second": outcome.comparability.items / scoring.wall}
    outcome.costs["busy"] |= scoring.busy
    outcome.scores["test"] = _scores(kind, outcome.columns, outcome.comparability)

    outcome.costs["peak_memory_bytes"] = _peak_memory()  # before the checks, which hold a second fit
    del data  # so that the training part is not in memory twice
    data = files.read_scoring(cell)
    checks = [unchanged(), *kind.check(model, data, cell.seed, witness)]
    outcome.checks = checks if options.text else [wordless(check) for check in checks]
    broken = frozenset(check.name for check in checks if not check.passed)
    seed_everything(cell.seed)
    scored = Scored(model, data, outcome.columns, outcome.detail, witness, broken, cell.seed)
    outcome.detail |= _examples(kind, scored, options.text)
    if options.keep:
        outcome.arrays = None if cell.model.name == TRUTH else model.arrays()
        outcome.encoding = kind.encoding(data) if options.text else {}


def _examples(kind: Task[Any, Any], scored: Scored[Any, Any], text: bool) -> dict[str, Any]:
    """Return what the record shows besides scores; `left_out` says why a part of it is missing.

    A model that fails here keeps its scores.
    """
    if not (text or kind.wordless):
        return {}
    shown: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, part in kind.examples(scored).items():
        try:
            json.dumps(made := part())  # what JSON cannot hold would cost the whole record
        except Exception as error:
            left_out[name] = one_line(error, text)
        else:
            shown |= {} if made is None else {name: made}
    return shown | ({"left_out": left_out} if left_out else {})


def _fit_costs(fitting: Clock, first: Clock, again: Clock) -> dict[str, Any]:
    """Return the costs of fits, together with the work that they put off to their first predictions.

    Waiting is no work: on a busy machine the first prediction may have waited longer than the second.

    Args:
        first, again: clocks of the first predictions and of the same predictions once more.
    """
    cpu = first.cpu - again.cpu
    deferred = min(first.wall - again.wall, cpu)
    if deferred <= max(NOTICED, DEFERRED * fitting.wall):
        return {"fit_seconds": fitting.wall, "fit_cpu_seconds": fitting.cpu, "busy": fitting.busy}
    return {
        "fit_seconds": fitting.wall + deferred,
        "fit_cpu_seconds": fitting.cpu + cpu,
        "deferred_seconds": deferred,
        "busy": fitting.busy or first.busy,
    }


def _scores(kind: Task[Any, Any], columns: Columns, basis: Comparability) -> dict[str, float]:
    scored = kind.units(columns, basis).columns
    return {metric.name: float(metric(scored)[0]) for metric in kind.metrics}


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return int(getattr(psutil.Process().memory_info(), "peak_wset"))  # noqa: B009 (a field only on Windows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
