"""Ranks over data sets: mean ranks of models, and which of them the data sets tell from the best one.

Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", J. Machine Learning Research 7: scores on
different data sets cannot be compared, but ranks can. Friedman's test decides whether ranks differ more than by chance;
Nemenyi's critical difference of two mean ranks is

    CD = q_α √(k (k + 1) / 6N),

with q_α the studentised range of k models over √2. Verdicts do not follow from it, since it depends on which other
models are ranked: adding poor ones can make two models differ. They come from Wilcoxon's signed-rank test of two models
at a time, as Benavoli, Corani & Mangili 2016 advise ("Should we really use post-hoc tests based on mean-ranks?", J.
Machine Learning Research 17), against the best model on validation, with Holm's correction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range, t

from seqbench.evidence.significance import holm, signed_rank
from seqbench.interface import Floats
from seqbench.reports import effort
from seqbench.reports.columns import Panel, names
from seqbench.reports.formatting import interval
from seqbench.reports.groups import listed
from seqbench.reports.sheet import TONES, Cell, Column, Sheet, sheet
from seqbench.reports.table import Row, Table
from seqbench.reports.view import View
from seqbench.tasks import task

FEWEST = 3
"""The smallest number of data sets, and of models, for a ranking."""
LEVEL = 0.95
NAMED = 4
"""The most models that the sentence above a ranking names."""
Verdict = Literal["better", "undecided", "worse"]


@dataclass(frozen=True)
class Ranking:
    task: str
    models: tuple[str, ...]
    losses: Floats
    """(N, k) test scores on the metric's scale, turned so that lower is better."""
    validation: Floats
    """(N, k) the same on validation."""
    alike: bool = True
    """Whether all data sets have the same metric, so that sizes of differences can be compared; else signs are."""

    @cached_property
    def ranks(self) -> Floats:
        """(N, k); 1 is the best model on a data set, and tied models share the mean of their ranks."""
        found: Floats = rankdata(self.losses, axis=1)
        return found

    @property
    def mean(self) -> Floats:
        """(k,) the mean rank of each model."""
        mean: Floats = self.ranks.mean(axis=0)
        return mean

    @property
    def best(self) -> int:
        """The model with the best mean rank on validation; of equal ones the first name in the alphabet."""
        found = rankdata(self.validation, axis=1).mean(axis=0)
        return min(range(len(self.models)), key=lambda i: (found[i], self.models[i]))

    @property
    def half_width(self) -> Floats:
        """(k,) half the width of Student's interval over the data sets."""
        count = len(self.ranks)
        spread: Floats = self.ranks.std(axis=0, ddof=1) / np.sqrt(count)
        return spread * float(t.ppf((1 + LEVEL) / 2, count - 1))

    @property
    def critical_difference(self) -> float:
        """Nemenyi's critical difference at the 5 % level."""
        count, k = self.ranks.shape
        q = float(studentized_range.ppf(LEVEL, k, np.inf)) / np.sqrt(2)
        return float(q * np.sqrt(k * (k + 1) / (6 * count)))

    @property
    def chance(self) -> float:
        """The p-value of Friedman's test that models do not differ; 1 if all models tie on every data set."""
        if (self.ranks == self.ranks[:, :1]).all():
            return 1.0
        return float(friedmanchisquare(*self.ranks.T).pvalue)

    @cached_property
    def chances(self) -> dict[int, float]:
        """The p-value of no difference from the best model, by the number of each other model, by Holm's correction."""
        others = [i for i in range(len(self.models)) if i != self.best]
        return dict(zip(others, holm([signed_rank(self._behind(i)) for i in others]), strict=True))

    def verdict(self, model: int) -> Verdict:
        """Return whether a model is better or worse than the best one on validation."""
        if self.chances[model] > 1 - LEVEL:
            return "undecided"
        behind = self._behind(model)
        return "worse" if (np.sign(behind) * rankdata(np.abs(behind))).sum() > 0 else "better"

    @property
    def needed(self) -> int:
        """The smallest number of data sets that can decide anything: two of 2^N patterns of signs are extreme."""
        return int(np.ceil(np.log2(2 * (len(self.models) - 1) / (1 - LEVEL))))

    def _behind(self, model: int) -> Floats:
        """Return by how much a model is worse than the best one (N,); two infinite losses are equal."""
        ours, best = self.losses[:, model], self.losses[:, self.best]
        behind: Floats = np.where(ours == best, 0.0, ours - np.where(ours == best, 0.0, best))
        return behind if self.alike else np.sign(behind)


def ranking(tables: Sequence[Table]) -> Ranking | None:
    """Rank the models that have comparable scores in every table, by its first metric, without true models.

    Args:
        tables: of one task.

    Returns:
        None if there are fewer than `FEWEST` tables or models.
    """
    if len(tables) < FEWEST:
        return None
    scored = [
        {row.label: found for row in table.rows if (found := _scores(table, row)) is not None} for table in tables
    ]
    models = tuple(label for label in scored[0] if all(label in found for found in scored))
    if len(models) < FEWEST:
        return None
    test, validation = np.moveaxis(np.array([[found[label] for label in models] for found in scored]), 2, 0)
    alike = len({table.metrics[0].name for table in tables}) == 1
    return Ranking(tables[0].basis.task, models, test, validation, alike)


def rankings(tables: Sequence[Table]) -> list[tuple[Ranking, list[Table]]]:
    """Return a ranking, with its tables, of each task that has enough of them."""
    by_task: dict[str, list[Table]] = {}
    for table in tables:
        by_task.setdefault(table.basis.task, []).append(table)
    return [(found, own) for own in by_task.values() if (found := ranking(own)) is not None]


def sheets(tables: Sequence[Table], view: View = View()) -> list[Sheet]:  # noqa: B008 (a view does not change)
    """Return the tables as a reader asks to see them, followed by what tuning took, and by the ranks of each task that
    has enough data sets.

    Raises:
        ValueError: no table has a column of a name in the view.
    """
    if tables:
        view.check(names(table.metrics for table in tables))
    efforts = [found for table in tables if (found := effort.sheet(table)) is not None]
    ranks = [_page(found, own) for found, own in rankings(tables)]
    return [*(sheet(table, view) for table in tables), *efforts, *ranks]


def _scores(table: Table, row: Row) -> tuple[float, float] | None:
    """Return a row's scores on test and validation, on the metric's scale and lower for better; None if it has none."""
    metric = table.metrics[0]
    test = row.scores.get(metric.name)
    if row.kind == "truth" or not row.comparable or test is None or row.validation is None:
        return None
    values = np.array([test, row.validation])
    with np.errstate(divide="ignore"):
        on_scale = np.log(values) if metric.scale == "log" else values**2 if metric.scale == "square" else values
    on_test, on_validation = on_scale if metric.lower_is_better else -on_scale
    return float(on_test), float(on_validation)


def _page(found: Ranking, tables: Sequence[Table]) -> Sheet:
    mean, half, k, best = found.mean, found.half_width, len(found.models), found.best
    order = np.argsort(mean, kind="stable").tolist()
    low, high = np.maximum(mean - half, 1), np.minimum(mean + half, k)
    verdicts = {i: "reference" if i == best else found.verdict(i) for i in order}
    chances = {i: "—" if i == best else f"{found.chances[i]:.2g}" for i in order}

    def column(key: str, title: str, cells: Sequence[Cell]) -> Column:
        panel: Panel = "label" if key == "model" else "quality"
        return Column(key, title, tuple(cells), panel, numeric=key not in ("model", "verdict"))

    return Sheet(
        kind="ranks",
        title=f"{found.task}: ranks over {len(tables)} data sets",
        summary=_summary(found),
        columns=(
            column("model", "model", [Cell(found.models[i], bold=i == best) for i in order]),
            column("rank", "mean rank", [Cell(f"{mean[i]:.2f}", bold=i == best) for i in order]),
            column("interval", "95 % interval", [Cell(interval(low[i], high[i], 2)) for i in order]),
            column("best", "best", [Cell(f"{found.ranks[:, i].min():g}") for i in order]),
            column("worst", "worst", [Cell(f"{found.ranks[:, i].max():g}") for i in order]),
            column("verdict", "verdict", [Cell(verdicts[i], tone=TONES.get(verdicts[i], "")) for i in order]),
            column("p", "p (Holm)", [Cell(chances[i]) for i in order]),
        ),
        truth=k,
        notes=(),
        footer=_footer(found, tables),
        command=tables[0].settings.command
        or f"seqbench run --suite {task(found.task).suite}  # put together from the records",
        entries=tuple(
            {
                "task": found.task,
                "model": found.models[i],
                "data_sets": len(tables),
                "mean_rank": float(mean[i]),
                "mean_rank_low": float(low[i]),
                "mean_rank_high": float(high[i]),
                "best_rank": float(found.ranks[:, i].min()),
                "worst_rank": float(found.ranks[:, i].max()),
                "best": i == best,
                "reference": found.models[best],
                "verdict": None if i == best else verdicts[i],
                "p_holm": found.chances.get(i),
            }
            for i in order
        ),
    ).plain()


def _summary(found: Ranking) -> str:
    best = found.best
    others: dict[Verdict, list[str]] = {}
    for i in np.argsort(found.mean, kind="stable").tolist():
        if i != best:
            others.setdefault(found.verdict(i), []).append(found.models[i])
    said: dict[Verdict, str] = {"worse": "better than", "better": "worse than", "undecided": "undecided against"}
    parts = [
        f"{words} {_named(others[verdict], len(found.models) - 1)}"
        for verdict, words in said.items()
        if verdict in others
    ]
    return (
        f"Best over {len(found.ranks)} data sets (chosen on validation): {found.models[best]}, mean rank "
        f"{found.mean[best]:.2f} of {len(found.models)} on test; {'; '.join(parts)}."
    )


def _named(labels: Sequence[str], others: int) -> str:
    if len(labels) == others:
        return "each of the others" if others > 1 else labels[0]
    return listed(labels) if len(labels) <= NAMED else f"{len(labels)} of the {others} others"


def _footer(found: Ranking, tables: Sequence[Table]) -> tuple[tuple[str, str], ...]:
    metrics = list(dict.fromkeys(table.metrics[0].title for table in tables))
    test = "Wilcoxon's signed-rank test" if found.alike else "the sign test, since metrics differ"
    others, data_sets = len(found.models) - 1, len(found.ranks)
    few = f"; with fewer than {found.needed} data sets it can never decide" if data_sets < found.needed else ""
    return (
        (
            "ranks",
            f"of the test {' or '.join(metrics)}, 1 the best; models without comparable scores on every data set are "
            "left out",
        ),
        ("interval", "95 %, Student's t over the data sets, as if they were a random sample"),
        (
            "verdict",
            f"against {found.models[found.best]}, which has the best mean rank on validation, by {test} over the data "
            f"sets, with Holm's correction for {others} comparisons (5 %){few}",
        ),
        (
            "difference",
            f"Nemenyi's critical difference of mean ranks is {found.critical_difference:.2f} (5 %); it depends on the "
            f"other models, so no verdict follows from it. That all models have equal ranks: p = {found.chance:.2g} "
            "(Friedman)",
        ),
    )
