"""Cells that torch has: its kernels run them, cuDNN's on a GPU, and weights pass both ways."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from seqbench.recurrent.cells.cell import Cell, State, as_state
from seqbench.recurrent.cells.recurrence import Weights


class TorchCell(Cell[State]):
    """A cell whose weights lie as in a module of torch with one layer and one direction."""

    two_biases = True
    module: ClassVar[type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]]

    @classmethod
    def from_torch(cls, module: nn.RNNBase) -> Self:
        """Return a cell with copies of the weights of a module of torch.

        Raises:
            ValueError: the module is of another kind, or has several layers or directions, no bias, or a projection.
        """
        if not isinstance(module, cls.module):
            raise ValueError(f"{cls.__name__} takes the weights of {cls.module.__name__}, not {type(module).__name__}")
        if module.num_layers > 1 or module.bidirectional or not module.bias or module.proj_size:
            raise ValueError("the module must have one layer, one direction, biases and no projection")
        weight = module.weight_ih_l0
        assert isinstance(weight, Tensor)
        cell = cls(module.input_size, module.hidden_size, **cls.options(module)).to(weight)
        with torch.no_grad():
            for own, given in zip(cell.flat(), module.parameters(), strict=True):
                own.copy_(given)
        return cell

    @classmethod
    def options(cls, module: nn.RNNBase) -> dict[str, Any]:
        """Return the settings of the cell that a module of torch corresponds to."""
        return {}

    def to_torch(self) -> nn.RNNBase:
        """Return a module of torch with copies of the weights.

        Raises:
            ValueError: torch has no such cell with the settings of this one.
        """
        module = self.counterpart().to(self.weight_ih)
        with torch.no_grad():
            for theirs, own in zip(module.parameters(), self.flat(), strict=True):
                theirs.copy_(own)
        return module

    def flat(self) -> list[Tensor]:
        """Return the weights in the order of torch's modules."""
        return [weight for weight in self.weights() if weight is not None]

    def counterpart(self) -> nn.RNNBase:
        """Return an untrained module of torch with the settings of this cell; raises as `to_torch`."""
        return self.module(self.input_size, self.hidden_size)

    @abstractmethod
    def function(self) -> Callable[..., tuple[Tensor, ...]] | None:
        """Return torch's function of a whole layer; None: torch has none for the settings of this cell."""

    def kernel(self, x: Tensor, state: State, weights: Weights, lengths: Tensor | None) -> tuple[Tensor, State] | None:
        function = self.function()
        if function is None:
            return super().kernel(x, state, weights, lengths)
        flat = [weight for weight in weights if weight is not None]
        hidden = [tensor[None] for tensor in state]
        if lengths is None:
            outputs, *after = function(x, _one_or_all(hidden), flat, True, 1, 0.0, self.training, False, False)
            return outputs, as_state(state, [tensor[0] for tensor in after])
        packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        assert packed.sorted_indices is not None
        hidden = [tensor[:, packed.sorted_indices] for tensor in hidden]
        data, *after = function(
            packed.data, packed.batch_sizes, _one_or_all(hidden), flat, True, 1, 0.0, self.training, False
        )
        padded, _ = nn.utils.rnn.pad_packed_sequence(packed._replace(data=data), total_length=len(x))
        return padded, as_state(state, [tensor[0, packed.unsorted_indices] for tensor in after])

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move the weights, and on a GPU lay them out in one block, as cuDNN wants them."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self.weight_ih.is_cuda and self.function() is not None:
            for own, block in zip(self.flat(), self.to_torch().parameters(), strict=True):
                own.data = block.data
        return self


def _one_or_all(hidden: list[Tensor]) -> Tensor | list[Tensor]:
    """torch's functions take the state of an LSTM as a list, that of other layers as a tensor."""
    return hidden[0] if len(hidden) == 1 else hidden
