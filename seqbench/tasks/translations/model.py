"""The interface of a translator, which predicts a whole sequence of words from a source."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Floats, Ids, SequenceModel
from seqbench.tasks.language.vocab import Vocab

Words = Sequence[str]
Source = Words | Floats
"""The words of a sentence, at least one; or a vector (D,), such as a picture's."""


@dataclass(frozen=True)
class Pairs:
    sources: Sequence[Source]
    """N sources, all of the same type."""
    targets: Sequence[Words]
    """N sequences of words; a sequence may be empty."""
    written: Sequence[str] | None = None
    """The targets as they were written, with which BLEU and chrF compare; None: their words, joined by spaces."""

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Ids) -> "Pairs":
        """Return the pairs of these rows, in this order."""
        written = None if self.written is None else [self.written[i] for i in rows]
        return Pairs([self.sources[i] for i in rows], [self.targets[i] for i in rows], written)


@dataclass(frozen=True, kw_only=True)
class TranslationContext(Context[Pairs]):
    source_vocab: Vocab | None
    """The words of the sources, with `<unk>`; None: sources are vectors."""
    target_vocab: Vocab
    """The words of the targets, with `<unk>` and `<eos>`. Probabilities are of these; a translation may hold others."""


class Translator(SequenceModel[Pairs, TranslationContext]):
    """Predicts the target of a source."""

    task: ClassVar[str] = "translate"

    @abstractmethod
    def predict(self, sources: Sequence[Source]) -> Sequence[Words]:
        """Return a list with the words of each source's translation, without `<eos>`.

        The prediction for a source must not depend on other sources. Sources may be longer than those of `fit`.
        """

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> Sequence[Floats] | None:
        """Return the natural log-probabilities (T_i + 1,) of the words of each target and of `<eos>` after them.

        Each is given the source and the earlier words of the target (teacher forcing); a word that is not in the
        vocabulary counts as `<unk>`. None: the model has no probabilities.
        """
        return None
