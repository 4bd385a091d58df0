"""Large arrays beside the pickle: each once, mapped when read, private to the process that changes them."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqbench.runs.contents import LARGE, Writer, read


def base_of(array: Any) -> Any:
    while isinstance(array, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32", "bool", "uint16"])
def test_arrays_of_any_size_and_order_are_read_as_they_were_written(tmp_path: Path, dtype: str) -> None:
    large = np.arange(2 * LARGE).reshape(4, -1).astype(dtype)
    content = {
        "large": large,
        "turned": large.T,
        "part": large[:, ::2],
        "small": large[0, :3],
        "words": np.array(["a"]),
    }
    Writer().write(tmp_path / "data.pickle", content)
    found = read(tmp_path / "data.pickle")
    for name, array in content.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
        assert type(found[name]) is np.ndarray
    assert isinstance(base_of(found["large"]), mmap.mmap)
    assert not isinstance(base_of(found["small"]), mmap.mmap)


def test_an_array_in_two_files_is_written_once(tmp_path: Path) -> None:
    shared, own, writer = np.zeros(LARGE), np.ones(LARGE), Writer()
    writer.write(tmp_path / "fitting.pickle", (shared, "without the test part"))
    writer.write(tmp_path / "scoring.pickle", [shared, own, shared])
    assert len(list(tmp_path.glob("*.npy"))) == 2
    assert (tmp_path / "fitting.pickle").stat().st_size < 1000
    for found, written in zip(read(tmp_path / "scoring.pickle"), [shared, own, shared], strict=True):
        np.testing.assert_array_equal(found, written)


def test_changes_of_one_reader_reach_no_other(tmp_path: Path) -> None:
    Writer().write(tmp_path / "data.pickle", np.zeros(LARGE))
    mine, yours = read(tmp_path / "data.pickle"), read(tmp_path / "data.pickle")
    mine[:] = 1
    assert not yours.any()
    assert not read(tmp_path / "data.pickle").any()


def test_no_array_is_read_as_code(tmp_path: Path) -> None:
    Writer().write(tmp_path / "data.pickle", np.zeros(LARGE))
    (array,) = tmp_path.glob("*.npy")
    with array.open("wb") as stream:
        np.save(stream, np.array([{"an": "object"}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"Array can't be memory-mapped|allow_pickle"):
        read(tmp_path / "data.pickle")


def test_views_of_memory_maps_are_written_in_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "mapped.npy", np.arange(2 * LARGE))
    view = np.load(tmp_path / "mapped.npy", mmap_mode="r")[5:-5]
    Writer().write(tmp_path / "data.pickle", [1, view])
    one, found = read(tmp_path / "data.pickle")
    assert one == 1
    np.testing.assert_array_equal(found, view)
