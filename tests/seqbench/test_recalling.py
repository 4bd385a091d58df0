"""Patterns of one's own go through the fit of a run, from the command line, and a sheet shows what they become."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import seqbench
from seqbench.cli import app
from seqbench.recalling import recall
from seqbench.reports.pictures import SHEET, draw_patterns


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with the fit of a Hopfield network to five patterns of 36 units, and its run."""
    folder = tmp_path_factory.mktemp("recall")
    stored = np.where(np.random.default_rng(0).random((3, 36)) < 0.5, 1, 0)
    np.savetxt(folder / "mine.csv", stored, fmt="%d", delimiter=",")
    frame = seqbench.run(
        "recall",
        data=folder / "mine.csv",
        models=["hopfield", "nearest-pattern"],
        keep=True,
        store=folder / "s",
        jobs=1,
    )
    assert set(frame["status"]) == {"ok"}
    return folder, str(next(file.parent for file in (folder / "s").glob("*/hopfield/*/record.json")))


def test_damaged_patterns_come_back_whole(kept: tuple[Path, str], tmp_path: Path) -> None:
    folder, run = kept
    stored = [line.split(",") for line in (folder / "mine.csv").read_text().splitlines()]
    damaged = [",".join("?" if place < 4 else bit for place, bit in enumerate(row)) for row in stored]
    (tmp_path / "new.csv").write_text("\n".join(damaged) + "\n")
    frame = recall(run, tmp_path / "new.csv", sheet=tmp_path / "sheet.png", store=folder / "s")
    assert frame["restored"].tolist() == ["".join(row) for row in stored]
    assert list(frame.columns) == ["pattern", "restored", "steps", "period", "energy"]
    assert (tmp_path / "sheet.png").read_bytes()[1:4] == b"PNG"
    shown = CliRunner().invoke(app, ["recall", run, "--data", str(tmp_path / "new.csv"), "--store", str(folder / "s")])
    assert shown.exit_code == 0, shown.output
    printed = pd.read_csv(pd.io.common.StringIO(shown.stdout), dtype=str)
    assert printed["restored"].tolist() == frame["restored"].tolist()


def test_what_cannot_be_restored_is_told(kept: tuple[Path, str], tmp_path: Path) -> None:
    folder, run = kept
    (tmp_path / "short.csv").write_text("1,0\n")
    with pytest.raises(ValueError, match="patterns have 2 units, but those that are stored 36"):
        recall(run, tmp_path / "short.csv", store=folder / "s")
    with pytest.raises(ValueError, match="there is no picture format"):
        recall(run, folder / "mine.csv", sheet=tmp_path / "sheet.bmp2", store=folder / "s")


def test_a_sheet_has_a_row_per_state_and_at_most_so_many_columns(tmp_path: Path) -> None:
    patterns = np.ones((SHEET + 5, 6), dtype=np.int8)
    names = [f"p{i}" for i in range(SHEET + 5)]
    draw_patterns({"damaged": patterns, "restored": patterns}, (2, 3), names, tmp_path / "sheet.svg")
    text = (tmp_path / "sheet.svg").read_text()
    for word in ("damaged", "restored", "p0", f"p{SHEET - 1}"):
        assert f"<!-- {word} -->" in text
    assert f"<!-- p{SHEET} -->" not in text
