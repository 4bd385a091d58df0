"""The simple recurrent network as a language model.

Elman 1990, "Finding structure in time"; it is used as a language model of words in Mikolov, Karafiát, Burget, Černocký
& Khudanpur 2010.
"""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import ElmanSettings


class ElmanLanguageConfig(ElmanSettings, RecurrentLanguageConfig):
    pass


class ElmanLanguageModel(RecurrentLanguageModel):
    """See `ElmanCell`."""

    config_class = ElmanLanguageConfig
