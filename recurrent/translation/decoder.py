"""The recurrent decoder: where attention enters it, and what of it runs in one piece."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.learning.beam import Tensors
from seqbench.learning.encoder_decoder import Decoded
from seqbench.recurrent.cells.cell import as_state
from seqbench.recurrent.cells.matrix import RecurrentProduct
from seqbench.recurrent.cells.scan import outputs
from seqbench.recurrent.layers.layer import Layer, LayerState
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.translation.attention import AdditiveAttention, AttentionName, attention_layer

FED: tuple[AttentionName, ...] = ("last", "mean", "fixed", "additive")
"""Kinds whose context is an input of the recurrent layer; the others' is joined to its output."""


class RecurrentDecoder(nn.Module):
    """Recurrent layers over the words of a target, which read a source in one of three ways.

    - `none`: through the first state alone (Sutskever, Vinyals & Le 2014).
    - `last`, `mean`, `fixed`, `additive`: the context c_t of the source is an input of the first layer beside the word
      before, s_t = f([E y_{t−1}; c_t], s_{t−1}), and the output layer sees tanh(W [s_t; c_t; E y_{t−1}]) (Cho et al.
      2014, whose c is the last state of the encoder; Bahdanau, Cho & Bengio 2015, with tanh in place of maxout).
      The first three know all contexts before the first step. `additive` compares s_{t−1} of the first layer, as Wu et
      al. 2016 do in deep networks, so this layer runs step by step and those above it in one piece.
    - `product`, `softmax`, `general`: the layers run first, and their output s_t is compared; the output layer sees
      tanh(W [s_t; c_t]) (Luong, Pham & Manning 2015, eq. 5, without input feeding). All steps of all words are then two
      batched products.

    Nothing that a step of `additive` computes with a large matrix is of the source: U_a h_s, and W_c h_s, the share of
    the context in the gates, are computed once per source, so Σ α_s (W_c h_s) takes the place of W_c Σ α_s h_s.
    """

    def __init__(
        self, kind: AttentionName, layers: list[Layer], embedding: nn.Embedding, size: int, dropout: float
    ) -> None:
        """layers: from the first to the last; `inputs` says what the first reads. size: D, of the encoder's states."""
        super().__init__()
        self.kind, self.embedding, self.dropout = kind, embedding, nn.Dropout(dropout)
        self.layers = nn.ModuleList(layers)
        self._tensors = [layer.tensors for layer in layers]
        width, hidden = embedding.embedding_dim, layers[-1].output_size
        self.attention = attention_layer(kind, layers[0].output_size if kind == "additive" else hidden, size)
        seen = hidden + (0 if kind == "none" else size) + (width if kind in FED else 0)
        self.readout = nn.Linear(seen, width)
        self.output_size, self.tensors = width, sum(self._tensors)

    @staticmethod
    def inputs(kind: AttentionName, width: int, size: int) -> int:
        """Return how many values the first layer reads."""
        return width + (size if kind in FED else 0)

    def prepare(self, states: Tensor, summary: Tensor, lengths: Tensor) -> Tensors:
        """Return what all steps need of an encoder's states (B, S, D) and of their one vector (B, D)."""
        if self.kind in ("none", "last"):
            return (summary,)
        assert self.attention is not None
        mask = torch.arange(states.shape[1], device=lengths.device) < lengths[:, None]
        memory = (states, self.attention.project(states), mask)
        if self.kind != "additive":
            return memory
        return (*memory, F.linear(states, self._first.weights().ih[:, self.embedding.embedding_dim :]))

    def forward(self, words: Tensor, memory: Tensors, state: Tensors) -> Decoded:
        """See `TranslationNetwork.decode`; the state holds that of the layers and the number (B,) of the next word."""
        x = self.dropout(self.embedding(words))
        *carried, number = state
        place = number[0] + torch.arange(words.shape[1], device=words.device)
        layers_state = tuple(tensor.transpose(0, 1) for tensor in carried)
        context, weights = None, None
        match self.kind:
            case "none":
                h, after = self._run(x, layers_state)
            case "last":
                context = memory[0][:, None].expand(-1, words.shape[1], -1)
                h, after = self._run(torch.cat([x, context], dim=2), layers_state)
            case "mean" | "fixed":
                context, weights = self._read(x, memory, place)
                h, after = self._run(torch.cat([x, context], dim=2), layers_state)
            case "product" | "softmax" | "general":
                h, after = self._run(x, layers_state)
                context, weights = self._read(h, memory, place)
            case "additive":
                h, after, weights = self._step_by_step(x, memory, layers_state)
                context = torch.matmul(weights.to(memory[0].dtype), memory[0])
        seen = [h] if context is None else [h, context]
        features = torch.tanh(self.readout(torch.cat([*seen, x] if self.kind in FED else seen, dim=2)))
        kept = (tensor.transpose(0, 1) for tensor in after)
        return Decoded(self.dropout(features), (*kept, number + words.shape[1]), weights)

    def _read(self, query: Tensor, memory: Tensors, place: Tensor) -> tuple[Tensor, Tensor]:
        assert self.attention is not None
        values, keys, mask = memory
        read: tuple[Tensor, Tensor] = self.attention(query, keys, values, mask, place)
        return read

    def _run(self, x: Tensor, state: LayerState, first: int = 0) -> tuple[Tensor, LayerState]:
        """Run the layers from the number `first` on; x: (B, T, ·), state: theirs."""
        h, after = x.transpose(0, 1), ()
        for depth, layer in enumerate(self.layers[first:], first):
            own, state = state[: self._tensors[depth]], state[self._tensors[depth] :]
            h, own = layer(self.dropout(h) if depth else h, own)
            after += own
        return h.transpose(0, 1), after

    def _step_by_step(self, x: Tensor, memory: Tensors, state: LayerState) -> tuple[Tensor, LayerState, Tensor]:
        """Return outputs (B, T, H), the state after them, and α (B, T, S)."""
        attention, first = self.attention, self._first
        assert isinstance(attention, AdditiveAttention)
        _, keys, mask, fed = memory
        batch, steps = x.shape[:2]
        weights, cell = first.weights(), first.cell
        projected = cell.project(x.transpose(0, 1), weights._replace(ih=weights.ih[:, : x.shape[2]]))
        recurrence = cell.recurrence(weights, steps, batch)
        compared = RecurrentProduct(attention.of_query.weight, steps, batch)
        start = cell.initial(batch)
        now = as_state(start, (tensor[0].to(start[0].dtype) for tensor in state[: first.tensors]))
        states, read = [], []
        for t, x_t in enumerate(projected.unbind(0)):
            recurrence.step = t
            scores = attention.compare(compared(now[0])[:, None], keys)
            read.append(attention.weights(scores[:, None], mask))
            now = cell.step(x_t + torch.matmul(read[-1].to(fed.dtype), fed)[:, 0], now, recurrence)
            states.append(now)
        h, above = self._run(outputs(states).transpose(0, 1), state[first.tensors :], first=1)
        return h, (*(tensor[None] for tensor in now), *above), torch.cat(read, dim=1)

    @property
    def _first(self) -> Recurrent[Any]:
        first = self.layers[0]
        assert isinstance(first, Recurrent)
        return first
