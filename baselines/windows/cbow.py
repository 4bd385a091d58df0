"""CBOW as a language model: the average of the preceding words' vectors predicts the next word.

Mikolov, Chen, Corrado & Dean 2013, "Efficient estimation of word representations in vector space", section 3.1. Here
the context is only the words before the predicted one, and the softmax gives a probability of the text.
"""

from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.output import OutputLayer
from seqbench.learning.window_language import WindowLanguageConfig, WindowLanguageModel, WindowNetwork


class CBOWConfig(WindowLanguageConfig):
    embedding_size: int = Field(
        200,
        ge=1,
        description="width of the symbols' vectors",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )


class CBOWNetwork(WindowNetwork):
    r"""h = 1 / (n − 1) Σ_k C(x_{t−k}), the mean of the window's vectors; the output layer reads h."""

    def __init__(self, embedding: nn.Module, output: OutputLayer, dropout: float) -> None:
        super().__init__(output, dropout)
        self.embedding = embedding

    def forward(self, windows: Tensor) -> Tensor:
        features: Tensor = self.dropout(self.embedding(windows).mean(1))
        return features


class CBOWLanguageModel(WindowLanguageModel):
    """p(x_t | the n − 1 symbols before x_t, regardless of their order)."""

    config_class = CBOWConfig
    config: CBOWConfig

    def build(self, counts: Ids) -> CBOWNetwork:
        size = self.config.embedding_size
        embedding = self.input_layer(size, counts)
        return CBOWNetwork(embedding, self.output_layer(size, counts, embedding), self.config.dropout)
