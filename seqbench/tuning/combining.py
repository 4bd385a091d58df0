"""The weights with which the trials of a model are combined, chosen on the validation part."""

import math
from collections.abc import Callable, Sequence

from seqbench.evidence.metrics import Columns

ROUNDS = 25
"""How many times a trial is added; one may be added more than once."""

Mixing = Callable[[Sequence[Columns], Sequence[float]], Columns]


def forward_selection(
    parts: Sequence[Columns], mixed: Mixing, loss: Callable[[Columns], float], rounds: int = ROUNDS
) -> list[float]:
    """Return the weights (K,) of parts whose mixture is best, by greedy selection with replacement.

    Each round adds the part that makes the mixture of all added ones best, with equal weights for each addition. The
    mixture of the best round is returned, so it is never worse than the best part. Of equal mixtures, the earlier part
    and the earlier round are taken.

    Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from libraries of models", sections 2 and 2.1.

    Args:
        parts: validation columns of each part.
        mixed: as `Task.mixed`; it must be linear in what it mixes.
        loss: of columns; lower is better, and not a number counts as the worst.

    Raises:
        ValueError: there are no parts.
    """
    if not parts:
        raise ValueError("there is nothing to combine")
    counts, best_counts, best = [0] * len(parts), [0] * len(parts), math.inf
    held: Columns | None = None
    for number in range(rounds):
        old, new = number / (number + 1), 1 / (number + 1)
        tried = [part if held is None else mixed([held, part], [old, new]) for part in parts]
        losses = [_finite(loss(columns)) for columns in tried]
        chosen = min(range(len(parts)), key=losses.__getitem__)
        held = tried[chosen]
        counts[chosen] += 1
        if losses[chosen] < best or number == 0:
            best, best_counts = losses[chosen], list(counts)
    return [count / sum(best_counts) for count in best_counts]


def _finite(loss: float) -> float:
    return math.inf if math.isnan(loss) else loss
