"""`python -m seqbench.cli`: the command line without its script."""

from seqbench.cli import app

app()
