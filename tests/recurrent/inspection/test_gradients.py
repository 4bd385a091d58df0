"""Gradients through time: the closed form against autograd, and norms of Jacobians against closed forms and bounds."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.interface import Floats
from seqbench.learning.column_language import BodyState
from seqbench.learning.training import Loss
from seqbench.recurrent.inspection.clipping import descend
from seqbench.recurrent.inspection.closed_form import Elman
from seqbench.recurrent.inspection.gradients import Body, bound, jacobians, reach
from seqbench.recurrent.inspection.study import stretches
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import LSTMLanguageModel
from seqbench.recurrent.language.mingru import MinGRULanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageModel, RecurrentNetwork


def elman(hidden_size: int = 5, input_size: int = 3, seed: int = 0) -> tuple[nn.RNN, Elman]:
    """A layer of torch and the same weights in NumPy."""
    torch.manual_seed(seed)
    layer = nn.RNN(input_size, hidden_size).double()
    return layer, Elman(
        layer.weight_ih_l0.detach().numpy(),
        layer.weight_hh_l0.detach().numpy(),
        (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy(),
    )


def body_of(layer: nn.RNN) -> Body:
    def run(x: Tensor, state: BodyState) -> tuple[Tensor, BodyState]:
        output, h = layer(x, None if state is None else state[0])
        return output, (h,)

    return run


def network(kind: type[RecurrentLanguageModel], **settings: object) -> RecurrentNetwork:
    torch.manual_seed(0)
    config = kind.config_class.model_validate({"embedding_size": 4, "hidden_size": 5, "dropout": 0.5} | settings)
    return kind(config).build(np.ones(6, np.int64)).eval()


def sequence(steps: int = 9, features: int = 3) -> Floats:
    return np.random.default_rng(1).normal(size=(steps, features))


def test_the_double_sum_is_what_autograd_computes() -> None:
    layer, closed = elman()
    x, weights = sequence(), np.random.default_rng(2).normal(size=(9, 5))
    outputs = layer(torch.from_numpy(x)[:, None])[0][:, 0]
    # A loss at every step, which is not linear in the states, so that each δ_t is another.
    loss = (torch.from_numpy(weights) * outputs.square()).sum()
    loss.backward()
    deltas = 2 * weights * closed.run(x)[1:]
    found = closed.gradients(x, deltas)
    exact = [p.grad for p in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0)]
    for one, other in zip(found, exact, strict=True):
        assert other is not None
        np.testing.assert_allclose(one, other.numpy(), rtol=0, atol=1e-10)


def test_jacobians_by_one_backward_pass_are_the_products_of_the_closed_form() -> None:
    layer, closed = elman()
    x = sequence()
    states = closed.run(x)
    found = jacobians(body_of(layer), torch.from_numpy(x))
    assert len(found) == 8
    for lag, one in enumerate(found, start=1):
        np.testing.assert_allclose(one.numpy(), closed.jacobian(states, 9 - lag, 9), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (GRULanguageModel, {}),
        (GRULanguageModel, {"layers": 2, "reset": "before"}),
        (LSTMLanguageModel, {}),
        (LSTMLanguageModel, {"layers": 2, "cell": "peephole", "norm": "layer"}),
        (LSTMLanguageModel, {"norm": "batch"}),
        (ElmanLanguageModel, {"dilation": 2}),
        (MinGRULanguageModel, {}),
    ],
    ids=str,
)
def test_jacobians_by_the_whole_state_are_autograds(
    kind: type[RecurrentLanguageModel], settings: dict[str, object]
) -> None:
    body = network(kind, **settings).body.double()
    x = torch.from_numpy(sequence(7, 4))
    found = jacobians(body, x)
    for lag in range(1, 7):
        _, state = body(x[: 7 - lag, None], None)
        moving = [n for n, s in enumerate(state) if s.is_floating_point()]

        def last(*given: Tensor, lag: int = lag, state: tuple[Tensor, ...] = state) -> Tensor:
            parts = iter(given)
            whole = tuple(next(parts) if s.is_floating_point() else s for s in state)
            output: Tensor = body(x[7 - lag :, None], whole)[0][-1, 0]
            return output

        parts = torch.autograd.functional.jacobian(last, tuple(state[n].detach() for n in moving))
        exact = torch.cat([part.flatten(1) for part in parts], dim=1)
        torch.testing.assert_close(found[lag - 1], exact, rtol=1e-10, atol=1e-12)


def test_an_identity_of_rectified_units_neither_vanishes_nor_explodes() -> None:
    """Le, Jaitly & Hinton 2015: with U = I and active units, every Jacobian is the identity."""
    layer = nn.RNN(2, 3, nonlinearity="relu").double()
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(3))
        for weight in (layer.weight_ih_l0, layer.bias_hh_l0):
            weight.zero_()
        layer.bias_ih_l0.fill_(0.1)
    for one in jacobians(body_of(layer), torch.from_numpy(sequence(30, 2))):
        torch.testing.assert_close(one, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_no_norm_exceeds_its_bound_and_a_small_weight_vanishes(nonlinearity: str, scale: float) -> None:
    made = network(ElmanLanguageModel, hidden_size=8, nonlinearity=nonlinearity)
    with torch.no_grad():
        weight = made.body.layers[0].cell.weight_hh
        weight.mul_(scale / torch.linalg.matrix_norm(weight, 2))
    limit = bound(made, 40)
    assert limit is not None
    slope = 0.25 if nonlinearity == "sigmoid" else 1.0
    np.testing.assert_allclose(limit, (slope * scale) ** np.arange(1.0, 41), rtol=1e-5)
    _, closed = elman(8)
    np.testing.assert_allclose(closed.bound(3), np.linalg.norm(closed.recurrent, 2) ** np.array([1, 2, 3]))
    found = reach(made, [np.arange(41) % 6, np.arange(41)[::-1] % 5])
    assert (found.spectral <= limit * (1 + 1e-6)).all()
    assert (found.spectral <= found.frobenius * (1 + 1e-9)).all()
    if scale < 1:
        assert found.spectral[-1] < 1e-11
        assert found.per_step < 0.5


def test_only_one_plain_layer_of_elmans_has_the_bound() -> None:
    for settings in ({"layers": 2}, {"norm": "layer"}, {"zoneout": 0.1}, {"dilation": 2}):
        assert bound(network(ElmanLanguageModel, **settings), 3) is None
    assert bound(network(GRULanguageModel), 3) is None


def test_norms_of_several_sequences_are_their_geometric_mean() -> None:
    made = network(GRULanguageModel)
    one, two = np.arange(12) % 6, np.arange(12)[::-1] % 5
    apart = [reach(made, [symbols]).spectral for symbols in (one, two)]
    np.testing.assert_allclose(reach(made, [one, two]).spectral, np.sqrt(apart[0] * apart[1]), rtol=1e-12)


class Steep:
    """One batch whose loss is 50 w²: its gradient 100 w is too steep for a learning rate of 0.1."""

    def __init__(self, module: nn.Module) -> None:
        (self.weight,) = module.parameters()

    def __len__(self) -> int:
        return 1

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield Loss(50 * self.weight.square().sum(), 1)


def test_clipping_bounds_the_step_and_descent_without_it_ends_when_it_diverges() -> None:
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(1.0)
    how = {"updates": 60, "learning_rate": 0.1, "seed": 0}
    clipped = descend(module, Steep, clip=1.0, **how)  # type: ignore[arg-type]
    # Steps of 0.1 towards 0: w falls by 0.1 per update while the gradient 100 w is above 1.
    np.testing.assert_allclose(clipped.norms[:9], 100 * (1 - 0.1 * np.arange(9)), rtol=1e-5)
    assert max(clipped.norms[10:]) < 11
    free = descend(module, Steep, clip=math.inf, **how)  # type: ignore[arg-type]
    np.testing.assert_allclose(free.norms[:5], [100 * 9**n for n in range(5)], rtol=1e-5)  # w ← w − 10 w
    assert len(free.norms) < 60
    assert module.weight.item() == 1.0


def test_stretches_are_spread_over_a_text_with_an_edge_before_each_document() -> None:
    documents = [np.array([1, 2, 3]), np.array([4, 5])]
    found = stretches(documents, edge=9, length=3)
    assert [one.tolist() for one in found] == [[9, 1, 2], [2, 3, 9], [9, 4, 5]]
    with pytest.raises(ValueError, match="7 symbols, fewer than 8"):
        stretches(documents, edge=9, length=8)
