"""The gated recurrent unit of Cho et al. 2014 as a language model."""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import GRUSettings


class GRULanguageConfig(GRUSettings, RecurrentLanguageConfig):
    pass


class GRULanguageModel(RecurrentLanguageModel):
    """See `GRUCell` and `ResetBeforeGRUCell`."""

    config_class = GRULanguageConfig
