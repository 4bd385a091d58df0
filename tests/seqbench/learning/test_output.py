import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from seqbench.interface import Ids
from seqbench.learning.output import (
    AdaptiveSoftmax,
    FullSoftmax,
    OutputLayer,
    SampledSoftmax,
    TiedSoftmax,
    output_layer,
)

SIZE, V = 16, 40
COUNTS = np.random.default_rng(1).permutation(1000 // np.arange(1, V + 1))
"""Frequencies after Zipf, in no order."""
EVERY = pytest.mark.parametrize("kind", ["full", "adaptive", "tied", "sampled"])


def layer(kind: str, counts: Ids = COUNTS) -> OutputLayer:
    """As it is evaluated."""
    torch.manual_seed(0)
    made: OutputLayer
    if kind == "adaptive":
        made = AdaptiveSoftmax(SIZE, counts, cutoffs=[6, 15])
    elif kind == "tied":
        # In double before it is shared, since what is shared is no part of the layer.
        made = TiedSoftmax(SIZE, counts, nn.Embedding(V + 1, SIZE).double())
    else:
        made = output_layer(kind, SIZE, counts)
    return made.double().eval()


def hidden(rows: int) -> torch.Tensor:
    return torch.randn(rows, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


@EVERY
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


@EVERY
def test_a_hidden_vector_of_zeros_gives_the_frequencies_from_the_start(kind: str) -> None:
    p = layer(kind).distribution(torch.zeros(1, SIZE, dtype=torch.float64))[0].exp().detach().numpy()
    smoothed = (COUNTS + 1) / (COUNTS + 1).sum()
    if kind != "adaptive":
        np.testing.assert_allclose(p, smoothed, rtol=1e-6)
        return
    order = np.argsort(-COUNTS, kind="stable")
    mass = np.array([COUNTS[order[6:15]].sum(), COUNTS[order[15:]].sum()])
    total = COUNTS[order[:6]].sum() + 6 + mass.sum() + 2
    np.testing.assert_allclose(p[order[:6]], (COUNTS[order[:6]] + 1) / total, rtol=1e-6)
    np.testing.assert_allclose(p[order[6:15]], (mass[0] + 1) / total / 9, rtol=1e-6)
    np.testing.assert_allclose(p[order[15:]], (mass[1] + 1) / total / 25, rtol=1e-6)


@EVERY
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


def test_a_tied_layer_reads_the_weights_of_the_input_and_teaches_them() -> None:
    embedding = nn.Embedding(V + 1, SIZE).double()
    made, h, targets = TiedSoftmax(SIZE, COUNTS, embedding).double(), hidden(3), torch.tensor([3, 0, 3])
    logits = h @ embedding.weight[:V].T + made.bias
    torch.testing.assert_close(made(h, targets), logits.log_softmax(1)[range(3), targets], rtol=0, atol=1e-12)
    made(h, targets).sum().backward()
    expected = (torch.eye(V, dtype=torch.float64)[targets] - logits.softmax(1)).T @ h
    assert embedding.weight.grad is not None
    torch.testing.assert_close(embedding.weight.grad[:V], expected, rtol=0, atol=1e-12)
    assert not embedding.weight.grad[V].any()
    assert set(made.state_dict()) == {"bias"}


def test_what_cannot_be_tied_is_refused_with_the_sizes() -> None:
    with pytest.raises(ValueError, match="have 4 values, the embedding's 5; make them equal or use output=full"):
        output_layer("tied", 4, COUNTS, nn.Embedding(V + 1, 5))
    with pytest.raises(ValueError, match="lacks: use output=full"):
        output_layer("tied", 4, COUNTS)


class Rigged(SampledSoftmax):
    """Draws what it is told to."""

    drawn: tuple[int, ...]

    def draw(self) -> torch.Tensor:
        return torch.tensor(self.drawn)


FEW = np.array([12, 5, 2, 1])
"""Counts of four symbols, for expectations over all draws."""


def rigged(samples: int) -> Rigged:
    torch.manual_seed(1)
    made = Rigged(3, FEW, samples).double()
    made.bias.weight.data += torch.randn(4, 1, dtype=torch.float64)
    return made.train()


def expected_gradient(made: Rigged, h: torch.Tensor, target: int) -> torch.Tensor:
    """E of the gradient (V,) of −log p(target) by the scores of the symbols, over all draws: by enumeration."""
    q = (FEW + 1) / (FEW + 1).sum()
    total = torch.zeros(4, dtype=torch.float64)
    for drawn in itertools.combinations_with_replacement(range(4), made.samples):
        made.drawn, times = drawn, [Counter(drawn)[v] for v in range(4)]
        made.zero_grad()
        (-made(h, torch.tensor([target]))).sum().backward()
        gradient = made.bias.weight.grad
        assert gradient is not None
        total += stats.multinomial.pmf(times, made.samples, q) * gradient.to_dense()[:, 0]
    return total


@pytest.mark.parametrize("samples", [1, 2, 6])
def test_at_the_truth_the_sampled_gradient_is_zero_in_expectation_for_any_number_of_samples(samples: int) -> None:
    made, h = rigged(samples), hidden(1)[:, :3]
    p = made.distribution(h)[0].exp().detach()
    each = torch.stack([expected_gradient(made, h, v) for v in range(4)])
    # The layer keeps log q in the default float32.
    torch.testing.assert_close(p @ each, torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-7)
    assert each.abs().max() > 0.1


def test_the_bias_of_the_sampled_gradient_falls_as_one_over_the_samples() -> None:
    h, bias = hidden(1)[:, :3], []
    for samples in (5, 10, 20):
        made = rigged(samples)
        exact = made.distribution(h)[0].exp().detach() - torch.eye(4, dtype=torch.float64)[2]
        bias.append((expected_gradient(made, h, 2) - exact).abs().max().item())
    assert bias[0] / bias[1] == pytest.approx(2, rel=0.25)
    assert bias[1] / bias[2] == pytest.approx(2, rel=0.15)


def test_the_gradient_of_many_samples_is_the_exact_one_within_four_standard_errors() -> None:
    """At 20,000 samples the bias, some 1e-4, hides under the standard error of the mean of 200 gradients."""
    torch.manual_seed(2)
    made, h, targets = SampledSoftmax(3, FEW, samples=20_000).double(), hidden(5)[:, :3], torch.tensor([0, 3, 1, 0, 2])
    made.eval()
    (exact,) = torch.autograd.grad(-made(h, targets).mean(), made.weight.weight)
    made.train()
    draws = torch.stack(
        [torch.autograd.grad(-made(h, targets).mean(), made.weight.weight)[0].to_dense() for _ in range(200)]
    )
    error = draws.std(0) / math.sqrt(200)
    assert error.max() < 1e-3
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()


def test_symbols_are_drawn_as_the_add_one_unigram() -> None:
    torch.manual_seed(3)
    drawn = SampledSoftmax(3, COUNTS, samples=100_000).draw().numpy()
    expected = (COUNTS + 1) / (COUNTS + 1).sum() * 100_000
    assert stats.chisquare(np.bincount(drawn, minlength=V), expected).pvalue > 0.001


def test_only_targets_and_drawn_symbols_are_taught_by_a_sampled_update() -> None:
    made = Rigged(SIZE, COUNTS, samples=3)
    made.drawn = (7, 7, 11)
    made.train()(hidden(2).float(), torch.tensor([4, 11])).sum().backward()
    for table in (made.weight.weight, made.bias.weight):
        assert table.grad is not None
        assert set(table.grad.coalesce().indices()[0].tolist()) == {4, 7, 11}
