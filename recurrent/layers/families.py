"""The families of cells with the settings of each, from which the models of all tasks derive theirs."""

from typing import Any, Literal

from pydantic import Field

from seqbench.recurrent.cells.carousel import CarouselLSTMCell
from seqbench.recurrent.cells.cell import Cell
from seqbench.recurrent.cells.elman import ElmanCell, Nonlinearity
from seqbench.recurrent.cells.gru import GRUCell, ResetBeforeGRUCell, Update
from seqbench.recurrent.cells.jordan import JordanCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.mingru import MinGRUCell
from seqbench.recurrent.cells.multiplicative import MultiplicativeCell
from seqbench.recurrent.cells.peephole import PeepholeLSTMCell
from seqbench.recurrent.cells.shortcut import ShortcutCell
from seqbench.recurrent.cells.squashed import SquashedLSTMCell
from seqbench.recurrent.layers.settings import RecurrentSettings


class ElmanSettings(RecurrentSettings):
    nonlinearity: Nonlinearity = Field(
        "tanh",
        description="function of the units",
        json_schema_extra={"search": {"choices": ["tanh", "relu"]}},
    )

    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        return ElmanCell(input_size, hidden_size, self.nonlinearity)


class JordanSettings(RecurrentSettings):
    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        return JordanCell(input_size, hidden_size)


class ShortcutSettings(RecurrentSettings):
    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        return ShortcutCell(input_size, hidden_size)


class GRUSettings(RecurrentSettings):
    reset: Literal["after", "before"] = Field(
        "after", description="whether the reset gate multiplies the product with the state, or the state before it"
    )
    update: Update = Field(
        "keep", description="what the update gate is the share of; keep: the old state; replace: the new one"
    )

    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        kind = GRUCell if self.reset == "after" else ResetBeforeGRUCell
        return kind(input_size, hidden_size, self.update)


class LSTMSettings(RecurrentSettings):
    cell: Literal["standard", "carousel", "peephole", "squashed"] = Field(
        "standard",
        description="standard: with forget gate; carousel: without (1997); peephole: gates see the memory; squashed: "
        "the memory goes through σ at every step",
    )

    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        kinds: dict[str, type[Cell[Any]]] = {
            "standard": LSTMCell,
            "carousel": CarouselLSTMCell,
            "peephole": PeepholeLSTMCell,
            "squashed": SquashedLSTMCell,
        }
        return kinds[self.cell](input_size, hidden_size)


class MultiplicativeSettings(RecurrentSettings):
    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        return MultiplicativeCell(input_size, hidden_size)


class MinGRUSettings(RecurrentSettings):
    def build_cell(self, input_size: int, hidden_size: int) -> Cell[Any]:
        return MinGRUCell(input_size, hidden_size)
