"""What the laws of models of frames are measured on: pieces, and a log-probability for each frame."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.laws import SUM_TOLERANCE, ScoreError, log_probabilities, moved
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids
from seqbench.tasks.frames.model import FrameModel, Roll, Rolls
from seqbench.tasks.items import Answers, Kind

FRAMES = 256
"""The most frames whose probabilities at one place are summed."""
AFTER = (0, 1, 3)
"""How many frames stand before the places at which probabilities are summed."""
Z = 4.0
"""Number of standard errors by which a sum of estimates may be wrong."""


def exact(said: Floats) -> Check:
    """Scores (M, 2) are probabilities, not estimates of them."""
    errors = said[:, 1]
    estimated = int((errors > 0).sum())
    if not estimated:
        return Check(name="exact", passed=True, message="scores are probabilities, not estimates", places=len(said))
    return Check(
        name="exact",
        passed=False,
        value=mean_error(errors),
        bound=0.0,
        message=f"{estimated:,} of {len(said):,} scores are estimates; the standard error of their mean is "
        f"{mean_error(errors):.2g} nats, and the mean is likely to be better than the truth",
        places=len(said),
    )


def mean_error(errors: Floats) -> float:
    """Return the standard error of the mean of M scores, whose standard errors are given, (M,).

    Scores with the same error share one estimate, and so are wrong together; others are independent.
    """
    shared, counts = np.unique(errors, return_counts=True)
    return float(np.sqrt(((shared * counts) ** 2).sum()) / len(errors))


def copied(rolls: Rolls) -> list[Roll]:
    """Copy pieces, so that the model may change them."""
    return [roll.copy() for roll in rolls]


def lengths(rolls: Rolls) -> Ids:
    """Return the number of frames of each piece, (N,)."""
    return np.array([len(roll) for roll in rolls], dtype=np.int64)


def equal(a: Rolls, b: Rolls) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def answer(model: FrameModel, rolls: Rolls) -> NDArray[np.object_]:
    """Return what `predict` returns for copies of pieces, after checking it.

    Returns:
        Objects (N,), each (T_i, 2): log-probabilities, and their standard errors, which are 0 if they are exact.

    Raises:
        ScoreError: the result has the wrong shape, or a score is no log-probability.
    """
    said = [np.asarray(of_piece) for of_piece in model.predict(copied(rolls))]
    if len(said) != len(rolls):
        raise ScoreError(f"predict returned {len(said)} arrays for {len(rolls)} pieces")
    for roll, scores in zip(rolls, said, strict=True):
        if scores.shape not in ((len(roll),), (len(roll), 2)):
            raise ScoreError(f"predict returned shape {scores.shape} for a piece of {len(roll)} frames")
    rows = np.concatenate([one if one.ndim == 2 else np.stack([one, np.zeros(len(one))], axis=1) for one in said])
    checked = log_probabilities(rows[:, 0], lambda nan: f"{int(nan.sum()):,} frames")
    errors = rows[:, 1].astype(np.float64)
    if not (np.isfinite(errors) & (errors >= 0)).all():
        raise ScoreError("predict returned standard errors that are no numbers from 0 on")
    found = np.empty(len(said), dtype=object)
    found[:] = [None] * len(said)
    ends = np.cumsum(lengths(rolls))[:-1]
    for i, of_piece in enumerate(np.split(np.stack([checked, errors], axis=1), ends)):
        found[i] = of_piece
    return found


PIECES: Kind[Rolls] = Kind(
    noun="piece",
    answer=answer,
    lengths=lengths,
    take=lambda rolls, rows: [rolls[i] for i in rows],
    copied=copied,
    equal=equal,
    together=8,
    measured=8,
    laws={"exact": exact},
)
"""Pieces as items."""


def causal(model: FrameModel, rolls: Rolls, rng: np.random.Generator) -> Check:
    """If all frames after a cut are replaced, the scores before it must not change.

    They are replaced by frames in which random keys changed, and by the last frame before the cut.
    """
    some = PIECES.take(rolls, np.flatnonzero(lengths(rolls) > 1))
    some = PIECES.take(some, PIECES.some(some, PIECES.measured, rng)) if some else []
    if not some:
        return Check(name="causal", passed=True, message="no piece has two frames, so there is no future to see")
    cuts = [int(rng.integers(1, len(roll))) for roll in some]
    before = answer(model, some)
    by = 0.0
    for change in (_turned, _held):
        said = answer(model, [change(roll, cut, rng) for roll, cut in zip(some, cuts, strict=True)])
        by = max(by, PIECES.apart(_until(said, cuts), _until(before, cuts)))
    return moved("causal", by, "a change of the future", "the model sees what it predicts", places=2 * len(cuts))


def _turned(roll: Roll, cut: int, rng: np.random.Generator) -> Roll:
    """Return the roll with a tenth of the keys changed after the cut, and at least one in its first frame there."""
    changed = roll.copy()
    turn = rng.random(changed[cut:].shape) < 0.1
    turn[0, rng.integers(roll.shape[1])] = True
    changed[cut:] ^= turn.astype(np.int8)
    return changed


def _held(roll: Roll, cut: int, rng: np.random.Generator) -> Roll:
    """Return the roll with the last frame before the cut in all places after it."""
    changed = roll.copy()
    changed[cut:] = roll[cut - 1]
    return changed


def _until(said: Answers, cuts: list[int]) -> Answers:
    short = said.copy()
    for i, cut in enumerate(cuts):
        short[i] = said[i][:cut]
    return short


def normalised(model: FrameModel, rolls: Rolls, rng: np.random.Generator) -> Check:
    """The probabilities of all frames at one place sum to one; those of some frames, to one at most.

    If there are more than `FRAMES` frames, the most frequent ones of the pieces are put there.
    """
    candidates, whole = _candidates(rolls)
    worst, bound = 1.0 if whole else 0.0, SUM_TOLERANCE
    places, estimated = 0, False
    for count in AFTER:
        long = np.flatnonzero(lengths(rolls) >= count)
        if not len(long):
            continue
        before = rolls[int(rng.choice(long))][:count]
        said = answer(model, [np.concatenate([before, frame[None]]) for frame in candidates])
        scores = np.array([of_piece[-1] for of_piece in said])
        with np.errstate(over="ignore"):
            p = np.exp(scores[:, 0])
        total, error = float(p.sum()), float((p * scores[:, 1]).sum())  # errors at one place may depend on each other
        allowed = SUM_TOLERANCE + Z * error
        places, estimated = places + 1, estimated or bool(error)
        stray = abs(total - 1) if whole else total - 1
        if stray - allowed > (abs(worst - 1) if whole else worst - 1) - bound:
            worst, bound = total, allowed
    passed = (abs(worst - 1) if whole else worst - 1) <= bound
    which = "all" if whole else f"{len(candidates)}"
    sentence = f"the probabilities of {which} frames sum to {worst:.6g}"
    remedy = "scores must be log-probabilities of all keys of a frame together"
    if estimated:
        remedy = "the estimates are too good; more steps or chains make them better"
    return Check(
        name="normalised",
        passed=passed,
        value=worst,
        bound=1 - bound if whole and worst < 1 else 1 + bound,
        message=sentence if passed else f"{sentence}: {remedy}",
        places=places,
    )


def _candidates(rolls: Rolls) -> tuple[Roll, bool]:
    """Return frames (F, K) whose probabilities are summed, and whether these are all."""
    keys = rolls[0].shape[1]
    if 2**keys <= FRAMES:
        return np.array(list(product((0, 1), repeat=keys)), dtype=np.int8), True
    frames, counts = np.unique(np.concatenate(list(rolls)), axis=0, return_counts=True)
    return frames[np.argsort(-counts, kind="stable")[:FRAMES]], False
