"""Ask a classifier whether what a model composed is of the style that was asked for.

    python benchmarks/recognised.py [--dataset made-music] [--model lstm-seq2seq --model language-model] [--epochs 20]

The classifier is multinomial naive Bayes over single symbols and pairs of neighbours. From the real pieces of the
training part it learns their style: the words of the source, all together and each by itself. It then judges the real
pieces of the test part, which shows how well it can tell, and what each model composes for the styles of the test part.
Chance is the share of the most frequent style. A model says one piece for each style, so that a style counts as often
as it is asked for.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from seqbench import registry
from seqbench.baselines.bags_of_words.naive_bayes import MultinomialNaiveBayes, NaiveBayesConfig
from seqbench.interface import Budget, Ids
from seqbench.spec import parse
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import EOS, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Source, TranslationContext, Translator, Words

MODELS = ("most-frequent-target", "language-model", "nearest-sentence", "ibm1", "lstm-seq2seq")


class Judge:
    """Recognises one aspect of the style of pieces."""

    def __init__(self, styles: Sequence[str], pieces: Sequence[Words], vocab: Vocab) -> None:
        """Learn from pieces of known styles."""
        self.styles, self.vocab = tuple(sorted(set(styles))), vocab
        train = Labelled(self._texts(pieces), self._numbers(styles))
        self.chance = float(np.bincount(train.labels).max() / len(train))
        self.model = MultinomialNaiveBayes(NaiveBayesConfig(alpha=0.1, ngrams=2))
        self.model.fit(
            train, ClassificationContext(seed=0, budget=Budget(), valid=train, vocab=vocab, classes=self.styles)
        )

    def recognised(self, styles: Sequence[str], pieces: Sequence[Words]) -> float:
        """Return the share of pieces whose style is recognised."""
        return float((self.model.predict(self._texts(pieces)).argmax(axis=1) == self._numbers(styles)).mean())

    def _texts(self, pieces: Sequence[Words]) -> Texts:
        words = [[*piece, EOS] for piece in pieces]
        return Texts([self.vocab.encode(of_piece) for of_piece in words], words)

    def _numbers(self, styles: Sequence[str]) -> Ids:
        index = {style: i for i, style in enumerate(self.styles)}
        return np.array([index.get(style, -1) for style in styles], dtype=np.int64)


def aspects(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Return the styles of sources as a whole, and by each of their words that has more than one value."""
    words = [[str(word) for word in source] for source in sources]
    if len({len(of_source) for of_source in words}) > 1:
        raise ValueError("all sources must have the same number of words, each for one aspect of the style")
    single = {f"word {place + 1}": [of_source[place] for of_source in words] for place in range(len(words[0]))}
    return {"style": [" ".join(of_source) for of_source in words]} | single


def composer(name: str, data: TranslationData, epochs: int, seed: int) -> Translator:
    """Return a fitted model."""
    spec = parse(name)
    kind = registry.find_model(spec, "translate").attribute
    model: Translator = kind(registry.configured(kind.config_class, spec, "translate"))
    model.fit(
        data.train,
        TranslationContext(
            seed=seed,
            budget=Budget(epochs=epochs),
            valid=data.valid,
            source_vocab=data.source_vocab,
            target_vocab=data.target_vocab,
        ),
    )
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="made-music")
    parser.add_argument("--model", action="append", help="may be repeated")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    spec = parse(asked.dataset)
    kind = registry.find_dataset(spec, "translate").attribute
    data: TranslationData = registry.configured(kind, spec, "translate").load()
    if data.source_vocab is None:
        parser.error(f"the sources of {data.name} are vectors; name a data set whose sources are words of style")
    train, test = aspects(data.train.sources), aspects(data.test.sources)
    judges = {aspect: Judge(styles, data.train.targets, data.target_vocab) for aspect, styles in train.items()}
    print(f"{data.name}: share of pieces whose style is recognised")
    print(f"{'':24}" + "".join(f"{aspect:>10}" for aspect in judges) + f"{'notes':>10}{'perplexity':>12}")
    print(f"{'chance':24}" + "".join(f"{judge.chance:10.3f}" for judge in judges.values()))

    def show(name: str, pieces: Sequence[Words], nats: float) -> None:
        shares = "".join(f"{judge.recognised(test[aspect], pieces):10.3f}" for aspect, judge in judges.items())
        length = np.mean([len(piece) for piece in pieces])
        print(f"{name:24}{shares}{length:10.1f}" + (f"{np.exp(nats):12.3f}" if np.isfinite(nats) else ""), flush=True)

    show("real pieces", data.test.targets, np.inf)
    models = {name: composer(name, data, asked.epochs, asked.seed) for name in asked.model or MODELS}
    if data.truth is not None:
        models["true model"] = data.truth
    for name, model in models.items():
        scores = model.log_p(data.test.sources, data.test.targets)
        nats = np.inf if scores is None else -float(np.concatenate(list(scores)).mean())
        show(name, model.predict(data.test.sources), nats)


if __name__ == "__main__":
    main()
