from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench import registry
from seqbench.catalogue import MODELS
from seqbench.spec import Spec, parse
from seqbench.tuning.sampling import distributions, identity, propose
from seqbench.tuning.space import Parameter, Space

TOYS = Path(__file__).parents[2] / "toys" / "tuned.py"


def space(text: str, task: str) -> Space:
    spec = registry.spelled_out(parse(text), task)
    return Space.of(spec, parse(text), task)


@pytest.mark.parametrize(("name", "task"), [(n, t) for n, e in MODELS.items() for t in e.targets])
def test_every_shipped_space_can_be_searched_and_most_of_it_is_accepted(name: str, task: str) -> None:
    found = space(name, task)
    assert set(distributions(found)) == {parameter.name for parameter in found.parameters}
    for number in range(3 if found.parameters else 0):
        params = propose(found, name, number, [], set())
        assert params is not None
        spec = found.with_params(params)
        config = registry.configured(registry.find_model(spec, task).attribute.config_class, spec, task)
        for parameter in found.parameters:
            assert getattr(config, parameter.name) == _same(parameter.value(params[parameter.name]))


def _same(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def test_what_the_user_sets_is_not_searched_also_by_a_short_name() -> None:
    assert [p.name for p in space("naive-bayes", "classify").parameters] == ["alpha", "ngrams"]
    assert [p.name for p in space("naive-bayes(alph=0.5)", "classify").parameters] == ["ngrams"]
    assert not space("kneser-ney(order=5)", "lm").parameters


def test_the_parts_of_a_sum_are_searched_together() -> None:
    found = space("kneser-ney+cache(decay=0.99)", "lm")
    assert [p.name for p in found.parameters] == ["1.order", "2.size"]
    made = found.with_params({"1.order": 5, "2.size": 300})
    assert made.parts == (Spec("kneser-ney", {"order": 5}), Spec("cache", {"decay": 0.99, "size": 300}))


def test_the_default_settings_are_a_point_of_the_space_or_said_to_lie_outside() -> None:
    assert space("naive-bayes", "classify").start == {"alpha": 1.0, "ngrams": 1}
    assert space("autoregression", "forecast").start is None  # lags=none depends on the series


def test_a_wrong_declaration_is_named() -> None:
    with pytest.raises(ValueError, match=r"Wrong declares a wrong search space for heads: .*low below high"):
        space(f"{TOYS}:Wrong", "lm")


def test_numbers_are_proposed_with_three_digits_within_their_bounds() -> None:
    parameter = Parameter("c", 0.0123456, 99.98765, log=True)
    assert parameter.rounded(0.0123457) == 0.0123456
    assert parameter.rounded(99.98764) == 99.98765
    assert parameter.rounded(1.23456) == 1.23


@given(st.integers(0, 10_000), st.integers(0, 8))
def test_a_finite_space_is_tried_to_its_end_without_repetition(seed: int, done: int) -> None:
    found = Space(Spec("x"), (Parameter("a", choices=(1, 2, 3)), Parameter("b", 1, 3, whole=True)), {"a": 1, "b": 1})
    tried = set[str]()
    for number in range(9):
        params = propose(found, str(seed), number, [], tried)
        assert params is not None
        assert identity(params) not in tried
        tried.add(identity(params))
    assert propose(found, str(seed), 9, [], tried) is None
