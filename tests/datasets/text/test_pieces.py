"""A text in pieces is the text: cut anywhere it has the same symbols, numbers, notes and faults as the whole."""

import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets import file_text as reading
from seqbench.datasets.file_text import FileText
from seqbench.datasets.text.own import TextFile
from seqbench.datasets.text.pieces import Passage, cut_at_lines
from seqbench.long_arrays import Collected, pieces

SPACES = [" ", "\t", "\u3000", "\n", "\r\n", "\r", "\n\n", "  "]
WORDS = ["a", "the", "café", "e\u0301", "don't", "x,y", "<unk>", "лес", "🙂", "."]
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), min_size=130, max_size=220)
options = st.sampled_from(
    [
        {"unit": "word"},
        {"unit": "word", "punctuation": "apart"},
        {"unit": "word", "convention": "sentence"},
        {"unit": "character"},
    ]
)


def outcome(file: TextFile) -> object:
    """Return all that is loaded, or the fault."""
    try:
        data = file.load()
    except DataError as fault:
        return str(fault)
    splits = [
        [[document.tolist() for document in documents] for documents in (split.documents, split.characters)]
        for split in (data.train, data.valid, data.test)
    ]
    return splits, data.vocab, data.notes


@settings(max_examples=80, deadline=None)
@given(
    words=texts, settings=options, size=st.integers(1, 300), encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"])
)
def test_a_text_loads_alike_in_pieces_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, words: list[tuple[str, str]], settings: dict, size: int, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("text") / "book.txt"
    text = "".join(word + space for word, space in words)
    path.write_bytes(text.encode(encoding))
    file = TextFile(path=path, **settings)
    whole = outcome(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BYTES", size)
        assert outcome(file) == whole


@settings(max_examples=80, deadline=None)
@given(words=texts, size=st.integers(1, 60), cuts=st.lists(st.integers(0, 500), min_size=2, max_size=2))
def test_a_file_is_read_as_its_text(
    tmp_path_factory: pytest.TempPathFactory, words: list[tuple[str, str]], size: int, cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("text") / "book.txt"
    raw = "".join(word + space for word, space in words)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    path.write_bytes(raw.encode())
    file = FileText(path, size=size)
    assert "".join(file.pieces()) == text
    assert file.summary == reading.Summary(
        len(text), len(text.split()), raw.count("\r"), unicodedata.is_normalized("NFC", text), '"' in text
    )
    start, stop = sorted(min(cut, len(text)) for cut in cuts)
    assert "".join(Passage(file, start, stop).pieces()) == text[start:stop]
    near, spaces = cut_at_lines(file, len(text), cuts)
    assert (near, spaces) == cut_at_lines(text, len(text), cuts)
    lines = [0, *(i + 1 for i, character in enumerate(text) if character == "\n"), len(text)]
    for point, line in zip(cuts, near, strict=True):
        assert abs(line - point) == min(abs(start - point) for start in lines) or point > len(text)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one\ntwo\r\ncaf\xe9\n" * 60, r"is not UTF-8: line 3, byte 0xe9 at offset 12; .*--encoding cp1252"),
        (b"ends in the middle \xc3", r"is not UTF-8: line 1, byte 0xc3 at offset 19"),
        ("a\rword\n".encode("utf-16") + b"x", r"is not UTF-16: line 3, byte 0x78 at offset 16"),
        (b"one\ntwo\nthr\0ee\n", "holds NUL characters, the first on line 3"),
        (b"a b\n" * 60 + b"c <eos>\n" * 60, "train part, line 61 holds the word <eos>"),
    ],
)
def test_a_fault_has_the_line_it_has_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, content: bytes, message: str
) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(content)
    monkeypatch.setattr(reading, "BYTES", size)
    with pytest.raises(DataError, match=message):
        TextFile(path=path).load()


@pytest.mark.parametrize("most", [0, 100, 10**6])
def test_a_collected_array_is_the_same_in_memory_and_on_disk(most: int) -> None:
    collected, blocks = Collected(np.int64, most), [np.arange(n) for n in (0, 3, 40, 1)]
    for block in blocks:
        collected.append(block)
    array = collected.array()
    np.testing.assert_array_equal(array, np.concatenate(blocks))
    assert list(map(len, pieces(array, size=10))) == [10, 10, 10, 10, 4]
    array[0] = 7
    assert array[0] == 7


LOADING = """
import re, sys
from pathlib import Path
from seqbench.datasets.text.own import TextFile

Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
before = peak()
data = TextFile(path=sys.argv[1], valid=sys.argv[2], test=sys.argv[3]).load()
print(data.train.tokens, peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted otherwise")
def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    line = " ".join(f"word{i}" for i in range(1000)) + "\n"
    grown = []
    for times in (20_000, 40_000):
        for name, count in (("train", times), ("valid", 10), ("test", 11)):
            (tmp_path / name).write_text(line * count)
        files = [str(tmp_path / name) for name in ("train", "valid", "test")]
        said = subprocess.run([sys.executable, "-c", LOADING, *files], capture_output=True, text=True, check=True)
        tokens, peak = map(int, said.stdout.split())
        assert tokens == times * 1001
        grown.append(peak)
    assert grown[1] < grown[0] + 50e6, "twenty million tokens more are 160 MB as numbers"
