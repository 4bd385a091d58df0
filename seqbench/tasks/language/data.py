"""Text and its split, for language modelling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from seqbench.interface import Documents, Ids
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.vocab import Vocab

Convention = Literal["sentence", "stream"]
Unit = Literal["word", "character", "symbol"]


@dataclass(frozen=True)
class TextSplit:
    documents: Documents
    """Ids, each (T_i,)."""
    characters: Sequence[Ids]
    """Number of characters that each id stands for, including the separator, each (T_i,); for bits per character."""

    @property
    def tokens(self) -> int:
        return sum(len(d) for d in self.documents)


@dataclass(frozen=True)
class TextData:
    """Text for language modelling.

    In the `sentence` convention each line is a document and is scored without a state from earlier lines; blank lines
    are dropped. In the `stream` convention a split is one document, and every line end is kept. In both conventions, if
    the text has lines, `<eos>` ends each line and is scored.
    """

    name: str
    vocab: Vocab
    train: TextSplit
    valid: TextSplit
    test: TextSplit
    convention: Convention
    unit: Unit
    truth: LanguageModel[object] | None = None
    """The true model of a synthetic source, ready to predict."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""

    @property
    def ends(self) -> int | None:
        """The symbol that ends a document, after which nothing before it is known; None: documents have no end."""
        return self.vocab.eos if self.convention == "sentence" else None
