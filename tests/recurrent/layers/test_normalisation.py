"""Normalisation inside the recurrence: per-step statistics on sequences of unequal length, and gradients of weights."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.interface import Floats
from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.recurrence import Weights
from seqbench.recurrent.layers.normalisation import EPSILON, GAIN, MOMENTUM, LayerNorm, StepBatchNorm, WeightNorm, steps
from seqbench.recurrent.layers.recurrent import Recurrent

NONE_READ = torch.zeros(3, dtype=torch.int64)


def column(*values: float) -> Tensor:
    """Values (B,) of one feature at one step."""
    return torch.tensor(values, dtype=torch.float64)[:, None]


def test_statistics_of_a_step_leave_out_sequences_that_have_ended() -> None:
    norm = StepBatchNorm(1, steps=3).double()
    gain = norm.gain[0].item()  # 0.1, as float32 has it
    assert gain == pytest.approx(GAIN)
    # Lengths 3, 2 and 1: the last two columns hold rubbish behind their ends.
    x = torch.stack([column(1, 3, 8), column(2, 6, 1e6), column(5, 1e6, -1e6)])
    found = norm(x, steps(NONE_READ, 3, torch.tensor([3, 2, 1])))
    first = gain * (np.array([1, 3, 8]) - 4) / np.sqrt((9 + 1 + 16) / 3 + EPSILON)
    np.testing.assert_allclose(found[0, :, 0].detach(), first, rtol=1e-12)
    second = gain * (np.array([2, 6]) - 4) / np.sqrt((4 + 4) / 2 + EPSILON)
    np.testing.assert_allclose(found[1, :2, 0].detach(), second, rtol=1e-12)
    # At step 3 one sequence is left, which has no variance: running statistics, here those of the start.
    np.testing.assert_allclose(found[2, 0, 0].detach(), gain * 5 / np.sqrt(1 + EPSILON), rtol=1e-12)
    np.testing.assert_allclose(norm.mean[:, 0], [MOMENTUM * 4, MOMENTUM * 4, 0], rtol=1e-12)
    unbiased = [(9 + 1 + 16) / 2, (4 + 4) / 1]
    np.testing.assert_allclose(norm.variance[:2, 0], [1 - MOMENTUM + MOMENTUM * v for v in unbiased], rtol=1e-12)
    assert norm.variance[2] == 1
    assert norm.seen == 2


def test_evaluation_uses_the_running_statistics_of_each_step_and_of_the_last_one_seen_beyond() -> None:
    norm = StepBatchNorm(1, steps=4).double()
    with torch.no_grad():
        norm.mean.copy_(torch.tensor([[1.0], [2], [3], [99]]))
        norm.variance.copy_(torch.tensor([[4.0], [9], [16], [99]]))
        norm.gain.copy_(torch.tensor([[1.0], [2], [3], [99]]))
        norm.bias.copy_(torch.tensor([[0.5], [0.25], [0.125], [99]]))
        norm.seen.fill_(3)
    norm.eval()
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    found = norm(torch.full((6, 3, 1), 7.0, dtype=torch.float64), steps(NONE_READ, 6, None))
    known = [0.5 + (7 - 1) / np.sqrt(4 + EPSILON), 0.25 + 2 * (7 - 2) / np.sqrt(9 + EPSILON)]
    known += [0.125 + 3 * (7 - 3) / np.sqrt(16 + EPSILON)] * 4
    np.testing.assert_allclose(found[:, 1, 0].detach(), known, rtol=1e-12)
    assert all(torch.equal(before[name], value) for name, value in norm.state_dict().items())


def test_columns_that_have_read_unequally_many_steps_have_the_statistics_of_their_own_step() -> None:
    norm = StepBatchNorm(1, steps=3).double()
    read = torch.tensor([0, 1, 0, 1])
    found = norm(column(1, 10, 5, 30)[None], steps(read, 1, None))
    for pair in ([0, 2], [1, 3]):
        np.testing.assert_allclose(found[0, pair, 0].detach().abs(), GAIN, rtol=1e-4)
    np.testing.assert_allclose(norm.mean[:, 0], [MOMENTUM * 3, MOMENTUM * 20, 0], rtol=1e-12)


def test_steps_beyond_the_last_slot_share_it() -> None:
    norm = StepBatchNorm(1, steps=2).double()
    norm(torch.stack([column(0, 2, 4), column(1, 3, 5), column(7, 9, 11)]), steps(NONE_READ, 3, None))
    np.testing.assert_allclose(
        norm.mean[:, 0], [MOMENTUM * 2, (1 - MOMENTUM) * MOMENTUM * 3 + MOMENTUM * 9], rtol=1e-12
    )


def test_with_enough_batches_running_statistics_are_those_of_the_data() -> None:
    torch.manual_seed(0)
    norm = StepBatchNorm(1, steps=2).double()
    for _ in range(300):
        norm(
            torch.tensor([[[3.0]], [[-1.0]]]) + torch.tensor([[[2.0]], [[0.5]]]) * torch.randn(2, 500, 1),
            steps(torch.zeros(500, dtype=torch.int64), 2, None),
        )
    np.testing.assert_allclose(norm.mean[:, 0], [3, -1], atol=0.1)
    np.testing.assert_allclose(norm.variance[:, 0], [4, 0.25], rtol=0.1)


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def test_a_batch_normalised_lstm_in_training_computes_the_equations_of_the_paper() -> None:
    torch.manual_seed(0)
    layer = Recurrent(LSTMCell(2, 3), norm="batch", norm_steps=4).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    w = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    lengths, x = np.array([4, 2, 4, 3]), torch.randn(4, 4, 2, dtype=torch.float64)

    def norm(name: str, a: Floats, t: int) -> Floats:
        left = a[lengths > t]
        scaled = (a - left.mean(0)) / np.sqrt(left.var(0) + EPSILON)
        return w[f"norm.{name}.gain"][t] * scaled + w[f"norm.{name}.bias"][t]

    h = c = np.zeros((4, 3))
    known = []
    for t, x_t in enumerate(x.numpy()):
        gates = norm("of_input", x_t @ w["cell.weight_ih"].T, t) + norm("of_state.0", h @ w["cell.weight_hh"].T, t)
        i, f, g, o = np.split(gates + w["cell.bias_ih"] + w["cell.bias_hh"], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(norm("of_memory", c, t))
        known.append(h)
    found = layer(x, None, torch.tensor(lengths))[0].detach().numpy()
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(found[:length, row], np.array(known)[:length, row], rtol=0, atol=1e-10)


def test_a_layer_normalised_gru_computes_the_equations() -> None:
    torch.manual_seed(0)
    layer = Recurrent(GRUCell(2, 3), norm="layer").double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    w = {name: value.numpy() for name, value in layer.state_dict().items()}
    x, h, known = torch.randn(5, 1, 2, dtype=torch.float64), np.zeros(3), []

    def norm(name: str, a: Floats) -> Floats:
        return w[f"norm.{name}.gain"] * (a - a.mean()) / np.sqrt(a.var() + EPSILON) + w[f"norm.{name}.bias"]

    for x_t in x[:, 0].numpy():
        from_x = np.split(norm("of_input", w["cell.weight_ih"] @ x_t) + w["cell.bias_ih"], 3)
        from_h = np.split(norm("of_state.0", w["cell.weight_hh"] @ h) + w["cell.bias_hh"], 3)
        r, z = (sigmoid(from_x[k] + from_h[k]) for k in (0, 1))
        h = (1 - z) * np.tanh(from_x[2] + r * from_h[2]) + z * h
        known.append(h)
    np.testing.assert_allclose(layer(x)[0][:, 0].detach(), np.array(known), rtol=0, atol=1e-10)


@pytest.mark.parametrize("norm", ["batch", "layer", "weight"])
def test_gradients_are_those_of_finite_differences(norm: Any) -> None:
    torch.manual_seed(0)
    layer = Recurrent(LSTMCell(2, 2), norm=norm, norm_steps=3).double()
    names, weights = zip(*((n, p.detach().clone().requires_grad_()) for n, p in layer.named_parameters()), strict=True)
    x = torch.randn(4, 3, 2, dtype=torch.float64, requires_grad=True)

    def run(x: Tensor, *given: Tensor) -> Tensor:
        own = dict(zip(names, given, strict=True)) | {name: value.clone() for name, value in layer.named_buffers()}
        result: Tensor = torch.func.functional_call(layer, own, (x, None, torch.tensor([4, 4, 2])))[0][:2]
        return result

    assert torch.autograd.gradcheck(run, (x, *weights))


def test_the_gradients_of_length_and_direction_are_those_of_the_paper() -> None:
    torch.manual_seed(0)
    v = nn.Parameter(torch.randn(4, 3, dtype=torch.float64))
    empty = torch.zeros(0, 3, dtype=torch.float64)
    norm = WeightNorm(Weights(v, empty, v[:, 0], None))
    torch.testing.assert_close(norm.gain_ih, v.norm(dim=1), rtol=0, atol=1e-12)
    with torch.no_grad():
        norm.gain_ih.copy_(torch.rand(4) + 0.5)
    w = norm(Weights(v, empty, v[:, 0], None)).ih
    w.retain_grad()
    torch.testing.assert_close(w.norm(dim=1), norm.gain_ih, rtol=0, atol=1e-12)
    torch.autograd.backward((w.sin() * torch.arange(12.0).reshape(4, 3)).sum())
    # Salimans & Kingma 2016, eq. 3
    g, length, slope = norm.gain_ih.detach(), v.detach().norm(dim=1), w.grad
    assert slope is not None
    of_length = (slope * v.detach()).sum(1) / length
    torch.testing.assert_close(norm.gain_ih.grad, of_length, rtol=0, atol=1e-12)
    known = (g / length)[:, None] * slope - (g * of_length / length**2)[:, None] * v.detach()
    torch.testing.assert_close(v.grad, known, rtol=0, atol=1e-12)
    # The direction's gradient does not change its length: it is orthogonal to v.
    assert v.grad is not None
    torch.testing.assert_close((v.grad * v.detach()).sum(1), torch.zeros(4).double(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [LSTMCell, GRUCell])
def test_an_untrained_layer_with_weight_normalisation_is_the_layer_without(kind: Any) -> None:
    x, layers = torch.randn(5, 2, 3), []
    for norm in ("none", "weight"):
        torch.manual_seed(0)
        layers.append(Recurrent(kind(3, 4), norm=norm))  # type: ignore[arg-type]
    plain, normalised = layers
    torch.testing.assert_close(plain(x), normalised(x), rtol=0, atol=1e-6)
    assert [name for name, _ in normalised.named_parameters()][-2:] == ["once.0.gain_ih", "once.0.gain_hh"]


def test_layer_normalisation_is_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = LayerNorm(6), nn.LayerNorm(6)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        nn.init.normal_(own)
        other.data = own.data
    x = torch.randn(4, 3, 6)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
