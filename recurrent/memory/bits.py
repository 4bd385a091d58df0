"""Words that are written as bits, such as 0110: read and predicted bit by bit."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Floats
from seqbench.learning.output import OutputLayer
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.metrics import bits_per_word

LEAST = 1e-30
"""The least probability of `<unk>`: if all words of that many bits are known, no other is left."""


def bits_of(vocab: Vocab) -> Floats | None:
    """Return the bits (V, W) of words, zeros for `<unk>` and `<eos>`; None: words are not bits, all equally many."""
    width = bits_per_word(vocab)
    if not width:
        return None
    return np.array([[0.0] * width if word in (UNK, EOS) else [float(bit) for bit in word] for word in vocab.symbols])


def bit_vectors(bits: Floats) -> nn.Embedding:
    """Return a layer from numbers of words to their bits as 0 and 1, which is not trained; padding is zero."""
    layer = nn.Embedding(len(bits) + 1, bits.shape[1])
    layer.weight.data[:-1], layer.weight.data[-1] = torch.tensor(bits), 0
    layer.weight.requires_grad_(False)
    return layer


class BitOutput(OutputLayer):
    r"""Whether the target ends, and if not, each bit of the next word, independent of each other.

        p(<eos>) = σ(e),    p(w) = (1 − σ(e)) Π_b σ(l_b)^{w_b} (1 − σ(l_b))^{1−w_b}

    `<unk>` has the probability of all words that are not in the vocabulary.
    """

    name = "bits"
    bits: Tensor

    def __init__(self, size: int, vocab: Vocab, bits: Floats) -> None:
        """size: D of hidden vectors. bits: (V, W)."""
        super().__init__()
        self.linear = nn.Linear(size, bits.shape[1] + 1)
        self.register_buffer("bits", torch.tensor(bits, dtype=torch.get_default_dtype()))
        self.end, self.unknown = vocab.index[EOS], vocab.index[UNK]

    def forward(self, hidden: Tensor, targets: Tensor) -> Tensor:
        if (targets == self.unknown).any():
            return self.distribution(hidden).gather(1, targets[:, None])[:, 0]
        said = self.linear(hidden)
        logits, end = said[:, :-1], said[:, -1]
        wanted = self.bits[targets].to(said.dtype)
        word = -F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1) + F.logsigmoid(-end)
        return torch.where(targets == self.end, F.logsigmoid(end), word)

    def distribution(self, hidden: Tensor) -> Tensor:
        said = self.linear(hidden)
        logits, end = said[:, :-1], said[:, -1:]
        each = F.linear(logits, self.bits.to(said.dtype)) + F.logsigmoid(-logits).sum(1, keepdim=True)
        known = torch.ones(each.shape[1], dtype=torch.bool, device=each.device)
        known[[self.end, self.unknown]] = False
        rest = (1 - each[:, known].exp().sum(1)).clamp(min=LEAST).log()
        each = each + F.logsigmoid(-end)
        each[:, self.end] = F.logsigmoid(end[:, 0])
        each[:, self.unknown] = rest + F.logsigmoid(-end[:, 0])
        return each
