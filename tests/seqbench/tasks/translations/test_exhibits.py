"""Examples and attention of a translator: from the data and the model, and what is left out where there is none."""

from typing import Any

import numpy as np
import pytest
from translators import Attentive, Dictionary

from seqbench.evidence.exhibits import LONG, Images, Listing
from seqbench.evidence.laws import ScoreError
from seqbench.interface import Budget, Floats
from seqbench.tasks.base import Scored
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.exhibits import Fit, attention, translation_exhibits
from seqbench.tasks.translations.laws import Witness
from seqbench.tasks.translations.model import Pairs, Words
from seqbench.tasks.translations.task import Translation

KIND = Translation()


def fit(model: Dictionary, longest: int = 6) -> Fit:
    rng = np.random.default_rng(0)
    vocabs = Vocab((UNK, *(f"s{i}" for i in range(5)))), Vocab((UNK, EOS, *(f"t{i}" for i in range(5))))

    def part(count: int) -> Pairs:
        numbers = [rng.integers(5, size=int(rng.integers(longest - 2, longest + 1))) for _ in range(count)]
        return Pairs([[f"s{i}" for i in n] for n in numbers], [[f"t{i}" for i in n] for n in numbers])

    data = TranslationData("digits", *vocabs, part(80), part(20), part(40), "words")
    model.fit(KIND.train(data, "test"), KIND.context(data, "test", 0, Budget(), "cpu", lambda *_: None))
    witness = Witness()
    columns = KIND.score(model, data, "test", None, witness)
    return Scored(model, data, columns, {}, witness, frozenset(), 0)


def test_the_longest_short_example_is_shown_with_the_weights_of_the_model(record: Any) -> None:
    of = fit(Attentive())
    told = attention(of)
    assert told is not None
    rows = np.unique(np.linspace(0, 39, 8).round().astype(int))
    assert len(told["source"]) == max(len(of.data.test.sources[i]) for i in rows)
    (row,) = [i for i in rows if of.data.test.sources[i] == told["source"]][:1]
    assert told["target"] == [*of.witness.said[row], EOS]
    np.testing.assert_array_equal(told["weights"], np.eye(len(told["target"]), len(told["source"])))
    (images,) = translation_exhibits(record({"attention": told}))
    assert isinstance(images, Images)
    assert list(images.names) == told["source"]
    assert list(images.rows) == [f"{k} {word}" for k, word in enumerate(told["target"], start=1)]
    shades = np.array([[float(picture.item()) for picture in row] for row in images.rows.values()])
    np.testing.assert_array_equal(shades, 2 * np.array(told["weights"]) - 1)


class Blind(Attentive):
    def attention(self, source: Words, target: Words) -> Floats:
        raise ValueError("this model has no attention that could be shown")


class Wide(Attentive):
    def attention(self, source: Words, target: Words) -> Floats:
        return np.ones((1, 1))


class Lost(Attentive):
    def attention(self, source: Words, target: Words) -> Floats:
        return np.full((len(target) + 1, len(source)), np.nan)


def test_models_without_attention_and_long_sentences_have_no_picture() -> None:
    assert attention(fit(Dictionary())) is None
    assert attention(fit(Blind())) is None
    assert attention(fit(Attentive(), longest=30)) is None


@pytest.mark.parametrize(("model", "words"), [(Wide, r"shape \(1, 1\)"), (Lost, "NaN or infinity")])
def test_weights_that_cannot_be_drawn_are_told(model: type[Attentive], words: str) -> None:
    with pytest.raises(ScoreError, match=words):
        attention(fit(model()))


def test_examples_are_a_list_of_bounded_texts(record: Any) -> None:
    of = fit(Dictionary(), longest=200)
    told = KIND.examples(of)["examples"]()
    assert {len(text) for one in told for text in one.values()} == {LONG}
    (listing,) = KIND.exhibits(record({"examples": told}), None)
    assert isinstance(listing, Listing)
    assert [tuple(row) for row in listing.rows] == [
        (one["source"], one["reference"], one["translation"]) for one in told
    ]
    assert KIND.exhibits(record({}), None) == []
