"""One sentence through a translator: its translation, and pictures of where the model looked."""

from pathlib import Path

import numpy as np

from seqbench import registry
from seqbench.evidence.laws import ScoreError
from seqbench.runs.kept import able, kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.tasks.language.vocab import EOS
from seqbench.tasks.translations.detokenisation import detokenised


def translate(
    run: str,
    text: str,
    *,
    beam: int | None = None,
    attention: str | Path | None = None,
    memory: str | Path | None = None,
    store: str | Path = "results",
) -> str:
    """Return the translation of a sentence by the fit of a run.

    Args:
        run: the folder of a record, or the beginning of its key.
        beam: number of hypotheses that the search keeps; None: the model's own search. It needs a model with a method
            `translate(sources, beam)`, which returns a list of words for each source.
        attention: the file to draw into; its suffix gives the format: .png, .svg, .pdf. It needs a model with a method
            `attention(source, target)`, which returns weights (T + 1, S) for the words of the target and `<eos>`.
        memory: the file to draw the heads of a memory into, over time. It needs a model with a method
            `memory(source, target)`, which returns for the name of each head its weights (S + 1 + T + 1, N) over the N
            rows of the memory: for the words of the source, its end, the words of the target, and `<eos>`.

    Raises:
        ValueError: there is no such run, its data has no sentences, the text is empty, the model cannot do what is
            asked for, or the picture cannot be drawn.
    """
    kept = kept_run(run, store)
    data, label = data_of(kept.cell), kept.record.label
    if not isinstance(data, registry.attribute("seqbench.datasets.pairs.sentences:SentencePairs")):
        raise ValueError(f"{kept.record.identity.dataset} has no sentences to translate; name a run of a translator")
    for picture in (attention, memory):
        if picture is not None:
            registry.attribute("seqbench.reports.pictures:check")(Path(picture))
    source, model = data.sentence(text), kept.model()
    if beam is None:
        words = list(model.predict([list(source)])[0])
    else:
        words = list(able(model, "translate", label, "--beam")([list(source)], beam)[0])
    if attention is not None:
        weights = np.asarray(able(model, "attention", label, "--show-attention")(list(source), list(words)))
        if weights.shape != (len(words) + 1, len(source)):
            raise ScoreError(
                f"attention returned shape {weights.shape} for {len(words)} words and {EOS}, and {len(source)} words "
                "of the source"
            )
        registry.attribute("seqbench.reports.pictures:draw_weights")(weights, [*words, EOS], source, Path(attention))
    if memory is not None:
        heads = able(model, "memory", label, "--show-memory")(list(source), list(words))
        steps = [*source, "(end)", *words, EOS]
        if not heads or any(np.asarray(weights).ndim != 2 or len(weights) != len(steps) for weights in heads.values()):
            raise ScoreError(f"memory must return weights of {len(steps)} steps for each head")
        registry.attribute("seqbench.reports.pictures:draw_heads")(heads, steps, Path(memory))
    return detokenised(words) if kept.encoding["written"] else " ".join(words)
