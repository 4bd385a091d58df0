"""What recurrent networks do inside, from Python: how far gradients reach, and what single units do."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import registry
from seqbench.api import ask
from seqbench.runs.cell import blank, fit
from seqbench.runs.grid import TRUTH, Cell
from seqbench.runs.loading import dataset as data_of
from seqbench.tasks import task

if TYPE_CHECKING:
    from seqbench.recurrent.inspection.study import Study


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
    cells = [cell for cell in asked.cells if cell.model.name != TRUTH]
    recurrent = registry.attribute("seqbench.recurrent.language.network:RecurrentLanguageModel")
    strange = [cell.label for cell in cells if not isinstance(blank(cell), recurrent)]
    if strange:
        raise ValueError(f"{', '.join(strange)}: no recurrent language model, such as elman, gru or lstm")
    study, stretches, draw, check = (
        registry.attribute(f"seqbench.recurrent.inspection.{name}")
        for name in ("study:study", "study:stretches", "figure:draw", "figure:check")
    )
    if output is not None:
        check(Path(output))
    held = data_of(cells[0]).load()
    sequences = stretches(held.valid.documents, held.vocab.size, length + 1)
    studies = [
        study(
            cell.label, _fitted(cell, held, updates=0), _fitted(cell, held), held.train.documents, sequences, cell.seed
        )
        for cell in cells
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
