"""Padded batches, and what is computed over the steps of each item."""

from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqbench.learning.padding import Padded, inside, laid_end_to_end, max_over, mean_over, padded_words

CPU = torch.device("cpu")
documents_of_any_length = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=5)


@given(documents_of_any_length, st.randoms(use_true_random=False))
def test_a_batch_has_the_words_of_its_documents_and_padding_after_them(
    documents: list[list[int]], random: Random
) -> None:
    padded = padded_words([np.array(d) for d in documents], 10, CPU)
    rows = np.array(random.choices(range(len(documents)), k=random.randint(1, 5)))
    words, lengths = padded.take(rows)
    assert len(padded) == len(documents)
    assert lengths.tolist() == [len(documents[row]) for row in rows]
    longest = max(lengths.tolist())
    assert words.tolist() == [[*documents[row], *[10] * (longest - len(documents[row]))] for row in rows]


def test_steps_of_several_values_are_padded_whole() -> None:
    steps = np.arange(1.0, 7.0).reshape(3, 2)
    taken, lengths = Padded(steps, np.array([1, 2]), -1.0, CPU).take(np.array([0, 1]))
    assert taken.tolist() == [[[1, 2], [-1, -1]], [[3, 4], [5, 6]]]
    assert lengths.tolist() == [1, 2]
    assert inside(lengths, 2).tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize(
    ("documents", "message"), [([[1], []], "document 1 has no words"), ([[10]], r"0\.\.9"), ([[-1]], r"0\.\.9")]
)
def test_documents_that_cannot_be_read_are_refused(documents: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        laid_end_to_end([np.array(d, dtype=np.int64) for d in documents], 10)


@given(documents_of_any_length, st.integers(1, 4))
def test_masked_mean_and_maximum_are_those_of_each_document_alone(documents: list[list[int]], size: int) -> None:
    lengths = torch.tensor([len(d) for d in documents])
    x = torch.full((len(documents), int(lengths.max()) + 2, size), torch.nan, dtype=torch.float64)
    alone = [torch.randn(len(d), size, dtype=torch.float64) for d in documents]
    for row, document in enumerate(alone):
        x[row, : len(document)] = document
    torch.testing.assert_close(mean_over(x, lengths), torch.stack([d.mean(0) for d in alone]), rtol=0, atol=1e-12)
    torch.testing.assert_close(max_over(x, lengths), torch.stack([d.max(0).values for d in alone]), rtol=0, atol=0)


@pytest.mark.parametrize("pool", [mean_over, max_over])
def test_the_gradient_of_masked_pooling_is_that_of_finite_differences(pool: object) -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([3, 1, 5])
    x = torch.randn(3, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: pool(x, lengths), x)  # type: ignore[operator]
