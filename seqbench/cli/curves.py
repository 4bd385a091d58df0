"""The command that measures quality against training size."""

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import app, interruptible, plain_errors, print_out
from seqbench.cli.options import (
    DryRun,
    NoText,
    Quiet,
    Reading,
    Retry,
    Running,
    Store,
    Wanted,
    grouped,
    of_store,
)


class CurveFormat(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"


@app.command()
@grouped
def curve(
    wanted: Wanted = Wanted(),  # noqa: B008 (replaced by its options)
    sizes: Annotated[
        str,
        typer.Option(help="Number of sizes, each half of the next; or shares of the training part, such as 1,1/3,0.1."),
    ] = "6",
    reading: Reading = Reading(),  # noqa: B008
    running: Running = Running(),  # noqa: B008
    retry: Retry = False,
    dry_run: DryRun = False,
    no_text: NoText = False,
    quiet: Quiet = False,
    format: Annotated[CurveFormat, of_store(help="Format of the table.")] = CurveFormat.terminal,
    output: Annotated[Path | None, of_store(help="File to draw the curves into: .png, .svg or .pdf.")] = None,
    store: Store = Path("results"),
) -> None:
    """Measure how scores grow with the training part, and at which size the order of two models turns.

    Each model learns from several shares of the training part, with 3 seeds unless --seeds says otherwise.

    Each seed draws other parts; the test part stays. Cells whose records are in the store are not run again.
    """
    with plain_errors():
        from seqbench import curves, progress
        from seqbench.reports.pictures import check
        from seqbench.reports.size_sheet import render

        if output is not None:
            check(output)
        asked = curves.ask(
            **wanted.options,
            sizes=sizes,
            data_options=reading.options,
            store=store,
            text=not no_text,
            retry=retry,
            command=shlex.join(["seqbench", *sys.argv[1:]]),
            **running.options,
        )
        if dry_run:
            progress.show_cells(asked)
            return
        with interruptible(store):
            failed = progress.follow(asked, quiet)
        found = curves.curves(asked)
        print_out(render(found, format))
        if output is not None:
            curves.draw(found, output)
    if failed:
        raise typer.Exit(1)
