"""Hold the advice on 200 made data sets against what is true of them.

    python benchmarks/advice.py [--sets 200] [--output results/advice.json]

Each set has the size of a user's file: words decide the class, or their order, or a word far back, or nothing; series
are autoregressions, seasonal, or have a threshold. Each model is fitted once and scored on a test part of ordinary
size, of which the advice is made, and on one that is ten times as large, which tells what is true: which model is how
good, as it was fitted. Told are the shares of sets

- in which the advised model is at most the margin worse than the best one;
- in which a network is advised, or called better, that is not better than every classic model;
- in which the network is truly better or worse by more than the margin, and the advice says that the data are too few.

One process, about 20 minutes of one core.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqbench import registry
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Comparability, Costs, Identity, Provenance, Record
from seqbench.interface import Budget, SequenceModel
from seqbench.reports.advice import advice
from seqbench.reports.table import table
from seqbench.runs import suites
from seqbench.spec import parse
from seqbench.tasks import task

TIMES = 10
"""How many times as large the test part is that tells what is true."""
DOCUMENTS = (
    "synthetic-words(own={own}, train_documents={train}, valid_documents={test}, test_documents={all}, seed={seed})",
    "synthetic-order(train_documents={train}, valid_documents={test}, test_documents={all}, seed={seed})",
    "synthetic-distance(distance={far}, train_documents={train}, valid_documents={test}, test_documents={all}, "
    "seed={seed})",
    "synthetic-words(own=0, train_documents={train}, valid_documents={test}, test_documents={all}, seed={seed})",
)
SERIES = (
    "synthetic-ar(horizon=6, train_steps={train}, valid_steps={test}, test_steps={all}, seed={seed})",
    "synthetic-seasonal(horizon=12, train_steps={train}, valid_steps={test}, test_steps={all}, seed={seed})",
    "synthetic-threshold(horizon=4, train_steps={train}, valid_steps={test}, test_steps={all}, seed={seed})",
)
MODELS = {
    "doc": ("majority", "naive-bayes", "logistic-regression", "kneser-ney(order=3)", "averaged-embeddings", "lstm"),
    "ts": ("naive", "seasonal-naive", "autoregression", "autoregression(aic=true)", "linear-window", "window-mlp"),
}
MACHINE = Provenance(
    seqbench="", git_sha=None, git_dirty=None, python="", packages={}, platform="", cpu="", gpu=None, threads=1
)


@dataclass(frozen=True)
class Outcome:
    data: str
    advised: str
    best: str
    """The model that is truly best."""
    behind: float
    """By how much the advised model is truly worse than the best, on the metric's scale."""
    network: bool
    """Whether a network is advised."""
    lead: float
    """By how much the network of the headline is truly better than the best classic model; below 0: worse."""
    verdict: str
    margin: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the advice on made data sets against what is true of them.")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--output", type=Path, default=Path("results/advice.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for number in range(options.sets):
        started = time.perf_counter()
        found.append(outcome(number))
        print(f"{number + 1}/{options.sets} {time.perf_counter() - started:.1f} s {found[-1]}", flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps([asdict(one) for one in found], indent=1))
    tell(found)


def outcome(number: int) -> Outcome:
    """Make a data set by its number, and hold the advice on it against what is true."""
    rng = np.random.default_rng(number)
    suite = ("doc", "ts")[number % 2]
    kinds = DOCUMENTS if suite == "doc" else SERIES
    test = int(rng.choice([100, 300, 1000]))
    name = kinds[number // 2 % len(kinds)].format(
        own=rng.choice([0.1, 0.3, 0.65]),
        far=rng.integers(1, 12),
        train=int(rng.choice([3, 10])) * test,
        test=test,
        all=(1 + TIMES) * test,
        seed=number,
    )
    chosen = suites.load(suite)
    kind, margin = task(chosen.tasks[0]), chosen.parts[0].margin
    spec = parse(name)
    data = registry.configured(registry.find_dataset(spec, kind.name).attribute, spec, kind.name).load()
    preset = chosen.presets["quick"]
    runs, truth = [], {}
    for label in MODELS[suite]:
        model, kept = fitted(label, kind.name, preset.models.get(parse(label).name), data, preset.budget)
        valid = kind.score(model, data, "valid")
        columns = kind.score(model, data, "test", valid)
        few, many = divided(columns)
        basis = kind.comparability(data, name, "").model_copy(update={"items": len(few[next(iter(few))])})
        metric = kind.ranked(basis)[0]
        truth[label] = float(metric(kind.units(many, basis).columns)[0])
        scores = {
            split: {metric.name: float(metric(kind.units(part, basis).columns)[0])}
            for split, part in (("valid", valid), ("test", few))
        }
        runs.append((record(label, kept, basis, scores), few))
    made = table(runs, margin=margin)
    said = advice(made)
    sign = 1 if made.metrics[0].lower_is_better else -1
    loss = {label.partition(" (")[0]: sign * score for label, score in truth.items()}
    advised, headline = said.model.partition(" (")[0], made.headline
    kinds_of = {row.label.partition(" (")[0]: row.kind for row in made.rows}
    classics = [loss[label] for label, kind_of in kinds_of.items() if kind_of == "classic"]
    network = "" if headline is None else headline.neural.partition(" (")[0]
    return Outcome(
        data=name,
        advised=advised,
        best=min(loss, key=lambda label: loss[label]),
        behind=loss[advised] - min(loss.values()),
        network=kinds_of[advised] == "neural",
        lead=min(classics) - loss[network] if network else float("nan"),
        verdict="" if headline is None else headline.verdict,
        margin=margin,
    )


def fitted(label: str, name: str, own: Any, data: Any, budget: Budget) -> tuple[SequenceModel[Any, Any], type[Any]]:
    """Fit a model with the settings of the preset `quick`."""
    spec = parse(label)
    kind = registry.find_model(spec, name).attribute
    settings = {} if own is None else own.settings
    config = registry.configured(kind.config_class, type(spec)(spec.name, {**settings, **spec.settings}), name)
    model: SequenceModel[Any, Any] = kind(config)
    of = task(name)
    budget = budget if own is None or own.budget is None else own.budget
    for split in ("valid", "test"):  # one fit, if it serves both
        if split == "valid" or of.train(data, "test") is not of.train(data, "valid"):
            model.fit(of.train(data, split), of.context(data, split, 0, budget, "cpu", lambda *_: None))
    return model, kind


def divided(columns: Columns) -> tuple[Columns, Columns]:
    """Return the columns of the first items, of which advice is made, and of the others, which tell what is true."""
    items = len(next(iter(columns.values())))
    few = items // (1 + TIMES)
    return {n: c[:few] for n, c in columns.items()}, {n: c[few:] for n, c in columns.items()}


def record(label: str, kind: type[Any], basis: Comparability, scores: dict[str, dict[str, float]]) -> Record:
    identity = Identity(
        task=basis.task,
        model=label,
        target="",
        config={},
        model_source="",
        dataset=basis.dataset,
        options={},
        data_sha256="",
        data_source="",
        task_source="",
        seed=0,
        budget={},
        device="cpu",
    )
    return Record(
        key=label,
        identity=identity,
        label=label,
        model_spec=parse(label),
        data_spec=parse("made"),
        kind=kind.kind,
        stochastic=kind.stochastic,
        status="ok",
        comparability=basis,
        scores=scores,
        costs=Costs(),
        provenance=MACHINE,
        finished="",
    )


def tell(found: Sequence[Outcome]) -> None:
    """Print the shares."""
    total = len(found)
    near = sum(one.behind <= one.margin for one in found)
    wrong = sum(one.network and one.lead <= 0 for one in found)
    apart = [one for one in found if abs(one.lead) > one.margin]
    few = [one for one in found if one.verdict == "undecided"]
    print(f"advised within the margin of the best: {near} of {total}, {100 * near / total:.1f} %")
    print(f"a network advised that is not better than each classic: {wrong} of {total}, {100 * wrong / total:.1f} %")
    print(
        f"too few to tell: {len(few)} of {total}; of {len(apart)} sets where more than the margin lies between: "
        f"{sum(one.verdict == 'undecided' for one in apart)}"
    )
    for one in found:
        if one.behind > one.margin or (one.network and one.lead <= 0):
            print(f"  {one}")


if __name__ == "__main__":
    main()
