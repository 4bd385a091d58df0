"""What the laws of a class of classifiers are measured on: documents that are generated here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.interface import Context
from seqbench.tasks.documents.laws import answer, documents
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.items import Answers, Kind
from seqbench.tasks.language.vocab import UNK, Vocab
from seqbench.tasks.trials import Corpus, Trial


class Classification(Trial[Labelled, Texts]):
    context: ClassVar[type[Context[Any]]] = ClassificationContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Labelled]:
        return _corpus(3, 60, rng)

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Labelled], Labelled, Labelled, Labelled]:
        return _two_sources(rng)

    def kind(self, corpus: Corpus[Labelled]) -> Kind[Texts]:
        return documents(len(corpus.lent["classes"]))

    def items(self, part: Labelled) -> Texts:
        return part.texts

    def same(self, a: Labelled, b: Labelled) -> bool:
        ids = all(np.array_equal(x, y) for x, y in zip(a.texts.ids, b.texts.ids, strict=True))
        return ids and a.texts.words == b.texts.words and np.array_equal(a.labels, b.labels)

    def losses(self, model: Any, corpus: Corpus[Labelled], part: Labelled) -> Sequence[float]:
        log_p = answer(model, part.texts, len(corpus.lent["classes"]))
        return (-float(log_p[np.arange(len(part)), part.labels].mean()),)

    def ignorant(self, part: Labelled) -> float:
        return float(np.log(len(np.unique(part.labels))))

    def unseen(self, corpus: Corpus[Labelled], rng: np.random.Generator) -> dict[str, tuple[Labelled, str]]:
        unk = corpus.lent["vocab"].index[UNK]
        texts = Texts([np.array([unk]), np.array([unk, unk, 1])], [["never"], ["never", "met", "w1"]])
        return {"unseen": (Labelled(texts, np.zeros(2, np.int64)), "a document of unknown words has some class")}

    def possible(self, said: Answers) -> bool:
        return bool(np.isfinite(said).any(axis=1).all())

    def unusual(self, corpus: Corpus[Labelled], rng: np.random.Generator) -> dict[str, tuple[Corpus[Labelled], str]]:
        without = corpus.train.take(np.flatnonzero(corpus.train.labels != 1))
        return {
            "binary": (_corpus(2, 20, rng), "two classes can be learned"),
            "missing": (
                replace(corpus, train=without),
                "a class without training documents still has its column",
            ),
        }


def _lent(vocab: Vocab, classes: int) -> dict[str, Any]:
    return {"vocab": vocab, "classes": tuple(f"class{i}" for i in range(classes))}


def _corpus(classes: int, documents: int, rng: np.random.Generator) -> Corpus[Labelled]:
    """Generate documents of 1 to 30 words; both the words and their order depend on the class."""
    vocab = Vocab((UNK, *(f"w{i}" for i in range(1, 20))))
    steps = rng.dirichlet(np.full(19, 0.3), size=(classes, 19)).cumsum(axis=2)

    def part(count: int) -> Labelled:
        labels = np.arange(count) % classes
        ids = []
        for label in labels:
            length, word = int(rng.integers(1, 31)), int(rng.integers(19))
            words = [word]
            for u in rng.random(length - 1):
                words.append(min(int(np.searchsorted(steps[label, words[-1]], u)), 18))
            ids.append(np.array(words, np.int64) + 1)
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels.astype(np.int64))

    return Corpus(part(documents), part(12), part(24), _lent(vocab, classes))


def _two_sources(rng: np.random.Generator) -> tuple[Corpus[Labelled], Labelled, Labelled, Labelled]:
    """Generate documents of two sources that share no word and no letter; in both, some words are typical of a class.

    Returns:
        A corpus of the first source, further documents of the first, and twice of the second.
    """
    classes, typical = 3, 4
    words = classes * typical
    spelled = [
        "".join(rng.choice(list(letters), 5)) for letters in ("abcdefghijklm", "nopqrstuvwxyz") for _ in range(words)
    ]
    vocab = Vocab((UNK, *dict.fromkeys(spelled)))

    def part(first: int, count: int = 240) -> Labelled:
        labels, ids = np.arange(count) % classes, []
        for label in labels:
            length = int(rng.integers(4, 13))
            own = typical * label + rng.integers(typical, size=length)
            ids.append(1 + first + np.where(rng.random(length) < 0.7, own, rng.integers(words, size=length)))
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels.astype(np.int64))

    train = part(0)
    corpus = Corpus(train, train, train, _lent(vocab, classes))
    return corpus, part(0), part(words), part(words)
