"""What is written comes back, whatever the names; a part that writes nothing makes the whole write nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqbench.packing import nested, packed, unpacked, within

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
PARTS = st.dictionaries(NAMES.filter(lambda name: "." not in name), st.dictionaries(NAMES, st.integers()))


@given(st.lists(NAMES, min_size=1))
def test_names_come_back(names: list[str]) -> None:
    assert unpacked(packed(names)) == tuple(names)


@given(PARTS)
def test_parts_come_back(parts: dict[str, dict[str, int]]) -> None:
    written = nested({part: {name: np.array(n) for name, n in own.items()} for part, own in parts.items()})
    assert written is not None
    assert {part: {name: int(a) for name, a in within(written, part).items()} for part in parts} == parts


def test_parts_whose_names_begin_alike_stay_apart() -> None:
    written = nested({"1": {"weights": np.zeros(1)}, "11": {"weights": np.ones(1)}})
    assert written is not None
    assert within(written, "1")["weights"] == 0


def test_a_part_without_arrays_leaves_the_whole_without() -> None:
    assert nested({"1": {"weights": np.zeros(1)}, "2": None}) is None
