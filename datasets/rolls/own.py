"""Users' own pieces of music."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import first_lines, read_bytes
from seqbench.datasets.rolls.formats import CSV, JSON, LOWEST, MIDI, PARTS, read_csv, read_json, read_midi
from seqbench.datasets.splits import assign
from seqbench.tasks.frames.data import FrameData, NewPieces
from seqbench.tasks.frames.model import Roll, Rolls

SHARES = (0.8, 0.1, 0.1)
OFTEN = 0.1
"""If more than this share of the test pieces stand in training too, the table warns."""


class RollFile(Dataset[FrameData]):
    """Pieces as lists of pitches (.json), as piano rolls (.csv), as MIDI (.mid), or a folder of such files.

    A JSON object with the parts `train`, `valid` and `test`, or a folder with folders of these names, is split already;
    so are pieces with `valid` and `test`. All others are split 80/10/10 by a hash of the pieces, so that the split
    depends on neither their order nor a seed, and equal pieces are in one part.
    """

    task: ClassVar[str] = "frames"
    name: ClassVar[str] = "file"

    path: Path = Field(description="the pieces; the training part if `valid` and `test` are given")
    valid: Path | None = Field(None, description="pieces of the validation part")
    test: Path | None = Field(None, validate_default=True, description="pieces of the test part")
    frame: float = Field(1.0, gt=0, le=16, description="length of a frame of MIDI files, in quarter notes")

    @field_validator("test")
    @classmethod
    def _both_or_none(cls, test: Path | None, info: ValidationInfo) -> Path | None:
        if (test is None) != (info.data.get("valid") is None):
            raise ValueError("give valid and test both, or neither; with neither, the pieces are split 80/10/10")
        return test

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        inside = path.iterdir() if path.is_dir() else [path]
        if path.suffix.lower() == JSON:
            return int(any(line.lstrip().startswith(("[", '{"train"')) for line in first_lines(path)[:1]))
        return 2 * int("frame" in options or any(file.suffix.lower() in MIDI for file in inside))

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path", "valid", "test"})

    def fingerprint(self) -> str:
        found = hashlib.sha256()
        for files in (part for path in self._paths() for part in _files_by_part(path)):
            found.update(f"{len(files)} ".encode())
            for file in files:
                found.update(hashlib.sha256(read_bytes(file)).digest())
        return found.hexdigest()

    def load(self) -> FrameData:
        paths = self._paths()
        parts = self._given(paths) if len(paths) > 1 else self._parts(paths[0])
        if not any(roll.any() for roll in parts[0]):
            raise DataError(f"{paths[0]}: no key sounds in any piece of the training part; there is nothing to learn")
        train, valid, test = parts
        notes = {f"pieces_{name}": len(part) for name, part in zip(PARTS, parts, strict=True)}
        warnings = list(_warnings(train, test))
        return FrameData(
            name=self.path.name,
            train=train,
            valid=valid,
            test=test,
            lowest=LOWEST,
            convention=f"frames of {self.frame:g} quarter notes, 88 keys" if self.frame != 1 else "frames, 88 keys",
            notes=notes | ({"warnings": warnings} if warnings else {}),
            reading={"frame": self.frame},
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> NewPieces:
        path = path.expanduser()
        rolls, names = pieces_of(path, encoding["reading"]["frame"])
        return NewPieces(rolls, names)

    def _given(self, paths: Sequence[Path]) -> list[Rolls]:
        return _different([pieces_of(path, self.frame)[0] for path in paths], [str(path) for path in paths])

    def _parts(self, path: Path) -> list[Rolls]:
        if _has_parts(path):
            return self._given([path / part for part in PARTS])
        if path.suffix.lower() == JSON and not path.is_dir():
            found = read_json(path)
            if isinstance(found, dict):
                return _different([found[part] for part in PARTS], [f"{path}, {part}" for part in PARTS])
            rolls: Rolls = found
        else:
            rolls = pieces_of(path, self.frame)[0]
        texts = [_key([roll]) for roll in rolls]
        if (distinct := len(set(texts))) < len(PARTS):
            raise DataError(
                f"{path} holds {distinct} different piece{'s' if distinct > 1 else ''}, fewer than the {len(PARTS)} "
                "parts of the split; give more pieces, with a blank line between two in a CSV file"
            )
        part = assign(texts, [""] * len(texts), SHARES)
        return [[rolls[i] for i in np.flatnonzero(part == number).tolist()] for number in range(len(PARTS))]

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]


def _different(parts: Sequence[Rolls], names: Sequence[str]) -> list[Rolls]:
    """Return parts, of which no two may hold the same pieces."""
    for i, part in enumerate(parts):
        for earlier in range(i):
            if _key(part) == _key(parts[earlier]):
                raise DataError(
                    f"{names[i]} and {names[earlier]} hold the same pieces; give different ones, since a model must "
                    "not be tested on its training data"
                )
    return list(parts)


def pieces_of(path: Path, step: float) -> tuple[list[Roll], list[str]]:
    """Return the pieces of a file or folder, and their names.

    Raises:
        DataError: there are none, or a file cannot be used.
    """
    rolls, names = list[Roll](), list[str]()
    for file in _files(path):
        kind = file.suffix.lower()
        if kind in MIDI:
            own: list[Roll] = [read_midi(file, step)]
        elif kind == JSON:
            found = read_json(file)
            if isinstance(found, dict):
                raise DataError(f"{file} is split into parts; give it alone, or a file with one list of pieces")
            own = found
        elif kind == CSV:
            own = read_csv(file)
        else:
            raise DataError(f"{file}: pieces are read from {CSV}, {JSON} and {MIDI[0]}; rename or convert the file")
        rolls += own
        names += [file.name if len(own) == 1 else f"{file.name} {i}" for i in range(1, len(own) + 1)]
    return rolls, names


def _files(path: Path) -> list[Path]:
    """Return a file, or the files of pieces of a folder."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in (JSON, CSV, *MIDI))
    if not found:
        raise DataError(f"{path} holds no pieces: no file {CSV}, {JSON} or {MIDI[0]}")
    return found


def _has_parts(path: Path) -> bool:
    """Return whether a folder has a folder for each part."""
    return all((path / part).is_dir() for part in PARTS)


def _files_by_part(path: Path) -> list[list[Path]]:
    """Return the files that the data of a path are read from: those of each part, if it has a folder for each."""
    if _has_parts(path):
        return [_files(path / part) for part in PARTS]
    return [_files(path)]


def _key(rolls: Rolls) -> str:
    """Return a text that is equal for equal pieces."""
    found = hashlib.sha256()
    for roll in rolls:
        found.update(f"{len(roll)} ".encode() + np.ascontiguousarray(roll).tobytes())
    return found.hexdigest()


def _warnings(train: Rolls, test: Rolls) -> Iterator[str]:
    known = {_key([roll]) for roll in train}
    if (seen := sum(_key([roll]) in known for roll in test)) > OFTEN * len(test):
        yield f"{seen:,} of {len(test):,} test pieces stand in training too, so the scores are too good"
