"""Layers that change the order or the distance of steps in time: reversed, in both directions, dilated, strided."""

from typing import Literal

import torch
from torch import Tensor

from seqbench.recurrent.layers.layer import Layer, LayerState

Direction = Literal["forward", "backward", "both"]
Merge = Literal["concatenate", "sum"]


class Reversed(Layer):
    """A layer that reads each sequence from its own end to its start."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.input_size, self.output_size = layer.input_size, layer.output_size

    @property
    def tensors(self) -> int:
        return self.layer.tensors

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        """See `Layer`; the state is that after the first step, where the layer stops."""
        outputs, state = self.layer(reverse(x, lengths), state, lengths, final)
        return reverse(outputs, lengths), state


def reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Return x (T, B, D) with the steps within each length (B,) reversed; steps after it stay in place."""
    if lengths is None:
        return x.flip(0)
    step = torch.arange(len(x), device=x.device)[:, None]
    source = torch.where(step < lengths, lengths - 1 - step, step)
    return x.gather(0, source[..., None].expand_as(x))


class Bidirectional(Layer):
    """Two layers, one of which reads backwards; their outputs are concatenated or summed.

    Schuster & Paliwal 1997, "Bidirectional recurrent neural networks".
    """

    def __init__(self, forward: Layer, backward: Layer, merge: Merge = "concatenate") -> None:
        """backward: a layer that reads from the start to the end; it is given reversed sequences.

        Raises:
            ValueError: outputs of different widths are to be summed.
        """
        super().__init__()
        if merge == "sum" and forward.output_size != backward.output_size:
            raise ValueError(f"outputs of widths {forward.output_size} and {backward.output_size} have no sum")
        self.body, self.backward_body, self.merge = forward, backward, merge
        self.input_size = forward.input_size
        self.output_size = forward.output_size + (backward.output_size if merge == "concatenate" else 0)

    @property
    def tensors(self) -> int:
        return self.body.tensors + self.backward_body.tensors

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        own, other = (None, None) if state is None else (state[: self.body.tensors], state[self.body.tensors :])
        ahead, own = self.body(x, own, lengths, final)
        back, other = self.backward_body(reverse(x, lengths), other, lengths, final)
        back = reverse(back, lengths)
        if self.merge == "sum":
            return ahead + back, (*own, *other)
        # The steps of a column lie together in memory, as pooling over time reads them.
        joined = torch.cat([ahead.transpose(0, 1), back.transpose(0, 1)], dim=2)
        return joined.transpose(0, 1), (*own, *other)


class Dilated(Layer):
    """A layer whose step t continues from step t − d: d interleaved sequences, each of which has a state of its own.

    Chang et al. 2017, "Dilated recurrent neural networks". The sequences become columns of one batch, so that the layer
    makes ⌈T / d⌉ steps.
    """

    def __init__(self, layer: Layer, dilation: int) -> None:
        """Raises:
        ValueError: the dilation is below 1.
        """
        super().__init__()
        if dilation < 1:
            raise ValueError(f"the dilation must be at least 1 step, not {dilation}")
        self.layer, self.dilation = layer, dilation
        self.input_size, self.output_size = layer.input_size, layer.output_size

    @property
    def tensors(self) -> int:
        return self.layer.tensors

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        """See `Layer`; the state holds d states (d · k, B, ·), first the one that the next step continues from."""
        d, (length, batch) = self.dilation, x.shape[:2]
        own = torch.full((batch,), length, device=x.device) if lengths is None else lengths
        each = (own - torch.arange(d, device=x.device)[:, None] + d - 1).clamp(min=0) // d  # (d, B) steps
        padded = torch.cat([x, x.new_zeros(-length % d, *x.shape[1:])]).reshape(-(-length // d), d * batch, x.shape[2])
        inner = None if state is None else tuple(_as_columns(tensor, d) for tensor in state)
        whole = length % d == 0
        ends = None if whole and lengths is None else each.flatten()
        outputs, inner = self.layer(padded, inner, ends, final or not whole)
        turn = (own + torch.arange(d, device=x.device)[:, None]) % d  # (d, B) the sequence of each step to come
        after = tuple(_turned(_as_rows(tensor, d), turn) for tensor in inner)
        return outputs.reshape(len(padded) * d, batch, self.output_size)[:length], after


def _as_columns(tensor: Tensor, d: int) -> Tensor:
    """(d · k, B, D) → (k, d · B, D)"""
    return tensor.reshape(d, len(tensor) // d, *tensor.shape[1:]).transpose(0, 1).flatten(1, 2)


def _as_rows(tensor: Tensor, d: int) -> Tensor:
    """(k, d · B, D) → (d, k, B, D)"""
    return tensor.reshape(len(tensor), d, -1, tensor.shape[2]).transpose(0, 1)


def _turned(tensor: Tensor, turn: Tensor) -> Tensor:
    """(d, k, B, D) → (d · k, B, D), with row turn[j, b] of column b at place j."""
    return tensor.gather(0, turn[:, None, :, None].expand_as(tensor)).flatten(0, 1)


class Strided(Layer):
    """A layer that reads every s-th step, the first one first, and holds its output until the next.

    One module of Koutník, Greff, Gomez & Schmidhuber 2014, "A clockwork RNN". The state goes on over s times as many
    steps, at an s-th of the cost.
    """

    def __init__(self, layer: Layer, stride: int) -> None:
        """Raises:
        ValueError: the stride is below 1.
        """
        super().__init__()
        if stride < 1:
            raise ValueError(f"the stride must be at least 1 step, not {stride}")
        self.layer, self.stride = layer, stride
        self.input_size, self.output_size = layer.input_size, layer.output_size

    @property
    def tensors(self) -> int:
        return self.layer.tensors + 2

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        """See `Layer`; the state ends with the held output (1, B, H) and the steps to the next reading (1, B, 1)."""
        s, (length, batch) = self.stride, x.shape[:2]
        if state is None:
            inner, held = None, x.new_zeros(1, batch, self.output_size)
            wait = torch.zeros(batch, dtype=torch.int64, device=x.device)
        else:
            inner, held, wait = state[:-2], state[-2], state[-1][0, :, 0]
        own = torch.full_like(wait, length) if lengths is None else lengths
        readings = (own - wait + s - 1).clamp(min=0) // s  # (B,)
        most = -(-length // s)
        places = (wait + s * torch.arange(most, device=x.device)[:, None]).clamp(max=max(length - 1, 0))
        read = x.gather(0, places[..., None].expand(-1, -1, x.shape[2]))
        together = bool((readings == most).all())
        outputs, inner = self.layer(read, inner, None if together else readings)
        known = torch.cat([held.to(outputs.dtype), outputs])
        # The number of readings made by each step, which is the place of its output in `known`.
        done = (torch.arange(length, device=x.device)[:, None] - wait + s).clamp(min=0) // s
        held = known.gather(0, readings[None, :, None].expand(1, -1, self.output_size))
        wait = wait + readings * s - own
        return (
            known.gather(0, done[..., None].expand(-1, -1, self.output_size)),
            (*inner, held, wait[None, :, None]),
        )
