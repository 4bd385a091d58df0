"""The command line. Commands import what they need when they run, so that `--help` and `list` answer at once."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
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
data_app = typer.Typer(help="Fetch data sets into the cache, or verify them.", no_args_is_help=True)
app.add_typer(data_app, name="data")

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


class Precision(StrEnum):
    float32 = "float32"
    bfloat16 = "bfloat16"


class Convention(StrEnum):
    sentence = "sentence"
    stream = "stream"


StoreOption = Annotated[Path, typer.Option("--store", help="Folder of the records.")]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Report a user's mistake as one line on stderr with exit code 2, not as a traceback."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        typer.secho(f"seqbench: {error}", err=True, fg="red")
        raise typer.Exit(2) from None


@app.command()
def run(
    suite: Annotated[str, typer.Option(help="A suite's name, or the path of a TOML file.")] = "lm",
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model, such as 'kneser-ney(order=5)' or my_model.py:MyModel. Repeat for more."),
    ] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="A data set, such as wikitext2. Repeat for more.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A file of your own: text, or a table of documents or series (CSV, TSV, JSONL, Parquet)."),
    ] = None,
    valid: Annotated[Path | None, typer.Option(help="Validation data; without it, a part of --data is used.")] = None,
    test: Annotated[Path | None, typer.Option(help="Test data; without it, a part of --data is used.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="What the symbols of --data are.")] = None,
    convention: Annotated[Convention | None, typer.Option(help="How --data is scored.")] = None,
    vocab_size: Annotated[
        int | None, typer.Option(help="Size of the vocabulary of --data; other symbols become <unk>.")
    ] = None,
    min_count: Annotated[int | None, typer.Option(help="Symbols of --data that occur less often become <unk>.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of --data that holds a document's text.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of --data that holds a document's class.")] = None,
    split: Annotated[str | None, typer.Option(help="Column of --data that says train, valid or test.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of --data that holds the times of series.")] = None,
    value: Annotated[str | None, typer.Option(help="Column of --data that holds the values.")] = None,
    id: Annotated[str | None, typer.Option(help="Column of --data that says which series a row is of.")] = None,
    horizon: Annotated[int | None, typer.Option(help="Number of steps to forecast.", min=1)] = None,
    season: Annotated[int | None, typer.Option(help="Steps per season of --data; 1: no season.", min=1)] = None,
    layout: Annotated[Layout | None, typer.Option(help="long: one row per value; wide: one column per series.")] = None,
    missing: Annotated[Missing | None, typer.Option(help="What to do with missing values of --data.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset of the suite: quick, standard or paper.")] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Number of fits per model, if its result depends on a seed.", min=1)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Cells that run at the same time; they share the cores.", min=1)] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    precision: Annotated[
        Precision | None, typer.Option(help="Number format of the products when networks train.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the fits, for `seqbench predict`.")] = False,
    no_text: Annotated[bool, typer.Option("--no-text", help="Keep the words of the data out of the store.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Run cells again that did not end ok.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cells and leave.")] = False,
    store: StoreOption = Path("results"),
    format: Annotated[Format, typer.Option(help="Of the table.")] = Format.terminal,
) -> None:
    """Run a suite: fit, score and check every model on every data set, and print the table.

    Cells whose records are in the store are not run again, so the same command continues after an interruption.
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
        "split": split,
        "time": time,
        "value": value,
        "id": id,
        "horizon": horizon,
        "season": season,
        "layout": layout and layout.value,
        "missing": missing and missing.value,
    }
    with _plain_errors():
        from seqbench import progress, registry
        from seqbench.api import ask

        asked = ask(
            suite,
            models=model or (),
            datasets=dataset or (),
            data=data,
            data_options={name: value for name, value in options.items() if value is not None},
            preset=preset,
            seeds=seeds,
            store=store,
            jobs=jobs,
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
            failed = progress.follow(asked)
        except KeyboardInterrupt:
            typer.echo(
                f"interrupted; what had finished is in {store}, and the same command goes on from there", err=True
            )
            raise typer.Exit(INTERRUPTED) from None
        typer.echo(registry.renderer(format)(asked.tables()))
    if failed:
        raise typer.Exit(1)


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="Such as my_model.py:MyModel.")],
    task: Annotated[
        str | None, typer.Option(help="The task whose laws are checked, such as lm; by default the model's own.")
    ] = None,
) -> None:
    """Check a model against the laws of its task: does it normalise, does it see the future, is it repeatable?"""
    with _plain_errors():
        from seqbench import progress
        from seqbench.api import check as check_model

        broken = progress.show_checks(check_model(model, task))
    if broken:
        raise typer.Exit(1)


@app.command()
def report(
    store: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.terminal,
    output: Annotated[Path | None, typer.Option(help="A file to write to.")] = None,
    against: Annotated[
        str | None, typer.Option(help="An option of the data; draws the score against it into --output.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="The metric that --against draws; by default the metric that ranks.")
    ] = None,
) -> None:
    """Write the tables of a store without running anything, or draw how scores change with an option of the data."""
    with _plain_errors():
        from seqbench import api

        if against is not None:
            if output is None:
                raise ValueError("name the picture that --against is to draw: --output curve.png")
            api.draw(store, against, output, metric)
            return
        text = api.report(store, format)
        for damaged in api.damaged(store):
            typer.secho(f"damaged, and left out: {damaged.path}: {damaged.why}", err=True, fg="yellow")
        if output is None:
            typer.echo(text)
        else:
            output.write_text(text + "\n", encoding="utf-8")


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    data: Annotated[Path, typer.Option(help="What to score.")],
    store: StoreOption = Path("results"),
) -> None:
    """Predict new data with the fit of a run: CSV on stdout, one line per item."""
    with _plain_errors():
        from seqbench.api import predict as score

        score(run, data, store).to_csv(sys.stdout, index=False)


@app.command()
def sample(
    model: Annotated[str, typer.Argument(help="Such as lstm, or 'kneser-ney(order=5)+cache'.")],
    dataset: Annotated[
        str | None, typer.Option(help="Training data; by default python-reference, unless --data is given.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A text file of your own as training data.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="What a symbol of --data is.")] = None,
    suite: Annotated[str, typer.Option(help="The suite whose preset says how the model is fitted.")] = "lm",
    preset: Annotated[str | None, typer.Option(help="Preset of the suite, such as quick or standard.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    length: Annotated[int, typer.Option(help="Symbols to write.")] = 300,
    prompt: Annotated[str, typer.Option(help="The text that the model continues.")] = "",
    temperature: Annotated[
        float, typer.Option(help="Below 1: more probable symbols; above 1: more varied ones.")
    ] = 1.0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Always take the most probable symbol.")] = False,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k most probable symbols only.")] = None,
    nucleus: Annotated[
        float | None, typer.Option(help="Draw from the most probable symbols that hold this share of the probability.")
    ] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Allow <unk>.")] = False,
    seed: Annotated[int, typer.Option(help="Of the text.", min=0)] = 0,
    store: StoreOption = Path("results"),
) -> None:
    """Let a language model write text. Uses the fit that `seqbench run --keep` stored, or else fits the model now."""
    with _plain_errors():
        from seqbench.api import sample as write

        options = {"unit": unit.value} if unit else None
        text = write(
            model,
            length,
            dataset=dataset or (None if data else "python-reference"),
            data=data,
            data_options=options,
            suite=suite,
            preset=preset,
            device=device,
            store=store,
            prompt=prompt,
            temperature=temperature,
            greedy=greedy,
            top_k=top_k,
            nucleus=nucleus,
            unknown=unknown,
            seed=seed,
        )
        typer.echo(text)


@app.command(name="list")
def list_names(what: Annotated[Listing, typer.Argument()]) -> None:
    """List the models, data sets or suites that a run can name."""
    with _plain_errors():
        from seqbench import progress, registry
        from seqbench.runs import suites

        if what is Listing.suites:
            rows = [(suite.name, suite.task, suite.summary) for suite in map(suites.load, suites.shipped())]
        else:
            entries = registry.models() if what is Listing.models else registry.datasets()
            rows = [(name, ", ".join(entry.targets), entry.summary) for name, entry in entries.items()]
        progress.show_rows(("name", "task", "what it is"), rows)


@data_app.command()
def fetch(names: Annotated[list[str] | None, typer.Argument(help="Data sets; none: all.")] = None) -> None:
    """Download data sets into the cache, and check their sha256."""
    _data("fetch", names)


@data_app.command()
def verify(names: Annotated[list[str] | None, typer.Argument(help="Data sets; none: all.")] = None) -> None:
    """Check the sha256 of the data sets on this machine, without downloading."""
    _data("verify", names)


@app.command()
def env() -> None:
    """Show what records say about this machine and installation."""
    with _plain_errors():
        import os

        from seqbench import progress
        from seqbench.api import auto_device
        from seqbench.runs.provenance import provenance

        seen = provenance(os.cpu_count() or 1, auto_device()).model_dump()
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
