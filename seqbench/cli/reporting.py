"""Commands that show what is in a store."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqbench.cli.app import app, plain_errors, print_out, say
from seqbench.cli.options import Format, Showing, grouped

if TYPE_CHECKING:
    from seqbench.api import Opened

Output = Annotated[Path | None, typer.Option(help="File to write; by default stdout.")]


@app.command()
@grouped
def report(
    store: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    showing: Showing = Showing(),  # noqa: B008 (replaced by its options)
    output: Output = None,
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
    ranks: Annotated[
        Path | None, typer.Option(help="Picture to draw: the models' mean ranks over five data sets or more.")
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
        if ranks is not None:
            api.draw_ranks(store, ranks)
            return
        held = api.opened(store)
        text = api.rendered(held.tables, **showing.options)
        _tell(held)
        _write(text, output)


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="Folder of the records before the change, A.")],
    b: Annotated[Path, typer.Argument(help="Folder of the records after it, B.")],
    format: Annotated[Format, typer.Option(help="Format of the tables.")] = Format.terminal,
    output: Output = None,
) -> None:
    """Say what changed from one store to another: two versions of the code, or two machines.

    Scores are compared item by item and seed by seed, costs as ratios.
    """
    with plain_errors():
        from seqbench import api

        first, second = api.opened_pair(a, b)
        text = api.compared(first, second, format, shlex.join(["seqbench", *sys.argv[1:]]))
        for held in (first, second):
            _tell(held)
        _write(text, output)


def _tell(held: "Opened") -> None:
    """Say what is missing from the tables of a store."""
    for line in held.left_out():
        say(line, "yellow")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print_out(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
