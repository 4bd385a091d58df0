"""The treebanks have the published sizes."""

from functools import cache

import numpy as np
import pytest

from seqbench.datasets.download import verify
from seqbench.datasets.tagged.base import Treebank
from seqbench.datasets.tagged.ewt import EnglishEWT
from seqbench.datasets.tagged.taiga import RussianTaiga

load = cache(lambda source: source.load())
UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"


def need(name: str) -> None:
    if any(row.state != "good" for row in verify([name])):
        pytest.skip(f"{name} is not at hand: run `seqbench data fetch {name}`, or set SEQBENCH_DATA")


@pytest.mark.parametrize(
    ("source", "sentences", "words", "ranges", "empty"),
    [
        (EnglishEWT(), [12_544, 2_001, 2_077], [204_577, 25_147, 25_094], [2_614, 359, 354], [37, 4, 2]),
        (RussianTaiga(), [3_138, 945, 881], [43_557, 10_094, 10_269], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_a_treebank_has_the_counts_of_its_authors(
    source: Treebank, sentences: list[int], words: list[int], ranges: list[int], empty: list[int]
) -> None:
    need(source.name)
    data = load(source)
    assert data.tags == tuple(UPOS.split())
    for i, (part, name) in enumerate(zip((data.train, data.valid, data.test), ("train", "valid", "test"), strict=True)):
        assert (len(part), sum(map(len, part.sentences))) == (sentences[i], words[i])
        assert [len(own) for own in part.tags] == [len(own) for own in part.sentences]
        assert data.notes[f"multiword_ranges_skipped_{name}"] == ranges[i]
        assert data.notes[f"empty_nodes_skipped_{name}"] == empty[i]
    assert set(np.concatenate(list(data.train.tags))) == set(range(17))


def test_the_first_sentence_of_the_english_test_part_is_known() -> None:
    need("ud-english-ewt")
    data = load(EnglishEWT())
    assert data.test.sentences[0] == ["What", "if", "Google", "Morphed", "Into", "GoogleOS", "?"]
    assert [data.tags[i] for i in data.test.tags[0]] == ["PRON", "SCONJ", "PROPN", "VERB", "ADP", "PROPN", "PUNCT"]
