"""Reductions: an answerer out of a classifier of documents, and so out of language models by Bayes' rule.

A story and its question become one document: the words of the sentences, a full stop after each, and the words of the
question, each with a question mark before it. So a bag of words tells the words of the question from those of the
story.
"""

from collections.abc import Iterable
from typing import Any

from seqbench.interface import Arrays, Floats
from seqbench.packing import nested, packed, unpacked, within
from seqbench.tasks.answers.model import Answered, Answerer, AnsweringContext, Asked
from seqbench.tasks.documents.bayes import bayes as by_bayes
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.vocab import UNK, Vocab

STOP, ASKED = ".", "?"


class _Reading(Answerer):
    """A classifier of stories with their questions; its classes are the answers."""

    classifier: type[Classifier]

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        self.vocab = _vocab(train.asked)
        self.model = self.classifier(self.config)
        self.model.fit(
            self._labelled(train),
            ClassificationContext(
                seed=ctx.seed,
                budget=ctx.budget,
                valid=self._labelled(ctx.valid),
                device=ctx.device,
                log=ctx.log,
                spent=ctx.spent,
                vocab=self.vocab,
                classes=ctx.answers,
            ),
        )

    def predict(self, asked: Asked) -> Floats:
        return self.model.predict(self._texts(asked))

    def arrays(self) -> Arrays | None:
        written = self.model.arrays()
        return None if written is None else nested({"model": written, "words": {"packed": packed(self.vocab.symbols)}})

    def restore(self, arrays: Arrays) -> None:
        self.vocab = Vocab(unpacked(within(arrays, "words")["packed"]))
        self.model = self.classifier(self.config)
        self.model.restore(within(arrays, "model"))

    def parameter_count(self) -> int | None:
        return self.model.parameter_count()

    def _labelled(self, part: Answered) -> Labelled:
        return Labelled(self._texts(part.asked), part.answers, part.tales)

    def _texts(self, asked: Asked) -> Texts:
        words = [
            list(document(story, question)) for story, question in zip(asked.stories, asked.questions, strict=True)
        ]
        return Texts([self.vocab.encode(own) for own in words], words)


def reading(kind: type[Classifier]) -> type[Answerer]:
    """Return an answerer that reads a story and its question as one document; it has the classifier's settings."""
    members: dict[str, Any] = {
        "__doc__": f"A {kind.__name__} of stories with their questions.",
        "__module__": kind.__module__,
        "classifier": kind,
        "kind": kind.kind,
        "stochastic": kind.stochastic,
        "config_class": kind.config_class,
    }
    return type(f"Reading{kind.__name__}", (_Reading,), members)


def bayes(kind: type[LanguageModel[Any]]) -> type[Answerer]:
    """Return an answerer with one language model per answer, of the stories with their questions."""
    return reading(by_bayes(kind))


def document(story: Iterable[Iterable[str]], question: Iterable[str]) -> Iterable[str]:
    """Yield the words of a story and its question as one document."""
    for sentence in story:
        yield from sentence
        yield STOP
    for word in question:
        yield ASKED + word


def _vocab(asked: Asked) -> Vocab:
    words = {word for story, own in zip(asked.stories, asked.questions, strict=True) for word in document(story, own)}
    return Vocab((UNK, *sorted(words - {UNK})))
