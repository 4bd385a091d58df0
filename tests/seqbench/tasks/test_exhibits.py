"""What every task shows: nothing of a record that holds nothing, and nothing that needs torch."""

import subprocess
import sys
from typing import Any

import pytest

from seqbench.tasks import TASKS, task


@pytest.mark.parametrize("name", TASKS)
def test_a_record_without_detail_and_columns_shows_nothing(name: str, record: Any) -> None:
    kind, bare = task(name), record({})
    assert list(kind.exhibits(bare, None)) == []
    assert list(kind.comparisons({"model": (bare, None)})) == []
    assert list(kind.comparisons({})) == []


def test_exhibits_need_no_torch() -> None:
    code = (
        "import sys\nfrom seqbench.tasks import TASKS, task\n"
        "for name in TASKS:\n    assert not task(name).comparisons({})\n"
        "print(sorted({'torch', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
