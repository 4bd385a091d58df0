"""What the laws of a class of models of frames are measured on: pieces that are generated here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.laws import law
from seqbench.evidence.records import Check
from seqbench.interface import Context
from seqbench.tasks.frames.laws import PIECES, answer, causal, equal, normalised
from seqbench.tasks.frames.model import FramesContext, Roll, Rolls
from seqbench.tasks.items import Kind
from seqbench.tasks.trials import Corpus, Trial

KEYS = 6
"""Keys of the generated pieces: few, so that the probabilities of all frames can be summed."""
CHORDS = 4


class Composing(Trial[Rolls, Rolls]):
    context: ClassVar[type[Context[Any]]] = FramesContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Rolls]:
        chords = _chords(rng)
        train, valid, test = (_pieces(chords, count, 20, rng) for count in (30, 8, 16))
        return Corpus(train, valid, test, {"keys": KEYS})

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Rolls], Rolls, Rolls, Rolls]:
        """Each source has one chord; the second has the keys that the first leaves out.

        The validation parts are larger than the training part, so that who only counts keys learns from them too.
        """
        own = _chords(rng)[:1]
        train, same, strange, new = (
            _pieces(chords, count, 20, rng) for chords, count in ((own, 40), (own, 160), (1 - own, 160), (1 - own, 40))
        )
        return Corpus(train, train, train, {"keys": KEYS}), same, strange, new

    def kind(self, corpus: Corpus[Rolls]) -> Kind[Rolls]:
        return PIECES

    def items(self, part: Rolls) -> Rolls:
        return part

    def same(self, a: Rolls, b: Rolls) -> bool:
        return equal(a, b)

    def losses(self, model: Any, corpus: Corpus[Rolls], part: Rolls) -> Sequence[float]:
        return (-float(np.concatenate(list(answer(model, part)))[:, 0].mean()),)

    def ignorant(self, part: Rolls) -> float:
        return float(KEYS * np.log(2))

    def unseen(self, corpus: Corpus[Rolls], rng: np.random.Generator) -> dict[str, tuple[Rolls, str]]:
        silent, full = np.zeros((3, KEYS), dtype=np.int8), np.ones((3, KEYS), dtype=np.int8)
        return {
            "longer": (
                _pieces(_chords(rng), 3, 90, rng, shortest=60),
                "pieces longer than those of the fit get scores",
            ),
            "silent": ([silent, silent[:1]], "a piece in which nothing sounds is possible"),
            "unseen": ([full, full[:1]], "a frame in which all keys sound is possible"),
        }

    def possible(self, said: Any) -> bool:
        return bool(np.isfinite(np.concatenate(list(said))[:, 0]).all())

    def unusual(self, corpus: Corpus[Rolls], rng: np.random.Generator) -> dict[str, tuple[Corpus[Rolls], str]]:
        lone = [corpus.train[0][:1]]
        silent = [np.zeros((5, KEYS), dtype=np.int8)] * 2
        single = [roll[:, :1] for roll in corpus.train]
        return {
            "lone": (replace(corpus, train=lone, valid=lone), "a single frame can be learned"),
            "silence": (replace(corpus, train=silent, valid=silent), "pieces in which nothing sounds can be learned"),
            "single": (
                replace(corpus, train=single, valid=single[:2], test=single[:2], lent={"keys": 1}),
                "pieces of one key can be learned",
            ),
        }

    def check_fitted(self, model: Any, corpus: Corpus[Rolls], seed: int) -> list[Check]:
        return check_fitted(super().check_fitted(model, corpus, seed), model, corpus.test, seed)


def check_fitted(checks: list[Check], model: Any, rolls: Rolls, seed: int) -> list[Check]:
    """Add the laws of the order of time, and of the sum of probabilities, to the checks of single pieces."""
    if not checks[0].passed:
        return checks
    rng = np.random.default_rng(seed)
    if next((check.passed for check in checks if check.name == "repeatable"), False):
        checks = [*checks, law("causal", lambda: causal(model, rolls, rng))]
    return [*checks, law("normalised", lambda: normalised(model, rolls, rng))]


def _chords(rng: np.random.Generator) -> Roll:
    """Draw chords (CHORDS, KEYS), each of half the keys, which are all different."""
    while True:
        chords = np.array([rng.permutation(KEYS) < KEYS // 2 for _ in range(CHORDS)], dtype=np.int8)
        if len(np.unique(chords, axis=0)) == CHORDS:
            return chords


def _pieces(chords: Roll, count: int, longest: int, rng: np.random.Generator, shortest: int = 1) -> list[Roll]:
    """Generate pieces in which a chord is followed by the next one, at one step in ten by any; a key in twenty is
    wrong."""
    pieces = []
    for _ in range(count):
        frames = int(rng.integers(shortest, longest + 1))
        steps = np.where(rng.random(frames) < 0.9, 1, rng.integers(len(chords), size=frames))
        roll = chords[(int(rng.integers(len(chords))) + steps.cumsum()) % len(chords)]
        pieces.append((roll ^ (rng.random(roll.shape) < 0.05)).astype(np.int8))
    return pieces
