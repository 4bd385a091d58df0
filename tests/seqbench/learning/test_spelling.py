"""Letter trigrams of words: what they are, how much hashing confuses them, and the vectors made of them."""

import os
import subprocess
import sys
import zlib
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import functional_call

from seqbench.learning.input import CodeVectors, WordAndCodeVectors, word_vectors
from seqbench.learning.spelling import Spelling, ngrams

WORDS = ["word", "sword", "words", "a", "", "ё", "banana", "bandana", "x" * 30]
V = len(WORDS)
BUCKETS, SIZE = 11, 3
SPELLING = Spelling.of(WORDS, BUCKETS)
SYMBOLS = st.lists(st.integers(0, V), min_size=1, max_size=12)


def vectors(spelling: Spelling = SPELLING) -> CodeVectors:
    torch.manual_seed(0)
    return CodeVectors(spelling, BUCKETS, SIZE).double()


def codes_of(symbol: int) -> list[int]:
    """By the definition; the edge has the one code that no trigram is hashed into."""
    if symbol == V:
        return [BUCKETS]
    bounded = "#" + WORDS[symbol] + "#"
    pieces = [bounded[i : i + 3] for i in range(len(bounded) - 2)] or [bounded]
    return [zlib.crc32(piece.encode()) % BUCKETS for piece in pieces]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("word", "#wo wor ord rd#"),
        ("no", "#no no#"),
        ("a", "#a#"),
        ("", "##"),
        ("слог", "#сл сло лог ог#"),
        ("aaaa", "#aa aaa aaa aa#"),
        ("#", "###"),
    ],
)
def test_a_word_is_the_trigrams_between_its_boundaries_in_order(word: str, expected: str) -> None:
    assert ngrams(word) == expected.split()


def test_codes_and_collisions_of_a_few_words_are_those_counted_by_hand() -> None:
    """CRC-32 of the six trigrams in UTF-8:

    #a# 466291263, #b# 820402684, #ab 437287737, ab# 1140326482, #д# 1015345202, ## 1561793772.
    """
    words = ["a", "b", "ab", "д", ""]
    assert (466291263 % 5, 820402684 % 5, 437287737 % 5) == (3, 4, 2)
    assert (1140326482 % 5, 1015345202 % 5, 1561793772 % 5) == (2, 2, 2)
    five = Spelling.of(words, 5)
    assert five.codes.tolist() == [3, 4, 2, 2, 2, 2]
    assert five.lengths.tolist() == [1, 1, 2, 1, 1]
    # #ab, ab#, #д# and ## meet in 2; д and the empty word are {2} both, ab is {2, 2}.
    assert (five.ngrams, five.colliding, five.alike) == (6, 4, 2)
    three = Spelling.of(words, 3)
    assert three.codes.tolist() == [0, 1, 0, 1, 2, 0]
    # #a#, #ab and ## meet in 0, #b# and ab# in 1; a and the empty word are {0} both, ab is {0, 1}.
    assert (three.ngrams, three.colliding, three.alike) == (6, 5, 2)


def test_one_bucket_confuses_every_trigram_and_all_words_of_a_length() -> None:
    # #a# #b# #ab ab# #cd cd# abc bc#: the third word shares #ab with the last.
    found = Spelling.of(["a", "b", "ab", "cd", "abc"], 1)
    assert (found.ngrams, found.colliding, found.alike) == (8, 8, 4)
    alone = Spelling.of(["a"], 1)
    assert (alone.ngrams, alone.colliding, alone.alike) == (1, 0, 0)


def test_words_of_the_same_trigrams_in_another_order_are_alike_without_any_collision() -> None:
    # From xy one may go round by a or by b first.
    found = Spelling.of(["xyaxybxy", "xybxyaxy", "xyaxy"], 1 << 20)
    assert (found.colliding, found.alike) == (0, 2)


def test_words_that_repeat_a_trigram_more_or_less_often_are_not_alike() -> None:
    assert Spelling.of(["aaaa", "aaaaa"], 1 << 20).alike == 0


@given(st.lists(st.text("abя", max_size=5), unique=True, min_size=1, max_size=12), st.integers(1, 12))
def test_codes_and_their_confusions_are_those_of_brute_force(words: list[str], buckets: int) -> None:
    spelled = [[p[i : i + 3] for i in range(len(p) - 2)] or [p] for p in (f"#{w}#" for w in words)]
    met = defaultdict[int, set[str]](set)
    for piece in (piece for word in spelled for piece in word):
        met[zlib.crc32(piece.encode()) % buckets].add(piece)
    bags = [Counter(zlib.crc32(piece.encode()) % buckets for piece in word) for word in spelled]
    found = Spelling.of(words, buckets)
    assert found.codes.tolist() == [zlib.crc32(p.encode()) % buckets for word in spelled for p in word]
    assert found.lengths.tolist() == [len(word) for word in spelled]
    assert found.ngrams == sum(map(len, met.values()))
    assert found.colliding == sum(len(pieces) for pieces in met.values() if len(pieces) > 1)
    assert found.alike == sum(bags.count(bag) > 1 for bag in bags)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_other_processes_give_the_same_codes(seed: str) -> None:
    program = (
        f"from seqbench.learning.spelling import Spelling; print(Spelling.of({WORDS!r}, {BUCKETS}).codes.tolist())"
    )
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(SPELLING.codes.tolist())


@pytest.mark.parametrize(
    "symbols", [[0], [V], [3, 3, 3], [8, 0, V, 4, 0, V], list(range(V + 1)), [[0, 5], [5, V], [2, 2]], [[[7]], [[1]]]]
)
def test_a_vector_is_the_mean_of_the_rows_of_its_codes(symbols: list[object]) -> None:
    made, given = vectors(), torch.tensor(symbols)
    table = made.table.weight.detach()
    found = made(given)
    assert found.shape == (*given.shape, SIZE)
    for vector, symbol in zip(found.reshape(-1, SIZE), given.flatten().tolist(), strict=True):
        rows = [table[code] for code in codes_of(symbol)]
        torch.testing.assert_close(vector, sum(rows, torch.zeros(SIZE)) / len(rows), rtol=0, atol=1e-15)


def test_no_word_shares_the_code_of_the_edge() -> None:
    made = vectors()
    before = made(torch.arange(V + 1))
    made.table.weight.data[BUCKETS] += 1
    moved = (made(torch.arange(V + 1)) != before).any(1)
    assert moved.tolist() == [False] * V + [True]


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_no_symbols_give_no_vectors(shape: tuple[int, ...]) -> None:
    assert vectors()(torch.zeros(shape, dtype=torch.long)).shape == (*shape, SIZE)


@given(SYMBOLS)
def test_a_vector_does_not_depend_on_the_other_symbols_of_the_batch(symbols: list[int]) -> None:
    made = vectors()
    together = made(torch.tensor(symbols))
    for vector, symbol in zip(together, symbols, strict=True):
        torch.testing.assert_close(vector, made(torch.tensor([symbol]))[0], rtol=0, atol=0)


@given(SYMBOLS)
def test_its_sparse_gradient_is_that_of_the_mean_written_as_a_matrix(symbols: list[int]) -> None:
    made, given = vectors(), torch.tensor(symbols)
    mean = torch.zeros(V + 1, BUCKETS + 1, dtype=torch.float64)
    for symbol in range(V + 1):
        for code in codes_of(symbol):
            mean[symbol, code] += 1 / len(codes_of(symbol))
    table = made.table.weight.detach().clone().requires_grad_()
    weights = torch.linspace(-1, 2, len(symbols) * SIZE, dtype=torch.float64).reshape(-1, SIZE)
    (weights * made(given) ** 2).sum().backward()
    (weights * (mean[given] @ table) ** 2).sum().backward()
    found = made.table.weight.grad
    assert found is not None
    assert table.grad is not None
    assert found.is_sparse
    assert set(found.coalesce().indices()[0].tolist()) == {code for symbol in symbols for code in codes_of(symbol)}
    torch.testing.assert_close(found.to_dense(), table.grad, rtol=0, atol=1e-14)


class Dense(torch.autograd.Function):
    """The same values, with a gradient that finite differences can be held against."""

    @staticmethod
    def forward(ctx: object, table: torch.Tensor) -> torch.Tensor:
        return table.clone()

    @staticmethod
    def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
        return gradient.to_dense()


def test_its_gradient_is_that_of_finite_differences() -> None:
    made, given = vectors(), torch.tensor([[6, 0, V], [6, 7, 1]])

    def vectors_of(table: torch.Tensor) -> torch.Tensor:
        return functional_call(made, {"table.weight": Dense.apply(table)}, (given,))

    assert torch.autograd.gradcheck(vectors_of, made.table.weight.detach().requires_grad_())


def test_both_is_the_sum_of_a_words_own_vector_and_that_of_its_codes() -> None:
    own, codes, given = word_vectors(V + 1, SIZE).double(), vectors(), torch.tensor([[2, V], [0, 2]])
    both = WordAndCodeVectors(own, codes)
    torch.testing.assert_close(both(given), own.weight[given] + codes(given), rtol=0, atol=0)


def test_arrays_restore_what_the_vectors_need() -> None:
    arrays = {name: value.copy() for name, value in SPELLING.arrays().items()}
    assert all(value.dtype == np.int64 for value in arrays.values())
    restored, every = Spelling.restored(arrays), torch.arange(V + 1)
    np.testing.assert_array_equal(restored.codes, SPELLING.codes)
    np.testing.assert_array_equal(restored.lengths, SPELLING.lengths)
    torch.testing.assert_close(vectors(restored)(every), vectors()(every), rtol=0, atol=0)
