"""The command that measures quality against training size."""

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import INTERRUPTED, app, plain_errors, print_out, say
from seqbench.cli.options import Datasets, Models, Reading, Running, Store, grouped, of_file, of_run, of_store


class CurveFormat(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"


@app.command()
@grouped
def curve(
    suite: Annotated[str, typer.Option(help="A suite's name, or the path of a TOML file.")] = "lm",
    task: Annotated[str | None, typer.Option(help="Only the part of the suite that is of this task.")] = None,
    model: Models = None,
    dataset: Datasets = None,
    sizes: Annotated[
        str,
        typer.Option(help="Number of sizes, each half of the next; or shares of the training part, such as 1,1/3,0.1."),
    ] = "6",
    data: Annotated[
        Path | None,
        of_file(
            help="A file of your own: text, tagged sentences, or a table of documents, pairs, series or sequences."
        ),
    ] = None,
    reading: Reading = Reading(),  # noqa: B008 (replaced by its options)
    running: Running = Running(),  # noqa: B008
    retry: Annotated[bool, of_run("--retry", help="Run cells again whose status is not ok.")] = False,
    dry_run: Annotated[bool, of_run("--dry-run", help="List the cells and run nothing.")] = False,
    no_text: Annotated[bool, of_store("--no-text", help="Keep the words of the data out of the store.")] = False,
    quiet: Annotated[bool, of_store("--quiet", help="Show no progress, only the table.")] = False,
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
            suite,
            sizes=sizes,
            task=task,
            models=model or (),
            datasets=dataset or (),
            data=data,
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
        try:
            failed = progress.follow(asked, quiet)
        except KeyboardInterrupt:
            say(f"interrupted; finished cells are in {store}, and the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
        found = curves.curves(asked)
        print_out(render(found, format))
        if output is not None:
            curves.draw(found, output)
    if failed:
        raise typer.Exit(1)
