"""An n-gram language model of the targets, as a translator uses it: over words, each target ended by `<eos>`."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqbench.baselines.ngrams.interpolation import NgramConfig
from seqbench.baselines.ngrams.models import KneserNey
from seqbench.interface import Arrays, Context, Floats, Ids
from seqbench.packing import nested, packed, unpacked, within
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, Words

ROWS = 256
"""Targets that are scored at once."""


class TargetNgrams:
    """Interpolated modified Kneser–Ney over the targets of a training part."""

    def __init__(self, order: int) -> None:
        self.model = KneserNey(NgramConfig(order=order))
        self.width = max(1, order - 1)
        """Symbols of a state."""

    def fit(self, targets: Sequence[Words], vocab: Vocab, ctx: Context[Pairs]) -> None:
        """Count the n-grams of targets; `vocab` holds `<eos>`."""
        self._of(vocab)
        lent = LanguageContext(seed=ctx.seed, budget=ctx.budget, valid=(), log=ctx.log, vocab=vocab)
        self.model.fit([self.encoded(target) for target in targets], lent)

    def encoded(self, target: Words) -> Ids:
        """Return the ids (T + 1,) of a target and of `<eos>`."""
        return np.append(self.vocab.encode(target), self.eos)

    def log_p(self, targets: Sequence[Words]) -> list[Floats]:
        """Return the natural log-probabilities (T_i + 1,) of the words of each target and of `<eos>`."""
        ids, said = [self.encoded(target) for target in targets], []
        for start in range(0, len(ids), ROWS):
            piece = ids[start : start + ROWS]
            padded = np.full((len(piece), max(map(len, piece))), self.eos)
            for row, own in zip(padded, piece, strict=True):
                row[: len(own)] = own
            scores, _ = self.model.predict(padded)
            said += [row[: len(own)].copy() for row, own in zip(scores, piece, strict=True)]
        return said

    def following(self, ids: Ids) -> Floats:
        """Return p(· | ids[:j]) for j = 0..T-1, (T, V), of ids (T,) of one target."""
        padded = np.concatenate([self.start(1)[0], ids])
        return self.model.next(sliding_window_view(padded, self.width)[: len(ids)], len(ids))

    def start(self, rows: int) -> Ids:
        """Return the states (rows, width) before the first word; a state is the last symbols, <s> before them."""
        return np.full((rows, self.width), self.vocab.size)

    def follow(self, state: Ids, word: Ids) -> tuple[Floats, Ids]:
        """Return log p(word | state), (R,), and the states (R, width) after the words (R,)."""
        scores, _ = self.model.predict(word[:, None], state)
        return scores[:, 0], np.concatenate([state[:, 1:], word[:, None]], axis=1)

    def most_probable(self, longest: int, beam: int) -> list[str]:
        """Return the most probable sequence without `<unk>` that a beam search finds, of at most `longest` words.

        Scores only fall as a sequence grows, so the search ends when no open sequence can become the best.
        """
        best, found = -np.inf, np.empty(0, np.int64)
        scores, prefixes, state = np.zeros(1), np.empty((1, 0), np.int64), self.start(1)
        for _ in range(longest + 1):
            said = scores[:, None] + np.log(self.model.next(state, len(state)))
            ended = int(said[:, self.eos].argmax())
            if said[ended, self.eos] > best:
                best, found = float(said[ended, self.eos]), prefixes[ended]
            said[:, [self.eos, self.unk]] = -np.inf
            kept = np.argsort(-said, axis=None, kind="stable")[:beam]
            kept = kept[said.ravel()[kept] > best]
            if not len(kept):
                break
            rows, words = np.divmod(kept, said.shape[1])
            scores, prefixes = said.ravel()[kept], np.concatenate([prefixes[rows], words[:, None]], axis=1)
            state = np.concatenate([state[rows, 1:], words[:, None]], axis=1)
        return self.vocab.decode(found)

    def arrays(self) -> Arrays | None:
        return nested({"model": self.model.arrays(), "vocab": {"symbols": packed(self.vocab.symbols)}})

    def restore(self, arrays: Arrays) -> None:
        self.model.restore(within(arrays, "model"))
        self._of(Vocab(unpacked(within(arrays, "vocab")["symbols"])))

    def _of(self, vocab: Vocab) -> None:
        self.vocab, self.eos, self.unk = vocab, vocab.index[EOS], vocab.index[UNK]
