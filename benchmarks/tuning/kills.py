"""A search that is killed again and again makes the trials of one that is left alone.

    python benchmarks/tuning/kills.py --data trec --kills 10 --trials 30

Prints the trials of both, and how many fits were made. Exits with 1 if they differ.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from seqbench.tuning.journal import Journal
from seqbench.tuning.sampling import optuna

MODELS = ("naive-bayes", "averaged-embeddings")


def start(store: Path, data: str, trials: int) -> subprocess.Popen[bytes]:
    models = [word for model in MODELS for word in ("--model", model)]
    command = [sys.executable, "-m", "seqbench.cli", "tune", "--suite", "doc", "--dataset", data, *models]
    command += ["--trials", str(trials), "--jobs", "1", "--store", str(store), "--format", "csv"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def tried(store: Path) -> dict[str, list[Any]]:
    """Return the trials of each study in their order: settings, key of the record, score; without times."""
    journal = Journal(store / "tuning")
    backend = optuna().storages.journal.JournalFileBackend(str(journal.path))
    names = optuna().get_all_study_names(optuna().storages.JournalStorage(backend))
    found = {}
    for name in sorted(names):
        held = journal.trials(name)
        found[name] = [(n, held[n].params, held[n].user_attrs["key"], held[n].value) for n in sorted(held)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="synthetic-words(train_documents=300)")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder, "alone"), Path(folder, "killed")
        began = time.monotonic()
        start(alone, asked.data, asked.trials).wait()
        whole = time.monotonic() - began
        moments, made = random.Random(0), []
        for number in range(asked.kills):
            process = start(killed, asked.data, asked.trials)
            time.sleep(moments.uniform(0.05, 1.5 / asked.kills) * whole + 3)
            process.send_signal(signal.SIGKILL)
            process.wait()
            made.append(len(list((killed / "tuning").glob("trials/*/*/*/record.json"))))
            print(f"kill {number + 1}: {made[-1]} records of trials")
        start(killed, asked.data, asked.trials).wait()
        first, second = tried(alone), tried(killed)
        for name, trials in first.items():
            fits = len({key for _, _, key, _ in trials if key})
            print(f"{name}: {len(trials)} trials of {fits} fits; the same: {trials == second.get(name)}")
        print(f"records never fell: {made == sorted(made)}")
    return 0 if first == second and made == sorted(made) else 1


if __name__ == "__main__":
    sys.exit(main())
