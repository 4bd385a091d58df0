"""Commands that show what is in a store."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqbench.cli.app import app, plain_errors, print_out, say
from seqbench.cli.options import Format, Showing, grouped
from seqbench.disk import write_whole

if TYPE_CHECKING:
    from seqbench.api import Opened

Output = Annotated[Path | None, typer.Option(help="File to write; by default stdout.")]

PAGE, STDOUT = Path("report.html"), Path("-")
"""The file within a store to which a page is written by default; the name that stands for standard output."""


@app.command()
@grouped
def report(
    store: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    showing: Showing = Showing(),  # noqa: B008 (replaced by its options)
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, or - for stdout; by default stdout, and for html report.html in the store."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Write the page, and open it in a browser.")] = False,
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
    """Write the tables of a store without running anything, as a page with figures if --format is html, or draw how
    scores change with the data."""
    with plain_errors():
        import webbrowser

        from seqbench import api

        if against is not None:
            if output is None:
                raise ValueError("--against needs the file to draw into: --output curve.png")
            api.draw(store, against, output, metric)
            return
        if ranks is not None:
            api.draw_ranks(store, ranks)
            return
        if open_page and showing.format not in (Format.terminal, Format.html):
            raise ValueError(f"--open opens a page of HTML; leave out --format {showing.format}")
        if open_page and output == STDOUT:
            raise ValueError("--open needs a file: leave out --output -")
        format = Format.html if open_page else showing.format
        held = api.opened(store)
        text = api.rendered(held.tables, **{**showing.options, "format": format.value})
        _tell(held)
        written = write(text, format, output, store)
        if open_page and written is not None and not webbrowser.open(written.absolute().as_uri()):
            say(f"no browser was found; open {written} with one", "yellow")


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
        write(text, format, output or STDOUT, a)


def _tell(held: "Opened") -> None:
    """Say what is missing from the tables of a store."""
    for line in held.left_out():
        say(line, "yellow")


def write(text: str, format: Format, output: Path | None, store: Path) -> Path | None:
    """Write a report to a file, or to stdout; a page goes to a file unless it is told otherwise.

    Returns:
        The file; None if it went to stdout.
    """
    if output is None and format is Format.html:
        output = store / PAGE
    if output is None or output == STDOUT:
        print_out(text)
        return None
    write_whole(output, (text.rstrip("\n") + "\n").encode())
    if format is Format.html:
        say(f"the page is {output}")
    return output
