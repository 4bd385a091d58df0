"""Own text files: what can be wrong with them is told in one line, and nothing is changed in silence."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from seqbench.data import DataError
from seqbench.datasets.text.own import TextFile
from seqbench.tasks.language.vocab import EOS, UNK

BOOK = "".join(f"line {i % 7} of the book , which goes on\n" for i in range(50))


def write(folder: Path, content: bytes | str, name: str = "book.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


MALFORMED: list[tuple[bytes, str]] = [
    (b"", "is empty"),
    (b" \n\t\n\n", "holds only blank lines"),
    (b"\xef\xbb\xbf\n", "holds only blank lines"),
    (
        b"one\ntwo\ncaf\xe9\n" * 60,
        r"is not UTF-8: line 3, byte 0xe9 at offset 11; .*--encoding cp1252",
    ),
    (b"\xef\xbb\xbfa\n\xff\n", r"line 2, byte 0xff at offset 5"),
    (b"\x7fELF\x00\x01", "holds NUL characters, the first on line 1"),
    ("a\rword\n".encode("utf-16") + b"x", r"is not UTF-16: line 3, byte 0x78 at offset 16"),
    (b"word " * 99, "holds 99 words, too few to be split 80/10/10; give at least 100, or files of their own"),
    (b"word " * 100 + b"\n" * 2000, "nothing but blank lines is left for the valid part"),
    (b"".join(b"w%d\n" % i for i in range(100)), "min_count=2 leaves no word"),
    (b"a\n" * 108 + b"b\n" * 12, "every word of the test part is <unk>"),
    (b"a b <eos>\n" * 50, "line 1 holds the word <eos>"),
]


@pytest.mark.parametrize(("content", "message"), MALFORMED, ids=[message for _, message in MALFORMED])
def test_a_malformed_file_is_refused_with_its_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=message) as error:
        TextFile(path=path).load()
    assert "book.txt" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ask", ["load", "fingerprint"])
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, ask: str) -> None:
    with pytest.raises(DataError, match="there is no file"):
        getattr(TextFile(path=tmp_path / "none.txt"), ask)()
    with pytest.raises(DataError, match="is a folder; name a text file in it"):
        getattr(TextFile(path=tmp_path), ask)()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, BOOK)
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        TextFile(path=path).load()


def test_a_file_that_the_system_cannot_read_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DataError, match="cannot be read: Too many levels of symbolic links"):
        TextFile(path=tmp_path / "loop").load()


@pytest.mark.parametrize("given", ["valid", "test"])
def test_a_validation_file_needs_a_test_file_and_the_reverse(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValidationError, match="give valid and test both, or neither"):
        TextFile(**{"path": "a.txt", given: "b.txt"})


def test_one_text_twice_is_refused_under_any_name(tmp_path: Path) -> None:
    book, copy, other = write(tmp_path, BOOK), write(tmp_path, BOOK, "copy.txt"), write(tmp_path, "line\n", "other.txt")
    with pytest.raises(DataError, match=r"copy\.txt and .*book\.txt are one text"):
        TextFile(path=book, valid=other, test=copy).load()


def test_three_files_are_the_three_parts(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"a a {n}\n", f"{n}.txt") for n in ("a", "b", "c")]
    data = TextFile(path=paths[0], valid=paths[1], test=paths[2]).load()
    decoded = [data.vocab.decode(split.documents[0]) for split in (data.train, data.valid, data.test)]
    assert decoded == [["a", "a", "a", EOS], ["a", "a", UNK, EOS], ["a", "a", UNK, EOS]]
    assert data.name == "a.txt"


def test_the_fingerprint_is_of_the_bytes_and_of_their_parts(tmp_path: Path) -> None:
    a, b, c = (write(tmp_path, f"{n}\n" * 200, f"{n}.txt") for n in "abc")
    same = write(tmp_path, "a\n" * 200, "renamed.txt")
    assert TextFile(path=a).fingerprint() == TextFile(path=same).fingerprint()
    different = [
        TextFile(path=a),
        TextFile(path=b),
        TextFile(path=a, valid=b, test=c),
        TextFile(path=a, valid=c, test=b),
    ]
    assert len({d.fingerprint() for d in different}) == 4


@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.parametrize(
    "dressed",
    [
        b"\xef\xbb\xbf" + BOOK.encode(),
        BOOK.replace("\n", "\r\n").encode(),
        BOOK.replace("\n", "\r").encode(),
        BOOK.encode("utf-16"),
    ],
    ids=["byte-order mark", "line ends of Windows", "line ends of old Macs", "UTF-16"],
)
def test_dress_that_is_no_text_does_not_change_the_text(tmp_path: Path, dressed: bytes, unit: Any) -> None:
    plain = TextFile(path=write(tmp_path, BOOK), unit=unit).load()
    data = TextFile(path=write(tmp_path, dressed, "dressed.txt"), unit=unit).load()
    assert data.vocab == plain.vocab
    for split in ("train", "valid", "test"):
        np.testing.assert_array_equal(getattr(data, split).documents[0], getattr(plain, split).documents[0])
    assert data.notes.get("line_ends_read_as_newlines", 0) == dressed.count(b"\r")


def test_an_encoding_that_is_named_holds_for_all_parts_and_new_text_and_is_noted(tmp_path: Path) -> None:
    book = BOOK.replace("book", "cahier usag\xe9")
    one = TextFile(path=write(tmp_path, book.encode("cp1252")), encoding="cp1252")
    data = one.load()
    assert data.notes["encoding"] == "cp1252"
    assert "usag\xe9" in data.vocab.index
    new = one.read(write(tmp_path, "usag\xe9\n".encode("cp1252"), "new.txt"), {"symbols": list(data.vocab.symbols)})
    assert data.vocab.decode(new.documents[0]) == ["usag\xe9", EOS]
    assert "encoding" not in TextFile(path=write(tmp_path, book)).load().notes
    assert one.identity() != TextFile(path=one.path).identity()


def test_words_that_occur_once_in_the_training_part_teach_what_an_unknown_word_is(tmp_path: Path) -> None:
    text = BOOK + "once\n" * 1 + BOOK * 4
    kept, cut = (TextFile(path=write(tmp_path, text), min_count=n).load() for n in (1, None))
    assert "once" in kept.vocab.symbols
    assert "once" not in cut.vocab.symbols
    assert (kept.notes["unknown_train"], cut.notes["unknown_train"]) == (0, 1)


@given(st.lists(st.sampled_from(["one two three", "two three", "three", "", "one"]), min_size=100, max_size=150))
@settings(max_examples=25, deadline=None)
def test_the_parts_follow_each_other_and_make_up_the_file(tmp_path_factory: Any, lines: list[str]) -> None:
    lines = ["one two three", *lines, "three"] * 2
    path = write(tmp_path_factory.mktemp("own"), "\n".join(lines) + "\n")
    data = TextFile(path=path, min_count=1).load()
    decoded = [w for split in (data.train, data.valid, data.test) for w in data.vocab.decode(split.documents[0])]
    assert decoded == [w for line in lines for w in [*line.split(), EOS]]
    characters = sum(int(split.characters[0].sum()) for split in (data.train, data.valid, data.test))
    assert characters == path.stat().st_size
    assert data.train.tokens > 0.7 * len(decoded)


def test_characters_need_no_words_to_be_split(tmp_path: Path) -> None:
    data = TextFile(path=write(tmp_path, "春眠不觉晓处处闻啼鸟" * 20), unit="character").load()
    assert [data.train.tokens, data.valid.tokens, data.test.tokens] == [160, 20, 20]
    with pytest.raises(DataError, match="holds 10 characters, too few"):
        TextFile(path=write(tmp_path, "春眠不觉晓处处闻啼鸟"), unit="character").load()


@pytest.mark.parametrize(
    "options",
    [{}, {"convention": "sentence"}, {"unit": "character"}, {"punctuation": "apart"}, {"min_count": 40}],
    ids=str,
)
def test_new_text_is_read_as_the_test_part_was(tmp_path: Path, options: dict[str, Any]) -> None:
    texts = [BOOK * 3, BOOK + "\n", BOOK.replace("book", "movie") + "\n on, on"]
    paths = [write(tmp_path, text, f"{i}.txt") for i, text in enumerate(texts)]
    dataset = TextFile(path=paths[0], valid=paths[1], test=paths[2], **options)
    data = dataset.load()
    new = dataset.read(paths[2], {"symbols": list(data.vocab.symbols)})
    assert len(new.documents) == len(data.test.documents)
    for column in ("documents", "characters"):
        for mine, theirs in zip(getattr(new, column), getattr(data.test, column), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_a_new_character_in_new_text_is_unknown_and_refused_by_a_vocabulary_without_unknown(tmp_path: Path) -> None:
    dataset = TextFile(path=write(tmp_path, BOOK), unit="character")
    new, vocab = write(tmp_path, "line é", "new.txt"), dataset.load().vocab
    (ids,) = dataset.read(new, {"symbols": list(vocab.symbols)}).documents
    assert vocab.decode(ids) == [*"line ", "<unk>"]
    with pytest.raises(DataError, match=r"new\.txt: the symbol 'é' is not in the vocabulary, which has no <unk>"):
        dataset.read(new, {"symbols": [symbol for symbol in vocab.symbols if symbol != "<unk>"]})


def test_text_stays_in_its_unicode_form_which_is_noted_if_it_is_not_composed(tmp_path: Path) -> None:
    data = TextFile(path=write(tmp_path, BOOK.replace("book", "cafe\u0301"))).load()
    assert data.notes["unicode_form"] == "not NFC"
    assert "cafe\u0301" in data.vocab.index
    assert "unicode_form" not in TextFile(path=write(tmp_path, BOOK.replace("book", "caf\xe9"))).load().notes


def test_where_the_files_lie_is_no_part_of_the_identity(tmp_path: Path) -> None:
    here, there = (TextFile(path=tmp_path / name, min_count=3) for name in ("a.txt", "b.txt"))
    assert here.identity() == there.identity()
    assert here.identity() != TextFile(path=tmp_path / "a.txt").identity()


def test_a_text_that_says_unk_itself_was_cut_before_and_keeps_all_its_words(tmp_path: Path) -> None:
    lines = b"".join(b"w%d <unk> again\n" % i for i in range(100))
    kept = TextFile(path=write(tmp_path, lines)).load()
    assert {"w0", "w79"} <= set(kept.vocab.symbols)
    assert "w0" not in TextFile(path=write(tmp_path, lines.replace(b"<unk>", b"plain"))).load().vocab.symbols
