"""Scoring the test part in a process of its own: the process that runs the model never holds what is scored.

The scoring process has the data, but not the model. It sends the arguments of `predict`, or of another method of the
model, to the process of the cell, which sends the predictions back. At the end that process gets the item columns and
the calls that the laws look at again. A state, the second of a pair that `predict` returns, stays in the process of the
cell as long as the scoring process may name it.
"""

import io
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from multiprocessing.connection import Connection
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from seqbench.evidence.laws import ScoreError
from seqbench.evidence.metrics import Columns
from seqbench.interface import SequenceModel
from seqbench.runs import family
from seqbench.runs.clock import Clock
from seqbench.runs.grid import Cell
from seqbench.runs.loading import Files
from seqbench.runs.values import Garbled
from seqbench.tasks import task

PROTOCOL = 4
"""Of pickle; with later protocols, arrays do not own their memory."""
LARGEST = 2**34
"""Bytes of a message that are read; the limit of memory ends the cell before that."""
ARRAYS = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}
PLAIN = {("builtins", name) for name in ("complex", "set", "frozenset", "bytearray", "slice", "range")} | {
    ("collections", "OrderedDict")
}


@dataclass(frozen=True)
class _Question:
    method: str
    arguments: tuple[Any, ...]
    held: frozenset[int]
    """Numbers of the states that the scoring process may still name."""


@dataclass(frozen=True)
class _State:
    """Stands, in the scoring process, for a state that stays in the process of the model."""

    number: int


@dataclass(frozen=True)
class _Scored:
    columns: Columns
    detail: dict[str, Any]
    witness: Any


@dataclass(frozen=True)
class _Failed:
    error: Exception


class _Remote:
    """A model in the process at the other end of a channel."""

    def __init__(self, channel: Connection, packages: frozenset[str]) -> None:
        self.channel, self.packages = channel, packages
        self.states: WeakValueDictionary[int, _State] = WeakValueDictionary()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return the method of the model, to be called with arguments by position."""
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *arguments: self._call(method, arguments)

    def _call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        _ask(self.channel, _Question(method, arguments, frozenset(self.states)))
        given = _receive(self.channel, self.packages)
        if isinstance(given, tuple) and isinstance(given[-1], _State):
            self.states[given[-1].number] = given[-1]
        return given


class _Naming(pickle.Pickler):
    """Writes a state as its number."""

    def persistent_id(self, obj: Any) -> int | None:
        return obj.number if isinstance(obj, _State) else None


class _Resolving(pickle.Unpickler):
    """Reads the number of a state as the state itself."""

    def __init__(self, content: bytes, states: Mapping[int, Any]) -> None:
        super().__init__(io.BytesIO(content))
        self.states = states

    def persistent_load(self, pid: Any) -> Any:
        return self.states[pid]


class _Sending(pickle.Pickler):
    """Writes arrays of other classes, such as tensors and masked arrays, as plain ones."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type | np.generic) or type(obj) is np.ndarray or not hasattr(obj, "__array__"):
            return NotImplemented
        return np.asarray(obj).__reduce_ex__(PROTOCOL)


class _Plain(pickle.Unpickler):
    """Reads arrays, numbers, texts, and lists, tuples and dictionaries of them: what predictions are made of.

    The model could write anything into the channel, and other objects would run code while they are read.
    """

    def __init__(self, content: bytes, packages: frozenset[str]) -> None:
        super().__init__(io.BytesIO(content))
        self.packages = packages

    def find_class(self, module: str, name: str) -> Any:
        if (module.replace("numpy.core", "numpy._core"), name) in ARRAYS or (module, name) in PLAIN:
            return super().find_class(module, name)
        if module.partition(".")[0] in self.packages and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type) and (issubclass(found, tuple) or is_dataclass(found)):  # predictions of a task
                return found
        raise ScoreError(f"the model returned an object of {module}.{name}; return arrays, numbers, texts and lists")


def main(cell: Cell, files: Files, channel: Connection) -> None:
    """Score the test part of a cell once its process, at the other end of the channel, has sent `valid`."""
    family.enter()
    score(cell, files, channel)


def score(cell: Cell, files: Files, channel: Connection) -> None:
    """Score the test part; the arguments are those of `main`."""
    packages = frozenset({"seqbench", type(task(cell.identity.task)).__module__.partition(".")[0]})
    try:
        try:
            said = _scored(cell, files, channel, packages)
        except ScoreError as error:
            said = _Failed(error)
        except Garbled as error:
            said = _Failed(ChildProcessError(f"the model wrote to the harness's channel: {error}"))
        _ask(channel, said)
    except (EOFError, OSError):  # the process of the cell has ended
        return


def _scored(cell: Cell, files: Files, channel: Connection, packages: frozenset[str]) -> _Scored | _Failed:
    valid = _receive(channel, packages)
    kind = task(cell.identity.task)
    try:
        data = files.read_scoring(cell)
        witness = kind.witness(data, cell.seed)
        columns = kind.score(_Remote(channel, packages), data, "test", valid, witness)
        return _Scored(columns, kind.detail(columns, data, valid), witness)
    except (EOFError, Garbled):
        raise
    except Exception as error:
        return _Failed(error)


def answer(
    model: SequenceModel[Any, Any], channel: Connection, valid: Columns, clock: Clock
) -> tuple[Columns, dict[str, Any], Any]:
    """Answer the calls of methods, such as `predict`, that the scoring process makes.

    Args:
        valid: the columns of the validation part, which start the scoring.
        clock: measures the calls.

    Returns:
        The columns and the detail of the test part, and what `Task.witness` has kept of the calls, with their states.

    Raises:
        ScoreError: as in `Task.score`.
        ChildProcessError: the scoring process has ended.
    """
    process = os.getpid()
    _send(channel, valid)
    states: dict[int, Any] = {}
    calls = 0
    while isinstance(said := _told(channel, states), _Question):
        states = {number: state for number, state in states.items() if number in said.held}
        with clock:
            given = getattr(model, said.method)(*said.arguments)
        if isinstance(given, tuple) and len(given) == 2:
            states[calls] = given[1]
            given = given[0], _State(calls)
        calls += 1
        if os.getpid() != process:  # a copy of this process, which the model made
            os._exit(0)
        _send(channel, given)
    if isinstance(said, _Failed):
        raise said.error
    assert isinstance(said, _Scored)
    return said.columns, said.detail, said.witness


def _told(channel: Connection, states: Mapping[int, Any]) -> Any:
    try:
        return _Resolving(channel.recv_bytes(), states).load()
    except EOFError:
        raise ChildProcessError("the process that scores the test part ended before it was done") from None


def _ask(channel: Connection, content: Any) -> None:
    """Send content to the process of the model, with states by their numbers."""
    buffer = io.BytesIO()
    _Naming(buffer, protocol=PROTOCOL).dump(content)
    channel.send_bytes(buffer.getvalue())


def _send(channel: Connection, content: Any) -> None:
    buffer = io.BytesIO()
    _Sending(buffer, protocol=PROTOCOL).dump(content)
    channel.send_bytes(buffer.getvalue())


def _receive(channel: Connection, packages: frozenset[str]) -> Any:
    """Return what the process of the model sent.

    Raises:
        EOFError: that process has ended.
        Garbled: it sent something else.
        ScoreError: it sent objects of a kind that is not read.
    """
    try:
        content = channel.recv_bytes(LARGEST)
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise EOFError from None
        raise Garbled(str(error)) from error
    try:
        return _Plain(content, packages).load()
    except ScoreError:
        raise
    except Exception as error:
        raise Garbled(f"{type(error).__name__}: {error}") from error
