"""Files made to harm: each is refused in one line that names it, at once, and without filling the memory."""

import io
import json
import struct
import tracemalloc
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.data import DataError
from seqbench.spec import Spec

DIGITS = "9" * 10**5
DEEP = "[" * 10**5


def _npy(shape: str, kind: str = "<f8") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 64


def _archive() -> bytes:
    """Arrays of zeros, 100 MB of them in 100 kB."""
    written = io.BytesIO()
    np.savez_compressed(written, a=np.zeros(10**8, dtype=np.int8))
    return written.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(width: int, height: int, rows: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _midi(track: bytes, ticks: int = 1) -> bytes:
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks) + b"MTrk" + struct.pack(">I", len(track)) + track


REST = b"\xff\xff\xff\x7f"
"""The longest rest that MIDI can write, 2²⁸ − 1 ticks."""
NOTE = b"\x00\x90\x3c\x40" + REST + b"\x80\x3c\x00"
ROWS = "".join(f"text {i},{'ab'[i % 2]}\n" for i in range(40))

FILES: Mapping[str, tuple[str, str, bytes, dict[str, Any]]] = {
    "a table whose cell is very long": ("classify", "a.csv", f'text,label\n"{"x" * 2**21}'.encode(), {}),
    "a table of one line": ("classify", "a.csv", b"x" * 2**21, {}),
    "a table of quotes": ("classify", "a.csv", b'"' * 10**6, {}),
    "a table of separators": ("classify", "a.csv", b"," * 10**6, {}),
    "a table of NULs": ("classify", "a.csv", b"text,label\n" + b"\0" * 10**6, {}),
    "a series of a long number": ("forecast", "a.csv", f"ds,y\n2024-01-01,{DIGITS}\n".encode(), {"horizon": 1}),
    "a series at a long time": ("forecast", "a.csv", f"ds,y\n{DIGITS},1\n".encode(), {"horizon": 1}),
    "a series over ages": (
        "forecast",
        "a.csv",
        b"ds,y\n1900-01-01 00:00:00,1\n2200-01-01 00:00:01,2\n",
        {"horizon": 1, "step": "second", "missing": "zero"},
    ),
    "a series over ages in numbers": (
        "forecast",
        "a.csv",
        b"ds,y\n1,1\n2,2\n4000000000000,3\n",
        {"horizon": 1, "missing": "zero"},
    ),
    "objects nested deeply": ("classify", "a.jsonl", f'{{"text": {DEEP}'.encode(), {}),
    "objects within objects": ("classify", "a.jsonl", b'{"text":' * 10**5, {}),
    "pieces nested deeply": ("frames", "a.json", DEEP.encode(), {}),
    "a pitch of many digits": ("frames", "a.json", f"[[[{DIGITS}]]]".encode(), {}),
    "a pitch of some digits": ("frames", "a.json", f"[[[{DIGITS[:4000]}]]]".encode(), {}),
    "words numbered high": ("tag", "a.conllu", f"{DIGITS}\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n".encode(), {}),
    "a range of words numbered high": ("tag", "a.conllu", f"1-{DIGITS}\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n".encode(), {}),
    "a node numbered high": ("tag", "a.conllu", f"{DIGITS}.1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n".encode(), {}),
    "sentences numbered high": ("answer", "a.txt", f"1 A b.\n{DIGITS} Is a b?\tyes\t{DIGITS}\n".encode(), {}),
    "an array of 10¹⁸ numbers": ("recall", "a.npy", _npy("(1000000000, 1000000000)"), {}),
    "an array of 10¹⁰ numbers": ("recall", "a.npy", _npy("(100000, 100000)"), {}),
    "an array of negative length": ("recall", "a.npy", _npy("(-1, 8)"), {}),
    "an array of objects": ("recall", "a.npy", _npy("(1, 8)", "|O"), {}),
    "an array whose header is cut": ("recall", "a.npy", _npy("((1, 8"), {}),
    "an array whose header is code": ("recall", "a.npy", _npy("__import__('os')"), {}),
    "an archive that swells": ("recall", "a.npy", _archive(), {}),
    "a picture of 10¹⁸ pixels": ("recall", "a.png", _png(10**9, 10**9), {}),
    "a picture that swells": ("recall", "a.png", _png(30_000, 30_000, b"\0" * 10**7), {}),
    "a picture that is cut": ("recall", "a.png", _png(8, 8, b"\0" * 70)[:-30], {}),
    "music with a rest of years": ("frames", "a.mid", _midi(NOTE[:4] + b"\x00\x80\x3c\x00" + REST + NOTE[1:] * 20), {}),
    "a note of years": ("frames", "a.mid", _midi(NOTE), {}),
    "patterns of long numbers": ("recall", "a.csv", f"{DIGITS},1\n1,1\n".encode(), {}),
    "a text of marks": ("lm", "a.txt", b"\xff\xfe\x00\x00" * 10**5, {}),
    "lines of one side only": ("translate", "a.tsv", b"source\ttarget\n" + b"a\t\n" * 10**4, {}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    task, called, content, options = FILES[name]
    file = tmp_path / called
    file.write_bytes(content)
    spec = Spec("file", {"path": str(file), **options})
    source = registry.configured(registry.find_dataset(spec, task).attribute, spec, task)
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as refusal:
            source.load()
        assert tracemalloc.get_traced_memory()[1] < 20 * len(content) + 5e8
    finally:
        tracemalloc.stop()
    said = str(refusal.value)
    assert called in said
    assert len(said) < 1000
    assert "\n" not in said


def test_nothing_outside_a_folder_of_data_is_named_by_its_content(tmp_path: Path) -> None:
    """Names of classes and series become no paths."""
    from seqbench.evidence.records import Identity
    from seqbench.runs.store import Store, key_of

    for name in ("..", "../../etc", "/etc/passwd", ".", "", "\0", "a/../../b", "..\\..\\b", "~", "x" * 10_000, "\n"):
        identity = Identity(
            task="lm", model=name, target="", config={}, model_source="", dataset=name, options={}, data_sha256="",
            data_source="", task_source="", seed=0, budget={}, device="cpu",
        )  # fmt: skip
        folder = Store(tmp_path).folder(identity, key_of(identity))
        assert folder.resolve().parents[2] == tmp_path.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        assert json.dumps(str(folder))
