"""Feed damaged and hostile files to all that reads files, and hold what comes of it against one law.

    python benchmarks/fuzz.py --minutes 1
    python benchmarks/fuzz.py --of tables-csv --minutes 60

The law: what is read is right, or is refused by an error that names what is wrong (a `DataError` for data, a
`SuiteError` for suites, a `ValueError` for names with settings, a `Damaged` for records). Anything else is a finding:
it is printed with the file, which is kept in the folder `--findings`, and the next target is taken.

With atheris (`pip install atheris`), the search is guided by which lines of seqbench are reached; without it, files are
changed at random. Each target has a process of its own. What reached new lines is kept in `--findings` too, and a later
search goes on from there, so that an hour may be made of several parts.
"""

import argparse
import contextlib
import io
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

try:
    import atheris
except ImportError:
    atheris = None
else:
    if __name__ == "__main__":
        atheris.instrument_imports(include=["seqbench"]).__enter__()  # of all that is imported from here on

from seqbench import registry
from seqbench.data import DataError
from seqbench.evidence.records import Identity, Provenance, Record
from seqbench.runs import suites
from seqbench.runs.store import ITEMS, RECORD, Damaged, Store, key_of, told
from seqbench.spec import Spec, parse

Judge = Callable[[bytes, Path], None]
"""Reads the bytes, with files in a folder of its own; an error that it raises is a finding."""


@dataclass(frozen=True)
class Target:
    """Something that reads files."""

    judge: Judge
    seeds: Sequence[bytes]
    """Files as they should be."""
    words: Sequence[bytes] = field(default=())
    """What else the format has, for random changes."""


def _data(task: str, name: str, options: Mapping[str, Any], data: bytes, folder: Path) -> None:
    file = folder / name
    file.write_bytes(data)
    spec = Spec("file", {"path": str(file), **options})
    with contextlib.suppress(DataError):
        kind = registry.find_dataset(spec, task).attribute
        kind.claims(file, frozenset(options))
        usual = kind.usual(file, {"path": file, **options})
        source = registry.configured(kind, Spec("file", {"path": str(file), **options, **usual}), task)
        source.fingerprint()
        source.load()


def _spec(data: bytes, folder: Path) -> None:
    text = data.decode(errors="replace")
    with contextlib.suppress(ValueError):
        str(parse(text))


def _suite(data: bytes, folder: Path) -> None:
    file = folder / "suite.toml"
    file.write_bytes(data)
    with contextlib.suppress(suites.SuiteError):
        suites.load(str(file))


def _record() -> Record:
    identity = Identity(
        task="lm", model="m", target="t", config={}, model_source="", dataset="d", options={}, data_sha256="",
        data_source="", task_source="", seed=0, budget={}, device="cpu",
    )  # fmt: skip
    provenance = Provenance(
        seqbench="0", git_sha=None, git_dirty=None, python="3", packages={}, platform="", cpu="", gpu=None, threads=1
    )
    return Record(
        key=key_of(identity), identity=identity, label="m", model_spec=Spec("m"), data_spec=Spec("d"), kind="classic",
        stochastic=False, status="ok", scores={"test": {"perplexity": 2.0}}, provenance=provenance, finished="2026",
    )  # fmt: skip


@cache
def _written() -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        record = store.write(_record(), {"nats": np.arange(3.0), "word": np.arange(3)})
        place = store.folder(record.identity, record.key)
        return (place / RECORD).read_bytes(), (place / ITEMS).read_bytes()


def _in_store(name: str, data: bytes, folder: Path) -> None:
    store, record = Store(folder), _record()
    place = store.folder(record.identity, record.key)
    place.mkdir(parents=True, exist_ok=True)
    for own, content in zip((RECORD, ITEMS), _written(), strict=True):
        (place / own).write_bytes(content)
    (place / name).write_bytes(data)
    found = list(store.records())
    assert len(found) == 1
    told([one for one in found if isinstance(one, Damaged)])


def _plan(data: bytes, folder: Path) -> None:
    (folder / "plans").mkdir(exist_ok=True)
    (folder / "plans" / "p.json").write_bytes(data)
    Store(folder).plans()
    Store(folder).unread_plans()


def _csv(separator: str = ",") -> bytes:
    rows = [f"a {'bc'[i % 2]} number {i}{separator}{'xy'[i % 2]}" for i in range(40)]
    return "\n".join([f"text{separator}label", *rows, ""]).encode()


def _json_lines() -> bytes:
    return "".join(
        json.dumps({"text": f"a {'bc'[i % 2]} {i}", "label": "xy"[i % 2]}) + "\n" for i in range(40)
    ).encode()


def _series(time: str = "2024-01-{:02d}") -> bytes:
    return "\n".join(["ds,y", *(f"{time.format(i + 1)},{i % 7}.5" for i in range(28)), ""]).encode()


def _npy() -> bytes:
    written = io.BytesIO()
    np.save(written, np.array([[(i >> unit) & 1 for unit in range(8)] for i in range(12)], dtype=np.int8))
    return written.getvalue()


def _png() -> bytes:
    from matplotlib.image import imsave

    written = io.BytesIO()
    imsave(written, np.arange(64).reshape(8, 8) % 3 / 2.0, format="png")
    return written.getvalue()


def _midi() -> bytes:
    notes = b"".join(
        bytes([0, 0x90, 60 + i, 64, 0x83, 0x60, 0x80, 60 + i, 0]) for i in range(8)
    )  # 480 ticks from on to off
    track = notes + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


DATES = ("2024-01-{:02d} 10:00", "{}/1/2024", "2024W{:02d}", "2024-01-{:02d}T00:00:00+02:00", "{}", "Jan {} 2024")
CONLLU = "".join(
    f"# s = {i}\n1\tThe\t_\tDET\t_\t_\t_\t_\t_\t_\n2-3\tx\n2\tc{i}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n" for i in range(30)
)
PAIRS = "source\ttarget\n" + "".join(f"eins {i}\tone {i}\n" for i in range(40))
TALES = "".join(f"1 Ann went to the {p}.\n2 Where is Ann?\t{p}\t1\n" for i in range(15) for p in ("attic", "hall"))
STEPS = "id,t,x,y\n" + "".join(f"s{i},{t},{t + i % 3},{i % 5}\n" for i in range(30) for t in range(3))
PATTERNS = "\n".join(",".join(str((i >> unit) & 1) for unit in range(8)) for i in range(12)) + "\n"
PIECES = json.dumps([[[60 + i % 5, 64], [62], []] for i in range(40)])
ROLL = "\n".join(
    ",".join(str(int((i + key) % 9 == 0)) for key in range(88)) + ("\n" if i % 3 == 2 else "") for i in range(90)
)
NUMBERS = (
    b"9" * 400,
    b"1e999",
    b"-0",
    b"nan",
    b"inf",
    b"1_000",
    b"0x10",
    "٣".encode(),
    b"1,5",
    b"'",
    b'"',
    b"\0",
    b"\r\n",
    b";",
)
SUITE = b"""name = "small"\nsummary = "s"\ntask = "lm"\ndatasets = ["synthetic-markov"]\nmodels = ["unigram"]
[presets.quick]\nbudget = { epochs = 1 }\nlimits = { seconds = 60, memory_gb = 6 }\n"""
SPECS = (
    b"lstm(hidden_size=400, dropout=0.2)",
    b"kneser-ney(order=5)+a.py:B(x=[1, (2,)], y={'a': none})+c",
    b"f(x='a,b)')",
)
PLAN = b'{"command":"c","suite":"lm","preset":"quick","margin":0.01,"keys":["a"],"margins":{"a":0.02},"started":"2026"}'

TARGETS: Mapping[str, Target] = {
    "names": Target(
        _spec, SPECS, (b"(", b")", b"{", b"[", b"]", b"}", b"+", b"=", b",", b"'", b"1" * 5000, b"-", b"(" * 300)
    ),
    "suites": Target(_suite, [SUITE], (b"[", b"]", b"{", b"}", b"[[parts]]\n", b"=", b'"', b"9" * 5000, b"[" * 3000)),
    "records": Target(partial(_in_store, RECORD), [_written()[0]], (b"{", b"[", b'"', b"NaN", b"-1e999", b"[" * 3000)),
    "items": Target(
        partial(_in_store, ITEMS), [_written()[1]], (b'"F64"', b'"I8"', b"[0,8]", b"[1000000000,1000000000]")
    ),
    "plans": Target(_plan, [PLAN], (b"{", b"[", b'"', b"NaN", b"[" * 3000)),
    "text": Target(
        partial(_data, "lm", "a.txt", {}), [b"a word, another one\n" * 40], (b"\xff\xfe", b"<unk>", b"\0", b"\r")
    ),
    "tables-csv": Target(partial(_data, "classify", "a.csv", {}), [_csv(), _csv(";"), _csv("\t")], NUMBERS),
    "tables-jsonl": Target(
        partial(_data, "classify", "a.jsonl", {}), [_json_lines()], (*NUMBERS, b"{", b"[" * 3000, b"\\ud800")
    ),
    "series": Target(partial(_data, "forecast", "a.csv", {"horizon": 2}), [_series(), *map(_series, DATES)], NUMBERS),
    "sequences": Target(
        partial(_data, "regress", "a.csv", {"id": "id", "time": "t", "value": "x", "target": "y"}),
        [STEPS.encode()],
        NUMBERS,
    ),
    "classes": Target(
        partial(_data, "recognise", "a.csv", {"id": "id", "value": "x", "label": "y"}), [STEPS.encode()], NUMBERS
    ),
    "conllu": Target(partial(_data, "tag", "a.conllu", {}), [CONLLU.encode()], (b"\t", b"\n\n", b"1.1", b"1-2", b"#")),
    "tagged": Target(
        partial(_data, "tag", "a.txt", {}), [b"The DET\ncat NOUN\n\na DET\nb NOUN\n\n" * 20], (b"\t", b"\n\n", b"/")
    ),
    "pairs": Target(partial(_data, "translate", "a.tsv", {}), [PAIRS.encode()], (b"\t", b'"', b"\n", b"\0")),
    "babi": Target(
        partial(_data, "answer", "a.txt", {}), [TALES.encode()], (b"\t", b"?", b"1 ", b"\xc2\xb2 ", b"9" * 5000)
    ),
    "patterns-csv": Target(partial(_data, "recall", "a.csv", {}), [PATTERNS.encode()], NUMBERS),
    "patterns-npy": Target(
        partial(_data, "recall", "a.npy", {}), [_npy()], (b"(10000000, 10000000)", b"'O'", b"True", b"<f8")
    ),
    "patterns-png": Target(partial(_data, "recall", "a.png", {}), [_png()], (b"IHDR", b"IDAT", b"\xff\xff\xff\xff")),
    "rolls-json": Target(
        partial(_data, "frames", "a.json", {}), [PIECES.encode()], (*NUMBERS, b"[", b"[" * 3000, b"{")
    ),
    "rolls-csv": Target(partial(_data, "frames", "a.csv", {}), [ROLL.encode()], (b"\n\n", b",", b";", b"2")),
    "rolls-midi": Target(
        partial(_data, "frames", "a.mid", {}), [_midi()], (b"MTrk", b"\xff\xff\xff\x7f", b"\xff\x51\x03", b"\x90")
    ),
}


def changed(data: bytes, words: Sequence[bytes], rng: random.Random) -> bytes:
    """Return a file with some random changes."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        start, length = rng.randint(0, len(found)), rng.choice((0, 1, 1, 4, 64))
        kind = rng.randrange(5)
        if kind == 0:
            found[start : start + length] = rng.randbytes(rng.choice((0, 1, 4)))
        elif kind == 1 and words:
            found[start : start + length] = rng.choice(words)
        elif kind == 2:
            found[start:start] = found[start : start + 64] * rng.choice((1, 2, 50))
        elif kind == 3:
            del found[start : start + rng.choice((1, 8, 200))]
        elif start < len(found):
            found[start] ^= 1 << rng.randrange(8)
    return bytes(found)


def hunt(name: str, seconds: float, seed: int, findings: Path) -> int:
    """Search one target at random; return the number of files that were tried."""
    target, rng, tried = TARGETS[name], random.Random(seed), 0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            _judged(name, changed(rng.choice(target.seeds), target.words, rng), Path(folder), findings)
            tried += 1
    return tried


def _judged(name: str, data: bytes, folder: Path, findings: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            TARGETS[name].judge(data, folder)
    except BaseException as error:
        findings.mkdir(parents=True, exist_ok=True)
        kept = findings / f"{name}-{abs(hash(data)) % 10**8}"
        kept.write_bytes(data)
        print(f"finding: {name}: {type(error).__name__}: {str(error)[:200]}; the file is {kept}", flush=True)
        raise


def _guided(name: str, seconds: float, findings: Path) -> None:
    """Search one target with atheris, which ends the process."""
    target, folder = TARGETS[name], findings / name
    corpus, own, words = folder / "corpus", folder / "own", folder / "words"
    for place in (corpus, own):
        place.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(data)
    written = ("".join(map("\\x{:02x}".format, word[:60])) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in written))
    arguments = [sys.argv[0], str(corpus), f"-dict={words}", f"-max_total_time={seconds:.0f}", "-rss_limit_mb=4096"]
    arguments += ["-verbosity=0", "-print_final_stats=1", "-timeout=60", f"-artifact_prefix={findings}/{name}-"]
    atheris.Setup(arguments, lambda data: _judged(name, data, own, findings))
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=list(TARGETS), help="one target; by default all, one after the other")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    given = parser.parse_args()
    if given.of is None:
        for name in TARGETS:
            subprocess.run([sys.executable, __file__, "--of", name, *sys.argv[1:]], check=False)
        return
    given.findings.mkdir(parents=True, exist_ok=True)
    if atheris is None:
        started = time.monotonic()
        tried = hunt(given.of, 60 * given.minutes, given.seed, given.findings)
        print(f"{given.of}: {tried:,} files changed at random, {time.monotonic() - started:.0f} s, nothing found")
    else:
        _guided(given.of, 60 * given.minutes, given.findings)


if __name__ == "__main__":
    main()
