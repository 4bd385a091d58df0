"""Does the neural network earn its cost over the classics? seqbench measures it, on anybody's sequences."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqbench.api import check as check
    from seqbench.api import predict as predict
    from seqbench.api import report as report
    from seqbench.api import run as run
    from seqbench.api import sample as sample
    from seqbench.interface import Budget as Budget
    from seqbench.interface import ClassificationContext as ClassificationContext
    from seqbench.interface import Classifier as Classifier
    from seqbench.interface import Config as Config
    from seqbench.interface import Context as Context
    from seqbench.interface import Labelled as Labelled
    from seqbench.interface import LanguageContext as LanguageContext
    from seqbench.interface import LanguageModel as LanguageModel
    from seqbench.interface import SequenceModel as SequenceModel
    from seqbench.interface import Texts as Texts
    from seqbench.vocab import Vocab as Vocab

__version__ = "0.1.0"

EXPORTS = {
    "run": "seqbench.api",
    "report": "seqbench.api",
    "check": "seqbench.api",
    "predict": "seqbench.api",
    "sample": "seqbench.api",
    "Budget": "seqbench.interface",
    "ClassificationContext": "seqbench.interface",
    "Classifier": "seqbench.interface",
    "Config": "seqbench.interface",
    "Context": "seqbench.interface",
    "Labelled": "seqbench.interface",
    "LanguageContext": "seqbench.interface",
    "LanguageModel": "seqbench.interface",
    "SequenceModel": "seqbench.interface",
    "Texts": "seqbench.interface",
    "Vocab": "seqbench.vocab",
}
"""Public names and where they live; each is imported when it is first used, so that `import seqbench` costs nothing."""

__all__ = list(EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module 'seqbench' has no attribute {name!r}")
    return getattr(import_module(EXPORTS[name]), name)
