"""Vectors of words from a bidirectional LSTM that reads their letters."""

from torch import Tensor

from seqbench.learning.letters import LetterLayer
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.layers.pooling import Last
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.layers.time import Bidirectional


class LetterLSTM(LetterLayer):
    """The last states of both directions, each half of the vector.

    Lample et al. 2016, "Neural architectures for named entity recognition", section 4.1.
    """

    def __init__(self, letters: int, size: int, features: int) -> None:
        """features: must be even."""
        super().__init__(letters, size, features)
        ahead, back = (Recurrent(LSTMCell(size, features // 2)) for _ in range(2))
        self.body = Bidirectional(ahead, back)
        self.last = Last("both")

    def forward(self, spellings: Tensor) -> Tensor:
        lengths = (spellings != self.padding).sum(1).clamp(min=1)
        states = self.body(self.embedding(spellings).transpose(0, 1), None, lengths, final=False)[0]
        features: Tensor = self.last(states.transpose(0, 1), lengths)
        return features
