"""Base class of all neural taggers: word vectors, letters, batches, training and prediction.

Subclasses build the body: what stands between the vectors of words and the linear layer that scores their tags.
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import chain
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays, Floats
from seqbench.learning import training
from seqbench.learning.crf import Decoding, LinearChainCRF
from seqbench.learning.letters import LetterConvolution, LetterLayer
from seqbench.learning.order import by_length, random_batches
from seqbench.learning.padding import Padded, inside
from seqbench.learning.sentences import Batch, PaddedSentences, alphabet, vocabulary
from seqbench.learning.training import (
    TIE,
    LearningRate,
    Loss,
    TrainingConfig,
    Validation,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.packing import packed, unpacked, within
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext

SCORED = 1 << 13
"""Maximum number of padded words tagged together, to limit memory; one longer sentence is still tagged whole."""


class NeuralTaggerConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        4e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 3e-4, "high": 1e-2, "log": True}},
    )
    patience: int = Field(5, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    clip: float = Field(5.0, gt=0, description=str(TrainingConfig.model_fields["clip"].description))
    embedding_size: int = Field(
        100,
        ge=1,
        description="width of a word's vector",
        json_schema_extra={"search": {"low": 32, "high": 300, "log": True}},
    )
    hidden_size: int = Field(
        128,
        ge=1,
        description="units per layer, and per direction if there are two",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    letters: Literal["convolution"] | None = Field(
        "convolution",
        description="how letters add to a word's vector; none: not at all; convolution: dos Santos & Zadrozny 2014",
        json_schema_extra={"search": {"choices": [None, "convolution"]}},
    )
    letter_size: int = Field(30, ge=1, description="width of a letter's vector")
    letter_features: int = Field(
        50, ge=2, description="width of what letters add", json_schema_extra={"search": {"choices": [30, 50, 100]}}
    )
    dropout: float = Field(
        0.33,
        ge=0,
        lt=1,
        description="share of the values that is dropped before and after the body",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )
    word_dropout: float = Field(
        1.0,
        ge=0,
        description="α: in training, a share α / (α + n) of the occurrences of a word seen n times is read as <unk>, "
        "which so learns to stand for new words (Kiperwasser & Goldberg 2016)",
        json_schema_extra={"search": {"choices": [0.0, 0.25, 1.0, 2.0]}},
    )
    batch_size: int = Field(
        32, ge=1, description="sentences per update", json_schema_extra={"search": {"choices": [16, 32, 64]}}
    )
    crf: bool = Field(
        False, description="whether a conditional random field joins the tags of a sentence (Huang et al. 2015)"
    )
    decoding: Decoding = Field(
        "posterior",
        description="with crf; posterior: probabilities of each tag, which make the fewest errors per word; viterbi: "
        "the best sequence with each tag, normalised, whose best tags are the most probable sequence",
    )


class Body(nn.Module):
    """Vectors of words → features of words in their sentence."""

    output_size: int

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return (B, T, output_size) for x (B, T, D), which is zero after the lengths (B,).

        Neither other sentences nor the amount of padding may change the features of a word.
        """


class TaggerNetwork(nn.Module):
    """[word vector; letters' vector] → body → linear layer, with dropout before and after the body.

    Word V is padding: its vector is zero and is not trained.
    """

    def __init__(
        self, words: int, size: int, letters: LetterLayer | None, body: Body, tags: int, dropout: float, crf: bool
    ) -> None:
        """words: V. size: width of a word's vector, without letters."""
        super().__init__()
        self.embedding = nn.Embedding(words + 1, size, padding_idx=words, sparse=True)
        nn.init.uniform_(self.embedding.weight[:words], -0.1, 0.1)
        self.letters, self.body, self.padding = letters, body, words
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(body.output_size, tags)
        self.crf = LinearChainCRF(tags) if crf else None

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores (B, T, C) of the tags of words; those after the end of a sentence have no meaning."""
        vectors = self.embedding(batch.words)
        if self.letters is not None:
            own = F.embedding(batch.places, self.letters(batch.spellings))
            outside = batch.words.eq(self.padding)[..., None]
            vectors = torch.cat([vectors, own.masked_fill(outside, 0.0)], dim=2)
        scores: Tensor = self.output(self.dropout(self.body(self.dropout(vectors), batch.lengths)))
        return scores


class NeuralTagger(Tagger):
    """A tagger that is trained by gradient descent. Subclasses build the body."""

    kind = "neural"
    config_class = NeuralTaggerConfig
    config: NeuralTaggerConfig
    network: TaggerNetwork
    vocab: Vocab
    alphabet: Vocab

    @abstractmethod
    def body(self, input_size: int) -> Body:
        """Return an untrained body that reads vectors of this width."""

    def letter_layer(self, letters: int) -> LetterLayer | None:
        """Return an untrained layer for this number of letters; None if letters are not read."""
        c = self.config
        return None if c.letters is None else LetterConvolution(letters, c.letter_size, c.letter_features)

    def build(self, tags: int) -> TaggerNetwork:
        """Return an untrained network for `vocab` and `alphabet`."""
        c, letters = self.config, self.letter_layer(self.alphabet.size)
        width = c.embedding_size + (0 if letters is None else letters.features)
        return TaggerNetwork(self.vocab.size, c.embedding_size, letters, self.body(width), tags, c.dropout, c.crf)

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        """Train with the negative log-likelihood per word and keep the weights with the fewest errors on `ctx.valid`.

        Raises:
            ValueError: the device is not available.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab = vocabulary(chain.from_iterable(train.sentences))
        self.alphabet = alphabet(chain.from_iterable(train.sentences))
        valid = self._padded(ctx.valid.sentences, device)
        with seeded(ctx.seed, device):
            self.network = self.build(len(ctx.tags)).to(device)
            training.train(
                self.network,
                TaggedBatches(self.network, self._padded(train.sentences, device), train, self.config),
                (lambda: self._validate(valid, ctx)) if len(ctx.valid) else None,
                self.config,
                ctx,
                loss_name="train_nats",
                score_name="valid_error",
            )

    def predict(self, sentences: Sentences) -> list[Floats]:
        """See `Tagger.predict`; the network computes in float32, the conditional random field in float64."""
        return self._tagged(self._padded(sentences, next(self.network.parameters()).device))

    @torch.inference_mode()
    def _tagged(self, padded: PaddedSentences) -> list[Floats]:
        found: list[Floats] = [np.empty(0)] * len(padded.lengths)
        with exact_float32():
            for rows in by_length(padded.lengths, SCORED):
                batch = padded.take(rows)
                scores = self.network(batch).double()
                if self.network.crf is None:
                    log_p = F.log_softmax(scores, dim=2)
                else:
                    log_p = self.network.crf.marginals(scores, batch.lengths, self.config.decoding)
                for i, own in zip(rows.tolist(), log_p.cpu().numpy(), strict=True):
                    found[i] = own[: padded.lengths[i]].copy()
        return found

    def _padded(self, sentences: Sentences, device: torch.device) -> PaddedSentences:
        return PaddedSentences(sentences, self.vocab, self.alphabet, device)

    def _validate(self, padded: PaddedSentences, ctx: TaggingContext) -> Validation:
        log_p, tags = np.concatenate(self._tagged(padded)), np.concatenate(ctx.valid.tags)
        log_loss = float(-log_p[np.arange(len(tags)), tags].mean())
        error = float((log_p.argmax(axis=1) != tags).mean())
        return Validation(error + TIE * log_loss, {"valid_log_loss": log_loss})

    def arrays(self) -> Arrays:
        own = {"words": packed(self.vocab.symbols), "letters": packed(self.alphabet.symbols)}
        own["tags"] = np.array(self.network.output.out_features)
        return own | {f"network.{name}": array for name, array in weights(self.network).items()}

    def restore(self, arrays: Arrays) -> None:
        self.vocab, self.alphabet = Vocab(unpacked(arrays["words"])), Vocab(unpacked(arrays["letters"]))
        self.network = self.build(int(arrays["tags"]))
        load_weights(self.network, within(arrays, "network"))

    def parameter_count(self) -> int:
        return weight_count(self.network)


class TaggedBatches:
    """The losses of one epoch: of each sentence once, in batches of similar length."""

    def __init__(
        self, network: TaggerNetwork, padded: PaddedSentences, train: Tagged, config: NeuralTaggerConfig
    ) -> None:
        self.network, self.padded, self.config = network, padded, config
        self.tags = Padded(np.concatenate(train.tags), padded.lengths, 0, padded.device)
        n = padded.counts()
        self.hidden = config.word_dropout / (config.word_dropout + n.clamp(min=1)) * (n > 0)

    def __len__(self) -> int:
        return -(-len(self.padded.lengths) // self.config.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.padded.lengths, self.config.batch_size):
            yield self.loss(self._hide_words(self.padded.take(rows)), *self.tags.take(rows))

    def loss(self, batch: Batch, tags: Tensor, lengths: Tensor) -> Loss:
        """Return the negative log-likelihood per word of tags (B, T), which count within the lengths (B,)."""
        scores = self.network(batch).float()
        words = int(lengths.sum())
        if self.network.crf is None:
            known = inside(lengths, tags.shape[1])
            return Loss(F.cross_entropy(scores[known], tags[known]), words)
        return Loss(-self.network.crf.log_likelihood(scores, tags, lengths).sum() / words, words)

    def _hide_words(self, batch: Batch) -> Batch:
        """Return the batch with rare words replaced at random by `<unk>`, which is word 0."""
        hidden = torch.rand(batch.words.shape, device=batch.words.device) < self.hidden[batch.words]
        return batch._replace(words=batch.words.masked_fill(hidden, 0))
