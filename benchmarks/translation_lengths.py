"""Draw a score against the length of the source, a line per model: what one vector for a whole sentence loses.

    seqbench run --suite translate --dataset 'reverse(longest=16)' --model 'gru-seq2seq(attention=none)' \
        --model 'gru-seq2seq(attention=softmax)' --store results/lengths
    python benchmarks/translation_lengths.py --store results/lengths --score exact_match --output docs/lengths.png

Records hold BLEU and exact match of up to five groups of sentences by length. With several seeds, a line is the mean
over them. BLEU of sentences with fewer than four words is 0, whatever they say.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqbench.evidence.records import Record
from seqbench.runs.store import Store

Line = Sequence[tuple[float, float]]
"""The middle of each group's lengths, and its score in per cent."""
SCORES = {"bleu": "BLEU, %", "exact_match": "exact match, %"}


def lines(store: Path, score: str) -> dict[str, dict[str, Line]]:
    """Return the line of each model by the name of the data set, in the order of the names."""
    found: dict[str, dict[str, list[Line]]] = {}
    for record in Store(store).records():
        if isinstance(record, Record) and record.status == "ok" and record.detail.get("lengths"):
            groups = record.detail["lengths"]
            line = [((group["from"] + group["to"]) / 2, 100 * group[score]) for group in groups]
            found.setdefault(record.identity.dataset, {}).setdefault(record.label, []).append(line)
    return {
        data: {model: [tuple(point) for point in np.mean(fits, axis=0)] for model, fits in sorted(models.items())}
        for data, models in sorted(found.items())
    }


def draw(found: Mapping[str, Mapping[str, Line]], score: str, output: Path) -> None:
    """Draw a panel per data set."""
    figure = Figure(figsize=(7 * len(found), 4.4), layout="constrained")
    for axes, (data, models) in zip(figure.subplots(1, len(found), squeeze=False)[0], found.items(), strict=True):
        _panel(axes, data, score, models)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)


def _panel(axes: Axes, data: str, score: str, models: Mapping[str, Line]) -> None:
    for model, line in models.items():
        axes.plot(*zip(*line, strict=True), marker="o", linewidth=1.4, label=model)
    axes.set(title=data, xlabel="words of the source", ylabel=SCORES[score], ylim=(0, 103))
    axes.legend(frameon=False, fontsize="small")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results"))
    parser.add_argument("--score", choices=SCORES, default="bleu")
    parser.add_argument("--output", type=Path, default=Path("docs/lengths.png"))
    asked = parser.parse_args()
    found = lines(asked.store, asked.score)
    if not found:
        parser.exit(2, f"{asked.store} holds no run of a translator of words; make some as the help says\n")
    for data, models in found.items():
        print(data)
        for model, line in models.items():
            print(f"  {model}: {', '.join(f'{length:g} words {score:.1f}' for length, score in line)}")
    draw(found, asked.score, asked.output)
    print(f"drawn in {asked.output}")


if __name__ == "__main__":
    main()
