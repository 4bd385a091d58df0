"""Compare Kneser–Ney of order 5 with KenLM, from a text file to the perplexity of another, in whole processes, in turn.

    python benchmarks/kenlm.py --bin build/bin [--rounds 3] [--sort-memory 400M] [--memory-gb 0.05]

KenLM estimates a model (`lmplz`), builds its tables (`build_binary`) and scores (`query`); --bin is the folder with
these programs, and --sort-memory the memory that `lmplz` may use for sorting. Ours reads the same files as
`seqbench run --data train.txt --valid valid.txt --test test.txt` reads them, and fits and scores; once in memory, and
once with --memory-gb. Reads WikiText-2 from the folder in SEQBENCH_DATA. All use one thread, except that `lmplz` has
threads of its own. Memory is the highest peak among the processes of each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

OURS = """
import sys
import numpy as np
from seqbench.baselines.ngrams.interpolation import NgramConfig
from seqbench.baselines.ngrams.models import KneserNey
from seqbench.datasets.text.own import TextFile
from seqbench.interface import Budget
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.scoring import score_documents

train, valid, test, memory_gb = sys.argv[1:]
data = TextFile(path=train, valid=valid, test=test, convention="sentence", min_count=1).load()
model = KneserNey(NgramConfig(order=5, memory_gb=float(memory_gb) or None))
model.fit(data.train.documents, LanguageContext(seed=0, budget=Budget(), valid=[], vocab=data.vocab))
nats = sum(float(n.sum()) for n in score_documents(model, data.test.documents))
print(np.exp(nats / data.test.tokens))
"""


@dataclass
class Measured:
    seconds: float = 0
    cpu: float = 0
    peak_bytes: int = 0
    perplexity: str = ""

    def run(self, command: list[str], read: Path | None = None) -> str:
        """Run a program, add what it takes, and return what it prints."""
        with tempfile.TemporaryFile("w+") as printed, (read or Path(os.devnull)).open("rb") as source:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdin=source, stdout=printed, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds += time.perf_counter() - started
            if status:
                raise RuntimeError(f"{command[0]} ended with status {status}")
            self.cpu += usage.ru_utime + usage.ru_stime
            self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
            printed.seek(0)
            return printed.read()


def kenlm(programs: Path, train: Path, test: Path, sort_memory: str, folder: Path) -> Measured:
    measured, arpa, binary = Measured(), folder / "model.arpa", folder / "model.binary"
    lmplz = [str(programs / "lmplz"), "-o", "5", "-S", sort_memory, "-T", str(folder), "--arpa", str(arpa)]
    measured.run(lmplz, train)
    measured.run([str(programs / "build_binary"), str(arpa), str(binary)])
    said = measured.run([str(programs / "query"), "-v", "summary", str(binary)], test)
    measured.perplexity = next(line.split("\t")[1] for line in said.splitlines() if "including OOVs" in line)
    return measured


def ours(data: Path, memory_gb: float) -> Measured:
    measured = Measured()
    files = [str(data / f"{part}.txt") for part in ("train", "valid", "test")]
    measured.perplexity = measured.run([sys.executable, "-c", OURS, *files, str(memory_gb)]).strip()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True, help="folder with KenLM's lmplz, build_binary and query")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sort-memory", default="400M", help="memory for lmplz, as its -S takes it")
    parser.add_argument("--memory-gb", type=float, default=0.05)
    given = parser.parse_args()

    data = Path(os.environ["SEQBENCH_DATA"]) / "wikitext2"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("train", "test"):  # lmplz reserves <unk> for itself, and takes a blank line for a sentence
            lines = (data / f"{part}.txt").read_text(encoding="utf-8").replace("<unk>", "@unk@").split("\n")
            (folder / part).write_text("\n".join(line for line in lines if line.strip()) + "\n", encoding="utf-8")
        subjects = {
            "KenLM": lambda: kenlm(given.bin, folder / "train", folder / "test", given.sort_memory, folder),
            "in memory": lambda: ours(data, 0),
            f"memory_gb={given.memory_gb:g}": lambda: ours(data, given.memory_gb),
        }
        found: dict[str, list[Measured]] = {name: [] for name in subjects}
        print(f"{'':18}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}  perplexity")
        for _ in range(given.rounds):
            for label, subject in subjects.items():
                m = subject()
                found[label].append(m)
                print(f"{label:18}{m.seconds:8.2f}{m.cpu:8.2f}{m.peak_bytes / 1e6:9.0f}  {m.perplexity}", flush=True)
    theirs = found.pop("KenLM")
    for label, measured in found.items():
        wall, cpu, memory = (
            median(getattr(a, what) / getattr(b, what) for a, b in zip(measured, theirs, strict=True))
            for what in ("seconds", "cpu", "peak_bytes")
        )
        print(f"{label}, as a share of KenLM's: wall time {wall:.2f}, CPU time {cpu:.2f}, peak memory {memory:.2f}")


if __name__ == "__main__":
    main()
