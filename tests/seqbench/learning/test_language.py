"""What holds of every neural language model, whichever way it reads a text: its input and output layers."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch

from seqbench.baselines.convolutions.language import TemporalConvolutionLanguageModel
from seqbench.baselines.windows.bengio import BengioLanguageModel
from seqbench.baselines.windows.cbow import CBOWLanguageModel
from seqbench.baselines.windows.mlp import WindowMLPLanguageModel
from seqbench.interface import Budget, Ids
from seqbench.learning.input import CodeVectors
from seqbench.learning.language import NeuralLanguageModel
from seqbench.learning.spelling import Spelling
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.tasks.language.checks import check_class
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

Model = NeuralLanguageModel[Any]
RECURRENT: dict[str, object] = {"embedding_size": 8, "hidden_size": 8, "batch_size": 4, "bptt": 8, "dropout": 0.0}
FAMILIES: dict[str, tuple[type[Model], dict[str, object]]] = {
    "cbow": (CBOWLanguageModel, {"order": 3, "embedding_size": 8, "batch_size": 32}),
    "bengio": (BengioLanguageModel, {"order": 3, "embedding_size": 8, "hidden_size": 8, "batch_size": 32}),
    "window-mlp": (WindowMLPLanguageModel, {"order": 3, "hidden_size": 8, "batch_size": 32}),
    "elman": (ElmanLanguageModel, RECURRENT),
    "gru": (GRULanguageModel, RECURRENT),
    "lstm": (LSTMLanguageModel, RECURRENT),
    "bilstm": (BidirectionalLSTMLanguageModel, RECURRENT),
    "tcn": (TemporalConvolutionLanguageModel, RECURRENT | {"levels": 2, "channel_dropout": 0.0}),
}
EVERY = pytest.mark.parametrize("family", FAMILIES)
CODES = pytest.mark.parametrize("source", ["codes", "both"])

STEMS = ["walk", "jump", "laugh", "boil", "grunt", "scream"]
FOLLOWERS = ["up", "off", "loud", "hot", "deep", "far"]
"""What comes after each stem, whatever its ending."""
WORDS = [*(stem + ending for stem in STEMS for ending in ("ed", "s", "ing")), *FOLLOWERS, *"abcdefghijklmnop"]
V = len(WORDS)
"""Enough for an adaptive output layer."""


def make(family: str, **changes: object) -> Model:
    model, own = FAMILIES[family]
    return model(model.config_class.model_validate({**own, "learning_rate": 0.02, "code_buckets": 512, **changes}))


def lend(epochs: int = 1, seed: int = 0, curves: dict[str, list[float]] | None = None) -> LanguageContext:
    kept = {} if curves is None else curves
    return LanguageContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=[],
        vocab=Vocab(tuple(WORDS)),
        log=lambda name, value: kept.setdefault(name, []).append(value),
    )


def draw(*lengths: int, seed: int = 0) -> list[Ids]:
    rng = np.random.default_rng(seed)
    return [rng.integers(V, size=n) for n in lengths]


@EVERY
@CODES
def test_a_model_that_reads_codes_is_restored_without_the_words(family: str, source: str) -> None:
    model, ids = make(family, input=source), np.stack(draw(20, 20, seed=1))
    model.fit(draw(100, 7), lend())
    arrays = model.arrays()
    assert arrays is not None
    copy = make(family, input=source)
    copy.restore({name: value.copy() for name, value in arrays.items()})
    np.testing.assert_array_equal(copy.predict(ids)[0], model.predict(ids)[0])
    np.testing.assert_array_equal(copy.next(None), model.next(None))
    assert copy.parameter_count() == model.parameter_count()
    assert model.parameter_count() == sum(a.size for a in arrays.values() if a.dtype.kind == "f")


@EVERY
@CODES
def test_a_fit_teaches_the_codes_of_the_words_that_are_read_and_no_other(family: str, source: str) -> None:
    model = make(family, input=source)
    tables: list[CodeVectors] = []
    before: list[torch.Tensor] = []
    build = model.build

    def kept(counts: Ids) -> Any:
        network = build(counts)
        tables.extend(m for m in network.modules() if isinstance(m, CodeVectors))
        before.extend(table.table.weight.detach().clone() for table in tables)
        return network

    model.build = kept  # type: ignore[method-assign]
    read = [0, 4, 21]
    model.fit([np.array([*read, 8])], lend())
    # What follows is read too where a model looks ahead.
    read = [*read, 8] if family == "bilstm" else read
    spelling = Spelling.of(WORDS, 512)
    ends = np.cumsum(spelling.lengths)
    codes = {int(c) for w in read for c in spelling.codes[ends[w] - spelling.lengths[w] : ends[w]]}
    moved = [
        (table.table.weight != old).any(1).nonzero()[:, 0].tolist() for table, old in zip(tables, before, strict=True)
    ]
    assert len(tables) == (2 if family == "window-mlp" else 1)
    # The oldest place of a window has not got as far as the last word that is read.
    assert set().union(*moved) == codes | {512}


TIED = [(family, "tied") for family in FAMILIES if family not in ("window-mlp", "bilstm")]
"""One has no vectors, the other hidden vectors twice as wide as they."""


@pytest.mark.parametrize(
    ("family", "output"), [*itertools.product(FAMILIES, ["auto", "full", "adaptive", "sampled"]), *TIED]
)
def test_the_log_says_which_output_layer_there_is(family: str, output: str) -> None:
    curves: dict[str, list[float]] = {}
    make(family, output=output).fit(draw(30), lend(curves=curves))
    told = {name: values for name, values in curves.items() if name.startswith("output_")}
    assert told == {f"output_{'full' if output == 'auto' else output}": [1]}
    assert not any(name.startswith("spelling") for name in curves)


@EVERY
@CODES
def test_the_log_says_how_much_the_codes_confuse(family: str, source: str) -> None:
    curves: dict[str, list[float]] = {}
    make(family, input=source, code_buckets=7).fit(draw(30), lend(epochs=0, curves=curves))
    expected = Spelling.of(WORDS, 7)
    assert 0 < expected.alike < expected.colliding
    assert curves["spelling_ngrams"] == [expected.ngrams]
    assert curves["spelling_colliding"] == [expected.colliding]
    assert curves["spelling_alike"] == [expected.alike]


@EVERY
@pytest.mark.parametrize(("source", "output"), [("words", "full"), ("both", "sampled"), ("codes", "adaptive")])
def test_all_weights_start_within_the_initial_range(family: str, source: str, output: str) -> None:
    model = make(family, input=source, output=output, initial_range=0.03)
    model.fit(draw(30), lend(epochs=0))
    values = torch.cat([p.detach().flatten() for p in model.network.parameters()])
    assert values.abs().max() <= 0.03
    assert values.std() == pytest.approx(0.03 / 3**0.5, rel=0.03)
    for parameter in model.network.parameters():
        assert parameter.numel() == 1 or len(parameter.unique()) > 1


@EVERY
@CODES
def test_what_is_read_as_codes_cannot_be_tied(family: str, source: str) -> None:
    with pytest.raises(ValueError, match=r"output=tied needs vectors of words as input.*: use output=full"):
        make(family, input=source, output="tied").fit(draw(30), lend())


def pairs(rng: np.random.Generator, endings: list[str], count: int) -> Ids:
    """A form of a stem and what follows that stem, `count` times."""
    words = [(STEMS[s] + str(rng.choice(endings)), FOLLOWERS[s]) for s in rng.integers(len(STEMS), size=count)]
    return np.array([WORDS.index(word) for word in itertools.chain(*words)])


def nats_after_rare_forms(family: str, source: str) -> float:
    """Cross-entropy at places after words in -ing, each of which ended a document of training, so that nothing ever
    followed it; other forms of its stem were often followed."""
    rng = np.random.default_rng(0)
    train = [np.append(pairs(rng, ["ed", "s"], 40), WORDS.index(f"{stem}ing")) for stem in STEMS]
    changes = {"order": 2} if "order" in FAMILIES[family][1] else {}
    model = make(family, input=source, learning_rate=0.1, **changes)
    model.fit(train, lend(epochs=4))
    test = pairs(np.random.default_rng(1), ["ing"], 50)
    return float(-model.predict(test[None])[0][0, 1::2].mean())


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "bilstm"])
def test_a_rare_form_means_what_its_relatives_mean_where_letters_are_read(family: str) -> None:
    by_word, by_codes, by_both = (nats_after_rare_forms(family, source) for source in ("words", "codes", "both"))
    # A model that knows no more than which words ever follow a form spends log 6 nats.
    assert by_word > math.log(6)
    assert by_codes < 0.5
    assert by_both < 1.0


@pytest.mark.parametrize("family", ["bengio", "lstm"])
def test_all_laws_of_language_models_hold_where_letters_are_read(family: str) -> None:
    checks = check_class(lambda: make(family, input="both"))
    assert {"causal", "chunked", "batched", "saved", "consistent", "normalised"} <= {c.name for c in checks}
    assert [c for c in checks if not c.passed] == []
