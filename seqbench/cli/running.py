"""Commands that run cells."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import app, interruptible, plain_errors
from seqbench.cli.options import (
    DryRun,
    NoText,
    Quiet,
    Reading,
    Retry,
    Running,
    Showing,
    Store,
    Wanted,
    grouped,
    of_store,
)
from seqbench.cli.reporting import write


@app.command()
@grouped
def run(
    wanted: Wanted = Wanted(),  # noqa: B008 (replaced by its options)
    reading: Reading = Reading(),  # noqa: B008
    running: Running = Running(),  # noqa: B008
    retry: Retry = False,
    dry_run: DryRun = False,
    keep: Annotated[bool, of_store("--keep", help="Store the fits, for `seqbench predict`.")] = False,
    no_text: NoText = False,
    quiet: Quiet = False,
    showing: Showing = Showing(),  # noqa: B008
    store: Store = Path("results"),
) -> None:
    """Run a suite: fit, score and check every model on every data set, and print the table.

    Cells whose records are in the store are not run again, so after an interruption the same command continues the run.
    """
    with plain_errors():
        from seqbench import progress
        from seqbench.api import ask, rendered

        asked = ask(
            **wanted.options,
            data_options=reading.options,
            store=store,
            keep=keep,
            text=not no_text,
            retry=retry,
            command=shlex.join(["seqbench", *sys.argv[1:]]),
            **running.options,
        )
        asked.check_view(showing.columns, showing.sort)
        if dry_run:
            progress.show_cells(asked)
            return
        with interruptible(store):
            failed = progress.follow(asked, quiet)
        write(rendered(asked.tables(), **showing.options), showing.format, None, store)
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
    with plain_errors():
        from seqbench import progress
        from seqbench.api import check as check_model

        broken = progress.show_checks(check_model(model, task))
    if broken:
        raise typer.Exit(1)
