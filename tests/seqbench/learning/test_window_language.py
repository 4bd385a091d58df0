"""What holds of every language model of a window, and what tells the three apart."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from seqbench.baselines.windows.bengio import BengioConfig, BengioLanguageModel
from seqbench.baselines.windows.cbow import CBOWConfig, CBOWLanguageModel
from seqbench.baselines.windows.mlp import WindowMLPConfig, WindowMLPLanguageModel
from seqbench.datasets.synthetic.text import SyntheticMarkov
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.learning.output import FullSoftmax, OutputKind, SampledSoftmax
from seqbench.learning.window_language import Places, ShuffledWindows, WindowLanguageModel
from seqbench.tasks.language.checks import check_class
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

CPU = torch.device("cpu")
V = 70
"""Enough for an adaptive output layer."""
FAMILIES = {
    "cbow": (CBOWLanguageModel, {"embedding_size": 12}),
    "bengio": (BengioLanguageModel, {"embedding_size": 6, "hidden_size": 10}),
    "bengio, direct": (BengioLanguageModel, {"embedding_size": 6, "hidden_size": 10, "direct": True}),
    "window-mlp": (WindowMLPLanguageModel, {"hidden_size": 10}),
}
EVERY = pytest.mark.parametrize("family", FAMILIES)


def make(family: str, **changes: object) -> WindowLanguageModel:
    model, own = FAMILIES[family]
    settings = {"order": 4, "batch_size": 64, "learning_rate": 0.02, **own, **changes}
    return model(model.config_class.model_validate(settings))


def lend(
    size: int = V, epochs: int = 1, valid: Documents = (), curves: dict[str, list[float]] | None = None, seed: int = 0
) -> LanguageContext:
    kept = {} if curves is None else curves
    return LanguageContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=valid,
        vocab=Vocab(tuple(f"s{i}" for i in range(size))),
        log=lambda name, value: kept.setdefault(name, []).append(value),
    )


def draw(*lengths: int, seed: int = 0) -> list[Ids]:
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, V + 1)
    return [rng.choice(V, size=n, p=weights / weights.sum()) for n in lengths]


def fitted(family: str, **changes: object) -> WindowLanguageModel:
    model = make(family, **changes)
    model.fit(draw(300, 40, 7), lend(epochs=2))
    return model


def one_hot(window: Ids) -> Floats:
    """(n - 1, V + 1), row k the symbol at place k."""
    return np.eye(V + 1)[window]


def features(family: str, w: dict[str, Floats], window: Ids) -> Floats:
    """What the output layer reads, in float64, from the equations of the papers and the weights."""
    if family == "window-mlp":
        # ((n - 1)(V + 1), H), its rows the columns of the papers' matrix
        matrix = np.concatenate([w[f"columns.{k}.weight"] for k in range(3)])
        return np.tanh(one_hot(window).ravel() @ matrix + w["bias"])
    if family == "cbow":
        return one_hot(window).mean(0) @ w["embedding.weight"]
    x = (one_hot(window) @ w["embedding.weight"]).ravel()
    hidden = np.tanh(w["hidden.bias"] + w["hidden.weight"] @ x)
    return np.concatenate([hidden, x]) if family == "bengio, direct" else hidden


@EVERY
def test_scores_are_those_of_the_equations_written_out(family: str) -> None:
    model, (ids,) = fitted(family, output="full"), draw(30, seed=5)
    w = {name: value.astype(np.float64) for name, value in model.arrays().items()}
    expected = []
    for t, symbol in enumerate(ids):
        window = np.concatenate([[V, V, V], ids[:t]])[-3:]
        y = w["output.linear.bias"] + w["output.linear.weight"] @ features(family, w, window)
        expected.append(y[symbol] - np.log(np.exp(y).sum()))
    np.testing.assert_allclose(model.predict(ids[None])[0][0], expected, rtol=0, atol=3e-6)


@EVERY
def test_gradients_are_those_of_finite_differences(family: str) -> None:
    torch.manual_seed(0)
    network = make(family, output="full").build(np.ones(5, np.int64)).double().eval()
    for module in network.modules():
        if isinstance(module, nn.Embedding):
            module.sparse = False  # finite differences know of no sparse gradient
    windows, targets = torch.tensor([[5, 5, 5], [5, 5, 2], [2, 0, 2], [4, 3, 1]]), torch.tensor([2, 0, 4, 1])
    names, values = zip(*((name, p.detach().requires_grad_()) for name, p in network.named_parameters()), strict=True)

    class Nats(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self) -> torch.Tensor:
            scores: torch.Tensor = network.output(network(windows), targets)
            return scores

    module = Nats()
    given = [f"network.{name}" for name in names]
    assert torch.autograd.gradcheck(lambda *p: functional_call(module, dict(zip(given, p, strict=True)), ()), values)


@EVERY
@pytest.mark.parametrize("output", ["auto", "sampled"])
def test_all_laws_of_language_models_hold(family: str, output: OutputKind) -> None:
    checks = check_class(lambda: make(family, output=output, dropout=0.1))
    assert {"causal", "chunked", "saved", "consistent", "normalised", "deterministic"} <= {c.name for c in checks}
    assert [c for c in checks if not c.passed] == []


@EVERY
def test_the_last_symbols_of_the_window_alone_are_seen(family: str) -> None:
    model, (ids,) = fitted(family), draw(12, seed=4)
    before = model.predict(ids[None])[0][0]
    ids[5] = (ids[5] + 1) % V
    changed = model.predict(ids[None])[0][0] != before
    assert changed.tolist() == [False] * 5 + [True] * 4 + [False] * 3


def test_cbow_ignores_the_order_of_its_window_and_the_others_do_not() -> None:
    windows = np.array(list(itertools.permutations([3, 0, 17])))
    for family in FAMILIES:
        p = fitted(family).next(windows)
        moved = np.abs(np.log(p / p[0])).max()
        assert moved < 1e-5 if family == "cbow" else moved > 1e-3, family


def true_gap(model: WindowLanguageModel, epochs: int) -> float:
    """Test perplexity after fitting a Markov source of order 2, over that of the source, less one."""
    data = SyntheticMarkov(train_tokens=120_000, valid_tokens=5_000).load()
    assert data.truth is not None
    model.fit(data.train.documents, lend(data.vocab.size, epochs, data.valid.documents))
    ours, theirs = (m.predict(data.test.documents[0][None])[0].mean() for m in (model, data.truth))
    return math.exp(theirs - ours) - 1


def test_bengio_comes_within_two_per_cent_of_the_true_model_of_a_markov_source() -> None:
    config = BengioConfig(order=3, embedding_size=10, hidden_size=64, learning_rate=0.03)
    assert -0.001 < true_gap(BengioLanguageModel(config), epochs=5) < 0.02


def test_a_window_mlp_comes_within_three_per_cent_of_it() -> None:
    config = WindowMLPConfig(order=3, hidden_size=64, learning_rate=0.03)
    assert -0.001 < true_gap(WindowMLPLanguageModel(config), epochs=5) < 0.03


def test_every_symbol_of_every_document_has_its_window() -> None:
    documents = [np.array([1, 2, 3, 4]), np.array([], np.int64), np.array([5]), np.array([6, 7])]
    windows, targets = Places(documents, edge=9, width=2, device=CPU).take(np.arange(7))
    assert windows.tolist() == [[9, 9], [9, 1], [1, 2], [2, 3], [9, 9], [9, 9], [9, 6]]
    assert targets.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_an_epoch_meets_every_place_once_in_an_order_of_its_own() -> None:
    model = make("cbow", output="full")
    network, places = model.build(np.ones(V, np.int64)), Places([np.arange(50)], V, 3, CPU)
    batches, seen = ShuffledWindows(network, places, batch_size=8), []
    network.output.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs[1].tolist()))
    torch.manual_seed(0)
    sizes = [loss.items for loss in (*batches, *batches)]
    assert len(batches) == 7
    assert sizes == 2 * [8, 8, 8, 8, 8, 8, 2]
    assert sorted(seen[:50]) == sorted(seen[50:]) == list(range(50))
    assert seen[:50] != seen[50:]


def test_the_training_loss_is_minus_the_mean_of_the_scores() -> None:
    model, documents = fitted("bengio"), draw(9, 1, 30)
    places = Places(documents, V, 3, CPU)
    nats = sum(float(loss.mean.detach()) * loss.items for loss in ShuffledWindows(model.network, places, batch_size=16))
    assert nats == pytest.approx(-sum(model.predict(d[None])[0].sum() for d in documents), rel=1e-6)


def test_validation_scores_documents_as_predict_does_and_the_best_epoch_is_kept() -> None:
    valid, curves = draw(1, 33, 5, 600, seed=1), dict[str, list[float]]()
    model = make("bengio", learning_rate=0.3, schedule="constant", patience=3)
    model.fit(draw(150, 3, 60), lend(epochs=8, valid=valid, curves=curves))
    nats = sum(-model.predict(d[None])[0].sum() for d in valid)
    best = min(curves["valid_perplexity"])
    assert math.exp(nats / sum(len(d) for d in valid)) == pytest.approx(best, rel=1e-5)
    assert best < curves["valid_perplexity"][-1]


@EVERY
@pytest.mark.parametrize("bound", ["WINDOWS", "SCORES"])
def test_long_text_is_scored_in_slices_of_bounded_memory(
    family: str, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, ids, widths = fitted(family), np.stack(draw(40, 40)), []
    whole = model.predict(ids)[0]
    watched = model.network if bound == "WINDOWS" else model.network.output
    watched.register_forward_pre_hook(lambda _, inputs: widths.append(len(inputs[0])))
    module = "window_language" if bound == "WINDOWS" else "language"
    monkeypatch.setattr(f"seqbench.learning.{module}.{bound}", 7 if bound == "WINDOWS" else 7 * V + 1)
    np.testing.assert_allclose(model.predict(ids)[0], whole, rtol=0, atol=2e-6)
    assert widths == [7] * 11 + [3]


@pytest.mark.parametrize("family", ["cbow", "bengio"])
def test_tied_vectors_are_stored_once_learned_and_restored(family: str) -> None:
    changes = {"output": "tied", "embedding_size": 10}
    model, ids = fitted(family, **changes), np.stack(draw(20, 20))
    arrays = model.arrays()
    assert [name for name in arrays if name.startswith("output")] == ["output.bias"]
    assert model.parameter_count() == sum(a.size for a in arrays.values() if a.dtype.kind == "f")
    copy = make(family, **changes)
    copy.restore(arrays)
    np.testing.assert_array_equal(copy.predict(ids)[0], model.predict(ids)[0])


@pytest.mark.parametrize("changes", [{"hidden_size": 7}, {"hidden_size": 6, "direct": True}])
def test_widths_that_differ_cannot_be_tied(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="output=tied needs hidden vectors as wide as the embedding"):
        fitted("bengio", output="tied", **changes)


def test_one_hot_input_has_no_vectors_to_tie() -> None:
    with pytest.raises(ValueError, match="output=tied needs vectors of words as input"):
        fitted("window-mlp", output="tied")


def test_a_sampled_model_is_evaluated_exactly() -> None:
    model, full = fitted("cbow", output="sampled"), make("cbow", output="full")
    assert isinstance(model.network.output, SampledSoftmax)
    arrays = dict(model.arrays())
    arrays["output.linear.weight"] = arrays.pop("output.weight.weight")
    arrays["output.linear.bias"] = arrays.pop("output.bias.weight")[:, 0]
    full.restore(arrays)
    assert isinstance(full.network.output, FullSoftmax)
    ids = np.stack(draw(20, 20))
    np.testing.assert_allclose(model.predict(ids)[0], full.predict(ids)[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("symbol", [-1, V])
def test_ids_outside_the_vocabulary_are_refused(symbol: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.69"):
        fitted("cbow").predict(np.array([[0, symbol]]))


@pytest.mark.parametrize("documents", [[], [np.zeros(0, dtype=np.int64)]])
def test_training_data_without_symbols_is_refused(documents: Documents) -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        make("cbow").fit(documents, lend())


def test_a_window_of_no_symbols_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        CBOWConfig(order=1)
