"""Synthetic data sets: the same for the same options, and hard in the way that each is meant to be."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench.data import DataError
from seqbench.datasets.synthetic.text import Synthetic, SyntheticBrackets, SyntheticHMM, SyntheticMarkov
from seqbench.interface import Ids
from seqbench.tasks.language.data import TextData, TextSplit

KINDS: list[type[Synthetic]] = [SyntheticMarkov, SyntheticHMM, SyntheticBrackets]
SMALL = {"train_tokens": 500, "valid_tokens": 200, "test_tokens": 300}


def text(split: TextSplit) -> Ids:
    (document,) = split.documents
    return document


def true_perplexity(data: TextData) -> float:
    assert data.truth is not None
    return float(np.exp(-data.truth.predict(text(data.test)[None])[0].mean()))


def counted_perplexity(learn: Ids, score: Ids, symbols: int, order: int, pseudo: float) -> float:
    """Of a Markov chain counted on one text, `pseudo` added to each count, and scored on another."""
    places = symbols ** np.arange(order)
    counts = np.full((symbols**order, symbols), pseudo)
    windows = [np.lib.stride_tricks.sliding_window_view(t, order + 1) for t in (learn, score)]
    np.add.at(counts, (windows[0][:, :-1] @ places, windows[0][:, -1]), 1)
    rows = counts[windows[1][:, :-1] @ places]
    return float(np.exp(-np.log(rows[np.arange(len(rows)), windows[1][:, -1]] / rows.sum(axis=1)).mean()))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_options_give_equal_data_and_another_seed_gives_other(kind: type[Synthetic]) -> None:
    a, b, c = (kind(seed=seed, **SMALL).load() for seed in (3, 3, 4))
    for split in ("train", "valid", "test"):
        np.testing.assert_array_equal(text(getattr(a, split)), text(getattr(b, split)))
        assert (text(getattr(a, split)) != text(getattr(c, split))).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_training_part_goes_on_where_the_shorter_ends_and_leaves_the_test_part(kind: type[Synthetic]) -> None:
    short, long = (kind(**SMALL | {"train_tokens": n}).load() for n in (500, 900))
    np.testing.assert_array_equal(text(short.test), text(long.test))
    np.testing.assert_array_equal(text(short.train), text(long.train)[:500])


@pytest.mark.parametrize("kind", KINDS)
def test_splits_have_their_lengths_and_each_symbol_is_one_character(kind: type[Synthetic]) -> None:
    data = kind(**SMALL).load()
    assert (data.train.tokens, data.valid.tokens, data.test.tokens) == (500, 200, 300)
    assert data.vocab.unk is None
    assert data.vocab.eos is None
    assert sum(map(len, data.vocab.decode(text(data.test)))) == data.test.characters[0].sum()
    assert data.truth is not None
    assert data.truth.vocab_size == data.vocab.size == len(data.truth.next()[0])


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (SyntheticMarkov, "29c26637d2f11390"),
        (SyntheticHMM, "d50bf7cef3e12f37"),
        (SyntheticBrackets, "3ff4dcd0c86e9c35"),
    ],
)
def test_the_data_is_the_same_on_every_machine(kind: type[Synthetic], start: str) -> None:
    data = kind(**SMALL).load()
    assert hashlib.sha256("".join(data.vocab.decode(text(data.test))).encode()).hexdigest()[:16] == start


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_part_of_the_fingerprint(kind: type[Synthetic]) -> None:
    base = kind()
    assert kind().fingerprint() == base.fingerprint()
    for name in kind.model_fields:
        value = getattr(base, name)
        changed = value / 2 if isinstance(value, float) else value - 1 if name in ("types", "symbols") else value + 1
        assert kind(**{name: changed}).fingerprint() != base.fingerprint(), name
    assert len({k(**SMALL).fingerprint() for k in KINDS}) == 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_chain_of_the_right_order_comes_within_one_per_cent_of_the_truth_and_a_lower_one_does_not(seed: int) -> None:
    data = SyntheticMarkov(seed=seed).load()
    truth = true_perplexity(data)
    right, lower = (
        counted_perplexity(text(data.train), text(data.test), data.vocab.size, order, pseudo=0.5) for order in (2, 1)
    )
    assert right < 1.01 * truth
    assert lower > 1.3 * truth


@pytest.mark.parametrize(("kind", "gap"), [(SyntheticHMM, 1.02), (SyntheticBrackets, 1.2)])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_trigram_comes_near_the_truth_of_a_source_with_memory(kind: type[Synthetic], gap: float, seed: int) -> None:
    """Counted on the very text that it is scored on, a trigram is as good as a trigram can be."""
    data = kind(seed=seed).load()
    best = counted_perplexity(text(data.test), text(data.test), data.vocab.size, order=2, pseudo=0)
    assert best > gap * true_perplexity(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_symbols_is_read_as_the_test_part(kind: type[Synthetic], tmp_path: Path) -> None:
    data, file = kind(**SMALL).load(), tmp_path / "symbols.txt"
    written = "".join(data.vocab.decode(text(data.test)))
    file.write_text(f"{written[:100]}\n {written[100:]}\n")
    np.testing.assert_array_equal(text(kind().read(file, {"symbols": data.vocab.symbols})), text(data.test))
    file.write_text("?")
    with pytest.raises(DataError, match=r"symbols\.txt: the symbol '\?' is not in the vocabulary"):
        kind().read(file, {"symbols": data.vocab.symbols})


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_baum_welch_with_twice_the_states_comes_within_one_per_cent_of_the_truth(seed: int) -> None:
    hmm = pytest.importorskip("hmmlearn.hmm")
    data = SyntheticHMM(seed=seed).load()
    rng, states, symbols = np.random.default_rng(0), 8, data.vocab.size
    model = hmm.CategoricalHMM(states, n_iter=40, tol=0, init_params="", implementation="scaling")
    model.n_features = symbols
    model.startprob_ = np.full(states, 1 / states)
    model.transmat_ = 0.5 * np.eye(states) + 0.5 * rng.dirichlet(np.ones(states), size=states)
    frequencies = np.bincount(text(data.train)) / data.train.tokens
    model.emissionprob_ = 0.5 * frequencies + 0.5 * rng.dirichlet(np.ones(symbols), size=states)
    model.fit(text(data.train)[:, None])
    assert np.exp(-model.score(text(data.test)[:, None]) / data.test.tokens) < 1.01 * true_perplexity(data)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (SyntheticMarkov, {"order": 8}, "need more than 1,000,000 probabilities"),
        (SyntheticMarkov, {"symbols": 27}, "less than or equal to 26"),
        (SyntheticHMM, {"states": 13}, "need as many symbols"),
        (SyntheticBrackets, {"types": 5}, "less than or equal to 4"),
        (SyntheticBrackets, {"noise": 0}, "greater than 0"),
        (SyntheticHMM, {"test_tokens": 0}, "greater than or equal to 1"),
    ],
)
def test_options_out_of_range_are_refused(kind: type[Synthetic], options: dict[str, int], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        kind(**options)
