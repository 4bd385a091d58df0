"""What every recurrent layer is: sequences in, sequences out, and a state from which the next call continues."""

from abc import abstractmethod

from torch import Tensor, nn

LayerState = tuple[Tensor, ...]
"""What a layer carries from call to call: tensors (k, B, ·), with the columns of a batch in their second dimension."""


class Layer(nn.Module):
    """A recurrent layer, or several that act as one. Time is the first dimension."""

    input_size: int
    output_size: int

    @property
    @abstractmethod
    def tensors(self) -> int:
        """The number of tensors of the state."""

    @abstractmethod
    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        """Read sequences.

        Args:
            x: (T, B, input_size).
            state: what an earlier call returned; None: the sequences start here.
            lengths: (B,) the number of steps of each sequence, in 0..T; None: T for all. What a sequence gives depends
                neither on other sequences nor on what follows its end in x.
            final: whether the state of sequences that end before T is needed; if not, layers may have faster code.

        Returns:
            Outputs (T, B, output_size), without meaning after a sequence's end, and the state after its end; if not
            `final`, the state has a meaning only for sequences of T steps.
        """
