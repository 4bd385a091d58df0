"""Heads of frames: independent keys and NADE against sums over all frames, and their gradients."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqbench.baselines.memories.boltzmann.restricted import all_states
from seqbench.learning.heads import _NADE, NADE, ExactHead, IndependentKeys

SHARE = torch.tensor([0.2, 0.5, 0.8, 0.4])


def heads() -> list[ExactHead]:
    torch.manual_seed(0)
    return [IndependentKeys(3, SHARE).double(), NADE(3, 5, SHARE).double()]


@pytest.mark.parametrize("head", heads(), ids=["independent", "nade"])
def test_the_probabilities_of_all_frames_sum_to_one(head: ExactHead) -> None:
    features, states = torch.randn(2, 3, dtype=torch.float64), all_states(4, torch.empty(0, dtype=torch.float64))
    for row in features:
        said = head.log_p(row.expand(len(states), -1), states, np.zeros(len(states), np.int64)).detach()
        assert float(said[:, 0].exp().sum()) == pytest.approx(1, abs=1e-12)
        assert not said[:, 1].any()


def test_nade_is_the_product_of_its_conditionals() -> None:
    head = heads()[1]
    assert isinstance(head, NADE)
    features, states = torch.randn(3, dtype=torch.float64), all_states(4, torch.empty(0, dtype=torch.float64))
    said = head.nats(features.expand(len(states), -1), states)
    for frame, loss in zip(states, said, strict=True):
        a, total = head.c(features), torch.zeros((), dtype=torch.float64)
        for k in range(4):
            logit = head.b(features)[k] + head.V[k] @ torch.sigmoid(a)
            total = total + F.binary_cross_entropy_with_logits(logit, frame[k])
            a = a + head.W[k] * frame[k]
        assert float((loss - total).detach()) == pytest.approx(0, abs=1e-12)


def test_the_gradient_of_nade_is_that_of_finite_differences() -> None:
    torch.manual_seed(1)
    frames = torch.tensor([[0.0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], dtype=torch.float64)
    shapes = ((3, 4), (3, 5), (4, 5), (4, 5))
    inputs = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(lambda *given: _NADE.apply(frames, *given), inputs)


@pytest.mark.parametrize("head", heads(), ids=["independent", "nade"])
def test_drawn_frames_have_their_probabilities(head: ExactHead) -> None:
    rng, features = np.random.default_rng(0), torch.randn(3, dtype=torch.float64)
    states = all_states(4, features)
    with torch.no_grad():
        p = torch.exp(-head.nats(features.expand(len(states), -1), states))
        drawn = torch.stack([head.draw(features, rng).double() for _ in range(3000)])
    for state, expected in zip(states, p.tolist(), strict=True):
        found = float((drawn == state).all(1).double().mean())
        assert abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / 3000)
