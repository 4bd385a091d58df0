"""What every recurrent cell is: weights, and the equations of one step."""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.matrix import affine
from seqbench.recurrent.cells.recurrence import Recurrence, Weights


class OutputState(NamedTuple):
    """The state of cells that carry nothing but their output."""

    h: Tensor  # (B, H) output


class MemoryState(NamedTuple):
    """The state of cells with a memory beside the output."""

    h: Tensor  # (B, H) output
    c: Tensor  # (B, H) memory; its self-connection is the constant error carousel


State = TypeVar("State", bound=tuple[Tensor, ...])


class Cell(nn.Module, Generic[State]):
    """One step of a recurrent layer. The state is a NamedTuple of tensors (B, ·); the first, `h`, is the output.

    The products W x + b with the inputs of all steps are made at once, by `project`. So a step costs only the products
    U h with the state, which it asks of a `Recurrence`: normalisation and dropped weights stand there, not in the cell.

    Subclasses set `gates` and `parts`, and define `initial` and `step`.
    """

    gates: ClassVar[int]
    """Rows of W, in units of H."""
    parts: ClassVar[tuple[int, ...]]
    """Rows of U, in units of H, for each product with a state that a step makes."""
    has_memory: ClassVar[bool] = False
    """Whether a step asks the recurrence for `memory`."""
    two_biases: ClassVar[bool] = False
    """Whether the products with the state have a bias of their own, as in torch's layers."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Weights start uniform in ±1/√H, as in torch's layers.

        Raises:
            ValueError: a size is below 1.
        """
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"sizes must be at least 1, not input_size={input_size}, hidden_size={hidden_size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        rows = sum(self.parts) * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(self.gates * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size), requires_grad=rows > 0)
        self.bias_ih = nn.Parameter(torch.empty(self.gates * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(rows)) if self.two_biases else None
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw initial weights."""
        limit = 1 / math.sqrt(self.hidden_size)
        for weight in (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh):
            if weight is not None:
                weight.uniform_(-limit, limit)

    def weights(self) -> Weights:
        return Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def biases(self, weights: Weights) -> tuple[Tensor, Tensor | None]:
        """Return the bias of the products with inputs, and of those with states; by default one sum for both."""
        return (weights.bias_ih if weights.bias_hh is None else weights.bias_ih + weights.bias_hh), None

    def project(self, x: Tensor, weights: Weights, normalise: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Return W x + b (T, B, gates · H) for the inputs x (T, B, I) of all steps; `normalise` is applied to W x."""
        bias, _ = self.biases(weights)
        return affine(x, weights.ih, bias) if normalise is None else normalise(affine(x, weights.ih, None)) + bias

    def rows(self) -> list[int]:
        """Return the rows of U of each part."""
        return [part * self.hidden_size for part in self.parts]

    def recurrence(self, weights: Weights, steps: int, batch: int) -> Recurrence:
        """Return the products of one scan of at most this many steps."""
        return Recurrence(weights.hh, self.biases(weights)[1], self.rows(), steps, batch)

    @abstractmethod
    def initial(self, batch: int) -> State:
        """Return the state (B, ·) before the first step: zeros, on the device and in the format of the weights."""

    @abstractmethod
    def step(self, x: Tensor, state: State, recurrence: Recurrence) -> State:
        """Return the state after a step; x: (B, gates · H), one step of what `project` returned."""

    def forward(self, x: Tensor, state: State | None = None) -> State:
        """Return the state after one step with the input x (B, I); state: None at the start."""
        weights = self.weights()
        state = self.initial(len(x)) if state is None else state
        return self.step(self.project(x[None], weights)[0], state, self.recurrence(weights, 1, len(x)))

    def kernel(self, x: Tensor, state: State, weights: Weights, lengths: Tensor | None) -> tuple[Tensor, State] | None:
        """Return the outputs (T, B, H) for x (T, B, I) and the last state, if there is faster code than step by step.

        Args:
            lengths: (B,) in 1..T; the state returned is that after each sequence's own end. None: T for all.

        Returns:
            None if steps must be made one after another.
        """
        return None

    def zeros(self, batch: int) -> Tensor:
        return self.weight_ih.new_zeros(batch, self.hidden_size)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"


def as_state(like: State, tensors: Iterable[Tensor]) -> State:
    """Return a state of the type of `like` that holds these tensors."""
    return type(like)(*tensors)
