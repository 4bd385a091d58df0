"""The tasks: one package per task, and the table of their names.

Other distributions can add tasks through the entry point `seqbench.tasks`.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from seqbench.tasks.base import Task

TASKS: Mapping[str, str] = {
    "lm": "seqbench.tasks.language.task:LanguageModelling",
    "classify": "seqbench.tasks.documents.task:Classification",
    "forecast": "seqbench.tasks.forecasts.task:Forecasting",
    "regress": "seqbench.tasks.sequences.task:Regression",
    "recognise": "seqbench.tasks.sequences.task:Recognition",
    "tag": "seqbench.tasks.tags.task:Tagging",
    "answer": "seqbench.tasks.answers.task:Answering",
    "recall": "seqbench.tasks.patterns.task:Recall",
    "frames": "seqbench.tasks.frames.task:Frames",
    "translate": "seqbench.tasks.translations.task:Translation",
}


def target(name: str) -> str:
    """Return `module:attribute` of the task with this name.

    Raises:
        ValueError: there is no such task.
    """
    if name in TASKS:
        return TASKS[name]
    added = {point.name: point.value for point in entry_points(group="seqbench.tasks")}
    if name not in added:
        raise ValueError(f"there is no task {name!r}; there are: {', '.join([*TASKS, *added])}")
    return added[name]


def task(name: str) -> Task[Any, Any]:
    """Return the task with this name; raises the same errors as `target`."""
    module, _, attribute = target(name).partition(":")
    found: Task[Any, Any] = getattr(import_module(module), attribute)()
    return found
