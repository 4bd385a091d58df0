"""Docstrings of an installed library: what is a document, what is its class, and what must not give it away."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from seqbench.data import DataError
from seqbench.datasets.documents.library_docstrings import MASK, LibraryDocstrings

WORDS = " ".join(f"word{i}" for i in range(20))


def module(*docstrings: str) -> str:
    return "".join(f'def f{i}():\n    """{text}"""\n\n\n' for i, text in enumerate(docstrings))


@pytest.fixture
def toylib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with the subpackages `Anna` and `bert`, whose import would fail."""
    root = tmp_path / "toylib"
    for subpackage in ("Anna", "bert"):
        (root / subpackage / "tests").mkdir(parents=True)
        texts = [f"{subpackage[0]} text {i} {WORDS}" for i in range(40)]
        (root / subpackage / "_core_py.py").write_text(module(*texts))
    (root / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    return root


def texts(toylib: Path) -> dict[str, str]:
    train = LibraryDocstrings(library="toylib").parts().train
    return dict(zip(train.texts, train.labels, strict=True))


def test_documents_are_docstrings_and_classes_the_subpackages_of_code_that_is_never_imported(toylib: Path) -> None:
    found = texts(toylib)
    assert len(found) == 80
    assert found[f"A text 7 {WORDS}"] == "Anna"
    assert found[f"b text 7 {WORDS}"] == "bert"
    assert "toylib" not in sys.modules


def test_functions_classes_and_methods_count_if_they_are_public_at_any_depth(toylib: Path) -> None:
    public = ["outer", "method", "conditional", "nested"]
    code = "\n".join(
        [
            f'class A:\n    """outer {WORDS}"""\n    def m(self):\n        """method {WORDS}"""',
            f'    def _m(self):\n        """private method {WORDS}"""',
            f'class _B:\n    """private class {WORDS}"""\n    def m(self):\n        """its method {WORDS}"""',
            f'if True:\n    async def f():\n        """conditional {WORDS}"""',
            f'        def inner():\n            """inner {WORDS}"""',
        ]
    )
    (toylib / "bert/_more.py").write_text(f'"""module {WORDS}"""\n{code}\n')
    (toylib / "bert/deep").mkdir()
    (toylib / "bert/deep/x.py").write_text(module(f"nested {WORDS}", "too few words"))
    (toylib / "bert/tests/test_x.py").write_text(module(f"tested {WORDS}"))
    (toylib / "bert/template.py").write_text("def {name}(): pass")
    more = {text: label for text, label in texts(toylib).items() if " text " not in text}
    assert more == {f"{name} {WORDS}": "bert" for name in public}


def test_names_of_modules_are_masked_as_words_in_any_case_and_with_underscores(toylib: Path) -> None:
    said = "See toylib.bert._core_py, ANNA or _Bert_; core_py.f but annabel, alberta and core"
    (toylib / "Anna/_said.py").write_text(module(f"{said} {WORDS}"))
    assert f"See {MASK}.{MASK}.{MASK}, {MASK} or {MASK}; {MASK}.f but annabel, alberta and core {WORDS}" in texts(
        toylib
    )


def test_examples_and_fillers_are_no_running_text(toylib: Path) -> None:
    example = "    >>> import toylib\n    >>> for i in x:\n    ...     i\n    7\n"
    text = f"Starts.\n\n{example}\n    Goes %(on)s on {WORDS}\n    >>> 1"
    (toylib / "Anna/_example.py").write_text(module(text))
    assert f"Starts. Goes on {WORDS}" in texts(toylib)


def test_a_text_is_kept_once_and_not_at_all_if_two_subpackages_have_it(toylib: Path) -> None:
    (toylib / "Anna/_more.py").write_text(
        module(f"thrice {WORDS}", f"thrice {WORDS}", f"thrice\n{WORDS}", f"two {WORDS}")
    )
    (toylib / "bert/_more.py").write_text(module(f"two {WORDS}"))
    found = texts(toylib)
    assert found[f"thrice {WORDS}"] == "Anna"
    assert len(found) == 81
    notes = LibraryDocstrings(library="toylib").parts().notes
    assert (notes["repeated_left_out"], notes["of_several_subpackages_left_out"]) == (3, 1)


def test_a_subpackage_with_few_docstrings_is_no_class(toylib: Path) -> None:
    (toylib / "carl").mkdir()
    (toylib / "carl/core_py.py").write_text(module(*(f"{i} {WORDS}" for i in range(39))))
    assert set(texts(toylib).values()) == {"Anna", "bert"}
    assert LibraryDocstrings(library="toylib").parts().notes["of_small_subpackages_left_out"] == 39


def test_the_fingerprint_is_of_the_files_that_are_read(toylib: Path) -> None:
    def fingerprint() -> str:
        return LibraryDocstrings(library="toylib").fingerprint()

    before = fingerprint()
    (toylib / "Anna/tests/test_x.py").write_text("new")
    assert fingerprint() == before
    (toylib / "Anna/_core_py.py").rename(toylib / "Anna/_renamed.py")
    renamed = fingerprint()
    (toylib / "Anna/_renamed.py").write_text("new")
    assert len({before, renamed, fingerprint()}) == 3


def test_a_library_that_is_not_there_or_too_small_is_refused(toylib: Path) -> None:
    for ask in ("load", "fingerprint"):
        with pytest.raises(DataError, match="the library no_such_library is not installed here"):
            getattr(LibraryDocstrings(library="no_such_library"), ask)()
        with pytest.raises(DataError, match=r"the library os\.path is not installed here"):
            getattr(LibraryDocstrings(library="os.path"), ask)()
        with pytest.raises(DataError, match="the library sys is no package"):
            getattr(LibraryDocstrings(library="sys"), ask)()
    (toylib / "bert/_core_py.py").unlink()
    with pytest.raises(DataError, match="the library toylib has 1 subpackages with 40 docstrings of 20 words"):
        LibraryDocstrings(library="toylib").load()


def test_scipys_docstrings_are_hundreds_in_classes_that_no_name_gives_away() -> None:
    data = LibraryDocstrings().load()
    assert {"linalg", "optimize", "signal", "sparse", "special", "stats"} <= set(data.classes)
    assert len(data.train) > 1000
    assert min(len(data.valid), len(data.test)) > 100
    assert set(data.valid.labels.tolist()) == set(data.test.labels.tolist()) == set(range(len(data.classes)))
    names = {*data.classes, "scipy", "ndimage", "odr", "distance", "hierarchy"}
    documents = [words for part in (data.train, data.valid, data.test) for words in part.texts.words]
    assert names.isdisjoint(word.strip("_") for words in documents for word in words)
    assert ">>>" not in {word for words in documents for word in words}
    assert sum(MASK in words for words in documents) > 0.5 * len(documents)
    assert data.notes["version"] == metadata.version("scipy")
