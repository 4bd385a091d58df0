"""Measure how long the command line takes, compared with a Python that does nothing and one that imports torch.

    python benchmarks/cli.py

The commands run in turn, in RUNS rounds. Prints the median time of each command and its ratio to bare Python.
"""

import statistics
import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "seqbench --help": [sys.executable, "-m", "seqbench.cli", "--help"],
    "seqbench list models": [sys.executable, "-m", "seqbench.cli", "list", "models"],
    "python -c 'import torch'": [sys.executable, "-c", "import torch"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(RUNS + 1)][1:]
    bare = [r["python -c pass"] for r in rounds]
    for name in COMMANDS:
        taken = [r[name] for r in rounds]
        ratio = statistics.median(t / b for t, b in zip(taken, bare, strict=True))
        print(f"{name:26} {statistics.median(taken):6.3f} s   {ratio:6.1f} × bare Python")


if __name__ == "__main__":
    main()
