"""Runs with known scores, made without a store."""

import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from seqbench.evidence.metrics import Metric, mean_of, totals
from seqbench.evidence.records import Check, Comparability, Costs, Identity, Provenance, Record
from seqbench.evidence.units import Units
from seqbench.reports.groups import Run
from seqbench.spec import parse
from seqbench.tasks import TASKS

UNITS, LENGTH = 40, 16
TOKENS = UNITS * LENGTH

MACHINE: dict[str, Any] = {
    "seqbench": "0.1.0",
    "git_sha": "7a5aca3f" * 5,
    "git_dirty": False,
    "python": "3.11.9",
    "packages": {"numpy": "2.3.1", "torch": "2.13.0", "scipy": "1.15.0"},
    "platform": "Linux-6.1",
    "cpu": "EPYC, 2 cores",
    "gpu": None,
    "threads": 2,
}


def noise(seed: int, tokens: int = TOKENS) -> np.ndarray:
    """(T,) of mean 0 to float32's precision."""
    drawn = np.random.default_rng(seed).normal(0, 0.5, tokens)
    return drawn - drawn.mean()


def make_run(
    label: str,
    perplexity: float = 100.0,
    *,
    valid: float | None = None,
    seed: int = 0,
    status: str = "ok",
    kind: str = "classic",
    stochastic: bool = False,
    nats: np.ndarray | None = None,
    characters: int = 5,
    items: bool = True,
    broken: dict[str, str] | None = None,
    costs: dict[str, Any] | None = None,
    identity: dict[str, Any] | None = None,
    comparability: dict[str, Any] | None = None,
    read: bool = True,
    machine: dict[str, Any] | None = None,
    **fields: Any,
) -> Run:
    """A run with that test perplexity; its token scores are those of all other runs but for a little noise of its
    own. `read=False`: it ended before its data was read."""
    own = 0.02 * noise(sum(map(ord, label)) * 31 + seed)
    scores = noise(0) + own + np.log(perplexity) if nats is None else nats
    columns = {
        "nats": scores.astype(np.float32),
        "characters": np.full(len(scores), characters, np.int32),
        "unit": (np.arange(len(scores)) // LENGTH).astype(np.int32),
    }
    of_data = {"data_sha256": "3fa2c1d4" * 8}
    shared = {"task": "lm", "dataset": "toy", **of_data, **(identity or {})}
    ok = status == "ok"
    record = Record(
        key=f"{label} {seed} {shared}",
        identity=Identity(
            **{
                "model": label,
                "target": "module:Class",
                "config": {},
                "model_source": "a" * 64,
                "options": {},
                "data_source": "b" * 64,
                "task_source": "c" * 64,
                "seed": seed,
                "budget": {"epochs": 3, "updates": None},
                "device": "cpu",
                **shared,
            }
        ),
        label=label,
        model_spec=parse("model"),
        kind=kind,
        stochastic=stochastic,
        status=status,
        comparability=Comparability(
            **{
                **{name: shared[name] for name in ("task", "dataset", "data_sha256")},
                "vocab_sha256": "9b" * 32,
                "convention": "stream",
                "unit": "symbol",
                "items": TOKENS,
                **(comparability or {}),
            }
        )
        if read
        else None,
        scores={"valid": {"perplexity": perplexity if valid is None else valid}, "test": {"perplexity": perplexity}}
        if ok
        else {},
        costs=Costs(**(costs or {})),
        checks=[Check(name=name, passed=False, message=message) for name, message in (broken or {}).items()],
        provenance=Provenance(**{**MACHINE, **(machine or {})}),
        **{"finished": "2025-11-24T05:40:00+00:00", "data_spec": parse("toy"), **fields},
    )
    return record, columns if ok and items else None


@pytest.fixture(scope="session")
def run() -> Callable[..., Run]:
    return make_run


@pytest.fixture
def accuracy_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task `guess` whose one metric is linear and better when higher."""
    module = ModuleType("a_task_of_the_tests")
    accuracy = Metric("accuracy", "accuracy", partial(totals, name="right"), mean_of, lower_is_better=False)
    module.Guess = lambda: SimpleNamespace(  # type: ignore[attr-defined]
        ranked=lambda basis: (accuracy,),
        suite="guess",
        shown=1,
        marks={},
        random_parts=True,
        units=lambda columns, basis: Units(columns),
        remarks=lambda record: (),
        calibrated=lambda detail: "",
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(TASKS, "guess", f"{module.__name__}:Guess")
