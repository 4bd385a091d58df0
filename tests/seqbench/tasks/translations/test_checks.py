"""Honest translators pass all laws; each dishonest or careless one breaks the law that names its fault."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from translators import CHEATS, Dictionary, Kept, Learner, Places, Speechless, said, scored

import seqbench
from seqbench import Pairs, Translator
from seqbench.tasks import items, task
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.checks import Translation as Trial
from seqbench.tasks.translations.laws import Witness, check_fitted, score, translations
from seqbench.tasks.translations.task import Translation
from seqbench.tasks.trials import Corpus

KIND = task("translate")
ALWAYS = {
    *("fit", "untouched", "scores", "repeatable", "batched", "saved", "pure", "blind", "frozen", "deterministic"),
    *("seedless", "unseen", "longer", "lone", "short", "empty", "validation", "vectors"),
}


def broken(make: Callable[[], Any]) -> dict[str, str]:
    return {check.name: check.message for check in KIND.check_class(make, seed=3) if not check.passed}


@pytest.mark.parametrize(
    ("kind", "laws"),
    [(Dictionary, {"causal", "normalised"}), (Kept, {"causal", "normalised"}), (Speechless, set()), (Places, set())],
)
def test_an_honest_model_breaks_no_law(kind: type[Translator], laws: set[str]) -> None:
    checks = KIND.check_class(kind, seed=3)
    assert not [check.message for check in checks if not check.passed]
    assert {check.name for check in checks} == ALWAYS | laws


@pytest.mark.parametrize(
    ("law", "kind"),
    [pytest.param(law, kind, id=kind.__name__) for law, kinds in CHEATS.items() for kind in kinds],
)
def test_a_fault_breaks_the_law_that_names_it(law: str, kind: type[Translator]) -> None:
    assert law in broken(kind)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (said(tuple), "predict returned tuple, not a list"),
        (said(lambda sources: sources[1:]), "predict returned .* translations of .* sources"),
        (said(lambda sources: ["t1 t2" for _ in sources]), "predict returned str as a translation, not a list"),
        (said(lambda sources: [["t1 t2"] for _ in sources]), "returned 't1 t2' as a word: return one string per word"),
        (said(lambda sources: [[""] for _ in sources]), "returned '' as a word"),
        (said(lambda sources: [[3] for _ in sources]), "returned int as a word, not a string"),
        (said(lambda sources: [["t1", EOS] for _ in sources]), "holds <eos>: leave it out"),
        (said(lambda sources: None), "predict returned NoneType, not a list"),
        (scored(lambda targets: tuple(np.zeros(len(t) + 1) for t in targets)), "log_p returned tuple, not a list"),
        (scored(lambda targets: [np.zeros(len(t)) for t in targets]), "one score per word and one for <eos>"),
        (scored(lambda targets: [np.ones(len(t) + 1) for t in targets]), "log_p returned log-probabilities above 0"),
        (scored(lambda targets: [np.full(len(t) + 1, np.nan) for t in targets]), "log_p returned NaN for"),
        (scored(lambda targets: [np.zeros(len(t) + 1, int) for t in targets]), "not floating-point numbers"),
        (scored(lambda targets: []), "log_p returned 0 arrays for .* targets"),
    ],
)  # fmt: skip
def test_what_is_no_translation_is_refused_in_words(make: Callable[[], Translator], words: str) -> None:
    checks = {check.name: check for check in KIND.check_class(make, seed=3)}
    assert not checks["scores"].passed
    assert re.search(words, checks["scores"].message), checks["scores"].message


def _corpus(count: int, seed: int = 0) -> Corpus[Pairs]:
    rng = np.random.default_rng(seed)

    def part(count: int) -> Pairs:
        numbers = [rng.integers(6, size=int(rng.integers(1, 6))) for _ in range(count)]
        return Pairs([[f"s{i}" for i in n] for n in numbers], [[f"t{i}" for i in n] for n in numbers])

    source, target = Vocab((UNK, *(f"s{i}" for i in range(6)))), Vocab((UNK, EOS, *(f"t{i}" for i in range(6))))
    return Corpus(part(60), part(20), part(count), {"source_vocab": source, "target_vocab": target})


class CrowdFollower(Dictionary):
    """Looks at the other sentences of a call if it is a full one, as those of scoring are."""

    def predict(self, sources: Any) -> Any:
        words = super().predict(sources)
        return [one[::-1] for one in words] if len(sources) > 500 else words


@pytest.mark.parametrize(("kind", "expected"), [(Dictionary, set()), (CrowdFollower, {"batched"})])
def test_a_fault_that_shows_only_in_full_calls_is_found_where_sentences_are_scored(
    kind: type[Translator], expected: set[str]
) -> None:
    corpus, witness = _corpus(1500), Witness()
    model = Trial().fitted(kind(), corpus, 0)
    score(model, corpus.test, witness)
    checks = check_fitted(model, corpus.test, corpus.lent["target_vocab"], 0, witness)
    assert {check.name for check in checks if not check.passed} == expected


def test_a_translator_that_learns_from_the_test_part_is_found_out() -> None:
    corpus = _corpus(100)
    for kind, honest in ((Learner, False), (Dictionary, True)):
        model = Trial().fitted(kind(), corpus, 0)
        unchanged = items.probe(translations(), model, corpus.valid.sources)
        for _ in range(20):
            score(model, corpus.test)
        assert unchanged.check().passed == honest


def test_one_sentence_in_fifty_may_change_but_not_three() -> None:
    kind, words = translations(), np.empty(50, dtype=object)
    for i in range(50):
        words[i] = ("a", str(i))
    for changed, passes in ((1, True), (3, False)):
        other = words.copy()
        for i in range(changed):
            other[i] = ("b",)
        by = kind.apart(words, other)
        assert by == changed / 50
        assert kind.moved("batched", by, "again", "do not").passed == passes


def test_targets_are_seen_only_after_all_sources_are_translated() -> None:
    calls: list[str] = []

    class Listening(Dictionary):
        def predict(self, sources: Any) -> Any:
            calls.append("predict")
            return super().predict(sources)

        def log_p(self, sources: Any, targets: Any) -> Any:
            calls.append("log_p")
            return super().log_p(sources, targets)

    corpus = _corpus(2500)
    score(Trial().fitted(Listening(), corpus, 0), corpus.test)
    assert calls == ["predict"] * 3 + ["log_p"] * 3


def test_vectors_as_sources_are_scored_and_their_laws_measured() -> None:
    rng = np.random.default_rng(0)

    class Signs(Translator):
        """Says one word per number, its sign."""

        def fit(self, train: Pairs, ctx: Any) -> None:
            return

        def predict(self, sources: Any) -> Any:
            return [["up" if x > 0 else "down" for x in source] for source in sources]

    vectors = list(rng.normal(size=(40, 3)))
    pairs = Pairs(vectors, [["up" if x > 0 else "down" for x in source] for source in vectors])
    witness, model = Witness(), Signs()
    assert [list(words) for words in score(model, pairs, witness)[0]] == pairs.targets
    vocab = Vocab((UNK, EOS, "up", "down"))
    assert all(check.passed for check in check_fitted(model, pairs, vocab, 0, witness))


def test_the_model_of_the_page_keeps_the_laws(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "translation.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block is not None
    (tmp_path / "my_model.py").write_text(block[1])
    assert [check for check in seqbench.check(f"{tmp_path / 'my_model.py'}:WordByWord") if not check.passed] == []


def test_marks_are_of_laws_that_exist() -> None:
    assert set(Translation.marks) <= ALWAYS | {"causal", "normalised"}
    assert set(CHEATS) <= ALWAYS | {"causal", "normalised"}
