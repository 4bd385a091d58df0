"""A temporary folder of its own for each test, and a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from clusters import Dask


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of all processes of a test, so that what they leave is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def dask(tmp_path: Path, temporary: Path) -> Iterator[Dask]:
    (tmp_path / "dask").mkdir()
    found = Dask(tmp_path / "dask")
    try:
        yield found
    finally:
        found.end()
