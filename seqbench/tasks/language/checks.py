"""Measures the laws of language models: on the fit of a run, and on fits of a class to text generated here.

What a model declares about itself is not trusted. Laws are measured on calls of scoring that were drawn before scoring,
with the same shapes and states (`Witness`), and on a short block of text, on which more can be tried. The number of
symbols is fixed and does not depend on how fast the model is: each kept call is made twice more, and about 5,000
symbols are scored in short rows. The sums over the vocabulary take at most 12,000 symbols and two parts of kept calls;
after a carried state each symbol is a call of its own, of which there are 512 if the model has its own `next`. If the
vocabulary is larger than `normalisation.EXACT`, the model has no `next`, and the text is much longer than the
vocabulary, each symbol of the vocabulary is scored once. docs/laws.md tells what each law can see.

A law that depends on another law is measured only if the other law holds, so that each fault is reported once: `scores`
comes before all others, `repeatable` before every comparison of two predictions, `causal` before `chunked`.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.evidence.laws import Fits, Probe, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.tasks.language import laws
from seqbench.tasks.language.laws import Asked, Call, Joints, windows
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.normalisation import Total
from seqbench.tasks.language.scoring import PIECE, Witness, score_documents
from seqbench.tasks.language.vocab import Vocab

ROWS, LENGTH = 6, 48
"""Shape of the block of text on which most laws are measured."""
CYCLE, OTHER_STEP = 16, 5
"""The sources of the law `validation` go through `CYCLE` symbols in steps of 1, the other one in these steps."""


def check_fitted(
    model: LanguageModel[Any],
    text: Documents,
    other: Documents,
    vocab_size: int,
    unigram: Floats | None,
    seed: int,
    witness: Witness | None = None,
) -> list[Check]:
    """Measure the laws of a fitted model.

    Args:
        text: documents to score, the test part.
        other: further documents, the validation part; used only to find symbols that often follow a given symbol.
        unigram: (V,) frequencies of symbols; None: unknown.
        seed: for the random choice of places, cuts and symbols.
        witness: what was kept while `text` was scored; None: the text is scored here.
    """
    rng = np.random.default_rng(seed)
    ask = Asked(model)
    texts: list[Call] = []
    kept = Witness([len(d) for d in text], seed) if witness is None else witness

    def scores() -> Check:
        size = getattr(model, "vocab_size", None)
        if size != vocab_size:
            message = f"the model's vocab_size is {size}, not {vocab_size}: set it in fit"
            return Check(name="scores", passed=False, message=message)
        if witness is None:
            score_documents(model, text, kept)
        ids = windows(text, ROWS, LENGTH, rng)
        texts.append(Call(ids, None, ask.score(ids)))
        return Check(name="scores", passed=True, message="scores are numbers and have the shape of the ids")

    checks = [law("scores", scores)]
    if not checks[0].passed:
        return checks
    short, calls = texts[0], kept.calls
    joints: list[Joints] = []
    with suppress(Exception):  # `chunked` meets it again and reports it
        joints += laws.joints(ask, calls, rng)
    checks.append(law("repeatable", lambda: laws.repeatable(ask, short, joints)))
    repeatable = causal = checks[-1].passed
    if repeatable:
        checks.append(law("causal", lambda: laws.causal(ask, short, joints, vocab_size, rng)))
        causal = checks[-1].passed
        if causal:
            checks.append(law("chunked", lambda: laws.chunked(ask, short, joints or laws.joints(ask, calls, rng), rng)))
        checks.append(law("batched", lambda: laws.batched(ask, short, calls, vocab_size, rng)))
        checks.append(law("empty", lambda: laws.empty(ask, short)))
        checks.append(law("saved", lambda: laws.saved(ask, short, vocab_size)))

    found: list[tuple[Total, Floats | None]] = []

    def totals(guided: bool) -> list[tuple[Total, Floats | None]]:
        somewhere = laws.sums(ask, text, other, vocab_size, unigram, guided, rng)
        return somewhere + laws.carried(ask, calls, vocab_size, unigram, guided, rng)

    def consistent() -> Check:
        found.extend(totals(True))
        return laws.consistent(ask, found)

    def normalised() -> Check:
        ratios = laws.ratios(ask, calls if causal else [], vocab_size, unigram, rng)
        return laws.normalised([total for total, _ in found or totals(False)], agreed, ratios)

    agreed = False
    if repeatable and ask.has_next:
        checks.append(law("consistent", consistent))
        agreed = checks[-1].passed
    checks.append(law("normalised", normalised))
    checks.append(law("pure", lambda: laws.pure(ask, short, repeatable)))
    return checks


def probe(model: LanguageModel[Any], documents: Documents) -> Probe:
    """Return a probe that detects whether scoring changes the model: create it before, call `check` after."""
    ask, ids = Asked(model), windows(documents, 4, 32, np.random.default_rng(0))
    return Probe(lambda: ask.score(ids), "scoring the test text")


@dataclass(frozen=True)
class _Corpus:
    vocab_size: int
    train: list[Ids]
    valid: list[Ids]
    test: list[Ids]


def check_class(make: Callable[[], LanguageModel[Any]], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to small generated texts, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus = _markov_corpus(24, 23, rng, longest=PIECE + 400)
    lent = deepcopy(corpus)
    ids = windows(corpus.test, ROWS, LENGTH, rng)
    model = make()
    fits = Fits(lambda seed: _fit(make(), corpus, seed), lambda fitted: Asked(fitted).score(ids), seed)

    def fit() -> Check:
        _fit(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def unseen() -> Check:
        some = ids[:1].copy()
        some[0, [0, 1, LENGTH // 2, -1]] = corpus.vocab_size - 1
        passed = bool(np.isfinite(Asked(model).score(some)).all())
        message = "a symbol that is not in the training data has " + ("some" if passed else "no") + " probability"
        return Check(name="unseen", passed=passed, message=message if passed else f"{message}: reserve some for it")

    def binary() -> Check:
        two = _markov_corpus(2, 2, rng)
        Asked(_fit(make(), two, seed)).score(windows(two.test, ROWS, LENGTH, rng))
        return Check(name="binary", passed=True, message="a vocabulary of two symbols can be learned")

    def short() -> Check:
        little = _Corpus(corpus.vocab_size, [ids[0, :3]], [ids[1, :2]], [ids[2, :1]])
        Asked(_fit(make(), little, seed)).score(little.test[0][None])
        return Check(name="short", passed=True, message="one document of three symbols can be learned")

    def taught() -> Check:
        own, same, other, new = (_cycles(step, rng) for step in (1, 1, OTHER_STEP, OTHER_STEP))
        asked = np.stack([document[: CYCLE - 1] for document in new])  # less than a cycle: no text teaches itself

        def loss(valid: list[Ids]) -> float:
            fitted = _fit(make(), _Corpus(CYCLE, own, valid, new), seed, epochs=4)
            return -float(Asked(fitted).score(asked)[:, 1:].mean())

        return validation(loss(same), loss(other), ignorant=float(np.log(CYCLE)))

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched(all(_equal(getattr(lent, part), getattr(corpus, part)) for part in ("train", "valid"))))
    once: list[Floats] = []
    with suppress(Exception):  # a fault of the scores is reported below
        once.append(fits.said(model))
    unchanged = probe(model, corpus.valid)
    counts = np.bincount(np.concatenate(corpus.train), minlength=corpus.vocab_size)
    checks += check_fitted(model, corpus.test, corpus.valid, corpus.vocab_size, counts / counts.sum(), seed)
    if once:
        checks += [unchanged.check(), *fits.again(once[0], model.stochastic)]
        checks += [law("unseen", unseen), law("binary", binary), law("short", short), law("validation", taught)]
    return checks


def _markov_corpus(vocab_size: int, seen: int, rng: np.random.Generator, longest: int = 400) -> _Corpus:
    """Generate text from a Markov chain over the first `seen` symbols, in documents of many lengths.

    Args:
        longest: length of the longest document of the test part.
    """
    steps = np.cumsum(rng.dirichlet(np.full(seen, 0.3), size=seen), axis=1)

    def documents(count: int, longest: int = 400) -> list[Ids]:
        made = []
        for length in [60, 1, 2, longest, *rng.integers(3, 100, count).tolist()]:
            ids = [int(rng.integers(seen))]
            for u in rng.random(length - 1):
                ids.append(min(int(np.searchsorted(steps[ids[-1]], u)), seen - 1))
            made.append(np.array(ids, np.int64))
        return made

    return _Corpus(vocab_size, documents(40), documents(8), documents(8, longest))


def _cycles(step: int, rng: np.random.Generator) -> list[Ids]:
    """Generate documents in which nine of ten symbols are the previous one plus `step`, modulo `CYCLE`."""
    made = []
    for _ in range(40):
        ids = [int(rng.integers(CYCLE))]
        for known in rng.random(49) < 0.9:
            ids.append((ids[-1] + step) % CYCLE if known else int(rng.integers(CYCLE)))
        made.append(np.array(ids, np.int64))
    return made


def _fit(model: LanguageModel[Any], corpus: _Corpus, seed: int, epochs: int = 2) -> LanguageModel[Any]:
    vocab = Vocab(tuple(f"s{i}" for i in range(corpus.vocab_size)))
    seed_everything(seed)
    model.fit(corpus.train, LanguageContext(seed=seed, budget=Budget(epochs=epochs), valid=corpus.valid, vocab=vocab))
    return model


def _equal(a: Documents, b: Documents) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
