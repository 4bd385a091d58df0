"""The command that advises on a file."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from seqbench.cli.app import app, interruptible, plain_errors, print_out, say
from seqbench.cli.options import Device, NoText, Reading, grouped, of_run, of_store


@app.command()
@grouped
def advise(
    data: Annotated[Path, typer.Argument(help="Your file: a text, or a table of documents or series; or a folder.")],
    reading: Reading = Reading(),  # noqa: B008 (replaced by its options)
    suite: Annotated[
        str | None, of_run(help="The suite for this file, such as lm or tag; by default as the file and options tell.")
    ] = None,
    minutes: Annotated[float, of_run(help="The most minutes; what has no place in them is left out.", min=0.1)] = 10,
    jobs: Annotated[
        int | None, of_run(help="Number of fits at the same time; by default the free cores.", min=1)
    ] = None,
    device: Device = "auto",
    no_text: NoText = False,
    quiet: Annotated[bool, of_store("--quiet", help="Show no progress, only the advice.")] = False,
    store: Annotated[
        Path | None, of_store(help="Folder of the records; by default advice/ and the name of the file.")
    ] = None,
) -> None:
    """Say which model to use on your file: the classics first, then networks, within some minutes.

    What was fitted is kept: the same command with more minutes goes on from there.
    """
    with plain_errors():
        from seqbench import advising, progress

        deadline = time.monotonic() + 60 * minutes
        asked = advising.ask(
            data,
            suite=suite,
            data_options=reading.options,
            store=store,
            jobs=jobs,
            device=device,
            text=not no_text,
            command=shlex.join(["seqbench", *sys.argv[1:]]),
        )
        if not quiet:
            say(advising.understood(asked))
        with interruptible(asked.store.root):
            asked = advising.fit(asked, lambda run, told: progress.follow(run, quiet, deadline, told))
        print_out(advising.conclude(asked).text())
