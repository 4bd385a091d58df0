"""Drawn symbols against the distributions that they are drawn from."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare

from seqbench.baselines.hidden_markov.language import HMM, HMMConfig
from seqbench.baselines.ngrams.models import KneserNey, NgramConfig, Unigram
from seqbench.interface import Budget, Floats, Ids
from seqbench.recurrent.language.lstm import LSTMLanguageConfig, LSTMLanguageModel
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.sampling import ids_of, sample, shape, text_of
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

V = 4
LEVEL = 1e-3
"""Of every chi-square test here; the seeds are fixed, so that a test that passes keeps passing."""
TEXT = np.random.default_rng(0).choice(V, size=400, p=[0.4, 0.3, 0.2, 0.1]) | (np.arange(400) % 2)


def fitted(model: LanguageModel[Any]) -> LanguageModel[Any]:
    vocab = Vocab(("a", "b", "c", "d"))
    model.fit([TEXT], LanguageContext(seed=1, budget=Budget(epochs=3), valid=[TEXT[:50]], vocab=vocab))
    return model


def lstm() -> LanguageModel[Any]:
    settings = LSTMLanguageConfig(embedding_size=3, hidden_size=4, batch_size=4, bptt=10, learning_rate=0.05)
    return fitted(LSTMLanguageModel(settings))


MODELS = pytest.mark.parametrize(
    "model",
    [fitted(KneserNey(NgramConfig(order=3))), fitted(HMM(HMMConfig(states=3))), lstm()],
    ids=["kneser-ney", "hmm", "lstm"],
)


def unigram(p: list[float]) -> Unigram:
    model = Unigram()
    model.restore({"probability": np.array(p)})
    return model


def p_value(drawn: Ids, p: Floats) -> float:
    possible = p > 0
    counts = np.bincount(drawn, minlength=len(p))
    assert not counts[~possible].any()
    expected = p[possible] / p[possible].sum() * len(drawn)
    assert expected.min() >= 5
    return float(chisquare(counts[possible], expected).pvalue)


@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 0.5}, {"temperature": 3.0}, {"top_k": 3}, {"nucleus": 0.7}, {"exclude": [1]}],
    ids=str,
)
def test_frequencies_are_those_of_the_shaped_distribution(settings: dict[str, Any]) -> None:
    p = np.array([0.1, 0.35, 0.0, 0.25, 0.3])
    drawn = sample(unigram(p.tolist()), 3000, seed=3, **settings)
    assert p_value(drawn, shape(p, **settings)) > LEVEL


def test_another_distribution_would_be_noticed() -> None:
    p = np.array([0.1, 0.35, 0.0, 0.25, 0.3])
    assert p_value(sample(unigram(p.tolist()), 3000, seed=3), shape(p, temperature=1.5)) < LEVEL


@MODELS
def test_pairs_after_a_prompt_have_the_probability_that_predict_gives_them(model: LanguageModel[Any]) -> None:
    prompt = TEXT[:7]
    pairs = np.stack(np.unravel_index(np.arange(V * V), (V, V)), axis=1)
    scores, _ = model.predict(np.concatenate([np.tile(prompt, (V * V, 1)), pairs], axis=1))
    joint = np.exp(scores[:, -2:].sum(axis=1))
    drawn = np.array([sample(model, 2, prompt=prompt, seed=seed) for seed in range(1000, 1600)])
    rare = joint * len(drawn) < 5
    cell = np.where(rare, joint.argmax(), np.arange(V * V))
    assert p_value(cell[drawn @ [V, 1]], np.bincount(cell, joint, minlength=V * V)) > LEVEL


@MODELS
def test_a_text_without_a_prompt_starts_as_a_document_does(model: LanguageModel[Any]) -> None:
    start = model.next()[0]
    drawn = np.array([sample(model, 1, seed=seed)[0] for seed in range(500)])
    assert p_value(drawn, start) > LEVEL
    np.testing.assert_array_equal(sample(model, 5, prompt=TEXT[:0], seed=2), sample(model, 5, seed=2))


@MODELS
def test_greedy_takes_the_most_probable_symbol_at_every_step(model: LanguageModel[Any]) -> None:
    drawn = sample(model, 12, prompt=TEXT[:3], greedy=True, temperature=5.0)
    text = np.concatenate([TEXT[:3], drawn])
    for t in range(3, len(text)):
        others = np.concatenate([np.tile(text[:t], (V, 1)), np.arange(V)[:, None]], axis=1)
        assert text[t] == model.predict(others)[0][:, -1].argmax()


@MODELS
def test_drawing_at_once_or_going_on_from_what_was_drawn_is_the_same(model: LanguageModel[Any]) -> None:
    whole = sample(model, 9, prompt=TEXT[:5], top_k=1)
    rest = sample(model, 5, prompt=np.concatenate([TEXT[:5], whole[:4]]), top_k=1)
    np.testing.assert_array_equal(whole[4:], rest)


@MODELS
def test_the_seed_alone_decides_the_text(model: LanguageModel[Any]) -> None:
    texts = [sample(model, 60, seed=seed) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(texts[0], texts[1])
    assert not np.array_equal(texts[0], texts[2])


positive = st.lists(st.floats(0.01, 1), min_size=2, max_size=8).map(lambda w: np.array(w) / np.sum(w))


@given(positive, st.floats(0.05, 20))
def test_temperature_is_a_power_of_the_probabilities(p: Floats, temperature: float) -> None:
    closed = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
    np.testing.assert_allclose(shape(p, temperature=temperature), closed, rtol=1e-9)


def test_the_coldest_temperature_leaves_the_most_probable_and_the_hottest_all_that_are_possible() -> None:
    p = np.array([0.2, 0.5, 0.0, 0.3])
    np.testing.assert_array_equal(shape(p, temperature=5e-324), [0, 1, 0, 0])
    np.testing.assert_allclose(shape(p, temperature=1e300), [1 / 3, 1 / 3, 0, 1 / 3], rtol=1e-12)
    np.testing.assert_allclose(shape(np.array([1e-300, 2e-300])), [1 / 3, 2 / 3], rtol=1e-12)


HANDMADE = np.array([0.15, 0.3, 0.0, 0.15, 0.4])


@pytest.mark.parametrize(
    ("settings", "support"),
    [
        ({"top_k": 1}, [4]),
        ({"top_k": 2}, [1, 4]),
        ({"top_k": 3}, [0, 1, 4]),  # 0 and 3 are alike, and 0 comes first
        ({"top_k": 4}, [0, 1, 3, 4]),
        ({"top_k": 99}, [0, 1, 3, 4]),
        ({"nucleus": 0.01}, [4]),
        ({"nucleus": 0.4}, [4]),
        ({"nucleus": 0.41}, [1, 4]),
        ({"nucleus": 0.7}, [1, 4]),  # 0.4 + 0.3 misses 0.7 by a rounding
        ({"nucleus": 0.71}, [0, 1, 4]),
        ({"nucleus": 0.86}, [0, 1, 3, 4]),
        ({"nucleus": 1.0}, [0, 1, 3, 4]),
        # The nucleus is taken of what the steps before it left: 0.4 is more than half of 0.4 + 0.3 …
        ({"top_k": 2, "nucleus": 0.5}, [4]),
        ({"top_k": 3, "nucleus": 0.5}, [1, 4]),
        # … and at a low temperature 0.16 : 0.09 : 0.0225 : 0.0225 is 54 : 31 : 8 : 8.
        ({"temperature": 0.5, "nucleus": 0.5}, [4]),
        ({"exclude": [4]}, [0, 1, 3]),
        ({"exclude": [4, 2], "top_k": 1}, [1]),
    ],
    ids=str,
)
def test_the_filters_leave_just_these_symbols_in_their_old_proportions(
    settings: dict[str, Any], support: list[int]
) -> None:
    q = shape(HANDMADE, **settings)
    expected = np.zeros(5)
    expected[support] = HANDMADE[support] ** (1 / settings.get("temperature", 1))
    np.testing.assert_allclose(q, expected / expected.sum(), rtol=1e-12, atol=0)


def test_a_nucleus_of_one_keeps_what_no_sum_of_floats_would_notice() -> None:
    assert shape(np.array([1.0, 1e-30]), nucleus=1.0)[1] > 0


def test_shaping_leaves_the_distribution_that_it_is_given_alone() -> None:
    p = HANDMADE.copy()
    shape(p, top_k=1, exclude=[4])
    np.testing.assert_array_equal(p, HANDMADE)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": 0.0}, "above 0 and finite, not 0.0; for its limit 0 choose greedy"),
        ({"temperature": float("nan")}, "above 0 and finite"),
        ({"top_k": 0}, "top_k must be 1 or more"),
        ({"nucleus": 0.0}, "above 0 and at most 1, not 0.0"),
        ({"nucleus": 1.01}, "above 0 and at most 1, not 1.01"),
        ({"exclude": [5]}, r"exclude must hold ids in 0\.\.4"),
        ({"exclude": [0, 1, 3, 4]}, "exclude fewer"),
        ({"prompt": np.array([-1])}, r"prompt must hold ids in 0\.\.4"),
        ({"prompt": np.zeros((1, 3), np.int64)}, r"prompt must be a list of ids, not of shape \(1, 3\)"),
        ({"length": 0}, "length must be 1 or more"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sample(unigram(HANDMADE.tolist()), **{"length": 3, **settings})


def test_a_distribution_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"-0\.1 is no probability"):
        sample(unigram([1.1, -0.1]), 1)


WORDS = Vocab((EOS, UNK, "the", "cat", "sat"))


def test_words_are_joined_by_spaces_and_lines_end_where_eos_stands() -> None:
    ids = WORDS.encode(["the", "cat", EOS, EOS, "sat", EOS])
    assert text_of(ids, WORDS, "word") == "the cat\n\nsat\n"
    assert text_of(np.array([1, 0, 2]), Vocab(("t", "\n", "o")), "character") == "\nto"


@given(st.lists(st.integers(0, 4), max_size=12).map(lambda ids: np.array(ids, np.int64)))
def test_text_reads_back_as_the_ids_that_it_was_written_from(ids: NDArray[np.int64]) -> None:
    np.testing.assert_array_equal(ids_of(text_of(ids, WORDS, "word"), WORDS, "word"), ids)
    letters = Vocab(("a", "\n", " ", "b", UNK[0]))
    np.testing.assert_array_equal(ids_of(text_of(ids, letters, "character"), letters, "character"), ids)


def test_a_prompt_may_hold_words_that_the_vocabulary_lacks() -> None:
    np.testing.assert_array_equal(ids_of("the  dog\nsat", WORDS, "word"), [2, 1, 0, 4])
