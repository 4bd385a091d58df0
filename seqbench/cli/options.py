"""Options that several commands share, as groups."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer


class Format(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    csv = "csv"
    json = "json"


class Unit(StrEnum):
    word = "word"
    character = "character"


class Layout(StrEnum):
    long = "long"
    wide = "wide"


class Missing(StrEnum):
    refuse = "refuse"
    last = "last"
    zero = "zero"


class Dates(StrEnum):
    day_first = "day-first"
    month_first = "month-first"


class Decimal(StrEnum):
    comma = "comma"
    point = "point"


class Separator(StrEnum):
    comma = "comma"
    semicolon = "semicolon"
    tab = "tab"
    bar = "bar"


class Quotes(StrEnum):
    csv = "csv"
    letters = "letters"


class Rare(StrEnum):
    refuse = "refuse"
    drop = "drop"


class Others(StrEnum):
    refuse = "refuse"
    drop = "drop"


class Precision(StrEnum):
    float32 = "float32"
    bfloat16 = "bfloat16"


class Convention(StrEnum):
    sentence = "sentence"
    stream = "stream"


of_file = partial(typer.Option, rich_help_panel="Your own data")
of_text = partial(typer.Option, rich_help_panel="Your own text")
of_documents = partial(typer.Option, rich_help_panel="Your own documents")
of_pairs = partial(typer.Option, rich_help_panel="Your own pairs of sentences")
of_series = partial(typer.Option, rich_help_panel="Your own series and sequences")
of_run = partial(typer.Option, rich_help_panel="How it runs")
of_table = partial(typer.Option, rich_help_panel="How tables are shown")
of_store = partial(typer.Option, rich_help_panel="What it shows and keeps")

Store = Annotated[Path, typer.Option("--store", help="Folder of the records.")]
Device = Annotated[str, of_run(help="auto, cpu, cuda, cuda:N (GPU number N), or mps.")]
Retry = Annotated[bool, of_run("--retry", help="Run cells again whose status is not ok.")]
DryRun = Annotated[bool, of_run("--dry-run", help="List the cells and run nothing.")]
NoText = Annotated[bool, of_store("--no-text", help="Keep the words of the data out of the store.")]
Quiet = Annotated[bool, of_store("--quiet", help="Show no progress, only the table.")]


@dataclass(frozen=True)
class Wanted:
    """What is run: the part of a suite, its models and its data."""

    suite: Annotated[str, typer.Option(help="A suite's name, or the path of a TOML file.")] = "lm"
    task: Annotated[str | None, typer.Option(help="Only the part of the suite that is of this task.")] = None
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model, such as 'kneser-ney(order=5)' or my_model.py:MyModel. Can be repeated."),
    ] = None
    dataset: Annotated[list[str] | None, typer.Option(help="A data set, such as wikitext2. Can be repeated.")] = None
    data: Annotated[
        Path | None,
        of_file(
            help="A file of your own: text, tagged sentences, or a table of documents, pairs, series or sequences."
        ),
    ] = None

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `seqbench.api.ask`."""
        return {
            "suite": self.suite,
            "task": self.task,
            "models": self.model or (),
            "datasets": self.dataset or (),
            "data": self.data,
        }


@dataclass(frozen=True)
class Showing:
    """How tables are shown."""

    format: Annotated[Format, of_table(help="Format of the tables.")] = Format.terminal
    columns: Annotated[
        str, of_table(help="Columns after the model's, in this order, such as score,interval,verdict,fit.")
    ] = ""
    sort: Annotated[
        str, of_table(help="Column that rows are sorted by, best or cheapest first, such as score, fit or name.")
    ] = ""

    @property
    def options(self) -> dict[str, str]:
        """The arguments of `seqbench.api.rendered`."""
        return {"format": self.format.value, "columns": self.columns, "sort": self.sort}


@dataclass(frozen=True)
class Reading:
    """How a file of the user's own is read."""

    valid: Annotated[Path | None, of_file(help="Validation data; by default a part of --data.")] = None
    test: Annotated[Path | None, of_file(help="Test data; by default a part of --data.")] = None
    encoding: Annotated[
        str | None, of_file(help="Encoding of --data without a byte-order mark, such as cp1252; by default utf-8.")
    ] = None
    separator: Annotated[
        Separator | None, of_file(help="What separates the cells of --data; by default whatever fits its header.")
    ] = None
    quotes: Annotated[
        Quotes | None, of_file(help="Whether double quotes in --data enclose cells (csv) or are letters.")
    ] = None
    split: Annotated[str | None, of_file(help="Column of --data that holds train, valid or test.")] = None
    unit: Annotated[Unit | None, of_text(help="Whether the symbols of --data are words or characters.")] = None
    convention: Annotated[Convention | None, of_text(help="Whether --data is scored by sentence or as one stream.")] = (
        None
    )
    vocab_size: Annotated[int | None, of_text(help="Size of the vocabulary of --data; other symbols become <unk>.")] = (
        None
    )
    min_count: Annotated[int | None, of_text(help="Symbols of --data that occur less often become <unk>.")] = None
    text: Annotated[str | None, of_documents(help="Column of --data that holds a document's text.")] = None
    label: Annotated[
        str | None, of_documents(help="Column of --data that holds the class of a document or sequence.")
    ] = None
    order: Annotated[
        str | None,
        of_documents(help="Column of --data with a time or number; the latest documents are the test part."),
    ] = None
    group: Annotated[
        str | None, of_documents(help="Column of --data with a group of documents, all of which stay in one part.")
    ] = None
    rare: Annotated[
        Rare | None, of_documents(help="Whether classes with too few documents are refused or left out.")
    ] = None
    time: Annotated[str | None, of_series(help="Column of --data that holds the times of series or sequences.")] = None
    value: Annotated[
        str | None, of_series(help="Column of --data that holds the values; of sequences several, such as x,y.")
    ] = None
    id: Annotated[str | None, of_series(help="Column of --data that names the series or sequence of a row.")] = None
    target: Annotated[
        str | None,
        of_series(
            help="Columns of --data with the numbers to predict of a sequence, such as a,b; or with the targets."
        ),
    ] = None
    source: Annotated[str | None, of_pairs(help="Column of --data that holds the source of a pair.")] = None
    targets: Annotated[
        Path | None, of_pairs(help="File of the targets, line by line; --data is then the file of the sources.")
    ] = None
    horizon: Annotated[int | None, of_series(help="Number of steps to forecast.", min=1)] = None
    origins: Annotated[
        int | None, of_series(help="Number of forecasts per series of --data in the test part.", min=1)
    ] = None
    season: Annotated[int | None, of_series(help="Number of steps per season of --data; 1: no season.", min=1)] = None
    layout: Annotated[Layout | None, of_series(help="long: one row per value; wide: one column per series.")] = None
    others: Annotated[
        Others | None, of_series(help="What to do with columns beside times, values and series: refuse or drop.")
    ] = None
    missing: Annotated[Missing | None, of_series(help="What to do with missing values of --data.")] = None
    step: Annotated[
        str | None, of_series(help="Time from one value of --data to the next: day, business-day, 15 minutes, …")
    ] = None
    dates: Annotated[Dates | None, of_series(help="Which comes first in dates of --data such as 3/4/2024.")] = None
    decimal: Annotated[Decimal | None, of_series(help="The mark before decimals in values of --data.")] = None

    @property
    def options(self) -> dict[str, Any]:
        """The options that were given, by name: plain values."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value) if isinstance(value, Path) else value


@dataclass(frozen=True)
class Running:
    """How cells are run."""

    preset: Annotated[str | None, of_run(help="Preset of the suite: quick, standard or paper.")] = None
    seeds: Annotated[int | None, of_run(help="Number of fits per model whose result depends on a seed.", min=1)] = None
    jobs: Annotated[
        int | None, of_run(help="Number of cells that run at the same time; by default the free cores.", min=1)
    ] = None
    cluster: Annotated[
        str | None,
        of_run(help="Where cells run: local:8 starts eight workers here, dask://host:8786 is a cluster that runs."),
    ] = None
    threads: Annotated[int, of_run(help="Threads of each cell.", min=1)] = 1
    device: Device = "auto"
    precision: Annotated[Precision | None, of_run(help="Number format in which networks multiply during training.")] = (
        None
    )

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `seqbench.api.ask`."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter whose type is a group of options by the options of the group."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if is_dataclass(kind) and isinstance(kind, type)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            parameters += _parameters(groups[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name]))

    @wraps(command)
    def flat(**given: Any) -> None:
        parts = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)}) for name, kind in groups.items()
        }
        command(**given, **parts)

    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
    ]
