"""Measure what letter codes gain for rare words: perplexity by how often the word before occurs in training.

    python benchmarks/letter_codes.py [--dataset cedr-ru] [--model 'lstm(hidden=128)'] [--epochs 4] [--seeds 1]

One model has three input layers in turn: vectors of words, of their hashed letter trigrams, and the sum of both. All
other settings, the seeds and the epochs are equal. Symbols of the test part are grouped by the number of times that the
word before occurs in training; the first symbol of a document is left out. All words outside the vocabulary are `<unk>`
for all three input layers.
"""

import argparse

import numpy as np

from seqbench import registry
from seqbench.interface import Budget, Floats, Ids
from seqbench.spec import Spec, parse
from seqbench.tasks.language.data import TextData
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.scoring import score_documents

BINS = [(2, 4), (5, 19), (20, 199), (200, None)]
SETTINGS = {"embedding_size": 64, "hidden_size": 64, "dropout": 0.2, "batch_size": 20, "learning_rate": 1e-2}


def fit_and_score(spec: Spec, data: TextData, epochs: int, seed: int) -> tuple[list[Floats], dict[str, float], int]:
    """Return −ln p of the symbols of each test document, what the fit logged on spellings, and the parameter count."""
    kind = registry.find_model(spec, "lm").attribute
    model = kind(registry.configured(kind.config_class, spec, "lm"))
    told: dict[str, float] = {}
    model.fit(
        data.train.documents,
        LanguageContext(
            seed=seed,
            budget=Budget(epochs=epochs),
            valid=data.valid.documents,
            vocab=data.vocab,
            log=lambda name, value: told.update({name: value}),
        ),
    )
    return score_documents(model, data.test.documents), told, model.parameter_count()


def by_count(nats: list[Floats], documents: list[Ids], counts: Ids, unk: int | None) -> list[tuple[int, float]]:
    """Return the number of symbols and their perplexity after words of each bin, after `<unk>`, and for all symbols."""
    told = np.concatenate([n[1:] for n in nats])
    before = np.concatenate([d[:-1] for d in documents])
    met = np.where(before == unk, 0, counts[before])
    places = [(met >= low) & (met <= (np.inf if high is None else high)) for low, high in BINS]
    places += [before == unk, np.ones(len(met), bool)]
    return [(int(p.sum()), float(np.exp(told[p].mean()))) for p in places]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="cedr-ru")
    parser.add_argument("--model", default="lstm")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    source = parse(asked.dataset)
    data: TextData = registry.configured(registry.find_dataset(source, "lm").attribute, source, "lm").load()
    counts = np.bincount(np.concatenate(list(data.train.documents)), minlength=data.vocab.size)
    base = registry.spelled_out(parse(asked.model), "lm")
    heads = [f"{low}–{high}" if high else f"{low}+" for low, high in BINS] + ["<unk>", "all"]
    print(f"{data.name}: V = {data.vocab.size:,}, perplexity by how often the word before occurs in training")
    print(f"{'input':8}{'seed':>5}" + "".join(f"{head:>10}" for head in heads) + f"{'parameters':>13}  spellings")
    for kind in ("words", "codes", "both"):
        spec = Spec(base.name, {**SETTINGS, **base.settings, "input": kind})
        for seed in range(asked.seeds):
            nats, told, parameters = fit_and_score(spec, data, asked.epochs, seed)
            row = by_count(nats, list(data.test.documents), counts, data.vocab.unk)
            spelled = {name.removeprefix("spelling_"): int(v) for name, v in told.items() if name.startswith("spell")}
            print(f"{kind:8}{seed:5}" + "".join(f"{p:10.1f}" for _, p in row) + f"{parameters:13,}  {spelled or ''}")
    print(f"{'symbols':13}" + "".join(f"{n:10,}" for n, _ in row))


if __name__ == "__main__":
    main()
