"""The decoder against enumeration of all that it may do."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.baselines.translation.decoding import COPY, Decoder, Weights
from seqbench.baselines.translation.lexicon import Candidates
from seqbench.baselines.translation.ngrams import TargetNgrams
from seqbench.interface import Budget, Ids
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, TranslationContext

VOCAB = Vocab((UNK, EOS, "a", "b", "c", "d"))
TARGETS = [["a", "b", "c"], ["d", "a", "b"], ["b", "c", "a"], ["c", "a", "d", "a"], ["a", "b", "c"]]
PAIRS = Pairs([["f"]] * len(TARGETS), TARGETS)
CTX = TranslationContext(seed=0, budget=Budget(), valid=PAIRS, source_vocab=Vocab((UNK,)), target_vocab=VOCAB)
NGRAMS = TargetNgrams(3)
NGRAMS.fit(TARGETS, VOCAB, CTX)
NULL, NEW = 3, 2
"""The empty word, and a word that the lexicon does not know; 0 and 1 have translations."""
LEXICON = Candidates(
    np.array([[2, 3], [4, 0], [0, 0], [5, 2]]),
    np.log(np.array([[0.6, 0.3], [0.9, 1e-300], [1e-300, 1e-300], [0.2, 0.1]])),
)
LEXICON.log_t[LEXICON.log_t < -100] = -np.inf


def decoder(weights: Weights, beam: int) -> Decoder:
    return Decoder(LEXICON, NGRAMS, weights, beam, insertions=2)


def options(word: int, place: int, nothing: float) -> list[tuple[float, list[int]]]:
    if word == NEW:
        return [(nothing, []), (0.0, [COPY - place])]
    kept = LEXICON.log_t[word] > -np.inf
    return [
        (nothing, []),
        *((float(s), [int(w)]) for s, w in zip(LEXICON.log_t[word][kept], LEXICON.words[word][kept], strict=True)),
    ]


def scores(source: Ids, weights: Weights) -> dict[tuple[int, ...], float]:
    """The best score of each monotone translation, over all ways to it."""
    steps = []
    for place, word in enumerate(source.tolist()):
        steps += [options(NULL, place, 0.0), options(word, place, weights.drop)]
    steps.append(options(NULL, len(source), 0.0))
    best: dict[tuple[int, ...], float] = {}
    for way in product(*steps):
        words = tuple(word for _, added in way for word in added)
        best[words] = max(best.get(words, -np.inf), sum(s for s, _ in way))
    said = NGRAMS.log_p([[UNK if word <= COPY else VOCAB.symbols[word] for word in words] for words in best])
    return {
        words: best[words] + weights.language * float(log_p.sum()) + weights.word * len(words)
        for words, log_p in zip(best, said, strict=True)
    }


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0, 1, NEW]), min_size=1, max_size=2),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.0, 1.5]),
    st.sampled_from([-4.0, -0.5]),
)
def test_a_wide_beam_finds_the_best_of_all_monotone_translations(
    source: list[int], language: float, word: float, drop: float
) -> None:
    weights, f = Weights(language, word, drop), np.array(source)
    (words,) = decoder(weights, beam=60)([f])
    every = scores(f, weights)
    assert every[tuple(words)] == pytest.approx(max(every.values()), abs=1e-9)


def test_a_translation_depends_neither_on_other_sources_nor_on_their_order() -> None:
    rng = np.random.default_rng(0)
    sources = [rng.integers(0, 3, size=int(rng.integers(1, 8))) for _ in range(40)]
    decode = decoder(Weights(0.5, 1.0, -2.0), beam=3)
    together = decode(sources)
    assert [decode([source])[0] for source in sources] == together
    assert decode(sources[::-1])[::-1] == together


def test_an_unknown_word_is_copied_and_a_word_in_doubt_is_decided_by_the_language_model() -> None:
    weights = Weights(1.0, 0.0, -20.0)
    (words,) = decoder(weights, beam=8)([np.array([0, NEW, 1])])
    assert COPY - 1 in words
    (alone,) = decoder(Weights(0.0, 0.0, -20.0), beam=8)([np.array([0])])
    (fluent,) = decoder(Weights(3.0, 0.0, -20.0), beam=8)([np.array([0, 1])])
    assert (VOCAB.decode(alone), VOCAB.decode(fluent)) == (["a"], ["b", "c"])
