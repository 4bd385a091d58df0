"""Machines that read a source step by step and then write its target: with an external memory, or an LSTM alone.

While a machine writes, it gets no input, not even what it wrote (Graves, Wayne & Danihelka 2014, section 4.1).
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Floats, Ids
from seqbench.learning.beam import Tensors
from seqbench.learning.encoder_decoder import Decoded, TranslationNetwork
from seqbench.learning.input import word_vectors
from seqbench.learning.output import OutputLayer, output_layer
from seqbench.learning.training import LearningRate, TrainingConfig, exact_float32
from seqbench.learning.translator import NeuralTranslator, TranslatorConfig
from seqbench.recurrent.memory.bits import BitOutput, bit_vectors, bits_of
from seqbench.recurrent.memory.computer import NeuralComputer
from seqbench.recurrent.memory.turing import TuringMachine


class Machine(Protocol):
    """A cell whose state is a named tuple of tensors (B, …)."""

    output_size: int
    state: type[Any]
    """The class of the named tuple."""

    def initial(self, batch: int) -> Any:
        """Return the state before the first step."""

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Read x (B, I); return the output (B, output_size) and the state after it."""


class PlainState(NamedTuple):
    h: Tensor
    """(B, L · C) outputs of all layers."""
    c: Tensor
    """(B, L · C) their cells."""


class PlainLSTM(nn.Module):
    """Layers of LSTM without a memory outside: what a machine with a memory is compared with."""

    state = PlainState

    def __init__(self, input_size: int, size: int, layers: int) -> None:
        super().__init__()
        self.cells = nn.ModuleList(nn.LSTMCell(size if layer else input_size, size) for layer in range(layers))
        self.size, self.output_size = size, size

    def initial(self, batch: int) -> PlainState:
        """Return the state before the first step: all zero."""
        zeros = next(self.parameters()).new_zeros(batch, len(self.cells) * self.size)
        return PlainState(zeros, zeros)

    def step(self, x: Tensor, state: PlainState) -> tuple[Tensor, PlainState]:
        """Read x (B, I); return the output of the last layer (B, C) and the state after it."""
        before = zip(torch.split(state.h, self.size, 1), torch.split(state.c, self.size, 1), strict=True)
        after = []
        for cell, (h, c) in zip(self.cells, before, strict=True):
            x, new = cell(x, (h, c))
            after.append((x, new))
        h, c = (torch.cat(several, dim=1) for several in zip(*after, strict=True))
        return x, PlainState(h, c)


class MachineNetwork(TranslationNetwork):
    """A machine as a network of translation. One further input says that the source has ended."""

    def __init__(self, source: nn.Module, machine: nn.Module, output: OutputLayer, width: int) -> None:
        """width: of what `source` makes of a word."""
        super().__init__()
        self.source, self.machine, self.output, self.width = source, machine, output, width

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensors, Tensors]:
        machine: Any = self.machine
        x = nn.functional.pad(self.source(source), (0, 1))
        state = machine.initial(len(x))
        for t, x_t in enumerate(x.unbind(1)):
            _, after = machine.step(x_t, state)
            state = _chosen(t < lengths, after, state)
        return (lengths,), tuple(machine.step(self._ended(x), state)[1])

    def decode(self, words: Tensor, memory: Tensors, state: Tensors) -> Decoded:
        machine: Any = self.machine
        own, said = machine.state(*state), []
        silence = own.h.new_zeros(len(words), self.width + 1)
        for _ in range(words.shape[1]):
            output, own = machine.step(silence, own)
            said.append(output)
        return Decoded(torch.stack(said, dim=1), tuple(own), None)

    def head_weights(self, source: Tensor, written: int) -> list[dict[str, Tensor]]:
        """Return the weights (B, N) of each head at each step: while sources (B, S) of one length are read, when they
        have ended, and while so many words are written."""
        machine: Any = self.machine
        read = nn.functional.pad(self.source(source), (0, 1)).unbind(1)
        ended = self._ended(read[0])
        state, seen = machine.initial(len(source)), []
        for x in (*read, ended, *[torch.zeros_like(ended)] * written):
            _, state = machine.step(x, state)
            seen.append(machine.head_weights(state))
        return seen

    def _ended(self, like: Tensor) -> Tensor:
        """Return the input (B, I) that says that the source has ended."""
        ended = like.new_zeros(len(like), self.width + 1)
        ended[:, -1] = 1
        return ended


def _chosen(going: Tensor, after: Any, before: Any) -> Any:
    """Return the state after a step of sources that are `going` on (B,), and before it of those that have ended."""
    pairs = zip(after, before, strict=True)
    return type(after)(*(torch.where(going.view(-1, *[1] * (a.dim() - 1)), a, b) for a, b in pairs))


class MachineConfig(TranslatorConfig):
    learning_rate: LearningRate = Field(
        1e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-4, "high": 1e-2, "log": True}},
    )
    schedule: Literal["constant", "step", "staircase", "plateau", "one-cycle"] = Field(
        "constant", description=str(TrainingConfig.model_fields["schedule"].description)
    )
    patience: int = Field(1000, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    hidden_size: int = Field(
        100,
        ge=1,
        description="units of the controller",
        json_schema_extra={"search": {"low": 50, "high": 256, "log": True}},
    )
    batch_size: int = Field(
        16, ge=1, description="pairs per update", json_schema_extra={"search": {"choices": [1, 16, 32]}}
    )
    embedding_size: int = Field(32, ge=1, description="width of a word's vector, if words are no bits")


class MachineTranslator(NeuralTranslator):
    """Base class of machines. Words that are all written in as many bits are read and predicted bit by bit."""

    config_class = MachineConfig
    config: MachineConfig

    @abstractmethod
    def machine(self, input_size: int) -> nn.Module:
        """Return an untrained machine."""

    def build(self, counts: Ids) -> MachineNetwork:
        c = self.config
        bits = None if self.source_vocab is None else bits_of(self.source_vocab)
        width = c.embedding_size if bits is None else bits.shape[1]
        source = self.source_layer(width) if bits is None else bit_vectors(bits)
        machine: Any = self.machine(width + 1)
        written = bits_of(self.target_vocab)
        output: OutputLayer
        if written is None:
            embedding = word_vectors(len(counts) + 1, machine.output_size, sparse=False)
            output = output_layer(c.output, machine.output_size, counts, embedding)
        else:
            output = BitOutput(machine.output_size, self.target_vocab, written)
        return MachineNetwork(source, machine, output, width)


class MemoryConfig(MachineConfig):
    rows: int = Field(128, ge=2, description="rows of the memory")
    width: int = Field(20, ge=1, description="width of a row of the memory")
    heads: int = Field(1, ge=1, le=16, description="heads that read; of a neural Turing machine, as many write")


class MemoryTranslator(MachineTranslator):
    """Base class of machines with a memory."""

    @torch.inference_mode()
    def memory(self, source: Sequence[str], target: Sequence[str]) -> dict[str, Floats]:
        """Return the weights (S + 1 + T + 1, N) of each head by its name: over the N rows of the memory, while the
        machine reads the S words, then that they have ended, and writes the T words and `<eos>`."""
        assert self.source_vocab is not None
        assert isinstance(self.network, MachineNetwork)
        ids = torch.tensor(self.source_vocab.encode(list(source)), device=self._device)[None]
        with exact_float32():
            seen = self.network.head_weights(ids, len(target) + 1)
        return {name: torch.cat([heads[name] for heads in seen]).double().cpu().numpy() for name in seen[0]}


class TuringConfig(MemoryConfig):
    controller: Literal["feed-forward", "lstm"] = Field("lstm", description="what controls the heads")
    reach: int = Field(1, ge=1, description="the largest shift of a head per step")


class NeuralTuringMachine(MemoryTranslator):
    """Graves, Wayne & Danihelka 2014."""

    config_class = TuringConfig
    config: TuringConfig

    def machine(self, input_size: int) -> TuringMachine:
        c = self.config
        return TuringMachine(input_size, c.hidden_size, c.rows, c.width, c.heads, c.reach, lstm=c.controller == "lstm")


class DNCConfig(MemoryConfig):
    rows: int = Field(32, ge=2, description="rows of the memory; links between them take the square of it")


class DifferentiableNeuralComputer(MemoryTranslator):
    """Graves et al. 2016."""

    config_class = DNCConfig
    config: DNCConfig

    def machine(self, input_size: int) -> NeuralComputer:
        c = self.config
        return NeuralComputer(input_size, c.hidden_size, c.rows, c.width, c.heads)


class PlainConfig(MachineConfig):
    layers: int = Field(1, ge=1, le=8, description="layers on top of each other")


class LSTMTransducer(MachineTranslator):
    """The same without a memory: layers of LSTM read the source and then write."""

    config_class = PlainConfig
    config: PlainConfig

    def machine(self, input_size: int) -> PlainLSTM:
        return PlainLSTM(input_size, self.config.hidden_size, self.config.layers)
