"""The bidirectional LSTM over letters."""

import torch

from seqbench.recurrent.letters import LetterLSTM


def test_its_vector_is_that_of_torch_on_each_word_alone() -> None:
    torch.manual_seed(0)
    letters = LetterLSTM(6, 4, 10)
    theirs = torch.nn.LSTM(4, 5, bidirectional=True)
    for end, own in (("", letters.body.body), ("_reverse", letters.body.backward_body)):
        for name, value in own.cell.state_dict().items():
            getattr(theirs, f"{name}_l0{end}").data.copy_(value)
    words = [[0, 1, 2, 5], [3], [4, 4]]
    padded = torch.tensor([word + [6] * (4 - len(word)) for word in words])
    for word, found in zip(words, letters(padded), strict=True):
        _, (h, _) = theirs(letters.embedding(torch.tensor(word)))
        torch.testing.assert_close(found, h.flatten(), rtol=0, atol=1e-6)
