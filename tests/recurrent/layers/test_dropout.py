"""What is dropped in training, where, and how much of it."""

import pytest
import torch
from torch import nn

from seqbench.recurrent.cells.cell import MemoryState
from seqbench.recurrent.cells.elman import ElmanCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.peephole import PeepholeLSTMCell
from seqbench.recurrent.layers.dropout import LockedDropout, Zoneout
from seqbench.recurrent.layers.recurrent import Recurrent


def test_a_locked_mask_is_one_for_all_steps_and_another_for_each_column_and_call() -> None:
    torch.manual_seed(0)
    dropout, ones = LockedDropout(0.4), torch.ones(7, 6, 50)
    first, second = dropout(ones), dropout(ones)
    for masked in (first, second):
        assert torch.equal(masked, masked[:1].expand_as(masked))
        assert len({tuple(column.tolist()) for column in masked[0]}) == 6
    assert not torch.equal(first, second)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_locked_mask_drops_its_share_and_scales_the_rest_so_that_the_mean_is_kept(share: float) -> None:
    torch.manual_seed(0)
    x = torch.full((2, 400, 500), 3.0, dtype=torch.float64)
    masked = LockedDropout(share)(x)
    kept = masked != 0
    torch.testing.assert_close(masked[kept], x[kept] / (1 - share), rtol=1e-15, atol=0)
    # 200,000 draws of a mask, which both steps share
    error = (share * (1 - share) / 200_000) ** 0.5
    assert (~kept).double().mean().item() == pytest.approx(share, abs=4 * error)
    assert masked.mean().item() == pytest.approx(3.0, abs=4 * 3 * error / (1 - share))


def test_a_gradient_passes_where_its_value_was_kept() -> None:
    torch.manual_seed(0)
    x = torch.rand(3, 4, 5, dtype=torch.float64).add(1).requires_grad_()
    masked = LockedDropout(0.5)(x)
    masked.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.where(masked == 0, 0.0, 2.0).double(), rtol=0, atol=0)


def test_a_locked_dropout_leaves_everything_in_evaluation_and_at_a_share_of_nothing() -> None:
    x = torch.randn(9, 4, 3)
    assert torch.equal(LockedDropout(0.9).eval()(x), x)
    assert torch.equal(LockedDropout(0.0)(x), x)


def test_weights_are_dropped_in_their_share_and_the_same_at_all_steps() -> None:
    torch.manual_seed(0)
    share, size = 0.3, 200
    layer = Recurrent(ElmanCell(2, size), weight_drop=share)
    found = layer.weights().hh
    dropped = found == 0
    assert int(dropped.sum()) == pytest.approx(share * size**2, abs=4 * (share * (1 - share) * size**2) ** 0.5)
    torch.testing.assert_close(found[~dropped], layer.cell.weight_hh[~dropped] / (1 - share), rtol=1e-6, atol=0)
    for name, weight in layer.weights()._asdict().items():
        assert name == "hh" or torch.equal(weight, getattr(layer.cell.weights(), name))
    # What a layer does with a mask is what a layer of the masked weights does: one mask for all steps and columns.
    x, kept = torch.randn(7, 3, 2), layer.cell.weight_hh
    torch.manual_seed(1)
    outputs, _ = layer(x)
    torch.manual_seed(1)
    masked = layer.weights().hh.detach()
    layer.cell.weight_hh = nn.Parameter(masked)
    torch.testing.assert_close(outputs, layer.eval()(x)[0], rtol=0, atol=1e-6)
    assert int((masked == 0).sum()) > 0
    assert int((kept == 0).sum()) == 0


def test_a_dropped_weight_gets_no_gradient_and_the_others_do() -> None:
    torch.manual_seed(0)
    layer, x = Recurrent(PeepholeLSTMCell(2, 6), weight_drop=0.5), torch.randn(5, 3, 2)
    torch.manual_seed(1)
    torch.autograd.backward(layer(x)[0].sum())
    torch.manual_seed(1)
    assert torch.equal(layer.cell.weight_hh.grad == 0, layer.weights().hh == 0)


def test_units_in_zoneout_keep_their_value_in_training_and_move_by_the_mean_in_evaluation() -> None:
    torch.manual_seed(0)
    zoneout, old, new = Zoneout(0.25), torch.zeros(400, 500), torch.ones(400, 500)
    kept = zoneout(MemoryState(old, old), MemoryState(new, new))
    for tensor in kept:
        assert set(tensor.unique().tolist()) == {0.0, 1.0}
        assert (tensor == 0).double().mean().item() == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 200_000) ** 0.5)
    assert not torch.equal(kept.h, kept.c)
    for tensor in zoneout.eval()(MemoryState(old, old), MemoryState(new, new)):
        torch.testing.assert_close(tensor, torch.full_like(tensor, 0.75), rtol=0, atol=1e-7)


def test_a_layer_with_zoneout_in_evaluation_mixes_old_and_new_at_every_step() -> None:
    torch.manual_seed(0)
    cell, x = LSTMCell(2, 3).double(), torch.randn(6, 2, 2, dtype=torch.float64)
    state, outputs = cell.initial(2), []
    for x_t in x:
        after = cell(x_t, state)
        state = MemoryState(0.3 * state.h + 0.7 * after.h, 0.3 * state.c + 0.7 * after.c)
        outputs.append(state.h)
    torch.testing.assert_close(Recurrent(cell, zoneout=0.3).eval()(x)[0], torch.stack(outputs), rtol=0, atol=1e-12)
