"""The multiplicative network as a language model, as in Sutskever, Martens & Hinton 2011."""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import MultiplicativeSettings


class MultiplicativeLanguageConfig(MultiplicativeSettings, RecurrentLanguageConfig):
    pass


class MultiplicativeLanguageModel(RecurrentLanguageModel):
    """See `MultiplicativeCell`."""

    config_class = MultiplicativeLanguageConfig
