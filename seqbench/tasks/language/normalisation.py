"""The total probability of all symbols at one place of a text, measured in the way in which texts are scored.

Each symbol is put at the same place of a text, and `predict` scores whole blocks of such texts, as it scores any text.
The probabilities of all V symbols must sum to one. If the vocabulary is small, all symbols are scored. If it is large,
each of the most probable symbols is scored once, and a sample of the others is scored, with

    S = Σ_head p(v) + Σ_tail n(v) + E_{v~q}[(p(v) − n(v)) / q(v)],        v in the tail

where n is the distribution of the model's own `next`, a control variate: if p = n, the variance of the estimate is 0;
the estimate is unbiased for every n. Without a `next`, n = 0. (Importance sampling with a control variate:
Owen, "Monte Carlo theory, methods and examples", 2013, chapters 8 and 9.)

A scored call is too long to put each symbol at each of its places. Instead all its symbols are drawn again, half of
them as they were, y_t ~ q_t, and the call is made once more. If the probabilities sum to one at place t, whatever was
drawn before, the ratio p(y_t | y_<t) / q_t(y_t) has the mean 1. A bet on a larger ratio then gains nothing on average,
so that the wealth of a bettor exceeds 1 / α with probability α at most, for any number of places and however skewed the
ratios are (Ville's inequality; Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.interface import Documents, Floats, Ids

EXACT = 1024
"""The size of the largest vocabulary of which all symbols are scored."""
SAMPLED = 1024, 1024
"""For a larger vocabulary: the number of symbols that are each scored once, and the number of draws from the others."""
GUIDED = 128, 128
"""The same numbers if the model has its own `next`: the variance is then small."""
CELLS = 2**25
"""The largest number of symbols per call times V, since a model may keep the scores of all V symbols in memory."""
CORPUS = 500_000
"""The largest number of symbols of text that are searched for the followers of a symbol."""
Z = 4.0
"""Number of standard errors by which an estimate may be wrong; a normal estimate exceeds them once in 16,000 times."""

REAL = 0.5
"""The share of symbols that stay as they are when a text is drawn again; the others come from the proposal."""
BETS = 2.0 ** -np.arange(1, 15)
"""Shares of the wealth that are bet at each place; the wealth is divided among them at the start."""
ALARM = 1e-4
"""The probability with which bets against a correct model may win."""


@dataclass(frozen=True)
class Site:
    """A place in a text: the symbols before it and after it in the same call of `predict`."""

    before: Ids
    after: Ids


@dataclass(frozen=True)
class Total:
    """The total probability measured at a site."""

    value: float
    error: float
    """Standard error."""
    symbols: Ids
    """(K,) the symbols that were scored."""
    scores: Floats
    """(K,) log-probabilities of these symbols."""
    exact: bool
    """Whether these are all symbols of the vocabulary."""


def total_probability(
    ask: Callable[[Ids], Floats],
    site: Site,
    proposal: Floats,
    control: Floats | None,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Total:
    """Measure the total probability at one site.

    Args:
        ask: takes ids (K, T) from the start of a document, returns their scores (K, T).
        proposal: (V,) positive, sums to one; the symbols of the tail are drawn from it.
        control: (V,) the distribution of the model's own `next` here; None: it has none.
        size: how many of the most probable symbols are each scored once, and how many of the others are drawn.
    """
    head, draws = size
    likeliest = np.argsort(-proposal, kind="stable")
    head_symbols, tail_symbols = likeliest[:head], likeliest[head:]
    tail = proposal[tail_symbols] / proposal[tail_symbols].sum() if len(tail_symbols) else np.empty(0)
    drawn = rng.choice(len(tail_symbols), size=draws, p=tail) if len(tail_symbols) else np.empty(0, np.int64)
    symbols = np.concatenate([head_symbols, tail_symbols[drawn]])
    scores = _score(ask, site, symbols, len(proposal))
    with np.errstate(over="ignore"):
        probabilities = np.exp(scores)
    value, error = float(probabilities[:head].sum()), 0.0
    if len(drawn):
        said = np.zeros(len(proposal)) if control is None else control
        ratios = (probabilities[head:] - said[symbols[head:]]) / tail[drawn]
        value += float(said[tail_symbols].sum() + ratios.mean())
        error = float(ratios.std(ddof=1) / np.sqrt(draws))
    return Total(value, error, symbols, scores, exact=not len(tail_symbols))


def _score(ask: Callable[[Ids], Floats], site: Site, symbols: Ids, vocab_size: int) -> Floats:
    length, place = len(site.before) + 1 + len(site.after), len(site.before)
    rows = max(1, CELLS // (length * vocab_size))
    scores = []
    for start in range(0, len(symbols), rows):
        some = symbols[start : start + rows]
        block = np.empty((len(some), length), np.int64)
        block[:, :place], block[:, place], block[:, place + 1 :] = site.before, some, site.after
        scores.append(ask(block)[:, place])
    return np.concatenate(scores)


def proposal(unigram: Floats | None, guide: Floats | None, vocab_size: int) -> Floats:
    """Return the distribution (V,) from which symbols are drawn: a positive mixture of guide, unigram and uniform."""
    uniform = np.full(vocab_size, 1 / vocab_size)
    mixed = uniform if unigram is None else 0.5 * uniform + 0.5 * unigram / unigram.sum()
    if guide is None:
        return mixed
    guide = np.clip(np.nan_to_num(guide, posinf=0.0), 0, None)
    mass = guide.sum()
    return 0.5 * mixed + 0.5 * guide / mass if mass > 0 else mixed


def followers(texts: Sequence[Documents], before: Ids, vocab_size: int) -> Floats:
    """Return how often each symbol (V,) follows the last symbol of `before` in the texts.

    If `before` is empty: how often each symbol starts a document.
    """
    counts = np.zeros(vocab_size)
    room = CORPUS
    for document in (d for text in texts for d in text):
        if room <= 0:
            break
        ids = document[:room]
        room -= len(ids)
        found = ids[1:][ids[:-1] == before[-1]] if len(before) else ids[:1]
        np.add.at(counts, found, 1)
    return counts


@dataclass(frozen=True)
class Finding:
    """The result of several sites: the sum whose difference from one is the largest multiple of its bound."""

    value: float
    bound: float
    """The largest allowed difference from one."""
    broken: bool


def judge(totals: Sequence[Total], tolerance: float, two_sided: bool) -> Finding:
    """Compare the sum of each site, and the mean of these sums, with one.

    A sample can miss a probable symbol; then the estimate for a correct model is too low, but it is never too high.
    If no `next` guided the sample (not `two_sided`), only a sum above one is a fault.
    """
    values, errors = np.array([t.value for t in totals]), np.array([t.error for t in totals])
    values = np.append(values, values.mean())
    errors = np.append(errors, np.sqrt((errors**2).sum()) / len(errors))
    bounds = np.maximum(tolerance, Z * errors)
    strays = np.abs(values - 1) if two_sided else values - 1
    excess = np.where(np.isfinite(strays), strays / bounds, np.inf)
    worst = int(excess.argmax())
    return Finding(float(values[worst]), float(bounds[worst]), bool(excess[worst] > 1))


def redrawn(ids: Ids, proposal: Floats, rng: np.random.Generator) -> tuple[Ids, Floats]:
    """Draw the symbols of a text again.

    Args:
        ids: (B, T).
        proposal: (V,) positive, sums to one.

    Returns:
        (B, T) symbols, each the one in `ids` with probability `REAL`, else drawn from the proposal; and (B, T) the
        probability with which this symbol is drawn here.
    """
    drawn = rng.choice(len(proposal), size=ids.shape, p=proposal)
    symbols = np.where(rng.random(ids.shape) < REAL, ids, drawn)
    return symbols, REAL * (symbols == ids) + (1 - REAL) * proposal[symbols]


def wealth(ratios: Floats) -> float:
    """Return the natural logarithm of a bettor's wealth, who starts with 1 and bets that ratios (N,) exceed 1.

    If each ratio has a mean of at most 1, given those before it, the result exceeds ln(1 / α) with
    probability α at most.
    """
    logs = np.array([np.log1p(share * (ratios - 1)).sum() for share in BETS])
    return float(np.logaddexp.reduce(logs - np.log(len(BETS))))
