"""Labelled documents: what becomes of a text is counted, and the order of the rows changes nothing."""

import random
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from seqbench.baselines.bags_of_words.naive_bayes import MultinomialNaiveBayes
from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.datasets.documents.ag_news import AGNews
from seqbench.datasets.documents.base import DocumentDataset, DocumentParts
from seqbench.datasets.documents.cedr import Cedr
from seqbench.datasets.documents.collection import Rows
from seqbench.datasets.documents.movie_reviews import MovieReviews
from seqbench.datasets.documents.reuters import ReutersR8
from seqbench.datasets.documents.trec import Trec
from seqbench.interface import Budget
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.task import Classification
from seqbench.tasks.language.vocab import EOS, UNK

Pairs = list[tuple[str, str]]

FRUIT: Pairs = [(f"A ripe fruit , number {i} !", "fruit") for i in range(40)]
STONE: Pairs = [(f"A hard stone , number {i} ...", "stone") for i in range(60)]


class Toy(DocumentDataset):
    name: ClassVar[str] = "toy"

    train: Pairs
    valid: Pairs | None = None
    test: Pairs | None = None

    def fingerprint(self) -> str:
        return ""

    def parts(self) -> DocumentParts:
        train, valid, test = (
            None if pairs is None else Rows([t for t, _ in pairs], [c for _, c in pairs])
            for pairs in (self.train, self.valid, self.test)
        )
        assert train is not None
        return DocumentParts(train, valid, test, {"from": "memory"})


def texts(data: LabelledData, part: str) -> list[str]:
    return [" ".join(words) for words in getattr(data, part).texts.words]


def rows(data: LabelledData, part: str) -> set[tuple[str, str]]:
    labels = [data.classes[i] for i in getattr(data, part).labels]
    return set(zip(texts(data, part), labels, strict=True))


def assert_equal(one: LabelledData, other: LabelledData) -> None:
    assert (one.vocab, one.classes, one.notes) == (other.vocab, other.classes, other.notes)
    for part in ("train", "valid", "test"):
        a, b = getattr(one, part), getattr(other, part)
        assert list(a.texts.words) == list(b.texts.words)
        np.testing.assert_array_equal(a.labels, b.labels)
        for ids, theirs in zip(a.texts.ids, b.texts.ids, strict=True):
            np.testing.assert_array_equal(ids, theirs)


def test_a_tenth_of_each_class_is_cut_for_validation_and_for_the_test() -> None:
    data = Toy(train=FRUIT + STONE).load()
    assert data.classes == ("fruit", "stone")
    counts = [np.bincount(part.labels).tolist() for part in (data.train, data.valid, data.test)]
    assert counts == [[32, 48], [4, 6], [4, 6]]
    assert [data.notes[f"documents_{part}"] for part in ("train", "valid", "test")] == [80, 10, 10]
    everything = rows(data, "train") | rows(data, "valid") | rows(data, "test")
    assert len(everything) == 100
    assert ("a hard stone , number 7 ...", "stone") in everything


@pytest.mark.parametrize("given_part", ["valid", "test"])
def test_a_part_that_is_given_stays_whole_and_the_other_one_is_a_tenth_of_train(given_part: str) -> None:
    own = [("apple fruit", "fruit"), ("granite stone", "stone")]
    data = Toy(train=FRUIT + STONE, **{given_part: own}).load()
    cut = {"valid": "test", "test": "valid"}[given_part]
    assert rows(data, given_part) == set(own)
    assert [len(getattr(data, part)) for part in ("train", cut)] == [90, 10]


@given(st.permutations(FRUIT + STONE + FRUIT[:3] + [("", "fruit")]), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_neither_the_order_of_rows_nor_a_seed_changes_the_data(shuffled: Pairs, seed: int) -> None:
    before = Toy(train=FRUIT + STONE + FRUIT[:3] + [("", "fruit")]).load()
    random.seed(seed)
    assert_equal(Toy(train=shuffled).load(), before)


@pytest.mark.parametrize("options", [{"tokens": "whitespace"}, {"lowercase": False}, {"longest": 3}], ids=str)
def test_how_texts_become_words_moves_no_document_to_another_part(options: dict[str, Any]) -> None:
    numbered = [(f"{i} {text}", label) for i, (text, label) in enumerate(FRUIT + STONE)]
    plain, other = Toy(train=numbered).load(), Toy(train=numbered, **options).load()
    for part in ("train", "valid", "test"):
        assert [t.split()[0] for t in texts(plain, part)] == [t.split()[0] for t in texts(other, part)]


def test_words_are_words_of_unicode_and_runs_of_one_mark() -> None:
    toy = Toy(train=[])
    assert toy.words("Он сказал: «Don't»... ok?!") == [
        "он",
        "сказал",
        ":",
        "«",
        "don't",
        "»",
        *["...", "ok", "?", "!"],
    ]
    assert Toy(train=[], lowercase=False).words("No Way") == ["No", "Way"]
    assert Toy(train=[], tokens="whitespace").words("\tIt 's\u00a0A-1 .\n") == ["it", "'s", "a-1", "."]


def test_hindi_documents_that_words_between_white_space_tell_apart_are_learnt() -> None:
    """Cut at their combining marks, the words of both classes would have the same pieces."""
    kinds = {"a": ["किता", "मिरा", "दिना"], "b": ["काति", "मारि", "दानि"]}
    rows = [(f"{word} {i}", kind) for kind, words in kinds.items() for word in words for i in range(40)]
    data = Toy(train=rows).load()
    model = MultinomialNaiveBayes(MultinomialNaiveBayes.config_class())
    task = Classification()
    model.fit(data.train, task.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    assert (model.predict(data.test.texts).argmax(axis=1) == data.test.labels).all()


def test_the_vocabulary_is_that_of_the_training_part_as_it_is_truncated() -> None:
    toy = Toy(train=[("b b a c d", "x"), ("b a e", "y")], valid=[("a z q", "x")], test=[("z b", "y"), ("a a a b", "x")])
    data = toy.load()
    assert data.vocab.symbols == (UNK, "b", "a", "c", "d", "e")
    assert [data.notes[f"unknown_{part}"] for part in ("train", "valid", "test")] == [0, 2, 1]
    assert data.notes["vocabulary"] == 6
    assert data.notes["from"] == "memory"
    cut = toy.model_copy(update={"longest": 3}).load()
    assert cut.vocab.symbols == (UNK, "b", "a", "e")
    assert cut.notes["truncated"] == 2
    assert sorted(texts(cut, "test")) == ["a a a", "z b"]
    assert toy.model_copy(update={"min_count": 2}).load().vocab.symbols == (UNK, "b", "a")
    assert toy.model_copy(update={"vocab_size": 2}).load().vocab.symbols == (UNK, "b")
    assert data.convention == "lower-case words and marks, the first 400"


def test_ids_are_the_words_and_rare_ones_are_unknown_in_the_training_part_too() -> None:
    data = Toy(train=FRUIT + STONE, min_count=20).load()
    counts = Counter(chain.from_iterable(data.train.texts.words))
    assert set(data.vocab.symbols) == {word for word, n in counts.items() if n >= 20} | {UNK}
    for ids, words in zip(data.train.texts.ids, data.train.texts.words, strict=True):
        assert data.vocab.decode(ids) == [word if counts[word] >= 20 else UNK for word in words]


def test_a_text_may_hold_the_words_that_vocabularies_keep_for_themselves() -> None:
    data = Toy(train=[(f"{EOS} {UNK} a", "x"), ("b", "y")], valid=[("a", "x")], test=[("b", "y")], tokens="whitespace")
    loaded = data.load()
    assert loaded.vocab.symbols == (UNK, "a", "b")
    assert loaded.vocab.eos is None
    assert loaded.notes["unknown_train"] == 2


OVERLAPPING = Toy(
    train=[("Same , text", "x"), ("same,  TEXT", "x"), ("both", "y"), ("mine", "x"), ("own", "y")],
    valid=[("both", "y"), ("same , text", "x"), ("other", "y")],
    test=[("same , text", "x"), ("same , text", "x"), ("new", "y")],
)


def test_texts_that_two_parts_share_as_words_are_counted_and_kept() -> None:
    data = OVERLAPPING.load()
    assert [data.notes[f"shared_{pair}"] for pair in ("train_test", "valid_test", "train_valid")] == [1, 1, 2]
    assert [len(part) for part in (data.train, data.valid, data.test)] == [5, 3, 3]


def test_texts_that_a_later_part_has_too_are_removed_on_demand() -> None:
    data = OVERLAPPING.model_copy(update={"overlap": "remove"}).load()
    assert [sorted(texts(data, part)) for part in ("train", "valid", "test")] == [
        ["mine", "own"],
        ["both", "other"],
        ["new", "same , text", "same , text"],
    ]
    assert [data.notes[f"shared_left_out_{part}"] for part in ("train", "valid")] == [3, 1]
    assert data.notes["shared_train_test"] == 1


def test_rows_without_a_word_are_left_out_and_counted() -> None:
    data = Toy(train=[*FRUIT, *STONE, ("", "fruit"), (" \n", "stone")], test=[("\t", "stone"), *FRUIT[:1]]).load()
    assert data.notes["without_words_left_out"] == 3
    assert len(data.train) + len(data.valid) == 100
    assert len(data.test) == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"train": FRUIT}, "all training documents are of one class, 'fruit'"),
    ({"train": FRUIT + STONE, "test": [("moss", "moss")]}, "the test part has the class 'moss', which the training"),
    ({"train": FRUIT + STONE, "valid": [("moss", "moss")]}, "the valid part has the class 'moss'"),
    ({"train": FRUIT + STONE, "test": [(" ", "fruit")]}, "no document is left for the test part"),
    ({"train": []}, "no document is left for the train part"),
    ({"train": [*FRUIT, *STONE, ("one", "rare"), ("two", "rare")]}, "the class 'rare' has 2 distinct texts, fewer"),
    ({"train": FRUIT + STONE, "min_count": 1000}, r"min_count=1000 leaves no word; the most frequent one occurs \d+"),
    (
        {"train": FRUIT[:5] + STONE[:5], "valid": FRUIT[5:6], "test": FRUIT[:5] + STONE[:5], "overlap": "remove"},
        "no document is left for the train part",
    ),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_documents_that_cannot_be_classified_are_refused_with_the_reason(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^toy: {message}") as error:
        Toy(**options).load()
    assert "\n" not in str(error.value)


def test_the_vocabulary_is_cut_in_one_way_only() -> None:
    with pytest.raises(ValidationError, match="give vocab_size or min_count, not both"):
        Toy(train=[], min_count=2, vocab_size=100)


def test_a_file_of_new_texts_is_read_line_by_line_as_the_set_was(tmp_path: Path) -> None:
    toy = Toy(train=FRUIT + STONE, longest=5)
    vocab = toy.load().vocab
    path = tmp_path / "new.txt"
    path.write_bytes("\ufeffA RIPE plum, number 3\r\nstone".encode())
    new = toy.read(path, {"symbols": list(vocab.symbols), "classes": ["fruit", "stone"]})
    assert new.words == [["a", "ripe", "plum", ",", "number"], ["stone"]]
    assert vocab.decode(new.ids[0]) == ["a", "ripe", UNK, ",", "number"]


def test_a_new_text_without_a_word_is_refused_since_an_answer_a_line_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    path.write_text("one\n\ntwo\n")
    with pytest.raises(DataError, match=r"new\.txt, line 2: the text holds no word"):
        Toy(train=[]).read(path, {"symbols": [UNK, "one"]})


def use_files(monkeypatch: pytest.MonkeyPatch, *contents: bytes) -> None:
    monkeypatch.setattr(download, "read", lambda name: list(contents))


def test_trec_is_latin_1_with_two_grains_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    use_files(monkeypatch, b"DESC:def What is caf\xe9 ?\nENTY:animal Which fowl : hen ?\n", b"ENTY:food Eat ?\n")
    coarse, fine = Trec().parts(), Trec(labels="fine").parts()
    assert coarse.train == Rows(["What is café ?", "Which fowl : hen ?"], ["DESC", "ENTY"])
    assert fine.train.labels == ["DESC:def", "ENTY:animal"]
    assert coarse.test == Rows(["Eat ?"], ["ENTY"])
    assert coarse.valid is None


def test_r8_has_label_and_text_between_a_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    use_files(monkeypatch, b"money-fx\tbank of japan\nearn\tnet\tup\n", b"acq\tbuys\n")
    assert ReutersR8().parts().train == Rows(["bank of japan", "net\tup"], ["money-fx", "earn"])


def test_movie_reviews_are_cp1252_and_each_fold_is_tested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    use_files(monkeypatch, *(b"".join(b"%d \x97 %s \n" % (i, word) for i in range(30)) for word in (b"good", b"bad")))
    tested = []
    for fold in range(10):
        parts = MovieReviews(fold=fold).parts()
        assert parts.test is not None
        assert parts.valid is not None
        assert [len(p.texts) for p in (parts.train, parts.valid, parts.test)] == [48, 6, 6]
        assert Counter(parts.test.labels) == {"positive": 3, "negative": 3}
        assert parts.valid == MovieReviews(fold=(fold + 1) % 10).parts().test
        tested += parts.test.texts
    assert len(set(tested)) == 60
    assert "7 — good " in tested


def test_cedr_keeps_the_rows_with_one_emotion_and_counts_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    header = "text,labels,source\n"
    train = header + 'Ура!,[0],lj\n"Да, ""нет""",[],lj\nОх,[1 2],twitter\nГрр,[4],lj\n'
    test = header + "Ура!,[0],lj\nОх,[],lj\n"
    use_files(monkeypatch, train.encode(), test.encode())
    parts = Cedr().parts()
    assert parts.train == Rows(["Ура!", "Грр"], ["joy", "anger"])
    assert parts.test == Rows(["Ура!"], ["joy"])
    assert parts.notes == {
        "without_label_left_out_train": 1,
        "several_labels_left_out_train": 1,
        "without_label_left_out_test": 1,
        "several_labels_left_out_test": 0,
        "shared_train_test_before_rows_were_left_out": 2,
    }


def test_ag_news_joins_title_and_description(monkeypatch: pytest.MonkeyPatch) -> None:
    use_files(
        monkeypatch,
        b'"3","Stocks, up","He said ""buy"" to\\band of bulls"\n"4","A","B"\n',
        b'"1","Vote","In\nAsia"\n"2","Goal",""\n',
    )
    parts = AGNews().parts()
    assert parts.train == Rows(['Stocks, up He said "buy" to\\band of bulls', "A B"], ["Business", "Sci/Tech"])
    assert parts.test == Rows(["Vote In\nAsia", "Goal "], ["World", "Sports"])


@pytest.mark.parametrize("row", ['"5","title","text"', '"1","title"', '"class","title","description"', ""])
def test_another_file_in_the_place_of_ag_news_is_told(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    content = f'"1","title","text"\n{row}\n'.encode()
    use_files(monkeypatch, content, content)
    with pytest.raises(DataError, match="row 2 is no class 1 to 4, title and description"):
        AGNews().parts()
