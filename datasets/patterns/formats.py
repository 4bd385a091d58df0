"""Patterns in files: tables of numbers, arrays of NumPy, and pictures."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqbench.data import DataError
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.interface import Floats
from seqbench.tasks.patterns.model import Signs

PICTURES = ".png"
MARKS = ("\t", ";", ",")
"""What may separate the numbers of a line; if none of them occurs, white space does."""


def read_values(path: Path) -> tuple[Floats, Sequence[str], tuple[int, int] | None]:
    """Read numbers (P, N), NaN where one is empty; the names of patterns; height and width of pictures.

    Raises:
        DataError: there are no patterns, or the files are no patterns of one length.
    """
    files = files_of(path)
    if path.is_dir() or path.suffix.lower() == PICTURES:
        pictures = [_picture(file) for file in files]
        for file, picture in zip(files, pictures, strict=True):
            if picture.shape != pictures[0].shape:
                sizes = " and ".join(f"{p.shape[1]} × {p.shape[0]}" for p in (pictures[0], picture))
                raise DataError(f"{files[0]} and {file} have {sizes} pixels; give pictures of one size")
        height, width = pictures[0].shape
        return np.stack([picture.ravel() for picture in pictures]), [file.name for file in files], (height, width)
    if path.suffix.lower() == ".npy":
        values = _array(path)
        shape = (values.shape[1], values.shape[2]) if values.ndim == 3 else None
        values = values.reshape(len(values), -1)
    else:
        values, shape = _table(path), None
    return values, [str(i + 1) for i in range(len(values))], shape


def files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == PICTURES)
    if not files:
        raise DataError(f"{path} holds no picture {PICTURES}; name a folder of pictures, or a file .csv, .npy or .png")
    return files


def _table(path: Path) -> Floats:
    lines = unix_line_ends(decode(path, read_bytes(path))).rstrip("\n").split("\n")
    mark = next((mark for mark in MARKS if mark in lines[0]), None)
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            raise DataError(f"{path}, line {number}: the line is empty; each line is a pattern")
        row = []
        for cell in (one.strip() for one in line.split(mark)):
            try:
                row.append(np.nan if cell in ("", "?") else float(cell))
            except ValueError:
                hint = "; leave out the header" if number == 1 else ""
                raise DataError(f"{path}, line {number}: {cell[:40]!r} is no number{hint}") from None
        if rows and len(row) != len(rows[0]):
            raise DataError(
                f"{path}, line {number}: {len(row):,} numbers, but {len(rows[0]):,} in line 1; patterns have one length"
            )
        rows.append(row)
    return np.array(rows)


def _array(path: Path) -> Floats:
    read_bytes(path)
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)  # so that a shape makes no room for what is not there
    except Exception as error:  # NumPy reads the header as Python
        raise DataError(f"{path} is no array of numbers as numpy.save writes it: {_said(error)}") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise DataError(
            f"{path} holds {getattr(values, 'dtype', 'no array')}; patterns are numbers, 0 and 1, or -1 and 1"
        )
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise DataError(
            f"{path} has the shape {values.shape}; it must be (patterns, units), or (pictures, height, width)"
        )
    return values.astype(np.float64)


def _picture(path: Path) -> Floats:
    """Return a picture as 0 and 1; 1 is dark."""
    from matplotlib.image import imread

    data = read_bytes(path)
    try:
        pixels = np.asarray(imread(io.BytesIO(data), format="png"), dtype=np.float64)
    except Exception as error:  # of many kinds; one says that the picture is far larger than its file
        raise DataError(f"{path} is no picture that can be read: {_said(error)}") from None
    if pixels.ndim == 3:
        colours = pixels.shape[2] - (pixels.shape[2] % 2 == 0)  # the last of an even number is opacity
        grey = pixels[:, :, :colours].mean(axis=2)
        pixels = 1 - pixels[:, :, -1] * (1 - grey) if colours < pixels.shape[2] else grey
    return (pixels < 0.5).astype(np.float64)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def signs_of(path: Path, values: Floats, erased: bool) -> Signs:
    """Return patterns of 0 and 1, or of −1 and 1, as ±1; erased: whether units may be unknown, which are 0 then."""
    known = np.unique(values[~np.isnan(values)]).tolist()
    missing = bool(np.isnan(values).any())
    if missing and not erased:
        row = int(np.isnan(values).any(axis=1).argmax())
        raise DataError(f"{path}, pattern {row + 1:,}: a number is missing; a pattern that is stored must be whole")
    strange = [value for value in known if value not in (-1.0, 0.0, 1.0)]
    if strange:
        row = int((values == strange[0]).any(axis=1).argmax())
        raise DataError(f"{path}, pattern {row + 1:,}: {strange[0]:g} is neither 0 nor 1, nor -1")
    if -1.0 in known and 0.0 in known and not erased:
        raise DataError(f"{path} holds -1 and 0; write patterns with 0 and 1, or with -1 and 1")
    found = values if -1.0 in known else 2 * values - 1
    return np.nan_to_num(found, nan=0.0).astype(np.int8)
