"""The unit with a write gate alone as a language model."""

from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel
from seqbench.recurrent.layers.families import ShortcutSettings


class ShortcutLanguageConfig(ShortcutSettings, RecurrentLanguageConfig):
    pass


class ShortcutLanguageModel(RecurrentLanguageModel):
    """See `ShortcutCell`."""

    config_class = ShortcutLanguageConfig
