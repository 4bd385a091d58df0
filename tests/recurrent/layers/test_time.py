"""Layers that read in another order or at another distance, against steps that are made one by one."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.layers.time import Bidirectional, Dilated, Reversed, Strided, reverse

SIZES = st.integers(1, 12)


def cell() -> LSTMCell:
    torch.manual_seed(0)
    return LSTMCell(2, 3).double()


def sequence(steps: int) -> Tensor:
    return torch.randn(steps, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(steps))


@settings(max_examples=30)
@given(steps=SIZES, dilation=st.integers(1, 5))
def test_a_dilated_step_continues_from_the_state_so_many_steps_before(steps: int, dilation: int) -> None:
    own, x = cell(), sequence(steps)
    states: list[Any] = []
    for t, x_t in enumerate(x):
        states.append(own(x_t, states[t - dilation] if t >= dilation else None))
    found, carried = Dilated(Recurrent(own), dilation)(x)
    torch.testing.assert_close(found, torch.stack([state.h for state in states]), rtol=0, atol=1e-12)
    # The next step continues from the state `dilation` steps before it, the one after from that after it, and so on.
    for j in range(dilation):
        known = states[steps + j - dilation].h if steps + j >= dilation else torch.zeros(2, 3, dtype=torch.float64)
        torch.testing.assert_close(carried[0][j], known, rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(steps=SIZES, stride=st.integers(1, 5))
def test_a_strided_layer_reads_every_so_many_steps_and_holds_its_output(steps: int, stride: int) -> None:
    own, x = cell(), sequence(steps)
    state, outputs = None, []
    for t, x_t in enumerate(x):
        state = own(x_t, state) if t % stride == 0 else state
        assert state is not None
        outputs.append(state.h)
    found, _ = Strided(Recurrent(own), stride)(x)
    torch.testing.assert_close(found, torch.stack(outputs), rtol=0, atol=1e-12)


@given(lengths=st.lists(st.integers(0, 7), min_size=1, max_size=4))
def test_reversing_turns_each_sequence_within_its_length(lengths: list[int]) -> None:
    x = torch.arange(7.0)[:, None, None].repeat(1, len(lengths), 1)
    turned = reverse(x, torch.tensor(lengths))
    for column, length in enumerate(lengths):
        assert turned[:length, column, 0].tolist() == list(range(length))[::-1]
    assert torch.equal(reverse(turned, torch.tensor(lengths)), x)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_both_directions_are_torchs_and_their_sum_is_the_sum_of_its_halves(kind: Any) -> None:
    torch.manual_seed(0)
    theirs = kind(2, 3, bidirectional=True).double()
    ours = {nn.LSTM: LSTMCell, nn.GRU: GRUCell}[kind]
    ahead, back = ours(2, 3).double(), ours(2, 3).double()
    for end, own in (("", ahead), ("_reverse", back)):
        own.load_state_dict({name: getattr(theirs, f"{name}_l0{end}") for name in own.state_dict()})
    x = sequence(6)
    known, after = theirs(x)
    found, state = Bidirectional(Recurrent(ahead), Recurrent(back))(x)
    torch.testing.assert_close(found, known, rtol=0, atol=1e-12)
    after = after if isinstance(after, tuple) else (after,)
    torch.testing.assert_close(
        torch.cat(state), torch.cat([torch.cat([t[k : k + 1] for t in after]) for k in (0, 1)]), rtol=0, atol=1e-12
    )
    summed, _ = Bidirectional(Recurrent(ahead), Recurrent(back), "sum")(x)
    torch.testing.assert_close(summed, known[..., :3] + known[..., 3:], rtol=0, atol=1e-12)


def test_a_reversed_layer_is_the_layer_on_the_turned_sequence() -> None:
    layer, x = Recurrent(cell()), sequence(5)
    torch.testing.assert_close(Reversed(layer)(x)[0], layer(x.flip(0))[0].flip(0), rtol=0, atol=0)


@pytest.mark.parametrize("kind", [Dilated, Strided])
def test_a_distance_below_one_step_is_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="at least 1 step, not 0"):
        kind(Recurrent(cell()), 0)


def test_directions_of_unequal_width_have_no_sum() -> None:
    with pytest.raises(ValueError, match="widths 3 and 4 have no sum"):
        Bidirectional(Recurrent(GRUCell(2, 3)), Recurrent(GRUCell(2, 4)), "sum")


def test_a_dilated_layer_reaches_back_in_steps_of_its_dilation_alone() -> None:
    layer, x = Dilated(Recurrent(cell()), 3), sequence(10).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[0][8].sum(), x)
    assert np.flatnonzero(gradient.abs().sum((1, 2)).numpy()).tolist() == [2, 5, 8]
