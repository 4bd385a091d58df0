"""Does the neural network earn its cost over the classics? seqbench measures it, on anybody's sequences."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seqbench.exports import EXPORTS

if TYPE_CHECKING:
    from seqbench.advising import advise as advise
    from seqbench.api import check as check
    from seqbench.api import compare as compare
    from seqbench.api import fit as fit
    from seqbench.api import predict as predict
    from seqbench.api import report as report
    from seqbench.api import run as run
    from seqbench.api import sample as sample
    from seqbench.interface import Budget as Budget
    from seqbench.interface import Config as Config
    from seqbench.interface import Context as Context
    from seqbench.interface import SequenceModel as SequenceModel
    from seqbench.tasks.answers.model import Answered as Answered
    from seqbench.tasks.answers.model import Answerer as Answerer
    from seqbench.tasks.answers.model import AnsweringContext as AnsweringContext
    from seqbench.tasks.answers.model import Asked as Asked
    from seqbench.tasks.documents.model import ClassificationContext as ClassificationContext
    from seqbench.tasks.documents.model import Classifier as Classifier
    from seqbench.tasks.documents.model import Labelled as Labelled
    from seqbench.tasks.documents.model import Texts as Texts
    from seqbench.tasks.forecasts.model import Forecast as Forecast
    from seqbench.tasks.forecasts.model import ForecastContext as ForecastContext
    from seqbench.tasks.forecasts.model import Forecaster as Forecaster
    from seqbench.tasks.forecasts.model import Panel as Panel
    from seqbench.tasks.frames.model import FrameModel as FrameModel
    from seqbench.tasks.frames.model import FramesContext as FramesContext
    from seqbench.tasks.language.model import LanguageContext as LanguageContext
    from seqbench.tasks.language.model import LanguageModel as LanguageModel
    from seqbench.tasks.language.vocab import Vocab as Vocab
    from seqbench.tasks.patterns.model import Memory as Memory
    from seqbench.tasks.patterns.model import Probes as Probes
    from seqbench.tasks.patterns.model import RecallContext as RecallContext
    from seqbench.tasks.patterns.model import Settled as Settled
    from seqbench.tasks.sequences.model import LabelledSequences as LabelledSequences
    from seqbench.tasks.sequences.model import Recogniser as Recogniser
    from seqbench.tasks.sequences.model import RecognitionContext as RecognitionContext
    from seqbench.tasks.sequences.model import RegressionContext as RegressionContext
    from seqbench.tasks.sequences.model import Regressor as Regressor
    from seqbench.tasks.sequences.model import TargetedSequences as TargetedSequences
    from seqbench.tasks.tags.model import Tagged as Tagged
    from seqbench.tasks.tags.model import Tagger as Tagger
    from seqbench.tasks.tags.model import TaggingContext as TaggingContext
    from seqbench.tasks.translations.model import Pairs as Pairs
    from seqbench.tasks.translations.model import TranslationContext as TranslationContext
    from seqbench.tasks.translations.model import Translator as Translator
    from seqbench.tuning.search import tune as tune

__version__ = "0.1.0"

__all__ = list(EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module 'seqbench' has no attribute {name!r}")
    return getattr(import_module(EXPORTS[name]), name)
