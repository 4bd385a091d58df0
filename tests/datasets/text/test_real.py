"""The real texts have the published sizes."""

import sys
from collections import Counter

import numpy as np
import pytest

from seqbench.data import DataError
from seqbench.datasets.documents.cedr import CedrText
from seqbench.datasets.download import verify
from seqbench.datasets.text import python_reference
from seqbench.datasets.text.python_reference import PythonReference
from seqbench.datasets.text.tinyshakespeare import TinyShakespeare
from seqbench.datasets.text.wikitext import WikiText2, WikiText2Characters
from seqbench.tasks.language.data import TextData
from seqbench.tasks.language.vocab import EOS, UNK


def need(name: str) -> None:
    if any(row.state != "good" for row in verify([name])):
        pytest.skip(f"{name} is not at hand: run `seqbench data fetch {name}`, or set SEQBENCH_DATA")


def sizes(data: TextData) -> list[int]:
    return [data.train.tokens, data.valid.tokens, data.test.tokens]


def test_wikitext2_as_a_stream_has_the_published_tokens_and_vocabulary() -> None:
    need("wikitext2")
    data = WikiText2().load()
    assert sizes(data) == [2_088_628, 217_646, 245_569]
    assert data.vocab.size == 33_278
    assert [len(split.documents) for split in (data.train, data.valid, data.test)] == [1, 1, 1]
    assert [int(s.characters[0].sum()) for s in (data.train, data.valid, data.test)] == [
        10_780_437,
        1_120_192,
        1_255_018,
    ]
    assert data.vocab.decode(data.test.documents[0][:7]) == [EOS, "=", "Robert", UNK, "=", EOS, EOS]


def test_wikitext2_as_sentences_drops_blank_lines_and_starts_each_line_anew() -> None:
    need("wikitext2")
    data = WikiText2(convention="sentence").load()
    assert data.test.tokens == 244_102
    assert data.notes["blank_lines_dropped_test"] == 245_569 - 244_102
    assert data.vocab.size == 33_278
    assert [len(d) for d in data.test.documents] == [len(c) for c in data.test.characters]
    assert min(len(d) for d in data.test.documents) > 1
    ends = np.array([d[-1] for d in data.test.documents])
    assert (ends == data.vocab.eos).all()
    assert (np.concatenate(data.test.documents) == data.vocab.eos).sum() == len(ends)


def test_wikitext2_by_characters_is_the_text_of_its_words() -> None:
    need("wikitext2")
    data, words = WikiText2Characters().load(), WikiText2().load()
    text = "".join(data.vocab.decode(data.test.documents[0][:23]))
    assert text == " \n = Robert <unk> = \n \n"
    assert sizes(data) == [10_780_437, 1_120_192, 1_255_018]
    assert data.vocab.size < 300
    assert WikiText2Characters().fingerprint() == WikiText2().fingerprint()
    assert words.vocab.size == 33_278


def test_cedr_as_text_has_every_sentence_once_and_none_of_the_test_part_in_training() -> None:
    need("cedr-ru")
    data = CedrText().load()
    parts = [
        {" ".join(data.vocab.decode(d)) for d in split.documents if (d == data.vocab.unk).sum() == 0}
        for split in (data.train, data.valid, data.test)
    ]
    assert not parts[0] & parts[2]
    assert not parts[0] & parts[1]
    assert [len(s.documents) for s in (data.train, data.valid, data.test)] == [6744, 749, 1882]
    assert data.vocab.size == 8259


def test_tinyshakespeare_has_65_characters_and_unknown_split_90_5_5() -> None:
    need("tinyshakespeare")
    data = TinyShakespeare().load()
    assert sum(sizes(data)) == 1_115_394
    assert sizes(data) == [1_003_854, 55_770, 55_770]
    assert data.vocab.size == 66


@pytest.mark.parametrize(("name", "dataset"), [("wikitext2", WikiText2()), ("tinyshakespeare", TinyShakespeare())])
def test_the_fingerprint_is_the_same_on_every_machine(name: str, dataset: WikiText2 | TinyShakespeare) -> None:
    need(name)
    known = {"wikitext2": "69d95d23", "tinyshakespeare": "8db07515"}
    assert dataset.fingerprint()[:8] == known[name]


def test_the_python_reference_is_real_text_of_a_size_for_quick_runs() -> None:
    data = PythonReference().load()
    assert 30_000 < data.train.tokens < 300_000
    assert 1_000 < data.vocab.size < 5_000
    assert data.test.tokens > 4_000
    assert 0 < int(data.notes["unknown_train"]) < 0.1 * data.train.tokens
    assert str(data.notes["python"]).startswith(".".join(map(str, sys.version_info[:3])))
    assert {"lambda", "yield", "__init__"} <= set(data.vocab.symbols)


def test_no_paragraph_of_the_python_reference_that_is_tested_was_learned_from() -> None:
    parts = PythonReference().parts()
    lines = [line for part in (parts.train, parts.valid, parts.test) for line in part.splitlines()]
    assert max(Counter(lines).values()) == 1
    assert int(parts.notes["repeated_paragraphs_dropped"]) > 0


def test_a_python_without_its_reference_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    for ask in (PythonReference().load, PythonReference().fingerprint):
        with pytest.raises(DataError, match=r"comes without its language reference \(the module pydoc_data\.topics\)"):
            ask()


def test_topics_are_read_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    topics = [("a", "Zero one\ntwo.\n\nThree, four."), ("b", "Three, four.\n\n  five")]
    monkeypatch.setattr(python_reference, "_topics", lambda: topics)
    words, characters = (PythonReference(unit=unit).parts() for unit in ("word", "character"))
    assert words.train + words.valid + words.test == "Zero one two.\nThree, four.\nfive\n"
    assert characters.train + characters.valid + characters.test == "Zero one\ntwo.\n\nThree, four.\n\n  five\n\n"
