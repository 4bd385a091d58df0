"""Scoring the test part in a process of its own: the process that runs the model never holds what is scored.

The scoring process has the data, but not the model. It sends the arguments of `predict` to the process of the cell,
which sends the predictions back, and at the end gets the item columns. A state, the second of a pair that `predict`
returns, stays in the process of the cell.
"""

import pickle
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from seqbench.evidence.metrics import Columns
from seqbench.interface import SequenceModel
from seqbench.runs.clock import Clock
from seqbench.runs.grid import Cell
from seqbench.runs.loading import Files
from seqbench.tasks import task


@dataclass(frozen=True)
class _Question:
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class _State:
    """Stands for the state after a call of `predict`."""

    call: int


@dataclass(frozen=True)
class _Scored:
    columns: Columns
    detail: dict[str, Any]


@dataclass(frozen=True)
class _Failed:
    error: Exception


class _Remote:
    """A model in the process at the other end of a channel."""

    def __init__(self, channel: Connection) -> None:
        self.channel = channel

    def predict(self, *arguments: Any) -> Any:
        _send(self.channel, _Question(arguments))
        return _receive(self.channel)


def main(cell: Cell, files: Files, channel: Connection) -> None:
    """Score the test part of a cell once its process, at the other end of the channel, has sent `valid`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends this process
    score(cell, files, channel)


def score(cell: Cell, files: Files, channel: Connection) -> None:
    """Score the test part; the arguments are those of `main`."""
    try:
        valid = _receive(channel)
        _send(channel, _scored(cell, files, channel, valid))
    except (EOFError, OSError):  # the process of the cell has ended
        return


def _scored(cell: Cell, files: Files, channel: Connection, valid: Columns) -> _Scored | _Failed:
    kind = task(cell.identity.task)
    try:
        data = files.read_scoring()
        columns = kind.score(_Remote(channel), data, "test", valid)
        return _Scored(columns, kind.detail(columns, data, valid))
    except EOFError:
        raise
    except Exception as error:
        return _Failed(error)


def answer(
    model: SequenceModel[Any, Any], channel: Connection, valid: Columns, clock: Clock
) -> tuple[Columns, dict[str, Any]]:
    """Answer the calls of `predict` that the scoring process makes; return the columns and the detail of the test part.

    Args:
        valid: the columns of the validation part, which start the scoring.
        clock: measures the calls.

    Raises:
        ScoreError: as in `Task.score`.
        ChildProcessError: the scoring process has ended.
    """
    _send(channel, valid)
    predict: Any = getattr(model, "predict")  # noqa: B009 (each task declares its own)
    states: dict[_State, Any] = {}
    while isinstance(said := _told(channel), _Question):
        arguments = [states[one] if isinstance(one, _State) else one for one in said.arguments]
        with clock:
            given = predict(*arguments)
        if isinstance(given, tuple) and len(given) == 2:
            number = _State(max((state.call for state in states), default=-1) + 1)
            states = {number: given[1]}  # scoring continues only from the latest
            given = given[0], number
        _send(channel, given)
    if isinstance(said, _Failed):
        raise said.error
    assert isinstance(said, _Scored)
    return said.columns, said.detail


def _told(channel: Connection) -> Any:
    try:
        return _receive(channel)
    except EOFError:
        raise ChildProcessError("the process that scores the test part ended before it was done") from None


def _send(channel: Connection, content: Any) -> None:
    channel.send_bytes(pickle.dumps(content, protocol=4))  # of later protocols, arrays do not own their memory


def _receive(channel: Connection) -> Any:
    return pickle.loads(channel.recv_bytes())
