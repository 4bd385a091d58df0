"""What the recurrent cells compute, and the output layers that share or spare weights, over each of them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from seqbench.interface import Documents, Floats
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageModel
from seqbench.tasks.language.model import LanguageContext

Lend = Callable[..., LanguageContext]
Draw = Callable[..., Documents]
Family = type[RecurrentLanguageModel]
V = 30
EVERY = pytest.mark.parametrize("family", [ElmanLanguageModel, GRULanguageModel, LSTMLanguageModel])


def make(family: Family, **changes: object) -> RecurrentLanguageModel:
    settings = {"embedding_size": 10, "hidden_size": 10, "batch_size": 4, "bptt": 8, "learning_rate": 0.05}
    return family(family.config_class.model_validate(settings | {"dropout": 0.0} | changes))


def in_double(model: RecurrentLanguageModel, spread: float) -> RecurrentLanguageModel:
    """Untrained, its weights normal of that standard deviation, in float64."""
    torch.manual_seed(0)
    model.vocab_size = V
    model.network = model.build(np.ones(V, np.int64)).double().eval()
    for parameter in model.network.parameters():
        nn.init.normal_(parameter, std=spread)
    return model


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def elman_step(x: Floats, h: Floats, W: Floats, b: Floats, U: Floats, c: Floats) -> Floats:
    return np.tanh(W @ x + b + U @ h + c)


def gru_step(x: Floats, h: Floats, W: Floats, b: Floats, U: Floats, c: Floats) -> Floats:
    (Wr, Wz, Wn), (br, bz, bn), (Ur, Uz, Un), (cr, cz, cn) = (np.split(a, 3) for a in (W, b, U, c))
    r = sigmoid(Wr @ x + br + Ur @ h + cr)
    z = sigmoid(Wz @ x + bz + Uz @ h + cz)
    n = np.tanh(Wn @ x + bn + r * (Un @ h + cn))
    return (1 - z) * n + z * h


@pytest.mark.parametrize(("family", "step"), [(ElmanLanguageModel, elman_step), (GRULanguageModel, gru_step)])
@pytest.mark.parametrize("layers", [1, 2])
def test_scores_are_those_of_the_equations_written_out(
    family: Family, step: Callable[..., Floats], layers: int, draw: Draw
) -> None:
    model, ids = in_double(make(family, layers=layers, hidden_size=7), spread=0.7), draw(V, [25])[0]
    w = model.arrays()
    h, expected = np.zeros((layers, 7)), []
    for before, symbol in zip([V, *ids[:-1]], ids, strict=True):
        x = w["embedding.weight"][before]
        for k in range(layers):
            of_layer = (w[f"body.layers.{k}.cell.{name}"] for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh"))
            x = h[k] = step(x, h[k], *of_layer)
        y = w["output.linear.weight"] @ x + w["output.linear.bias"]
        expected.append(y[symbol] - np.log(np.exp(y).sum()))
    np.testing.assert_allclose(model.predict(ids[None])[0][0], expected, rtol=0, atol=1e-12)


@EVERY
def test_tied_vectors_are_learned_from_both_their_uses(family: Family, draw: Draw) -> None:
    tied, untied = (in_double(make(family, output=kind), spread=0.5).network for kind in ("tied", "full"))
    weights = tied.state_dict()
    shared = weights["embedding.weight"]
    untied.load_state_dict(
        {name: w for name, w in weights.items() if name != "output.bias"}
        | {"output.linear.weight": shared[:V], "output.linear.bias": weights["output.bias"]}
    )
    targets = torch.tensor(np.stack(draw(V, [12, 12]), axis=1))
    inputs = torch.cat([torch.full((1, 2), V), targets[:-1]])
    for network in (tied, untied):
        hidden, _ = network(inputs, targets, None, None)
        (-network.output(hidden.flatten(0, 1), targets.flatten()).mean()).backward()
    found, as_input, as_output = (
        parameter.grad for parameter in (tied.embedding.weight, untied.embedding.weight, untied.output.linear.weight)
    )
    assert not found.is_sparse
    assert as_input.is_sparse
    expected = as_input.to_dense()
    expected[:V] += as_output
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def as_full(model: RecurrentLanguageModel, weight: Floats, bias: Floats) -> RecurrentLanguageModel:
    """The same model, with a full softmax of these weights."""
    full = type(model)(model.config.model_copy(update={"output": "full"}))
    body = {name: value for name, value in model.arrays().items() if not name.startswith("output.")}
    full.restore(body | {"output.linear.weight": weight, "output.linear.bias": bias})
    return full


@EVERY
def test_tied_vectors_are_stored_once_and_restored(family: Family, lend: Lend, draw: Draw) -> None:
    model, ids = make(family, output="tied"), np.stack(draw(V, [20, 20]))
    model.fit(draw(V, [300, 40]), lend(V, epochs=2))
    arrays = model.arrays()
    assert [name for name in arrays if name.startswith("output")] == ["output.bias"]
    full = as_full(model, arrays["embedding.weight"][:V], arrays["output.bias"])
    assert full.parameter_count() == model.parameter_count() + 10 * V
    np.testing.assert_allclose(full.predict(ids)[0], model.predict(ids)[0], rtol=0, atol=1e-6)
    copy = make(family, output="tied")
    copy.restore({name: value.copy() for name, value in arrays.items()})
    np.testing.assert_array_equal(copy.predict(ids)[0], model.predict(ids)[0])
    np.testing.assert_array_equal(copy.next(None), model.next(None))


@EVERY
def test_a_sampled_model_learns_and_is_evaluated_exactly(family: Family, lend: Lend, draw: Draw) -> None:
    model, ids = make(family, output="sampled"), np.stack(draw(V, [20, 20]))
    curves: dict[str, list[float]] = {}
    # Each symbol of a cycle is known from the one before it.
    cycle = [np.arange(40) % V, (np.arange(300) + 7) % V]
    model.fit(cycle, lend(V, epochs=8, valid=cycle, curves=curves))
    arrays = model.arrays()
    full = as_full(model, arrays["output.weight.weight"], arrays["output.bias.weight"][:, 0])
    np.testing.assert_allclose(full.predict(ids)[0], model.predict(ids)[0], rtol=0, atol=2e-6)
    np.testing.assert_allclose(full.next(None), model.next(None), rtol=1e-5)
    assert curves["valid_perplexity"][-1] < V / 4
