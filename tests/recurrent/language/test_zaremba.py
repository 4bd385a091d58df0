"""The suite `zaremba` is the published recipe: held against a plain program that follows the paper's own units."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Ids
from seqbench.recurrent.language.lstm import LSTMLanguageConfig, LSTMLanguageModel
from seqbench.runs import suites
from seqbench.tasks.language.model import LanguageContext

V, SIZE = 30, 12
PAPER = {  # learning rate, largest norm, steps, epochs before the decay, decay: of the loss a column, summed over steps
    "small": (1.0, 5.0, 20, 4, 1 / 2),
    "medium": (1.0, 5.0, 35, 6, 1 / 1.2),
    "large": (1.0, 10.0, 35, 14, 1 / 1.15),
}


class Plain(nn.Module):
    """Two LSTM layers between an embedding and a softmax, without dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V + 1, SIZE)
        self.lstm = nn.LSTM(SIZE, SIZE, 2)
        self.softmax = nn.Linear(SIZE, V)

    def forward(self, inputs: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        hidden, state = self.lstm(self.embedding(inputs), state)
        return self.softmax(hidden), state

    def take(self, model: LSTMLanguageModel) -> None:
        """Start from the weights that the model starts from."""
        names = {"softmax.weight": "output.linear.weight", "softmax.bias": "output.linear.bias"}
        arrays = model.arrays()
        for name, parameter in self.named_parameters():
            theirs = names.get(name, name)
            if name.startswith("lstm"):
                theirs = f"body.layers.{name[-1]}.cell.{name.removeprefix('lstm.')[:-3]}"
            parameter.data = torch.tensor(arrays[theirs])


def train_plainly(module: Plain, ids: Ids, preset: str, epochs: int) -> None:
    """The recipe, in the units of the paper: 20 columns, the loss summed over steps and averaged over columns."""
    rate, limit, steps, after, decay = PAPER[preset]
    targets = torch.tensor(ids.reshape(20, -1).T.copy())
    before = np.concatenate([[V], ids[:-1]])
    inputs = torch.tensor(before.reshape(20, -1).T.copy())
    for epoch in range(1, epochs + 1):
        state = None
        for first in range(0, len(targets), steps):
            window = slice(first, first + steps)
            logits, state = module(inputs[window], state)
            state = (state[0].detach(), state[1].detach())
            loss = F.cross_entropy(logits.flatten(0, 1), targets[window].flatten(), reduction="sum") / 20
            module.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(module.parameters(), limit)
            for parameter in module.parameters():
                assert parameter.grad is not None
                parameter.data -= rate * decay ** max(0, epoch - after) * parameter.grad


def recipe(preset: str) -> LSTMLanguageConfig:
    """The settings that the suite gives the LSTM, of a few units and without dropout, whose draws differ."""
    settings = suites.load("zaremba").presets[preset].models["lstm"].settings
    return LSTMLanguageConfig.model_validate(
        settings | {"embedding_size": SIZE, "hidden_size": SIZE, "dropout": 0.0, "precision": "float32"}
    )


@pytest.mark.parametrize("preset", PAPER)
def test_training_goes_as_a_plain_program_in_the_units_of_the_paper_does(
    preset: str, lend: Callable[..., LanguageContext]
) -> None:
    config, (_, _, steps, after, _) = recipe(preset), PAPER[preset]
    epochs = after + 2
    rng = np.random.default_rng(0)
    ids = (np.cumsum(rng.integers(3, size=20 * 2 * steps)) % V).astype(np.int64)
    start, model, plain = LSTMLanguageModel(config), LSTMLanguageModel(config), Plain()
    start.fit([ids], lend(V, epochs=0))
    assert max(abs(a).max() for a in start.arrays().values() if a.dtype.kind == "f") <= (config.initial_range or 0)
    plain.take(start)
    train_plainly(plain, ids, preset, epochs)
    model.fit([ids], lend(V, epochs=epochs))
    learned, untrained = Plain(), Plain()
    learned.take(model)
    untrained.take(start)
    assert (learned.softmax.weight - untrained.softmax.weight).detach().abs().max() > 0.03
    for (name, ours), theirs in zip(learned.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5, msg=lambda m, name=name: f"{name}: {m}")


def test_the_suite_states_the_published_sizes_and_epochs() -> None:
    suite = suites.load("zaremba")
    published = {
        "small": (200, 20, 0.0, 0.1, 13),
        "medium": (650, 35, 0.5, 0.05, 39),
        "large": (1500, 35, 0.65, 0.04, 55),
    }
    assert suite.preset == "small"
    for name, (units, steps, dropout, start, epochs) in published.items():
        preset = suite.presets[name]
        config = LSTMLanguageConfig.model_validate(preset.models["lstm"].settings)
        assert (config.embedding_size, config.hidden_size, config.layers) == (units, units, 2)
        assert (config.bptt, config.dropout, config.initial_range, config.batch_size) == (steps, dropout, start, 20)
        assert (preset.budget.epochs, config.output, config.optimiser) == (epochs, "full", "sgd")
        assert config.patience >= epochs
