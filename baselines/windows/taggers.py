"""The windowed perceptron as a tagger: the vectors of a word and its neighbours, laid end to end.

Collobert, Weston et al. 2011, "Natural language processing (almost) from scratch", section 3.3.1, the window approach.
"""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.learning.tagger import Body, NeuralTagger, NeuralTaggerConfig


class WindowTaggerConfig(NeuralTaggerConfig):
    reach: int = Field(
        2,
        ge=0,
        description="words before and after a word that are read with it",
        json_schema_extra={"search": {"choices": [1, 2, 3]}},
    )
    layers: int = Field(1, ge=1, description="hidden layers", json_schema_extra={"search": {"choices": [1, 2]}})


class WindowBody(Body):
    """h = relu(W [x_{t−r}; …; x_{t+r}] + b), once per layer above; vectors outside of a sentence are zero."""

    def __init__(self, input_size: int, config: WindowTaggerConfig) -> None:
        super().__init__()
        self.reach, self.output_size = config.reach, config.hidden_size
        layers: list[nn.Module] = []
        for depth in range(config.layers):
            layers += [nn.Dropout(config.dropout)] if depth else []
            width = config.hidden_size if depth else (2 * config.reach + 1) * input_size
            layers += [nn.Linear(width, config.hidden_size), nn.ReLU()]
        self.hidden = nn.Sequential(*layers)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        steps, padded = x.shape[1], F.pad(x, (0, 0, self.reach, self.reach))
        windows = [padded[:, offset : offset + steps] for offset in range(2 * self.reach + 1)]
        features: Tensor = self.hidden(torch.cat(windows, dim=2))
        return features


class WindowMLPTagger(NeuralTagger):
    config_class = WindowTaggerConfig
    config: WindowTaggerConfig

    def body(self, input_size: int) -> WindowBody:
        return WindowBody(input_size, self.config)
