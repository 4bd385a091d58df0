"""The simple recurrent network as a language model.

Elman 1990, "Finding structure in time"; it is used as a language model of words in Mikolov, Karafiát, Burget, Černocký
& Khudanpur 2010.
"""

from torch import nn

from seqbench.recurrent.language.network import RecurrentLanguageModel


class ElmanLanguageModel(RecurrentLanguageModel):
    r"""h_t = tanh(W x_t + b + U h_{t−1} + c)."""

    cell = nn.RNN
