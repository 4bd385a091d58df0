"""Run one small cell of every model of every suite. `make wheel` runs this file with the wheel alone installed.

A model that needs an extra must be skipped with the command that installs it; every other one must be ok. Models are
taken from the suites and from the catalogue, so a new one cannot be forgotten.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import seqbench
from seqbench import registry
from seqbench.runs import suites
from seqbench.spec import parse

DATA = {
    "lm": "synthetic-markov(train_tokens=3000, valid_tokens=500, test_tokens=500)",
    "classify": "synthetic-order(train_documents=60, valid_documents=24, test_documents=24)",
    "regress": "adding(length=8, train_sequences=60, valid_sequences=24, test_sequences=24)",
    "recognise": "digits(order=rows)",
    "tag": "synthetic-tags(train_sentences=60, valid_sentences=24, test_sentences=24)",
    "translate": "reverse(train_pairs=60, valid_pairs=24, test_pairs=24)",
    "recall": "random-patterns(units=40, alpha=0.1, probes=4)",
    "frames": "made-chorales(train_pieces=12, valid_pieces=4, test_pieces=4)",
    "answer": "made-world(train_stories=60, valid_stories=24, test_stories=24)",
    "forecast": "synthetic-seasonal(train_steps=240, valid_steps=48, test_steps=48, horizon=12)",
}
SUITE = """
name = "every-model"
task = {task}
summary = "every model on small data"
datasets = [{data}]
models = {models}
preset = "smallest"

[presets.smallest]
budget = {{ epochs = 1, updates = 2 }}
limits = {{ seconds = 900, memory_gb = 6 }}
"""


def models(task: str) -> list[str]:
    """Return the specs in the suites of a task, and the names that are listed for it but are in no suite."""
    parts = [part for suite in map(suites.load, suites.shipped()) for part in suite.parts]
    specs = [spec for part in parts if part.task == task for spec in part.models]
    named = {part.name for spec in map(parse, specs) for part in (spec, *spec.parts)}
    listed = [name for name, entry in registry.models().items() if task in entry.targets]
    return list(dict.fromkeys([*specs, *(name for name in listed if name not in named)]))


def failures(task: str, folder: Path) -> list[str]:
    asked = models(task)
    suite = folder / f"{task}.toml"
    suite.write_text(SUITE.format(task=json.dumps(task), data=json.dumps(DATA[task]), models=json.dumps(asked)))
    frame = seqbench.run(str(suite), store=folder / task, jobs=os.cpu_count() or 1)
    frame = frame[frame["kind"] != "truth"]
    assert len(frame) == len(asked), f"{task}: {len(frame)} rows of {len(asked)} models"
    skipped = (frame["status"] == "skipped") & frame["reason"].str.contains("pip install 'seqbench[", regex=False)
    good = (frame["status"] == "ok") | skipped
    print(f"{task}: {len(frame)} models, {int(good.sum() - skipped.sum())} ok, {int(skipped.sum())} need an extra")
    return [f"{task}: {row.model}: {row.status}: {row.reason}" for row in frame[~good].itertuples()]


def main() -> None:
    tasks = sorted({task for name in suites.shipped() for task in suites.load(name).tasks})
    with TemporaryDirectory() as folder:
        found = [failure for task in tasks for failure in failures(task, Path(folder))]
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
