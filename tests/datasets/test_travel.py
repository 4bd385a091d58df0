"""Data go from process to process: what a loader returns can be written and read again, for every source that is made.

Options are small, so that nothing takes long; a source that is added without a line here fails the last test.
"""

import pickle

import pytest

from seqbench import registry
from seqbench.spec import parse

SMALL = [
    ("lm", "synthetic-markov(train_tokens=300, valid_tokens=50, test_tokens=50)"),
    ("lm", "synthetic-hmm(train_tokens=300, valid_tokens=50, test_tokens=50)"),
    ("lm", "synthetic-brackets(train_tokens=300, valid_tokens=50, test_tokens=50)"),
    ("lm", "copy-memory(delay=5)"),
    ("lm", "reber"),
    ("classify", "synthetic-words(train_documents=30, valid_documents=10, test_documents=10)"),
    ("classify", "synthetic-order(train_documents=30, valid_documents=10, test_documents=10)"),
    ("classify", "synthetic-distance(train_documents=30, valid_documents=10, test_documents=10)"),
    ("classify", "temporal-order"),
    ("regress", "adding(length=8, train_sequences=30, valid_sequences=10, test_sequences=10)"),
    ("tag", "synthetic-tags(train_sentences=30, valid_sentences=10, test_sentences=10)"),
    ("forecast", "synthetic-ar(train_steps=200, valid_steps=60, test_steps=60)"),
    ("forecast", "synthetic-seasonal(train_steps=200, valid_steps=60, test_steps=60)"),
    ("forecast", "synthetic-threshold(train_steps=200, valid_steps=60, test_steps=60)"),
    ("forecast", "mackey-glass(train_steps=200, valid_steps=100, test_steps=100, noise=0.1)"),
    ("forecast", "lorenz(train_steps=200, valid_steps=60, test_steps=60)"),
    ("translate", "made-music(train_melodies=30, valid_melodies=5, test_melodies=5)"),
    *(
        ("translate", f"{name}(train_pairs=30, valid_pairs=10, test_pairs=10)")
        for name in ("copy-words", "reverse", "sort", "numbers", "dates", "bit-copy", "repeat-copy")
    ),
    ("translate", "associative-recall(train_pairs=30, valid_pairs=10, test_pairs=10)"),
    ("translate", "priority-sort(train_pairs=30, valid_pairs=10, test_pairs=10)"),
    ("answer", "made-world(train_stories=30, valid_stories=10, test_stories=10)"),
    ("recall", "random-patterns(units=40)"),
    ("frames", "made-chorales(train_pieces=5, valid_pieces=2, test_pieces=2)"),
]


@pytest.mark.parametrize(("task", "data"), SMALL, ids=[data.partition("(")[0] for _, data in SMALL])
def test_made_data_travel_between_processes(task: str, data: str) -> None:
    spec = parse(data)
    kind = registry.find_dataset(spec, task).attribute
    loaded = registry.configured(kind, spec, task).load()
    assert type(pickle.loads(pickle.dumps(loaded))) is type(loaded)


def test_every_source_that_is_made_is_tried() -> None:
    entries = registry.DATASETS.items()
    made = {name for name, entry in entries if any("synthetic" in target for target in entry.targets.values())}
    assert made - {data.partition("(")[0] for _, data in SMALL} == set()
