"""All taggers that ship: what each must keep, whatever it is made of."""

from importlib import import_module

import numpy as np
import pytest
from tag_corpus import TAGS, context, corpus

from seqbench.catalogue import MODELS
from seqbench.interface import Floats
from seqbench.learning.tagger import NeuralTagger
from seqbench.recurrent.letters import LetterLSTM
from seqbench.recurrent.taggers import BidirectionalLSTMTagger
from seqbench.spec import parse
from seqbench.tasks.tags.model import Tagged, Tagger

CLASSIC = ("most-frequent-tag", "hmm-tagger", "logistic-regression", "averaged-perceptron")
RECURRENT = ("elman", "jordan", "shortcut", "multiplicative-rnn", "mingru", "gru", "lstm", "bilstm")
NEURAL = ("window-mlp", "tcn", *RECURRENT)
VARIANTS = ("bilstm(letters=lstm)", "lstm(letters=none)", "gru(crf=true)", "window-mlp(crf=true, decoding=viterbi)")
SMALL = {"embedding_size": 12, "hidden_size": 8, "letter_size": 6, "letter_features": 8, "batch_size": 16}
TRAIN, NEW = corpus(60), corpus(15, seed=1).sentences
ODD = [["the"], ["Zürich", "", "x" * 80, "saw"], ["a"] * 70, ["новое"]]
"""New words, an empty and a very long one, a long sentence, sentences of one word."""


def found(name: str) -> type[Tagger]:
    module, _, attribute = MODELS[name].targets["tag"].partition(":")
    kind: type[Tagger] = getattr(import_module(module), attribute)
    return kind


def fitted(name: str, train: Tagged = TRAIN, epochs: int = 1, **settings: object) -> Tagger:
    spec = parse(name)
    kind = found(spec.name)
    small = SMALL if issubclass(kind, NeuralTagger) else {}
    model: Tagger = kind(kind.config_class(**{**small, **spec.settings, **settings}))
    model.fit(train, context(train, epochs=epochs))
    return model


def largest_gap(a: list[Floats], b: list[Floats]) -> float:
    """Return the largest difference of log-probabilities; those of impossible tags must be the same."""
    one, other = np.concatenate(a), np.concatenate(b)
    finite = np.isfinite(other)
    assert (one[~finite] == other[~finite]).all()
    return float(np.abs(one[finite] - other[finite]).max())


@pytest.mark.parametrize("name", [*CLASSIC, *NEURAL, *VARIANTS])
def test_a_tagger_gives_distributions_that_depend_on_no_other_sentence_and_survive_storage(name: str) -> None:
    model = fitted(name)
    sentences = [*NEW, *ODD]
    together = list(model.predict(sentences))
    assert [p.shape for p in together] == [(len(words), len(TAGS)) for words in sentences]
    np.testing.assert_allclose(np.exp(np.concatenate(together)).sum(axis=1), 1, atol=1e-9)
    alone = [model.predict([words])[0] for words in sentences]
    assert largest_gap(alone, together) < (1e-10 if name in CLASSIC else 1e-5)
    arrays = model.arrays()
    assert arrays is not None
    stored = type(model)(model.config)
    stored.restore(arrays)
    assert largest_gap(list(stored.predict(sentences)), together) == 0
    assert list(model.predict([])) == []


@pytest.mark.parametrize("name", [*NEURAL, *VARIANTS])
def test_padding_and_neighbours_change_nothing_but_the_last_digits(name: str) -> None:
    model = fitted(name)
    assert isinstance(model, NeuralTagger)
    model.network.double()
    sentences = [*NEW, *ODD]
    together = model.predict(sentences)
    assert largest_gap([model.predict([words])[0] for words in sentences], together) < 1e-10


@pytest.mark.parametrize("name", [*CLASSIC, *NEURAL])
def test_a_tagger_learns_from_sentences_of_one_word(name: str) -> None:
    train = Tagged([["saw"], ["the"], ["cat"]] * 10, [np.array([2]), np.array([0]), np.array([1])] * 10)
    model = fitted(name, train, epochs=12, **({} if name in CLASSIC else {"learning_rate": 0.05, "dropout": 0.0}))
    assert [TAGS[p[0].argmax()] for p in model.predict([["saw"], ["the"], ["cat"]])] == ["VERB", "DET", "NOUN"]


def sees(model: Tagger) -> list[bool]:
    """Return for each word of a sentence whether the tags of the word in the middle depend on it."""
    assert isinstance(model, NeuralTagger)
    model.network.double()
    words, middle = [f"v{i}ify" for i in range(9)], 4
    base = model.predict([words])[0][middle]
    return [
        bool(np.abs(model.predict([[*words[:i], "the", *words[i + 1 :]]])[0][middle] - base).max() > 1e-12)
        for i in range(len(words))
    ]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("window-mlp(reach=1)", "...***..."),
        ("tcn(levels=1, kernel_size=2)", "..***...."),
        ("tcn", "*****...."),
        ("lstm", "*****...."),
        ("lstm(direction=backward)", "....*****"),
        ("bilstm", "*********"),
        ("window-mlp(reach=0, crf=true)", "*********"),
    ],
)
def test_a_body_sees_the_words_that_it_should(name: str, seen: str) -> None:
    assert "".join("*" if one else "." for one in sees(fitted(name, learning_rate=0.02))) == seen


@pytest.mark.parametrize("name", ["bilstm", "gru(direction=both, crf=true, letters=lstm)", "window-mlp"])
def test_words_and_letters_together_solve_a_language_with_new_words(name: str) -> None:
    new = corpus(100, seed=5)
    model = fitted(name, corpus(200), epochs=6, learning_rate=0.03)
    said = np.concatenate(list(model.predict(new.sentences))).argmax(axis=1)
    assert (said == np.concatenate(new.tags)).mean() > 0.97


def test_without_letters_all_new_words_are_alike() -> None:
    one, other = fitted("lstm(letters=none)").predict([["the", "gladness"], ["the", "glorify"]])
    np.testing.assert_array_equal(one, other)


def test_letters_by_lstm_need_two_halves() -> None:
    with pytest.raises(ValueError, match="even letter_features"):
        fitted("bilstm", letters="lstm", letter_features=7)
    model = fitted("bilstm", letters="lstm")
    assert isinstance(model, BidirectionalLSTMTagger)
    assert isinstance(model.network.letters, LetterLSTM)


def test_the_families_have_settings_of_their_own_and_those_of_all_taggers() -> None:
    for name in RECURRENT:
        config = found(name).config_class
        assert {"direction", "letters", "crf"} <= set(config.model_fields)
        assert config.__name__.endswith("TaggerConfig")
