"""The network of Jordan 1986 as a language model."""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import JordanSettings


class JordanLanguageConfig(JordanSettings, RecurrentLanguageConfig):
    pass


class JordanLanguageModel(RecurrentLanguageModel):
    """See `JordanCell`."""

    config_class = JordanLanguageConfig
