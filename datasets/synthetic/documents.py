"""Synthetic documents from a process whose true posterior of the class is the bottom row of the table.

Its accuracy and log-loss bound those of every model; the model with the highest accuracy need not have the highest F1.
The process is drawn first, then the three parts, each from its own random stream, so that a longer training part does
not change the test part. Only uniform random numbers are used, since NumPy keeps their bit stream the same from release
to release.
"""

import hashlib
from abc import abstractmethod
from bisect import bisect_right
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.datasets.synthetic.processes import bounds, streams
from seqbench.interface import Floats, Ids
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab


class DocumentProcess(Classifier):
    """Classes of equal probability, each with a distribution of documents: draws both, and is the true posterior.

    Word 0 is `<unk>`: it is never drawn, and carries no information if it occurs.
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Do nothing, since the parameters are the true ones."""

    def predict(self, texts: Texts) -> Floats:
        """Apply Bayes' rule: log p(class | words) = log p(words | class) - log Σ p(words | class)."""
        scores = np.array([self.log_likelihoods(ids) for ids in texts.ids]).reshape(len(texts), self.classes)
        posterior: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        return posterior

    def draw(self, rng: np.random.Generator) -> tuple[int, Ids]:
        """Draw a class and the words (T,) of a document of it."""
        label = int(rng.random() * self.classes)
        return label, self.words(label, rng)

    @abstractmethod
    def words(self, label: int, rng: np.random.Generator) -> Ids:
        """Draw the words (T,) of a document of a class."""

    @abstractmethod
    def log_likelihoods(self, ids: Ids) -> Floats:
        """Return (C,) natural log p(words | class), up to a term that all classes share."""


class CountedProcess(DocumentProcess):
    """Each word adds a fixed amount to the log-likelihood of each class, in any order.

    Args:
        log_rows: (C, V) what each of words 1..V adds to log p(words | class).
    """

    def __init__(self, log_rows: Floats) -> None:
        super().__init__(len(log_rows))
        self._log_rows = np.pad(log_rows, ((0, 0), (1, 0)))

    def log_likelihoods(self, ids: Ids) -> Floats:
        total: Floats = self._log_rows[:, ids].sum(axis=1)
        return total


class WordProcess(CountedProcess):
    """Words are independent of each other given the class, so multinomial naive Bayes is the right model.

    Args:
        rows: (C, V) probabilities of words 1..V; rows sum to one.
        shortest, longest: bounds of the length, which is uniform between them.
    """

    def __init__(self, rows: Floats, shortest: int, longest: int) -> None:
        super().__init__(np.log(rows))
        self.rows, self.shortest, self.longest = rows, shortest, longest
        self._bounds = bounds(rows)

    def words(self, label: int, rng: np.random.Generator) -> Ids:
        length = _between(self.shortest, self.longest, rng)
        return 1 + np.searchsorted(self._bounds[label], rng.random(length), side="right")


class OrderProcess(DocumentProcess):
    """A stationary Markov chain, read backwards (class 0) or forwards (class 1).

    Backwards it is also a Markov chain, p(y | x) = π(y) p(x | y) / π(x), with the same stationary distribution π. A
    document and its reverse hold the same words, so features that ignore the order cannot tell the classes apart.

    Args:
        rows: (V, V) probabilities p(next word | word) of words 1..V, forwards; rows sum to one.
        stationary: (V,) π, the stationary distribution of `rows`.
        shortest, longest: bounds of the length, which is uniform between them.

    After `<unk>` the chain starts again from π.
    """

    def __init__(self, rows: Floats, stationary: Floats, shortest: int, longest: int) -> None:
        super().__init__(classes=2)
        self.rows, self.stationary, self.shortest, self.longest = rows, stationary, shortest, longest
        self._start, self._moves = bounds(stationary).tolist(), bounds(rows).tolist()
        self._log_start = np.pad(np.log(stationary), (1, 0))
        backwards = stationary * rows.T / stationary[:, None]
        self._log_moves = np.pad(np.log([backwards, rows]), ((0, 0), (1, 0), (1, 0)))
        self._log_moves[:, 0] = self._log_start

    def words(self, label: int, rng: np.random.Generator) -> Ids:
        first, *others = rng.random(_between(self.shortest, self.longest, rng)).tolist()
        words = [bisect_right(self._start, first)]
        for u in others:
            words.append(bisect_right(self._moves[words[-1]], u))
        return 1 + np.array(words if label else words[::-1], dtype=np.int64)

    def log_likelihoods(self, ids: Ids) -> Floats:
        total: Floats = self._log_start[ids[0]] + self._log_moves[:, ids[:-1], ids[1:]].sum(axis=1)
        return total


class MarkerProcess(CountedProcess):
    """One marker, usually that of the class, among noise words that carry no information.

    Args:
        classes: C; words 1..C are their markers.
        noise: number of noise words, which are C + 1..C + noise, drawn uniformly.
        before: the most noise words before the marker; their number is uniform from 0.
        after: number of noise words after it.
        wrong: probability of another class's marker.
    """

    def __init__(self, classes: int, noise: int, before: int, after: int, wrong: float) -> None:
        markers = np.full((classes, classes), wrong / (classes - 1))
        np.fill_diagonal(markers, 1 - wrong)
        super().__init__(np.pad(np.log(markers), ((0, 0), (0, noise))))
        self.noise, self.before, self.after, self.wrong = noise, before, after, wrong

    def words(self, label: int, rng: np.random.Generator) -> Ids:
        before = _between(0, self.before, rng)
        ids = 1 + self.classes + (rng.random(before + 1 + self.after) * self.noise).astype(np.int64)
        step = _between(1, self.classes - 1, rng) if rng.random() < self.wrong else 0
        ids[before] = 1 + (label + step) % self.classes
        return ids


class SyntheticDocuments(Dataset[LabelledData]):
    """Documents of one class each, over a closed vocabulary and `<unk>`."""

    task: ClassVar[str] = "classify"
    licence: ClassVar[str] = "none needed: generated"
    name: ClassVar[str]
    knows_truth: ClassVar[bool] = True

    train_documents: int = Field(2000, ge=1, description="documents of the training part")
    valid_documents: int = Field(500, ge=1, description="documents of the validation part")
    test_documents: int = Field(2000, ge=1, description="documents of the test part")
    seed: int = Field(0, ge=0, description="seed of the process and of the documents")

    @abstractmethod
    def process(self, rng: np.random.Generator) -> DocumentProcess:
        """Return the process, with parameters drawn from `rng`."""

    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """Return the names of the classes, in alphabetical order."""

    @abstractmethod
    def symbols(self) -> list[str]:
        """Return the words, from word 1 on."""

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> LabelledData:
        parameters, *parts = streams(self.seed)
        truth = self.process(parameters)
        vocab = Vocab((UNK, *self.symbols()))
        train, valid, test = (
            _labelled(truth, documents, vocab, rng)
            for documents, rng in zip(
                (self.train_documents, self.valid_documents, self.test_documents), parts, strict=True
            )
        )
        return LabelledData(
            name=self.name,
            vocab=vocab,
            classes=self.class_names(),
            train=train,
            valid=valid,
            test=test,
            convention="symbols",
            truth=truth,
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """Read a UTF-8 file with one document per line, its words separated by white space."""
        lines = unix_line_ends(decode(path, read_bytes(path))).removesuffix("\n").split("\n")
        words = [line.split() for line in lines]
        if [] in words:
            raise DataError(f"{path}: line {words.index([]) + 1} holds no word; remove it, or write some words")
        vocab = Vocab(tuple(encoding["symbols"]))
        return Texts([vocab.encode(of_line) for of_line in words], words)


class _OfRandomLength(SyntheticDocuments):
    shortest: int = Field(5, ge=1, description="the fewest words of a document")
    longest: int = Field(30, ge=1, description="the most words of a document; lengths are uniform")

    @field_validator("longest")
    @classmethod
    def _not_below_the_shortest(cls, longest: int, info: ValidationInfo) -> int:
        if longest < info.data.get("shortest", 1):
            raise ValueError(f"longest={longest} is less than shortest={info.data['shortest']}")
        return longest


class SyntheticWords(_OfRandomLength):
    """Single words decide, in any order: naive Bayes can learn this process completely."""

    name: ClassVar[str] = "synthetic-words"

    classes: int = Field(4, ge=2, le=26, description="number of classes, C")
    words: int = Field(200, ge=2, description="number of words, V, without <unk>")
    own: float = Field(
        0.65, ge=0, lt=1, description="share of a class's words that are drawn from its own distribution"
    )

    def process(self, rng: np.random.Generator) -> WordProcess:
        common, *own = -np.log1p(-rng.random((1 + self.classes, self.words)))
        rows = (1 - self.own) * common / common.sum() + self.own * np.array([row / row.sum() for row in own])
        return WordProcess(rows, self.shortest, self.longest)

    def class_names(self) -> tuple[str, ...]:
        return tuple("abcdefghijklmnopqrstuvwxyz"[: self.classes])

    def symbols(self) -> list[str]:
        return _numbered("w", self.words)


class SyntheticOrder(_OfRandomLength):
    """Only the order of words decides: a document of one class is a document of the other one read backwards.

    The chain either takes the next step of a cycle through all words, or picks a word independently of the last one.
    Pairs of neighbours hold all the information; a model that ignores the order is at chance.
    """

    name: ClassVar[str] = "synthetic-order"

    shortest: int = Field(15, ge=1, description="the fewest words of a document")
    words: int = Field(8, ge=3, description="number of words, V, without <unk>")
    flow: float = Field(0.25, ge=0, lt=1, description="probability of a step along the cycle")

    def process(self, rng: np.random.Generator) -> OrderProcess:
        pick: Floats = 0.5 + rng.random(self.words)
        pick *= (1 - self.flow) / pick.sum()
        cycle: Floats = self.flow * np.roll(np.eye(self.words), 1, axis=1)
        # π = cycleᵀ π + pick, for Σ π = 1
        stationary = np.linalg.solve(np.eye(self.words) - cycle.T, pick).astype(np.float64)
        return OrderProcess(cycle + pick, stationary, self.shortest, self.longest)

    def class_names(self) -> tuple[str, ...]:
        return "backwards", "forwards"

    def symbols(self) -> list[str]:
        return _numbered("w", self.words)


class SyntheticDistance(SyntheticDocuments):
    """One word decides; the option `distance` sets how many noise words come after it."""

    name: ClassVar[str] = "synthetic-distance"

    distance: int = Field(10, ge=0, description="number of words after the one that decides")
    before: int = Field(5, ge=0, description="the most words before it; their number is uniform from 0")
    classes: int = Field(4, ge=2, le=8, description="number of classes, C, each with its own word")
    noise: int = Field(20, ge=1, description="number of noise words, which carry no information")
    wrong: float = Field(0.05, gt=0, lt=0.5, description="probability that the word is that of another class")

    def process(self, rng: np.random.Generator) -> MarkerProcess:
        return MarkerProcess(self.classes, self.noise, self.before, self.distance, self.wrong)

    def class_names(self) -> tuple[str, ...]:
        return tuple("abcdefgh"[: self.classes])

    def symbols(self) -> list[str]:
        return [f"is-{name}" for name in self.class_names()] + _numbered("w", self.noise)


def _labelled(truth: DocumentProcess, documents: int, vocab: Vocab, rng: np.random.Generator) -> Labelled:
    labels, ids = zip(*(truth.draw(rng) for _ in range(documents)), strict=True)
    return Labelled(Texts(ids, [vocab.decode(of_text) for of_text in ids]), np.array(labels, dtype=np.int64))


def _numbered(letter: str, count: int) -> list[str]:
    return [f"{letter}{i:0{len(str(count))}}" for i in range(1, count + 1)]


def _between(low: int, high: int, rng: np.random.Generator) -> int:
    """Draw one of low..high, uniformly."""
    return low + int(rng.random() * (high - low + 1))
