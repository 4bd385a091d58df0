"""Layers on top of each other."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from seqbench.recurrent.layers.layer import Layer, LayerState


class Stack(Layer):
    """Recurrent layers, each of which reads the outputs of the layer below.

    Dropout is applied between layers and, with `outside`, before the first and after the last (Zaremba, Sutskever &
    Vinyals 2014, section 3).
    """

    def __init__(self, layers: Sequence[Layer], dropout: nn.Module | None = None, outside: bool = True) -> None:
        """Raises:
        ValueError: there are no layers, or a layer does not read what the one below puts out.
        """
        super().__init__()
        if not layers:
            raise ValueError("a stack needs at least one layer")
        for depth, (below, layer) in enumerate(pairwise(layers), 2):
            if layer.input_size != below.output_size:
                raise ValueError(
                    f"layer {depth} reads {layer.input_size} values, but the one below puts out {below.output_size}"
                )
        self.layers = nn.ModuleList(layers)
        self.dropout, self.outside = nn.Identity() if dropout is None else dropout, outside
        self.input_size, self.output_size = layers[0].input_size, layers[-1].output_size
        self._tensors = [layer.tensors for layer in layers]

    @property
    def tensors(self) -> int:
        return sum(self._tensors)

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        """See `Layer`; the state is that of all layers, from the first to the last."""
        after: LayerState = ()
        first = 0
        for depth, (layer, width) in enumerate(zip(self.layers, self._tensors, strict=True)):
            given = None if state is None else state[first : first + width]
            first += width
            x, own = layer(self.dropout(x) if depth or self.outside else x, given, lengths, final)
            after += own
        return self.dropout(x) if self.outside else x, after


class StackStates(nn.Module):
    """The states of layers at all steps, with the columns of a batch first."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack, self.output_size = stack, stack.output_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return (B, T, output_size) for x (B, T, input_size) of these lengths (B,)."""
        states: Tensor = self.stack(x.transpose(0, 1), None, lengths, final=False)[0]
        return states.transpose(0, 1)


class Residual(Layer):
    """Adds what a layer reads to what it puts out (He et al. 2016; in recurrent stacks, Wu et al. 2016)."""

    def __init__(self, layer: Layer) -> None:
        """Raises:
        ValueError: the layer reads and puts out vectors of different widths.
        """
        super().__init__()
        if layer.input_size != layer.output_size:
            raise ValueError(f"a layer from {layer.input_size} to {layer.output_size} values cannot be residual")
        self.layer = layer
        self.input_size = self.output_size = layer.output_size

    @property
    def tensors(self) -> int:
        return self.layer.tensors

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        outputs, state = self.layer(x, state, lengths, final)
        return x + outputs, state
