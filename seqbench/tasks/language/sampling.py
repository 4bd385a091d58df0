"""Sampling of text from a language model, symbol by symbol."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqbench.interface import Floats, Ids
from seqbench.tasks.language.data import Unit
from seqbench.tasks.language.laws import Asked
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.vocab import EOS, Vocab

ROUNDING = 1e-12
"""Rounding error by which a sum of probabilities may be smaller than a nucleus."""


class Drawn(NamedTuple):
    """A text that a model made up."""

    ids: Ids
    """(T,)"""
    nats: Floats
    """(T,) −ln p of each symbol by the model's own distribution, whatever it was drawn from."""


def sample(model: LanguageModel[Any], length: int, **how: Any) -> Ids:
    """Return the symbols of a text that `draw` draws; the arguments are the same."""
    return draw(model, length, **how).ids


def draw(
    model: LanguageModel[Any],
    length: int,
    *,
    prompt: Ids | None = None,
    temperature: float = 1.0,
    greedy: bool = False,
    top_k: int | None = None,
    nucleus: float | None = None,
    exclude: Sequence[int] = (),
    ends: int | None = None,
    seed: int = 0,
) -> Drawn:
    """Draw symbols one after the other, each from the model's distribution as changed by `shape`.

    One uniform number per symbol, from numpy's PCG64, selects a symbol by the cumulative distribution over the ids. So
    all randomness comes from the seed, and small changes of the settings change the text little.

    Args:
        length: number of symbols to draw.
        prompt: (P,) the symbols that the text continues; None: the start of a document.
        greedy: take the most probable symbol; if several are, the one with the lowest id; the same as top_k = 1.
        temperature, top_k, nucleus, exclude: as in `shape`.
        ends: the symbol after which a new document starts; None: all is one document.

    Returns:
        The symbols drawn, (length,), without the prompt.

    Raises:
        ValueError: a setting is out of range, or `exclude` leaves no symbol of positive probability.
        ScoreError: the model returns something that is not a distribution.
    """
    if length < 1:
        raise ValueError(f"length must be 1 or more symbols, not {length}")
    read = np.zeros(0, np.int64) if prompt is None else np.asarray(prompt, np.int64)
    _refuse_ids("prompt", read, model.vocab_size)
    ask, rng = Asked(model), np.random.Generator(np.random.PCG64(seed))
    state = ask(read[None])[1] if len(read) else None
    drawn, own = np.empty(length, np.int64), np.empty(length)
    for t in range(length):
        p = ask.next(state)[0]
        q = shape(
            p,
            temperature=temperature,
            top_k=1 if greedy else top_k,
            nucleus=nucleus,
            exclude=exclude,
        )
        cumulative = q.cumsum()
        place = np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")
        drawn[t] = min(place, q.nonzero()[0][-1])  # the product may round up to the sum
        own[t] = -np.log(p[drawn[t]])
        if t + 1 < length:
            state = None if drawn[t] == ends else ask(drawn[None, t : t + 1], state)[1]
    return Drawn(drawn, own)


def shape(
    p: Floats,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    nucleus: float | None = None,
    exclude: Sequence[int] = (),
) -> Floats:
    """Return the distribution to draw from.

    The model's distribution is changed in this order and renormalised after each step:

    1. remove the symbols `exclude`;
    2. set q ∝ p^(1/temperature), computed from log p;
    3. keep the `top_k` most probable symbols;
    4. keep the smallest set of most probable symbols that holds `nucleus` of the probability (Holtzman et al. 2020,
       "The curious case of neural text degeneration", eq. 2-3); 1 keeps all.

    Of equally probable symbols the one with the lower id comes first. Symbols of probability 0 stay at 0.

    Args:
        p: (V,) probabilities.

    Returns:
        (V,) probabilities.

    Raises:
        ValueError: a setting is out of range, or no symbol of positive probability is left.
    """
    if not (0 < temperature < np.inf):
        raise ValueError(f"temperature must be above 0 and finite, not {temperature}; for its limit 0 choose greedy")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more symbols, not {top_k}")
    if nucleus is not None and not 0 < nucleus <= 1:
        raise ValueError(f"nucleus must be a share of the probability, above 0 and at most 1, not {nucleus}")
    without = np.asarray(exclude, np.int64)
    _refuse_ids("exclude", without, len(p))
    if (p < 0).any():
        raise ValueError(f"{p.min():.4g} is no probability: the model's next must not return negative values")
    p = p.astype(np.float64)
    p[without] = 0
    if not p.any():
        raise ValueError("exclude leaves no symbol of positive probability: exclude fewer")
    with np.errstate(divide="ignore", over="ignore"):
        scores = np.log(p)
        q: Floats = np.exp((scores - scores.max()) / temperature)
    q /= q.sum()
    if top_k is None and nucleus is None:
        return q
    ranked = np.argsort(-p, kind="stable")
    if top_k is not None:
        q[ranked[top_k:]] = 0
        q /= q.sum()
    if nucleus is not None and nucleus < 1:
        reached = np.searchsorted(q[ranked].cumsum(), nucleus - ROUNDING)
        q[ranked[reached + 1 :]] = 0
        q /= q.sum()
    return q


def text_of(ids: Ids, vocab: Vocab, unit: Unit) -> str:
    """Return symbols as text: characters without separators, other symbols with spaces; `<eos>` becomes a line end."""
    lines: list[list[str]] = [[]]
    for symbol in vocab.decode(ids):
        if symbol == EOS:
            lines.append([])
        else:
            lines[-1].append(symbol)
    return "\n".join(("" if unit == "character" else " ").join(line) for line in lines)


def ids_of(text: str, vocab: Vocab, unit: Unit) -> Ids:
    """Return the symbols (T,) of a text, such as a prompt.

    If symbols are words, a line end becomes `<eos>`; the last line has none.

    Raises:
        ValueError: a symbol is not in the vocabulary, which has no `<unk>`.
    """
    if unit == "character":
        return vocab.encode(text)
    first, *others = (line.split() for line in text.split("\n"))
    return vocab.encode(first + [word for line in others for word in (EOS, *line)])


def _refuse_ids(name: str, ids: Ids, vocab_size: int) -> None:
    if ids.ndim != 1:
        raise ValueError(f"{name} must be a list of ids, not of shape {ids.shape}")
    if ids.size and not 0 <= ids.min() <= ids.max() < vocab_size:
        raise ValueError(f"{name} must hold ids in 0..{vocab_size - 1}, the vocabulary")
