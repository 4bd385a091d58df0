"""Attention: worked examples, torch as an oracle, gradients, and places after a source's end."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seqbench.recurrent.translation.attention import (
    AdditiveAttention,
    Attention,
    AttentionName,
    FixedAttention,
    GeneralAttention,
    ProductAttention,
    SoftmaxAttention,
    attention_layer,
    scaled_product,
)

KINDS: tuple[AttentionName, ...] = ("mean", "fixed", "product", "softmax", "general", "additive")
B, T, S, Q = 3, 4, 5, 6
MASK = torch.arange(S) < torch.tensor([5, 3, 1])[:, None]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(kind: AttentionName) -> Attention:
    torch.manual_seed(0)
    found = attention_layer(kind, Q, Q)
    assert found is not None
    if isinstance(found, FixedAttention):
        found.table.data = torch.randn_like(found.table)
    return found.double()


def read(attention: Attention, query: Tensor, states: Tensor, mask: Tensor, first: int = 0) -> tuple[Tensor, Tensor]:
    found: tuple[Tensor, Tensor] = attention(
        query, attention.project(states), states, mask, first + torch.arange(query.shape[1])
    )
    return found


@pytest.mark.parametrize(
    ("scores", "weights"),
    [
        # computed with 40 decimals, by Python's decimal
        ([-5.0, 1.0, 10.0], [3.0586448026158536e-07, 1.2339453824421388e-04, 0.99987629959727552]),
        ([1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3]),
        ([1.0, 2.0, 0.0], [0.24472847105479765, 0.66524095577482189, 0.09003057317038046]),
    ],
)
def test_the_weights_are_the_softmax_of_the_scores(scores: list[float], weights: list[float]) -> None:
    """The scalar products of the query 1 with the states are the scores."""
    states = torch.tensor(scores, dtype=torch.float64)[None, :, None]
    context, found = read(SoftmaxAttention(), torch.ones(1, 1, 1).double(), states, torch.ones(1, 3, dtype=torch.bool))
    assert found[0, 0].tolist() == pytest.approx(weights, rel=1e-12)
    assert float(context) == pytest.approx(math.fsum(w * s for w, s in zip(weights, scores, strict=True)), rel=1e-12)
    bare, products = read(ProductAttention(), torch.ones(1, 1, 1).double(), states, torch.ones(1, 3, dtype=torch.bool))
    assert products[0, 0].tolist() == scores
    assert float(bare) == sum(s * s for s in scores)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_weighs_as_its_equation_says(kind: AttentionName) -> None:
    attention, query, states = layer(kind), random(B, T, Q), random(B, S, Q, seed=1)
    context, weights = read(attention, query, states, MASK, first=98)
    for b, t in ((0, 0), (1, 2), (2, 3)):
        h, q = states[b, : int(MASK[b].sum())], query[b, t]
        match attention:
            case FixedAttention():
                e = attention.table[min(98 + t, 99), : len(h)]
            case GeneralAttention():
                e = torch.stack([q @ attention.of_key.weight @ h_s for h_s in h])
            case AdditiveAttention():
                w, u = attention.of_query.weight, attention.of_key.weight
                e = torch.stack([attention.v @ torch.tanh(w @ q + u @ h_s) for h_s in h])
            case ProductAttention() | SoftmaxAttention():
                e = torch.stack([q @ h_s for h_s in h])
            case _:
                e = torch.ones(len(h), dtype=torch.float64)
        alpha = e if kind == "product" else e.exp() / e.exp().sum()
        torch.testing.assert_close(weights[b, t, : len(h)], alpha, rtol=1e-12, atol=1e-12)
        assert not weights[b, t, len(h) :].any()
        torch.testing.assert_close(context[b, t], (alpha[:, None] * h).sum(0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_after_the_end_of_a_source_is_read(kind: AttentionName) -> None:
    attention, query, states = layer(kind), random(B, T, Q), random(B, S, Q, seed=1)
    other = torch.where(MASK[:, :, None], states, 1e3)
    for one, two in zip(read(attention, query, states, MASK), read(attention, query, other, MASK), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind: AttentionName) -> None:
    attention = layer(kind)
    query, states = random(B, T, Q).requires_grad_(), random(B, S, Q, seed=1).requires_grad_()
    weights = list(attention.parameters())

    def function(query: Tensor, states: Tensor, *_: Tensor) -> Tensor:
        return read(attention, query, states, MASK)[0]

    if isinstance(attention, FixedAttention):  # a table of 10,000 weights, few of which are read
        attention.table = torch.nn.Parameter(attention.table.detach()[:3, :3].clone())
        weights = [attention.table]
    assert torch.autograd.gradcheck(function, (query, states, *weights))


def test_fixed_attention_starts_as_the_mean_and_shares_its_last_row_and_column() -> None:
    attention, states = FixedAttention(positions=2).double(), random(1, S, Q)
    everything = torch.ones(1, S, dtype=torch.bool)
    context, _ = read(attention, random(1, T, Q), states, everything)
    torch.testing.assert_close(context, states.mean(1, keepdim=True).expand(-1, T, -1))
    attention.table.data = torch.tensor([[0.0, 1.0], [2.0, 0.0]], dtype=torch.float64)
    _, weights = read(attention, random(1, T, Q), states, everything)
    assert torch.equal(weights[0, 1], weights[0, 3])
    assert weights[0, 1, 1] == weights[0, 1, 4]
    assert (weights[0, 1, 0] / weights[0, 1, 1]).item() == pytest.approx(math.e**2)


@pytest.mark.parametrize("kind", ["product", "softmax"])
def test_scalar_products_of_vectors_of_different_widths_are_refused(kind: AttentionName) -> None:
    with pytest.raises(ValueError, match="states of equal width"):
        attention_layer(kind, 4, 5)


def test_scaled_products_are_those_of_torch() -> None:
    query, keys, values = random(2, 3, T, 8), random(2, 3, S, 8, seed=1), random(2, 3, S, 7, seed=2)
    mask = (random(2, 1, T, S, seed=3) > 0) | (torch.arange(S) == 0)
    context, weights = scaled_product(query, keys, values, mask)
    expected = F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    torch.testing.assert_close(context, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, T, dtype=torch.float64))
    assert not weights.masked_select(~mask.expand_as(weights)).any()


def test_gradients_of_scaled_products_are_those_of_finite_differences() -> None:
    given = tuple(random(2, n, 3, seed=n).requires_grad_() for n in (T, S, S))
    mask = torch.ones(1, T, S, dtype=torch.bool).tril()
    assert torch.autograd.gradcheck(lambda q, k, v: scaled_product(q, k, v, mask)[0], given)
