"""What the harness must know of each task: one room per task, and the table of their names."""

from importlib import import_module
from typing import Any

from seqbench.tasks.base import Task

TASKS = {
    "lm": "seqbench.tasks.language.task:LanguageModelling",
    "classify": "seqbench.tasks.documents.task:Classification",
    "forecast": "seqbench.tasks.forecasts.task:Forecasting",
}


def task(name: str) -> Task[Any, Any]:
    """The task of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in TASKS:
        raise ValueError(f"there is no task {name!r}; there are: {', '.join(TASKS)}")
    module, _, attribute = TASKS[name].partition(":")
    found: Task[Any, Any] = getattr(import_module(module), attribute)()
    return found
