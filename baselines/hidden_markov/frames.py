"""The hidden Markov model of frames: in each hidden state, keys sound independently of each other."""

from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field

from seqbench.baselines.hidden_markov.em import Parameters, expect_all, forward, pack, places
from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.tasks.frames.model import FrameModel, FramesContext, Roll, Rolls


class FrameHMMConfig(Config):
    states: int = Field(
        64, ge=1, description="hidden states", json_schema_extra={"search": {"low": 8, "high": 256, "log": True}}
    )
    pseudo_count: float = Field(
        0.5,
        gt=0,
        description="observations of each state that are spread like those of all frames; and moves from each state to "
        "any, together",
        json_schema_extra={"search": {"low": 0.05, "high": 5.0, "log": True}},
    )
    patience: int = Field(5, ge=1, description="training stops after this many validations without a better score")


class _Symbols(NamedTuple):
    """Different frames, and the pieces as sequences of their numbers."""

    frames: Roll
    """(V, K)"""
    pieces: list[Ids]

    @classmethod
    def of(cls, rolls: Rolls) -> "_Symbols":
        frames, numbers = np.unique(np.concatenate(list(rolls)), axis=0, return_inverse=True)
        ends = np.cumsum([len(roll) for roll in rolls])[:-1]
        return cls(frames, np.split(numbers.reshape(-1), ends))


class FrameHMM(FrameModel):
    r"""p(v | state s) = Π_k θ_sk^{v_k} (1 − θ_sk)^{1 − v_k}; learned by EM, with pseudo-counts.

    To the forward and backward passes, a frame is a symbol, of which the emission is the product above.
    """

    config_class = FrameHMMConfig
    config: FrameHMMConfig
    start: Floats
    """(S,)"""
    moves: Floats
    """(S, S)"""
    sounds: Floats
    """(S, K) θ"""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        """Climb by EM, with one step per pass over the data, and keep the parameters that are best on validation."""
        rng, symbols, c = np.random.default_rng(ctx.seed), _Symbols.of(train), self.config
        everything = np.concatenate(list(train))
        share = (everything.sum(axis=0) + 1) / (len(everything) + 2)
        some = everything[rng.integers(len(everything), size=(c.states, 4))].mean(axis=1)
        self.start, self.sounds = np.full(c.states, 1 / c.states), 0.5 * share + 0.5 * (0.9 * some + 0.1 * share)
        self.moves = rng.dirichlet(np.ones(c.states), size=c.states)
        batch = pack(symbols.pieces, [False] * len(symbols.pieces))
        best, kept, waited = np.inf, (self.start, self.moves, self.sounds), 0
        for _ in range(ctx.budget.epochs):
            model, shift = self._emitting(symbols.frames)
            counts, likelihood = expect_all(model, [batch])
            shifts = sum(float(shift[piece].sum()) for piece in symbols.pieces)
            ctx.log("train_nats", -(likelihood + shifts) / len(everything))
            self._maximise(counts, symbols.frames, share)
            score = -np.inf
            if len(ctx.valid):
                with ctx.validating():
                    score = -float(np.concatenate(self.predict(ctx.valid)).mean())
                ctx.log("valid_nats", score)
            waited = 0 if score < best or not len(ctx.valid) else waited + 1
            if not waited:
                best, kept = score, (self.start, self.moves, self.sounds)
            elif waited >= c.patience:
                break
        self.start, self.moves, self.sounds = kept

    def _maximise(self, counts: Parameters, frames: Roll, share: Floats) -> None:
        extra, states = self.config.pseudo_count, self.config.states
        start, moves, emitted = (x.numpy() for x in counts)
        self.start = (start[0] + extra / states) / (start[0].sum() + extra)
        self.moves = (moves + extra / states) / (moves.sum(axis=1, keepdims=True) + extra)
        self.sounds = (emitted.T @ frames + extra * share) / (emitted.sum(axis=0)[:, None] + extra)

    def _emitting(self, frames: Roll) -> tuple[Parameters, Floats]:
        """Return the model with these frames (V, K) as symbols, and what was subtracted from their ln p, (V,)."""
        log_p = frames @ np.log(self.sounds).T + (1 - frames) @ np.log1p(-self.sounds).T
        shift = log_p.max(axis=1)
        table = np.exp(log_p - shift[:, None])
        starts = np.stack([self.start, self.start])
        return Parameters(*(torch.from_numpy(x) for x in (starts, self.moves, table))), shift

    def predict(self, rolls: Rolls) -> list[Floats]:
        return self._filtered(rolls)[0]

    def _filtered(self, rolls: Rolls) -> tuple[list[Floats], list[Floats]]:
        """Return ln p of the frames of each piece, and the probabilities of the state of its last frame, (S,)."""
        symbols = _Symbols.of(rolls)
        model, shift = self._emitting(symbols.frames)
        alpha, c = forward(model, pack(symbols.pieces, [False] * len(rolls)))
        scores, states = np.log(c.numpy()[:, 0]), alpha.numpy()
        own = places(np.array([len(piece) for piece in symbols.pieces]))
        found = [scores[where] + shift[piece] for where, piece in zip(own, symbols.pieces, strict=True)]
        return found, [states[where[-1]] for where in own]

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        p = self._filtered([roll])[1][0] @ self.moves if len(roll) else self.start
        state = int(np.searchsorted(p.cumsum(), rng.random() * p.sum(), side="right"))
        drawn: Roll = (rng.random(self.sounds.shape[1]) < self.sounds[min(state, len(p) - 1)]).astype(np.int8)
        return drawn

    def arrays(self) -> Arrays:
        return {"start": self.start, "moves": self.moves, "sounds": self.sounds}

    def restore(self, arrays: Arrays) -> None:
        self.start, self.moves, self.sounds = arrays["start"], arrays["moves"], arrays["sounds"]

    def parameter_count(self) -> int:
        states, keys = map(int, self.sounds.shape)
        return states - 1 + states * (states - 1) + states * keys
