"""A model of a text in a file is the model of the same text in memory, to the last digit, and takes less memory."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqbench.baselines.convolutions.language import TemporalConvolutionLanguageModel
from seqbench.baselines.hidden_markov.language import HMM
from seqbench.baselines.memories.boltzmann.language import BoltzmannLanguageModel
from seqbench.baselines.memories.language import DenseLanguageModel, HopfieldLanguageModel
from seqbench.baselines.windows.bengio import BengioLanguageModel
from seqbench.baselines.windows.cbow import CBOWLanguageModel
from seqbench.baselines.windows.mlp import WindowMLPLanguageModel
from seqbench.interface import Budget, Documents
from seqbench.learning import order, text
from seqbench.long_arrays import Cut, OnDisk
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.vocab import Vocab

V = 20
SMALL = {"embedding_size": 4, "hidden_size": 4}
MODELS: dict[str, Callable[[], LanguageModel[Any]]] = {
    name: lambda made=made, own=own: made(made.config_class.model_validate(own))
    for name, made, own in (
        ("cbow", CBOWLanguageModel, {"embedding_size": 4}),
        ("bengio", BengioLanguageModel, SMALL),
        ("window-mlp", WindowMLPLanguageModel, {"hidden_size": 4}),
        ("boltzmann", BoltzmannLanguageModel, {"hidden_size": 4}),
        ("tcn", TemporalConvolutionLanguageModel, SMALL),
        ("lstm", LSTMLanguageModel, SMALL),
        ("bilstm", BidirectionalLSTMLanguageModel, SMALL),
        ("hmm", HMM, {"states": 3, "restarts": 2, "piece": 16}),
        ("hopfield", HopfieldLanguageModel, {}),
        ("dense", DenseLanguageModel, {"patterns": 500}),
    )
}
rng = np.random.default_rng(0)
WHOLE = (rng.zipf(1.4, size=3000) - 1) % V
CUTS = np.sort(rng.choice(np.arange(1, 3000), size=200, replace=False))


def fitted(name: str, train: Documents) -> dict[str, np.ndarray]:
    model = MODELS[name]()
    vocab = Vocab(tuple(map(str, range(V))))
    model.fit(train, LanguageContext(seed=1, budget=Budget(epochs=5), valid=[WHOLE[:200]], vocab=vocab))
    arrays = model.arrays()
    assert arrays is not None
    return dict(arrays)


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("cuts", [CUTS[:0], CUTS], ids=["stream", "sentences"])
@pytest.mark.parametrize("name", MODELS)
def test_a_text_in_a_file_gives_the_same_model(
    name: str, cuts: np.ndarray, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if long:
        for module in (text, order):
            monkeypatch.setattr(module, "WHOLE", 100)
    in_memory = fitted(name, np.split(WHOLE, cuts))
    file = OnDisk(np.int64)
    file.append(WHOLE)
    on_disk = fitted(name, Cut(file.mapped(), cuts))
    assert in_memory.keys() == on_disk.keys()
    for key, array in in_memory.items():
        np.testing.assert_array_equal(array, on_disk[key], err_msg=key)


FITTING = """
import re
from pathlib import Path
import numpy as np
from seqbench.baselines.memories.language import DenseLanguageModel
from seqbench.baselines.windows.cbow import CBOWConfig, CBOWLanguageModel
from seqbench.interface import Budget
from seqbench.long_arrays import Cut, OnDisk
from seqbench.recurrent.language.lstm import LSTMLanguageConfig, LSTMLanguageModel
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

file, rng = OnDisk(np.int64), np.random.default_rng(0)
for _ in range(20):
    file.append(rng.integers(500, size=10**6))
text = file.mapped()
vocab = Vocab(tuple(map(str, range(500))))
context = LanguageContext(seed=0, budget=Budget(updates=30), valid=[], vocab=vocab)
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
models = {
    "cbow": CBOWLanguageModel(CBOWConfig(embedding_size=8)),
    "lstm": LSTMLanguageModel(LSTMLanguageConfig(embedding_size=8, hidden_size=8)),
    "dense": DenseLanguageModel(),
}
for name, model in models.items():
    model.fit([rng.integers(500, size=50_000)], context)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = peak()
    model.fit(Cut(text, np.arange(1000, len(text), 1000)), context)
    print(name, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted otherwise")
def test_memory_is_bounded_where_the_text_alone_took_160_mb() -> None:
    said = subprocess.run([sys.executable, "-c", FITTING], capture_output=True, text=True, check=True).stdout
    grown = {name: int(peak) for name, peak in map(str.split, said.splitlines())}
    assert grown.keys() == {"cbow", "lstm", "dense"}
    assert max(grown.values()) < 100e6, grown
