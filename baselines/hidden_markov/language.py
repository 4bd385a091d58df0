"""The categorical hidden Markov model as a language model.

Rabiner 1989, "A tutorial on hidden Markov models and selected applications in speech recognition". The model is trained
by Baum–Welch (`em.py`) or by hmmlearn. It scores by the exact forward filter, whose state is passed on between calls.
"""

from typing import Literal

import numpy as np
import torch
from pydantic import Field

from seqbench.baselines.hidden_markov.em import Parameters, Pieces, climb, cut, log_likelihood
from seqbench.interface import Arrays, Config, Documents, Floats, Ids, MissingExtra
from seqbench.learning.order import WHOLE, rows_of_blocks
from seqbench.long_arrays import BLOCK, lengths_of, occurrences
from seqbench.tasks.language.model import LanguageContext, LanguageModel

SLAB_BYTES = 64 * 2**20
"""The most bytes of filtered states that an E-step keeps per thread."""
SYMBOLS_A_PARAMETER = 10
"""The fewest symbols per parameter for comparing starts on a share of the data; fewer make this unreliable."""
STEPS_UNSCALED = 8
"""Number of steps after which the filter is normalised, long before float64 underflows."""


class HMMConfig(Config):
    states: int = Field(
        32, ge=1, description="number of states, K", json_schema_extra={"search": {"choices": [8, 16, 32, 64, 128]}}
    )
    pseudo_count: float = Field(
        0.03,
        ge=1e-6,
        description="Dirichlet pseudo-counts: this many per transition, and this many times V for the emissions of "
        "each state, distributed like the add-one unigram, which gives unseen symbols their probability",
        json_schema_extra={"search": {"low": 1e-3, "high": 1.0, "log": True}},
    )
    restarts: int = Field(4, ge=1, description="number of random starts, R, which are compared on 1/R of the data")
    piece: int = Field(128, ge=2, description="symbols; longer documents are cut in training, never in scoring")
    tolerance: float = Field(1e-5, ge=0, description="EM ends if a pass gains less than this, in nats per symbol")
    patience: int = Field(5, ge=1, description="EM ends after this many steps without a better validation likelihood")
    dtype: Literal["float32", "float64"] = Field("float32", description="data type of the E-step")
    implementation: Literal["torch", "hmmlearn"] = Field(
        "torch", description="torch: adaptive EM; hmmlearn: plain Baum–Welch from one start, on whole documents"
    )


class HMM(LanguageModel[Floats]):
    r"""p(o_{t+1} = v | o_1..o_t) = Σ_j s_t(j) b_j(v), with the state s_t(j) = p(q_{t+1} = j | o_1..o_t):

        s_0 = π,    s_t ∝ (s_{t-1} ⊙ b(o_t)) A

    Cuts: in training, long documents are cut into pieces that are processed together. Pieces after a cut start from a
    separate distribution, which is learned like π and dropped after training. This maximises the split-data likelihood
    (Rydén 1994), whose estimate is consistent, instead of the likelihood of whole documents. The curves `train_nats`
    and `valid_nats` refer to the split data. Scores do not: `predict` filters whole documents exactly.

    Starts: EM finds a local optimum. Initially, each state emits mainly a few symbols (the unigram times sparse gamma
    noise, about one state per symbol); in every second start, states tend to repeat. If 1/R of the data has at least
    ten symbols per parameter, R starts run on this share for a fifth of the passes. The start that is best (on the
    validation data, or on the share if there is none) continues on the share for three tenths of the passes, and the
    other half of the passes uses all data (em-EM: Biernacki, Celeux & Govaert 2003). Otherwise one start runs on all
    data. The parameters with the best validation likelihood are kept.
    """

    config_class = HMMConfig
    config: HMMConfig
    startprob: Floats
    """(K,) π"""
    transmat: Floats
    """(K, K) A"""
    by_symbol: Floats
    """(V, K) b_j(v)"""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Train by EM, with one step per pass over the data and at most `ctx.budget.epochs` passes.

        Raises:
            ValueError: the training data has no symbols, or the budget allows no pass.
            MissingExtra: implementation="hmmlearn", but hmmlearn is not installed.
            FloatingPointError: EM produced NaN or an infinite likelihood.
        """
        if not lengths_of(train).any():
            raise ValueError("the training data has no symbols, so an HMM cannot be trained")
        if ctx.budget.epochs < 1:
            raise ValueError("an HMM needs a budget of at least one epoch, which is one step of EM")
        self.vocab_size = ctx.vocab.size
        counts = occurrences(train, self.vocab_size) + 1.0
        unigram = counts / counts.sum()
        rng = np.random.default_rng(ctx.seed)
        learn = self._baum_welch if self.config.implementation == "torch" else self._hmmlearn
        learn(train, unigram, rng, ctx)

    def _start(self, unigram: Floats, rng: np.random.Generator, stay: bool = False) -> Parameters:
        K = self.config.states
        B = unigram[:, None] * np.maximum(rng.gamma(1 / K, size=(len(unigram), K)) * K, 1e-3)
        A = rng.dirichlet(np.ones(K), size=K)
        A = (A + 3 * np.eye(K)) / 4 if stay else A
        start = np.full((2, K), 1 / K)
        return Parameters(torch.from_numpy(start), torch.from_numpy(A), torch.from_numpy(B / B.sum(axis=0)))

    def _baum_welch(
        self, documents: Documents, unigram: Floats, rng: np.random.Generator, ctx: LanguageContext
    ) -> None:
        config, device, passes = self.config, ctx.device, ctx.budget.epochs
        K, V, dtype = config.states, len(unigram), getattr(torch, config.dtype)
        pseudo = torch.tensor(config.pseudo_count, dtype=torch.float64, device=device)
        prior = Parameters(
            pseudo.expand(2, K),
            pseudo.expand(K, K),
            torch.from_numpy(unigram)[:, None].to(device).expand(V, K) * pseudo * V,
        )
        symbols, R = int(lengths_of(documents).sum()), config.restarts
        compare = R > 1 and passes >= 5 and symbols >= SYMBOLS_A_PARAMETER * R * self._free(K, V)
        starts = [self._start(unigram, rng, stay=i % 2 == 1) for i in range(R if compare else 1)]
        starts = [Parameters(*(x.to(device) for x in start)) for start in starts]
        data = self._batches(documents, R if compare else 1, rng, device)
        valid = self._batches(ctx.valid, 1, rng, device)

        def nats(model: Parameters, batches: list[Pieces]) -> float:
            return -log_likelihood(model.to(dtype), batches) / sum(batch.symbols for batch in batches)

        def last(model: Parameters, batches: list[Pieces], steps: int) -> Parameters:
            for step in climb(model, batches, prior, steps, dtype, config.tolerance):
                model = step.parameters
            return model

        model = starts[0]
        if compare:
            share = data[: max(1, len(data) // R)]
            short, longer = passes // 5, 3 * passes // 10
            climbed = [last(start, share, short) for start in starts]
            model = min(climbed, key=lambda start: nats(start, valid or share))
            model = last(model, share, R * longer)
            passes -= short + longer

        best, best_nats, waited = model, np.inf, 0
        for step in climb(model, data, prior, passes, dtype, config.tolerance):
            ctx.log("train_nats", step.nats)
            with ctx.validating():
                score = nats(step.parameters, valid) if valid else -np.inf
            if valid:
                ctx.log("valid_nats", score)
            waited = 0 if score < best_nats or not valid else waited + 1
            if waited == 0:
                best, best_nats = step.parameters, score
            elif waited >= config.patience:
                break
        start, A, B = (x.cpu().numpy() for x in best)
        self.startprob, self.transmat, self.by_symbol = start[0], A, B

    def _batches(self, documents: Documents, least: int, rng: np.random.Generator, device: str) -> list[Pieces]:
        """Return random batches of pieces: at least `least` if there are enough pieces, none too large for memory.

        Of more than `WHOLE` symbols, pieces that lie together in the text are in one batch.
        """
        pieces = cut(documents, self.config.piece, device)
        itemsize = 4 if self.config.dtype == "float32" else 8
        slabs = -(-pieces.symbols * self.config.states * itemsize // SLAB_BYTES)
        # A multiple of `least`, so that each of the `least` shares has the same number of batches.
        parts = -(-max(slabs, 1) // least) * least
        count, together = len(pieces.starts), 1 if pieces.symbols <= WHOLE else max(1, BLOCK // self.config.piece)
        order = rows_of_blocks(rng.permutation(-(-count // together)), together, count)
        return [pieces.only(part) for part in np.array_split(order, parts) if len(part)]

    def _hmmlearn(self, documents: Documents, unigram: Floats, rng: np.random.Generator, ctx: LanguageContext) -> None:
        try:
            from hmmlearn.hmm import CategoricalHMM
        except ImportError:
            raise MissingExtra("implementation=hmmlearn needs hmmlearn: pip install 'seqbench[hmmlearn]'") from None
        start, K, V = self._start(unigram, rng), self.config.states, len(unigram)
        documents = [document for document in documents if len(document)]
        symbols = sum(map(len, documents))
        model = CategoricalHMM(
            K,
            startprob_prior=1 + self.config.pseudo_count,
            transmat_prior=1 + self.config.pseudo_count,
            emissionprob_prior=np.tile(1 + self.config.pseudo_count * V * unigram, (K, 1)),
            n_features=V,
            n_iter=ctx.budget.epochs,
            tol=self.config.tolerance * symbols,
            init_params="",
            implementation="scaling",
        )
        model.startprob_, model.transmat_ = start.start[0].numpy(), start.A.numpy()
        model.emissionprob_ = start.B.numpy().T
        model.fit(np.concatenate(documents)[:, None], [len(d) for d in documents])
        for value in model.monitor_.history:
            ctx.log("train_nats", -value / symbols)
        self.startprob, self.transmat = model.startprob_, model.transmat_
        self.by_symbol = np.ascontiguousarray(model.emissionprob_.T)
        if not np.isfinite(self.by_symbol).all():
            raise FloatingPointError("hmmlearn's EM produced NaN; use a larger pseudo_count")

    def predict(self, ids: Ids, state: Floats | None = None) -> tuple[Floats, Floats]:
        """Score by the exact filter; the returned state (B, K) is the distribution of the next hidden state."""
        B, T = ids.shape
        state = np.tile(self.startprob, (B, 1)) if state is None else state.copy()
        scores, joint = np.empty((B, T)), np.empty_like(state)
        for begin in range(0, T, STEPS_UNSCALED):
            emissions = self.by_symbol[ids[:, begin : begin + STEPS_UNSCALED].T]  # (t, B, K)
            states = np.empty((len(emissions) + 1, *state.shape))
            states[0] = state
            for t, b in enumerate(emissions):
                np.multiply(states[t], b, out=joint)
                np.matmul(joint, self.transmat, out=states[t + 1])
            mass = states.sum(axis=2)  # rows of A sum to one, so a transition does not change the mass
            scores[:, begin : begin + len(emissions)] = np.log(mass[1:] / mass[:-1]).T
            state = states[-1] / mass[-1][:, None]
        return scores, state

    def next(self, state: Floats | None = None, batch: int = 1) -> Floats:
        state = np.tile(self.startprob, (batch, 1)) if state is None else state
        answer: Floats = state @ self.by_symbol.T
        return answer

    def arrays(self) -> Arrays:
        return {"startprob": self.startprob, "transmat": self.transmat, "emissionprob": self.by_symbol.T.copy()}

    def restore(self, arrays: Arrays) -> None:
        self.startprob, self.transmat = arrays["startprob"], arrays["transmat"]
        self.by_symbol = np.ascontiguousarray(arrays["emissionprob"].T)
        self.vocab_size = len(self.by_symbol)

    def parameter_count(self) -> int:
        """Count the free parameters: each distribution has one fewer than it has probabilities."""
        return self._free(self.config.states, self.vocab_size)

    @staticmethod
    def _free(states: int, symbols: int) -> int:
        return (states - 1) + states * (states - 1) + states * (symbols - 1)
