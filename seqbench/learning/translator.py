"""Base class of all neural translators: vocabularies, padded batches, teacher forcing, search and scoring."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from seqbench.interface import Arrays, Floats, Ids
from seqbench.learning import training
from seqbench.learning.beam import Normalisation, Step, Tensors, beam_search, draw
from seqbench.learning.encoder_decoder import TranslationNetwork
from seqbench.learning.order import by_length
from seqbench.learning.output import OutputKind
from seqbench.learning.padding import Padded, inside, padded_words
from seqbench.learning.scaling import Scaled
from seqbench.learning.schedules import updates_within
from seqbench.learning.teacher_forcing import (
    ScheduledSampling,
    TranslationBatches,
    shifted,
)
from seqbench.learning.training import (
    LearningRate,
    TrainingConfig,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.packing import packed, unpacked, within
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words

READ = 1 << 13
"""Maximum number of padded words read together, to limit memory; one longer sentence is still read whole."""
SCORES = 1 << 24
"""Maximum number of log probabilities (predictions x words) in memory when searching; 64 MiB in float32."""
STRETCH = 2
"""A translation may have this many times the words that its source gives on average in training."""


class TranslatorConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        2e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 3e-4, "high": 1e-2, "log": True}},
    )
    patience: int = Field(5, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    hidden_size: int = Field(
        256, ge=1, description="units per layer", json_schema_extra={"search": {"low": 64, "high": 512, "log": True}}
    )
    batch_size: int = Field(
        64, ge=1, description="pairs per update", json_schema_extra={"search": {"choices": [32, 64, 128]}}
    )
    output: OutputKind = Field(
        "auto",
        description="kind of softmax; auto: adaptive above 20,000 words, otherwise full; tied: uses the vectors of the "
        "target's words; sampled: estimated in training, exact in evaluation; tied-sampled: both",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the target's probability that is spread over all words in training (Szegedy et al. 2016)",
        json_schema_extra={"search": {"choices": [0.0, 0.1]}},
    )
    scheduled_sampling: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the decoder's input words, reached linearly at the last update, that the model draws "
        "itself instead of reading the true ones (Bengio et al. 2015)",
    )
    beam: int = Field(1, ge=1, description="hypotheses that the search keeps per sentence; 1: greedy search")
    length_normalisation: Normalisation = Field(
        "mean",
        description="what finished hypotheses are compared by; mean: log p per word; wu: with the penalty of Wu et al. "
        "2016; none: log p",
    )

    @model_validator(mode="after")
    def _check_smoothing(self) -> Self:
        if self.label_smoothing and self.output in ("sampled", "tied-sampled"):
            raise ValueError(f"label_smoothing needs the probabilities of all words: leave out output={self.output}")
        return self


class NeuralTranslator(Translator):
    """A translator trained by gradient descent. Subclasses build the network."""

    kind = "neural"
    config_class = TranslatorConfig
    config: TranslatorConfig
    network: TranslationNetwork
    source_vocab: Vocab | None
    target_vocab: Vocab
    scaled: Scaled | None = None
    """How vectors are scaled; None: sources are words."""

    @abstractmethod
    def build(self, counts: Ids) -> TranslationNetwork:
        """Return an untrained network for words that occur `counts` (V,) times in the targets of training.

        `source_layer` makes its input layer.
        """

    def source_layer(self, size: int) -> nn.Module:
        """Return an untrained layer from what stands at a place of a source to vectors of this size."""
        if self.scaled is not None:
            return nn.Linear(len(self.scaled.mean), size)
        assert self.source_vocab is not None
        return nn.Embedding(self.source_vocab.size + 1, size)

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        """Train with teacher forcing, and keep the weights with the best perplexity of the targets of `ctx.valid`.

        Raises:
            ValueError: a source has no words or does not suit the others, the vocabulary has no `<eos>`, or the device
                is not available.
            DivergenceError: training diverged.
        """
        if not len(train):
            raise ValueError("there is nothing to train on: the training part has no pairs")
        c, device = self.config, choose_device(ctx.device)
        self.source_vocab, self.target_vocab = ctx.source_vocab, ctx.target_vocab
        if self.target_vocab.eos is None:
            raise ValueError("the vocabulary of the targets needs <eos>, which ends a translation")
        if self.source_vocab is None:
            self.scaled = Scaled.of(_vectors(train.sources, None))
        with seeded(ctx.seed, device):
            sources, targets = self._sources(train.sources, device), self._targets(train.targets, device)
            self.longest = int(targets.lengths.max()) - 1
            self.ratio = float((targets.lengths - 1).sum() / sources.lengths.sum())
            ids = np.concatenate([self._encoded(target) for target in train.targets])
            self.network = self.build(np.bincount(ids, minlength=self.target_vocab.size)).to(device)
            sampling = None
            if c.scheduled_sampling:
                updates = updates_within(ctx.budget, -(-len(train) // c.batch_size))
                sampling = ScheduledSampling(c.scheduled_sampling, updates).to(device)
            whole = nn.ModuleList([self.network] if sampling is None else [self.network, sampling])
            training.train(
                whole,
                TranslationBatches(self.network, sources, targets, c.batch_size, c.label_smoothing, sampling),
                (lambda: self._perplexity(ctx.valid)) if len(ctx.valid) else None,
                c,
                ctx,
                loss_name="train_nats",
                score_name="valid_perplexity",
            )

    def predict(self, sources: Sequence[Source]) -> Sequence[Words]:
        """See `Translator.predict`; the search keeps `beam` hypotheses per sentence, as the settings say."""
        return self.translate(sources, self.config.beam)

    @torch.inference_mode()
    def translate(self, sources: Sequence[Source], beam: int) -> list[list[str]]:
        """Return the words of each source's translation, found with this beam.

        Raises:
            ValueError: the beam is below 1, or a source has no words or does not suit those of `fit`.
        """
        found: list[list[str]] = [[] for _ in sources]
        start, end = self._edges()
        with exact_float32():
            for rows, memory, state, limits in self._read(sources, beam):
                said = beam_search(
                    self.network.following,
                    memory,
                    state,
                    limits,
                    start=start,
                    end=end,
                    beam=beam,
                    normalisation=self.config.length_normalisation,
                )
                for row, words in zip(rows.tolist(), said, strict=True):
                    found[row] = self.target_vocab.decode(words)
        return found

    @torch.inference_mode()
    def sample(self, sources: Sequence[Source], temperature: float = 1.0, seed: int = 0) -> list[list[str]]:
        """Draw a translation of each source; the random numbers of source i follow from `seed` and i.

        Raises:
            ValueError: the temperature is not positive, or a source has no words or does not suit those of `fit`.
        """
        found: list[list[str]] = [[] for _ in sources]
        start, end = self._edges()
        with exact_float32():
            for rows, memory, state, limits in self._read(sources, 1):
                numbers = [np.random.default_rng([seed, row]).random(max(limits)) for row in rows.tolist()]
                uniforms = torch.tensor(np.array(numbers))
                step: Step = self.network.following
                said = draw(step, memory, state, limits, uniforms, start=start, end=end, temperature=temperature)
                for row, words in zip(rows.tolist(), said, strict=True):
                    found[row] = self.target_vocab.decode(words)
        return found

    @torch.inference_mode()
    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        """See `Translator.log_p`; the network computes in float32.

        Raises:
            ValueError: a source has no words or does not suit those of `fit`.
        """
        found: list[Floats] = [np.zeros(0)] * len(targets)
        if not len(targets):
            return found
        device = self._device
        padded, right = self._sources(sources, device), self._targets(targets, device)
        start = self.target_vocab.size
        with exact_float32():
            for rows in by_length(padded.lengths + right.lengths, READ):
                read, (words, lengths) = padded.take(rows), right.take(rows)
                features = self.network.decode(shifted(words, start), *self.network.encode(*read)).features
                known = inside(lengths, words.shape[1])
                parts = torch.split(features[known], self._rows()), torch.split(words[known], self._rows())
                nats = torch.cat([self.network.output(f, w) for f, w in zip(*parts, strict=True)])
                each = torch.split(nats.double().cpu(), lengths.tolist())
                for row, of_words in zip(rows.tolist(), each, strict=True):
                    found[row] = of_words.numpy()
        return found

    @torch.inference_mode()
    def attention(self, source: Source, target: Words) -> Floats:
        """Return the weights (T + 1, S) of the source's places, for each word of the target and for `<eos>`.

        Raises:
            ValueError: the model has no attention, or the source has no words or does not suit those of `fit`.
        """
        everything = np.array([0])
        words = self._targets([target], self._device).take(everything)[0]
        memory, state = self.network.encode(*self._sources([source], self._device).take(everything))
        weights = self.network.decode(shifted(words, self.target_vocab.size), memory, state).weights
        if weights is None:
            raise ValueError("this model has no attention that could be shown: fit one with attention=additive")
        shown: Floats = weights[0].double().cpu().numpy()
        return shown

    def arrays(self) -> Arrays:
        own = {
            "target_symbols": packed(self.target_vocab.symbols),
            "lengths": np.array([float(self.longest), self.ratio]),
        }
        if self.source_vocab is not None:
            own["source_symbols"] = packed(self.source_vocab.symbols)
        if self.scaled is not None:
            own["scaled"] = np.stack([self.scaled.mean, self.scaled.scale])
        return {f"network.{name}": array for name, array in weights(self.network).items()} | own

    def restore(self, arrays: Arrays) -> None:
        self.target_vocab = Vocab(unpacked(arrays["target_symbols"]))
        self.source_vocab = Vocab(unpacked(arrays["source_symbols"])) if "source_symbols" in arrays else None
        self.scaled = Scaled(*arrays["scaled"]) if "scaled" in arrays else None
        self.longest, self.ratio = int(arrays["lengths"][0]), float(arrays["lengths"][1])
        self.network = self.build(np.zeros(self.target_vocab.size, np.int64))
        load_weights(self.network, within(arrays, "network"))

    def parameter_count(self) -> int:
        return weight_count(self.network)

    def limit(self, words: int) -> int:
        """Return the largest number of words of a translation of a source of this many words."""
        return max(self.longest, math.ceil(STRETCH * self.ratio * words))

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _edges(self) -> tuple[int, int]:
        """Return the word before the first of a target, and the one after the last."""
        assert self.target_vocab.eos is not None
        return self.target_vocab.size, self.target_vocab.eos

    def _rows(self) -> int:
        """Return how many predictions are made together."""
        return max(1, SCORES // self.target_vocab.size)

    def _read(self, sources: Sequence[Source], beam: int) -> Iterator[tuple[Ids, Tensors, Tensors, list[int]]]:
        """Yield batches of similar length: rows, what the encoder makes of them, and the limits of their translations.

        They are small enough for `beam` hypotheses per sentence.
        """
        if not len(sources):
            return
        padded = self._sources(sources, self._device)
        for several in by_length(padded.lengths, max(1, READ // beam)):
            most = max(1, self._rows() // beam)
            for first in range(0, len(several), most):
                rows = several[first : first + most]
                memory, state = self.network.encode(*padded.take(rows))
                yield rows, memory, state, [self.limit(length) for length in padded.lengths[rows].tolist()]

    def _sources(self, sources: Sequence[Source], device: torch.device) -> Padded:
        if self.scaled is not None:
            steps = self.scaled(_vectors(sources, len(self.scaled.mean))).astype(np.float32)
            return Padded(steps, np.ones(len(steps), np.int64), 0.0, device)
        vocab = self.source_vocab
        assert vocab is not None
        for number, source in enumerate(sources):
            if isinstance(source, np.ndarray) and source.dtype.kind != "U":
                raise ValueError(f"source {number} is a vector, but the model was fitted to words: give its words")
            if isinstance(source, str):
                raise ValueError(f"source {number} is a text, not a list of words: split it")
            if not len(source):
                raise ValueError(f"source {number} has no words: remove pairs without a source")
        return padded_words([vocab.encode(map(str, source)) for source in sources], vocab.size, device)

    def _targets(self, targets: Sequence[Words], device: torch.device) -> Padded:
        return padded_words([self._encoded(target) for target in targets], self.target_vocab.size, device)

    def _encoded(self, target: Words) -> Ids:
        return np.append(self.target_vocab.encode(target), self._edges()[1])

    def _perplexity(self, valid: Pairs) -> float:
        nats = -float(np.concatenate(self.log_p(valid.sources, valid.targets)).mean())
        # e^700 is close to the largest float; if this is infinite, the training loop raises DivergenceError.
        return math.exp(nats) if nats < 700 else math.inf


def _vectors(sources: Sequence[Source], width: int | None) -> Floats:
    """Return sources that are vectors as one array (N, D); width: D, None: that of the first.

    Raises:
        ValueError: a source is no vector of this width, or has a value that is not a finite number.
    """
    for number, source in enumerate(sources):
        if not isinstance(source, np.ndarray) or source.ndim != 1 or source.dtype.kind not in "fiu":
            raise ValueError(f"source {number} is no vector of numbers, but the model reads vectors")
        width = len(source) if width is None else width
        if len(source) != width:
            raise ValueError(f"source {number} has {len(source)} values, but others have {width}")
        if not np.isfinite(source).all():
            raise ValueError(f"source {number} has a value that is not a finite number")
    return np.array(list(sources), dtype=np.float64).reshape(len(sources), width or 0)
