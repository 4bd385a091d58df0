"""Tagged sentences of one's own: both formats, the split, what is refused and with which words."""

from pathlib import Path

import numpy as np
import pytest

from seqbench.data import DataError
from seqbench.datasets.tagged.own import TaggedFile
from seqbench.tasks.tags.data import TaggedData
from seqbench.tasks.tags.model import Tagged


def lines(count: int = 40, first: int = 0) -> str:
    """Sentences `w0 go`, `w1 go fast`, …"""
    more = [f"w{i}\tNOUN\ngo\tVERB\n" + ("fast\tADV\n" if i % 2 else "") for i in range(first, first + count)]
    return "\n".join(more)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def pairs(part: Tagged, data: TaggedData) -> list[tuple[tuple[str, str], ...]]:
    return [
        tuple(zip(words, [data.tags[i] for i in own], strict=True))
        for words, own in zip(part.sentences, part.tags, strict=True)
    ]


def test_words_and_tags_are_read_and_each_sentence_is_in_one_part(tmp_path: Path) -> None:
    data = TaggedFile(path=write(tmp_path / "a.tsv", lines())).load()
    assert data.tags == ("ADV", "NOUN", "VERB")
    assert [len(part) for part in (data.train, data.valid, data.test)] == [32, 4, 4]
    found = [pair for part in (data.train, data.valid, data.test) for pair in pairs(part, data)]
    noun_verb = [(("w0", "NOUN"), ("go", "VERB")), (("w1", "NOUN"), ("go", "VERB"), ("fast", "ADV"))]
    assert set(noun_verb) <= set(found)
    assert len(set(found)) == 40


def test_neither_the_order_of_the_sentences_nor_their_separator_nor_line_ends_change_the_split(tmp_path: Path) -> None:
    text = lines()
    turned = "\n\n".join(reversed(text.strip().split("\n\n"))).replace("\t", "   ").replace("\n", "\r\n")
    one, two = (TaggedFile(path=write(tmp_path / name, of)).load() for name, of in (("a", text), ("b", turned)))
    for part in ("train", "valid", "test"):
        assert sorted(pairs(getattr(one, part), one)) == sorted(pairs(getattr(two, part), two))


def test_equal_sentences_are_in_one_part(tmp_path: Path) -> None:
    data = TaggedFile(path=write(tmp_path / "a", "\n".join([lines()] * 3))).load()
    parts = [{tuple(words) for words in part.sentences} for part in (data.train, data.valid, data.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert data.notes["sentences_in_training_test"] == 0


def test_with_tabs_words_may_hold_spaces(tmp_path: Path) -> None:
    data = TaggedFile(path=write(tmp_path / "a", lines() + "\nNew York\tNOUN\n")).load()
    words = {word for part in (data.train, data.valid, data.test) for own in part.sentences for word in own}
    assert "New York" in words


def test_a_file_for_each_part_is_that_part_and_the_notes_count_what_training_lacks(tmp_path: Path) -> None:
    files = [
        write(tmp_path / name, text)
        for name, text in (("a", lines(9)), ("b", lines(4, first=5)), ("c", lines(2, first=50)))
    ]
    data = TaggedFile(path=files[0], valid=files[1], test=files[2]).load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [9, 4, 2]
    assert (data.notes["unknown_words_valid"], data.notes["unknown_words_test"]) == (0, 2)
    assert (data.notes["sentences_in_training_valid"], data.notes["sentences_in_training_test"]) == (4, 0)
    assert (data.notes["sentences_train"], data.notes["words_train"]) == (9, 22)


def test_a_tag_that_training_lacks_is_warned_of(tmp_path: Path) -> None:
    files = [write(tmp_path / name, text) for name, text in (("a", lines(9)), ("b", lines(4)), ("c", "oh\tINTJ\n"))]
    data = TaggedFile(path=files[0], valid=files[1], test=files[2]).load()
    assert data.notes["warnings"] == ["no training sentence holds the tags 'INTJ', so no model can learn them"]


def test_a_test_part_that_was_learned_from_and_letters_in_pieces_are_told(tmp_path: Path) -> None:
    files = [
        write(tmp_path / name, text)
        for name, text in (("a", lines(9)), ("b", lines(4)), ("c", lines(6, first=5).replace("w5", "e\u0301")))
    ]
    data = TaggedFile(path=files[0], valid=files[1], test=files[2]).load()
    assert data.notes["warnings"] == ["3 of 6 test sentences stand in training too, so the scores are too high"]
    assert data.notes["unicode_form"] == "not NFC"


def test_conllu_is_told_by_its_name_and_other_encodings_by_an_option(tmp_path: Path) -> None:
    row = "1\t{0}\t_\tNOUN" + "\t_" * 6 + "\n2\tgo\t_\tVERB" + "\t_" * 6 + "\n\n"
    text = "".join(row.format(f"é{i}") for i in range(20))
    data = TaggedFile(path=write(tmp_path / "a.conllu", text.encode("cp1252")), encoding="cp1252").load()
    assert data.train.sentences[0][0].startswith("é")
    assert data.tags == ("NOUN", "VERB")
    assert data.notes["encoding"] == "cp1252"
    new = write(tmp_path / "b.conllu", row.format("à").replace("NOUN", "_").encode("cp1252"))
    read = TaggedFile(path=Path("gone")).read(new, {"reading": data.reading})
    assert read.sentences == [["à", "go"]]


def test_new_sentences_are_words_with_or_without_tags(tmp_path: Path) -> None:
    path = write(tmp_path / "new.txt", "one\nNew York\tNOUN\n\nfour\t\n")
    read = TaggedFile(path=Path("gone")).read(path, {"reading": {"encoding": "utf-8"}})
    assert read.sentences == [["one", "New York"], ["four"]]


def test_the_fingerprint_is_of_the_content_and_not_of_the_name(tmp_path: Path) -> None:
    one, two = (TaggedFile(path=write(tmp_path / name, lines())) for name in "ab")
    assert one.fingerprint() == two.fingerprint()
    assert one.identity() == two.identity() == {"encoding": "utf-8"}
    assert one.fingerprint() != TaggedFile(path=write(tmp_path / "c", lines(9))).fingerprint()


BAD: list[tuple[str | bytes, dict[str, str], str]] = [
    (b"", {}, r"a.txt is empty"),
    ("\n \n\n", {}, r"a.txt holds only blank lines"),
    ("a\tX\nb\n", {}, r"a.txt, line 2: 'b' has no tag; write a tab and the tag after it"),
    ("a X\nb\n", {}, r"a.txt, line 2: 'b' has no tag; write a tab or a space and the tag after it"),
    ("a\tX\nb\tY\tZ\n", {}, r"a.txt, line 2: 3 columns, not 2; keep the word and its tag alone, with one tab"),
    ("a X\n\nNew York Y\n", {}, r"a.txt, line 3: 3 columns, not 2; keep the word and its tag alone"),
    ("a\tX\nb Y\n", {}, r"a.txt, line 2: 'b Y' has no tag; write a tab and the tag"),
    ("a\tX\n\tY\n", {}, r"a.txt, line 2: the word is empty; write it, or remove the line"),
    ("a\tX\nb\t\n", {}, r"a.txt, line 2: the tag is empty"),
    (
        lines().replace("NOUN", "X").replace("VERB", "X").replace("ADV", "X"),
        {},
        r"all words have the tag 'X', so there",
    ),
    ("a\tX\nb\tY\n", {}, r"a.txt holds 1 different sentence, fewer than the 3 parts of the split; separate sentences"),
    ("a\tX\n\nb\tY\n\nA\tX\n", {}, r"a.txt holds 2 different sentences, fewer than"),
    ("X\ta\nX\tb\nY\tc\nY\td\n", {}, r"the tags \(4 different ones\) outnumber the words \(2\); write the word first"),
    ("é\tX\n".encode("cp1252"), {}, r"a.txt is not UTF-8: line 1, byte 0xe9 .* --encoding cp1252"),
    (lines(), {"encoding": "klingon"}, r"there is no encoding 'klingon'"),
    ("a\0\tX\n", {}, r"a.txt is no text in UTF-8: it holds NUL characters, the first on line 1"),
    (lines(), {"path": "gone.txt"}, r"there is no file .*gone.txt"),
    (lines(), {"path": "."}, r"is a folder; name a text file in it"),
    (lines(), {"valid": "v.txt"}, r"give valid and test both, or neither"),
    (lines(), {"test": "v.txt"}, r"give valid and test both, or neither"),
    (lines(), {"valid": "v.txt", "test": "v.txt"}, r"v.txt and .*v.txt hold the same sentences; give different files"),
    (lines(), {"valid": "v.txt", "test": "a.txt"}, r"a.txt and .*a.txt hold the same sentences"),
    (lines(), {"valid": "v.txt", "test": "bad.txt"}, r"bad.txt, line 2: 'word' has no tag"),
    (lines(), {"path": "bad.conllu"}, r"bad.conllu, line 1: 2 columns, not 10"),
]


@pytest.mark.parametrize(("text", "options", "words"), BAD)
def test_what_cannot_be_used_is_refused_in_one_line_with_place_and_cure(
    tmp_path: Path, text: str | bytes, options: dict[str, str], words: str
) -> None:
    write(tmp_path / "a.txt", text)
    write(tmp_path / "v.txt", lines(3))
    write(tmp_path / "bad.txt", "a\tX\nword\n")
    write(tmp_path / "bad.conllu", "a\tX\n")
    named = {name: value if name == "encoding" else str(tmp_path / value) for name, value in options.items()}
    with pytest.raises(ValueError, match=words) as caught:
        TaggedFile.model_validate({"path": tmp_path / "a.txt", **named}).load()
    if isinstance(caught.value, DataError):
        assert "\n" not in str(caught.value)


def test_there_are_twenty_bad_inputs() -> None:
    assert len(BAD) >= 20


def test_the_tags_of_each_part_have_the_index_of_their_name(tmp_path: Path) -> None:
    data = TaggedFile(path=write(tmp_path / "a", lines())).load()
    for part in (data.train, data.valid, data.test):
        for words, own in zip(part.sentences, part.tags, strict=True):
            assert own.dtype == np.int64
            assert [data.tags[i] for i in own] == ["NOUN", "VERB", "ADV"][: len(words)]
