"""The grammar of names with settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from seqbench.spec import Spec, parse

values = st.one_of(
    st.integers(-1000, 1000),
    st.booleans(),
    st.none(),
    st.sampled_from(["stream", "my_book.txt", "cosine"]),
    st.lists(st.integers(0, 9), max_size=3),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.dictionaries(st.sampled_from(["order", "hidden_size", "path", "dropout"]), values))
def test_a_spec_reads_back_as_it_was_written(settings: dict[str, object]) -> None:
    spec = Spec("lstm", settings)
    assert parse(str(spec)) == spec


def test_commas_in_brackets_and_quotes_do_not_divide() -> None:
    assert parse("tcn(dilations=[1, 2, 4], note='a,b', order=3)").settings == {
        "dilations": [1, 2, 4],
        "note": "a,b",
        "order": 3,
    }


def test_a_file_is_a_name() -> None:
    assert parse("models/my_model.py:Mine(order=2)") == Spec("models/my_model.py:Mine", {"order": 2})


def test_a_sum_has_the_specs_of_its_parts() -> None:
    parts = Spec("kneser-ney", {"order": 5}), Spec("my/model.py:Mine"), Spec("lstm", {"path": "a+b", "clip": 1e5})
    found = parse("kneser-ney(order=5) + my/model.py:Mine+lstm(path='a+b', clip=1e+5)")
    assert found == Spec.sum(parts)
    assert found.parts == parts
    assert found.name == "kneser-ney+my/model.py:Mine+lstm"
    assert str(found) == "kneser-ney(order=5)+my/model.py:Mine+lstm(path=a+b, clip=100000.0)"


@given(st.lists(st.dictionaries(st.sampled_from(["order", "path"]), values), min_size=2, max_size=4))
def test_a_sum_reads_back_as_it_was_written(settings: list[dict[str, object]]) -> None:
    spec = Spec.sum(Spec(f"model{i}", given) for i, given in enumerate(settings))
    assert parse(str(spec)) == spec


def test_a_sum_survives_json() -> None:
    spec, form = parse("kneser-ney(order=5)+lstm(bias=true)"), TypeAdapter(Spec)
    assert form.validate_json(form.dump_json(spec)) == spec
    assert form.validate_python({"name": "lstm", "settings": {}}) == Spec("lstm")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no name with settings"),
        ("lstm(", "no name with settings"),
        ("(order=3)", "no name with settings"),
        ("lstm(3)", "no setting; write key=value"),
        ("lstm(order=)", "no setting; write key=value"),
        ("lstm(a b=3)", "no setting; write key=value"),
        ("lstm(order=3, order=4)", "set twice"),
        ("lstm+", "lacks a name beside a plus sign"),
        ("lstm + + hmm", "lacks a name beside a plus sign"),
        ("lstm(+hmm", "no name with settings"),
        ("lstm(order=3)hmm+hmm", "no name with settings"),
        ("lstm+hmm(3)", "no setting; write key=value"),
    ],
)
def test_what_is_no_spec_is_refused_with_a_hint(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_no_value_is_written_as_it_is_read() -> None:
    assert str(parse("lstm(norm=none)")) == "lstm(norm=none)"
