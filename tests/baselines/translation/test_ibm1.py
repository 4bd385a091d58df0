"""Model 1 as a translator: its probabilities, and a made language that it learns to translate."""

from collections.abc import Sequence

import numpy as np
import pytest

from seqbench.baselines.translation.ibm1 import IBM1, IBM1Config
from seqbench.interface import Budget
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, TranslationContext

ADJECTIVES, NOUNS, VERBS = ("red", "big", "old", "sad"), ("dog", "man", "car", "cat"), ("sees", "eats", "hears")


def made(pairs: int, seed: int) -> Pairs:
    """`RED DOG SEES OLD CAT` → `a red dog sees an old cat`: the article is of no source word, and must agree."""
    rng = np.random.default_rng(seed)

    def draw(words: Sequence[str]) -> str:
        return words[int(rng.integers(len(words)))]

    sources, targets = [], []
    for _ in range(pairs):
        phrases = [[draw(ADJECTIVES), draw(NOUNS)] for _ in range(2)]
        verb = draw(VERBS)
        sources.append([word.upper() for word in (*phrases[0], verb, *phrases[1])])
        one, other = ([("an" if phrase[0] == "old" else "a"), *phrase] for phrase in phrases)
        targets.append([*one, verb, *other])
    return Pairs(sources, targets)


def fitted(pairs: Pairs, valid: Pairs, epochs: int = 20, config: IBM1Config | None = None) -> IBM1:
    model = IBM1(config)
    model.fit(pairs, context(pairs, valid, epochs))
    return model


def context(pairs: Pairs, valid: Pairs, epochs: int = 20) -> TranslationContext:
    words = sorted({str(word) for source in pairs.sources for word in source})
    said = sorted({word for target in pairs.targets for word in target})
    return TranslationContext(
        seed=0,
        budget=Budget(epochs=epochs),
        valid=valid,
        source_vocab=Vocab((UNK, *words)),
        target_vocab=Vocab((UNK, EOS, *said)),
    )


@pytest.fixture(scope="module")
def model() -> IBM1:
    return fitted(made(300, 0), made(40, 1))


def test_a_made_language_is_translated_with_its_articles_and_new_words_are_copied(model: IBM1) -> None:
    test = made(60, 2)
    right = sum(said == target for said, target in zip(model.predict(test.sources), test.targets, strict=True))
    assert right >= 57
    assert "ROBOT" in model.predict([["RED", "ROBOT", "EATS", "OLD", "DOG"]])[0]


def test_alignments_join_each_word_with_its_translation(model: IBM1) -> None:
    source, target = made(1, 3).sources[0], made(1, 3).targets[0]
    attention = model.attention([str(word) for word in source], target)
    assert attention.shape == (len(target) + 1, len(source))
    for row, word in zip(attention, target, strict=False):
        if word not in ("a", "an"):
            assert row[[place for place, f in enumerate(source) if f == word.upper()]].sum() > 0.9
    assert (attention.sum(axis=1) <= 1 + 1e-12).all()


@pytest.mark.parametrize("source", [["RED", "DOG"], ["NEW"], ["DOG", "NEW", "NEW", "DOG", "SEES", "CAT", "CAR"]])
def test_probabilities_of_all_next_words_sum_to_one(model: IBM1, source: list[str]) -> None:
    words = [word for word in model.ngrams.vocab.symbols if word != EOS]
    for start in ([], ["a"], ["a", "dog", "sees", "an", "old", "car", "a", "man", "a", "man"]):
        following = model.log_p([source] * len(words), [[*start, word] for word in words])
        (ended,) = model.log_p([source], [start])
        place = len(start)
        assert sum(np.exp(scores[place]) for scores in following) + np.exp(ended[place]) == pytest.approx(1.0)


def test_later_words_do_not_change_the_probability_of_earlier_ones(model: IBM1) -> None:
    source = ["RED", "DOG", "SEES", "OLD", "CAR"]
    one, other = model.log_p([source] * 2, [["a", "red", "dog", "sees"], ["a", "red", "cat"]])
    assert one[:2].tolist() == other[:2].tolist()


def test_the_source_is_worth_its_words(model: IBM1) -> None:
    test = made(60, 4)
    ours = -np.concatenate(model.log_p(test.sources, test.targets)).mean()
    of_others = -np.concatenate(model.log_p(test.sources[::-1], test.targets)).mean()
    of_none = -np.concatenate(model.ngrams.log_p(test.targets)).mean()
    assert ours < of_none - 0.3 < of_others


def test_without_rescaling_the_probabilities_are_those_of_the_n_gram_model(model: IBM1) -> None:
    test = made(5, 5)
    scores = np.concatenate(list(model._scores(test.sources, test.targets, np.array([[0.0, 0.1]]))))
    assert scores[:, 0] == pytest.approx(np.concatenate(model.ngrams.log_p(test.targets)), abs=1e-12)


def test_pairs_that_are_too_long_are_left_out_and_without_any_word_nothing_is_learned() -> None:
    pairs, valid = made(30, 5), made(5, 6)
    longer = Pairs([*pairs.sources, ["RED"] * 50], [*pairs.targets, ["cat"] * 50])
    config = IBM1Config(longest=20)
    one, other = fitted(pairs, valid, config=config), fitted(longer, valid, config=config)
    assert one.lexicon.t.tolist() == other.lexicon.t.tolist()
    with pytest.raises(ValueError, match="no training target of at most 2 words has a word to learn from"):
        fitted(pairs, valid, config=IBM1Config(longest=2))
    with pytest.raises(ValueError, match="a budget of at least one epoch"):
        fitted(pairs, valid, epochs=0)


def test_a_fit_without_validation_pairs_is_possible() -> None:
    model = fitted(made(50, 7), Pairs([], []))
    assert len(model.predict(made(3, 8).sources)) == 3
