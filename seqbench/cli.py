"""The command line. Commands import modules only when they run, so that `--help` and `list` answer at once."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Does the neural network earn its cost over the classics? Measure it, on your own sequences.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Download data sets into the cache, or verify them.", no_args_is_help=True)
app.add_typer(data_app, name="data")
inspect_app = typer.Typer(help="Look into recurrent networks.", no_args_is_help=True)
app.add_typer(inspect_app, name="inspect")

INTERRUPTED = 130


class Format(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    csv = "csv"


class Listing(StrEnum):
    models = "models"
    datasets = "datasets"
    suites = "suites"


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


class Precision(StrEnum):
    float32 = "float32"
    bfloat16 = "bfloat16"


class Convention(StrEnum):
    sentence = "sentence"
    stream = "stream"


_of_file = partial(typer.Option, rich_help_panel="Your own data")
_of_text = partial(typer.Option, rich_help_panel="Your own text")
_of_documents = partial(typer.Option, rich_help_panel="Your own documents")
_of_pairs = partial(typer.Option, rich_help_panel="Your own pairs of sentences")
_of_series = partial(typer.Option, rich_help_panel="Your own series and sequences")
_of_run = partial(typer.Option, rich_help_panel="How it runs")
_of_store = partial(typer.Option, rich_help_panel="What it shows and keeps")

StoreOption = Annotated[Path, typer.Option("--store", help="Folder of the records.")]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Report a user's mistake as one line on stderr with exit code 2, not as a traceback."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        _say(f"seqbench: {error}", "red")
        raise typer.Exit(2) from None


def _say(text: str, color: str | None = None) -> None:
    """Write one line to stderr, without the control characters that names and messages may contain."""
    from seqbench.reports.formatting import plain

    typer.secho(plain(text), err=True, fg=color)


def _print(text: str) -> None:
    """Write text to stdout; end quietly if its reader, such as `head`, wants no more."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not fail too
        raise typer.Exit(1) from None


@app.command()
def run(
    suite: Annotated[str, typer.Option(help="A suite's name, or the path of a TOML file.")] = "lm",
    task: Annotated[str | None, typer.Option(help="Run only the part of the suite that is of this task.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model, such as 'kneser-ney(order=5)' or my_model.py:MyModel. Can be repeated."),
    ] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="A data set, such as wikitext2. Can be repeated.")] = None,
    data: Annotated[
        Path | None,
        _of_file(
            help="A file of your own: text, tagged sentences, or a table of documents, pairs, series or sequences."
        ),
    ] = None,
    valid: Annotated[Path | None, _of_file(help="Validation data; by default a part of --data.")] = None,
    test: Annotated[Path | None, _of_file(help="Test data; by default a part of --data.")] = None,
    encoding: Annotated[
        str | None, _of_file(help="Encoding of --data without a byte-order mark, such as cp1252; by default utf-8.")
    ] = None,
    separator: Annotated[
        Separator | None, _of_file(help="What separates the cells of --data; by default whatever fits its header.")
    ] = None,
    quotes: Annotated[
        Quotes | None, _of_file(help="Whether double quotes in --data enclose cells (csv) or are letters.")
    ] = None,
    split: Annotated[str | None, _of_file(help="Column of --data that holds train, valid or test.")] = None,
    unit: Annotated[Unit | None, _of_text(help="Whether the symbols of --data are words or characters.")] = None,
    convention: Annotated[
        Convention | None, _of_text(help="Whether --data is scored by sentence or as one stream.")
    ] = None,
    vocab_size: Annotated[
        int | None, _of_text(help="Size of the vocabulary of --data; other symbols become <unk>.")
    ] = None,
    min_count: Annotated[int | None, _of_text(help="Symbols of --data that occur less often become <unk>.")] = None,
    text: Annotated[str | None, _of_documents(help="Column of --data that holds a document's text.")] = None,
    label: Annotated[
        str | None, _of_documents(help="Column of --data that holds the class of a document or sequence.")
    ] = None,
    order: Annotated[
        str | None,
        _of_documents(help="Column of --data with a time or number; the latest documents are the test part."),
    ] = None,
    group: Annotated[
        str | None, _of_documents(help="Column of --data with a group of documents, all of which stay in one part.")
    ] = None,
    rare: Annotated[
        Rare | None, _of_documents(help="Whether classes with too few documents are refused or left out.")
    ] = None,
    time: Annotated[
        str | None, _of_series(help="Column of --data that holds the times of series or sequences.")
    ] = None,
    value: Annotated[
        str | None, _of_series(help="Column of --data that holds the values; of sequences several, such as x,y.")
    ] = None,
    id: Annotated[str | None, _of_series(help="Column of --data that names the series or sequence of a row.")] = None,
    target: Annotated[
        str | None,
        _of_series(
            help="Columns of --data with the numbers to predict of a sequence, such as a,b; or with the targets."
        ),
    ] = None,
    source: Annotated[str | None, _of_pairs(help="Column of --data that holds the source of a pair.")] = None,
    targets: Annotated[
        Path | None, _of_pairs(help="File of the targets, line by line; --data is then the file of the sources.")
    ] = None,
    horizon: Annotated[int | None, _of_series(help="Number of steps to forecast.", min=1)] = None,
    origins: Annotated[
        int | None, _of_series(help="Number of forecasts per series of --data in the test part.", min=1)
    ] = None,
    season: Annotated[int | None, _of_series(help="Number of steps per season of --data; 1: no season.", min=1)] = None,
    layout: Annotated[Layout | None, _of_series(help="long: one row per value; wide: one column per series.")] = None,
    missing: Annotated[Missing | None, _of_series(help="What to do with missing values of --data.")] = None,
    step: Annotated[
        str | None, _of_series(help="Time from one value of --data to the next: day, business-day, 15 minutes, …")
    ] = None,
    dates: Annotated[Dates | None, _of_series(help="Which comes first in dates of --data such as 3/4/2024.")] = None,
    decimal: Annotated[Decimal | None, _of_series(help="The mark before decimals in values of --data.")] = None,
    preset: Annotated[str | None, _of_run(help="Preset of the suite: quick, standard or paper.")] = None,
    seeds: Annotated[
        int | None, _of_run(help="Number of fits per model whose result depends on a seed.", min=1)
    ] = None,
    jobs: Annotated[
        int | None, _of_run(help="Number of cells that run at the same time; by default the free cores.", min=1)
    ] = None,
    threads: Annotated[int, _of_run(help="Threads of each cell.", min=1)] = 1,
    device: Annotated[str, _of_run(help="auto, cpu, cuda, cuda:N (GPU number N), or mps.")] = "auto",
    precision: Annotated[
        Precision | None, _of_run(help="Number format in which networks multiply during training.")
    ] = None,
    retry: Annotated[bool, _of_run("--retry", help="Run cells again whose status is not ok.")] = False,
    dry_run: Annotated[bool, _of_run("--dry-run", help="List the cells and run nothing.")] = False,
    keep: Annotated[bool, _of_store("--keep", help="Store the fits, for `seqbench predict`.")] = False,
    no_text: Annotated[bool, _of_store("--no-text", help="Keep the words of the data out of the store.")] = False,
    quiet: Annotated[bool, _of_store("--quiet", help="Show no progress, only the table.")] = False,
    format: Annotated[Format, _of_store(help="Format of the table.")] = Format.terminal,
    store: StoreOption = Path("results"),
) -> None:
    """Run a suite: fit, score and check every model on every data set, and print the table.

    Cells whose records are in the store are not run again, so after an interruption the same command continues the run.
    """
    options: dict[str, Any] = {
        "valid": valid and str(valid),
        "test": test and str(test),
        "unit": unit and unit.value,
        "convention": convention and convention.value,
        "vocab_size": vocab_size,
        "min_count": min_count,
        "text": text,
        "label": label,
        "encoding": encoding,
        "separator": separator and separator.value,
        "quotes": quotes and quotes.value,
        "split": split,
        "order": order,
        "group": group,
        "rare": rare and rare.value,
        "time": time,
        "value": value,
        "id": id,
        "target": target,
        "source": source,
        "targets": targets and str(targets),
        "horizon": horizon,
        "origins": origins,
        "season": season,
        "layout": layout and layout.value,
        "missing": missing and missing.value,
        "step": step,
        "dates": dates and dates.value,
        "decimal": decimal and decimal.value,
    }
    with _plain_errors():
        from seqbench import progress, registry
        from seqbench.api import ask

        asked = ask(
            suite,
            task=task,
            models=model or (),
            datasets=dataset or (),
            data=data,
            data_options={name: value for name, value in options.items() if value is not None},
            preset=preset,
            seeds=seeds,
            store=store,
            jobs=jobs,
            threads=threads,
            device=device,
            precision=precision.value if precision else None,
            keep=keep,
            text=not no_text,
            retry=retry,
            command=shlex.join(["seqbench", *sys.argv[1:]]),
        )
        if dry_run:
            progress.show_cells(asked)
            return
        try:
            failed = progress.follow(asked, quiet)
        except KeyboardInterrupt:
            _say(f"interrupted; finished cells are in {store}, and the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
        _print(registry.renderer(format)(asked.tables()))
    if failed:
        raise typer.Exit(1)


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="A model, such as my_model.py:MyModel.")],
    task: Annotated[
        str | None, typer.Option(help="The task whose laws are checked, such as lm; by default the task of the model.")
    ] = None,
) -> None:
    """Check a model against the laws of its task: is it normalised, does it see the future, is it repeatable?"""
    with _plain_errors():
        from seqbench import progress
        from seqbench.api import check as check_model

        broken = progress.show_checks(check_model(model, task))
    if broken:
        raise typer.Exit(1)


@app.command()
def report(
    store: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="Format of the tables.")] = Format.terminal,
    output: Annotated[Path | None, typer.Option(help="File to write; by default stdout.")] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="An option of the data, or a property of its items, such as length; the score is drawn against it "
            "into --output."
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="The metric that --against draws; by default the metric that ranks the models.")
    ] = None,
) -> None:
    """Write the tables of a store without running anything, or draw how scores change with the data."""
    with _plain_errors():
        from seqbench import api

        if against is not None:
            if output is None:
                raise ValueError("--against needs the file to draw into: --output curve.png")
            api.draw(store, against, output, metric)
            return
        text = api.report(store, format)
        for damaged in api.damaged(store):
            _say(f"damaged, and left out: {damaged.path}: {damaged.why}", "yellow")
        if output is None:
            _print(text)
        else:
            output.write_text(text + "\n", encoding="utf-8")


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    data: Annotated[Path, typer.Option(help="File with the data to predict.")],
    store: StoreOption = Path("results"),
) -> None:
    """Predict new data with the fit of a run: CSV on stdout, one line per item."""
    with _plain_errors():
        from seqbench.api import predict as score

        _print(score(run, data, store).to_csv(index=False, lineterminator="\n").rstrip("\n"))


@app.command()
def translate(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    text: Annotated[str, typer.Argument(help="The sentence to translate.")],
    beam: Annotated[
        int | None, typer.Option(help="Size of the beam; by default the model's own search.", min=1)
    ] = None,
    show_attention: Annotated[
        Path | None, typer.Option(help="File to draw the attention into: .png, .svg or .pdf.")
    ] = None,
    show_memory: Annotated[
        Path | None, typer.Option(help="File to draw the heads of a memory into: .png, .svg or .pdf.")
    ] = None,
    store: StoreOption = Path("results"),
) -> None:
    """Translate a sentence with the fit of a run, and show where the model looked for each word."""
    with _plain_errors():
        from seqbench.translating import translate as say

        _print(say(run, text, beam=beam, attention=show_attention, memory=show_memory, store=store))


@app.command()
def answer(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    story: Annotated[Path, typer.Option(help="File with the story, a sentence per line.")],
    question: Annotated[str, typer.Option(help="The question about it.")],
    show_memory: Annotated[
        Path | None, typer.Option(help="File to draw into which sentences were read: .png, .svg or .pdf.")
    ] = None,
    store: StoreOption = Path("results"),
) -> None:
    """Answer a question about a story with the fit of a run, and show which sentences the model read."""
    with _plain_errors():
        from seqbench.answering import answer as say

        said = say(run, story, question, memory=show_memory, store=store)
        if said.unknown:
            _say(f"words that do not occur in training, and so mean little: {', '.join(said.unknown)}", "yellow")
        _print("\n".join(f"{text}  {p:.3f}" for text, p in said.answers))


@app.command()
def recall(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    data: Annotated[Path, typer.Option(help="File with damaged patterns: .csv, .npy, .png, or a folder of pictures.")],
    show: Annotated[
        Path | None, typer.Option(help="File to draw damaged and restored patterns into: .png, .svg or .pdf.")
    ] = None,
    store: StoreOption = Path("results"),
) -> None:
    """Restore damaged patterns with the fit of a run: CSV on stdout, one line per pattern."""
    with _plain_errors():
        from seqbench.recalling import recall as restore

        _print(restore(run, data, sheet=show, store=store).to_csv(index=False, lineterminator="\n").rstrip("\n"))


@app.command()
def sample(
    model: Annotated[str, typer.Argument(help="A model, such as lstm or 'kneser-ney(order=5)+cache'.")],
    dataset: Annotated[
        str | None, typer.Option(help="Training data; by default that of the suite: python-reference for text.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A text file of your own as training data.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="Whether a symbol of --data is a word or a character.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of --data without a byte-order mark, such as cp1252; by default utf-8.")
    ] = None,
    suite: Annotated[str, typer.Option(help="The suite with the preset by which the model is fitted.")] = "lm",
    preset: Annotated[str | None, typer.Option(help="Preset of the suite, such as quick or standard.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N (GPU number N), or mps.")] = "auto",
    length: Annotated[int, typer.Option(help="Number of symbols to generate, or of frames.")] = 300,
    prompt: Annotated[str, typer.Option(help="The text that the model continues.")] = "",
    temperature: Annotated[
        float, typer.Option(help="Below 1: more probable symbols; above 1: more varied ones.")
    ] = 1.0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Always take the most probable symbol.")] = False,
    top_k: Annotated[int | None, typer.Option(help="Draw only from the k most probable symbols.")] = None,
    nucleus: Annotated[
        float | None, typer.Option(help="Draw from the most probable symbols that together have this probability.")
    ] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Allow <unk> in the text.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random text.", min=0)] = 0,
    output: Annotated[
        list[Path] | None,
        typer.Option(help="With --suite music: file to write, .mid, or a picture .png, .svg or .pdf. Can be repeated."),
    ] = None,
    store: StoreOption = Path("results"),
) -> None:
    """Generate text or music: with the fit that `seqbench run --keep` stored, or else with a new fit."""
    with _plain_errors():
        options = {"unit": unit and unit.value, "encoding": encoding}
        fitted: dict[str, Any] = {
            "dataset": dataset,
            "data": data,
            "data_options": {name: value for name, value in options.items() if value is not None},
            "suite": suite,
            "preset": preset,
            "device": device,
            "store": store,
        }
        how: dict[str, Any] = {
            "prompt": prompt,
            "temperature": temperature,
            "greedy": greedy,
            "top_k": top_k,
            "nucleus": nucleus,
            "unknown": unknown,
            "seed": seed,
        }
        if output:
            from seqbench.composing import compose

            text = compose(model, length, output, how=how, **fitted)
        else:
            from seqbench.api import sample as write

            text = write(model, length, **fitted, **how)
        _print(text)


@app.command(name="list")
def list_names(what: Annotated[Listing, typer.Argument()]) -> None:
    """List the models, data sets or suites that can be run."""
    with _plain_errors():
        from seqbench import progress, registry
        from seqbench.runs import suites

        if what is Listing.suites:
            rows = [(suite.name, ", ".join(suite.tasks), suite.summary) for suite in map(suites.load, suites.shipped())]
        else:
            entries = registry.models() if what is Listing.models else registry.datasets()
            rows = [(name, ", ".join(entry.targets), entry.summary) for name, entry in entries.items()]
        progress.show_rows(("name", "task", "what it is"), rows)


@inspect_app.command()
def gradients(
    model: Annotated[
        list[str], typer.Option(help="A recurrent language model, such as 'lstm(hidden_size=64)'. Can be repeated.")
    ],
    length: Annotated[int, typer.Option(help="The largest lag, in steps.", min=1)] = 200,
    dataset: Annotated[str, typer.Option(help="The data set on which the models are trained.")] = "synthetic-brackets",
    suite: Annotated[str, typer.Option(help="The suite with the preset by which the models are trained.")] = "lm",
    preset: Annotated[str | None, typer.Option(help="Preset of the suite, such as quick or standard.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to draw into: .png, .svg or .pdf.")] = None,
) -> None:
    """Show how far gradients reach: norms of the derivative of a state by earlier ones, at start and after training."""
    with _plain_errors():
        from seqbench import inspection, progress

        progress.show_studies(
            inspection.gradients(model, length, dataset=dataset, suite=suite, preset=preset, output=output)
        )


@inspect_app.command()
def cells(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    text: Annotated[str, typer.Option(help="The text that the model reads.")],
    output: Annotated[Path, typer.Option(help="HTML file to write.")],
    unit: Annotated[list[int] | None, typer.Option(help="Number of a unit to show, from 0. Can be repeated.")] = None,
    count: Annotated[int, typer.Option(help="Without --unit: how many of the most varied units to show.", min=1)] = 20,
    store: StoreOption = Path("results"),
) -> None:
    """Show what single units of a recurrent language model do, symbol by symbol, as a page of HTML."""
    with _plain_errors():
        from seqbench import inspection, progress

        found, shown = inspection.cells(run, text, units=unit or (), count=count, store=store, output=output)
        progress.show_units(found, shown)


@data_app.command()
def fetch(names: Annotated[list[str] | None, typer.Argument(help="Data sets; by default all.")] = None) -> None:
    """Download data sets into the cache, and verify their sha256."""
    _data("fetch", names)


@data_app.command()
def verify(names: Annotated[list[str] | None, typer.Argument(help="Data sets; by default all.")] = None) -> None:
    """Verify the sha256 of the data sets on this machine, without downloading."""
    _data("verify", names)


@app.command()
def env() -> None:
    """Show what is recorded about this machine and installation."""
    with _plain_errors():
        from seqbench import progress
        from seqbench.api import auto_device
        from seqbench.runs.provenance import provenance

        seen = provenance(auto_device()).model_dump(exclude={"threads"})
        packages = seen.pop("packages")
        progress.show_rows(("what", "which"), [(k, str(v)) for k, v in {**seen, **packages}.items() if v is not None])


def _data(action: str, names: list[str] | None) -> None:
    with _plain_errors():
        from seqbench import progress, registry

        rows = registry.attribute(f"seqbench.datasets.download:{action}")(names or None)
        wrong = progress.show_files(rows)
    if wrong:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
