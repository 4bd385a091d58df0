"""Advice on a user's file: which model to use, with its evidence, within some minutes."""

import shlex
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqbench import api, registry
from seqbench.data import DataError, Dataset
from seqbench.disk import write_whole
from seqbench.evidence.records import Record
from seqbench.runs import suites
from seqbench.runs.kept import kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.runs.store import Store
from seqbench.spec import OWN, Spec
from seqbench.tasks import TASKS, task

PRESET = "advice"
"""The preset whose rows are tried: classic models first, then networks, those that promise most first."""
Follow = Callable[[api.Asked, Collection[str]], object]
"""Runs cells; of those whose keys are given, nothing is said."""
SEEDS = 3
"""Fits of the models that decide, if time lasts."""


@dataclass(frozen=True)
class Advised:
    """What `advise` found."""

    sentences: Sequence[str]
    """The advice and its evidence."""
    left: Sequence[str]
    """Models for which there was no time."""
    use: str
    """The command that puts the advised model to use; empty if no model is advised."""
    report: Path
    forecasts: Path | None
    """The table of forecasts of what comes after the file; None if the file holds no series."""
    picture: Path | None
    """The same as a picture."""

    def text(self) -> str:
        """Return all of it as lines."""
        lines = [*self.sentences]
        if self.left:
            lines.append(f"No time was left for {', '.join(self.left)}; give more with --minutes.")
        lines.append("")
        if self.forecasts is not None:
            lines.append(f"Forecasts  {self.forecasts}, {self.picture}")
        lines.append(f"Report     {self.report}")
        if self.use:
            lines.append(f"New data   {self.use}")
        return "\n".join(lines)


def recognised(path: Path, options: Mapping[str, Any], suite: str | None = None) -> tuple[str, dict[str, Any]]:
    """Return the task for a user's file, and the options with which it is read.

    Args:
        options: those that the user gave.
        suite: the suite that the user named; None: as the file and the options tell.

    Raises:
        ValueError: it cannot be told, or the file cannot be read; the message says what to add.
    """
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    given = frozenset(options)
    kinds = _kinds(suite)
    able = {name: kind for name, kind in kinds.items() if given <= set(kind.model_fields)}
    if not able:
        raise ValueError(f"{_named(given)} cannot be used together: no kind of data has all of these options")
    claims = {name: kind.claims(path, given) for name, kind in able.items()}
    best = [name for name, claim in claims.items() if claim == max(claims.values()) > 0]
    if suite is not None and len(able) == 1:
        best = list(able)
    if len(best) != 1:
        raise ValueError(_what_is_it(path, best, options, suite))
    return best[0], {**able[best[0]].usual(path, options), **options}


def ask(
    path: str | Path,
    *,
    suite: str | None = None,
    data_options: Mapping[str, Any] | None = None,
    store: str | Path | None = None,
    jobs: int | None = None,
    device: str = "auto",
    text: bool = True,
    command: str | None = None,
) -> api.Asked:
    """Resolve what is to be run for advice on a file, without starting it; the fits are kept.

    Raises:
        ValueError: the file or an option is wrong, or it cannot be told what the file holds.
    """
    file = Path(path).expanduser()
    name, options = recognised(file, data_options or {}, suite)
    chosen = suites.load(suite or task(name).suite)
    return api.ask(
        chosen.name,
        task=name,
        data=file,
        data_options=options,
        preset=PRESET if PRESET in chosen.presets else None,
        store=folder(file) if store is None else store,
        jobs=jobs,
        device=device,
        keep=True,
        text=text,
        command=command,
    )


def understood(asked: api.Asked) -> str:
    """Return what the file was taken for, in one line."""
    cell = asked.cells[0]
    settings = {name: value for name, value in cell.dataset.settings.items() if name != "path"}
    read = ", ".join(f"{name} {value}" for name, value in settings.items())
    return (
        f"{cell.identity.dataset}: {task(cell.identity.task).holds}{f' ({read})' if read else ''}; "
        f"{len({cell.label for cell in asked.cells})} models, fits are kept in {asked.store.root}"
    )


def folder(file: Path) -> Path:
    """Return the folder of the records of advice on a file, by default."""
    return Path("advice") / (file.name or "data")


def again(asked: api.Asked) -> api.Asked | None:
    """Return the run with further fits of the models that decide, the best network and the best classic model; None if
    their results do not depend on a seed, or nothing was fitted."""
    table = next(iter(asked.tables()), None)
    if table is None:
        return None
    names = {table.reference, table.headline.neural} if table.headline else set()
    rows = [row for row in table.rows if row.label in names and row.stochastic and row.pooled]
    keys = {record.key for row in rows for record in row.records}
    cells = [cell.repeated(seed) for seed in range(1, SEEDS) for cell in asked.cells if cell.key in keys]
    return replace(asked, cells=[*asked.cells, *cells]) if cells else None


def fit(asked: api.Asked, follow: Follow) -> api.Asked:
    """Fit each model once, then those that decide with further seeds; return all that was asked."""
    follow(asked, frozenset())
    more = again(asked)
    if more is None:
        return asked
    follow(more, {cell.key for cell in asked.cells})
    return more


def conclude(asked: api.Asked) -> Advised:
    """Return the advice, and write the report; of series, also the forecasts.

    Raises:
        ValueError: no model has a score.
    """
    tables = asked.tables()
    if not tables:
        raise ValueError("no model could be fitted in this time; give more with --minutes")
    root, (table,) = asked.store.root, tables
    said = registry.attribute("seqbench.reports.advice:advice")(table)
    ended = registry.attribute("seqbench.reports.advice:ended")(table)
    report = root / "report.html"
    write_whole(report, f"{api.rendered(tables, 'html')}\n".encode())
    row = table.row(said.model)
    sentences = [*said.sentences, *([ended] if ended else [])]
    found, use, forecasts = None, "", root / "forecasts.csv"
    if row is not None:
        run = next(record for record in row.records if record.status == "ok")
        file = Path(str(asked.cells[0].dataset.settings["path"]))
        use = shlex.join(["seqbench", "predict", run.key[:8], "--data", f"new{file.suffix}", "--store", str(root)])
        try:
            found = _forecast(run, file, asked.store, forecasts)
        except (ValueError, OSError) as error:  # the advice stands without them
            sentences.append(f"No forecasts were written: {error}.")
    done = {record.key for one in table.rows for record in one.records}
    return Advised(
        sentences=sentences,
        left=list(dict.fromkeys(cell.label for cell in asked.cells if cell.key not in done and not cell.identity.seed)),
        use=use,
        report=report,
        forecasts=forecasts if found else None,
        picture=found,
    )


def advise(path: str | Path, *, minutes: float = 10.0, **request: Any) -> Advised:
    """Return which model to use on a file, with its evidence.

    Args:
        path: the file or folder.
        minutes: when no further fit is begun and running ones are ended.
        request: as in `ask`.

    Raises:
        ValueError: the file or an option is wrong, or no model could be fitted in the time.
    """
    deadline = time.monotonic() + 60 * minutes

    def follow(asked: api.Asked, told: Collection[str]) -> None:
        for _ in asked.start(deadline):
            pass

    return conclude(fit(ask(path, **request), follow))


def _forecast(run: Record, file: Path, store: Store, table: Path) -> Path | None:
    """Write what comes after the file, as a table and a picture; return the picture, None if the file has no later."""
    import pandas as pd

    kind = task(run.identity.task)
    if not kind.foresees:
        return None
    kept = kept_run(str(store.folder(run.identity, run.key)))
    new = data_of(kept.cell).read(file, kept.encoding)
    told = kind.predict(kept.model(), new, kept.encoding, run.detail)
    fans = kind.ahead(new, told)
    pd.DataFrame(told).to_csv(table, index=False, lineterminator="\n")
    picture = table.with_suffix(".png")
    registry.attribute("seqbench.reports.pictures:draw_fans")(fans, picture)
    return picture


def _kinds(suite: str | None) -> dict[str, type[Dataset[Any]]]:
    """Return the kinds of files by their task; of one suite only, if it is named."""
    entries = registry.datasets()[OWN].targets
    wanted = TASKS if suite is None else suites.load(suite).tasks
    found = {name: registry.find_dataset(Spec(OWN), name).attribute for name in wanted if name in entries}
    if not found:
        raise ValueError(f"the suite {suite} reads no file of your own; leave out --suite")
    return found


def _named(options: frozenset[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(options))


def _what_is_it(path: Path, best: Sequence[str], options: Mapping[str, Any], suite: str | None) -> str:
    """Return what to say of a file of which it cannot be told what it holds.

    Raises:
        DataError: it is a damaged table.
    """
    if best:
        names = " or ".join(f"--suite {name}" for name in dict.fromkeys(task(one).suite for one in best))
        return f"{path} may be read in more than one way; say which: {names}"
    if suite is not None:
        return f"{path} and the options {_named(frozenset(options)) or 'none'} do not fit the suite {suite}"
    if path.suffix.lower() in registry.attribute("seqbench.datasets.tables.reading:SUFFIXES") and path.is_file():
        header, found = registry.attribute("seqbench.datasets.series.roles:proposals")(path, options)
        columns = registry.attribute("seqbench.datasets.series.roles:listed")(header)
        may = (
            f". It may hold {'; or '.join(found)}"
            if found
            else ", for classes of texts with --text and --label, for series with --time and --value"
        )
        return f"{path} has the columns {columns}: say what they are{may}"
    return (
        f"it cannot be told what {path} holds: name the suite with --suite, such as lm for a text, doc for a folder "
        "with a folder of .txt files per class, tag, translate, qa or music; or give a table (.csv, .tsv, .jsonl, "
        ".parquet)"
    )
