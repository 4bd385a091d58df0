"""The averaged perceptron, which tags from left to right and reads the tags that it gave before.

Collins 2002, "Discriminative training methods for hidden Markov models"; greedy, without search.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.special import log_softmax

from seqbench.baselines.bags_of_words.linear import temperature
from seqbench.baselines.taggers.features import WindowFeatures
from seqbench.baselines.taggers.lexicon import split
from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.packing import nested, within
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext


class AveragedPerceptronConfig(Config):
    patience: int = Field(2, ge=1, description="training stops after this many passes without fewer validation errors")


class Averaged:
    r"""Weights (R, C) of rows of features, and their average over all examples so far.

    The average of W_1 … W_n is ((n + 1) W_n − Σ_k k Δ_k) / n, where Δ_k is the update after example k; so an example
    whose tag was right costs no update.
    """

    def __init__(self, rows: int, tags: int) -> None:
        self.weight, self.timed = np.zeros((rows, tags)), np.zeros((rows, tags))
        self.examples = 0

    def learn(self, rows: Ids, said: int, tag: int) -> None:
        """Count an example: its rows (F,), no row twice, the tag that was predicted and the true one."""
        self.examples += 1
        if said != tag:
            self.weight[rows, tag] += 1
            self.weight[rows, said] -= 1
            self.timed[rows, tag] += self.examples
            self.timed[rows, said] -= self.examples

    def mean(self) -> Floats:
        n = self.examples
        return np.asarray(((n + 1) * self.weight - self.timed) / n)


class AveragedPerceptron(Tagger):
    """The score of a tag is the sum of its weights for the features of the window, the tag before, and the two tags
    before. In training, the tags before are those predicted, as in prediction.

    Passes are made until the budget ends or validation errors no longer decrease; the best pass is kept. A perceptron
    has no probabilities: they are the softmax of its scores divided by the temperature with the best likelihood on
    validation (Guo et al. 2017), which changes no tag.
    """

    config_class = AveragedPerceptronConfig
    config: AveragedPerceptronConfig
    weight: Floats
    """(F + K + K², C): features of the window, the tag before (K = C + 1, C stands for none), the two tags before."""
    temperature: float

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        C, rng = len(ctx.tags), np.random.default_rng(ctx.seed)
        self.features, self.temperature = WindowFeatures(), 1.0
        x = self.features.fit(train.sentences)
        learned = Averaged(x.shape[1] + (C + 1) * (C + 2), C)
        places = np.split(np.arange(x.shape[0]), np.cumsum([len(tags) for tags in train.tags])[:-1])
        own = [row.astype(np.int64) for row in np.split(x.indices, x.indptr[1:-1])]
        best, fewest, stale = learned.weight, np.inf, 0
        for _ in range(ctx.budget.epochs):
            errors = 0
            for i in rng.permutation(len(train)).tolist():
                errors += _pass(learned, [own[place] for place in places[i]], train.tags[i].tolist(), x.shape[1])
            ctx.log("train_error", errors / x.shape[0])
            self.weight = learned.mean()
            with ctx.validating():
                wrong = self._errors(ctx.valid)
            ctx.log("valid_error", wrong)
            improved = wrong < fewest or not len(ctx.valid)
            stale = 0 if improved else stale + 1
            if improved:
                best, fewest = self.weight, wrong
            elif stale == self.config.patience:
                break
        self.weight = best
        if len(ctx.valid):
            with ctx.validating():
                self.temperature = temperature(self._scores(ctx.valid.sentences), np.concatenate(ctx.valid.tags))
            ctx.log("temperature", self.temperature)

    def predict(self, sentences: Sentences) -> list[Floats]:
        return list(split(log_softmax(self._scores(sentences) / self.temperature, axis=1), sentences))

    def _scores(self, sentences: Sentences) -> Floats:
        """Return the scores (M, C) of the tags of all words; all sentences advance together, word by word."""
        x: csr_matrix = self.features(sentences)
        C = self.weight.shape[1]
        scores: Floats = x @ self.weight[: x.shape[1]]
        one, two = np.split(self.weight[x.shape[1] :], [C + 1])
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        before = np.full((len(sentences), 2), C)  # the tag before, and the one before it
        for t in range(int(lengths.max(initial=0))):
            (rows,) = np.nonzero(lengths > t)
            places, last = starts[rows] + t, before[rows]
            scores[places] += one[last[:, 0]] + two[last[:, 0] * (C + 1) + last[:, 1]]
            before[rows] = np.stack([scores[places].argmax(axis=1), last[:, 0]], axis=1)
        return scores

    def _errors(self, part: Tagged) -> float:
        """Return the share of wrong tags; of no sentences, 0."""
        if not len(part):
            return 0.0
        return float((self._scores(part.sentences).argmax(axis=1) != np.concatenate(part.tags)).mean())

    def arrays(self) -> Arrays | None:
        own = {"weight": self.weight, "temperature": np.array(self.temperature)}
        return nested({"map": own, "features": self.features.arrays()})

    def restore(self, arrays: Arrays) -> None:
        self.weight, self.temperature = arrays["map.weight"], float(arrays["map.temperature"])
        self.features = WindowFeatures.restored(within(arrays, "features"))

    def parameter_count(self) -> int:
        return int(self.weight.size)


def _pass(learned: Averaged, rows: Sequence[Ids], tags: Sequence[int], features: int) -> int:
    """Learn from one sentence, word by word; return the number of errors.

    Args:
        rows: of each word, the rows (F,) of its window's features.
        features: number of all features of windows; rows of tags before follow.
    """
    weight, C = learned.weight, learned.weight.shape[1]
    last = second = C
    errors = 0
    for own, tag in zip(rows, tags, strict=True):
        active = np.concatenate([own, [features + last, features + (C + 1) * (1 + last) + second]])
        said = int(weight[active].sum(axis=0).argmax())
        learned.learn(active, said, tag)
        errors += said != tag
        last, second = said, last
    return errors
