"""The command that tunes models with equal budgets."""

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
def tune(
    wanted: Wanted = Wanted(),  # noqa: B008 (replaced by its options)
    trials: Annotated[
        int | None, typer.Option(help="Trials per model; 30 if no budget is given.", show_default=False)
    ] = None,
    cpu_minutes: Annotated[
        float | None, typer.Option(help="Minutes of processor time per model, in place of --trials or besides it.")
    ] = None,
    reading: Reading = Reading(),  # noqa: B008
    running: Running = Running(),  # noqa: B008
    retry: Retry = False,
    dry_run: DryRun = False,
    keep: Annotated[bool, of_store("--keep", help="Store the fits of the table, for `seqbench predict`.")] = False,
    no_text: NoText = False,
    quiet: Quiet = False,
    showing: Showing = Showing(),  # noqa: B008
    store: Store = Path("results"),
) -> None:
    """Tune every model with the same budget, and print the table of default, tuned and combined models.

    Settings are searched on the validation part alone. The first trial has the default settings.

    Trials whose records are in the store are not run again, so after an interruption the same command goes on.
    """
    with plain_errors():
        from seqbench import progress
        from seqbench.api import rendered
        from seqbench.tuning.search import ask

        search = ask(
            **wanted.options,
            trials=trials,
            cpu_minutes=cpu_minutes,
            data_options=reading.options,
            store=store,
            keep=keep,
            text=not no_text,
            retry=retry,
            command=shlex.join(["seqbench", *sys.argv[1:]]),
            **running.options,
        )
        search.asked.check_view(showing.columns, showing.sort)
        if dry_run:
            progress.show_search(search)
            return
        with interruptible(store, "trials"):
            progress.follow_search(search, quiet)
        with interruptible(store):
            rows = search.rows()
            failed = progress.follow(rows, quiet)
        write(rendered(rows.tables(), **showing.options), showing.format, None, store)
    if failed:
        raise typer.Exit(1)
