"""Beam search against brute force over all outputs, and what it is made of: greedy search, length, batches, draws."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seqbench.learning.beam import Normalisation, Tensors, beam_search, draw, normalised

V, END, START = 3, 0, 3


class Table:
    """Log probabilities of the next word given the sentence and the last two words."""

    def __init__(self, sentences: int, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        self.log_p = (1.5 * torch.randn(sentences, V + 1, V + 1, V, generator=random, dtype=torch.float64)).log_softmax(
            -1
        )

    def __call__(self, words: Tensor, memory: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        (sentence,), (before,) = memory, state
        return self.log_p[sentence, before, words], (words,)

    def beginning(self) -> tuple[Tensors, Tensors]:
        rows = torch.arange(len(self.log_p))
        return (rows,), (torch.full_like(rows, START),)

    def of(self, sentence: int, output: Sequence[int]) -> float:
        """Return log p of an output and its end."""
        padded = [START, START, *output, END]
        return sum(
            float(self.log_p[sentence, a, b, c]) for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)
        )


def searched(table: Table, beam: int, limits: Sequence[int], normalisation: Normalisation = "mean") -> list[list[int]]:
    return beam_search(table, *table.beginning(), limits, start=START, end=END, beam=beam, normalisation=normalisation)


@pytest.mark.parametrize("normalisation", ["mean", "wu", "none"])
def test_a_beam_as_large_as_all_outputs_finds_the_best_of_them(normalisation: Normalisation) -> None:
    table, limits = Table(20, seed=0), [4, 3] * 10
    found = searched(table, 200, limits, normalisation)
    for sentence, limit in enumerate(limits):
        outputs = [o for n in range(limit + 1) for o in itertools.product(range(1, V), repeat=n)]
        best = max(outputs, key=lambda o: normalised(table.of(sentence, o), len(o) + 1, normalisation))
        assert found[sentence] == list(best)


def test_a_beam_of_one_is_greedy_search() -> None:
    table, limits = Table(50, seed=1), [6] * 50
    for sentence, output in enumerate(searched(table, 1, limits)):
        before, last, greedy = START, START, []
        while len(greedy) < 6:
            word = int(table.log_p[sentence, before, last].argmax())
            if word == END:
                break
            greedy.append(word)
            before, last = last, word
        assert output == greedy


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.lists(st.integers(0, 7), min_size=1, max_size=8))
def test_what_is_found_for_a_sentence_does_not_depend_on_the_others(seed: int, beam: int, limits: list[int]) -> None:
    table = Table(len(limits), seed)
    together = searched(table, beam, limits)
    for sentence, limit in enumerate(limits):
        (rows,), (before,) = table.beginning()
        kept = slice(sentence, sentence + 1)
        alone = beam_search(table, (rows[kept],), (before[kept],), [limit], start=START, end=END, beam=beam)
        assert alone == together[kept]
        assert len(alone[0]) <= limit


def test_without_normalisation_short_outputs_win_more_often() -> None:
    table, limits = Table(200, seed=3), [8] * 200
    length = {kind: sum(map(len, searched(table, 6, limits, kind))) for kind in ("none", "wu", "mean")}  # type: ignore[arg-type]
    assert length["none"] < length["wu"] < length["mean"]


def test_the_length_penalty_of_wu_is_one_for_a_single_symbol() -> None:
    assert normalised(-3.0, 1, "wu") == -3.0
    assert normalised(-3.0, 7, "wu") == pytest.approx(-3.0 / 2**0.6)


def test_nothing_is_found_for_no_sentence_and_a_beam_below_one_is_refused() -> None:
    table = Table(0, seed=0)
    assert searched(table, 2, []) == []
    with pytest.raises(ValueError, match="at least 1 hypothesis, not 0"):
        searched(Table(1, seed=0), 0, [3])


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_outputs_are_drawn_as_often_as_they_are_probable(temperature: float) -> None:
    draws, limit = 20_000, 2
    table = Table(1, seed=5)
    rows = torch.zeros(draws, dtype=torch.int64)
    uniforms = torch.tensor(np.random.default_rng(0).random((draws, limit)))
    start = (rows,), (torch.full_like(rows, START),)
    drawn = draw(table, *start, [limit] * draws, uniforms, start=START, end=END, temperature=temperature)
    tempered = (table.log_p[0] / temperature).log_softmax(-1)
    first = tempered[START, START]
    for output in ([], [1], [2], [1, 1], [1, 2], [2, 1], [2, 2]):
        share = float(first[output[0] if output else END])
        if output:
            share += float(tempered[START, output[0], output[1] if len(output) == 2 else END])
        p = math.exp(share)
        assert abs(drawn.count(output) / draws - p) < 4.5 * math.sqrt(p * (1 - p) / draws)


def test_a_low_temperature_draws_the_greedy_words_and_zero_is_refused() -> None:
    table, limits = Table(30, seed=6), [5] * 30
    uniforms = torch.rand(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cold = draw(table, *table.beginning(), limits, uniforms, start=START, end=END, temperature=1e-4)
    assert cold == searched(table, 1, limits)
    with pytest.raises(ValueError, match="temperature must be positive"):
        draw(table, *table.beginning(), limits, uniforms, start=START, end=END, temperature=0)
