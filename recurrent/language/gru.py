"""The gated recurrent unit of Cho et al. 2014 as a language model.

The reset gate is applied after the matrix product, as in cuDNN.
"""

from torch import nn

from seqbench.recurrent.language.network import RecurrentLanguageModel


class GRULanguageModel(RecurrentLanguageModel):
    r"""h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}, n = tanh(W x_t + b + r ⊙ (U h_{t−1} + c)); the gates r and z are sigmoid."""

    cell = nn.GRU
