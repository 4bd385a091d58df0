"""What is dropped in training, where, and how much of it."""

import pytest
import torch

from seqbench.recurrent.layers.dropout import LockedDropout


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
