"""The conditional random field: against enumeration of all sequences of tags, in float64."""

import itertools

import pytest
import torch
from torch import Tensor

from seqbench.learning.crf import Decoding, LinearChainCRF

TAGS = 3


def field(seed: int = 0) -> LinearChainCRF:
    torch.manual_seed(seed)
    crf = LinearChainCRF(TAGS).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


def scores(batch: int, steps: int, seed: int = 1) -> Tensor:
    return 2 * torch.randn(batch, steps, TAGS, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def enumerated(crf: LinearChainCRF, e: Tensor) -> dict[tuple[int, ...], float]:
    """Return s(y) of all sequences of tags, for scores (T, C), from the definition."""
    own, first, last, moves = (x.tolist() for x in (e, crf.first, crf.last, crf.transitions))
    return {
        y: first[y[0]]
        + sum(own[t][c] for t, c in enumerate(y))
        + sum(moves[a][b] for a, b in itertools.pairwise(y))
        + last[y[-1]]
        for y in itertools.product(range(TAGS), repeat=len(e))
    }


LENGTHS = torch.tensor([5, 1, 3, 2])


def test_likelihoods_are_those_of_all_sequences() -> None:
    crf, e = field(), scores(4, 5)
    tags = torch.randint(TAGS, (4, 5), generator=torch.Generator().manual_seed(2))
    found = crf.log_likelihood(e, tags, LENGTHS)
    for own, y, length, log_p in zip(e, tags.tolist(), LENGTHS.tolist(), found.tolist(), strict=True):
        s = enumerated(crf, own[:length])
        log_z = float(torch.logsumexp(torch.tensor(list(s.values()), dtype=torch.float64), 0))
        assert log_p == pytest.approx(s[tuple(y[:length])] - log_z, abs=1e-10)


@pytest.mark.parametrize("decoding", ["posterior", "viterbi"])
def test_marginals_are_those_of_all_sequences(decoding: Decoding) -> None:
    crf, e = field(), scores(4, 5)
    found = crf.marginals(e, LENGTHS, decoding)
    for own, length, log_p in zip(e, LENGTHS.tolist(), found, strict=True):
        s = enumerated(crf, own[:length])
        expected = torch.empty(length, TAGS, dtype=torch.float64)
        for t, c in itertools.product(range(length), range(TAGS)):
            with_tag = torch.tensor([score for y, score in s.items() if y[t] == c], dtype=torch.float64)
            expected[t, c] = torch.logsumexp(with_tag, 0) if decoding == "posterior" else with_tag.max()
        torch.testing.assert_close(log_p[:length], expected.log_softmax(1), rtol=0, atol=1e-10)
        if decoding == "viterbi":
            assert tuple(log_p[:length].argmax(1).tolist()) == max(s, key=lambda y: s[y])


def test_the_gradient_of_the_likelihood_is_exact() -> None:
    crf, e = field(), scores(4, 5).requires_grad_()
    tags = torch.zeros(4, 5, dtype=torch.int64)

    def likelihood(e: Tensor, *_: Tensor) -> Tensor:
        return crf.log_likelihood(e, tags, LENGTHS)

    assert torch.autograd.gradcheck(likelihood, (e, *crf.parameters()))


def test_the_gradient_of_the_partition_is_the_posterior() -> None:
    crf, e = field(), scores(4, 5).requires_grad_()
    (gradient,) = torch.autograd.grad(crf.log_partition(e, LENGTHS).sum(), e)
    posterior = crf.marginals(e, LENGTHS).exp()
    for own, expected, length in zip(gradient, posterior, LENGTHS.tolist(), strict=True):
        torch.testing.assert_close(own[:length], expected[:length], rtol=0, atol=1e-10)
        assert (own[length:] == 0).all()


@pytest.mark.parametrize("decoding", ["posterior", "viterbi"])
def test_padding_and_other_sentences_change_nothing(decoding: Decoding) -> None:
    crf, e = field(), scores(4, 5)
    other = torch.cat([e[[2, 0]], 100 * torch.ones(2, 4, TAGS, dtype=torch.float64)], dim=1)
    found, longer = crf.marginals(e, LENGTHS, decoding), crf.marginals(other, LENGTHS[[2, 0]], decoding)
    torch.testing.assert_close(longer[0, :3], found[2, :3], rtol=0, atol=1e-10)
    torch.testing.assert_close(longer[1, :5], found[0], rtol=0, atol=1e-10)


def test_without_transitions_words_are_independent() -> None:
    e = scores(4, 5)
    torch.testing.assert_close(LinearChainCRF(TAGS).double().marginals(e, torch.full((4,), 5)), e.log_softmax(2))
