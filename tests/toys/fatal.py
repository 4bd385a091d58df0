"""Models that take with them what runs them."""

import os
import signal
import time
from pathlib import Path

import psutil
import toys
from pydantic import Field

from seqbench.interface import Documents
from seqbench.tasks.language.model import LanguageContext


class Waiting(toys.Share):
    signs: str = Field("", description="folder of signs")


class Signs(toys.Frequency):
    """Leaves a sign, a file with the number of its process, when it begins to fit, and waits for a while."""

    config_class = Waiting
    config: Waiting

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        (Path(self.config.signs) / f"{os.getpid()}").touch()
        super().fit(train, ctx)


class KillsItsWorker(toys.Frequency):
    """Kills the worker of dask whose workbench runs it, as a machine without memory would."""

    stochastic = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        time.sleep(0.5)
        for process in psutil.Process().parents():
            if "seqbench.cluster.workbench" in process.cmdline():
                os.kill(process.ppid(), signal.SIGKILL)
        time.sleep(60)


class KillsItsWorkbench(toys.Frequency):
    """Kills the process that started it."""

    stochastic = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        for process in psutil.Process().parents():
            if "seqbench.cluster.workbench" in process.cmdline():
                process.kill()
        time.sleep(60)
