"""Music that a model draws: text, a MIDI file that is read again, a picture; and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from seqbench.cli import app
from seqbench.composing import compose
from seqbench.datasets.rolls.formats import LOWEST, read_midi
from seqbench.tasks.frames.notes import as_text

SMALL: dict[str, Any] = {"suite": "music", "dataset": "made-chorales(train_pieces=12, valid_pieces=3, test_pieces=3)"}


def test_a_piece_is_text_music_and_picture_and_all_are_the_same(tmp_path: Path) -> None:
    files = [tmp_path / "a.mid", tmp_path / "a.png", tmp_path / "b.png"]
    text = compose("chord-ngram", 12, files, how={"seed": 3}, store=tmp_path / "results", **SMALL)
    assert len(text.split("\n")) == 12
    roll = read_midi(files[0], 1.0)
    assert text.replace("rest\n", "").strip().startswith(as_text(roll, LOWEST).split("\n")[0])
    assert files[1].read_bytes() == files[2].read_bytes()
    assert imread(files[1]).min() < 0.1
    again = compose("chord-ngram", 12, [], how={"seed": 3}, store=tmp_path / "results", **SMALL)
    assert again == text
    assert compose("chord-ngram", 12, [], how={"seed": 4}, store=tmp_path / "results", **SMALL) != text


def test_the_command_writes_what_it_prints(tmp_path: Path) -> None:
    given = ["sample", "note-ngram(order=2)", "--suite", "music", "--length", "5", "--store", str(tmp_path / "results")]
    result = CliRunner().invoke(app, [*given, "--output", str(tmp_path / "a.mid")])
    assert result.exit_code == 0, result.output
    assert len(result.output.strip().split("\n")) == 5
    assert (tmp_path / "a.mid").exists()
    plain = CliRunner().invoke(app, given)
    assert plain.output == result.output


@pytest.mark.parametrize(
    ("files", "given", "words"),
    [
        (["a.mp3"], SMALL, "there is no picture format '.mp3'"),
        (["none/a.mid"], SMALL, "there is no folder"),
        (["none/a.png"], SMALL, "there is no folder"),
        (["a.mid"], {"suite": "lm"}, "models of the task lm write no music; add --suite music"),
        (["a.mid"], SMALL | {"how": {"seed": 0, "greedy": True}}, "give only the length and the seed"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, files: list[str], given: dict[str, Any], words: str) -> None:
    model = "unigram" if given["suite"] == "lm" else "note-ngram"
    with pytest.raises(ValueError, match=words):
        compose(model, 4, [tmp_path / file for file in files], store=tmp_path / "results", **given)


def test_a_silent_piece_can_be_drawn_as_a_picture(tmp_path: Path) -> None:
    from seqbench.reports.pictures import draw_roll

    draw_roll(np.zeros((6, 88), np.int8), LOWEST, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
