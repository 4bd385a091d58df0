"""Changed files of each kind: what is read is right, or refused as the reader documents (`benchmarks/fuzz.py`)."""

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FILE = Path(__file__).parents[1] / "benchmarks" / "fuzz.py"
CHANGED = 15
"""Files of each kind."""


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module  # its data classes look for it
    spec.loader.exec_module(module)
    return module


fuzz = _loaded()


@pytest.mark.parametrize("name", list(fuzz.TARGETS))
@pytest.mark.filterwarnings("ignore")
def test_a_changed_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    target, rng = fuzz.TARGETS[name], random.Random(1)
    for data in (
        *target.seeds,
        b"",
        *(fuzz.changed(rng.choice(target.seeds), target.words, rng) for _ in range(CHANGED)),
    ):
        target.judge(data, tmp_path)


@given(st.text(alphabet="ab(){}[]=+,'\" 1.-:#\\\n"))
@settings(max_examples=300)
def test_a_name_with_settings_is_read_or_refused(text: str) -> None:
    fuzz.TARGETS["names"].judge(text.encode(), Path())


@pytest.mark.parametrize(
    "text", ["a(" + "(" * 300, "a(x=" + "[" * 3000, "a(x={[1]: 2})", f"a(x={'9' * 5000})", "a(x=\0)"]
)
def test_a_value_that_python_cannot_read_is_a_word(text: str) -> None:
    fuzz.TARGETS["names"].judge(text.encode(), Path())


FOUND = {
    "suites": [b"[" * 3000 + b"a = " + b"[" * 3000, b"a = " + b"9" * 5000],
    "patterns-npy": [b"\x93NUMPY\x01\x00v\x00{'descr': '<i1',\n"],
    "conllu": [b"9" * 5000 + b"\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n"],
}
"""What the search has found, by target."""


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, files in FOUND.items() for data in files])
def test_what_has_been_found_is_mended(name: str, data: bytes, tmp_path: Path) -> None:
    fuzz.TARGETS[name].judge(data, tmp_path)
