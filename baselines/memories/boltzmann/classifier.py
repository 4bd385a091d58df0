"""The classification restricted Boltzmann machine: words of a document and a class over common hidden units."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.learning.classifier import NeuralClassifier, NeuralClassifierConfig
from seqbench.learning.training import LearningRate


class ClassificationConfig(NeuralClassifierConfig):
    embedding_size: int = Field(
        100,
        ge=1,
        description="hidden units, to each of which a word has a weight",
        json_schema_extra={"search": {"low": 20, "high": 500, "log": True}},
    )
    learning_rate: LearningRate = Field(
        1e-2,
        description=str(NeuralClassifierConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 3e-2, "log": True}},
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the words of a document that is left out in an update",
        json_schema_extra={"search": {"low": 0.0, "high": 0.7}},
    )
    word_dropout: float = Field(
        0.0, ge=0, lt=1, description=str(NeuralClassifierConfig.model_fields["word_dropout"].description)
    )


class ClassificationNetwork(nn.Module):
    r"""−E(x, y, h) = h W x + d_y + c·h + h U_y,      p(y | x) ∝ e^{d_y} Π_j (1 + e^{c_j + U_jy + Σ_i W_ji x_i})

    x_i says whether word i occurs. p is exact, by the free energies of the classes (Larochelle & Bengio 2008,
    "Classification using discriminative restricted Boltzmann machines", equation 3).
    """

    def __init__(self, vocab_size: int, classes: int, config: ClassificationConfig) -> None:
        super().__init__()
        self.W = nn.Embedding(vocab_size + 1, config.embedding_size, padding_idx=vocab_size, sparse=True)
        nn.init.uniform_(self.W.weight[:vocab_size], -0.1, 0.1)
        self.U = nn.Parameter(torch.empty(classes, config.embedding_size).uniform_(-0.1, 0.1))
        self.c, self.d = nn.Parameter(torch.zeros(config.embedding_size)), nn.Parameter(torch.zeros(classes))
        self.padding, self.dropout = vocab_size, config.dropout

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the negative free energies (B, C) of documents (B, T) with each class."""
        words = ids.sort(1).values
        again = torch.zeros_like(words, dtype=torch.bool)
        again[:, 1:] = words[:, 1:] == words[:, :-1]
        if self.training and self.dropout:
            again |= torch.rand(words.shape, device=words.device) < self.dropout
        fields = self.W(words.masked_fill(again, self.padding)).sum(1) + self.c
        return self.d + F.softplus(fields[:, None] + self.U).sum(2)


class ClassificationRBM(NeuralClassifier):
    """Trained discriminatively: the loss is −ln p(y | x)."""

    config_class = ClassificationConfig
    config: ClassificationConfig

    def build(self, vocab_size: int, classes: int) -> ClassificationNetwork:
        return ClassificationNetwork(vocab_size, classes, self.config)
