"""The base of all neural translators: losses, search, scores, what is stored, and what is refused."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from seqbench.interface import Budget
from seqbench.learning.translator import NeuralTranslator, TranslatorConfig
from seqbench.recurrent.translation.self_attention import SelfAttentionConfig, SelfAttentionTranslator
from seqbench.recurrent.translation.seq2seq import GRUSeq2Seq, GRUSeq2SeqConfig, LSTMSeq2Seq, LSTMSeq2SeqConfig
from seqbench.recurrent.translation.transformer import Transformer, TransformerConfig
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.translations.model import Pairs, TranslationContext

LETTERS = "abcdef"
SOURCE_VOCAB, TARGET_VOCAB = Vocab(("<unk>", *LETTERS)), Vocab(("<unk>", "<eos>", *LETTERS.upper()))
CPU = torch.device("cpu")


def reversed_pairs(count: int, seed: int = 0, longest: int = 5) -> Pairs:
    """Letters, and the same in capitals from the end."""
    rng = np.random.default_rng(seed)
    sources = [[LETTERS[i] for i in rng.integers(0, 6, rng.integers(1, longest + 1))] for _ in range(count)]
    return Pairs(sources, [[letter.upper() for letter in reversed(source)] for source in sources])


def vectors(count: int, seed: int = 0) -> Pairs:
    """Vectors, and the words of the signs of their values."""
    sources = np.random.default_rng(seed).normal(5, 3, (count, 3))
    return Pairs(list(sources), [["A" if x > 5 else "B" for x in source] for source in sources])


def context(valid: Pairs, epochs: int = 1, words: bool = True, **given: Any) -> TranslationContext:
    vocab = SOURCE_VOCAB if words else None
    return TranslationContext(
        seed=1, budget=Budget(epochs=epochs), valid=valid, source_vocab=vocab, target_vocab=TARGET_VOCAB, **given
    )


def small(kind: str, **settings: object) -> NeuralTranslator:
    sizes: dict[str, object] = {"hidden_size": 16, "batch_size": 32, **settings}
    match kind:
        case "gru":
            return GRUSeq2Seq(GRUSeq2SeqConfig.model_validate({"embedding_size": 8, **sizes}))
        case "additive":
            both: dict[str, object] = {"embedding_size": 8, "attention": "additive", "encoder": "both"}
            return GRUSeq2Seq(GRUSeq2SeqConfig.model_validate({**both, **sizes}))
        case "lstm":
            return LSTMSeq2Seq(LSTMSeq2SeqConfig.model_validate({"embedding_size": 8, **sizes}))
        case "self-attention":
            return SelfAttentionTranslator(SelfAttentionConfig.model_validate({"embedding_size": 8, **sizes}))
        case _:
            return Transformer(TransformerConfig.model_validate({"feed_forward": 16, "layers": 1, **sizes}))


KINDS = ("gru", "additive", "lstm", "self-attention", "transformer")


def fitted(kind: str, train: Pairs, epochs: int = 1, **settings: object) -> NeuralTranslator:
    model = small(kind, **settings)
    model.fit(train, context(reversed_pairs(20, seed=9), epochs))
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_a_sentence_depends_on_no_other(kind: str) -> None:
    pairs = reversed_pairs(40)
    model = fitted(kind, pairs)
    together, alone = (
        model.log_p(pairs.sources, pairs.targets),
        [model.log_p([source], [target])[0] for source, target in zip(pairs.sources, pairs.targets, strict=True)],
    )
    for one, two, target in zip(together, alone, pairs.targets, strict=True):
        assert one.shape == (len(target) + 1,)
        assert one == pytest.approx(two, abs=1e-5)
    for beam in (1, 3):
        assert model.translate(pairs.sources, beam) == [model.translate([source], beam)[0] for source in pairs.sources]
    drawn = model.sample(pairs.sources, seed=3)
    assert model.sample(pairs.sources[:1], seed=3) == drawn[:1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_probabilities_of_all_continuations_sum_to_one_and_do_not_see_later_words(kind: str) -> None:
    model = fitted(kind, reversed_pairs(40))
    source, start = ["a", "b"], ["C", "A"]
    words = [word for word in TARGET_VOCAB.symbols if word != "<eos>"]
    each = model.log_p([source] * len(words), [[*start, word, "F"] for word in words])
    end = model.log_p([source], [start])[0]
    assert sum(np.exp(log_p[2]) for log_p in each) + np.exp(end[2]) == pytest.approx(1, abs=1e-5)
    for log_p in each:
        assert log_p[:2] == pytest.approx(end[:2], abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_fit_says_the_same_of_words_and_of_vectors(kind: str) -> None:
    for train, words in ((reversed_pairs(40), True), (vectors(40), False)):
        model, again = small(kind), small(kind)
        model.fit(train, context(train, words=words))
        again.restore(model.arrays())
        assert again.predict(train.sources) == model.predict(train.sources)
        for one, two in zip(
            again.log_p(train.sources, train.targets), model.log_p(train.sources, train.targets), strict=True
        ):
            assert np.array_equal(one, two)
        assert again.parameter_count() == model.parameter_count()


def test_unseen_words_are_unknown_ones_and_targets_and_requests_may_be_empty() -> None:
    model = fitted("additive", reversed_pairs(40))
    assert model.predict([["?", "a"]]) == model.predict([["<unk>", "a"]])
    (strange, known, empty) = model.log_p([["a"]] * 3, [["?"], ["<unk>"], []])
    assert np.array_equal(strange, known)
    assert empty.shape == (1,)
    assert model.predict([]) == []
    assert model.log_p([], []) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_greedy_translation_takes_the_most_probable_word_at_each_step(kind: str) -> None:
    model = fitted(kind, reversed_pairs(60), epochs=2)
    for source in (["a"], ["b", "c", "d"], ["f"] * 5):
        said = list(model.predict([source])[0])
        assert len(said) <= model.limit(len(source))
        for t in range(min(len(said), model.limit(len(source)) - 1) + 1):
            best = model.log_p([source], [said[: t + 1]])[0][t]
            others = [w for w in TARGET_VOCAB.symbols if w != "<eos>"]
            rivals = model.log_p([source] * len(others), [[*said[:t], word] for word in others])
            end = model.log_p([source], [said[:t]])[0][t]
            assert best >= max(end, *(log_p[t] for log_p in rivals)) - 1e-5


def test_a_wider_beam_finds_translations_that_are_more_probable_per_word() -> None:
    model = fitted("gru", reversed_pairs(200), epochs=3, learning_rate=0.01)
    pairs = reversed_pairs(50, seed=5)

    def mean(beam: int) -> float:
        said: Sequence[Sequence[str]] = model.translate(pairs.sources, beam)
        return float(np.mean([log_p.mean() for log_p in model.log_p(pairs.sources, said)]))

    assert mean(1) < mean(2) < mean(16)


def test_a_translation_may_be_longer_than_any_of_training_if_its_source_is() -> None:
    model = fitted("gru", Pairs([["a", "b"], ["a"]], [["A", "B", "C"], ["A"]]))
    assert model.limit(1) == 3
    assert model.limit(30) == 2 * 30 * 4 // 3


def test_a_model_with_scheduled_sampling_learns() -> None:
    pairs = reversed_pairs(300, longest=2)
    model = fitted("gru", pairs, epochs=6, scheduled_sampling=0.5, learning_rate=0.01)
    plain = fitted("gru", pairs, epochs=1)
    first, last = (np.concatenate(m.log_p(pairs.sources, pairs.targets)).mean() for m in (plain, model))
    assert last > 0.6 * first


def test_only_attention_can_be_shown_one_row_per_word_and_end() -> None:
    model = fitted("additive", reversed_pairs(40))
    shown = model.attention(["a", "b", "c"], ["A", "B"])
    assert shown.shape == (3, 3)
    assert shown.sum(1) == pytest.approx(np.ones(3), abs=1e-6)
    with pytest.raises(ValueError, match="no attention that could be shown"):
        fitted("lstm", reversed_pairs(40)).attention(["a"], ["A"])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_perplexity(kind: str, precision: str) -> None:
    train, seen = reversed_pairs(200), list[float]()
    model = small(kind, precision=precision, learning_rate=0.01)
    context_ = context(
        reversed_pairs(50, seed=7), 3, log=lambda n, v: seen.append(v) if n == "valid_perplexity" else None
    )
    model.fit(train, context_)
    assert len(seen) == 3
    assert seen[-1] < seen[0] < 1.5 * TARGET_VOCAB.size


def test_a_network_with_attention_learns_to_reverse_and_looks_at_the_word_it_writes() -> None:
    train, test = reversed_pairs(1000, longest=4), reversed_pairs(100, seed=3, longest=4)
    model = small("additive", learning_rate=0.02, hidden_size=32, embedding_size=32, batch_size=64)
    model.fit(train, context(reversed_pairs(50, seed=4, longest=4), 10))
    said = model.predict(test.sources)
    assert np.mean([list(a) == list(b) for a, b in zip(said, test.targets, strict=True)]) > 0.95
    source = list("abcd")
    weights = model.attention(source, [letter.upper() for letter in reversed(source)])
    assert weights[:4].argmax(1).tolist() == [3, 2, 1, 0]


def test_vectors_are_described() -> None:
    train, test = vectors(400), vectors(100, seed=1)
    model = small("gru", learning_rate=0.02, dropout=0.0)
    model.fit(train, context(vectors(50, seed=2), 10, words=False))
    said = model.predict(test.sources)
    assert np.mean([list(a) == list(b) for a, b in zip(said, test.targets, strict=True)]) > 0.8


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([["a"], []], "source 1 has no words"),
        (["ab"], "source 0 is a text, not a list of words"),
        ([np.ones(3)], "source 0 is a vector, but the model was fitted to words"),
    ],
)
def test_sources_that_do_not_suit_words_are_refused(sources: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted("gru", reversed_pairs(8)).predict(sources)
    with pytest.raises(ValueError, match=message):
        small("gru").fit(Pairs(sources, [["A"]] * len(sources)), context(reversed_pairs(2)))


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([np.ones(3), np.ones(2)], "source 1 has 2 values, but others have 3"),
        ([np.ones(3), np.array([1, np.nan, 0])], "source 1 has a value that is not a finite number"),
        ([["a"]], "source 0 is no vector of numbers"),
    ],
)
def test_sources_that_do_not_suit_vectors_are_refused(sources: Any, message: str) -> None:
    model = small("gru")
    model.fit(vectors(8), context(vectors(2), words=False))
    with pytest.raises(ValueError, match=message):
        model.predict(sources)
    with pytest.raises(ValueError, match=message):
        small("gru").fit(Pairs(sources, [["A"]] * len(sources)), context(vectors(2), words=False))


@pytest.mark.parametrize("kind", ["gru", "transformer"])
@pytest.mark.parametrize("output", ["adaptive", "tied", "sampled", "tied-sampled"])
def test_every_output_layer_learns_and_gives_probabilities_that_sum_to_one(kind: str, output: str) -> None:
    train = reversed_pairs(60)
    words = Vocab((*TARGET_VOCAB.symbols, *map(str, range(40))))  # the adaptive layer needs some
    model = small(kind, output=output, **({"hidden_size": 8} if kind == "gru" else {}))
    ctx = dataclasses.replace(context(train, 2), target_vocab=words)
    model.fit(train, ctx)
    others = [word for word in words.symbols if word != "<eos>"]
    each = model.log_p([["a"]] * len(others), [[word] for word in others])
    assert sum(np.exp(log_p[0]) for log_p in each) + np.exp(model.log_p([["a"]], [[]])[0][0]) == pytest.approx(
        1, abs=1e-5
    )


def test_label_smoothing_with_a_sampled_output_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out output=sampled"):
        TranslatorConfig(output="sampled", label_smoothing=0.1)


def test_training_without_pairs_or_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="the training part has no pairs"):
        small("gru").fit(Pairs([], []), context(Pairs([], [])))
    endless = TranslationContext(
        seed=0,
        budget=Budget(),
        valid=reversed_pairs(2),
        source_vocab=SOURCE_VOCAB,
        target_vocab=Vocab(("<unk>", *LETTERS.upper())),
    )
    with pytest.raises(ValueError, match="needs <eos>"):
        small("gru").fit(reversed_pairs(2), endless)
