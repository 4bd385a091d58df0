"""The test part is scored by another process as it would be in the process of the model."""

from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from seqbench import LanguageModel
from seqbench.api import ask
from seqbench.evidence.laws import ScoreError
from seqbench.evidence.metrics import Columns
from seqbench.interface import Documents, Floats, Ids
from seqbench.runs.clock import Clock
from seqbench.runs.loading import Files, write
from seqbench.runs.scoring import answer, score
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.task import LanguageModelling

COINS = f"{Path(__file__).parents[2] / 'toys' / 'toys.py'}:Coins(tokens=10000)"
KIND = LanguageModelling()


class Runs(LanguageModel[Callable[[], int]]):
    """Expects heads more, the more heads came before. Its state is a function, which cannot be pickled."""

    vocab_size = 2

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Learn nothing."""

    def predict(self, ids: Ids, state: Callable[[], int] | None = None) -> tuple[Floats, Callable[[], int]]:
        before = 0 if state is None else state()
        heads = before + np.cumsum(ids, axis=1) - ids
        p = (heads + 1) / (heads + 3)
        after = before + int(ids.sum())
        return np.log(np.where(ids == 1, p, 1 - p)), lambda: after


class Breaks(Runs):
    """Returns NaN once it has seen a state."""

    def predict(self, ids: Ids, state: Callable[[], int] | None = None) -> tuple[Floats, Callable[[], int]]:
        scores, after = super().predict(ids, state)
        return scores if state is None else scores * np.nan, after


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("coins")
    found = Files(folder / "fitting.pickle", folder / "scoring.pickle")
    write(_cell(), found)
    return found


def _cell() -> Any:
    return ask(models=["uniform"], datasets=[COINS], device="cpu").cells[0]


def _apart(model: LanguageModel[Any], files: Files, clock: Clock) -> Columns:
    asks, answers = Pipe()
    Thread(target=score, args=(_cell(), files, asks), daemon=True).start()
    return answer(model, answers, {}, clock)[0]


def test_a_stream_is_scored_apart_as_it_is_beside_the_model_and_its_state_stays_with_the_model(files: Files) -> None:
    clock = Clock()
    apart, beside = _apart(Runs(), files, clock), KIND.score(Runs(), files.read_scoring(_cell()), "test")
    assert apart.keys() == beside.keys()
    for name, column in beside.items():
        np.testing.assert_array_equal(apart[name], column)
        assert apart[name].dtype == column.dtype
    assert clock.wall > 0


def test_what_the_scoring_process_finds_wrong_is_raised_beside_the_model(files: Files) -> None:
    with pytest.raises(ScoreError, match="predict returned NaN"):
        _apart(Breaks(), files, Clock())


def test_a_scoring_process_that_ends_early_is_told() -> None:
    asks, answers = Pipe()
    Thread(target=lambda: (asks.recv_bytes(), asks.close()), daemon=True).start()
    with pytest.raises(ChildProcessError, match="ended before it was done"):
        answer(Runs(), answers, {}, Clock())
