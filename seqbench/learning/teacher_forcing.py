"""How translators are trained: the true words of a target are read, and each next one is predicted."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from seqbench.learning.beam import Tensors
from seqbench.learning.encoder_decoder import TranslationNetwork
from seqbench.learning.order import random_batches
from seqbench.learning.padding import Padded
from seqbench.learning.training import Loss


class ScheduledSampling(nn.Module):
    """Replaces words that the decoder reads in training by words that it draws itself.

    Bengio, Vinyals, Jaitly & Shazeer 2015, "Scheduled sampling for sequence prediction with recurrent neural networks",
    section 2.4, with the linear schedule: the share grows from 0 to `share` at the last update. As there, no gradient
    goes through the drawn words, so they can be drawn first, one after another, and read all at once.
    """

    updates: Tensor

    def __init__(self, share: float, most: int) -> None:
        """most: the number of updates in the whole training."""
        super().__init__()
        self.share, self.most = share, most
        # A buffer, so that training with another learning rate starts again.
        self.register_buffer("updates", torch.tensor(0))

    @torch.no_grad()
    def forward(self, network: TranslationNetwork, words: Tensor, memory: Tensors, state: Tensors) -> Tensor:
        """Return the words (B, T) that the decoder reads, the first of which is the start."""
        self.updates += 1
        share = self.share * min(1.0, float(self.updates) / self.most)
        own = torch.rand(words.shape, device=words.device) < share
        read = [words[:, 0]]
        for t in range(1, words.shape[1]):
            log_p, state = network.following(read[-1], memory, state)
            drawn = torch.multinomial(log_p.float().exp(), 1)[:, 0]
            read.append(torch.where(own[:, t], drawn, words[:, t]))
        return torch.stack(read, dim=1)


class TranslationBatches:
    """The losses of one epoch: the mean cross-entropy of all words and ends, in batches of pairs of similar length."""

    def __init__(
        self,
        network: TranslationNetwork,
        sources: Padded,
        targets: Padded,
        size: int,
        smoothing: float,
        sampling: nn.Module | None,
    ) -> None:
        """size: pairs per update. smoothing: share of the probability that is spread over all words."""
        self.network, self.sources, self.targets = network, sources, targets
        self.size, self.smoothing, self.sampling = size, smoothing, sampling
        # By the length of the target, since each of its words costs more; then by that of the source.
        self._lengths = targets.lengths * (1 + sources.lengths.max(initial=0)) + sources.lengths

    def __len__(self) -> int:
        return -(-len(self.targets.lengths) // self.size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self._lengths, self.size):
            yield self.loss(*self.sources.take(rows), self.targets.take(rows)[0])

    def loss(self, source: Tensor, lengths: Tensor, targets: Tensor) -> Loss:
        """targets: (B, T) words and the end, then padding."""
        start = int(self.targets.padding)
        known = targets != start
        memory, state = self.network.encode(source, lengths)
        words = shifted(targets, start)
        if self.sampling is not None:
            words = self.sampling(self.network, words, memory, state)
        features, right = self.network.decode(words, memory, state).features[known], targets[known]
        if self.smoothing == 0:
            return Loss(-self.network.output(features, right).mean(), len(right))
        log_p = self.network.output.distribution(features)
        of_right = log_p.gather(1, right[:, None]).mean()
        return Loss(-(1 - self.smoothing) * of_right - self.smoothing * log_p.mean(), len(right))


def shifted(targets: Tensor, start: int) -> Tensor:
    """Return the words (B, T) that a decoder reads: the start, and all of the targets (B, T) but the last."""
    return torch.cat([torch.full_like(targets[:, :1], start), targets[:, :-1]], dim=1)
