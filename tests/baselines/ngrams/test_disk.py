"""On disk as in memory: equal digits at any budget, bounded memory, and nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.baselines.ngrams import models as ngram
from seqbench.baselines.ngrams.counts import count_ngrams
from seqbench.baselines.ngrams.disk import ROW_BYTES, Disk, count_on_disk
from seqbench.baselines.ngrams.levels import Level
from seqbench.baselines.ngrams.runs import Runs
from seqbench.baselines.ngrams.table import Mapped, SortedKeys
from seqbench.interface import Budget
from seqbench.long_arrays import OnDisk
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

METHODS: dict[str, Callable[..., ngram.Ngram]] = {
    "add-k": lambda **settings: ngram.AddK(ngram.AddKConfig(k=0.1, **settings)),
    "witten-bell": lambda **settings: ngram.WittenBell(ngram.NgramConfig(**settings)),
    "absolute discounting": lambda **settings: ngram.AbsoluteDiscounting(ngram.NgramConfig(**settings)),
    "kneser-ney": lambda **settings: ngram.KneserNey(ngram.NgramConfig(**settings)),
}

corpora = st.integers(1, 5).flatmap(
    lambda size: st.tuples(st.lists(st.lists(st.integers(0, size - 1), max_size=30), max_size=8), st.just(size))
)


def encoded(corpus: list[list[int]]) -> list[np.ndarray]:
    return [np.array(document, dtype=np.int64) for document in corpus]


def fitted(method: str, corpus: list[list[int]], size: int, order: int, rows: int | None = None) -> ngram.Ngram:
    """Fit with so much memory that blocks have so many rows; None: in memory."""
    model = METHODS[method](order=order, **({} if rows is None else {"memory_gb": rows * ROW_BYTES * 1.01 / 1e9}))
    vocab = Vocab(tuple(str(i) for i in range(size)))
    model.fit(encoded(corpus), LanguageContext(seed=0, budget=Budget(), valid=[], vocab=vocab))
    return model


def assert_equal(bounded: ngram.Ngram, free: ngram.Ngram, ids: np.ndarray) -> None:
    ours, theirs = bounded.arrays(), free.arrays()
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], strict=True)
    scores, state = bounded.predict(ids)
    expected, expected_state = free.predict(ids)
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(bounded.next(state), free.next(expected_state))
    np.testing.assert_array_equal(bounded.next(), free.next())
    assert bounded.parameter_count() == free.parameter_count()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(corpus=corpora, order=st.integers(1, 7), more=st.integers(0, 20))
def test_a_model_on_disk_has_the_digits_of_the_one_in_memory(
    method: str, corpus: tuple[list[list[int]], int], order: int, more: int
) -> None:
    train, size = corpus
    size += 1  # one symbol that is never seen
    bounded, free = fitted(method, train, size, order, rows=size + 2 + more), fitted(method, train, size, order)
    assert_equal(bounded, free, np.random.default_rng(0).integers(size, size=(3, 20)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [45, 400, 100_000])
def test_digits_are_equal_where_discounts_are_estimated_and_many_runs_merge(method: str, rows: int) -> None:
    corpus = [(np.random.default_rng(seed).zipf(1.4, size=150) % 40).tolist() for seed in range(10)]
    bounded, free = fitted(method, corpus, 40, 4, rows), fitted(method, corpus, 40, 4)
    if isinstance(free, ngram.Discounting):
        assert free.fallback_orders in ((), (1,)), "forty symbols leave no adjusted counts of 1 to 3"
    assert_equal(bounded, free, np.array([document[:30] for document in corpus[:4]]))


@settings(max_examples=60, deadline=None)
@given(corpus=corpora, order=st.integers(1, 5), block=st.integers(1, 20))
def test_levels_on_disk_are_those_in_memory(corpus: tuple[list[list[int]], int], order: int, block: int) -> None:
    documents, size = encoded(corpus[0]), corpus[1]
    on_disk = list(count_on_disk(documents, size, order, Disk(block)))
    in_memory = list(count_ngrams(documents, size, order))

    def content(level: Level) -> list[object]:
        columns = [level.key[:].tolist(), level.suffix[:].tolist(), level.count[:].tolist()]
        return [*columns, level.contexts, level.opening, level.bits]

    assert list(map(content, on_disk)) == list(map(content, in_memory))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    places=st.lists(st.integers(0, 10**6), max_size=60),
    block=st.integers(1, 12),
)
def test_look_ups_and_counts_on_disk_are_numpys(values: list[int], places: list[int], block: int) -> None:
    disk, table = Disk(block), np.array(values) * 0.1
    indices = np.array(places, dtype=np.int64) % len(table)
    stored, looked_at = OnDisk(np.float64), OnDisk(np.int32)
    stored.append(table)
    looked_at.append(indices)
    np.testing.assert_array_equal(disk.take(stored, looked_at)[:], table[indices])
    np.testing.assert_array_equal(disk.tally(looked_at, len(table))[:], np.bincount(indices, minlength=len(table)))
    place = np.random.default_rng(0).permutation(2 * len(table))[: len(table)]
    blocks = [(place[i : i + block], np.array(values[i : i + block])) for i in range(0, len(table), block)]
    expected = np.full(2 * len(table), -1)
    expected[place] = values
    np.testing.assert_array_equal(disk.scattered(blocks, 2 * len(table))[:], expected)


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.lists(st.integers(0, 6), max_size=12), max_size=9),
    scale=st.sampled_from([1, 2**61]),
    block=st.integers(1, 30),
)
def test_merged_runs_are_sorted_and_rows_stay_whole(runs: list[list[int]], scale: int, block: int) -> None:
    sorting, start, rows = Runs(block, np.int32), 0, []
    for run in runs:
        key, payload = np.array(run, dtype=np.int64) // 2 * scale // 3, np.arange(start, start + len(run))
        rows += zip(key.tolist(), payload.tolist(), strict=True)
        sorting.add(key, payload)
        start += len(run)
    merged = [row for keys, payload in sorting.merged() for row in zip(keys.tolist(), payload.tolist(), strict=True)]
    assert [key for key, _ in merged] == sorted(key for key, _ in rows)
    assert sorted(merged) == sorted(rows)


@pytest.mark.parametrize("near", [1, 700, 10_000])
@pytest.mark.parametrize("size", [1, 2, 511, 512, 513, 5000])
def test_sorted_keys_are_found_and_no_other(size: int, near: int) -> None:
    keys = np.append(-1, np.unique(np.random.default_rng(0).integers(2**40, size=size)))
    column = OnDisk(np.int64)
    column.append(keys)
    table = SortedKeys(column.mapped(), near, visits=100)
    np.testing.assert_array_equal(table.find(keys[1:]), np.arange(1, len(keys)))
    assert not table.find(np.setdiff1d(np.concatenate([keys[1:] + 1, keys[1:] - 1, [0, 2**62]]), keys)).any()


@pytest.mark.parametrize("near", [1, 300, 1000])
def test_mapped_numbers_are_read_as_an_array_is(near: int) -> None:
    column = OnDisk(np.float64)
    column.append(np.arange(1000.0))
    mapped = Mapped(column.mapped(), near, visits=7)
    index = np.random.default_rng(0).integers(1000, size=(3, 9))
    np.testing.assert_array_equal(mapped[index], index.astype(float))
    np.testing.assert_array_equal(mapped[5:40], np.arange(5.0, 40.0))
    assert mapped[3] == 3


def test_a_restored_model_needs_no_more_memory_than_the_fitted_one() -> None:
    model = fitted("kneser-ney", [[0, 1, 2] * 20], 3, order=3, rows=10)
    twin = ngram.KneserNey(model.config)
    twin.restore(model.arrays())
    assert isinstance(twin._table, SortedKeys)
    np.testing.assert_array_equal(twin.next(), model.next())


def test_memory_that_holds_no_context_is_refused() -> None:
    with pytest.raises(ValueError, match=r"memory_gb=0.001 is too little .* 33,278 symbols; give at least 0.011"):
        METHODS["kneser-ney"](order=3, memory_gb=0.001).fit(
            [], LanguageContext(seed=0, budget=Budget(), valid=[], vocab=Vocab(tuple(map(str, range(33_278)))))
        )


def test_a_full_disk_is_an_error_that_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full.open("r+b", buffering=0))
    with pytest.raises(OSError, match=r"No space left on device: temporary files in .* set TMPDIR to a folder"):
        fitted("witten-bell", [[0, 1, 2]], 3, order=2, rows=10)


FITTING = """
import re, sys
from pathlib import Path
import numpy as np
from seqbench.baselines.ngrams.models import KneserNey, NgramConfig
from seqbench.interface import Budget
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

tokens, memory_gb = int(sys.argv[1]), float(sys.argv[2]) or None
ids = np.random.default_rng(0).zipf(1.3, size=tokens) % 5000
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
model = KneserNey(NgramConfig(order=5, memory_gb=memory_gb))
context = LanguageContext(seed=0, budget=Budget(), valid=[], vocab=Vocab(tuple(map(str, range(5000)))))
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = peak()
print("starts", flush=True)
model.fit([ids], context)
model.predict(ids[None, :20000])
print(peak() - before)
"""


def fitting(tokens: int, memory_gb: float, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FITTING, str(tokens), str(memory_gb)],
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted otherwise")
def test_memory_is_bounded_where_it_grew_with_the_text(tmp_path: Path) -> None:
    grown = {}
    for memory_gb in (0, 0.02):
        said, _ = fitting(800_000, memory_gb, tmp_path).communicate()
        grown[memory_gb] = int(said.split()[-1])
    assert grown[0] > 100e6
    assert grown[0.02] < 40e6


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_nothing_is_left_of_a_fit_that_was_killed(tmp_path: Path) -> None:
    process = fitting(3_000_000, 0.02, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(tmp_path.iterdir()) == []
