"""The gated recurrent unit as a language model: Cho et al. 2014, its reset gate behind the product, as in cuDNN."""

from torch import nn

from seqbench.recurrent.language.network import RecurrentLanguageModel


class GRULanguageModel(RecurrentLanguageModel):
    r"""h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}, n = tanh(W x_t + b + r ⊙ (U h_{t−1} + c)), gates r and z sigmoid."""

    cell = nn.GRU
