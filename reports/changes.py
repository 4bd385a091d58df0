"""What changed from one store, A, to another, B, row by row: a pure function of their tables."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Record, asked_of
from seqbench.evidence.significance import holm
from seqbench.evidence.statistics import Comparison, compare
from seqbench.reports.groups import SHORT, settings, sources
from seqbench.reports.table import Row, Table

Kind = Literal["identical", "better", "worse", "tie", "undecided"]
_MUST_AGREE = {
    "data_sha256": "data",
    "vocab_sha256": "vocabulary",
    "convention": "convention",
    "unit": "unit",
    "items": "number of items",
    "ranked_by": "metric that ranks",
}
"""What must agree so that items can be compared one by one."""


@dataclass(frozen=True)
class Change:
    """A row that both stores have."""

    a: Row
    b: Row
    settings: tuple[str, ...]
    """What a user can set and is different, such as `epochs 3 → 5`."""
    code: tuple[str, ...]
    """Whose code is different: `model`, `data`, `task`."""
    seeds: tuple[int, ...]
    """Seeds of the fits that are compared; empty if both sides have no seed in common, and all fits are compared."""
    identical: bool
    """Whether all stored values of the items are equal, to the last digit."""
    comparison: Comparison | None
    """Of B with A; None if they cannot be compared."""
    why: str = ""
    """Why they cannot."""
    chance: float = 1.0
    """The p-value of no difference, with Holm's correction for all rows of the stores."""

    @property
    def label(self) -> str:
        return self.b.label

    @property
    def kind(self) -> Kind | None:
        """How B is against A by the interval of the row alone; None if that cannot be said."""
        if self.identical:
            return "identical"
        return None if self.comparison is None else self.comparison.verdict

    @property
    def beyond_noise(self) -> bool:
        """Whether the score changed, also in view of the number of rows."""
        found = self.comparison
        return found is not None and self.kind in ("better", "worse") and self.chance <= 1 - found.level

    @property
    def same_machine(self) -> bool:
        """Whether processors, graphics cards and threads have the same names in all records."""
        return len({_machine(record) for row in (self.a, self.b) for record in row.records}) == 1

    @property
    def busy(self) -> bool:
        return self.a.costs.busy or self.b.costs.busy

    def ratio(self, cost: str) -> float | None:
        """Return how many times as high a cost is in B; None if it is not known."""
        before, after = getattr(self.a.costs, cost), getattr(self.b.costs, cost)
        scored = self.a.pooled and self.b.pooled and self.b.kind != "truth"
        return after / before if scored and before and after else None


@dataclass(frozen=True)
class Compared:
    """The tables of one data set in both stores."""

    a: Table
    b: Table
    changes: tuple[Change, ...]
    """In the order of B."""
    only_a: tuple[str, ...]
    """Labels of the rows that B lacks."""
    only_b: tuple[str, ...]
    data: tuple[str, ...]
    """What is different in the data, such as `number of items 640 → 650`; then scores are not compared."""


def compared(a: Sequence[Table], b: Sequence[Table]) -> list[Compared]:
    """Pair the tables of two stores, and their rows.

    Rows are paired if they ask the same, whatever the versions of code and data. What is left is paired if it differs
    only in the paths of files; then if only in device and threads; then by its label, since another version may have
    other settings. What has no pair in any table is left out.

    Raises:
        ValueError: the stores have no row in common.
    """
    found: dict[tuple[int, int], list[tuple[Row, Row]]] = {}
    for (i, row_a), (j, row_b) in _pairs(a, b):
        found.setdefault((i, j), []).append((row_a, row_b))
    if not found:
        raise ValueError(f"the stores have no row in common: the first has {_held(a)}; the second has {_held(b)}")
    made = [_compared(a[i], b[j], found[i, j]) for i, j in sorted(found, key=lambda places: places[::-1])]
    tested = [c.comparison.chance for one in made for c in one.changes if c.comparison is not None and not c.identical]
    chances = iter(holm(tested))  # a row that is identical cannot have changed by chance

    def corrected(change: Change) -> Change:
        tested = change.comparison is not None and not change.identical
        return replace(change, chance=next(chances)) if tested else change

    return [replace(one, changes=tuple(map(corrected, one.changes))) for one in made]


def _pairs(a: Sequence[Table], b: Sequence[Table]) -> list[tuple[tuple[int, Row], tuple[int, Row]]]:
    """Return pairs of rows, each with the place of its table, in the order of B."""
    left = [[(place, row) for place, table in enumerate(tables) for row in table.rows] for tables in (a, b)]
    pairs = []
    for key in (_question, _question_elsewhere, _question_on_another_device, _name, _row_name):
        known = [_unique(rows, key) for rows in left]
        pairs += [(known[0][name], known[1][name]) for name in known[0].keys() & known[1].keys()]
        taken = [{id(pair[side][1]) for pair in pairs} for side in (0, 1)]
        left = [[held for held in rows if id(held[1]) not in taken[side]] for side, rows in enumerate(left)]
    places = {id(row): place for place, row in enumerate(row for table in b for row in table.rows)}
    return sorted(pairs, key=lambda pair: places[id(pair[1][1])])


def _unique(rows: Sequence[tuple[int, Row]], key: Callable[[Row], Hashable]) -> Mapping[Hashable, tuple[int, Row]]:
    """Return the rows by a key that no other row has."""
    counts = Counter(key(row) for _, row in rows)
    return {key(held[1]): held for held in rows if counts[key(held[1])] == 1}


def _question(row: Row) -> Hashable:
    record = row.records[0]
    return asked_of(record.identity.model_copy(update={"seed": 0}), (record.model_spec, record.data_spec))


def _question_elsewhere(row: Row) -> Hashable:
    return asked_of(row.records[0].identity.model_copy(update={"seed": 0}), ())


def _question_on_another_device(row: Row) -> Hashable:
    same = {"seed": 0, "device": "", "threads": 1}
    return asked_of(row.records[0].identity.model_copy(update=same), ())


def _name(row: Row) -> Hashable:
    record = row.records[0]
    return record.identity.task, record.identity.dataset, record.label, record.reduction


def _row_name(row: Row) -> Hashable:
    identity = row.records[0].identity
    return identity.task, identity.dataset, row.label


def _compared(a: Table, b: Table, pairs: Sequence[tuple[Row, Row]]) -> Compared:
    data = tuple(_differences(*({**vars(t.basis.comparability)} if t.basis.comparability else {} for t in (a, b))))
    taken = [{row.label for row in side} for side in zip(*pairs, strict=True)]
    return Compared(
        a,
        b,
        changes=tuple(_change(a, b, row_a, row_b, data) for row_a, row_b in pairs),
        only_a=tuple(row.label for row in a.rows if row.label not in taken[0]),
        only_b=tuple(row.label for row in b.rows if row.label not in taken[1]),
        data=data,
    )


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return what must agree and does not; nothing if a side has no item scored."""
    found = []
    for name, words in _MUST_AGREE.items():
        if before and after and before[name] != after[name]:
            short = [str(values[name])[: SHORT if name.endswith("sha256") else None] for values in (before, after)]
            found.append(f"{words} {short[0]} → {short[1]}")
    return found


def _change(a: Table, b: Table, row_a: Row, row_b: Row, data: Sequence[str]) -> Change:
    identities = [row.records[0].identity for row in (row_a, row_b)]
    before, after = (settings(identity) for identity in identities)
    code = [name[1].removesuffix(" source") for name in sources(identities[0])]
    differs = [x != y for x, y in zip(*(sources(identity).values() for identity in identities), strict=True)]
    known = (name for name in {**before, **after} if name != ("", "from") and before.get(name) != after.get(name))
    fits, seeds = _fits(row_a, row_b)
    identical = not data and _identical(row_a, row_b, fits)
    comparison, why = (None, "") if data else _comparison(a, b, row_a, row_b, fits, bool(seeds))
    return Change(
        row_a,
        row_b,
        settings=tuple(f"{name[1]} {before.get(name, 'not set')} → {after.get(name, 'not set')}" for name in known),
        code=tuple(name for name, different in zip(code, differs, strict=True) if different),
        seeds=seeds,
        identical=identical,
        comparison=comparison,
        why=why,
    )


def _fits(a: Row, b: Row) -> tuple[tuple[Sequence[Columns], Sequence[Columns]], tuple[int, ...]]:
    """Return the fits of both sides that are compared, and their seeds: those in common, or else all fits."""
    ours, theirs = a.by_seed, b.by_seed
    common = tuple(seed for seed in ours if seed in theirs)
    if not common:
        return (a.fits, b.fits), ()
    return ([ours[seed] for seed in common], [theirs[seed] for seed in common]), common


def _identical(a: Row, b: Row, fits: tuple[Sequence[Columns], Sequence[Columns]]) -> bool:
    """Return whether all seeds have ended alike, and all their values are equal."""
    ends = [[(record.identity.seed, record.status) for record in row.records] for row in (a, b)]
    if ends[0] != ends[1] or not a.pooled:
        return False
    if not fits[0] and not fits[1]:
        return [record.scores for record in a.records] == [record.scores for record in b.records]
    return len(fits[0]) == len(fits[1]) and all(map(_equal, *fits))


def _equal(ours: Columns, theirs: Columns) -> bool:
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[n], theirs[n], equal_nan=True) for n in ours)


def _comparison(
    a: Table, b: Table, row_a: Row, row_b: Row, fits: tuple[Sequence[Columns], Sequence[Columns]], by_seed: bool
) -> tuple[Comparison | None, str]:
    """Return how B is against A, or why that cannot be said."""
    if not (row_a.comparable and row_b.comparable):
        return None, ""  # its marks or its status say why
    if not fits[0] or not fits[1]:
        return None, "the scores of single items are missing in one of the stores"
    same = len(a.ways) == len(b.ways) and all(
        (x.name, x.ordered) == (y.name, y.ordered) and np.array_equal(x.groups, y.groups)  # type: ignore[arg-type]
        for x, y in zip(a.ways, b.ways, strict=True)
    )
    if a.units != b.units or not same:
        return None, "the test items are others, or depend on each other in another way"
    margin, level = max(a.settings.margin, b.settings.margin), b.settings.level
    try:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return compare(b.metrics[0], fits[1], fits[0], margin, b.ways, level, by_seed=by_seed), ""
    except ValueError as error:
        return None, str(error)


def _machine(record: Record) -> tuple[object, ...]:
    made = record.provenance
    return made.cpu, made.gpu, made.threads


def _held(tables: Sequence[Table]) -> str:
    return ", ".join(dict.fromkeys(f"{table.basis.task} on {table.basis.dataset}" for table in tables)) or "none"
