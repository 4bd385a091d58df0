"""Copying, the most frequent target, and the nearest training source."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from seqbench.baselines.translation import nearest
from seqbench.baselines.translation.copying import CopySource
from seqbench.baselines.translation.ibm1 import IBM1
from seqbench.baselines.translation.ignoring import MostFrequentTarget
from seqbench.baselines.translation.nearest import NearestSentence
from seqbench.interface import Budget
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words


def fitted(model: Translator, sources: Sequence[Source], targets: Sequence[Words]) -> Translator:
    pairs = Pairs(sources, targets)
    vectors = isinstance(sources[0], np.ndarray)
    words = sorted({str(word) for source in sources for word in source}) if not vectors else []
    ctx = TranslationContext(
        seed=0,
        budget=Budget(epochs=5),
        valid=pairs,
        source_vocab=None if vectors else Vocab((UNK, *words)),
        target_vocab=Vocab((UNK, EOS, *sorted({word for target in targets for word in target}))),
    )
    model.fit(pairs, ctx)
    return model


def of(*texts: str) -> list[list[str]]:
    return [text.split() for text in texts]


def test_copying_returns_the_source() -> None:
    assert fitted(CopySource(), of("a b"), of("x")).predict(of("c", "a a")) == of("c", "a a")


@pytest.mark.parametrize("kind", [CopySource, IBM1])
def test_what_translates_words_refuses_vectors(kind: type[Translator]) -> None:
    with pytest.raises(ValueError, match=r"(copy-source|ibm1) needs sources of words, but these are vectors"):
        fitted(kind(), [np.zeros(3)], of("x"))


def test_the_most_frequent_target_is_said_of_everything_and_the_first_of_equals() -> None:
    model = fitted(MostFrequentTarget(), of("a", "b", "c", "d", "e"), of("z", "y y", "x", "y y", "x"))
    assert model.predict(of("a", "new")) == of("y y", "y y")


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=5), min_size=1, max_size=8),
    st.lists(st.lists(st.sampled_from("abcdez"), min_size=1, max_size=5), min_size=1, max_size=4),
)
def test_the_nearest_sentence_has_the_highest_cosine_of_tf_idf(known: list[list[str]], new: list[list[str]]) -> None:
    targets = [[str(i)] for i in range(len(known))]
    said = fitted(NearestSentence(), known, targets).predict(new)
    vectors = TfidfVectorizer(token_pattern=r"\w", sublinear_tf=True)
    dense = vectors.fit_transform([" ".join(source) for source in known])
    similar = cosine_similarity(vectors.transform([" ".join(source) for source in new]), dense)
    for row, (target,) in zip(similar, said, strict=True):
        assert row[int(target)] == pytest.approx(row.max())
        assert (row[: int(target)] < row[int(target)] + 1e-9).all()


def test_the_nearest_vector_is_that_of_the_least_euclidean_distance_and_the_first_of_equals() -> None:
    rng = np.random.default_rng(0)
    known, new = list(rng.normal(size=(30, 4))), rng.normal(size=(20, 4))
    model = fitted(NearestSentence(), [*known, known[3]], [[str(i)] for i in range(31)])
    by_hand = [min(range(30), key=lambda i: float(((known[i] - x) ** 2).sum())) for x in new]
    assert model.predict(list(new)) == [[str(i)] for i in by_hand]
    assert model.predict([known[3]]) == [["3"]]


def test_pieces_of_any_size_give_the_same_nearest_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    known, new = list(rng.normal(size=(9, 2))), list(rng.normal(size=(20, 2)))
    model = fitted(NearestSentence(), known, [[str(i)] for i in range(9)])
    whole = model.predict(new)
    monkeypatch.setattr(nearest, "CELLS", 9 * 3)
    assert model.predict(new) == whole


@pytest.mark.parametrize("kind", [CopySource, MostFrequentTarget, NearestSentence, IBM1])
def test_a_restored_model_says_the_same(kind: type[Translator]) -> None:
    sources, targets = of("a b", "c", "b b c", "a a"), of("x y", "z", "y y z", "x x")
    model, twin = fitted(kind(), sources, targets), kind()
    arrays = model.arrays()
    assert arrays is not None
    twin.restore(arrays)
    asked = of("a", "c b a", "new b", "new")
    assert twin.predict(asked) == model.predict(asked)
    before, after = (m.log_p(asked, targets) for m in (model, twin))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_restored_memory_of_vectors_says_the_same() -> None:
    model, twin = fitted(NearestSentence(), [np.zeros(2), np.ones(2)], of("no", "yes")), NearestSentence()
    arrays = model.arrays()
    assert arrays is not None
    twin.restore(arrays)
    assert twin.predict([np.array([0.9, 0.4]), np.zeros(2)]) == of("yes", "no")
