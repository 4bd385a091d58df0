"""One question through an answerer: its answer, and a picture of which sentences it read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from seqbench import registry
from seqbench.evidence.laws import ScoreError
from seqbench.runs.kept import able, kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.tasks.answers.laws import log_probabilities


@dataclass(frozen=True)
class Said:
    answers: Sequence[tuple[str, float]]
    """The most probable answers, each with its probability."""
    unknown: Sequence[str]
    """Words of the story and the question that do not occur in training."""


TOLD = 3
"""Number of answers that are told, the most probable ones."""


def answer(
    run: str, story: str | Path, question: str, *, memory: str | Path | None = None, store: str | Path = "results"
) -> Said:
    """Return what the fit of a run says to a question about a story.

    Args:
        run: the folder of a record, or the beginning of its key.
        story: a file with a sentence per line.
        memory: the file to draw into; its suffix gives the format: .png, .svg, .pdf. It needs a model with a method
            `attention(asked)`, which returns weights (K, M) of the M sentences of each story at K hops.

    Raises:
        ValueError: there is no such run, its data has no stories, the file or the question cannot be used, the model
            cannot do what is asked for, or the picture cannot be drawn.
    """
    kept = kept_run(run, store)
    data, label = data_of(kept.cell), kept.record.label
    if not isinstance(data, registry.attribute("seqbench.datasets.stories.base:Stories")):
        raise ValueError(f"{kept.record.identity.dataset} has no stories; name a run of the suite qa")
    if memory is not None:
        registry.attribute("seqbench.reports.pictures:check")(Path(memory))
    asked, model, answers = data.asked(Path(story), question), kept.model(), kept.encoding["answers"]
    p = np.exp(log_probabilities(model, asked, len(answers))[0])
    if memory is not None:
        weights = np.asarray(able(model, "attention", label, "--show-memory")(asked)[0])
        sentences = [" ".join(words) for words in asked.stories[0]]
        if weights.ndim != 2 or weights.shape[1] != len(sentences):
            raise ScoreError(f"attention returned shape {weights.shape} for a story of {len(sentences)} sentences")
        hops = [f"hop {number}" for number in range(1, len(weights) + 1)]
        registry.attribute("seqbench.reports.pictures:draw_weights")(weights.T, sentences, hops, Path(memory))
    known, read = set(kept.encoding["words"]), [*chain.from_iterable(asked.stories[0]), *asked.questions[0]]
    return Said(
        [(answers[i], float(p[i])) for i in np.argsort(-p, kind="stable")[:TOLD]],
        [word for word in dict.fromkeys(read) if word not in known],
    )
