"""The application: groups of commands, and how errors and output reach the user."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

FIRST = ("advise", "run", "report", "compare", "predict", "check", "list")
"""The commands that help lists first; the others follow in the order of their files."""


class _Ordered(TyperGroup):
    def main(self, *arguments: Any, **options: Any) -> Any:
        _open_streams()
        return super().main(*arguments, **options)

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def _open_streams() -> None:
    """Make the streams of the terminal safe to use.

    One that the caller has closed leads nowhere, here and in the processes that a run starts: else the next file that
    is opened would take its number, and get what is printed. Where the terminal knows no character of a text, it shows
    a question mark.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it takes the lowest free number
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


app = typer.Typer(
    cls=_Ordered,
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


@contextmanager
def plain_errors() -> Iterator[None]:
    """Report a user's mistake as one line on stderr with exit code 2, not as a traceback."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        say(f"seqbench: {error}", "red")
        raise typer.Exit(2) from None


@contextmanager
def interruptible(store: Path, finished: str = "cells") -> Iterator[None]:
    """On Ctrl-C, say that what has finished is kept, and leave."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted; finished {finished} are in {store}, and the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def say(text: str, color: str | None = None) -> None:
    """Write one line to stderr, without the control characters that names and messages may contain."""
    from seqbench.reports.formatting import plain

    typer.secho(plain(text), err=True, fg=color)


def print_out(text: str) -> None:
    """Write text to stdout; end quietly if its reader, such as `head`, wants no more."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not fail too
        raise typer.Exit(1) from None
