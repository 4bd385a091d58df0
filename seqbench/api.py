"""seqbench from Python: what the command line does, as functions."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import registry
from seqbench.evidence.records import Check, Record
from seqbench.runs import suites
from seqbench.runs.cell import Options, blank, dataset, fit, load
from seqbench.runs.grid import TRUTH, Cell, Precision, grid
from seqbench.runs.provenance import provenance
from seqbench.runs.runner import Event, execute
from seqbench.runs.store import RECORD, Damaged, Plan, Store
from seqbench.runs.suites import Suite
from seqbench.spec import Spec, parse
from seqbench.tasks import task
from seqbench.tasks.base import Sampling

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Asked:
    """A run that was asked for, with every name resolved."""

    command: str
    suite: Suite
    preset: str
    cells: list[Cell]
    store: Store
    options: Options
    jobs: int
    retry: bool

    def start(self) -> Iterator[Event]:
        """Run what is missing, and tell what happens."""
        plan = Plan(
            command=self.command,
            suite=self.suite.name,
            preset=self.preset,
            margin=self.suite.margin,
            keys=[cell.key for cell in self.cells],
            started=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
        self.store.write_plan(plan)
        return execute(self.cells, self.store, self.options, jobs=self.jobs, retry=self.retry)

    def tables(self) -> Any:
        """The tables of what was asked for, as far as it is done."""
        found = [record for cell in self.cells if isinstance(record := self.store.find(cell.identity), Record)]
        return _tables(self.store, found, self.command, self.suite.margin)

    def seconds(self) -> dict[str, float]:
        """By key, how long a cell of that model on that data took when it ran last, whatever its code was then."""
        earlier = [r for r in self.store.records() if isinstance(r, Record) and r.costs.wall_seconds is not None]
        earlier.sort(key=lambda r: r.finished)
        known = {_question(r): r.costs.wall_seconds for r in earlier if r.costs.wall_seconds is not None}
        return {cell.key: known[q] for cell in self.cells if (q := _question(cell)) in known}


def ask(
    suite: str = "lm",
    *,
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    data: str | Path | None = None,
    data_options: dict[str, Any] | None = None,
    preset: str | None = None,
    seeds: int | None = None,
    store: str | Path = "results",
    jobs: int = 1,
    device: str = "auto",
    precision: Precision | None = None,
    keep: bool = False,
    text: bool = True,
    retry: bool = False,
    command: str | None = None,
) -> Asked:
    """Resolve a run without starting it.

    Args:
        suite: a shipped suite's name, or the path of a TOML file.
        models: specs such as `kneser-ney(order=5)` or `my_model.py:MyModel`; empty: the suite's own.
        datasets: specs such as `wikitext2`; empty: the suite's own.
        data: a file of your own, in place of or beside `datasets`.
        data_options: how to read it, such as `{"unit": "character"}`.
        preset: of the suite; None: its default.
        seeds: fits a model, with seeds 0, 1, …; None: as the preset says.
        store: the folder of records.
        jobs: cells at a time; they share the machine's cores.
        device: `cpu`, `cuda`, or `auto`.
        precision: number format in which networks multiply during training, `float32` or `bfloat16`; None: as each
            model and preset says, which is float32 unless named otherwise.
        keep: whether fits are kept, for `predict`.
        text: whether the store may hold words of the data.
        retry: whether cells that ended otherwise than ok are run again.
        command: what the footer of the table tells the reader to repeat.

    Raises:
        ValueError: a name, a setting or a file is wrong.
    """
    chosen = suites.load(suite)
    name, found = chosen.chosen(preset)
    sources = [parse(d) for d in datasets]
    if data is not None:
        sources.append(Spec("file", {"path": str(data), **(data_options or {})}))
    elif data_options:
        raise ValueError(f"{', '.join(data_options)} says how to read a file; name it with data=")
    if jobs < 1:
        raise ValueError(f"jobs must be 1 or more, not {jobs}")
    device = auto_device() if device == "auto" else device
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Asked(
        command=command or _python_call(suite, models, datasets, data, preset, seeds),
        suite=chosen,
        preset=name,
        cells=grid(
            chosen,
            found,
            models=[parse(m) for m in models],
            datasets=sources,
            seeds=seeds,
            device=device,
            precision=precision,
        ),
        store=Store(Path(store)),
        options=Options(found.limits, provenance(max(1, cores // jobs), device), keep=keep, text=text),
        jobs=jobs,
        retry=retry,
    )


def run(suite: str = "lm", **request: Any) -> "pd.DataFrame":
    """Run a suite and return its table, one row a model and data set.

    Takes what `ask` takes. What lies in the store already is not run again.

    Example:
        >>> seqbench.run("lm", datasets=["synthetic-hmm"], models=["kneser-ney(order=3)", "hmm"])
    """
    asked = ask(suite, **request)
    for _ in asked.start():
        pass
    frame: pd.DataFrame = registry.attribute("seqbench.reports.frame:frame")(asked.tables())
    return frame


def report(store: str | Path = "results", format: str = "markdown") -> str:
    """The tables of a store as text, in one of the formats markdown, latex, html, csv.

    Raises:
        ValueError: there is nothing in the store, or no such format.
    """
    render = registry.renderer(format)
    text: str = render(stored_tables(store))
    return text


def draw(store: str | Path, against: str, output: str | Path, metric: str | None = None) -> None:
    """Draw how the models' scores change with an option of the data, such as `distance` of `synthetic-distance`.

    Args:
        output: the picture; its suffix says the format: .png, .svg, .pdf.
        metric: by name, such as `accuracy`; None: the one that ranks.

    Raises:
        ValueError: the store holds no two values of that option, or the metric or format is unknown.
    """
    registry.attribute("seqbench.reports.curve:draw")(stored_tables(store), against, Path(output), metric)


def stored_tables(store: str | Path) -> Any:
    """The tables of a store: of each question the answer that was computed last, in the order of asking.

    Raises:
        ValueError: there is nothing in the store.
    """
    opened = Store(Path(store))
    records = {record.key: record for record in opened.records() if isinstance(record, Record)}
    if not records:
        raise ValueError(f"there are no records in {store}; make some with: seqbench run --suite lm --store {store}")
    plans = opened.plans()
    margins = {key: plan.margin for plan in plans for key in plan.keys}
    latest: dict[str, Record] = {}
    for key in margins or records:
        if key in records:
            latest[_question(records[key])] = records[key]
    found: dict[float, list[Record]] = {}
    for record in latest.values():
        found.setdefault(margins.get(record.key, suites.MARGIN), []).append(record)
    command = plans[0].command if len(plans) == 1 else None
    return [table for margin, lot in found.items() for table in _tables(opened, lot, command, margin)]


def damaged(store: str | Path) -> list[Damaged]:
    """Records of a store that cannot be read; the next run of their cells makes them anew."""
    return [record for record in Store(Path(store)).records() if isinstance(record, Damaged)]


def check(model: str, task_name: str | None = None, seed: int = 0) -> list[Check]:
    """Hold a model against the laws of its task, on a small corpus of the harness.

    Args:
        model: a spec, such as `my_model.py:MyModel` or `lstm(hidden_size=16)`.
        task_name: whose laws are meant, such as `lm`; None: the task that the model is made for, the first of several.

    Raises:
        ValueError: the model cannot be found or configured.
    """
    spec = parse(model)
    task_name = registry.home_task(spec) if task_name is None else task_name
    found = registry.find_model(spec, task_name)
    config = registry.configured(found.attribute.config_class, spec, task_name)
    return task(task_name).check_class(lambda: found.attribute(config), seed)


def predict(run: str, data: str | Path, store: str | Path = "results") -> "pd.DataFrame":
    """Scores of new data under a run's fit, one row an item.

    The fit is the kept one, or is made again from the record where the model cannot be written.

    Args:
        run: the folder of a record, or the beginning of its key.
        data: what to score.

    Raises:
        ValueError: there is no such run, or the code or the data behind it changed.
    """
    import pandas as pd

    folder = Store(Path(store)).run(run)
    opened = Store(folder.parents[2])
    record = opened.read(folder / RECORD)
    if isinstance(record, Damaged):
        raise ValueError(f"{record.path} is damaged: {record.why}; run its cell again")
    if record.status != "ok":
        raise ValueError(f"{folder} holds no fit: {record.status}: {record.reason}")
    cell, kind = Cell.of(record), task(record.identity.task)
    _refuse_changes(record)
    encoding = opened.encoding(record) if record.kept != "no" else {}
    held = None if encoding and record.kept == "arrays" else load(cell)
    encoding = encoding or kind.encoding(held)
    new = dataset(cell).read(Path(data), encoding)
    return pd.DataFrame(kind.predict(_fitted(opened, cell, record, held), new, encoding, record.detail))


def sample(
    model: str,
    length: int = 300,
    *,
    dataset: str | None = None,
    data: str | Path | None = None,
    data_options: dict[str, Any] | None = None,
    suite: str = "lm",
    preset: str | None = None,
    device: str = "auto",
    store: str | Path = "results",
    **how: Any,
) -> str:
    """Text that a language model writes after a prompt, which is not repeated.

    The fit is the one that a run with `keep` left in the store, or is made now as that run would make it.

    Args:
        model: a spec such as `lstm(hidden_size=400)`.
        length: symbols.
        dataset, data, data_options, suite, preset, device: what the model learns from, as in `ask`.
        how: `prompt`, `temperature`, `greedy`, `top_k`, `nucleus`, `unknown`, `seed`, as in
            `seqbench.tasks.base.Sampling`.

    Raises:
        ValueError: a name or a setting is wrong, or models of the suite's task write nothing.
        TypeError: `how` holds something else.
    """
    sampling = Sampling(length, **how)
    asked = ask(
        suite,
        models=[model],
        datasets=[dataset] if dataset else (),
        data=data,
        data_options=data_options,
        preset=preset,
        device=device,
        store=store,
    )
    cell, held = asked.cells[0], load(asked.cells[0])
    fitted = _fitted(asked.store, cell, asked.store.find(cell.identity), held)
    return task(asked.suite.task).sample(fitted, held, sampling)


def _fitted(store: Store, cell: Cell, record: Record | Damaged | None, held: Any) -> Any:
    """The fit of a cell: the one that its record keeps, or made now on the data `held`."""
    model = blank(cell, held)
    if isinstance(record, Record) and record.kept == "arrays":
        model.restore(store.arrays(record))
    else:
        fit(model, cell, task(cell.identity.task), held, "test", lambda name, value: None)
    return model


def _refuse_changes(record: Record) -> None:
    """Raise where a fit made now would not be the recorded one."""
    cell = Cell.of(record)
    if cell.model.name != TRUTH:
        now = registry.find_model(cell.model, record.identity.task).source_sha256
        if now != record.identity.model_source:
            raise ValueError(f"the code of {record.label} changed since that run; run the cell again")
    if record.kept != "arrays" and dataset(cell).fingerprint() != record.identity.data_sha256:
        raise ValueError(f"the data {record.identity.dataset} changed since that run; run the cell again")


def _question(of: Cell | Record) -> str:
    """What was asked, whatever the code and the bytes of the data were then."""
    sources = {"target", "model_source", "data_source", "task_source", "data_sha256"}
    return of.identity.model_dump_json(exclude=sources)


def _tables(store: Store, records: Sequence[Record], command: str | None, margin: float) -> Any:
    runs = [(record, store.columns(record)) for record in records]
    return registry.attribute("seqbench.reports.table:tables")(runs, command=command, margin=margin)


def auto_device() -> str:
    """A CUDA GPU where the system has one; torch is asked only there, since its import takes a second."""
    if os.name == "posix" and not Path("/dev/nvidiactl").exists():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _python_call(suite: str, *arguments: Any) -> str:
    names = ("models", "datasets", "data", "preset", "seeds")
    given = [f"{n}={str(a) if isinstance(a, Path) else a!r}" for n, a in zip(names, arguments, strict=True) if a]
    return f"seqbench.run({', '.join([repr(suite), *given])})"
