"""A sheet of handwritten digits: stored, damaged, and what each memory makes of them.

    python benchmarks/digits_sheet.py [--stored 20] [--damage half] [--output docs/digits_sheet.png]

The first ten of the stored digits are shown. Pixels that are erased are grey.
"""

import argparse
from pathlib import Path

from seqbench import registry
from seqbench.interface import Budget
from seqbench.reports.pictures import draw_patterns
from seqbench.spec import parse
from seqbench.tasks.patterns.model import RecallContext

SHOWN = 10
MODELS = (
    "nearest-pattern",
    "hopfield",
    "hopfield(learning=storkey)",
    "hopfield(learning=pseudo-inverse)",
    "boltzmann-machine",
    "rbm",
    "dense-memory",
    "dense-memory(interaction=exponential)",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", type=int, default=20)
    parser.add_argument("--damage", choices=["flip", "erase", "half"], default="half")
    parser.add_argument("--output", type=Path, default=Path("docs/digits_sheet.png"))
    asked = parser.parse_args()
    spec = parse(f"digit-patterns(stored={asked.stored}, damage={asked.damage})")
    data = registry.configured(registry.find_dataset(spec, "recall").attribute, spec, "recall").load()
    assert data.shape is not None
    rows = {"stored": data.test.whole[:SHOWN], "damaged": data.test.damaged[:SHOWN]}
    for name in MODELS:
        kind = registry.find_model(parse(name), "recall").attribute
        memory = kind(registry.configured(kind.config_class, parse(name), "recall"))
        memory.fit(data.train, RecallContext(seed=0, budget=Budget(), valid=data.valid))
        became = memory.predict(data.test.damaged).patterns
        rows[name] = became[:SHOWN]
        print(f"{name}: {100 * (became == data.test.whole).all(axis=1).mean():.0f} % restored")
    names = [str(number) for number in range(1, len(rows["stored"]) + 1)]
    draw_patterns(rows, data.shape, names, asked.output)
    print(f"drawn in {asked.output}")


if __name__ == "__main__":
    main()
