"""What the code of a model may change in its process, and what the harness, which works there too, needs unchanged."""

import os
import sys
import threading
import time
from contextlib import suppress

import numpy as np

PATIENCE = 5.0
"""Seconds that a process has to end by itself, after its work is done."""


class Surroundings:
    """Output streams, error state of NumPy, limit of recursion, mode of new files, and which process this is."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.streams = sys.stdout, sys.stderr
        self.errors = np.geterr()
        self.depth = sys.getrecursionlimit()
        self.mode = os.umask(0)
        os.umask(self.mode)

    def restore(self) -> None:
        """Change back what has been changed. A copy of this process, which a model made by `os.fork`, ends here."""
        if os.getpid() != self.process:
            os._exit(0)
        for stream in (*self.streams, sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        sys.stdout, sys.stderr = self.streams
        np.seterr(**self.errors)
        sys.setrecursionlimit(self.depth)
        os.umask(self.mode)


def end_soon() -> None:
    """End this process with success after a while, even if a model has left threads that do not end."""

    def wait() -> None:
        time.sleep(PATIENCE)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
