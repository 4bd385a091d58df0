import numpy as np
import pytest
import torch
from torch import nn

from seqbench.interface import Ids
from seqbench.recurrent.output import AdaptiveSoftmax, FullSoftmax, OutputLayer, output_layer

SIZE, V = 16, 40
COUNTS = np.random.default_rng(1).permutation(1000 // np.arange(1, V + 1))
"""Frequencies after Zipf, in no order."""


def layer(kind: str, counts: Ids = COUNTS) -> OutputLayer:
    torch.manual_seed(0)
    made = FullSoftmax(SIZE, counts) if kind == "full" else AdaptiveSoftmax(SIZE, counts, cutoffs=[6, 15])
    return made.double()


def hidden(rows: int) -> torch.Tensor:
    return torch.randn(rows, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("kind", ["full", "adaptive"])
def test_the_probabilities_of_all_symbols_scored_one_by_one_sum_to_one(kind: str) -> None:
    made, h = layer(kind), hidden(3)
    each = torch.stack([made(h, torch.full((3,), v)) for v in range(V)], dim=1)
    torch.testing.assert_close(each.exp().sum(1), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-13)
    torch.testing.assert_close(each, made.distribution(h), rtol=0, atol=1e-12)


def test_the_adaptive_layer_is_torchs_once_ids_are_ranked() -> None:
    made, h, targets = layer("adaptive"), hidden(200), torch.arange(200) % V
    theirs = nn.AdaptiveLogSoftmaxWithLoss(SIZE, V, [6, 15], div_value=4.0, head_bias=True).double()
    theirs.load_state_dict({k: v for k, v in made.state_dict().items() if k != "rank"})
    rank = torch.empty(V, dtype=torch.long)
    rank[torch.tensor(np.argsort(-COUNTS, kind="stable"))] = torch.arange(V)
    torch.testing.assert_close(made(h, targets), theirs(h, rank[targets]).output, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["full", "adaptive"])
def test_the_order_of_the_vocabulary_does_not_matter(kind: str) -> None:
    counts, h = np.arange(100, 100 + V), hidden(4)
    order = np.random.default_rng(2).permutation(V)
    given, renamed = layer(kind, counts), layer(kind, counts[order])
    if kind == "full":
        for name in ("weight", "bias"):
            getattr(renamed.linear, name).data = getattr(given.linear, name).data[torch.tensor(order)]
    # Symbol i of the second vocabulary is symbol order[i] of the first.
    torch.testing.assert_close(renamed.distribution(h), given.distribution(h)[:, order], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["full", "adaptive"])
def test_a_hidden_vector_of_zeros_gives_the_frequencies_from_the_start(kind: str) -> None:
    p = layer(kind).distribution(torch.zeros(1, SIZE, dtype=torch.float64))[0].exp().detach().numpy()
    smoothed = (COUNTS + 1) / (COUNTS + 1).sum()
    if kind == "full":
        np.testing.assert_allclose(p, smoothed, rtol=1e-6)
        return
    order = np.argsort(-COUNTS, kind="stable")
    mass = np.array([COUNTS[order[6:15]].sum(), COUNTS[order[15:]].sum()])
    total = COUNTS[order[:6]].sum() + 6 + mass.sum() + 2
    np.testing.assert_allclose(p[order[:6]], (COUNTS[order[:6]] + 1) / total, rtol=1e-6)
    np.testing.assert_allclose(p[order[6:15]], (mass[0] + 1) / total / 9, rtol=1e-6)
    np.testing.assert_allclose(p[order[15:]], (mass[1] + 1) / total / 25, rtol=1e-6)


@pytest.mark.parametrize("kind", ["full", "adaptive"])
def test_gradients_are_those_of_finite_differences(kind: str) -> None:
    made, targets = layer(kind), torch.tensor([0, 39, 7, 21, 7])
    assert torch.autograd.gradcheck(lambda h: made(h, targets), hidden(5).requires_grad_())


def test_the_adaptive_layer_is_chosen_for_large_vocabularies_alone() -> None:
    assert isinstance(output_layer("auto", 4, np.ones(20_000, np.int64)), FullSoftmax)
    assert isinstance(output_layer("auto", 4, np.ones(20_001, np.int64)), AdaptiveSoftmax)
    assert isinstance(output_layer("full", 4, np.ones(20_001, np.int64)), FullSoftmax)
    assert isinstance(output_layer("adaptive", 4, np.ones(40, np.int64)), AdaptiveSoftmax)


@pytest.mark.parametrize("cutoffs", [[6, 6], [15, 6], [0, 6], [6, V], None])
def test_cutoffs_that_leave_a_cluster_empty_are_refused(cutoffs: list[int] | None) -> None:
    # By default the head of 20 symbols would hold 20/32 of one.
    counts = np.ones(V if cutoffs else 20, np.int64)
    with pytest.raises(ValueError, match="use output=full"):
        AdaptiveSoftmax(4, counts, cutoffs)
