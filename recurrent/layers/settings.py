"""The settings that all recurrent models have, whatever their task, and the layers made of them."""

from abc import abstractmethod
from typing import Any, Self

from pydantic import Field, model_validator
from torch import nn

from seqbench.interface import Config
from seqbench.recurrent.cells.cell import Cell
from seqbench.recurrent.layers.dropout import LockedDropout
from seqbench.recurrent.layers.layer import Layer
from seqbench.recurrent.layers.recurrent import NormName, Recurrent
from seqbench.recurrent.layers.stack import Residual, Stack
from seqbench.recurrent.layers.time import Bidirectional, Dilated, Direction, Merge, Reversed, Strided


class RecurrentSettings(Config):
    """Settings of a stack of layers of one kind of cell; a family of cells says which."""

    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    norm: NormName = Field(
        "none",
        description="normalisation; batch: inside the recurrence, with statistics, γ and β of each step; layer: inside "
        "the recurrence, over the units; weight: of the rows of the matrices",
        json_schema_extra={"search": {"choices": ["none", "layer", "weight"]}},
    )
    norm_steps: int = Field(
        100, ge=1, description="steps of a sequence that have their own batch normalisation; later ones share the last"
    )
    zoneout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the units that keep their value at a step of training (Krueger et al. 2017)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )
    weight_drop: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the recurrent weights that is dropped in an update (Merity et al. 2018)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.7}},
    )
    locked: bool = Field(
        False,
        description="whether a unit dropped between layers stays dropped at all steps of a sequence or window (Gal & "
        "Ghahramani 2016)",
    )
    dilation: int | tuple[int, ...] = Field(
        1,
        description="steps back to the state that a step continues from; one number for all layers, or one per layer, "
        "as in [1,2,4] (Chang et al. 2017)",
    )
    stride: int = Field(1, ge=1, description="steps from one reading to the next; outputs are held in between")
    residual: bool = Field(
        False, description="whether a layer's input is added to its output, where both have the same width"
    )

    @model_validator(mode="after")
    def _check_dilation(self) -> Self:
        each = self.dilations()
        if len(each) != self.layers:
            raise ValueError(f"dilation has {len(each)} numbers for layers={self.layers}; give one number per layer")
        if min(each) < 1:
            raise ValueError(f"dilation must be at least 1, not {min(each)}")
        return self

    def dilations(self) -> tuple[int, ...]:
        """Return the dilation of each layer."""
        return (self.dilation,) * self.layers if isinstance(self.dilation, int) else self.dilation

    @abstractmethod
    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        """Return an untrained cell of these settings."""

    def build_layer(self, input_size: int, hidden_size: int, depth: int = 0) -> Layer:
        """Return an untrained layer; depth: its number, from 0."""
        layer: Layer = Recurrent(
            self.build_cell(input_size, hidden_size),
            norm=self.norm,
            norm_steps=self.norm_steps,
            zoneout=self.zoneout,
            weight_drop=self.weight_drop,
        )
        dilation = self.dilations()[depth]
        layer = Dilated(layer, dilation) if dilation > 1 else layer
        return Strided(layer, self.stride) if self.stride > 1 else layer

    def build_stack(self, input_size: int, hidden_size: int, dropout: float, outside: bool = True) -> Stack:
        """Return untrained layers with this share of dropout between them; outside: see `Stack`."""
        layers: list[Layer] = []
        for depth in range(self.layers):
            layer = self.build_layer(layers[-1].output_size if layers else input_size, hidden_size, depth)
            fits = self.residual and layer.input_size == layer.output_size
            layers.append(Residual(layer) if fits else layer)
        return Stack(layers, LockedDropout(dropout) if self.locked else nn.Dropout(dropout), outside)


class DirectedSettings(RecurrentSettings):
    """Settings of layers that may also read from the end, where a task allows it."""

    direction: Direction = Field("forward", description="the order in which layers read a sequence")
    merge: Merge = Field("concatenate", description="how the outputs of both directions are joined")

    def build_layer(self, input_size: int, hidden_size: int, depth: int = 0) -> Layer:
        layer = super().build_layer(input_size, hidden_size, depth)
        if self.direction == "both":
            return Bidirectional(layer, super().build_layer(input_size, hidden_size, depth), self.merge)
        return Reversed(layer) if self.direction == "backward" else layer

    def check_ends(self) -> None:
        """Check that the last outputs of both directions can be told apart.

        Raises:
            ValueError: they are summed, although they stand at opposite ends of a sequence.
        """
        if self.direction == "both" and self.merge == "sum":
            raise ValueError("the last outputs of two directions are not at the same step: use merge=concatenate")
