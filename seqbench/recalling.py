"""Patterns of one's own through a memory: what they become, and a sheet that shows it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqbench import registry
from seqbench.runs.kept import kept_run
from seqbench.runs.loading import dataset as data_of
from seqbench.tasks.patterns.task import Recall

if TYPE_CHECKING:
    import pandas as pd


def recall(
    run: str, data: str | Path, *, sheet: str | Path | None = None, store: str | Path = "results"
) -> "pd.DataFrame":
    """Return what the fit of a run makes of damaged patterns, one row per pattern.

    Args:
        run: the folder of a record, or the beginning of its key.
        data: a file of patterns, as `--data` reads them, in which units may be erased.
        sheet: the file to draw them into, damaged and restored; its suffix gives the format: .png, .svg, .pdf.

    Raises:
        ValueError: there is no such run, it is none of a memory, the file cannot be used, or nothing can be drawn.
    """
    import pandas as pd

    kept = kept_run(run, store)
    source, kind = data_of(kept.cell), Recall()
    if not isinstance(source, registry.attribute("seqbench.datasets.patterns.damage:DamagedPatterns")):
        raise ValueError(f"{kept.record.identity.dataset} has no patterns; name a run of the suite recall")
    if sheet is not None:
        registry.attribute("seqbench.reports.pictures:check")(Path(sheet))
    new = source.read(Path(data), kept.encoding)
    frame = pd.DataFrame(kind.predict(kept.model(), new, kept.encoding, kept.record.detail))
    if sheet is not None:
        restored = np.array([[2 * int(unit) - 1 for unit in row] for row in frame["restored"]])
        shape = new.shape or kept.encoding["shape"] or (1, kept.encoding["units"])
        rows = {"damaged": new.damaged, "restored": restored}
        registry.attribute("seqbench.reports.pictures:draw_patterns")(rows, tuple(shape), list(new.names), Path(sheet))
    return frame
