"""Compare one EM step of the HMM with one of hmmlearn, on equal threads.

    python benchmarks/hmm.py [--symbols 1000000] [--states 64] [--threads 1 2] [--repeats 3]

Both compute in float64, on sequences of 1,000 over 50 symbols, start from the same random parameters, and run in turn.
hmmlearn's CategoricalHMM uses implementation="scaling", the faster of its two; its step is one `fit` with n_iter=1.
Prints the seconds of the best repeat, their ratio, and the log-likelihood before and after the step.
"""

import argparse
import time

import numpy as np
import torch
from hmmlearn.hmm import CategoricalHMM
from threadpoolctl import threadpool_limits

from seqbench.baselines.hidden_markov.em import Parameters, expect_all, log_likelihood, maximise, pack
from seqbench.baselines.hidden_markov.language import SLAB_BYTES

SYMBOLS, LENGTH = 50, 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--symbols", type=int, default=1_000_000)
    arguments.add_argument("--states", type=int, default=64)
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--repeats", type=int, default=3)
    chosen = arguments.parse_args()

    K, rng = chosen.states, np.random.default_rng(0)
    start, A, B = rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K), rng.dirichlet(np.ones(SYMBOLS), K)
    ids = rng.integers(SYMBOLS, size=(chosen.symbols // LENGTH, LENGTH))
    model = Parameters(*map(torch.tensor, (np.stack([start, start]), A, np.ascontiguousarray(B.T))))
    no_prior = Parameters(*(torch.zeros(1, 1, dtype=torch.float64),) * 3)
    rows = max(1, SLAB_BYTES // (LENGTH * K * 8))

    def ours() -> tuple[Parameters, float]:
        batches = [pack(part, [False] * len(part)) for part in np.split(ids, range(rows, len(ids), rows))]
        counts, before = expect_all(model, batches)
        return maximise(counts, no_prior), before

    def theirs() -> tuple[CategoricalHMM, float]:
        hmm = CategoricalHMM(K, n_features=SYMBOLS, n_iter=1, init_params="", implementation="scaling")
        hmm.startprob_, hmm.transmat_, hmm.emissionprob_ = start, A, B
        hmm.fit(ids.reshape(-1, 1), [LENGTH] * len(ids))
        return hmm, float(hmm.monitor_.history[0])

    for threads in chosen.threads:
        torch.set_num_threads(threads)
        with threadpool_limits(threads):
            best = {"ours": np.inf, "hmmlearn": np.inf}
            for _ in range(chosen.repeats):
                began = time.perf_counter()
                our_model, our_before = ours()
                best["ours"] = min(best["ours"], time.perf_counter() - began)
                began = time.perf_counter()
                their_model, their_before = theirs()
                best["hmmlearn"] = min(best["hmmlearn"], time.perf_counter() - began)
            parts = np.split(ids, range(rows, len(ids), rows))
            our_after = log_likelihood(our_model, [pack(part, [False] * len(part)) for part in parts])
            their_after = float(their_model.score(ids.reshape(-1, 1), [LENGTH] * len(ids)))
        print(f"{threads} thread(s), {ids.size:,} symbols, {K} states, float64, best of {chosen.repeats}")
        print(f"  seconds per step        ours {best['ours']:8.2f}   hmmlearn {best['hmmlearn']:8.2f}", end="")
        print(f"   ratio {best['hmmlearn'] / best['ours']:.1f}")
        print(f"  log-likelihood before   ours {our_before:.4f}   hmmlearn {their_before:.4f}")
        print(f"  log-likelihood after    ours {our_after:.4f}   hmmlearn {their_after:.4f}")


if __name__ == "__main__":
    main()
