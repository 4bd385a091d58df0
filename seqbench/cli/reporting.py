"""Commands that show what is in a store."""

from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import app, plain_errors, print_out, say
from seqbench.cli.options import Format


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
    with plain_errors():
        from seqbench import api

        if against is not None:
            if output is None:
                raise ValueError("--against needs the file to draw into: --output curve.png")
            api.draw(store, against, output, metric)
            return
        text = api.report(store, format)
        for damaged in api.damaged(store):
            say(f"damaged, and left out: {damaged.path}: {damaged.why}", "yellow")
        if output is None:
            print_out(text)
        else:
            output.write_text(text + "\n", encoding="utf-8")
