"""The minimal GRU of Feng et al. 2024 as a language model."""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import MinGRUSettings


class MinGRULanguageConfig(MinGRUSettings, RecurrentLanguageConfig):
    pass


class MinGRULanguageModel(RecurrentLanguageModel):
    """See `MinGRUCell`."""

    config_class = MinGRULanguageConfig
