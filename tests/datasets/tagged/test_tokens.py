"""The roles of tokens, by hand and against Python's own parser."""

import ast
import sys
import sysconfig
from pathlib import Path

import pytest

from seqbench.data import DataError
from seqbench.datasets.tagged import source_code
from seqbench.datasets.tagged.source_code import MODULES, PythonTokens
from seqbench.datasets.tagged.tokens import roles


def tagged(source: str) -> list[list[str]]:
    """Each logical line as `token/TAG`, with the tags of names without their NAME-."""
    found = roles("f.py", source.encode())
    return [
        [f"{word}/{tag.removeprefix('NAME-')}" for word, tag in zip(words, tags, strict=True)]
        for words, tags in zip(found.sentences, found.tags, strict=True)
    ]


def line(source: str) -> str:
    (only,) = tagged(source)
    return " ".join(only)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = y + 1", "x/target =/OP y/value +/OP 1/NUMBER"),
        ("f(g, key=h)", "f/call (/OP g/value ,/OP key/argument =/OP h/value )/OP"),
        ("a.b.c(d.e)", "a/value ./OP b/attribute ./OP c/method (/OP d/value ./OP e/attribute )/OP"),
        ("a.b = c", "a/value ./OP b/attribute =/OP c/value"),
        ("(f)(x)", "(/OP f/call )/OP (/OP x/value )/OP"),
        ("import a.b as c", "import/KEYWORD a/import ./OP b/import as/KEYWORD c/import"),
        ("from .a import (b,\n  c)", "from/KEYWORD ./OP a/import import/KEYWORD (/OP b/import ,/OP c/import )/OP"),
        ("for i in True, None: i", "for/KEYWORD i/target in/KEYWORD True/KEYWORD ,/OP None/KEYWORD :/OP i/value"),
        ("lambda x, *y: x", "lambda/KEYWORD x/parameter ,/OP */OP y/parameter :/OP x/value"),
        ("del x", "del/KEYWORD x/target"),
        ("global x", "global/KEYWORD x/target"),
        ("match = match.match(match)", "match/target =/OP match/value ./OP match/method (/OP match/value )/OP"),
        ("x = 'é', y", "x/target =/OP '…'/STRING ,/OP y/value"),
        ("é = é.é(é=é)", "é/target =/OP é/value ./OP é/method (/OP é/argument =/OP é/value )/OP"),
        ('b"abc", r\'d\', """e\nf"""', 'b"…"/STRING ,/OP r\'…\'/STRING ,/OP """…"""/STRING'),
        ("x = f'a{b!r:>{c}}' + d", "x/target =/OP f'…'/STRING +/OP d/value"),
    ],
)
def test_a_token_has_the_role_that_the_grammar_gives_it(source: str, words: str) -> None:
    assert line(source) == words


def test_definitions_their_names_parameters_and_bases() -> None:
    found = tagged("@d\nclass A(B):\n  async def f(self, x: int = y) -> z: return x")
    assert [" ".join(own) for own in found] == [
        "@/OP d/value",
        "class/KEYWORD A/definition (/OP B/value )/OP :/OP",
        "async/KEYWORD def/KEYWORD f/definition (/OP self/parameter ,/OP x/parameter :/OP int/value =/OP y/value )/OP "
        "->/OP z/value :/OP return/KEYWORD x/value",
    ]


def test_match_and_case_are_keywords_where_they_are_statements() -> None:
    found = tagged("match x:\n  case _: match\n  case y: case(y)")
    assert [own[0] for own in found] == ["match/KEYWORD", "case/KEYWORD", "case/KEYWORD"]
    assert found[1] == ["case/KEYWORD", "_/KEYWORD", ":/OP", "match/value"]
    assert found[2] == ["case/KEYWORD", "y/target", ":/OP", "case/call", "(/OP", "y/value", ")/OP"]


def test_lines_of_a_string_alone_and_comments_are_left_out() -> None:
    found = roles("f.py", b'"""About."""\n# a comment\nx = 1  # another\n\n\n"text"\n')
    assert found.sentences == [["x", "=", "1"]]
    assert found.notes == {"lines_of_a_string": 2}


def test_source_of_another_python_is_refused_with_its_name() -> None:
    with pytest.raises(DataError, match=r"old.py cannot be parsed by this Python"):
        roles("old.py", b"print 'x'\n")


def test_every_name_that_the_parser_reads_as_a_value_or_a_call_is_tagged_so_in_the_whole_corpus() -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    for module in ("textwrap", "shlex", "heapq"):
        content = (folder / f"{module}.py").read_bytes()
        tree = ast.parse(content)
        found = roles(module, content)
        tags = [tag for own in found.tags for tag in own]
        inside = {id(n) for f in ast.walk(tree) if isinstance(f, ast.JoinedStr) for n in ast.walk(f)}
        nodes = [node for node in ast.walk(tree) if id(node) not in inside]
        calls = sum(isinstance(node, ast.Call) and isinstance(node.func, ast.Name) for node in nodes)
        loads = sum(isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) for node in nodes)
        attributes = sum(isinstance(node, ast.Attribute) for node in nodes)
        assert tags.count("NAME-call") == calls
        assert tags.count("NAME-value") == loads - calls
        assert tags.count("NAME-attribute") + tags.count("NAME-method") == attributes
        assert tags.count("NAME-parameter") == sum(isinstance(node, ast.arg) for node in nodes)
        assert tags.count("NAME-definition") == sum(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in nodes)


def test_the_corpus_is_of_a_size_for_quick_runs_and_its_tags_are_not_told_by_the_spelling() -> None:
    data = PythonTokens().load()
    assert 40_000 < data.notes["words_train"] < 70_000
    assert 3_000 < data.notes["words_valid"] < 8_000
    assert 10_000 < data.notes["words_test"] < 20_000
    assert len(data.tags) == 13
    assert all({int(tag) for own in part.tags for tag in own} == set(range(13)) for part in (data.train, data.test))
    assert 0.1 < data.notes["unknown_words_test"] / data.notes["words_test"] < 0.25
    assert data.notes["python"].startswith(".".join(map(str, sys.version_info[:3])))
    of_word: dict[str, set[int]] = {}
    for words, tags in zip(data.test.sentences, data.test.tags, strict=True):
        for word, tag in zip(words, tags, strict=True):
            of_word.setdefault(word, set()).add(int(tag))
    ambiguous = sum(len(of_word[word]) > 1 for words in data.test.sentences for word in words)
    assert ambiguous > 0.25 * data.notes["words_test"]


def test_no_module_is_in_two_parts() -> None:
    every = [module for part in MODULES.values() for module in part]
    assert len(set(every)) == len(every)


def test_a_python_without_its_source_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(source_code.sysconfig, "get_path", lambda name: str(tmp_path))
    for ask in (PythonTokens().load, PythonTokens().fingerprint):
        with pytest.raises(DataError, match=r"comes without the source of its standard library"):
            ask()


def test_a_file_of_python_is_read_for_prediction(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\nif x: pass\n")
    assert PythonTokens().read(tmp_path / "mine.py", {}).sentences == [["x", "=", "1"], ["if", "x", ":", "pass"]]
