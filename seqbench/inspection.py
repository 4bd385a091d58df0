"""What recurrent networks do inside, from Python: how far gradients reach, and what single units do."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from seqbench import registry
from seqbench.api import ask
from seqbench.disk import write_whole
from seqbench.interface import Ids
from seqbench.runs.cell import blank, fit
from seqbench.runs.grid import TRUTH, Cell
from seqbench.runs.kept import Kept, kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.tasks import task
from seqbench.tasks.language.data import Unit
from seqbench.tasks.language.sampling import ids_of
from seqbench.tasks.language.vocab import Vocab

if TYPE_CHECKING:
    from seqbench.recurrent.inspection.study import Study
    from seqbench.recurrent.inspection.units import Activity


def gradients(
    models: Sequence[str],
    length: int = 200,
    *,
    dataset: str = "synthetic-brackets",
    suite: str = "lm",
    preset: str | None = None,
    device: str = "cpu",
    output: str | Path | None = None,
) -> "list[Study]":
    """Measure how far gradients reach in recurrent language models, at start and after training.

    Args:
        models: specs such as `lstm(hidden_size=64)`.
        length: the largest lag, steps.
        dataset: the data set on which the models are trained; norms are measured on its validation part.
        suite, preset: how the models are trained, as in `ask`.
        output: the file to draw into; its suffix gives the format: .png, .svg, .pdf.

    Raises:
        ValueError: a name is wrong, a model is not a recurrent language model, the validation part is too short, or
            `output` cannot be drawn.
    """
    if length < 1:
        raise ValueError(f"length must be 1 or more, not {length}")
    asked = ask(suite, models=models, datasets=[dataset], preset=preset, device=device, seeds=1)
    chosen = [cell for cell in asked.cells if cell.model.name != TRUTH]
    strange = [cell.label for cell in chosen if not isinstance(blank(cell), _recurrent())]
    if strange:
        raise ValueError(f"{', '.join(strange)}: no recurrent language model, such as elman, gru or lstm")
    study, stretches, draw = (
        registry.attribute(f"seqbench.recurrent.inspection.{name}")
        for name in ("study:study", "study:stretches", "figure:draw")
    )
    if output is not None:
        registry.attribute("seqbench.reports.pictures:check")(Path(output))
    held = data_of(chosen[0]).load()
    sequences = stretches(held.valid.documents, held.vocab.size, length + 1)
    studies = [
        study(
            cell.label, _fitted(cell, held, updates=0), _fitted(cell, held), held.train.documents, sequences, cell.seed
        )
        for cell in chosen
    ]
    if output is not None:
        draw(studies, Path(output))
    return studies


def _fitted(cell: Cell, held: Any, **budget: int) -> Any:
    """Return a new fit of a cell, whose budget may be changed; the initial weights stay the same."""
    changed = replace(cell, identity=cell.identity.model_copy(update={"budget": cell.identity.budget | budget}))
    model = blank(changed)
    fit(model, changed, task(cell.identity.task), held, "test")
    return model


def cells(
    run: str,
    text: str,
    *,
    units: Sequence[int] = (),
    count: int = 20,
    store: str | Path = "results",
    output: str | Path | None = None,
) -> "tuple[Activity, list[int]]":
    """Measure what single units of a recurrent language model do while it reads a text, and draw it as an HTML page.

    Args:
        run: the folder of a record, or the beginning of its key.
        text: what the model reads, from the start of a document.
        units: the numbers of the units that the page shows, from 0; empty: those that vary most.
        count: how many of these.
        output: the HTML file.

    Returns:
        The activity of all units, and the numbers of those that the page shows.

    Raises:
        ValueError: there is no such run, its model is not a recurrent language model, there is no such unit, the text
            is empty, or a symbol of it is not in the vocabulary, which has no `<unk>`.
    """
    kept = kept_run(run, store)
    read, render = (
        registry.attribute(f"seqbench.recurrent.inspection.{name}") for name in ("units:activity", "page:render")
    )
    if not isinstance(blank(kept.cell, kept.held), _recurrent()):
        raise ValueError(f"{kept.record.label} is no recurrent language model, such as elman, gru or lstm")
    vocab, ids = _symbols(kept, text)
    if not len(ids):
        raise ValueError("the text has no symbols")
    found: Activity = read(kept.model().network, ids, [vocab.symbols[i] for i in ids])
    shown = found.chosen(units) if units else found.liveliest(count)
    if output is not None:
        title = f"{kept.record.label} on {kept.record.identity.dataset}"
        write_whole(Path(output), render(found, shown, title).encode())
    return found, shown


def _symbols(kept: Kept, text: str) -> tuple[Vocab, Ids]:
    """Cut a text into the symbols of a run; words are cut as those of its data were."""
    vocab, basis = Vocab(tuple(kept.encoding["symbols"])), kept.record.comparability
    assert basis is not None
    if basis.unit != "word":
        return vocab, ids_of(text, vocab, cast(Unit, basis.unit))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "text"
        file.write_text(text, encoding="utf-8-sig")
        return vocab, np.concatenate(data_of(kept.cell).read(file, kept.encoding).documents)


def _recurrent() -> Any:
    return registry.attribute("seqbench.recurrent.language.network:RecurrentLanguageModel")
