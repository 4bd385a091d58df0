"""Multi30K has the published sizes, and its words are cut as those of other texts."""

from collections.abc import Sequence
from typing import Any

import pytest
import sacrebleu

from seqbench.datasets.download import verify
from seqbench.datasets.pairs.multi30k import Multi30k
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.detokenisation import detokenised


@pytest.fixture(scope="module")
def data() -> TranslationData:
    if any(row.state != "good" for row in verify(["multi30k"])):
        pytest.skip("multi30k is not at hand: run `seqbench data fetch multi30k`, or set SEQBENCH_DATA")
    return Multi30k(lowercase=False).load()


def spaced(sentences: Sequence[str]) -> int:
    """Return the number of words between white space."""
    return sum(len(sentence.split()) for sentence in sentences)


def test_the_parts_have_the_published_sizes(data: TranslationData) -> None:
    assert [len(part) for part in (data.train, data.valid, data.test)] == [29_000, 1_014, 1_000]
    written: Sequence[Any] = [part.written for part in (data.train, data.valid, data.test)]
    assert [spaced(of_part) for of_part in written] == [345_020, 12_167, 11_877]
    assert data.convention == "de to en, words and marks"


def test_a_pair_is_the_same_sentence_in_both_languages(data: TranslationData) -> None:
    assert data.test.sources[0][:6] == ["Ein", "Mann", "mit", "einem", "orangefarbenen", "Hut"]
    assert data.test.targets[0][:6] == ["A", "man", "in", "an", "orange", "hat"]


def test_the_references_are_nearly_all_restored_from_their_words(data: TranslationData) -> None:
    written = list(data.test.written or ())
    texts = [detokenised(words) for words in data.test.targets]
    assert sum(a == b for a, b in zip(texts, written, strict=True)) >= 995
    assert sacrebleu.corpus_bleu(texts, [written]).score > 99.9


def test_the_direction_and_the_test_part_can_be_chosen(data: TranslationData) -> None:
    other = Multi30k(direction="en-de", test=2017)
    assert other.directed() == "en to de"
    test = other.parts().test
    assert test is not None
    assert len(test) == 1_000
    assert (spaced(test.sources), spaced(test.targets)) == (10_526, 9_600)
