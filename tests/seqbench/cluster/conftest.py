"""A temporary folder of its own for each test, and a cluster."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytest.importorskip("distributed")

from clusters import Dask

from seqbench.disk import folder_of_process


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of all processes of a test, so that what they leave is seen. Sockets need a short path."""
    folder_of_process()  # of this process, which outlives the test
    with TemporaryDirectory(prefix="t", dir="/tmp", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


@pytest.fixture
def dask(tmp_path: Path, temporary: Path) -> Iterator[Dask]:
    (tmp_path / "dask").mkdir()
    found = Dask(tmp_path / "dask")
    try:
        yield found
    finally:
        found.end()
