import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.interface import Documents
from seqbench.learning.columns import Window, Windows

CPU = torch.device("cpu")
START = -7
lengths_of_documents = st.lists(st.integers(0, 60), min_size=1, max_size=30)


def numbered(lengths: list[int]) -> Documents:
    """Documents whose symbols are their positions in the whole."""
    starts = np.cumsum(lengths) - lengths
    return [np.arange(s, s + n) for s, n in zip(starts, lengths, strict=True)]


def mask_of(window: Window) -> torch.Tensor:
    return torch.ones_like(window.targets, dtype=torch.bool) if window.mask is None else window.mask


@given(lengths_of_documents, st.integers(1, 8), st.integers(1, 12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_every_symbol_is_a_target_once_after_its_true_predecessor(
    lengths: list[int], batch_size: int, steps: int, shuffle: bool
) -> None:
    windows = Windows(numbered(lengths), START, batch_size, steps, CPU, shuffle)
    pairs = []
    for window in windows:
        assert 1 <= len(window.targets) <= steps
        assert mask_of(window).any()
        pairs += list(
            zip(window.targets[mask_of(window)].tolist(), window.inputs[mask_of(window)].tolist(), strict=True)
        )
    first = {int(d[0]) for d in numbered(lengths) if len(d)}
    assert sorted(pairs) == [(t, START if t in first else t - 1) for t in range(sum(lengths))]
    assert windows.symbols == sum(lengths)
    assert len(windows) == sum(1 for _ in windows)


@given(lengths_of_documents, st.integers(1, 8), st.integers(1, 12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_document_starts_where_the_state_does_and_a_column_goes_on_until_it_ends(
    lengths: list[int], batch_size: int, steps: int, shuffle: bool
) -> None:
    last: list[int | None] = []
    for window in Windows(numbered(lengths), START, batch_size, steps, CPU, shuffle):
        mask = mask_of(window)
        if window.fresh:
            last = [None] * mask.shape[1]
        for b, before in enumerate(last):
            targets = window.targets[:, b][mask[:, b]].tolist()
            assert mask[:, b].tolist() == [True] * len(targets) + [False] * (len(mask) - len(targets))
            assert targets == list(range(targets[0], targets[0] + len(targets))) if targets else True
            if targets and before is not None:
                assert targets[0] == before + 1
            assert (
                START not in window.inputs[1 if window.fresh else 0 :, b][mask[1 if window.fresh else 0 :, b]].tolist()
            )
            last[b] = targets[-1] if targets else before


def test_a_stream_is_cut_into_as_many_even_columns_as_the_batch_holds() -> None:
    windows = list(Windows(numbered([1000]), START, batch_size=8, steps=50, device=CPU))
    assert [w.targets.shape for w in windows] == [(50, 8), (50, 8), (25, 8)]
    assert [w.fresh for w in windows] == [True, False, False]
    assert windows[0].targets[0].tolist() == list(range(0, 1000, 125))
    assert windows[0].inputs[0].tolist() == [START, *range(124, 999, 125)]


def test_short_documents_stay_whole_and_fill_the_windows() -> None:
    windows = list(Windows(numbered([5] * 700), START, batch_size=10, steps=35, device=CPU))
    assert {w.targets.shape for w in windows} == {(5, 70)}
    assert all(w.fresh and w.mask is None and (w.inputs[0] == START).all() for w in windows)


def test_a_few_long_documents_do_not_leave_a_batch_of_one_column() -> None:
    windows = Windows(numbered([7000] * 3), START, batch_size=20, steps=10, device=CPU)
    assert len(windows) <= 1.1 * 21000 / 200


def test_documents_of_natural_lengths_need_little_padding() -> None:
    lengths = np.random.default_rng(0).lognormal(3, 0.6, size=3000).astype(int).tolist()
    windows = Windows(numbered(lengths), START, batch_size=20, steps=35, device=CPU)
    assert sum(w.targets.numel() for w in windows) < 1.05 * windows.symbols


@pytest.mark.parametrize("shuffle", [True, False])
def test_only_shuffled_columns_change_from_epoch_to_epoch(shuffle: bool) -> None:
    windows = Windows(numbered([4, 9, 4, 9, 4, 9, 4, 9]), START, batch_size=2, steps=3, device=CPU, shuffle=shuffle)
    torch.manual_seed(0)
    epochs = {tuple(tuple(w.targets.flatten().tolist()) for w in windows) for _ in range(5)}
    assert (len(epochs) > 1) is shuffle
