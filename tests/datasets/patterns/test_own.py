"""Patterns of one's own: tables, arrays and pictures, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from seqbench.data import DataError
from seqbench.datasets.patterns.own import PatternFile

UNITS = {"units": 4}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def picture(path: Path, dark: np.ndarray) -> Path:
    imsave(path, 1.0 - dark, cmap="gray", vmin=0, vmax=1)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
@pytest.mark.parametrize("low", ["0", "-1"])
def test_tables_of_zeros_or_of_minus_ones_are_the_same_patterns(tmp_path: Path, mark: str, low: str) -> None:
    rows = [mark.join(row) for row in (["1", low, "1", "1"], [low, low, low, "1"])]
    data = PatternFile(path=write(tmp_path / "a.csv", "\n".join(rows) + "\n"), share=0.25).load()
    assert data.train.whole.tolist() == [[1, -1, 1, 1], [-1, -1, -1, 1]]
    assert data.shape is None


def test_arrays_are_patterns_or_pictures(tmp_path: Path) -> None:
    flat = np.array([[0, 1, 1, 0], [1, 1, 1, 0]])
    np.save(tmp_path / "flat.npy", flat)
    np.save(tmp_path / "pictures.npy", flat.reshape(2, 2, 2).astype(bool))
    one, two = (PatternFile(path=tmp_path / name, share=0.25).load() for name in ("flat.npy", "pictures.npy"))
    np.testing.assert_array_equal(one.train.whole, two.train.whole)
    assert (one.shape, two.shape) == (None, (2, 2))


def test_a_folder_of_pictures_is_read_dark_as_one(tmp_path: Path) -> None:
    dark = np.array([[1, 0, 0], [0, 1, 1]])
    picture(tmp_path / "a.png", dark)
    picture(tmp_path / "b.png", 1 - dark)
    data = PatternFile(path=tmp_path).load()
    assert data.train.whole.tolist() == [[1, -1, -1, -1, 1, 1], [-1, 1, 1, 1, -1, -1]]
    assert data.shape == (2, 3)
    (tmp_path / "c.png").write_bytes(b"")
    new = PatternFile(path=tmp_path / "a.png").read(tmp_path / "a.png", {"units": 6})
    assert list(new.names) == ["a.png"]


def test_an_erased_unit_of_a_new_pattern_is_empty_or_zero(tmp_path: Path) -> None:
    data = PatternFile(path=write(tmp_path / "a.csv", "1,0,1,1\n0,0,0,1\n"))
    for text in ("1,,1,?\n", "1,0,1,0\n-1,0,1,1\n"):
        new = data.read(write(tmp_path / "new.csv", text), UNITS)
        assert new.damaged.shape[1] == 4
    assert data.read(write(tmp_path / "new.csv", "1,,0,?\n"), UNITS).damaged.tolist() == [[1, 0, -1, 0]]
    assert data.read(write(tmp_path / "new.csv", "1,0,-1,0\n"), UNITS).damaged.tolist() == [[1, 0, -1, 0]]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "a,b\n1,0\n", "line 1: 'a' is no number; leave out the header"),
        ("a.csv", "1,0\n1,x\n", "line 2: 'x' is no number$"),
        ("a.csv", "1,0\n1,0,1\n", "line 2: 3 numbers, but 2 in line 1; patterns have one length"),
        ("a.csv", "1,0\n\n0,1\n", "line 2: the line is empty"),
        ("a.csv", "1,0\n2,1\n", "pattern 2: 2 is neither 0 nor 1, nor -1"),
        ("a.csv", "1,0.5\n", "pattern 1: 0.5 is neither"),
        ("a.csv", "1,inf\n", "pattern 1: inf is neither"),
        ("a.csv", "1,0\n-1,1\n", "holds -1 and 0; write patterns with 0 and 1, or with -1 and 1"),
        ("a.csv", "1,0\n?,1\n", "pattern 2: a number is missing; a pattern that is stored must be whole"),
        ("a.csv", "1,0\n0,1\n1,0\n", "pattern 3 stands there twice; leave out one of them"),
        ("a.csv", "1\n0\n", "a pattern has one number; it needs at least two"),
        ("a.csv", "1,0\n0,1\n", "share=0.1 of 2 units is less than one unit; enlarge it"),
        ("a.npy", "1,0\n", "is no array of numbers as numpy.save writes it"),
        ("a.png", "1,0\n", "is no picture that can be read"),
    ],
)
def test_what_is_no_pattern_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        PatternFile(path=write(tmp_path / name, text)).load()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array(["a", "b"]), "patterns are numbers, 0 and 1, or -1 and 1"),
        (np.ones(4), r"has the shape \(4,\); it must be \(patterns, units\)"),
        (np.ones((0, 4)), r"has the shape \(0, 4\)"),
        (np.ones((1, 2, 2, 2)), r"has the shape \(1, 2, 2, 2\)"),
        (np.array([[np.nan, 1.0]]), "pattern 1: a number is missing"),
        (np.array([[1, None]], dtype=object), "is no array of numbers"),
    ],
)
def test_arrays_that_are_no_patterns_are_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=words):
        PatternFile(path=tmp_path / "a.npy").load()


def test_folders_and_lengths_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        PatternFile(path=tmp_path / "a.csv").load()
    with pytest.raises(DataError, match=r"holds no picture \.png"):
        PatternFile(path=tmp_path).load()
    picture(tmp_path / "a.png", np.ones((2, 3)))
    picture(tmp_path / "b.png", np.ones((3, 3)))
    with pytest.raises(DataError, match="have 3 × 2 and 3 × 3 pixels; give pictures of one size"):
        PatternFile(path=tmp_path).load()
    with pytest.raises(DataError, match="patterns have 2 units, but those that are stored 4"):
        PatternFile(path=tmp_path / "a.csv").read(write(tmp_path / "new.csv", "1,0\n"), UNITS)
