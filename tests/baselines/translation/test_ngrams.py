"""The language model of targets: its search against enumeration, and its probabilities."""

from itertools import product

import numpy as np
import pytest

from seqbench.baselines.translation.ngrams import TargetNgrams
from seqbench.baselines.translation.unconditional import Unconditional, UnconditionalConfig
from seqbench.interface import Budget
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, TranslationContext

VOCAB = Vocab((UNK, EOS, "a", "b", "c"))
TARGETS = [["a", "b", "c"], ["a", "b"], ["b", "c", "a"], ["c", "a", "b", "a"], ["a", "b", "c"]]
PAIRS = Pairs([np.zeros(2)] * len(TARGETS), TARGETS)
CTX = TranslationContext(seed=0, budget=Budget(), valid=PAIRS, source_vocab=None, target_vocab=VOCAB)


def ngrams(order: int) -> TargetNgrams:
    model = TargetNgrams(order)
    model.fit(TARGETS, VOCAB, CTX)
    return model


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("longest", [1, 4])
def test_a_wide_beam_finds_the_most_probable_of_all_sequences(order: int, longest: int) -> None:
    model = ngrams(order)
    every = [list(words) for length in range(longest + 1) for words in product("abc", repeat=length)]
    log_p = [scores.sum() for scores in model.log_p(every)]
    found = model.most_probable(longest, beam=len(every))
    (score,) = model.log_p([found])
    assert score.sum() == pytest.approx(max(log_p), abs=1e-12)


def test_all_sequences_and_those_cut_off_have_probability_one() -> None:
    symbols = [symbol for symbol in VOCAB.symbols if symbol != EOS]
    every = [list(words) for length in range(4) for words in product(symbols, repeat=length)]
    p = sum(np.exp(scores.sum()) for scores in ngrams(3).log_p(every))
    cut = sum(np.exp(scores[:-1].sum()) for scores in ngrams(3).log_p([w for w in every if len(w) == 3]))
    ended = sum(np.exp(scores.sum()) for scores in ngrams(3).log_p([w for w in every if len(w) == 3]))
    assert p + cut - ended == pytest.approx(1.0)


def test_states_give_the_scores_of_whole_targets() -> None:
    model, target = ngrams(3), ["c", "a", "b", "b"]
    state, scores = model.start(1), []
    for word in model.encoded(target):
        score, state = model.follow(state, np.array([word]))
        scores.append(score[0])
    assert scores == pytest.approx(model.log_p([target])[0], abs=1e-12)


def test_the_source_changes_nothing_and_a_restored_model_says_the_same() -> None:
    model = Unconditional(UnconditionalConfig(order=2))
    model.fit(PAIRS, CTX)
    twin = Unconditional(UnconditionalConfig(order=2))
    arrays = model.arrays()
    assert arrays is not None
    twin.restore(arrays)
    one, other = [np.zeros(2)] * 2, [np.ones(2), np.full(2, 9.0)]
    targets = [["a", "b"], ["new"]]
    for said in (model, twin):
        assert said.predict(one) == said.predict(other) == model.predict(one)
        for a, b in zip(said.log_p(other, targets), model.log_p(one, targets), strict=True):
            assert a.tolist() == b.tolist()
    assert model.log_p(one, targets)[1].shape == (2,)
