"""What a reader looks at of a translator: translations beside their references, and where the model looks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqbench.evidence.exhibits import WORD, Exhibit, Images, Listing, grid, shortened
from seqbench.evidence.laws import ScoreError
from seqbench.evidence.records import Record
from seqbench.tasks.base import Scored
from seqbench.tasks.items import Answers, evenly
from seqbench.tasks.language.vocab import EOS
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.metrics import references_of
from seqbench.tasks.translations.model import Source, Translator

EXAMPLES = 8
"""Number of translations that the record shows."""
WIDEST = 20
"""The most words of a sentence whose attention is shown."""

Fit = Scored[TranslationData, Translator]


def examples(fit: Fit, texts: Callable[[Answers, bool], Sequence[str]]) -> list[dict[str, str]]:
    """Return a few sentences from all over the test part: `source`, `reference` and `translation`.

    Args:
        texts: returns translations as texts; the second argument says whether references are texts, not words.
    """
    rows = evenly(len(fit.data.test), EXAMPLES)
    some, written = fit.data.test.take(rows), fit.data.test.written is not None
    told = zip(some.sources, references_of(some), texts(fit.witness.said[rows], written), strict=True)
    return [
        {"source": shortened(_shown(source)), "reference": shortened(reference), "translation": shortened(translation)}
        for source, reference, translation in told
    ]


def attention(fit: Fit) -> dict[str, Any] | None:
    """Return where the model looks as it translates the longest of these sentences that has at most `WIDEST` words.

    Returns:
        `source` and `target`, their words, `<eos>` the last of the target; `weights` (T + 1, S). None: the model has no
        method `attention`, or there are no such sentences.

    Raises:
        ScoreError: the weights have another shape, or are no numbers.
    """
    look = getattr(fit.model, "attention", None)
    pairs = [(fit.data.test.sources[i], fit.witness.said[i]) for i in evenly(len(fit.data.test), EXAMPLES)]
    short = [
        (list(source), list(words))
        for source, words in pairs
        if not isinstance(source, np.ndarray) and 0 < max(len(source), len(words)) <= WIDEST
    ]
    if look is None or not short:
        return None
    source, words = max(short, key=lambda pair: len(pair[0]))
    try:
        weights = np.asarray(look(source, words), dtype=np.float64)
    except ValueError:  # this kind of model has attention, but not with these settings
        return None
    if weights.shape != (len(words) + 1, len(source)):
        raise ScoreError(f"attention returned shape {weights.shape} for {len(words)} words and {EOS} of {len(source)}")
    if not np.isfinite(weights).all():
        raise ScoreError("attention returned NaN or infinity")
    names = {"source": source, "target": [*words, EOS]}
    return {
        **{name: [shortened(word, WORD) for word in of_side] for name, of_side in names.items()},
        "weights": weights.round(3).tolist(),
    }


def translation_exhibits(record: Record) -> list[Exhibit]:
    """Return what a page shows of one fit: `examples` and `attention`."""
    found: list[Exhibit] = []
    if record.detail.get("examples"):
        columns = ("source", "reference", "translation")
        rows = [[one[name] for name in columns] for one in record.detail["examples"]]
        found.append(Listing("Translations from all over the test part", columns, rows))
    if "attention" in record.detail:
        shown = record.detail["attention"]
        title = "Where the model looks: a row per word of its translation, black for a weight of 1"
        found.append(Images(title, grid(shown["target"], shown["weights"]), shown["source"]))
    return found


def _shown(source: Source) -> str:
    return "(a vector)" if isinstance(source, np.ndarray) else " ".join(source)
