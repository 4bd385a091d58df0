"""Compare the time that the laws take with the time of scoring and of the whole run, for three language models.

    python benchmarks/laws.py [--dataset python-reference] [--repeats 3] [--model lstm] [--train 20000]

Each model is fitted once, for one epoch; then scoring of the test part and the checks of a run alternate. The table
shows medians of seconds and of ratios. One thread each. `symbols` is the number of symbols that the checks score, as a
share of the test part. A long test part is scored in more calls, of which the laws look at no more, so that both shares
fall.
"""

import argparse
import statistics
import time
from dataclasses import replace
from typing import Any

import torch

from seqbench import registry
from seqbench.evidence.laws import seed_everything
from seqbench.interface import Budget, Ids
from seqbench.spec import Spec, parse
from seqbench.tasks import task
from seqbench.tasks.language.data import TextData, TextSplit

MODELS = ("kneser-ney(order=5)", "lstm", "hmm")


class Counted:
    """Counts the symbols that pass through the `predict` of a model."""

    def __init__(self, model: Any) -> None:
        self.symbols, self._predict = 0, model.predict
        model.predict = self

    def __call__(self, ids: Ids, state: Any = None) -> Any:
        self.symbols += ids.size
        return self._predict(ids, state)


def measure(spec: Spec, data: TextData, repeats: int) -> str:
    """Return the row of a model."""
    kind = task("lm")
    found = registry.find_model(spec, "lm").attribute
    model = found(registry.configured(found.config_class, spec, "lm"))
    context = kind.context(data, "test", 0, Budget(epochs=1), "cpu", lambda name, value: None)
    seed_everything(0)
    start = time.perf_counter()
    model.fit(kind.train(data, "test"), context)
    fit = time.perf_counter() - start
    counted, scoring, checking, symbols = Counted(model), [], [], 0
    for seed in range(repeats):
        witness = kind.witness(data, seed)
        start = time.perf_counter()
        kind.score(model, data, "test", None, witness)
        scoring.append(time.perf_counter() - start)
        counted.symbols = 0
        start = time.perf_counter()
        checks = kind.check(model, data, seed, witness)
        checking.append(time.perf_counter() - start)
        symbols = counted.symbols
        assert all(check.passed for check in checks), [check.message for check in checks if not check.passed]
    score, check = statistics.median(scoring), statistics.median(checking)
    ratio = statistics.median(c / s for c, s in zip(checking, scoring, strict=True))
    share = check / (fit + 2 * score + check)  # validation and test part are scored
    return (
        f"{spec!s:24} {fit:8.2f} {score:8.2f} {check:8.2f} {ratio:8.1%} {symbols / data.test.tokens:8.1%} {share:8.1%}"
    )


def first(part: TextSplit, symbols: int) -> TextSplit:
    """Return the first symbols of a stream."""
    return TextSplit([part.documents[0][:symbols]], [part.characters[0][:symbols]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="python-reference")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", action="append", help="such as lstm; may be repeated")
    parser.add_argument("--train", type=int, help="number of symbols that fits see; the laws cost the same after any")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = registry.find_dataset(parse(asked.dataset), "lm").attribute().load()
    if asked.train is not None:
        data = replace(data, train=first(data.train, asked.train), valid=first(data.valid, asked.train))
    print(f"{asked.dataset}: {data.test.tokens:,} symbols, V = {data.vocab.size:,}")
    print(f"{'':24} {'fit s':>8} {'score s':>8} {'laws s':>8} {'of score':>8} {'symbols':>8} {'of run':>8}")
    for name in asked.model or MODELS:
        print(measure(parse(name), data, asked.repeats), flush=True)


if __name__ == "__main__":
    main()
