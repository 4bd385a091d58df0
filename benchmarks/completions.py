"""Complete handwritten digits from their upper half with language models of pixels, and draw them.

    python benchmarks/completions.py [--store results/completions] [--output docs/completions.png] [--preset quick]

Each model is fitted to `digits-pixels` as the suite longrange says, reads the upper 32 pixels of pictures of the test
part, and draws the lower 32, each from its distribution after all pixels before it. An n-gram sees a few pixels of the
same row, and not that above; a network can remember the whole upper half.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import seqbench
from seqbench.datasets.sequences.digits import SIDE, Digits, DigitsPixels
from seqbench.interface import Ids
from seqbench.tasks.language.vocab import Vocab

MODELS = ("kneser-ney(order=5)", "tcn", "elman", "gru", "lstm")
HALF = SIDE * SIDE // 2


def one_of_each_digit() -> tuple[Vocab, Ids]:
    """Return the vocabulary of pixels, and the first picture (10, 64) of each digit in the test part."""
    text, labels = DigitsPixels().load(), Digits().load().test.labels
    return text.vocab, np.array([text.test.documents[int(np.flatnonzero(labels == digit)[0])] for digit in range(10)])


def completed(model: str, pictures: Ids, vocab: Vocab, preset: str, store: Path) -> Ids:
    """Return the pictures (N, 64) with their lower half drawn by a model."""
    found = []
    for number, picture in enumerate(pictures):
        drawn = seqbench.sample(
            model,
            HALF,
            dataset="digits-pixels",
            suite="longrange",
            preset=preset,
            store=store,
            prompt=" ".join(vocab.decode(picture[:HALF])),
            seed=number,
        )
        found.append(np.concatenate([picture[:HALF], vocab.encode(drawn.split())]))
    return np.array(found)


def draw(rows: Sequence[tuple[str, Ids]], output: Path) -> None:
    """Draw one row of pictures (N, 64) per name; a line marks where the drawn half begins."""
    figure = Figure(figsize=(1.1 * len(rows[0][1]) + 2, 1.25 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(rows[0][1]), squeeze=False)
    for line, (name, pictures) in zip(panels, rows, strict=True):
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture.reshape(SIDE, SIDE), cmap="gray_r", vmin=0, vmax=16)
            axes.axhline(SIDE / 2 - 0.5, color="#D55E00", linewidth=1)
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results/completions"))
    parser.add_argument("--output", type=Path, default=Path("docs/completions.png"))
    parser.add_argument("--preset", default="quick")
    asked = parser.parse_args()
    table = seqbench.run(
        "longrange",
        task="lm",
        models=MODELS,
        datasets=["digits-pixels"],
        preset=asked.preset,
        store=asked.store,
        keep=True,
        jobs=1,
    )
    for row in table.itertuples():
        print(f"{row.model:20} {row.bits_per_character:.3f} bits per pixel")
    vocab, pictures = one_of_each_digit()
    rows = [("true", pictures)]
    rows += [(model, completed(model, pictures, vocab, asked.preset, asked.store)) for model in MODELS]
    draw(rows, asked.output)
    print(f"\ndrawn in {asked.output}")


if __name__ == "__main__":
    main()
