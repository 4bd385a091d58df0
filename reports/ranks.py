"""Ranks over data sets: mean ranks of models, and which of them differ significantly.

Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", J. Machine Learning Research 7: scores on
different data sets cannot be compared, but ranks can. Friedman's test decides whether ranks differ more than by chance;
Nemenyi's critical difference decides which mean ranks differ,

    CD = q_α √(k (k + 1) / 6N),

with q_α the studentised range of k models over √2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range, t

from seqbench.interface import Floats
from seqbench.reports.formatting import interval
from seqbench.reports.sheet import Cell, Column, Sheet, sheet
from seqbench.reports.table import Table
from seqbench.tasks import task

FEWEST = 3
"""The smallest number of data sets, and of models, for a ranking."""
LEVEL = 0.95


@dataclass(frozen=True)
class Ranking:
    models: tuple[str, ...]
    ranks: Floats
    """(N, k); 1 is the best model on a data set, and tied models share the mean of their ranks."""

    @property
    def mean(self) -> Floats:
        """Return (k,) the mean rank of each model."""
        mean: Floats = self.ranks.mean(axis=0)
        return mean

    @property
    def half_width(self) -> Floats:
        """Return (k,) half the width of Student's interval over the data sets."""
        count = len(self.ranks)
        spread: Floats = self.ranks.std(axis=0, ddof=1) / np.sqrt(count)
        return spread * float(t.ppf((1 + LEVEL) / 2, count - 1))

    @property
    def critical_difference(self) -> float:
        """Return Nemenyi's critical difference at the 5 % level."""
        count, k = self.ranks.shape
        q = float(studentized_range.ppf(LEVEL, k, np.inf)) / np.sqrt(2)
        return float(q * np.sqrt(k * (k + 1) / (6 * count)))

    @property
    def chance(self) -> float:
        """Return the p-value of Friedman's test that models do not differ; 1 if all models tie on every data set."""
        if (self.ranks == self.ranks[:, :1]).all():
            return 1.0
        return float(friedmanchisquare(*self.ranks.T).pvalue)


def ranking(tables: Sequence[Table]) -> Ranking | None:
    """Rank the models that have a comparable score in every table, by its first metric, without true models.

    Returns:
        None if there are fewer than `FEWEST` tables or models.
    """
    if len(tables) < FEWEST:
        return None
    scores = [
        {
            row.label: row.scores[table.metrics[0].name] * (1 if table.metrics[0].lower_is_better else -1)
            for row in table.rows
            if row.kind != "truth" and row.comparable and table.metrics[0].name in row.scores
        }
        for table in tables
    ]
    models = tuple(label for label in scores[0] if all(label in found for found in scores))
    if len(models) < FEWEST:
        return None
    values = np.array([[found[label] for label in models] for found in scores])
    return Ranking(models, rankdata(values, axis=1))


def sheets(tables: Sequence[Table]) -> list[Sheet]:
    """Return the tables as text, followed by the ranks of each task that has enough data sets."""
    pages = [sheet(table) for table in tables]
    for name in dict.fromkeys(table.basis.task for table in tables):
        own = [table for table in tables if table.basis.task == name]
        found = ranking(own)
        if found is not None:
            pages.append(_page(found, own))
    return pages


def _page(found: Ranking, tables: Sequence[Table]) -> Sheet:
    mean, half, cd, k = found.mean, found.half_width, found.critical_difference, len(found.models)
    order = np.argsort(mean, kind="stable").tolist()
    best, name = order[0], tables[0].basis.task
    near = [found.models[i] for i in order[1:] if mean[i] - mean[best] < cd]
    beside = f"not significantly better than {', '.join(near)}" if near else "significantly better than all others"
    low, high = np.maximum(mean - half, 1), np.minimum(mean + half, k)
    asked = tables[0].settings.command or f"seqbench run --suite {task(name).suite}  # put together from the records"
    return Sheet(
        title=f"{name}: ranks over {len(tables)} data sets",
        summary=f"Best mean rank: {found.models[best]}, {mean[best]:.2f} of {k}; {beside}.",
        columns=(
            Column("model", tuple(Cell(found.models[i], bold=i == best) for i in order), "label", numeric=False),
            Column("mean rank", tuple(Cell(f"{mean[i]:.2f}", bold=i == best) for i in order), "quality"),
            Column("95 % interval", tuple(Cell(interval(low[i], high[i], 2)) for i in order), "quality"),
            Column("best", tuple(Cell(f"{found.ranks[:, i].min():g}") for i in order), "quality"),
            Column("worst", tuple(Cell(f"{found.ranks[:, i].max():g}") for i in order), "quality"),
        ),
        truth=k,
        notes=(),
        footer=(
            (
                "ranks",
                f"of the test {' or '.join(dict.fromkeys(table.metrics[0].title for table in tables))}, 1 the best; "
                "models without a comparable score on every data set are left out",
            ),
            ("interval", "95 %, Student's t over the data sets, as if they were a random sample"),
            (
                "difference",
                f"mean ranks that differ by less than {cd:.2f} are not significantly different (Nemenyi, 5 %); that "
                f"all models have equal ranks: p = {found.chance:.2g} (Friedman)",
            ),
        ),
        command=asked,
    ).plain()
