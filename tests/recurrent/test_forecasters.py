"""Recurrent forecasters: their networks, step by step; what all window forecasters share is tested with those."""

import numpy as np
import pytest
import torch
from torch import nn

from seqbench.interface import Budget
from seqbench.recurrent.forecasters import ElmanForecaster, GRUForecaster, LSTMForecaster, RecurrentForecaster
from seqbench.tasks.forecasts.model import ForecastContext, Panel

CELLS = {ElmanForecaster: nn.RNNCell, GRUForecaster: nn.GRUCell, LSTMForecaster: nn.LSTMCell}


@pytest.mark.parametrize("kind", CELLS)
def test_a_window_is_read_season_by_season_and_answered_from_the_last_state(kind: type[RecurrentForecaster]) -> None:
    panel = Panel([np.random.default_rng(0).random(60).cumsum()], ["a"], 4)
    model = kind(kind.config_class(window=10, hidden_size=5, around="level"))
    model.fit(panel, ForecastContext(seed=0, budget=Budget(), valid=Panel([], [], 4), horizon=3))
    _, read, body, output = model.network.network  # type: ignore[misc]
    layer = body.body.layers[0]
    cell = CELLS[kind](5, 5)
    cell.load_state_dict(layer.cell.state_dict())
    z, state = torch.randn(2, 10, dtype=torch.float64), None
    for segment in (z[:, :2], z[:, 2:6], z[:, 6:]):  # the oldest is led by zeros
        state = cell(read(nn.functional.pad(segment, (4 - segment.shape[1], 0)).float()), state)
    h = state[0] if isinstance(state, tuple) else state
    torch.testing.assert_close(model.ahead(z), output(h).double().detach(), rtol=1e-5, atol=1e-6)
