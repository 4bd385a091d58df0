"""A stack of torch's recurrent layers (RNN, GRU or LSTM) with dropout between them."""

import torch
from torch import Tensor, nn

StackState = tuple[Tensor, ...] | None
"""The states of the layers, from the first to the last; each tensor is (1, B, H). None: nothing has been read yet."""

Cell = type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]


class LockedDropout(nn.Module):
    """Dropout with the same mask at all steps (Gal & Ghahramani 2016); each column has its own mask."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """x: (T, B, D); returns the same shape."""
        if not self.training or self.share == 0:
            return x
        kept = torch.rand(x.shape[1:], device=x.device) >= self.share
        return x * kept.to(x.dtype) / (1 - self.share)


class Stack(nn.Module):
    """Recurrent layers, each of which reads the outputs of the layer below.

    Dropout is applied before the first layer, between layers, and after the last layer (Zaremba, Sutskever & Vinyals
    2014, section 3).
    """

    def __init__(self, cell: Cell, input_size: int, hidden_size: int, layers: int, dropout: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(cell(hidden_size if depth else input_size, hidden_size) for depth in range(layers))
        self.dropout = dropout

    def forward(self, x: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """x: (T, B, input_size); returns the last layer's outputs (T, B, hidden_size) and the state after T steps."""
        width = 0 if state is None else len(state) // len(self.layers)
        after: list[Tensor] = []
        for depth, layer in enumerate(self.layers):
            carried = None if state is None else state[depth * width : (depth + 1) * width]
            x, carry = layer(self.dropout(x), carried[0] if carried is not None and width == 1 else carried)
            after += carry if isinstance(carry, tuple) else [carry]
        return self.dropout(x), tuple(after)
