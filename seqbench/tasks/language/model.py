"""The interface of a language model, which predicts each symbol of a text from all earlier symbols."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from seqbench.interface import Context, Documents, Floats, Ids, SequenceModel
from seqbench.tasks.language.vocab import Vocab

State = TypeVar("State")


@dataclass(frozen=True, kw_only=True)
class LanguageContext(Context[Documents]):
    vocab: Vocab


class LanguageModel(SequenceModel[Documents, LanguageContext], Generic[State]):
    """Predicts the probability of the next symbol, given all symbols before it.

    `predict` takes and returns a state, so that long streams can be scored in pieces and text can be sampled. The state
    may be any object; the harness only passes it back. Never change a state that `predict` has returned: the harness
    may continue from it more than once.
    """

    task: ClassVar[str] = "lm"
    vocab_size: int
    """V; set it in `fit` and in `restore`."""

    @abstractmethod
    def predict(self, ids: Ids, state: State | None = None) -> tuple[Floats, State]:
        """Score symbols.

        Args:
            ids: (B, T) symbols in 0..V-1; T may be 0.
            state: the state after the earlier symbols of the B rows; None: the start of a document.

        Returns:
            (B, T) natural log-probability of each symbol given `state` and the symbols before it in its row, and the
            state after T symbols.
        """

    def next(self, state: State | None = None, batch: int = 1) -> Floats:
        """Return probabilities (B, V) of the next symbol after `state` (None: at the start of `batch` documents).

        This default calls `predict` once per symbol of the vocabulary. Override it if there is a faster way.
        """
        scores = [self.predict(np.full((batch, 1), symbol), state)[0] for symbol in range(self.vocab_size)]
        return np.exp(np.concatenate(scores, axis=1))
