"""Models that do to their process, and to what is around it, what no model should. Each still fits and predicts."""

import itertools
import os
import signal
import stat
import struct
import sys
import threading
import time
from pathlib import Path

import numpy as np
from pydantic import Field

from seqbench import Config
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext, LanguageModel


class Shares(LanguageModel[None]):
    """The share of each symbol, learned after `harm` is done."""

    stochastic = False

    def harm(self) -> None:
        """Do what no model should."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        counts = np.bincount(np.concatenate(train), minlength=ctx.vocab.size) + 1.0
        self.log_p = np.log(counts / counts.sum())
        self.harm()

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        return self.log_p[ids], None


def _pipes() -> list[int]:
    """All descriptors beyond the three usual ones that can be written."""
    found = []
    for number in range(3, 256):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode):
            found.append(number)
    return found


class _Writes(Shares):
    content = b""

    def harm(self) -> None:
        for number in _pipes():
            try:
                os.write(number, self.content)
            except OSError:
                continue


class WritesGarbage(_Writes):
    content = bytes(range(33, 127)) * 3


class WritesALengthAndThenNothing(_Writes):
    """The beginning of a message of 2³¹ bytes less one, as `multiprocessing` writes it."""

    content = struct.pack("!i", 2**31 - 1)


class WritesAHugeLength(_Writes):
    content = struct.pack("!i", -1) + struct.pack("!Q", 10**18)


class WritesLines(_Writes):
    content = b"\n" * 5


class WritesAPickle(Shares):
    """Sends an object that runs code while it is read; the code would write a file."""

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        return _Bomb(self.log_p[ids].tolist()), None  # type: ignore[return-value]


class _Bomb(list):  # type: ignore[type-arg]
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("exploded",)


class Prints(Shares):
    """A gigabyte, with a first and a last line."""

    def harm(self) -> None:
        print("the first line")
        line = b"x" * 2**20
        sys.stdout.flush()
        for _ in range(1024):
            os.write(1, line)
        print("the last line")


class Forks(Shares):
    """Goes on as two processes."""

    def harm(self) -> None:
        os.fork()


def _write_number(name: str) -> None:
    Path(os.environ["HOSTILE"], name).write_text(str(os.getpid()))


class _Outlives(Config):
    end: str = Field("fit", description="how the model ends: fit, exit or hang")


class Daemon(Shares):
    """Starts a process that detaches itself, as daemons do, and hears no signal that can be ignored."""

    config_class = _Outlives
    config: _Outlives

    def harm(self) -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.chdir("/")
                _write_number(f"daemon-{self.config.end}")
                os.closerange(0, 256)
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                time.sleep(600)
            os._exit(0)
        os.wait()
        while not Path(os.environ["HOSTILE"], f"daemon-{self.config.end}").exists():
            time.sleep(0.01)
        if self.config.end == "exit":
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        while self.config.end == "hang":
            time.sleep(1)


class Brood(Shares):
    """Starts children that start children, and does not wait for any."""

    def harm(self) -> None:
        for _ in range(4):
            if os.fork() == 0:
                os.fork()
                _write_number(f"brood-{os.getpid()}")
                time.sleep(600)


class ChangesItsSurroundings(Shares):
    """Folder, variables, handlers, error state, mode of files, recursion."""

    def harm(self) -> None:
        os.chdir("/")
        os.environ.clear()
        signal.signal(signal.SIGTERM, lambda *_: None)
        np.seterr(all="raise")
        os.umask(0o777)
        sys.setrecursionlimit(150)


class LeavesThreads(Shares):
    """A thread that never ends, and for which Python would wait."""

    def harm(self) -> None:
        threading.Thread(target=lambda: [time.sleep(1) for _ in itertools.count()]).start()


class ClosesAll(Shares):
    def harm(self) -> None:
        os.closerange(0, 256)


class ReplacesOutput(Shares):
    def harm(self) -> None:
        sys.stdout = sys.stderr = None  # type: ignore[assignment]


class ExitsQuietly(Shares):
    def harm(self) -> None:
        os._exit(0)


class ExitsAsIfTheStoreWereFull(Shares):
    """With the exit code of a cell that could not write its record."""

    def harm(self) -> None:
        print("the disk is full", flush=True)
        os._exit(74)


class LimitsItsFiles(Shares):
    """Allows itself no file of more than a byte."""

    def harm(self) -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))


class Recurses(Shares):
    def harm(self) -> None:
        self.harm()


class Interrupts(Shares):
    def harm(self) -> None:
        raise KeyboardInterrupt


class LeavesAsAGenerator(Shares):
    def harm(self) -> None:
        raise GeneratorExit


class _Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class RaisesTheUnspeakable(Shares):
    def harm(self) -> None:
        raise _Unspeakable


class RaisesALongMessage(Shares):
    def harm(self) -> None:
        raise ValueError("\x1b[31mlong " * 10**6)


class SleepsForEver(Shares):
    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        while True:
            time.sleep(1)


class FillsMemory(Shares):
    """As fast as it can, in several processes."""

    def harm(self) -> None:
        os.fork()
        held = [np.ones(2**24)]
        for _ in range(11):
            held.append(held[0].copy())
        time.sleep(600)


class LogsAnything(Shares):
    """Values of curves with names that are none, and too many of them."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        for name in ("x" * 10_000, 3, "\x1b[31m", "\n"):
            ctx.log(name, 1.0)  # type: ignore[arg-type]
        for value in range(20_000):
            ctx.log("value", value)
        ctx.log("value", float("nan"))


class KillsTheServer(Shares):
    def harm(self) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)


class ReplacesItsFiles(Shares):
    """Puts pipes, which nobody writes, in the place of what lies around its folder."""

    def harm(self) -> None:
        for file in Path().absolute().parent.iterdir():
            if file.is_file():
                file.unlink()
                os.mkfifo(file)


class WritesIntoTheStore(Shares):
    """Litter where records lie; `HOSTILE` is beside the store."""

    def harm(self) -> None:
        store = Path(os.environ["HOSTILE"]).parent / "store"
        for litter in ("junk", "a/b/c", "plans"):
            (store / litter).mkdir(parents=True, exist_ok=True)
        (store / "a" / "b" / "c" / "record.json").write_text("{" * 10**5)
        (store / "plans" / "junk.json").write_text("[" * 10**5)
        (store / "loop").symlink_to(store)
