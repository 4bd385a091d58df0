"""A restricted Boltzmann machine over [context ‖ next symbol], one-hot: the next symbol is its missing part."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Ids
from seqbench.learning.output import OutputLayer
from seqbench.learning.window_language import WindowLanguageConfig, WindowLanguageModel, WindowNetwork

MOST = 20_000
"""The most symbols: the free energies of all of them are computed for each symbol that is scored."""
HELD = 1 << 23
"""Maximum number of fields (predictions x symbols x hidden units) that are held at once in scoring; training holds
those of a whole batch."""


class BoltzmannLanguageConfig(WindowLanguageConfig):
    hidden_size: int = Field(
        32, ge=1, description="hidden units", json_schema_extra={"search": {"low": 16, "high": 128, "log": True}}
    )


class FreeEnergies(OutputLayer):
    r"""p(s | context) ∝ e^{b_s} Π_j (1 + e^{a_j + U_js}): exact, by the free energies of all V symbols.

    a = c + Σ_k W_k[c_k] are what the context gives the hidden units. b starts as the log frequencies.
    """

    name = "free energies"

    def __init__(self, size: int, counts: Ids) -> None:
        super().__init__()
        shares = torch.tensor(counts, dtype=torch.get_default_dtype()) + 1
        self.b = nn.Parameter((shares / shares.sum()).log())
        self.U = nn.Parameter(torch.empty(len(counts), size).uniform_(-0.1, 0.1))

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        own = self.b[targets] + F.softplus(hidden.float() + self.U[targets]).sum(1)
        return own - torch.logsumexp(self._energies(hidden), 1)

    def distribution(self, hidden: Tensor) -> Tensor:
        return F.log_softmax(self._energies(hidden), dim=-1)

    def _energies(self, hidden: Tensor) -> Tensor:
        """Return the negative free energies (N, V) of all symbols."""
        rows = max(1, HELD // self.U.numel())
        parts = torch.split(hidden.float(), rows)
        return torch.cat([self.b + F.softplus(part[:, None] + self.U).sum(2) for part in parts])


class BoltzmannWindow(WindowNetwork):
    shift: Tensor

    def __init__(self, symbols: int, width: int, output: OutputLayer, size: int, dropout: float) -> None:
        """symbols: V + 1, with the edge. width: of the window."""
        super().__init__(output, dropout)
        self.W = nn.Embedding(symbols * width, size)
        nn.init.uniform_(self.W.weight, -0.1, 0.1)
        self.c = nn.Parameter(torch.zeros(size))
        self.register_buffer("shift", torch.arange(width) * symbols, persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        features: Tensor = self.dropout(self.W(windows + self.shift).sum(1) + self.c)
        return features


class BoltzmannLanguageModel(WindowLanguageModel):
    """Trained by the exact gradient of ln p(next symbol | context), as Larochelle & Bengio 2008 do for classes."""

    config_class = BoltzmannLanguageConfig
    config: BoltzmannLanguageConfig

    def build(self, counts: Ids) -> BoltzmannWindow:
        if len(counts) > MOST:
            raise ValueError(
                f"{len(counts):,} symbols are too many: the machine compares all of them at each symbol, at most "
                f"{MOST:,}; use another model, or keep fewer words"
            )
        size = self.config.hidden_size
        output = FreeEnergies(size, counts)
        return BoltzmannWindow(len(counts) + 1, self.config.order - 1, output, size, self.config.dropout)
