"""Imported by the server of processes alone, once, when it starts: it takes the orphans of cells that have ended."""

import warnings

from seqbench.runs.family import keep_orphans

keep_orphans()
warnings.filterwarnings("ignore", message="forkserver: waitpid returned unexpected pid")  # of an orphan that has ended
