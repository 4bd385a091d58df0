"""The true models, against their definitions by enumeration and against the text that they draw."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.datasets.synthetic.processes import BracketProcess, HiddenMarkovProcess, MarkovProcess, Process
from seqbench.interface import Floats, Ids


def distributions(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])


def markov(seed: int = 0, symbols: int = 3, order: int = 2) -> MarkovProcess:
    return MarkovProcess(distributions(np.random.default_rng(seed), *(symbols,) * (order + 1)))


def hidden_markov(seed: int = 0, states: int = 2, symbols: int = 3) -> HiddenMarkovProcess:
    rng = np.random.default_rng(seed)
    return HiddenMarkovProcess(
        distributions(rng, states), distributions(rng, states, states), distributions(rng, states, symbols)
    )


def brackets(seed: int = 0, types: int = 2, depth: int = 2, noise: float = 0.1) -> BracketProcess:
    return BracketProcess(distributions(np.random.default_rng(seed), types + 1, types), 0.4, depth, noise)


def each_process(seed: int = 0) -> list[Process[Any]]:
    return [markov(seed), hidden_markov(seed), brackets(seed)]


def all_strings(symbols: int, length: int) -> Ids:
    return np.array(list(itertools.product(range(symbols), repeat=length)))


def markov_probability(process: MarkovProcess, transitions: Floats, string: Ids) -> float:
    start = transitions.shape[0] ** -float(process.order)
    return start * float(np.prod([transitions[tuple(string[t - 2 : t + 1])] for t in range(2, len(string))]))


def path_probability(process: HiddenMarkovProcess, string: Ids) -> float:
    total = 0.0
    for path in itertools.product(range(len(process.start)), repeat=len(string)):
        p = process.start[path[0]]
        for t, (state, symbol) in enumerate(zip(path, string, strict=True)):
            p *= process.emissions[state, symbol] * (
                process.transitions[state, path[t + 1]] if t + 1 < len(path) else 1
            )
        total += p
    return total


def bracket_probability(types: Floats, opening: float, depth: int, noise: float, string: Ids) -> float:
    """From the description alone: what may come by the rules, then the noise, then the stack."""
    k, p, stack = types.shape[1], 1.0, []
    for symbol in string:
        opens = 1.0 if not stack else 0.0 if len(stack) == depth else opening
        if symbol < k:
            by_rule = opens * types[stack[-1] if stack else k, symbol]
        else:
            by_rule = (1 - opens) * (bool(stack) and stack[-1] == symbol - k)
        p *= (1 - noise) * by_rule + noise / (2 * k)
        if symbol < k and len(stack) < depth:
            stack.append(symbol)
        elif symbol >= k and stack and stack[-1] == symbol - k:
            stack.pop()
    return p


def test_markov_scores_are_the_product_of_its_transitions() -> None:
    transitions = distributions(np.random.default_rng(0), 3, 3, 3)
    process, strings = MarkovProcess(transitions), all_strings(3, 5)
    expected = [markov_probability(process, transitions, s) for s in strings]
    np.testing.assert_allclose(np.exp(process.predict(strings)[0].sum(axis=1)), expected, rtol=1e-12)


def test_the_forward_filter_sums_over_all_hidden_paths() -> None:
    process, strings = hidden_markov(), all_strings(3, 5)
    expected = [path_probability(process, s) for s in strings]
    np.testing.assert_allclose(np.exp(process.predict(strings)[0].sum(axis=1)), expected, rtol=1e-12)


def test_the_forward_filter_agrees_with_hmmlearn_on_a_long_text() -> None:
    hmm = pytest.importorskip("hmmlearn.hmm")
    process = hidden_markov(states=4, symbols=6)
    text = process.draw(5_000, np.random.default_rng(1))
    theirs = hmm.CategoricalHMM(4, implementation="log")
    theirs.n_features = 6
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = process.start, process.transitions, process.emissions
    assert process.predict(text[None])[0].sum() == pytest.approx(theirs.score(text[:, None]), rel=1e-12)


def test_bracket_scores_follow_from_the_rules() -> None:
    types = distributions(np.random.default_rng(0), 3, 2)
    strings = all_strings(4, 5)
    expected = [bracket_probability(types, 0.4, 2, 0.1, s) for s in strings]
    scores = BracketProcess(types, 0.4, 2, 0.1).predict(strings)[0]
    np.testing.assert_allclose(np.exp(scores.sum(axis=1)), expected, rtol=1e-12)


@pytest.mark.parametrize("process", each_process(), ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_probabilities_of_all_strings_of_a_length_sum_to_one(process: Process[Any], length: int) -> None:
    scores = process.predict(all_strings(process.vocab_size, length))[0]
    assert np.exp(scores.sum(axis=1)).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("process", each_process(), ids=lambda p: type(p).__name__)
def test_next_is_what_predict_says_of_each_symbol(process: Process[Any]) -> None:
    text = process.draw(12, np.random.default_rng(0)).reshape(2, 6)
    for state, batch in [(None, 2), (process.predict(text)[1], 2)]:
        asked = np.concatenate(
            [process.predict(np.full((batch, 1), v), state)[0] for v in range(process.vocab_size)], axis=1
        )
        np.testing.assert_allclose(process.next(state, batch), np.exp(asked), rtol=1e-12)


@given(data=st.data(), which=st.integers(0, 2), cuts=st.lists(st.integers(0, 20), max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_text_scores_the_same_in_pieces_and_alone_as_in_a_batch(
    data: st.DataObject, which: int, cuts: list[int]
) -> None:
    process = each_process()[which]
    symbols = st.integers(0, process.vocab_size - 1)
    text = np.array(data.draw(st.lists(st.lists(symbols, min_size=20, max_size=20), min_size=1, max_size=3)))
    whole = process.predict(text)[0]
    state, pieces = None, []
    for piece in np.split(text, sorted(cuts), axis=1):
        process.predict(piece[:, ::-1], state)  # what is read beside must not change the state handed out
        scores, state = process.predict(piece, state)
        pieces.append(scores)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([process.predict(row[None])[0] for row in text]), whole, rtol=1e-12)


def conditionals(process: Process[Any], text: Ids) -> Iterator[Floats]:
    """p(· | text[:t]) for each t."""
    state: Any = None
    for symbol in text:
        yield process.next(state)[0]
        state = process.predict(np.array([[symbol]]), state)[1]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("process", each_process(), ids=lambda p: type(p).__name__)
def test_drawn_text_has_the_entropy_that_its_process_claims(process: Process[Any], seed: int) -> None:
    """−ln p(x_t | past) minus its conditional mean is a martingale difference of known variance, so their sum over
    its standard deviation is standard normal in the limit; 4 is passed once in 16,000 honest texts."""
    text = process.draw(4_000, np.random.default_rng(seed))
    rows = np.stack(list(conditionals(process, text)))
    surprise = -np.log(rows)
    entropy = (rows * surprise).sum(axis=1)
    variance = (rows * surprise**2).sum(axis=1) - entropy**2
    excess = -process.predict(text[None])[0][0] - entropy
    assert abs(excess.sum()) < 4 * np.sqrt(variance.sum())
    # The symbols themselves, not only their surprise: the same law for the indicator of each.
    hits = np.eye(process.vocab_size)[text] - rows
    assert (np.abs(hits.sum(axis=0)) < 4 * np.sqrt((rows * (1 - rows)).sum(axis=0))).all()


@pytest.mark.parametrize("which", range(3))
def test_another_process_of_the_kind_scores_worse(which: int) -> None:
    truth, other = each_process(0)[which], each_process(1)[which]
    text = truth.draw(4_000, np.random.default_rng(0))[None]
    assert other.predict(text)[0].mean() < truth.predict(text)[0].mean() - 0.02


def test_the_bracket_that_closes_may_have_opened_any_number_of_symbols_before() -> None:
    process = brackets(depth=3, noise=0.01)
    inside = [0, 2] * 50  # fifty times "()"
    round_opened, square_opened = np.array([[0, *inside]]), np.array([[1, *inside]])
    after = [process.next(process.predict(text)[1])[0] for text in (round_opened, square_opened)]
    assert after[0][2] > 0.5 > 0.01 > after[0][3]
    assert after[1][3] > 0.5 > 0.01 > after[1][2]
