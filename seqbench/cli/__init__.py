"""The command line. Commands import modules only when they run, so that `--help` and `list` answer at once."""

from seqbench.cli import advising, curves, looking, reporting, running, tuning, using
from seqbench.cli.app import app

__all__ = ["advising", "app", "curves", "looking", "reporting", "running", "tuning", "using"]
