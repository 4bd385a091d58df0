"""A file of each kind that the pages name, small, and of the form that they describe."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

PLACES = ("kitchen", "garden", "attic")
TAGGED = (("The", "DET"), ("cat", "NOUN"), ("sleeps", "VERB"), ("now", "ADV"))


def write(folder: Path) -> None:
    """Write the files into a folder, whose own folders are made."""
    for name in ("mybook", "new", "train", "valid", "test", "ptb.train", "ptb.valid", "ptb.test"):
        _text(folder / f"{name}.txt", seed=name)
    _table(folder / "tickets.csv", _tickets())
    for part in ("train", "valid", "test"):
        _table(folder / f"{part}.csv", (ticket for ticket in _tickets() if ticket["part"] == part))
    _table(folder / "sales.csv", _sales())
    pd.DataFrame(_sales()).pivot(index="ds", columns="shop", values="y").rename_axis("date").reset_index().to_parquet(
        folder / "wide.parquet"
    )
    _table(folder / "gait.csv", _walks())
    _table(folder / "engines.csv", _engines())
    (folder / "my.conllu").write_text("\n\n".join(_sentences()) + "\n\n")
    _table(folder / "pairs.tsv", _pairs())
    for name, side in (("europarl", "de"), ("mine", "de"), ("europarl", "en"), ("mine", "en")):
        lines = (pair[side] for pair in _pairs())
        (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n")
    (folder / "my_babi_format.txt").write_text("\n".join(_stories()) + "\n")
    (folder / "patterns.csv").write_text("\n".join(_patterns()) + "\n")
    for name in ("my_midi_files", "my_pieces"):
        (folder / name).mkdir()
        (folder / name / "songs.json").write_text(json.dumps(_pieces()))
    for kind in ("praise", "blame"):
        (folder / "folder" / kind).mkdir(parents=True)
        for i in range(30):
            (folder / "folder" / kind / f"{i}.txt").write_text(f"{kind} for part {i}\n")


def _table(path: Path, rows: Iterator[dict[str, object]]) -> None:
    pd.DataFrame(rows).to_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index=False)


def _text(path: Path, seed: str) -> None:
    lines = (f"the {PLACES[i % 3]} of {seed} is as far as {PLACES[i * i % 3]} and <unk>" for i in range(200))
    path.write_text("\n".join(lines) + "\n")


def _tickets() -> Iterator[dict[str, object]]:
    for i in range(120):
        kind = ("bill", "fault", "praise")[i % 3]
        part = ("train", "train", "valid", "test")[i // 3 % 4]
        yield {"body": f"a {kind} number {i}", "category": kind, "part": part, "customer": f"c{i // 3 % 20}"}


def _sales() -> Iterator[dict[str, object]]:
    for shop in ("north", "south"):
        for day in range(400):
            when = date(2024, 1, 1) + timedelta(day)
            yield {"ds": when.isoformat(), "y": 10 + day % 7, "shop": shop}


def _walks() -> Iterator[dict[str, object]]:
    for walk in range(40):
        for step in range(6):
            yield {"walk": walk, "ms": step, "x": step, "y": walk % 2, "z": 1, "person": ("ann", "bob")[walk % 2]}


def _engines() -> Iterator[dict[str, object]]:
    for engine in range(40):
        for cycle in range(6):
            yield {"engine": engine, "cycle": cycle, "heat": engine + cycle, "life": 100 - engine}


def _sentences() -> Iterator[str]:
    for i in range(60):
        words = (*TAGGED, (f"here{i}", "ADV"))
        yield "\n".join(f"{n}\t{w}\t_\t{tag}\t_\t_\t_\t_\t_\t_" for n, (w, tag) in enumerate(words, 1))


def _pairs() -> Iterator[dict[str, object]]:
    for i in range(60):
        part = ("train", "train", "valid", "test")[i % 4]
        yield {"source": f"eins {i}", "target": f"one {i}", "de": f"eins {i}", "en": f"one {i}", "part": part}


def _stories() -> Iterator[str]:
    for i in range(60):
        place = PLACES[i % 3]
        yield f"1 Ann went to the {place}.\n2 Bob went to the {PLACES[i * i % 3]}.\n3 Where is Ann?\t{place}\t1"


def _patterns() -> Iterator[str]:
    for i in range(12):
        yield ",".join(str((i >> unit) & 1) for unit in range(16))


def _pieces() -> list[list[list[int]]]:
    return [[[60 + i % 5, 64], [62], [], [65 + i % 3]] for i in range(40)]
