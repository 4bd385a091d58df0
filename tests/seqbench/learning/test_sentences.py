"""Sentences as padded batches, with the letters of their distinct words."""

import numpy as np
import torch

from seqbench.learning.sentences import LETTERS, PaddedSentences, alphabet, spelled, vocabulary
from seqbench.tasks.language.vocab import UNK

CPU = torch.device("cpu")


def test_a_batch_has_padded_words_and_the_letters_of_each_distinct_word_once() -> None:
    vocab, letters = vocabulary(["ab", "b", "c"]), vocabulary("abc")
    sentences = [["ab"], ["b", "new", "ab"], ["b", "b"]]
    batch = PaddedSentences(sentences, vocab, letters, CPU).take(np.array([2, 1]))
    unk, b, ab = 0, vocab.index["b"], vocab.index["ab"]
    assert batch.words.tolist() == [[b, b, vocab.size], [b, unk, ab]]
    assert batch.lengths.tolist() == [2, 3]
    read = batch.spellings[batch.places]
    a, b, pad = letters.index["a"], letters.index["b"], letters.size
    assert read[0, 0].tolist() == [b, pad, pad]
    assert read[1].tolist() == [[b, pad, pad], [unk, unk, unk], [a, b, pad]]
    assert len(batch.spellings) == 3


def test_batches_are_as_wide_as_their_longest_word() -> None:
    padded = PaddedSentences([["a", "aaaaaaa"], ["aaa"]], vocabulary(["a"]), vocabulary("a"), CPU)
    assert padded.take(np.array([1])).spellings.shape == (1, 3)


def test_words_are_counted_by_their_numbers() -> None:
    vocab = vocabulary(["a", "b", "c"])
    counts = PaddedSentences([["a", "b"], ["b", "new"]], vocab, vocabulary("abc"), CPU).counts().tolist()
    assert dict(zip([*vocab.symbols, "padding"], counts, strict=True)) == {UNK: 1, "a": 1, "b": 2, "c": 0, "padding": 0}


def test_the_alphabet_has_the_letters_of_at_least_two_distinct_words() -> None:
    assert alphabet(["zz", "zz", "ab", "b"]).symbols == (UNK, "b")


def test_of_a_long_word_both_ends_are_read() -> None:
    letters = vocabulary("abc")
    (row,) = spelled(["a" * 12 + "c" * 50 + "b" * 12], letters)
    assert "".join(letters.decode(row)) == "a" * 12 + "b" * 12
    assert len(row) == LETTERS


def test_an_empty_word_is_one_unknown_letter() -> None:
    assert spelled(["", "a"], vocabulary("a")).tolist() == [[0], [1]]


def test_a_word_with_a_nul_is_unknown() -> None:
    assert vocabulary(["a\0b", "c"]).symbols == (UNK, "c")
