"""Base class of the recurrent language models that read forward."""

from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.column_language import BodyState, ColumnLanguageConfig, ColumnLanguageModel, ColumnNetwork
from seqbench.learning.output import OutputLayer
from seqbench.recurrent.layers.settings import RecurrentSettings
from seqbench.recurrent.layers.stack import Stack


class RecurrentLanguageConfig(RecurrentSettings, ColumnLanguageConfig):
    def stack(self) -> Stack:
        """Return a stack of untrained layers with these settings."""
        return self.build_stack(self.embedding_size, self.hidden_size, self.dropout)


class RecurrentNetwork(ColumnNetwork):
    """Predicts each symbol from the outputs of layers that have read the symbols before it."""

    def __init__(self, embedding: nn.Module, body: Stack, output: OutputLayer, edge: int) -> None:
        super().__init__(embedding, output, edge)
        self.body = body

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        return self.read(self.body, inputs, mask, state)

    def read(self, body: Stack, symbols: Tensor, mask: Tensor | None, state: BodyState) -> tuple[Tensor, BodyState]:
        """Run a stack over symbols (T, B) from `state`; return its outputs (T, B, H) and the state after T."""
        # Statistics of a batch, which training alone needs, leave out what follows the end of a column.
        lengths = mask.sum(0) if mask is not None and self.training else None
        return self.scan(lambda x, s: body(self.embedding(x), s, lengths, final=False), symbols, state)


class RecurrentLanguageModel(ColumnLanguageModel):
    """p(x_t | x_1 .. x_{t-1}) from the outputs of layers that have read x_1 .. x_{t-1}; subclasses set the cell."""

    config_class = RecurrentLanguageConfig
    config: RecurrentLanguageConfig
    network: RecurrentNetwork

    def build(self, counts: Ids) -> RecurrentNetwork:
        c = self.config
        embedding = self.input_layer(c.embedding_size, counts)
        output = self.output_layer(c.hidden_size, counts, embedding)
        return RecurrentNetwork(embedding, c.stack(), output, len(counts))
