"""The convolution over letters: against torch's own, and its padding."""

import torch
from torch.nn import functional as F

from seqbench.learning.letters import WIDTH, LetterConvolution


def layer() -> LetterConvolution:
    torch.manual_seed(0)
    return LetterConvolution(6, 4, 5).double()


def test_it_is_a_convolution_with_zeros_around_a_word_and_a_maximum_over_its_letters() -> None:
    letters = layer()
    spellings = torch.tensor([[0, 1, 2, 5], [3, 6, 6, 6]])
    weight = letters.convolve.weight.view(5, WIDTH, 4).transpose(1, 2)
    for row, found in zip(([0, 1, 2, 5], [3]), letters(spellings), strict=True):
        e = letters.embedding(torch.tensor([row])).transpose(1, 2)
        expected = F.conv1d(e, weight, letters.convolve.bias, padding=WIDTH // 2).amax(2)[0]
        torch.testing.assert_close(found, expected)


def test_padding_changes_no_vector() -> None:
    letters = layer()
    found = letters(torch.tensor([[0, 1]]))
    torch.testing.assert_close(letters(torch.tensor([[0, 1, 6, 6, 6]])), found, rtol=0, atol=0)
