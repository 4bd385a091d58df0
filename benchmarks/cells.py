"""Compare the times that the harness records with those of a plain process, for six families of models.

    python benchmarks/cells.py [--repeats 5] [--only lstm]

In turn, the harness runs a cell, and a new Python process without the harness fits the same model on the same data with
the same seed and scores the test part, on one thread each. The table shows the median times of the plain process, and
the median over the repeats of the ratio of both. Both should be within 5 % of 1 on a machine that does nothing else.
Pairs of which the record says that the machine was busy are left out, and counted.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from seqbench import api
from seqbench.evidence.records import Record

FAMILIES = {
    "kneser-ney(order=5)": ("lm", "synthetic-brackets"),
    "hmm": ("lm", "synthetic-hmm"),
    "lstm": ("lm", "synthetic-markov"),
    "tcn": ("lm", "synthetic-markov"),
    "logistic-regression": ("doc", "synthetic-order"),
    "kim-cnn": ("doc", "synthetic-order"),
    "autoregression": ("ts", "synthetic-seasonal"),
}
"""Model → suite and data set, with the preset quick."""
PLAIN = """
import json, sys, time
from seqbench import api
from seqbench.evidence.laws import seed_everything
from seqbench.interface import Budget
from seqbench.runs.cell import blank
from seqbench.runs.loading import dataset
from seqbench.tasks import task
import torch
torch.set_num_threads(1)
import torch._dynamo
suite, source, model = sys.argv[1:]
cell = api.ask(suite, models=[model], datasets=[source], preset="quick", device="cpu").cells[0]
kind, data = task(cell.identity.task), dataset(cell).load()
for split in ("valid", "test"):
    kind.prepare(data, split)
fitted, told = blank(cell, data), []
seed_everything(cell.seed)
budget = Budget.model_validate(cell.identity.budget)
start = time.perf_counter()
fitted.fit(kind.train(data, "valid"), kind.context(data, "valid", cell.seed, budget, "cpu", lambda name, value: None))
told.append(time.perf_counter() - start)
valid = kind.score(fitted, data, "valid")
if kind.train(data, "test") is not kind.train(data, "valid"):
    fitted = blank(cell, data)
    seed_everything(cell.seed)
    start = time.perf_counter()
    fitted.fit(kind.train(data, "test"), kind.context(data, "test", cell.seed, budget, "cpu", lambda name, value: None))
    told[0] += time.perf_counter() - start
predict = fitted.predict
told.append(0.0)

def timed(*arguments):
    start = time.perf_counter()
    said = predict(*arguments)
    told[1] += time.perf_counter() - start
    return said

fitted.predict = timed
kind.score(fitted, data, "test", valid)
print(json.dumps(told))
"""


def plain(suite: str, source: str, model: str) -> tuple[float, float]:
    """Return the seconds to fit and to score in a process without the harness."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, suite, source, model],
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        check=True,
    )
    fit, score = json.loads(done.stdout.splitlines()[-1])
    return fit, score


def harness(suite: str, source: str, model: str) -> Record:
    """Run the cell of the model, and return its record."""
    with tempfile.TemporaryDirectory() as store:
        asked = api.ask(suite, models=[model], datasets=[source], preset="quick", device="cpu", store=Path(store))
        asked.cells[1:] = []
        for _ in asked.start():
            pass
        record = asked.store.find(asked.cells[0].identity)
        assert isinstance(record, Record)
        return record


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--only", choices=list(FAMILIES))
    chosen = arguments.parse_args()
    print(f"{'':24}{'plain fit':>12}{'score':>12}{'fit ratio':>12}{'score ratio':>13}{'busy':>6}")
    for model in [chosen.only] if chosen.only else FAMILIES:
        suite, source = FAMILIES[model]
        fits, scores, bare, busy = [], [], [], 0
        for _ in range(chosen.repeats):
            record, (fit, score) = harness(suite, source, model), plain(suite, source, model)
            if record.costs.busy:
                busy += 1
                continue
            assert record.costs.fit_seconds is not None
            assert record.costs.predict_seconds is not None
            fits.append(record.costs.fit_seconds / fit)
            scores.append(record.costs.predict_seconds / score)
            bare.append((fit, score))
        if not bare:
            print(f"{model:24}{'':>49}{busy:6}")
            continue
        fit, score = (statistics.median(column) for column in zip(*bare, strict=True))
        ratios = f"{statistics.median(fits):12.3f}{statistics.median(scores):13.3f}"
        print(f"{model:24}{fit:10.3f} s{score:10.4f} s{ratios}{busy:6}", flush=True)


if __name__ == "__main__":
    main()
