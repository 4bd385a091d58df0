"""Equal budgets of processor time: what was planned for each model, and what its trials spent.

python benchmarks/tuning/budgets.py --suite benchmarks/tuning/trec.toml --cpu-minutes 0.5
"""

import argparse
import sys
import tempfile
from pathlib import Path

from seqbench.tuning.search import ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="benchmarks/tuning/trec.toml")
    parser.add_argument("--cpu-minutes", type=float, default=0.5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        search = ask(asked.suite, cpu_minutes=asked.cpu_minutes, store=Path(folder), jobs=1)
        for _ in search.start():
            pass
        off = []
        for study in search.studies:
            planned = 60 * asked.cpu_minutes
            off.append(study.spent / planned - 1)
            print(
                f"{study.base.label:30} planned {planned:6.1f} s, spent {study.spent:6.1f} s ({100 * off[-1]:+.2f} %), "
                f"{len(study.trials)} trials, of the last {study.cut:.1f} s; {study.stopped or 'ended by its budget'}"
            )
    return 0 if max(map(abs, off)) <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
