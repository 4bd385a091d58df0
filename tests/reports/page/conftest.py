"""Tables with all that a page can show, and exhibits of every kind, with names that any syntax would trip on."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from seqbench.evidence.exhibits import Bars, Curves, Exhibit, Fan, Images, Line, Listing, Matrix, Passage
from seqbench.reports.groups import Run
from seqbench.reports.table import Table, tables
from seqbench.tasks.language.task import LanguageModelling

HOSTILE = "<script>alert(1)</script> \"quoted' & $x_1$ \u202ebidi\u2066 bell\x07 \x1b[31mred\x1b[0m </svg></td> שלום"


def exhibits(text: str) -> list[Exhibit]:
    """One of every kind, two where a kind has two forms; each text of it is hostile."""
    many = [f"{text} {i}" for i in range(20)]
    names = [f"{text} a", f"{text} b", "c"]
    steps = [1.0, 2.0, 4.0, 8.0]
    patterns = [np.sign(np.random.default_rng(i).normal(size=(4, 4))) for i in range(3)]
    return [
        Curves(
            f"curves {text}",
            text,
            text,
            [Line(name, steps, [4, 3, 2, 1], [3, 2, 1, 0], [5, 4, 3, 2]) for name in names],
        ),
        Curves(
            "reliability",
            "confidence",
            "share that is right",
            [Line("m", [0.1, 0.5, 0.9], [0.01, 0.5, 0.8])],
            diagonal=True,
        ),
        Bars(f"bars {text}", text, names, {f"first {text}": [1, 2, 3], "second": [3, -2, 1]}),
        Matrix(f"matrix {text}", f"true {text}", text, names, [[5, 1, 0], [2, 7, 1], [0, 0, 9]]),
        Matrix(f"large matrix {text}", text, text, many, (np.eye(20, dtype=int) * 30 + 1).tolist()),
        Fan(f"fan {text}", [1, 2, 3, 2], [3, 4], [3, 3.5], {0.8: ([2, 2.5], [4, 4.5]), 0.95: ([1, 1.5], [5, 5.5])}),
        Passage(f"passage {text}", ["the", text, "end\n", "new"], [0.5, 12.0, 3.0, float("inf")], "bits"),
        Listing(f"listing {text}", ["text", text], [[text, "1"], ["plain", "2"]]),
        Images(f"images {text}", {f"stored {text}": patterns, "restored": patterns}, names),
    ]


@pytest.fixture(scope="session")
def every_exhibit() -> Callable[[str], Sequence[Exhibit]]:
    return exhibits


@pytest.fixture(scope="session")
def rich(run: Callable[..., Run]) -> Callable[[str], list[Table]]:
    """Tables whose names hold a text: two data sets with ties, marks, failures, a true model and training curves."""

    def made(text: str) -> list[Table]:
        costs: dict[str, Any] = {"parameters": 1000, "peak_memory_bytes": 2e8, "predict_seconds": 0.5}
        found: list[Run] = []
        for name in (f"toy {text}", "other"):
            shared: dict[str, Any] = {
                "identity": {"dataset": name, "config": {"note": text}},
                "comparability": {"dataset": name},
            }
            courses = {
                "train_nats": [5.0, 4.0, 3.5],
                "valid_perplexity": [120.0, 100.0, 95.0],
                "valid_error": [0.5, 0.4, 0.3],
            }
            found += [
                run("uniform", 3000.0, costs={"fit_seconds": 3e-4, "parameters": 0}, **shared),
                run("kneser-ney(order=5)", 110.0, costs={"fit_seconds": 0.2, **costs}, **shared),
                run(f"classic {text}", 130.0, costs={"fit_seconds": 3.0, **costs}, **shared),
                *[
                    run(
                        "lstm(hidden_size=400, dropout=0.5)",
                        90.0 + seed,
                        seed=seed,
                        kind="neural",
                        stochastic=True,
                        costs={"fit_seconds": 1800.0, **costs},
                        curves=courses,
                        **shared,
                    )
                    for seed in range(2)
                ],
                run(
                    f"peeks {text}",
                    3.2,
                    kind="neural",
                    broken={"causal": text},
                    costs={"fit_seconds": 9.0, **costs},
                    **shared,
                ),
                run(
                    f"failed {text}",
                    kind="neural",
                    status="failed",
                    reason=f"out of luck: {text}",
                    traceback="\n".join(["Traceback:", *(f"  line {i} {text}" for i in range(40)), "ValueError: no"]),
                    **shared,
                ),
                run("true model", 80.0, kind="truth", **shared),
            ]
        return tables(found, command=f"seqbench run --model '{text}'")

    return made


@pytest.fixture(scope="module")
def exhibiting() -> Iterator[None]:
    """The task of language modelling shows an exhibit of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LanguageModelling, "exhibits", lambda self, record, columns: exhibits(HOSTILE))
        patch.setattr(LanguageModelling, "comparisons", lambda self, fits: exhibits(HOSTILE)[:3])
        yield


@pytest.fixture(scope="session")
def hostile() -> str:
    return HOSTILE
