"""The laws of a fitted language model; each function measures one law and returns the check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.evidence.laws import (
    SUM_TOLERANCE,
    TOLERANCE,
    ScoreError,
    apart,
    difference,
    log_probabilities,
    moved,
    restored,
)
from seqbench.evidence.records import Check
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language import normalisation
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.normalisation import Site, Total

FLOOR = -60.0
"""When probabilities are compared, lower log-probabilities are raised to this one: float32 has none below exp(-87)."""
CONTEXT = 4096
"""The largest number of symbols that are scored at one site for `normalised`, if the vocabulary is small."""
CUTS = 16
"""The largest number of random cuts in a call of scoring that is scored again in pieces."""
CARRIED = 2
"""Number of random symbols of scored calls at which the total probability is measured."""
STARTS = 4
"""If a model has no `next`, all symbols of a large vocabulary are scored at the start of a document, but only if the
text is at least this many times as long as the vocabulary: the cost is then small compared with the cost of scoring."""


class Asked:
    """Calls a model for the laws: passes copies of arrays, and checks every result."""

    def __init__(self, model: LanguageModel[Any]) -> None:
        self.model = model
        self.mutated = False
        """Whether a call changed the ids that were passed to it."""

    def __call__(self, ids: Ids, state: Any = None) -> tuple[Floats, Any]:
        """Return scores (B, T) of a copy of ids (B, T), and the state after them.

        Raises:
            ScoreError: the result does not consist of scores of these ids and a state.
        """
        lent = ids.copy()
        scores, state = answer(self.model, lent, state)
        self.mutated |= not np.array_equal(lent, ids)
        return scores, state

    def score(self, ids: Ids, state: Any = None) -> Floats:
        return self(ids, state)[0]

    @property
    def has_next(self) -> bool:
        """Whether the model has its own `next`."""
        return getattr(self.model.next, "__func__", None) is not LanguageModel.next

    def next(self, state: Any, batch: int = 1) -> Floats:
        """Return probabilities (B, V) of the next symbol.

        Raises:
            ScoreError: they have the wrong shape, or are not finite.
        """
        said = np.array(self.model.next(state, batch), np.float64)
        if said.shape != (batch, self.model.vocab_size):
            raise ScoreError(
                f"next returned shape {said.shape} for {batch} documents and {self.model.vocab_size} symbols"
            )
        if not np.isfinite(said).all():
            raise ScoreError("next returned NaN or an infinite probability")
        return said


def answer(model: LanguageModel[Any], ids: Ids, state: Any) -> tuple[Floats, Any]:
    """Return what `predict` returns, after checking it.

    Raises:
        ScoreError: it is not a pair, or its scores do not have the shape of the ids or are not numbers.
    """
    given = model.predict(ids, state)
    if not isinstance(given, tuple) or len(given) != 2:
        raise ScoreError("predict must return a pair: scores (B, T) and the state after them")
    scores = np.asarray(given[0])
    if scores.shape != ids.shape:
        raise ScoreError(f"predict returned scores of shape {scores.shape} for ids of shape {ids.shape}")
    return log_probabilities(scores, lambda nan: f"{int(nan.sum()):,} of {nan.size:,} symbols"), given[1]


@dataclass(frozen=True)
class Call:
    """A call of `predict` and what it returned, so that it can be made again."""

    ids: Ids
    """(B, T)"""
    state: Any
    """The state before it; None: documents start here."""
    scores: Floats
    """(B, T)"""


@dataclass(frozen=True)
class Joints:
    """A call whose symbols were scored again in pieces, with the state passed from piece to piece."""

    call: Call
    nats: float
    """The largest difference from the scores of the whole call."""
    cut: int
    """The first cut after the symbol with this difference."""
    places: int
    """Number of cuts, counted in each row."""


def windows(text: Documents, rows: int, length: int, rng: np.random.Generator) -> Ids:
    """Return symbols (rows, length) from random places of a text, the first row from its beginning.

    The beginning of the text follows its end.
    """
    documents = [d for d in text if len(d)]
    if not documents:
        return np.zeros((rows, length), np.int64)
    ends = np.cumsum([len(d) for d in documents])
    block = np.empty((rows, length), np.int64)
    for row in range(rows):
        place = 0 if row == 0 else int(rng.integers(ends[-1]))
        i = int(np.searchsorted(ends, place, side="right"))
        start, filled = place - int(ends[i]) + len(documents[i]), 0
        while filled < length:
            piece = documents[i][start : start + length - filled]
            block[row, filled : filled + len(piece)] = piece
            i, start, filled = (i + 1) % len(documents), 0, filled + len(piece)
    return block


def joints(ask: Asked, calls: Sequence[Call], rng: np.random.Generator) -> list[Joints]:
    """Score the symbols of calls again in pieces, cut at random.

    No piece shows its last symbols what follows them, and each piece starts from a state that was carried to it. So a
    difference from the scores of the whole call means that the model saw the future there, that its state lacks
    something, or that it learned in the meantime; the laws `repeatable`, `causal` and `chunked` tell which.
    """
    found = []
    for call in calls:
        length = call.ids.shape[1]
        cuts = np.unique(rng.integers(1, length, CUTS)) if length > 1 else np.empty(0, np.int64)
        by = _apart_in_pieces(ask, call, cuts)
        worst = int(by.argmax())
        cut = int(np.append(cuts, length)[np.searchsorted(cuts, worst, side="right")])
        found.append(Joints(call, float(by[worst]), cut, len(call.ids) * len(cuts)))
    return found


def _apart_in_pieces(ask: Asked, text: Call, cuts: Ids) -> Floats:
    """Return, for each column (T,), the largest difference between the scores and those in pieces."""
    state, scores = text.state, []
    for piece in np.split(text.ids, cuts, axis=1):
        said, state = ask(piece, state)
        scores.append(said)
    by: Floats = apart(np.concatenate(scores, axis=1), text.scores).max(axis=0)
    return by


def repeatable(ask: Asked, short: Call, scored: Sequence[Joints]) -> Check:
    """Scoring the same text again gives the same scores, both after another text and after itself.

    If the scores of a call changed when it was cut into pieces, the same call is made again, twice.
    """
    again = [text for text in (short, *(joint.call for joint in _suspects(scored))) for _ in range(2)]
    nats = max(difference(ask.score(text.ids, text.state), text.scores) for text in again)
    return moved(
        "repeatable",
        nats,
        "predicting again from the same state",
        "predict must keep nothing between calls and use no random numbers (laws that compare predictions are skipped)",
        places=len(short.ids) + len(scored),
    )


def _suspects(scored: Sequence[Joints]) -> list[Joints]:
    return [joint for joint in scored if joint.nats > TOLERANCE]


def causal(ask: Asked, short: Call, scored: Sequence[Joints], vocab_size: int, rng: np.random.Generator) -> Check:
    """If all symbols after a cut are replaced, the scores before the cut must not change.

    They are replaced by random other symbols, and by the last symbol before the cut, to detect models that look ahead
    for either. If the scores of a scored call changed when it was cut into pieces, it is cut there.
    """
    rows, length = short.ids.shape
    drawn = [1, length // 2, length - 1, *rng.integers(1, length, 2).tolist()]
    cuts = [(short, cut) for cut in drawn] + [(joint.call, joint.cut) for joint in _suspects(scored)]
    nats = 0.0
    for text, cut in cuts:
        past, future = text.ids[:, :cut], text.ids[:, cut:]
        others = (future + rng.integers(1, max(2, vocab_size), size=future.shape)) % vocab_size
        for changed in (others, np.broadcast_to(past[:, -1:], future.shape)):
            scores = ask.score(np.concatenate([past, changed], axis=1), text.state)
            nats = max(nats, difference(scores[:, :cut], text.scores[:, :cut]))
    return moved(
        "causal",
        nats,
        "a change of the future",
        "the model sees what it predicts",
        places=rows * len(drawn) + sum(joint.places for joint in scored),
    )


def chunked(ask: Asked, short: Call, scored: Sequence[Joints], rng: np.random.Generator) -> Check:
    """A text has the same scores if it is scored in pieces and the state is passed from piece to piece."""
    cuts = np.unique([1, 2, *rng.integers(1, short.ids.shape[1], 8)])
    nats = max([float(_apart_in_pieces(ask, short, cuts).max()), *(joint.nats for joint in scored)])
    return moved(
        "chunked",
        nats,
        "cutting a text into pieces",
        "the state that predict returns must contain all that it needs to continue",
        places=len(short.ids) * len(cuts) + sum(joint.places for joint in scored),
    )


def batched(ask: Asked, short: Call, calls: Sequence[Call], vocab_size: int, rng: np.random.Generator) -> Check:
    """A document has the same scores if it is scored alone and with others, whatever the others are.

    In a scored call of several rows, one row stays and all others are replaced by random symbols; if documents start
    there, this row is also scored alone.
    """
    nats = max(
        difference(ask.score(row[None]), scores[None]) for row, scores in zip(short.ids, short.scores, strict=True)
    )
    together = [call for call in calls if len(call.ids) > 1]
    for call in together:
        row = int(rng.integers(len(call.ids)))
        others = rng.integers(vocab_size, size=call.ids.shape)
        others[row] = call.ids[row]
        nats = max(nats, difference(ask.score(others, call.state)[row], call.scores[row]))
        if call.state is None:
            nats = max(nats, difference(ask.score(call.ids[row][None])[0], call.scores[row]))
    return moved(
        "batched",
        nats,
        "scoring documents alone",
        "the rows of a batch must not mix",
        places=len(short.ids) + len(together),
    )


def empty(ask: Asked, short: Call) -> Check:
    """A piece without symbols returns no scores and a valid state; a text may have only one symbol."""
    middle = short.ids.shape[1] // 2
    head, tail, nothing = short.ids[:, :middle], short.ids[:, middle:], short.ids[:, :0]
    ask(short.ids[:, :1])
    _, start = ask(nothing)
    _, state = ask(nothing, ask(head)[1])
    nats = max(
        difference(ask.score(short.ids, start), short.scores),
        difference(ask.score(tail, state), ask.score(tail, ask(head)[1])),
    )
    return moved("empty", nats, "a piece without symbols", "predict must return the state unchanged if T is 0")


def pure(ask: Asked, short: Call, states: bool) -> Check:
    """`predict` changes neither the ids that are passed to it nor scores and states that it returned earlier.

    Args:
        states: whether to check states; predictions must be repeatable to be compared.
    """
    middle = short.ids.shape[1] // 2
    head, tail = short.ids[:, :middle], short.ids[:, middle:]
    handed, _ = ask.model.predict(head.copy(), None)
    kept = np.array(handed)
    _, state = ask(head)
    first = ask.score(tail, state)
    if ask.has_next:
        ask.next(state, len(head))
    ask(tail)
    if not np.array_equal(kept, handed):
        return Check(name="pure", passed=False, message="later calls change the scores of earlier calls: return a copy")
    nats = difference(ask.score(tail, state), first) if states else 0.0
    if ask.mutated:
        return Check(name="pure", passed=False, message="predict changes the ids that are passed to it: work on a copy")
    return moved("pure", nats, "continuing twice from one state", "predict changes the state that is passed to it")


def saved(ask: Asked, short: Call, vocab_size: int) -> Check:
    """A new instance restored from `arrays` predicts the same."""
    twin = restored(ask.model)
    if isinstance(twin, Check):
        return twin
    if twin.vocab_size != vocab_size:
        return Check(name="saved", passed=False, message="restore must set vocab_size")
    nats = difference(Asked(twin).score(short.ids), short.scores)
    return moved(
        "saved", nats, "writing and restoring", "arrays must contain all that was learned, and restore must read it"
    )


def sums(
    ask: Asked,
    text: Documents,
    other: Documents,
    vocab_size: int,
    unigram: Floats | None,
    guided: bool,
    rng: np.random.Generator,
) -> list[tuple[Total, Floats | None]]:
    """Return the total probability at several sites, each with the result of `next` if no symbols follow the site.

    Args:
        guided: whether to call `next`, which makes the estimate for a large vocabulary far more exact.
    """
    whole = vocab_size <= normalisation.EXACT
    context = max(4, min(128, CONTEXT // vocab_size)) if whole else 8 if guided else 2
    places = windows(text, 2, context, rng)
    nothing = places[0, :0]
    middle = (context + 1) // 2
    found: list[tuple[Total, Floats | None]] = []
    for site in (Site(nothing, nothing), Site(places[0], nothing), Site(places[1, :middle], places[1, middle:])):
        said = guide = _next_at(ask, site.before) if guided else None
        if whole or (said is None and not len(site.before) and STARTS * vocab_size <= sum(map(len, text))):
            size = vocab_size, 0
        elif said is None:
            size = normalisation.SAMPLED
            guide = normalisation.followers([text, other], site.before, vocab_size)
        else:
            size = normalisation.GUIDED
        proposal = normalisation.proposal(unigram, guide, vocab_size)
        total = normalisation.total_probability(ask.score, site, proposal, said, size, rng)
        found.append((total, None if len(site.after) else said))  # `next` does not depend on later symbols
    return found


def carried(
    ask: Asked,
    calls: Sequence[Call],
    vocab_size: int,
    unigram: Floats | None,
    guided: bool,
    rng: np.random.Generator,
) -> list[tuple[Total, Floats | None]]:
    """Return the total probability at `CARRIED` random symbols of scored calls, with the result of `next`.

    The state is carried there from the start of the call. It belongs to its row, so each symbol of the vocabulary is a
    call of its own. If the vocabulary is large and the model has no `next`, these would be too many; if no scored call
    has one row, there is no such state. Then the result is empty.
    """
    alone = [call for call in calls if len(call.ids) == 1]
    if not alone or not (guided or vocab_size <= normalisation.EXACT):
        return []
    size = normalisation.GUIDED if guided and vocab_size > sum(normalisation.GUIDED) else (vocab_size, 0)
    site, found = Site(alone[0].ids[0, :0], alone[0].ids[0, :0]), []
    for call in (alone[i] for i in rng.integers(len(alone), size=CARRIED)):
        _, state = ask(call.ids[:, : int(rng.integers(1, call.ids.shape[1] + 1))], call.state)
        said = ask.next(state)[0] if guided else None

        def one_by_one(ids: Ids, state: Any = state) -> Floats:
            return np.concatenate([ask.score(row[None], state) for row in ids])

        proposal = normalisation.proposal(unigram, said, vocab_size)
        found.append((normalisation.total_probability(one_by_one, site, proposal, said, size, rng), said))
    return found


def _next_at(ask: Asked, before: Ids) -> Floats:
    said: Floats = ask.next(ask(before[None])[1] if len(before) else None)[0]
    return said


def ratios(
    ask: Asked, calls: Sequence[Call], vocab_size: int, unigram: Floats | None, rng: np.random.Generator
) -> list[Floats]:
    """Redraw the symbols of calls; return the probability of each divided by that with which it was drawn, (B · T,)."""
    proposal, found = normalisation.proposal(unigram, None, vocab_size), []
    for call in calls:
        symbols, drawn = normalisation.redrawn(call.ids, proposal, rng)
        found.append((np.exp(ask.score(symbols, call.state)) / drawn).ravel())
    return found


def normalised(totals: Sequence[Total], agreed: bool, ratios: Sequence[Floats]) -> Check:
    """The probabilities of all symbols sum to one.

    Args:
        agreed: whether the model has its own `next` and it agrees with the scores.
        ratios: of each call, as the function `ratios` returns them.
    """
    redrawn = np.concatenate([np.empty(0), *ratios])
    if normalisation.wealth(redrawn / (1 + SUM_TOLERANCE)) > -np.log(normalisation.ALARM):
        value, bound, passed = float(redrawn.mean()), 1 + SUM_TOLERANCE, False
        sentence = f"the probabilities of all symbols sum to about {value:.3g} where the text was scored"
    else:
        exact = all(total.exact for total in totals)
        found = normalisation.judge(totals, SUM_TOLERANCE, two_sided=exact or agreed)
        value, passed = found.value, not found.broken
        bound = 1 + found.bound if value >= 1 or passed else 1 - found.bound
        sentence = f"the probabilities of all symbols sum to {value:.6g}"
        if not exact:
            sentence += f" (estimated from {sum(len(total.symbols) for total in totals):,} symbols, ±{found.bound:.1g})"
    remedy = "scores must be log-probabilities of a distribution over the vocabulary"
    return Check(
        name="normalised",
        passed=passed,
        value=value,
        bound=bound,
        message=sentence if passed else f"{sentence}: {remedy}",
        places=len(totals) + len(ratios),
    )


def consistent(ask: Asked, found: Sequence[tuple[Total, Floats | None]]) -> Check:
    """`next` agrees with the scores, for any number of documents."""
    nats = _apart(ask.next(None, 2), np.log(np.maximum(ask.next(None), np.exp(FLOOR))))
    for total, said in found:
        if said is not None:
            nats = max(nats, _apart(said[total.symbols], total.scores))
    passed = nats <= TOLERANCE
    sentence = f"next and predict differ by up to {nats:.2g} nats"
    remedy = "next must return exp of the scores of predict"
    return Check(
        name="consistent",
        passed=passed,
        value=nats,
        bound=TOLERANCE,
        message=sentence if passed else f"{sentence}: {remedy}",
    )


def _apart(probabilities: Floats, scores: Floats) -> float:
    return difference(np.log(np.maximum(probabilities, np.exp(FLOOR))), np.maximum(scores, FLOOR))
