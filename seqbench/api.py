"""seqbench from Python: each command of the command line as a function."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import registry
from seqbench.evidence.records import Check, Record
from seqbench.runs import suites
from seqbench.runs.cell import Options
from seqbench.runs.grid import Cell, Precision, grid
from seqbench.runs.kept import fitted, kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.runs.provenance import provenance
from seqbench.runs.runner import Event, Loaded, execute
from seqbench.runs.store import Damaged, Plan, Store
from seqbench.runs.suites import Suite
from seqbench.spec import OWN, Spec, parse
from seqbench.tasks import task
from seqbench.tasks.base import Sampling, Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Asked:
    """A requested run, with all names resolved."""

    command: str
    suite: Suite
    preset: str
    cells: list[Cell]
    store: Store
    options: Options
    jobs: int
    retry: bool

    def start(self) -> Iterator[Event]:
        """Run the cells that the store lacks, and yield events.

        Raises:
            DataError: data is missing or wrong; nothing was run.
            OSError: the store cannot be written, or its disk is full.
        """
        plan = Plan(
            command=self.command,
            suite=self.suite.name,
            preset=self.preset,
            margin=self.suite.parts[0].margin,
            margins={} if len(self.suite.parts) == 1 else self._margins(),
            keys=[cell.key for cell in self.cells],
            started=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
        self.store.claim()
        for event in execute(self.cells, self.store, self.options, jobs=self.jobs, retry=self.retry):
            if isinstance(event, Loaded):
                self.store.write_plan(plan)
            else:
                yield event

    def tables(self) -> Any:
        """Return the tables of the cells that are done."""
        found = [record for cell in self.cells if isinstance(record := self.store.find(cell.identity), Record)]
        return _tables(self.store, found, self.command, self._margins())

    def _margins(self) -> dict[str, float]:
        return {cell.key: self.suite.margin(cell.identity.task) for cell in self.cells}

    def seconds(self) -> dict[str, float]:
        """Return, by key, how many seconds each cell took when it last ran, with any version of the code."""
        earlier = [r for r in self.store.records() if isinstance(r, Record) and r.costs.wall_seconds is not None]
        earlier.sort(key=lambda r: r.finished)
        known = {_question(r): r.costs.wall_seconds for r in earlier if r.costs.wall_seconds is not None}
        return {cell.key: known[q] for cell in self.cells if (q := _question(cell)) in known}


def ask(
    suite: str = "lm",
    *,
    task: str | None = None,
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    data: str | Path | None = None,
    data_options: dict[str, Any] | None = None,
    preset: str | None = None,
    seeds: int | None = None,
    store: str | Path = "results",
    jobs: int | None = None,
    threads: int = 1,
    device: str = "auto",
    precision: Precision | None = None,
    shares: Sequence[float] = (1.0,),
    keep: bool = False,
    text: bool = True,
    retry: bool = False,
    command: str | None = None,
) -> Asked:
    """Resolve a run without starting it.

    Args:
        suite: the name of a suite of seqbench, or the path of a TOML file.
        task: the part of the suite that is run, by its task; None: all parts.
        models: specs such as `kneser-ney(order=5)` or `my_model.py:MyModel`; empty: the models of the suite.
        datasets: specs such as `wikitext2`; empty: the data sets of the suite.
        data: a file of your own, used in addition to `datasets`.
        data_options: how to read this file, such as `{"unit": "character"}`.
        preset: a preset of the suite; None: its default preset.
        seeds: number of fits per model, with seeds 0, 1, …; None: the number in the preset.
        store: the folder of records.
        jobs: number of cells that run at the same time; None: as many as there are free cores, and one on a GPU.
        threads: threads of each cell. It is part of the record's key, since sums in another order give other digits.
        device: `cpu`, `cuda`, `cuda:1` (the second GPU), `mps`, or `auto`: a CUDA GPU if there is one, else `cpu`.
        precision: number format in which networks multiply during training, `float32` or `bfloat16`; None: the setting
            of each model and preset; the default is float32.
        shares: shares of the training part; each has cells of its own.
        keep: whether fits are kept, for `predict`.
        text: whether the store may contain words of the data.
        retry: whether cells whose status is not ok are run again.
        command: the command to show in the footer of the table.

    Raises:
        ValueError: a name, a setting or a file is wrong, or the device is absent.
    """
    chosen = suites.load(suite)
    name, found = chosen.chosen(preset)
    sources = [parse(d) for d in datasets]
    if data is not None:
        sources.append(Spec(OWN, {"path": str(data), **(data_options or {})}))
    elif data_options:
        raise ValueError(f"{', '.join(data_options)} says how to read a file; name the file with data=")
    for option, number in (("jobs", jobs), ("threads", threads)):
        if number is not None and number < 1:
            raise ValueError(f"{option} must be 1 or more, not {number}")
    device = auto_device() if device == "auto" else _present(device)
    return Asked(
        command=command or _python_call(suite, models, datasets, data, data_options, preset, seeds),
        suite=chosen,
        preset=name,
        cells=grid(
            chosen,
            found,
            task=task,
            models=[parse(m) for m in models],
            datasets=sources,
            seeds=seeds,
            device=device,
            threads=threads,
            precision=precision,
            shares=shares,
        ),
        store=Store(Path(store)),
        options=Options(found.limits, provenance(device, threads), keep=keep, text=text),
        jobs=free_places(device, threads) if jobs is None else jobs,
        retry=retry,
    )


def run(suite: str = "lm", **request: Any) -> "pd.DataFrame":
    """Run a suite and return its table, one row per model and data set.

    Takes the arguments of `ask`. Cells whose records are in the store are not run again.

    Example:
        >>> seqbench.run("lm", datasets=["synthetic-hmm"], models=["kneser-ney(order=3)", "hmm"])
    """
    asked = ask(suite, **request)
    for _ in asked.start():
        pass
    frame: pd.DataFrame = registry.attribute("seqbench.reports.frame:frame")(asked.tables())
    return frame


def report(store: str | Path = "results", format: str = "markdown") -> str:
    """Return the tables of a store as text, in one of the formats markdown, latex, html, csv.

    Raises:
        ValueError: the store is empty, or there is no such format.
    """
    render = registry.renderer(format)
    text: str = render(stored_tables(store))
    return text


def draw(store: str | Path, against: str, output: str | Path, metric: str | None = None) -> None:
    """Draw how the models' scores change with an option of the data, such as `distance` of `synthetic-distance`, or
    with a property of its items, such as the `length` of sources of translation.

    Args:
        output: the file to draw into; its suffix gives the format: .png, .svg, .pdf.
        metric: its name, such as `accuracy`; None: the metric that ranks the models.

    Raises:
        ValueError: the store has neither two values of that option nor items with that property, or the metric or
            format is unknown.
    """
    registry.attribute("seqbench.reports.curve:draw")(stored_tables(store), against, Path(output), metric)


def stored_tables(store: str | Path) -> Any:
    """Return the tables of a store, in the order in which the runs were started.

    If a cell was computed more than once, the latest record counts. Fits to a part of the training part, which
    `seqbench curve` makes, answer another question and are left out.

    Raises:
        ValueError: the store is empty.
    """
    opened = Store(Path(store))
    records = {
        record.key: record for record in opened.records() if isinstance(record, Record) and record.identity.share == 1
    }
    if not records:
        raise ValueError(f"there are no records in {store}; create some with: seqbench run --suite lm --store {store}")
    plans = opened.plans()
    margins = {key: plan.margins.get(key, plan.margin) for plan in plans for key in plan.keys}
    latest: dict[str, Record] = {}
    for key in margins or records:
        if key in records:
            latest[_question(records[key])] = records[key]
    return _tables(opened, list(latest.values()), plans[0].command if len(plans) == 1 else None, margins)


def damaged(store: str | Path) -> list[Damaged]:
    """Return the records of a store that cannot be read. They are replaced when their cells are run again."""
    return [record for record in Store(Path(store)).records() if isinstance(record, Damaged)]


def check(model: str, task_name: str | None = None, seed: int = 0) -> list[Check]:
    """Check a model against the laws of its task, on a small data set made for this purpose.

    Args:
        model: a spec, such as `my_model.py:MyModel` or `lstm(hidden_size=16)`.
        task_name: the task whose laws are checked, such as `lm`; None: the first task of the model.

    Raises:
        ValueError: the model cannot be found or configured.
    """
    spec = parse(model)
    task_name = registry.home_task(spec) if task_name is None else task_name
    found = registry.find_model(spec, task_name)
    config = registry.configured(found.attribute.config_class, spec, task_name)
    return task(task_name).check_class(lambda: found.attribute(config), seed)


def predict(run: str, data: str | Path, store: str | Path = "results") -> "pd.DataFrame":
    """Predict new data with the fit of a run, one row per item.

    The stored fit is used. If the model cannot be stored, it is fitted again from its record.

    Args:
        run: the folder of a record, or the beginning of its key.
        data: the file to predict.

    Raises:
        ValueError: there is no such run, or its code or data have changed since then.
    """
    import pandas as pd

    kept = kept_run(run, store)
    kind = task(kept.record.identity.task)
    new = data_of(kept.cell).read(Path(data), kept.encoding)
    return pd.DataFrame(kind.predict(kept.model(), new, kept.encoding, kept.record.detail))


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
    """Return text that a language model generates after a prompt; the prompt is not repeated.

    If a run with `keep` has stored a fit, it is used; otherwise the model is fitted now, as that run would fit it.

    Args:
        model: a spec such as `lstm(hidden_size=400)`.
        length: number of symbols.
        dataset, data, data_options, suite, preset, device: how the model is fitted, as in `ask`.
        how: `prompt`, `temperature`, `greedy`, `top_k`, `nucleus`, `unknown`, `seed`, as in
            `seqbench.tasks.base.Sampling`.

    Raises:
        ValueError: a name or a setting is wrong, or models of the suite's task do not generate text.
        TypeError: `how` contains another name.
    """
    sampling = Sampling(length, **how)
    kind, fit, held = lent(
        model,
        dataset=dataset,
        data=data,
        data_options=data_options,
        suite=suite,
        preset=preset,
        device=device,
        store=store,
    )
    return kind.sample(fit, held, sampling)


def lent(
    model: str,
    *,
    dataset: str | None = None,
    data: str | Path | None = None,
    data_options: dict[str, Any] | None = None,
    suite: str = "lm",
    preset: str | None = None,
    device: str = "auto",
    store: str | Path = "results",
) -> tuple[Task[Any, Any], Any, Any]:
    """Return a task, a fitted model and its data, to draw from.

    If a run with `keep` has stored a fit, it is used; otherwise the model is fitted now, as that run would fit it.

    Args:
        model: a spec such as `lstm(hidden_size=400)`.
        dataset, data, data_options, suite, preset, device: how the model is fitted, as in `ask`.

    Raises:
        ValueError: a name or a setting is wrong.
    """
    if dataset is None and data is None:
        dataset = task(suites.load(suite).tasks[0]).source
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
    cell = asked.cells[0]
    held = data_of(cell).load()
    return task(cell.identity.task), fitted(asked.store, cell, asked.store.find(cell.identity), held), held


def _question(of: Cell | Record) -> str:
    """Return the identity of a cell without the versions of its code and data, but with the paths of their files.

    So files of one name in different folders are different questions, and a changed file is the same question.
    """
    sources = {"target", "model_source", "data_source", "task_source", "data_sha256"}
    specs = (of.model_spec, of.data_spec) if isinstance(of, Record) else (of.model, of.dataset)
    return f"{of.identity.model_dump_json(exclude=sources)} {[spec.paths() for spec in specs]}"


def _tables(store: Store, records: Sequence[Record], command: str | None, margins: Mapping[str, float]) -> Any:
    """Return the tables of records; those of one margin together. margins: by the key of a record."""
    lots: dict[float, list[Record]] = {}
    for record in records:
        lots.setdefault(margins.get(record.key, suites.MARGIN), []).append(record)
    tables = registry.attribute("seqbench.reports.table:tables")
    return [
        table
        for margin, lot in lots.items()
        for table in tables([(record, store.columns(record)) for record in lot], command=command, margin=margin)
    ]


def auto_device() -> str:
    """Return `cuda` if the system has a CUDA GPU, else `cpu`. Importing torch is slow, so it comes last."""
    if os.name == "posix" and not Path("/dev/nvidiactl").exists():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def free_places(device: str, threads: int) -> int:
    """Return how many cells can run at the same time without waiting for each other: one per `threads` free cores.

    Cores are physical ones that this process may use, as affinity and the limits of a container say. Cells on a GPU
    would wait for each other there, so they run one by one.
    """
    from joblib import cpu_count

    return 1 if device != "cpu" else max(1, int(cpu_count(only_physical_cores=True)) // threads)


def _present(device: str) -> str:
    """Return the name of a device; raise ValueError if this machine has none of that name."""
    if device != "cpu":  # importing torch is slow
        registry.attribute("seqbench.learning.training:choose_device")(device)
    return device


def _python_call(suite: str, *arguments: Any) -> str:
    names = ("models", "datasets", "data", "data_options", "preset", "seeds")
    given = [f"{n}={str(a) if isinstance(a, Path) else a!r}" for n, a in zip(names, arguments, strict=True) if a]
    return f"seqbench.run({', '.join([repr(suite), *given])})"
