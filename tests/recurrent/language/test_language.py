"""What holds of every recurrent language model, and the training that they share."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from seqbench.baselines.convolutions.language import TemporalConvolutionLanguageModel
from seqbench.interface import Documents, Floats, Ids
from seqbench.learning.column_language import ColumnLanguageModel, Truncated
from seqbench.learning.columns import Windows
from seqbench.learning.training import DivergenceError
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import (
    BidirectionalLSTMLanguageModel,
    LSTMLanguageConfig,
    LSTMLanguageModel,
)
from seqbench.tasks.language.model import LanguageContext

Lend = Callable[..., LanguageContext]
Draw = Callable[..., Documents]
CPU = torch.device("cpu")
FAMILIES = [
    ElmanLanguageModel,
    GRULanguageModel,
    LSTMLanguageModel,
    BidirectionalLSTMLanguageModel,
    TemporalConvolutionLanguageModel,
]
EVERY = pytest.mark.parametrize("family", FAMILIES)
FORMATS = pytest.mark.parametrize("precision", ["float32", "bfloat16"])
"""On every machine: bfloat16 is emulated where the hardware lacks it."""
V = 70
"""Enough for an adaptive output layer."""


def make(family: type[ColumnLanguageModel], **changes: object) -> ColumnLanguageModel:
    """An unfitted model of few units."""
    settings: dict[str, object] = {"embedding_size": 12, "hidden_size": 16, "batch_size": 4, "bptt": 8}
    return family(family.config_class.model_validate(settings | {"learning_rate": 0.02} | changes))


def small(**changes: object) -> LSTMLanguageConfig:
    settings = {"embedding_size": 12, "hidden_size": 16, "batch_size": 4, "bptt": 8, "learning_rate": 0.02}
    return LSTMLanguageConfig.model_validate(settings | changes)


@pytest.fixture(scope="module", params=[("full", 1), ("adaptive", 2)], ids=lambda p: f"{p[0]}-{p[1]} layers")
def lstm(request: pytest.FixtureRequest, lend: Lend, draw: Draw) -> LSTMLanguageModel:
    output, layers = request.param
    model = LSTMLanguageModel(small(output=output, layers=layers))
    model.fit(draw(V, [300, 40, 7]), lend(V, epochs=3))
    return model


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max())
    return e / e.sum()


def by_hand(model: LSTMLanguageModel, ids: Ids) -> Floats:
    """Log p (T,) of one document, step by step in float64 from the equations and the model's weights."""
    w = {name: value.astype(np.float64) for name, value in model.arrays().items()}
    layers, size = model.config.layers, model.config.hidden_size
    h, c = np.zeros((layers, size)), np.zeros((layers, size))
    scores = []
    for before, symbol in zip([V, *ids[:-1]], ids, strict=True):
        x = w["embedding.weight"][before]
        for k in range(layers):
            a = w[f"body.layers.{k}.cell.weight_ih"] @ x + w[f"body.layers.{k}.cell.bias_ih"]
            a = a + w[f"body.layers.{k}.cell.weight_hh"] @ h[k] + w[f"body.layers.{k}.cell.bias_hh"]
            i, f, g, o = np.split(a, 4)
            c[k] = sigmoid(f) * c[k] + sigmoid(i) * np.tanh(g)
            x = h[k] = sigmoid(o) * np.tanh(c[k])
        if "output.rank" not in w:
            p = softmax(w["output.linear.weight"] @ x + w["output.linear.bias"])[symbol]
        else:
            rank, (first, second) = int(w["output.rank"][symbol]), (V // 32, V // 4)
            head = softmax(w["output.head.weight"] @ x + w["output.head.bias"])
            if rank < first:
                p = head[rank]
            else:
                k, low = (0, first) if rank < second else (1, second)
                inner = softmax(w[f"output.tail.{k}.1.weight"] @ (w[f"output.tail.{k}.0.weight"] @ x))
                p = head[first + k] * inner[rank - low]
        scores.append(math.log(p))
    return np.array(scores)


def test_scores_are_those_of_the_equations_written_out(lstm: LSTMLanguageModel, draw: Draw) -> None:
    ids = draw(V, [25], seed=5)[0]
    scores, _ = lstm.predict(ids[None])
    np.testing.assert_allclose(scores[0], by_hand(lstm, ids), rtol=0, atol=3e-6)


def test_the_training_loss_is_the_mean_of_those_scores(lstm: LSTMLanguageModel, draw: Draw) -> None:
    documents = draw(V, [9, 5, 9, 1], seed=6)
    windows = Windows(documents, V, batch_size=3, steps=10, device=CPU)
    losses = list(Truncated(lstm.network, windows))
    ours = sum(float(loss.mean.detach()) * loss.items for loss in losses)
    assert sum(loss.items for loss in losses) == 24
    assert ours == pytest.approx(-sum(by_hand(lstm, d).sum() for d in documents), rel=1e-6)


def test_the_next_distribution_is_that_of_the_scores_of_every_symbol(lstm: LSTMLanguageModel, draw: Draw) -> None:
    _, state = lstm.predict(np.stack(draw(V, [6, 6], seed=7)))
    for given, batch in [(state, 2), (None, 3)]:
        p = lstm.next(given, batch)
        each = [lstm.predict(np.full((batch, 1), v), given)[0] for v in range(V)]
        np.testing.assert_allclose(p, np.exp(np.concatenate(each, axis=1)), rtol=1e-5)
        np.testing.assert_allclose(p.sum(1), 1, rtol=0, atol=1e-6)


def test_pieces_and_batches_of_any_size_give_the_same_scores(lstm: LSTMLanguageModel, draw: Draw) -> None:
    ids = np.stack(draw(V, [30] * 5, seed=8))
    whole, _ = lstm.predict(ids)
    for cuts in ([1, 2, 30], [13, 13, 30], [0, 29, 30]):
        state, parts = None, []
        for low, high in itertools.pairwise([0, *cuts]):
            scores, state = lstm.predict(ids[:, low:high], state)
            parts.append(scores)
        np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=0, atol=2e-6)
    for row in range(5):
        np.testing.assert_allclose(lstm.predict(ids[row : row + 1])[0][0], whole[row], rtol=0, atol=2e-6)


def test_a_long_piece_is_scored_in_slices_of_bounded_memory(
    lstm: LSTMLanguageModel, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = np.stack(draw(V, [40] * 2, seed=8))
    whole, _ = lstm.predict(ids)
    widths = []
    hook = lstm.network.output.register_forward_pre_hook(lambda _, inputs: widths.append(len(inputs[0])))
    monkeypatch.setattr("seqbench.learning.column_language.SCAN", 6)
    monkeypatch.setattr("seqbench.learning.language.SCORES", 7 * V)
    np.testing.assert_allclose(lstm.predict(ids)[0], whole, rtol=0, atol=2e-6)
    hook.remove()
    assert set(widths) == {7, 80 % 7}


def test_predicting_changes_neither_the_state_nor_the_ids(lstm: LSTMLanguageModel, draw: Draw) -> None:
    ids = np.stack(draw(V, [12] * 2, seed=9))
    kept = ids.copy()
    _, state = lstm.predict(ids)
    assert state.body is not None
    before = [state.symbol.clone(), *(s.clone() for s in state.body)]
    first, second = lstm.predict(ids, state)[0], lstm.predict(ids, state)[0]
    lstm.next(state)
    assert all(torch.equal(a, b) for a, b in zip(before, [state.symbol, *state.body], strict=True))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(ids, kept)


@EVERY
def test_no_symbols_give_no_scores_and_leave_the_state(
    family: type[ColumnLanguageModel], lend: Lend, draw: Draw
) -> None:
    model = make(family)
    model.fit(draw(V, [50]), lend(V))
    empty = np.zeros((2, 0), dtype=np.int64)
    scores, state = model.predict(empty)
    assert scores.shape == (2, 0)
    ids = np.stack(draw(V, [4, 4]))
    np.testing.assert_array_equal(model.predict(ids, state)[0], model.predict(ids)[0])
    _, state = model.predict(ids)
    np.testing.assert_array_equal(model.next(model.predict(empty, state)[1]), model.next(state))


@pytest.mark.parametrize("symbol", [-1, V])
def test_ids_outside_the_vocabulary_are_refused(symbol: int, lend: Lend, draw: Draw) -> None:
    model = LSTMLanguageModel(small())
    model.fit(draw(V, [50]), lend(V))
    with pytest.raises(ValueError, match=r"0\.\.69"):
        model.predict(np.array([[0, symbol]]))


@EVERY
def test_arrays_restore_the_fitted_model(family: type[ColumnLanguageModel], lend: Lend, draw: Draw) -> None:
    model, ids = make(family, output="adaptive"), np.stack(draw(V, [20, 20]))
    model.fit(draw(V, [100]), lend(V))
    arrays = model.arrays()
    copy = family(model.config)
    copy.restore({name: value.copy() for name, value in arrays.items()})
    np.testing.assert_array_equal(copy.predict(ids)[0], model.predict(ids)[0])
    assert copy.vocab_size == V
    assert (
        copy.parameter_count() == model.parameter_count() == sum(a.size for a in arrays.values() if a.dtype.kind == "f")
    )
    model.fit(draw(V, [100]), lend(V, seed=1))
    np.testing.assert_array_equal(arrays["embedding.weight"], copy.arrays()["embedding.weight"])


@EVERY
def test_a_fit_follows_from_the_seed_whatever_was_drawn_before(
    family: type[ColumnLanguageModel], lend: Lend, draw: Draw
) -> None:
    fits = []
    for seed, disturbance in [(3, 0), (3, 17), (4, 0)]:
        torch.manual_seed(disturbance)
        torch.rand(disturbance)
        before = torch.get_rng_state()
        model = make(family, dropout=0.5)
        model.fit(draw(V, [200, 30, 30]), lend(V, epochs=2, seed=seed))
        assert torch.equal(torch.get_rng_state(), before)
        fits.append(model.arrays())
    first, again, other = fits
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["embedding.weight"], other["embedding.weight"])


def test_the_gradient_ends_at_the_window_and_the_state_goes_on() -> None:
    torch.manual_seed(0)
    ids = np.random.default_rng(0).integers(9, size=12)
    model = LSTMLanguageModel(small(dropout=0.0, output="full"))
    network = model.build(np.ones(9, np.int64)).double()
    losses = iter(Truncated(network, Windows([ids], 9, batch_size=1, steps=6, device=CPU)))
    next(losses)
    torch.autograd.backward(next(losses).mean)

    w = {name: p.detach().clone().requires_grad_() for name, p in network.named_parameters()}
    h = c = torch.zeros(16, dtype=torch.float64)
    total = torch.zeros(())
    for t, (before, symbol) in enumerate(zip([9, *ids[:-1]], ids, strict=True)):
        if t == 6:
            h, c, total = h.detach(), c.detach(), torch.zeros(())
        a = w["body.layers.0.cell.weight_ih"] @ w["embedding.weight"][before] + w["body.layers.0.cell.bias_ih"]
        i, f, g, o = (a + w["body.layers.0.cell.weight_hh"] @ h + w["body.layers.0.cell.bias_hh"]).chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        total = total - (w["output.linear.weight"] @ h + w["output.linear.bias"]).log_softmax(0)[symbol] / 6
    total.backward()
    for name, parameter in network.named_parameters():
        gradient, expected = parameter.grad, w[name].grad
        assert gradient is not None
        assert expected is not None
        torch.testing.assert_close(gradient.to_dense(), expected, rtol=0, atol=1e-12)


def test_a_state_never_passes_from_one_document_to_another(
    lend: Lend, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = LSTMLanguageModel(small()), []
    forward = type(model.build(np.ones(V, np.int64))).forward

    def spy(network: object, *window: object) -> object:
        seen.append((bool((window[0][0] == V).all()), window[3] is None))
        return forward(network, *window)

    monkeypatch.setattr("seqbench.recurrent.language.network.RecurrentNetwork.forward", spy)
    model.fit(draw(V, [20] * 12), lend(V, epochs=2))
    assert [fresh for fresh, _ in seen] == [stateless for _, stateless in seen]
    assert sum(fresh for fresh, _ in seen) == 6


def test_the_first_symbol_of_a_document_is_learned(lend: Lend) -> None:
    rng = np.random.default_rng(0)
    documents = [np.concatenate([[5], rng.integers(5, size=n)]) for n in rng.integers(1, 20, size=200)]
    model = LSTMLanguageModel(small(learning_rate=0.05))
    model.fit(documents, lend(6, epochs=3))
    first = model.next(batch=1)[0]
    assert first[5] > 0.95
    _, state = model.predict(documents[0][None, :4])
    assert model.next(state)[0, 5] < 0.05


def test_validation_scores_documents_as_predict_does_and_the_best_epoch_is_kept(lend: Lend, draw: Draw) -> None:
    valid, curves = draw(V, [1, 33, 5, 600], seed=1), {}
    model = LSTMLanguageModel(small(batch_size=1, learning_rate=0.2, schedule="constant", patience=3))
    model.fit(draw(V, [150, 3, 60]), lend(V, epochs=8, valid=valid, curves=curves))
    nats = sum(-model.predict(d[None])[0].sum() for d in valid)
    ours = math.exp(nats / sum(len(d) for d in valid))
    best = min(curves["valid_perplexity"])
    assert ours == pytest.approx(best, rel=1e-5)
    assert best < curves["valid_perplexity"][-1]


@FORMATS
@EVERY
def test_divergence_is_told_with_its_update_and_a_remedy(
    family: type[ColumnLanguageModel], precision: str, lend: Lend, draw: Draw
) -> None:
    wild = {"optimiser": "sgd", "schedule": "constant", "learning_rate": 1e30, "clip": 1e30}
    model = make(family, precision=precision, **wild)
    with pytest.raises(DivergenceError, match=r"at update \d+ .*: lower learning_rate"):
        model.fit(draw(V, [400]), lend(V, epochs=2))


@EVERY
def test_a_fit_in_bfloat16_is_that_in_float32_within_its_rounding(
    family: type[ColumnLanguageModel], lend: Lend, draw: Draw
) -> None:
    ids, scores = np.stack(draw(V, [40] * 4, seed=3)), []
    for precision in ("float32", "bfloat16"):
        model = make(family, precision=precision, dropout=0.0, learning_rate=1e-3)
        model.fit(draw(V, [400]), lend(V, epochs=2))
        scores.append(model.predict(ids)[0])
    # A product rounds by 2⁻⁹ of itself, and AdamW's 26 steps of at most 1e-3 may differ in sign where a gradient is
    # near zero: single scores move by some hundredths of a nat, their mean by less.
    assert 0 < np.abs(scores[0] - scores[1]).max() < 0.1
    assert abs(scores[0].mean() - scores[1].mean()) < 0.005


@pytest.mark.parametrize("documents", [[], [np.zeros(0, dtype=np.int64)]])
def test_training_data_without_symbols_is_refused(documents: Documents, lend: Lend) -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        LSTMLanguageModel(small()).fit(documents, lend(V))


def delayed_copy(length: int, delay: int, seed: int) -> Ids:
    """Of each `2 x delay` symbols (of 4) the first half is random, the second repeats it."""
    half = np.random.default_rng(seed).integers(4, size=(length // (2 * delay), delay))
    return np.concatenate([half, half], axis=1).ravel()


@FORMATS
def test_an_lstm_learns_to_repeat_what_it_read_before(precision: str, lend: Lend) -> None:
    model = LSTMLanguageModel(
        small(hidden_size=32, dropout=0.0, bptt=24, batch_size=8, learning_rate=0.03, precision=precision)
    )
    model.fit([delayed_copy(12_000, delay=3, seed=0)], lend(4, epochs=6))
    perplexity = np.exp(-model.predict(delayed_copy(600, delay=3, seed=1)[None])[0].mean())
    assert 1.98 < perplexity < 2.06  # each second half is certain, each first one of 4: √4
