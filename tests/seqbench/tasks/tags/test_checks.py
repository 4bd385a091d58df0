"""Honest taggers pass all laws; each dishonest or careless one breaks the law that names its fault."""

import numpy as np
import pytest
import taggers

from seqbench import registry
from seqbench.evidence.records import Record
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.items import Witness, check_fitted, probe, score
from seqbench.tasks.tags import checks
from seqbench.tasks.tags.laws import sentences_of
from seqbench.tasks.tags.model import Tagger

KIND = task("tag")
TRIAL = checks.Tagging()


def broken(kind: type[Tagger]) -> set[str]:
    return {check.name for check in KIND.check_class(kind, seed=3) if not check.passed}


@pytest.mark.parametrize("kind", [taggers.Counts, taggers.Sharpness, taggers.Saved, taggers.LooksAhead])
def test_an_honest_tagger_breaks_no_law(kind: type[Tagger]) -> None:
    found = KIND.check_class(kind, seed=3)
    assert not [check.message for check in found if not check.passed]
    assert {check.name for check in found} == {
        *("fit", "untouched", "scores", "repeatable", "batched", "saved", "normalised", "pure", "frozen"),
        *("deterministic", "seedless", "blind", "longer", "unseen", "ahead", "lone", "missing", "single", "validation"),
    }


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (taggers.SearchesMemory, "blind"),
        (taggers.SearchesInFit, "blind"),
        (taggers.SharpnessOfAll, "validation"),
        (taggers.ReadsTheNeighbour, "batched"),
        (taggers.PadsToTheLongest, "batched"),
        (taggers.Moody, "repeatable"),
        (taggers.Forgetful, "saved"),
        (taggers.Vandal, "pure"),
        (taggers.Reused, "pure"),
        (taggers.OneRow, "scores"),
        (taggers.TooFew, "scores"),
        (taggers.NotANumber, "scores"),
        (taggers.Unnormalised, "normalised"),
        (taggers.Dice, "deterministic"),
        (taggers.Seeded, "seedless"),
        (taggers.Greedy, "untouched"),
        (taggers.Fixed, "longer"),
        (taggers.Closed, "unseen"),
        (taggers.OnlySeen, "missing"),
        (taggers.TwoTags, "single"),
    ],
)
def test_a_fault_breaks_the_law_that_names_it(kind: type[Tagger], law: str) -> None:
    assert law in broken(kind)


@pytest.mark.parametrize(("kind", "reads"), [(taggers.Counts, False), (taggers.LooksAhead, True)])
def test_whether_a_tagger_reads_ahead_is_measured_and_told_but_breaks_no_law(kind: type[Tagger], reads: bool) -> None:
    (check,) = (check for check in KIND.check_class(kind, seed=3) if check.name == "ahead")
    assert check.passed
    assert check.message.endswith("it reads ahead" if reads else "it does not read ahead")
    said = KIND.remarks(Record.model_construct(detail={"unknown": 1}, checks=[check]))
    assert said == (["reads ahead: words after a word change its scores"] if reads else [])


def test_the_gold_tags_are_true_again_after_the_law_of_blindness() -> None:
    held = TRIAL.corpus(np.random.default_rng(0))
    before = np.concatenate(list(held.test.tags))
    fits = checks.Fits(lambda seed: None, lambda model: np.concatenate(list(held.test.tags)) * 1.0, 0)
    found = checks.blind(fits, held.test, before * 1.0)
    assert not found.passed  # these predictions are the gold tags
    assert np.array_equal(np.concatenate(list(held.test.tags)), before)


def test_a_fault_that_shows_only_in_full_calls_is_found_where_sentences_are_scored() -> None:
    rng = np.random.default_rng(0)
    held, kind = TRIAL.corpus(rng), sentences_of(3)
    many = checks.tagged(checks.words("abcdefg", rng), 1500, 8, rng).sentences
    for model, honest in ((taggers.CrowdFollower(), False), (taggers.Counts(), True)):
        TRIAL.fitted(model, held, 0)
        witness = Witness()
        score(kind, model, many, witness)
        found = {check.name for check in check_fitted(kind, model, many, 0, witness) if not check.passed}
        assert found == (set() if honest else {"batched"})


def test_a_tagger_that_learns_from_the_test_part_is_found_out() -> None:
    held, kind = TRIAL.corpus(np.random.default_rng(0)), sentences_of(3)
    for model, honest in ((taggers.LearnsFromTest(), False), (taggers.Counts(), True)):
        TRIAL.fitted(model, held, 0)
        unchanged = probe(kind, model, held.valid.sentences)
        for _ in range(60):
            score(kind, model, held.test.sentences)
        assert unchanged.check().passed == honest


def test_marks_are_of_laws_that_exist() -> None:
    assert set(KIND.marks) <= {check.name for check in KIND.check_class(taggers.Counts, seed=3)}


def test_the_two_sources_of_the_law_of_validation_share_no_letter() -> None:
    rng = np.random.default_rng(0)
    own, other = (
        {letter for of_tag in checks.words(letters, rng) for word in of_tag for letter in word}
        for letters in ("abcdefghijklm", "nopqrstuvwxyz")
    )
    assert not own & other


@pytest.mark.parametrize("model", [name for name, entry in registry.MODELS.items() if "tag" in entry.targets])
def test_the_taggers_of_the_house_break_no_law(model: str) -> None:
    kind = registry.find_model(parse(model), "tag").attribute
    small = "(hidden_size=8)" if "hidden_size" in kind.config_class.model_fields else ""
    spec = parse(f"{model}{small}")
    found = KIND.check_class(lambda: kind(registry.configured(kind.config_class, spec, "tag")), seed=3)
    assert not [check.message for check in found if not check.passed]
