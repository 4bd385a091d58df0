"""Commands that show what there is: names, networks from the inside, data sets, this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import app, data_app, inspect_app, plain_errors
from seqbench.cli.options import Store


class Listing(StrEnum):
    models = "models"
    datasets = "datasets"
    suites = "suites"


@app.command(name="list")
def list_names(what: Annotated[Listing, typer.Argument()]) -> None:
    """List the models, data sets or suites that can be run."""
    with plain_errors():
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
    with plain_errors():
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
    store: Store = Path("results"),
) -> None:
    """Show what single units of a recurrent language model do, symbol by symbol, as a page of HTML."""
    with plain_errors():
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
    with plain_errors():
        from seqbench import progress
        from seqbench.api import auto_device
        from seqbench.runs.provenance import provenance

        seen = provenance(auto_device()).model_dump(exclude={"threads"})
        packages = seen.pop("packages")
        progress.show_rows(("what", "which"), [(k, str(v)) for k, v in {**seen, **packages}.items() if v is not None])


def _data(action: str, names: list[str] | None) -> None:
    with plain_errors():
        from seqbench import progress, registry

        rows = registry.attribute(f"seqbench.datasets.download:{action}")(names or None)
        wrong = progress.show_files(rows)
    if wrong:
        raise typer.Exit(1)
