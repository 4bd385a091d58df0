import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.learning import order
from seqbench.learning.order import random_rows


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 300), st.integers(1, 9), st.integers(1, 5))
def test_each_row_is_met_once_in_full_batches(count: int, size: int, whole: int, block: int, pooled: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("WHOLE", whole), ("BLOCK", block), ("POOLED", pooled)):
            patch.setattr(order, name, value)
        batches = list(random_rows(count, size))
    assert [len(batch) for batch in batches] == [size] * (count // size) + [count % size] * (count % size > 0)
    assert sorted(np.concatenate([*batches, []]).tolist()) == list(range(count))


@given(st.integers(1, 1000), st.integers(1, 100), st.integers(0, 2**31))
def test_few_rows_are_permuted_as_a_whole(count: int, size: int, seed: int) -> None:
    torch.manual_seed(seed)
    expected, then = torch.split(torch.randperm(count), size), torch.rand(1)
    torch.manual_seed(seed)
    for rows, own in zip(random_rows(count, size), expected, strict=True):
        np.testing.assert_array_equal(rows, own)
    assert torch.rand(1) == then


def test_many_rows_are_shuffled_within_pools_of_a_few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WHOLE", 99), ("BLOCK", 10), ("POOLED", 4)):
        monkeypatch.setattr(order, name, value)
    torch.manual_seed(0)
    epochs = [list(random_rows(400, 20)) for _ in range(2)]
    for batches in epochs:
        pools = [np.concatenate(batches[k : k + 2]) for k in range(0, 20, 2)]
        assert all(len(np.unique(rows // 10)) == 4 for rows in pools)
        assert np.mean([np.diff(rows) == 1 for rows in pools]) < 0.1
    assert not np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[1]))
