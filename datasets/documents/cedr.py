"""CEDR: Russian sentences of blogs, microblogs and news, by emotion and as plain text (Sboev, Naumov & Rybka 2021)."""

import csv
import io
import re
from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.documents.base import CUT, DocumentDataset, DocumentParts, Notes
from seqbench.datasets.documents.collection import Rows
from seqbench.datasets.splits import assign
from seqbench.datasets.text.base import Parts, TextDataset
from seqbench.tasks.language.data import Convention

EMOTIONS = ("joy", "sadness", "surprise", "fear", "anger")


class Cedr(download.Downloaded, DocumentDataset):
    """The sentences with one emotion, 4,378 for training and 1,128 for the test; others are left out."""

    name: ClassVar[str] = "cedr-ru"

    def parts(self) -> DocumentParts:
        tables = [_table(data) for data in download.read(self.name)]
        notes: Notes = {}
        train, test = (_one_emotion(table, part, notes) for table, part in zip(tables, ("train", "test"), strict=True))
        in_train, in_test = ({text for text, _ in table} for table in tables)
        notes["shared_train_test_before_rows_were_left_out"] = len(in_train & in_test)
        return DocumentParts(train=train, test=test, notes=notes)


class CedrText(download.Downloaded, TextDataset):
    """All sentences, of any emotion, as text for language modelling; words that occur once are `<unk>`.

    Russian words have many forms, most of them rare, so this text is useful for models that use spellings.
    """

    name: ClassVar[str] = "cedr-ru"
    usual_min_count: ClassVar[int] = 2

    punctuation: Literal["joined", "apart"] = Field(
        "apart", description=TextDataset.model_fields["punctuation"].description
    )
    convention: Convention = Field("sentence", description=TextDataset.model_fields["convention"].description)

    def parts(self) -> Parts:
        train, test = ([" ".join(text.split()) for text, _ in _table(data)] for data in download.read(self.name))
        later = set(test)
        kept = [text for text in dict.fromkeys(train) if text not in later]
        part = assign(kept, [""] * len(kept), [1 - CUT, CUT])
        return Parts(
            train="".join(f"{text}\n" for text, valid in zip(kept, part, strict=True) if not valid),
            valid="".join(f"{text}\n" for text, valid in zip(kept, part, strict=True) if valid),
            test="".join(f"{text}\n" for text in test),
            notes={"repeated_or_tested_dropped_train": len(train) - len(kept)},
        )


def _table(data: bytes) -> list[tuple[str, list[str]]]:
    """Return text and emotions of each row; the file writes emotions as `[]`, `[0]` or `[1 2]`."""
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return [(row["text"], re.findall(r"\d", row["labels"])) for row in rows]


def _one_emotion(table: list[tuple[str, list[str]]], part: str, notes: Notes) -> Rows:
    notes[f"without_label_left_out_{part}"] = sum(not emotions for _, emotions in table)
    notes[f"several_labels_left_out_{part}"] = sum(len(emotions) > 1 for _, emotions in table)
    single = [(text, EMOTIONS[int(emotions[0])]) for text, emotions in table if len(emotions) == 1]
    return Rows([text for text, _ in single], [label for _, label in single])
