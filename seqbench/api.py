"""seqbench from Python: each command of the command line as a function."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqbench import registry
from seqbench.cluster import address as addresses
from seqbench.cluster.address import Address
from seqbench.evidence.records import Check, Record, asked_of, question
from seqbench.evidence.tuned import Tuned
from seqbench.runs import suites
from seqbench.runs.cell import Options
from seqbench.runs.grid import Cell, Precision, grid
from seqbench.runs.index import Known, known, named
from seqbench.runs.kept import fitted, kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.runs.provenance import provenance
from seqbench.runs.remaining import Remaining
from seqbench.runs.runner import Event, Launcher, Loaded, done, execute
from seqbench.runs.store import Damaged, Plan, Store, told
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
    """Number of cells that run at the same time; of a cluster that runs, 1: how many it holds is not known yet."""
    retry: bool
    tuned: Mapping[str, Tuned] = field(default_factory=dict)
    """What tuning found of a cell, by its key."""
    cluster: Address | None = None
    """Where cells run; None: on this machine."""

    def start(self, deadline: float | None = None) -> Iterator[Event]:
        """Run the cells that the store lacks, and yield events.

        Args:
            deadline: a time of `time.monotonic` at which cells are ended; None: there is none.

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
            tuned=dict(self.tuned),
        )
        self.store.claim()
        events = execute(
            self.cells,
            self.store,
            self.options,
            jobs=self.jobs,
            retry=self.retry,
            deadline=deadline,
            launcher=self._launcher(),
        )
        for event in events:
            if isinstance(event, Loaded):
                self.store.write_plan(plan)
            else:
                yield event

    def _launcher(self) -> Launcher | None:
        """Return what starts the cells; None: processes of this machine."""
        if self.cluster is None:
            return None
        launcher: Launcher = registry.attribute("seqbench.cluster.launcher:Cluster")(self.cluster)
        return launcher

    def check_view(self, columns: str | Sequence[str] = (), sort: str = "") -> None:
        """Raise ValueError if no table of the run will have these columns; the arguments are those of `report`."""
        metrics = [task(name).metrics for name in dict.fromkeys(cell.identity.task for cell in self.cells)]
        known = registry.attribute("seqbench.reports.columns:names")(metrics)
        registry.attribute("seqbench.reports.view:View").of(columns, sort).check(known)

    def tables(self) -> Any:
        """Return the tables of the cells that are done."""
        found = [record for cell in self.cells if isinstance(record := self.store.find(cell.identity), Record)]
        return _tables(self.store, found, self.command, self._margins(), self.tuned)

    def _margins(self) -> dict[str, float]:
        return {cell.key: self.suite.margin(cell.identity.task) for cell in self.cells}

    def seconds(self) -> dict[str, float]:
        """Return, by key, how many seconds each cell took when it last ran, with any version of the code."""
        return self._seconds(known(self.store))

    def remaining(self) -> Remaining:
        """Return how much time the cells take that will run, as far as earlier runs tell."""
        earlier = known(self.store)
        stored, times = {one.key: one for one in earlier}, self._seconds(earlier)
        waiting = [cell for cell in self.cells if not done(stored.get(cell.key), self.options, self.retry)]
        rows = {cell.key: cell.identity.model_copy(update={"seed": 0}).model_dump_json() for cell in waiting}
        return Remaining({cell.key: times.get(cell.key) for cell in waiting}, rows, self.jobs)

    def _seconds(self, earlier: Sequence[Known]) -> dict[str, float]:
        """Return the times of the cells of this run; those of the latest records count."""
        times = {one.question: one.seconds for one in earlier if one.seconds is not None}
        return {cell.key: times[q] for cell in self.cells if (q := named(_asked(cell))) in times}


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
    cluster: str | None = None,
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
        device: `cpu`, `cuda`, `cuda:1` (the second GPU), `mps`, or `auto`: a CUDA GPU if there is one, else `cpu`; on a
            cluster that runs, `auto` is `cpu`.
        precision: number format in which networks multiply during training, `float32` or `bfloat16`; None: the setting
            of each model and preset; the default is float32.
        shares: shares of the training part; each has cells of its own.
        keep: whether fits are kept, for `predict`.
        text: whether the store may contain words of the data.
        retry: whether cells whose status is not ok are run again.
        cluster: where cells run: `local:8` starts eight workers on this machine, `dask://host:8786` names the scheduler
            of a cluster of dask that runs; None: as processes of this machine. Each thread of a worker runs one cell at
            a time, so `jobs` is left out then.
        command: the command to show in the footer of the table.

    Raises:
        ValueError: a name, a setting or a file is wrong, or the device is absent.
        ImportError: a cluster is named, and dask.distributed is not installed.
    """
    where = None if cluster is None else addresses.parse(cluster)
    if where is not None and jobs is not None:
        raise ValueError(f"each thread of a worker of {where} runs one cell at a time: leave out jobs={jobs} (--jobs)")
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
    for given in (*models, *datasets, *([] if data is None else [data])):
        _refuse_unwritable(str(given))
    if isinstance(where, addresses.Remote):  # its workers are asked when the run begins
        device = "cpu" if device == "auto" else device
    else:
        device = auto_device() if device == "auto" else _present(device)
    command = command or _python_call(suite, models, datasets, data, data_options, preset, seeds)
    return Asked(
        command=command.encode(errors="replace").decode(),
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
        jobs=_places(where, device, threads) if jobs is None else jobs,
        retry=retry,
        cluster=where,
    )


def run(suite: str = "lm", **request: Any) -> "pd.DataFrame":
    """Run a suite and return its table, one row per model and data set; a notebook shows it with its footnotes.

    Takes the arguments of `ask`. Cells whose records are in the store are not run again.

    Example:
        >>> seqbench.run("lm", datasets=["synthetic-hmm"], models=["kneser-ney(order=3)", "hmm"])
    """
    asked = ask(suite, **request)
    for _ in asked.start():
        pass
    results: pd.DataFrame = registry.attribute("seqbench.reports.notebook:Results")(asked.tables())
    return results


def report(
    store: str | Path = "results", format: str = "markdown", columns: str | Sequence[str] = (), sort: str = ""
) -> str:
    """Return the tables of a store as text.

    Args:
        format: terminal, markdown, latex, html, csv or json.
        columns: names of the columns after the model's, such as `["score", "interval", "verdict", "fit"]`, or a text
            with commas between them; empty: all that say something.
        sort: the name of the column that rows are sorted by, the best or cheapest first; true models stay last. Empty:
            the order of the runs.

    Raises:
        ValueError: the store is empty, or there is no such format or column.
    """
    return rendered(stored_tables(store), format, columns, sort)


def rendered(tables: Any, format: str = "markdown", columns: str | Sequence[str] = (), sort: str = "") -> str:
    """Return tables, such as those of `stored_tables`, as text; the arguments are those of `report`."""
    render = registry.renderer(format)
    view = registry.attribute("seqbench.reports.view:View").of(columns, sort)
    text: str = render(registry.attribute("seqbench.reports.ranks:sheets")(tables, view))
    return text


def compare(a: str | Path, b: str | Path, format: str = "markdown") -> str:
    """Return what changed from store `a` to store `b`, in score, cost and verdict, row by row.

    Args:
        format: as in `report`.

    Raises:
        ValueError: the stores are the same folder, one is empty, or they have no row in common; or there is no such
            format.
    """
    return compared(*opened_pair(a, b), format, f"seqbench.compare({str(a)!r}, {str(b)!r})")


def compared(a: "Opened", b: "Opened", format: str, command: str) -> str:
    """Return what changed from one store to another as text; the command is shown below."""
    render = registry.renderer(format)
    sheets = registry.attribute("seqbench.reports.comparison:sheets")
    text: str = render(sheets((str(a.store.root), a.tables), (str(b.store.root), b.tables), command))
    return text


def draw_ranks(store: str | Path, output: str | Path) -> None:
    """Draw the mean ranks of the models over the data sets of a store, and which cannot be told from the best.

    Args:
        output: the file to draw into; its suffix gives the format: .png, .svg, .pdf.

    Raises:
        ValueError: no task has five data sets or more with the same models, or the format is unknown.
    """
    registry.attribute("seqbench.reports.rank_diagram:draw")(stored_tables(store), Path(output))


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


@dataclass(frozen=True)
class Opened:
    """What a store holds."""

    store: Store
    tables: Any
    """In the order in which the runs were started. If a cell was computed more than once, the latest record counts."""
    damaged: list[Damaged]
    """Records that cannot be read. They are replaced if their cells are run again."""
    unread_plans: list[Damaged]

    def left_out(self) -> list[str]:
        """Return a sentence for each thing that is missing from the tables, or from their order."""
        plans = [
            f"{plan.path} cannot be read ({plan.why}): the rows that it lists come first, with the usual margin"
            for plan in self.unread_plans
        ]
        return [*(f"left out: {text}" for text in told(self.damaged)), *plans]


def opened(store: str | Path) -> Opened:
    """Read a store. Fits to a part of the training part, which `seqbench curve` makes, answer another question and are
    left out.

    Raises:
        ValueError: it holds no record that can be read.
    """
    root = Path(store)
    held = Store(root)
    found = list(held.records())
    damaged = [record for record in found if isinstance(record, Damaged)]
    records = {r.key: r for r in found if isinstance(r, Record) and r.identity.share == 1}
    if not records and damaged:
        raise ValueError(f"no record in {store} can be read: {'; '.join(told(damaged))}")
    if not records:
        where = "there are no records in" if root.is_dir() else "there is no folder"
        raise ValueError(f"{where} {store}; create records with: seqbench run --suite lm --store {store}")
    plans, unread = held.plans(), held.unread_plans()
    margins = {key: plan.margins.get(key, plan.margin) for plan in plans for key in plan.keys}
    unplanned = sorted((r for r in records.values() if r.key not in margins), key=lambda r: r.finished)
    latest: dict[str, Record] = {}
    for record in [*(unplanned if unread or not plans else ()), *(records[key] for key in margins if key in records)]:
        latest[question(record)] = record
    command = plans[0].command if len(plans) == 1 and not unread else None
    tuned = {key: one for plan in plans for key, one in plan.tuned.items()}
    return Opened(held, _tables(held, list(latest.values()), command, margins, tuned), damaged, unread)


def opened_pair(a: str | Path, b: str | Path) -> tuple[Opened, Opened]:
    """Read two stores.

    Raises:
        ValueError: they are the same folder, or one holds no record that can be read.
    """
    if Path(a).resolve() == Path(b).resolve():
        raise ValueError(f"{a} and {b} are the same folder; name two stores")
    return opened(a), opened(b)


def stored_tables(store: str | Path) -> Any:
    """Return the tables of a store, in the order in which the runs were started.

    If a cell was computed more than once, the latest record counts. Fits to a part of the training part, which
    `seqbench curve` makes, answer another question and are left out.

    Raises:
        ValueError: it holds no record that can be read.
    """
    return opened(store).tables


def damaged(store: str | Path) -> list[Damaged]:
    """Return the records of a store that cannot be read. They are replaced if their cells are run again."""
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
    found = fit(
        model,
        dataset=dataset,
        data=data,
        data_options=data_options,
        suite=suite,
        preset=preset,
        device=device,
        store=store,
    )
    return found.task.sample(found.model, found.data, sampling)


class Fit(NamedTuple):
    """A fitted model, with its task and the data it was fitted on."""

    task: Task[Any, Any]
    model: Any
    data: Any


def fit(
    model: str,
    *,
    dataset: str | None = None,
    data: str | Path | None = None,
    data_options: dict[str, Any] | None = None,
    suite: str = "lm",
    preset: str | None = None,
    device: str = "auto",
    store: str | Path = "results",
) -> Fit:
    """Return a fitted model, to look at or to draw from.

    If a run with `keep` has stored a fit, it is used; otherwise the model is fitted now, as that run would fit it.

    Args:
        model: a spec such as `lstm(hidden_size=400)`.
        dataset, data, data_options, suite, preset, device: how the model is fitted, as in `ask`.

    Raises:
        ValueError: a name or a setting is wrong.

    Example:
        >>> task, model, data = seqbench.fit("cbow", dataset="python-reference")
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
    found = asked.store.find(cell.identity, fit=True)
    if isinstance(found, Damaged):
        raise ValueError(
            f"{found.path} cannot be used: {found.why}; run its cell again with --keep, or remove its folder"
        )
    held = data_of(cell).load()
    return Fit(task(cell.identity.task), fitted(asked.store, cell, found, held), held)


def _asked(cell: Cell) -> str:
    """Return what a cell asks, as `question` does of a record."""
    return asked_of(cell.identity, (cell.model, cell.dataset))


def _tables(
    store: Store,
    records: Sequence[Record],
    command: str | None,
    margins: Mapping[str, float],
    tuned: Mapping[str, Tuned],
) -> Any:
    """Return the tables of records; those of one margin together. margins, tuned: by the key of a record."""
    lots: dict[float, list[Record]] = {}
    for record in records:
        lots.setdefault(margins.get(record.key, suites.MARGIN), []).append(record)
    tables = registry.attribute("seqbench.reports.table:tables")
    return [
        table
        for margin, lot in lots.items()
        for table in tables(
            [(record, store.columns(record)) for record in lot], command=command, margin=margin, tuned=tuned
        )
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


def _refuse_unwritable(name: str) -> None:
    """Raise ValueError if a name cannot be written into a record."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{name!a} is no text in UTF-8, as records are; rename the file, or set PYTHONUTF8=1 if this terminal "
            "knows ASCII alone"
        ) from None


def _places(where: Address | None, device: str, threads: int) -> int:
    """Return how many cells run at the same time, as far as it is known before the run."""
    if where is None:
        return free_places(device, threads)
    return where.workers if isinstance(where, addresses.Local) else 1


def _present(device: str) -> str:
    """Return the name of a device; raise ValueError if this machine has none of that name."""
    if device != "cpu":  # importing torch is slow
        registry.attribute("seqbench.learning.training:choose_device")(device)
    return device


def _python_call(suite: str, *arguments: Any) -> str:
    names = ("models", "datasets", "data", "data_options", "preset", "seeds")
    given = [f"{n}={str(a) if isinstance(a, Path) else a!r}" for n, a in zip(names, arguments, strict=True) if a]
    return f"seqbench.run({', '.join([repr(suite), *given])})"
