"""BLEU and chrF are those of sacreBLEU, whatever the corpus; every metric is a function of sums over sentences."""

import numpy as np
import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from seqbench.evidence.metrics import Columns
from seqbench.evidence.statistics import compare, estimate
from seqbench.evidence.strata import scored
from seqbench.tasks import task
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.metrics import (
    BLEU,
    CHRF,
    EXACT_MATCH,
    PERPLEXITY,
    WORDS_BLEU,
    bits_per_word,
    item_columns,
    wrong_bits,
)
from seqbench.tasks.translations.model import Pairs

KIND = task("translate")
METRICS = (BLEU, EXACT_MATCH, CHRF, WORDS_BLEU)


def columns(texts: list[str], references: list[str]) -> Columns:
    words = [text.split() for text in references]
    pairs = Pairs([["x"] * (1 + len(w)) for w in words], words, references)
    return item_columns(texts, [text.split() for text in texts], pairs, None)


def corpus(count: int, seed: int, right: float = 0.7, noise: int = 0) -> tuple[list[str], list[str]]:
    """Translations in which words are replaced, left out and swapped, as `noise` draws; and sentences of Zipf words."""
    rng, drawn = np.random.default_rng(seed), np.random.default_rng([seed, noise])
    vocabulary = [f"{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{i % 7}" for i in range(400)]
    p = 1 / np.arange(1, 401)
    known = [[str(w) for w in rng.choice(vocabulary, int(rng.integers(3, 26)), p=p / p.sum())] for _ in range(count)]
    said = []
    for words in known:
        ours = drawn.beta(8 * right, 8 * (1 - right))  # some sentences are harder than others
        kept = [w if drawn.random() < ours else str(drawn.choice(vocabulary)) for w in words if drawn.random() < 0.95]
        for i in range(len(kept) - 1):
            if drawn.random() < 0.05:
                kept[i], kept[i + 1] = kept[i + 1], kept[i]
        said.append(kept)
    return [" ".join(words) + " ." for words in said], [" ".join(words) + " ." for words in known]


CORPORA = {
    "usual": corpus(60, 0),
    "bad": corpus(60, 1, right=0.1),
    "good": corpus(60, 2, right=0.97),
    "marks": (
        ["a man, who rides a bike.", "(it) is 3.14 of 10,000!"],
        ["a man who rides a bike.", "it is 3.14: 10,000!"],
    ),
    "empty output": (["", "a b c d e"], ["a b c d", "a b c d e"]),
    "only empty output": (["", ""], ["a b c d", "e f"]),
    "one word each": (["yes", "no", "yes"], ["yes", "yes", "no"]),
    "one sentence": (["the cat sat on a mat"], ["the cat sat on the mat"]),
    "nothing in common": (["x y z", "u v w"], ["a b c", "d e f"]),
    "empty references": (["a", ""], ["", ""]),
}


@pytest.mark.parametrize("name", CORPORA)
def test_bleu_and_chrf_are_those_of_sacrebleu(name: str) -> None:
    said, known = CORPORA[name]
    found = columns(said, known)
    assert 100 * BLEU(found)[0] == pytest.approx(sacrebleu.corpus_bleu(said, [known]).score, abs=1e-9)
    assert 100 * CHRF(found)[0] == pytest.approx(sacrebleu.corpus_chrf(said, [known]).score, abs=1e-9)
    by_words = sacrebleu.corpus_bleu(said, [known], tokenize="none", force=True).score
    assert 100 * WORDS_BLEU(found)[0] == pytest.approx(by_words, abs=1e-9)


@given(
    st.lists(st.tuples(*[st.lists(st.sampled_from(["a", "bb", "c,", "d."]), max_size=6)] * 2), min_size=1, max_size=6)
)
def test_bleu_and_chrf_of_any_corpus_are_those_of_sacrebleu(pairs: list[tuple[list[str], list[str]]]) -> None:
    said, known = ([" ".join(side) for side in sides] for sides in zip(*pairs, strict=True))
    found = columns(said, known)
    assert 100 * BLEU(found)[0] == pytest.approx(sacrebleu.corpus_bleu(said, [known]).score, abs=1e-9)
    assert 100 * CHRF(found)[0] == pytest.approx(sacrebleu.corpus_chrf(said, [known]).score, abs=1e-9)


def test_a_score_without_some_sentences_is_the_score_of_the_others() -> None:
    said, known = CORPORA["usual"]
    found = columns(said, known)
    for metric in METRICS:
        weights = np.ones((1, len(said)))
        weights[0, ::3] = 0
        kept = [i for i in range(len(said)) if i % 3]
        others = columns([said[i] for i in kept], [known[i] for i in kept])
        assert metric(found, weights)[0] == pytest.approx(metric(others)[0], abs=1e-12)


def test_bleu_follows_the_brevity_penalty_of_papineni_et_al() -> None:
    """All n-grams are right, and the translation has 5 words of 6, so that BLEU is exp(1 − 6/5)."""
    assert BLEU(columns(["a b c d e"], ["a b c d e f"]))[0] == pytest.approx(np.exp(1 - 6 / 5))


def test_exact_match_compares_words() -> None:
    pairs = Pairs([["x"]] * 3, [["a", "b"], [], ["c"]])
    found = item_columns(["a b", "", "d"], [("a", "b"), (), ("d",)], pairs, None)
    assert EXACT_MATCH(found)[0] == pytest.approx(2 / 3)


def test_perplexity_counts_the_end_of_each_target() -> None:
    pairs = Pairs([["x"]] * 2, [["a", "b"], []])
    log_p = np.empty(2, dtype=object)
    log_p[0], log_p[1] = np.log([0.5, 0.25, 0.5]), np.log([0.25])
    found = item_columns(["", ""], [(), ()], pairs, log_p)
    assert found["symbols"].tolist() == [3, 1]
    assert PERPLEXITY(found)[0] == pytest.approx((1 / (0.5 * 0.25 * 0.5 * 0.25)) ** (1 / 4))


def test_a_model_without_probabilities_has_no_perplexity_and_an_impossible_word_an_infinite_one() -> None:
    found = columns(*CORPORA["usual"])
    assert np.isnan(PERPLEXITY(found)[0])
    impossible = {**found, "nats": np.where(np.arange(60) == 7, np.inf, 1.0)}
    assert PERPLEXITY(impossible)[0] == np.inf


def _bootstrap(metric: object, one: Columns, other: Columns, draws: int = 1000) -> tuple[float, float, float]:
    """Widths of the 95 % percentile intervals of a score, of another, and of their paired difference."""
    items = len(one["exact"])
    weights = np.random.default_rng(0).multinomial(items, np.full(items, 1 / items), size=draws).astype(float)
    a, b = (metric(found, weights) for found in (one, other))  # type: ignore[operator]
    return tuple(float(np.subtract(*np.quantile(x, [0.975, 0.025]))) for x in (a, b, a - b))  # type: ignore[return-value]


@pytest.mark.parametrize("metric", [BLEU, CHRF], ids=lambda metric: metric.name)
def test_intervals_are_as_wide_as_those_of_a_paired_bootstrap_over_sentences(metric: object) -> None:
    one, known = corpus(1000, 5)
    first, second = columns(one, known), columns(corpus(1000, 5, right=0.65, noise=1)[0], known)
    a, b, difference = _bootstrap(metric, first, second)
    for width, found in ((a, first), (b, second)):
        interval = estimate(metric, [found])  # type: ignore[arg-type]
        assert interval.high - interval.low == pytest.approx(width, rel=0.1)
    versus = compare(metric, [first], [second], margin=0.01)  # type: ignore[arg-type]
    assert versus.high - versus.low == pytest.approx(difference, rel=0.1)


def test_a_perfect_score_on_few_sentences_is_not_certain() -> None:
    known = corpus(20, 3)[1]
    for metric in (BLEU, CHRF, EXACT_MATCH):
        found = estimate(metric, [columns(known, known)])
        assert found.high == pytest.approx(1)
        assert 0.7 < found.low < 1


def test_scores_of_sources_of_one_length_are_those_of_a_corpus_of_them() -> None:
    said, known = CORPORA["usual"]
    found = columns(said, known)
    (strata,) = scored(KIND.strata, found, [BLEU, EXACT_MATCH]).values()
    assert 2 <= len(strata) <= 5
    first = [i for i in range(60) if found["length"][i] <= strata[0]["to"]]
    alone = sacrebleu.corpus_bleu([said[i] for i in first], [[known[i] for i in first]]).score
    assert 100 * strata[0]["bleu"] == pytest.approx(alone)
    assert strata[0]["exact_match"] == pytest.approx(found["exact"][first].mean())


def test_bits_are_compared_place_by_place() -> None:
    said = [["01", "11"], ["01"], ["01", "11", "00"], ["0", "11"], []]
    assert wrong_bits(said, [["01", "10"]] * 5, 2).tolist() == [1, 2, 3, 3, 4]
    for words, bits in ((["01", "10"], 2), (["01", "1"], 0), (["01", "1x"], 0), ([], 0)):
        assert bits_per_word(Vocab((UNK, EOS, *words))) == bits
