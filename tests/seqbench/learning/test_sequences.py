"""Networks of whole sequences: padding, scaling, losses, and problems that memory alone solves."""

import numpy as np
import pytest
import torch

from seqbench import registry
from seqbench.baselines.windows.sequences import WindowMLPRegressor
from seqbench.datasets.synthetic.adding import Adding
from seqbench.interface import Budget, Floats
from seqbench.learning.scaling import Scaled
from seqbench.learning.sequences import padded_sequences
from seqbench.recurrent.layers.time import Bidirectional
from seqbench.recurrent.regressors import BidirectionalLSTMRegressor, GRURegressor, LastStateNetwork, LSTMRegressor
from seqbench.spec import parse
from seqbench.tasks.sequences.model import RegressionContext, Regressor, TargetedSequences

NETWORKS = ("window-mlp", "tcn", "elman", "gru", "lstm", "bilstm")


def part(count: int, seed: int = 0) -> TargetedSequences:
    rng = np.random.default_rng(seed)
    sequences = [5 + 3 * rng.normal(size=(int(rng.integers(1, 9)), 2)) for _ in range(count)]
    return TargetedSequences(sequences, np.array([[100 * x[0, 0], x[-1, 1]] for x in sequences]))


def fitted(name: str, train: TargetedSequences, epochs: int = 1, **settings: object) -> Regressor:
    spec = parse(name)
    kind = registry.find_model(spec, "regress").attribute
    model: Regressor = kind(kind.config_class(**{"hidden_size": 6, **settings}))
    model.fit(train, RegressionContext(seed=1, budget=Budget(epochs=epochs), valid=train, targets=("a", "b")))
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_the_answer_for_a_sequence_depends_on_no_other_and_on_no_padding(name: str) -> None:
    train = part(40)
    model = fitted(name, train)
    together = model.predict(train.sequences)
    alone = np.concatenate([model.predict([sequence]) for sequence in train.sequences])
    assert together == pytest.approx(alone, abs=1e-3, rel=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_values_in_other_units_give_the_same_predictions(name: str) -> None:
    train = part(40)
    scale, shift = np.array([7.0, 0.02]), np.array([-300.0, 4.0])
    other = TargetedSequences([shift + scale * x for x in train.sequences], 50 + 0.1 * train.targets)
    said = fitted(name, train).predict(train.sequences)
    assert fitted(name, other).predict(other.sequences) == pytest.approx(50 + 0.1 * said, abs=1e-2, rel=1e-3)


def test_batches_are_padded_with_zeros_after_each_sequence() -> None:
    sequences = [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0]]), np.array([[6.0]])]
    x, lengths = padded_sequences(sequences, Scaled(np.zeros(1), np.ones(1)), torch.device("cpu")).take(
        np.array([2, 1])
    )
    assert x[..., 0].tolist() == [[6, 0, 0], [3, 4, 5]]
    assert lengths.tolist() == [1, 3]


def test_a_window_reads_the_last_steps_alone() -> None:
    train = part(30)
    model = fitted("window-mlp", train, window=2)
    assert isinstance(model, WindowMLPRegressor)
    sequence = np.random.default_rng(3).normal(size=(7, 2))
    other = np.concatenate([sequence[:4] + 9, sequence[4:]])
    assert model.predict([sequence]) == pytest.approx(model.predict([other]))
    moved = np.concatenate([sequence[:5], sequence[5:] + 9])
    assert model.predict([sequence]) != pytest.approx(model.predict([moved]), abs=1e-3)


def test_each_direction_of_a_bidirectional_layer_ends_where_its_sequence_ends() -> None:
    """Read backwards, a sequence exchanges the roles of both directions, whose weights are then exchanged."""
    model = fitted("bilstm", part(20))
    assert isinstance(model, BidirectionalLSTMRegressor)
    network = model.network
    assert isinstance(network, LastStateNetwork)
    layer = network.body.layers[0]
    assert isinstance(layer, Bidirectional)
    x = torch.randn(2, 5, 2)
    lengths = torch.tensor([5, 3])
    before = network.encode(x, lengths)
    backwards = torch.stack([x[0].flip(0), torch.cat([x[1, :3].flip(0), x[1, 3:]])])
    layer.body, layer.backward_body = layer.backward_body, layer.body
    after = network.encode(backwards, lengths)
    torch.testing.assert_close(after, torch.cat([before[:, 6:], before[:, :6]], dim=1))


@pytest.mark.parametrize("kind", [GRURegressor, LSTMRegressor])
def test_gated_cells_solve_a_short_adding_problem_that_a_mean_does_not(kind: type[Regressor]) -> None:
    data = Adding(length=6, train_sequences=2000, valid_sequences=200, test_sequences=200).load()
    model = kind(kind.config_class.model_validate({"hidden_size": 24, "learning_rate": 0.01}))
    model.fit(data.train, RegressionContext(seed=0, budget=Budget(epochs=12), valid=data.valid, targets=data.names))
    assert _mse(model.predict(data.test.sequences), data.test.targets) < 0.01


def _mse(said: Floats, targets: Floats) -> float:
    return float(((said - targets) ** 2).mean())
