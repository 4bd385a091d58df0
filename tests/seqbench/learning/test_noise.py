"""Random numbers by their keys: uniform, independent, and the same wherever they are drawn."""

import numpy as np
import torch
from scipy import stats

from seqbench.learning.noise import keys_of_pasts, uniform

KEYS = torch.arange(-500, 500) * 7919


def test_numbers_are_uniform_and_draws_are_independent() -> None:
    draws = [uniform(KEYS, draw, 50, torch.float64) for draw in (0, 1)]
    for drawn in draws:
        assert drawn.shape == (1000, 50)
        assert 0 <= float(drawn.min()) <= float(drawn.max()) < 1
        assert stats.kstest(drawn.flatten().numpy(), "uniform").pvalue > 1e-3
    pairs = [draws[0].flatten(), draws[1].flatten(), draws[0].roll(1, 0).flatten(), draws[0].roll(1, 1).flatten()]
    correlations = np.corrcoef(torch.stack(pairs).numpy()) - np.eye(4)
    assert np.abs(correlations).max() < 5 / np.sqrt(50_000)


def test_draws_of_different_counts_share_no_numbers() -> None:
    key = torch.tensor([11])
    drawn = [uniform(key, draw, count, torch.float64).flatten() for draw, count in enumerate([176, 300] * 40)]
    together = torch.cat(drawn)
    assert len(torch.unique(together)) >= len(together) - 2


def test_a_key_has_its_numbers_in_any_company() -> None:
    together, alone = uniform(KEYS, 3, 20, torch.float64), uniform(KEYS[17:18], 3, 20, torch.float64)
    assert torch.equal(together[17:18], alone)
    assert len(torch.unique(together)) >= together.numel() - 2  # of 32 bits, two may be equal


def test_the_key_of_a_frame_depends_on_the_frames_before_it_alone() -> None:
    rng = np.random.default_rng(0)
    roll = (rng.random((12, 88)) < 0.1).astype(np.int8)
    changed = roll.copy()
    changed[5, 3] ^= 1
    one, two, short = keys_of_pasts([roll, changed, roll[:4]])
    np.testing.assert_array_equal(one[:4], short)
    assert (one[:6] == two[:6]).all()
    assert (one[6:] != two[6:]).all()
    assert len(set(one.tolist())) == 12
