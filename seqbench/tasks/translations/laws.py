"""The laws of translators: what `predict` and `log_p` return, and what neither may depend on.

Translations are compared as wholes, and few of them may differ, since rounding can decide between two that are equally
probable. Log-probabilities are compared number by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.evidence.laws import (
    SUM_TOLERANCE,
    Measure,
    ScoreError,
    difference,
    law,
    log_probabilities,
    moved,
    restored,
)
from seqbench.evidence.records import Check
from seqbench.interface import Floats
from seqbench.tasks import items
from seqbench.tasks.items import FEW, ITEMS, Answers, Kind, Said
from seqbench.tasks.language.vocab import EOS, Vocab
from seqbench.tasks.translations.model import Pairs, Source, Translator, Words

Sources = Sequence[Source]

CHANGED = Measure("translations", "(the share of sentences that changed)", 0.05)
PLACES, ROWS = 4, 16384
"""The most places at which the probabilities of all words are added up, and the number of targets that limits them."""
PIECE = 1024
"""Number of pairs per call of `log_p`."""


class Witness(items.Witness):
    """Keeps the translations and the log-probabilities of all targets as they are scored."""

    def __init__(self) -> None:
        super().__init__()
        self.log_p: Answers | None = None


class _Translations(Kind[Sources]):
    def apart(self, a: Answers, b: Answers) -> float:
        """Return the share of sentences whose translations differ."""
        return float(np.mean([x != y for x, y in zip(a, b, strict=True)]))


class _Likelihoods(Kind[Pairs]):
    def apart(self, a: Answers, b: Answers) -> float:
        return difference(np.concatenate([*a]), np.concatenate([*b]))


@dataclass(frozen=True)
class _Teacher:
    """A translator seen as a model whose predictions for pairs are the log-probabilities of their targets."""

    model: Translator

    def predict(self, pairs: Pairs) -> Any:
        return self.model.log_p(pairs.sources, pairs.targets)


def translations() -> Kind[Sources]:
    """Return sources as items that a translator predicts; a prediction is a tuple of words."""
    return _Translations(
        noun="sentence",
        answer=translated,
        lengths=lambda sources: np.array([len(source) for source in sources]),
        take=lambda sources, rows: [sources[i] for i in rows],
        copied=_copied,
        equal=_same,
        measure=CHANGED,
    )


def likelihoods() -> Kind[Pairs]:
    """Return pairs as items whose targets a translator has log-probabilities of, each (T_i + 1,)."""
    return _Likelihoods(
        noun="pair",
        answer=lambda teacher, pairs: _known(log_p(teacher.model, pairs)),
        lengths=lambda pairs: np.array([len(target) for target in pairs.targets]),
        take=Pairs.take,
        copied=_lent,
        equal=lambda a, b: _same(a.sources, b.sources) and _same(a.targets, b.targets),
    )


def translated(model: Translator, sources: Sources) -> Answers:
    """Return what `predict` returns for copies of the sources, (N,) tuples of words, after checking it.

    Raises:
        ScoreError: the result is no list of N sequences of words.
    """
    said: Any = model.predict(_copied(sources))
    if not isinstance(said, list):
        raise ScoreError(f"predict returned {type(said).__name__}, not a list with the words of each translation")
    if len(said) != len(sources):
        raise ScoreError(f"predict returned {len(said):,} translations of {len(sources):,} sources")
    found: Answers = np.empty(len(said), dtype=object)
    for i, words in enumerate(said):
        if isinstance(words, str) or not isinstance(words, Sequence):
            raise ScoreError(f"predict returned {type(words).__name__} as a translation, not a list of words")
        for word in words:
            if not isinstance(word, str):
                raise ScoreError(f"predict returned {type(word).__name__} as a word, not a string")
            if word == EOS:
                raise ScoreError(f"predict returned a translation that holds {EOS}: leave it out")
            if word.split() != [word]:
                raise ScoreError(f"predict returned {word[:40]!r} as a word: return one string per word")
        found[i] = tuple(words)
    return found


def log_p(model: Translator, pairs: Pairs) -> Answers | None:
    """Return what `log_p` returns for copies of pairs, (N,) arrays (T_i + 1,), after checking it; None if it has none.

    Raises:
        ScoreError: the result is no list of N arrays, an array has the wrong shape, or a score is no log-probability.
    """
    lent = _lent(pairs)
    said: Any = model.log_p(lent.sources, lent.targets)
    if said is None:
        return None
    if not isinstance(said, list):
        raise ScoreError(f"log_p returned {type(said).__name__}, not a list with an array for each target, nor None")
    if len(said) != len(pairs):
        raise ScoreError(f"log_p returned {len(said):,} arrays for {len(pairs):,} targets")
    found: Answers = np.empty(len(said), dtype=object)
    for i, (scores, target) in enumerate(zip(said, pairs.targets, strict=True)):
        array = np.asarray(scores)
        if array.shape != (len(target) + 1,):
            raise ScoreError(
                f"log_p returned shape {array.shape} for a target of {len(target)} words: return one score per word "
                f"and one for {EOS}"
            )
        try:
            found[i] = log_probabilities(array, lambda nan: f"{int(nan.sum())} words of a target")
        except ScoreError as error:
            raise ScoreError(str(error).replace("predict", "log_p", 1)) from None
    return found


def score(model: Translator, pairs: Pairs, witness: Witness | None = None) -> tuple[Answers, Answers | None]:
    """Return translations of the sources, and the log-probabilities of the targets or None.

    All sources are translated before the model sees a target.

    Raises:
        ScoreError: as in `translated` and `log_p`, or `log_p` returns None for some targets only.
    """
    said = items.score(translations(), model, pairs.sources, witness)
    pieces = [log_p(model, pairs.take(rows)) for rows in items.pieces(len(pairs))]
    known = [piece for piece in pieces if piece is not None]
    if known and len(known) < len(pieces):
        raise ScoreError("log_p returned None for some targets, and log-probabilities for others")
    found = np.concatenate(known) if known else None
    if witness is not None:
        witness.log_p = found
    return said, found


def check_fitted(model: Translator, pairs: Pairs, vocab: Vocab, seed: int, witness: Witness) -> list[Check]:
    """Measure the laws of a fitted translator on pairs of the test part, after `score` has filled the witness."""
    rng = np.random.default_rng(seed)
    checks = items.check_fitted(translations(), model, pairs.sources, seed, witness)
    if not checks[0].passed:
        return checks
    if witness.log_p is not None:
        checks = _taught(checks, model, pairs, witness.log_p, rng)
        checks.append(law("causal", lambda: causal(model, pairs, rng)))
        checks.append(law("normalised", lambda: normalised(model, pairs, vocab, rng)))
    checks.append(law("blind", lambda: blind(model, pairs, rng)))
    return checks


def _taught(
    checks: list[Check], model: Translator, pairs: Pairs, scored: Answers, rng: np.random.Generator
) -> list[Check]:
    """Measure the laws of items on log-probabilities too; a check stays as it is unless they break its law."""
    kind, teacher = likelihoods(), _Teacher(model)
    rows, calls = kind.some(pairs, ITEMS, rng), items.pieces(len(pairs))
    asked, said = pairs.take(rows), Said(pairs, scored)
    call = said.take(kind, calls[int(rng.integers(len(calls)))])
    own = {"repeatable": law("repeatable", lambda: items.repeatable(kind, teacher, call, asked))}
    if own["repeatable"].passed:
        own["batched"] = law("batched", lambda: items.batched(kind, teacher, said.take(kind, rows), rng))
        own["saved"] = law("saved", lambda: _saved(kind, model, asked))
    own["pure"] = law("pure", lambda: items.pure(kind, teacher, asked))
    return [own[c.name] if c.passed and c.name in own and not own[c.name].passed else c for c in checks]


def _saved(kind: Kind[Pairs], model: Translator, asked: Pairs) -> Check:
    twin = restored(model)
    if isinstance(twin, Check):
        return twin
    by = kind.apart(kind.answer(_Teacher(twin), asked), kind.answer(_Teacher(model), asked))
    return kind.moved("saved", by, "writing and restoring", "arrays must contain all that log_p needs")


def causal(model: Translator, pairs: Pairs, rng: np.random.Generator) -> Check:
    """The log-probability of a word does not depend on later words of the target.

    In each target, the words after a random place are replaced by those of another target, so its length changes too.
    """
    asked = pairs.take(rng.permutation(len(pairs))[:ITEMS])
    keep = [int(rng.integers(len(target) + 1)) for target in asked.targets]
    others = [list(pairs.targets[i]) for i in rng.integers(len(pairs), size=len(asked))]
    changed = [
        [*target[:kept], *other[: int(rng.integers(len(other) + 1))]]
        for target, kept, other in zip(asked.targets, keep, others, strict=True)
    ]
    here, there = _known(log_p(model, asked)), _known(log_p(model, Pairs(asked.sources, changed)))
    by = max(difference(a[:kept], b[:kept]) for a, b, kept in zip(here, there, keep, strict=True))
    remedy = "log_p must see only the source and the words before"
    return moved("causal", by, "changing later words of a target", remedy, places=sum(kept > 0 for kept in keep))


def normalised(model: Translator, pairs: Pairs, vocab: Vocab, rng: np.random.Generator) -> Check:
    """The probabilities of all words of the vocabulary, and of `<eos>`, add up to one at a few places of targets."""
    places = int(np.clip(ROWS // vocab.size, 1, PLACES))
    totals = []
    for row in rng.permutation(len(pairs))[:places]:
        target = list(pairs.targets[row])
        before = target[: int(rng.integers(len(target) + 1))]
        following = [[*before, word] for word in vocab.symbols if word != EOS] + [before]
        scores = np.concatenate(
            [
                [scores[len(before)] for scores in _known(log_p(model, Pairs([pairs.sources[row]] * len(some), some)))]
                for some in (following[start : start + PIECE] for start in range(0, len(following), PIECE))
            ]
        )
        totals.append(float(np.exp(scores).sum()))
    worst = max(totals, key=lambda total: abs(total - 1))
    passed = abs(worst - 1) <= SUM_TOLERANCE
    sentence = f"the probabilities of all words sum to {worst:.6g}"
    return Check(
        name="normalised",
        passed=passed,
        value=worst,
        bound=SUM_TOLERANCE,
        message=sentence if passed else f"{sentence}: they must sum to 1 over the vocabulary, with {EOS}",
        places=len(totals),
    )


def blind(model: Translator, pairs: Pairs, rng: np.random.Generator) -> Check:
    """Translations do not depend on references that lie in memory, or that `log_p` was asked about.

    The sources are new, made of two sources of the test part each, so that their only references are those made here.
    """
    rows = rng.permutation(len(pairs))[:FEW]
    sources = [_joined(pairs.sources[a], pairs.sources[b]) for a, b in zip(rows, np.roll(rows, 1), strict=True)]
    said = []
    for shift in (0, 1):
        held = Pairs(sources, [list(pairs.targets[i]) for i in np.roll(rows, shift)])
        model.log_p(_copied(held.sources), _lent(held).targets)
        said.append(translated(model, held.sources))
        del held
    by = translations().apart(*said)
    remedy = "predict must know nothing of the references"
    return moved("blind", by, "other references in memory", remedy, CHANGED, places=len(rows))


def _known(scores: Answers | None) -> Answers:
    if scores is None:
        raise ScoreError("log_p returned None, but log-probabilities before")
    return scores


def _joined(a: Source, b: Source) -> Source:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        mean: Floats = (a + b) / 2
        return mean
    return [*a, *b]


def _copied(sources: Sources) -> list[Source]:
    """Copy sources, so that the model may change them."""
    return [source.copy() if isinstance(source, np.ndarray) else list(source) for source in sources]


def _lent(pairs: Pairs) -> Pairs:
    """Copy pairs, without the targets as they were written."""
    return Pairs(_copied(pairs.sources), [list(target) for target in pairs.targets])


def _same(a: Sequence[Source | Words], b: Sequence[Source | Words]) -> bool:
    return len(a) == len(b) and all(
        np.array_equal(x, y) if isinstance(x, np.ndarray) else list(x) == list(y) for x, y in zip(a, b, strict=True)
    )
