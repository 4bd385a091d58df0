"""The sentences of a curve against training size: which model is better, and where the order of two turns."""

from seqbench.evidence.crossing import Crossing
from seqbench.evidence.power_law import FARTHEST, FEWEST, Extrapolation
from seqbench.reports.formatting import ABSENT, Written, titled
from seqbench.reports.groups import listed
from seqbench.reports.sizes import Order, SizeCurve

NARROW = 1.3
"""The ratio of its ends up to which an interval is written with three digits."""


def alone(curve: SizeCurve) -> str:
    """Return what a curve says if it compares no models."""
    labels = [label for label in curve.labels if curve.row(label).kind != "truth"]
    if len(labels) > 1:
        return "That cannot be told: no two models have comparable scores at one size."
    points = curve.points[labels[0]]
    if len(points) < 2:
        return f"That cannot be told: {labels[0]} has scores at fewer than two sizes."
    first, last = points[0], points[-1]
    score = Written.of(curve.metric, [first.estimate.value, last.estimate.value])
    return (
        f"The test {titled(curve.metric)} of {labels[0]} is {score(first.estimate.value)} with "
        f"{_amount(first.size.amount)} training {curve.unit}s and {score(last.estimate.value)} with "
        f"{_amount(last.size.amount)}. Name a second model to see where their order turns."
    )


def sentence(order: Order, curve: SizeCurve) -> str:
    """Return which of a model and the reference is better, and where their order turns."""
    told = [_turn(one, order, curve) for one in order.crossings] or [_steady(order, curve)]
    if order.beyond is not None and (order.beyond.at is not None or not order.crossings):
        told.append(_beyond(order.beyond, order, curve))
    elif not order.crossings and len(order.sizes) < FEWEST:
        told.append(f"Nothing is said of more data, since that takes {FEWEST} sizes.")
    return " ".join(told)


def _ahead(order: Order, curve: SizeCurve, positive: bool) -> tuple[str, str]:
    """Return which model is ahead, and which behind, if the difference is above 0."""
    pair = (order.label, str(curve.reference))
    return pair if positive != curve.metric.lower_is_better else pair[::-1]


def _turn(found: Crossing, order: Order, curve: SizeCurve) -> str:
    winner, other = _ahead(order, curve, found.rises)
    at, level = f"{about(found.at)} training {curve.unit}s", f"{100 * curve.level:g} %"
    if found.low is None and found.high is None:
        return f"Which of {winner} and {other} is better is sure at no size; the curves cross at about {at}."
    if found.high is None:
        return (
            f"{winner} overtakes {other} at about {at}, but that is not sure ({level} interval: from "
            f"{about(found.low)} on, with no upper end within the data)."
        )
    if found.low is None:
        return (
            f"{winner} is better than {other} from {about(found.high)} training {curve.unit}s on. That {other} is "
            f"better with fewer is not sure; the curves cross at about {about(found.at)} ({level} interval: up to "
            f"{about(found.high)})."
        )
    digits = 2 if found.high > NARROW * found.low else 3
    at, low, high = (about(size, digits) for size in (found.at, found.low, found.high))
    return f"{winner} overtakes {other} at about {at} training {curve.unit}s ({level} interval: {low} to {high})."


def _steady(order: Order, curve: SizeCurve) -> str:
    """Return who is ahead where the order does not turn within the data."""
    winner, other = _ahead(order, curve, order.comparisons[-1].difference > 0)
    sure = [size for size, one in zip(order.sizes, order.comparisons, strict=True) if not one.low <= 0 <= one.high]
    amounts = [_amount(size.amount) for size in order.sizes]
    span = f"all sizes from {amounts[0]} to {amounts[-1]} training {curve.unit}s"
    if len(order.sizes) == 1:
        span = f"{amounts[0]} training {curve.unit}s, the only size at which both have a score"
    if len(sure) == len(order.sizes):
        return f"{winner} is better than {other} at {span}."
    if not sure:
        return f"Which of {winner} and {other} is better is not sure at {span}."
    return (
        f"{winner} is ahead of {other} at {span}; it is surely better at {listed([_amount(s.amount) for s in sure])}."
    )


def _beyond(found: Extrapolation, order: Order, curve: SizeCurve) -> str:
    if found.at is None:
        may = "" if found.low is None else f", though one from {about(found.low)} on is not excluded"
        return (
            f"No crossing is in sight beyond the data: power laws fitted to the curves do not cross within "
            f"{FARTHEST:g} times as many {curve.unit}s{may} (an extrapolation)."
        )
    winner, other = _ahead(order, curve, order.comparisons[-1].difference < 0)
    span = f"{about(found.low)} to {about(found.high)}"
    if found.high is None:
        span = f"from {about(found.low)} on, without an upper end"
    return (
        f"Beyond the data, by power laws fitted to the curves, {winner} would overtake {other} at about "
        f"{about(found.at)} training {curve.unit}s (an extrapolation; {100 * curve.level:g} % interval: {span})."
    )


def about(size: float | None, digits: int = 2) -> str:
    """Return a size with so many significant digits: `12,000`, `3.1 million`."""
    if size is None:
        return ABSENT
    rounded = float(f"{size:.{digits - 1}e}")
    for unit, worth in (("billion", 1e9), ("million", 1e6)):
        if rounded >= worth:
            return f"{rounded / worth:,.{0 if rounded >= 10 * worth else 1}f} {unit}"
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def _amount(size: int | None) -> str:
    return ABSENT if size is None else f"{size:,}"
