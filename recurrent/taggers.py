"""Recurrent taggers: vectors of words → recurrent layers → the tag of each word."""

from typing import Any, Literal, Self

from pydantic import Field, create_model, model_validator

from seqbench.learning.letters import LetterLayer
from seqbench.learning.tagger import Body, NeuralTagger, NeuralTaggerConfig
from seqbench.recurrent.layers.families import (
    ElmanSettings,
    GRUSettings,
    JordanSettings,
    LSTMSettings,
    MinGRUSettings,
    MultiplicativeSettings,
    ShortcutSettings,
)
from seqbench.recurrent.layers.settings import DirectedSettings, RecurrentSettings
from seqbench.recurrent.layers.stack import StackStates
from seqbench.recurrent.layers.time import Direction
from seqbench.recurrent.letters import LetterLSTM


class RecurrentTaggerConfig(DirectedSettings, NeuralTaggerConfig):
    letters: Literal["convolution", "lstm"] | None = Field(  # type: ignore[assignment]
        "convolution",
        description="how letters add to a word's vector; none: not at all; convolution: dos Santos & Zadrozny 2014; "
        "lstm: in both directions, Lample et al. 2016",
        json_schema_extra={"search": {"choices": [None, "convolution", "lstm"]}},
    )

    @model_validator(mode="after")
    def _check_letters(self) -> Self:
        if self.letters == "lstm" and self.letter_features % 2:
            raise ValueError("letters=lstm needs an even letter_features, half of it per direction")
        return self


class RecurrentBody(StackStates, Body):
    """The states of recurrent layers."""


class RecurrentTagger(NeuralTagger):
    """Base class of all recurrent taggers; subclasses set the cell by their settings."""

    config_class = RecurrentTaggerConfig
    config: RecurrentTaggerConfig

    def body(self, input_size: int) -> RecurrentBody:
        c = self.config
        # Dropout before and after the layers is that of all taggers.
        return RecurrentBody(c.build_stack(input_size, c.hidden_size, c.dropout, outside=False))

    def letter_layer(self, letters: int) -> LetterLayer | None:
        c = self.config
        if c.letters == "lstm":
            return LetterLSTM(letters, c.letter_size, c.letter_features)
        return super().letter_layer(letters)


def _config(family: type[RecurrentSettings], **fields: Any) -> type[RecurrentTaggerConfig]:
    """Return the settings of the taggers of a family of cells; fields: those with another default."""
    bases: tuple[Any, ...] = (family, RecurrentTaggerConfig)
    name = f"{family.__name__.removesuffix('Settings')}TaggerConfig"
    return create_model(name, __base__=bases, __module__=__name__, **fields)


class ElmanTagger(RecurrentTagger):
    config_class = _config(ElmanSettings)


class JordanTagger(RecurrentTagger):
    config_class = _config(JordanSettings)


class ShortcutTagger(RecurrentTagger):
    config_class = _config(ShortcutSettings)


class MultiplicativeTagger(RecurrentTagger):
    config_class = _config(MultiplicativeSettings)


class MinGRUTagger(RecurrentTagger):
    config_class = _config(MinGRUSettings)


class GRUTagger(RecurrentTagger):
    config_class = _config(GRUSettings)


class LSTMTagger(RecurrentTagger):
    config_class = _config(LSTMSettings)


class BidirectionalLSTMTagger(RecurrentTagger):
    config_class = _config(
        LSTMSettings,
        direction=(Direction, Field("both", description=str(DirectedSettings.model_fields["direction"].description))),
    )
