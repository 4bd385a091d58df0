"""What a reader looks at of a language model: texts that it makes up, and a passage of the test text, by surprise.

The surprise of a symbol is −log2 p, in bits, with the model's own p of it, given all symbols before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqbench.evidence.exhibits import WORD, Passage, shortened
from seqbench.evidence.records import Record
from seqbench.interface import Floats, Ids
from seqbench.tasks.base import Scored
from seqbench.tasks.language.data import TextData, Unit
from seqbench.tasks.language.laws import Asked
from seqbench.tasks.language.metrics import LN2
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.sampling import draw
from seqbench.tasks.language.vocab import EOS, Vocab

TEMPERATURES = (0.5, 1.0, 1.5)
LENGTH: Mapping[Unit, int] = {"word": 60, "symbol": 60, "character": 300}
"""Number of symbols of a text."""
CALLS, SHORTEST = 4_000, 10
"""A model without its own `next` is asked about each symbol of the vocabulary in turn: at most so often, so that texts
are shorter; texts of fewer symbols than `SHORTEST` are left out."""
DECIMALS = 2
"""Of a surprise; a hundredth of a bit is no visible shade."""

Fit = Scored[TextData, LanguageModel[Any]]


def samples(fit: Fit) -> list[dict[str, Any]] | None:
    """Return a text for each of `TEMPERATURES`: `temperature`, `symbols`, and the `bits` of each.

    A model that sees what it predicts gives no distribution to draw from: None.

    Raises:
        ValueError: the model has no `next` of its own, and the vocabulary is too large to do without.
    """
    if "causal" in fit.broken:
        return None
    vocab, length = fit.data.vocab, LENGTH[fit.data.unit]
    if not Asked(fit.model).has_next:
        length = min(length, CALLS // (len(TEMPERATURES) * vocab.size))
    if length < SHORTEST:
        raise ValueError(f"the model has no method `next`, and {vocab.size:,} symbols are too many to ask one by one")
    exclude = [] if vocab.unk is None else [vocab.unk]
    ends = fit.data.ends
    drawn = [
        draw(fit.model, length, temperature=temperature, exclude=exclude, ends=ends, seed=fit.seed)
        for temperature in TEMPERATURES
    ]
    return [
        {"temperature": temperature, **_told(ids, nats, vocab)}
        for temperature, (ids, nats) in zip(TEMPERATURES, drawn, strict=True)
    ]


def passage(fit: Fit) -> dict[str, Any]:
    """Return a passage from the middle of the test text, from the start of a line if there is one: `symbols`, `bits`.

    It depends on the data alone, so that models can be compared.
    """
    ids, length = np.concatenate(list(fit.data.test.documents)), LENGTH[fit.data.unit]
    middle, latest = len(ids) // 2, max(0, len(ids) - length)
    lines = np.flatnonzero(fit.columns["position"] == 1)
    later = lines[(middle <= lines) & (lines <= latest)]
    start = int(later[0]) if len(later) else min(middle, latest)
    here = slice(start, start + length)
    return _told(ids[here], fit.columns["nats"][here].astype(np.float64), fit.data.vocab)


def passages(record: Record) -> list[Passage]:
    """Return what `samples` and `passage` left in a record, for a page."""
    unit = "" if record.comparability is None else record.comparability.unit
    found = [("A passage of the test text", record.detail["passage"])] if "passage" in record.detail else []
    found += [(f"Sampled at temperature {one['temperature']:g}", one) for one in record.detail.get("samples", ())]
    return [_shown(title, one["symbols"], one["bits"], "" if unit == "character" else " ") for title, one in found]


def _shown(title: str, symbols: Sequence[str], bits: Sequence[float | str], gap: str) -> Passage:
    readable = ["\n" if symbol == EOS else symbol for symbol in symbols]
    return Passage(title, readable, [float(one) for one in bits], "bits", gap)  # JSON writes infinity as a text


def _told(ids: Ids, nats: Floats, vocab: Vocab) -> dict[str, Any]:
    bits = np.abs(nats / LN2).round(DECIMALS).tolist()  # no −0.0
    return {"symbols": [shortened(symbol, WORD) for symbol in vocab.decode(ids)], "bits": bits}
