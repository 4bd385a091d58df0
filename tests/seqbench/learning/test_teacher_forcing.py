"""How translators are taught: the loss of words and ends, smoothed labels, words that the model draws itself."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.learning.padding import padded_words
from seqbench.learning.teacher_forcing import ScheduledSampling, TranslationBatches, shifted
from seqbench.recurrent.translation.seq2seq import GRUSeq2Seq, GRUSeq2SeqConfig
from seqbench.tasks.language.vocab import Vocab

CPU = torch.device("cpu")
WORDS = 8


class Rigged(nn.Module):
    """A network that says the same of all places: log p (V,)."""

    def __init__(self, log_p: Tensor) -> None:
        super().__init__()
        self.log_p, self.read = log_p, [torch.zeros(0)]

    def encode(self, source: Tensor, lengths: Tensor) -> Any:
        return (source,), (lengths,)

    def decode(self, words: Tensor, memory: Any, state: Any) -> Any:
        self.read = [words]
        return type("Decoded", (), {"features": torch.zeros(*words.shape, 1), "state": state})

    def following(self, words: Tensor, memory: Any, state: Any) -> Any:
        return self.log_p.expand(len(words), -1), state

    def output(self, features: Tensor, targets: Tensor) -> Tensor:
        return self.log_p[targets]


def test_the_loss_is_the_mean_over_words_and_ends_and_forgets_padding() -> None:
    log_p = torch.randn(4, generator=torch.Generator().manual_seed(0)).log_softmax(0)
    network = Rigged(log_p)
    targets, sources = (
        padded_words([np.array([2, 3, 1]), np.array([1])], 4, CPU),
        padded_words([np.array([0]), np.array([0])], 1, CPU),
    )
    batches = TranslationBatches(network, sources, targets, 64, 0.0, None)  # type: ignore[arg-type]
    (loss,) = batches
    assert loss.items == 4
    assert float(loss.mean) == pytest.approx(-float(log_p[[2, 3, 1, 1]].mean()))
    assert network.read[0].tolist() == [[4, 1, 4], [4, 2, 3]]  # the shorter target first


def test_label_smoothing_mixes_the_target_with_the_uniform_distribution() -> None:
    """Cross-entropy of torch with its own smoothing is the oracle."""
    model = GRUSeq2Seq(GRUSeq2SeqConfig(hidden_size=16, embedding_size=8))
    model.source_vocab = Vocab(("<unk>", "a", "b"))
    torch.manual_seed(0)
    network = model.build(np.arange(WORDS)).eval()
    source, lengths, targets = torch.tensor([[1, 2]]), torch.tensor([2]), torch.tensor([[3, 4, 1]])
    batches = TranslationBatches(network, *[padded_words([np.array([1])], WORDS, CPU)] * 2, 64, 0.1, None)
    found = batches.loss(source, lengths, targets).mean
    features = network.decode(shifted(targets, WORDS), *network.encode(source, lengths)).features
    logits = network.output.distribution(features[0])
    expected = nn.functional.cross_entropy(logits, targets[0], label_smoothing=0.1)
    torch.testing.assert_close(found, expected)


def test_scheduled_sampling_replaces_a_share_of_words_that_grows_to_its_end() -> None:
    network = Rigged(torch.tensor([0.0, 0.0, 0.5, 0.5]).log())
    sampling, words = ScheduledSampling(0.6, most=4), torch.zeros(4000, 3, dtype=torch.int64)
    torch.manual_seed(0)
    for update in range(1, 6):
        read = sampling(network, words, (), ())
        assert not read[:, 0].any()
        share = 0.6 * min(1, update / 4)
        assert float((read[:, 1:] > 0).float().mean()) == pytest.approx(share, abs=4 * (0.25 / 8000) ** 0.5)
        assert set(read[:, 1:].unique().tolist()) == {0, 2, 3}
