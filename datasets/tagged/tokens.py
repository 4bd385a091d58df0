"""The tokens of Python source and their roles, as its own tokeniser and parser tell them."""

import ast
import io
import re
import token
import tokenize
from collections.abc import Iterator
from keyword import iskeyword, softkwlist
from typing import NamedTuple

from seqbench.data import DataError
from seqbench.datasets.tagged.lines import Parsed

LAYOUT = {token.COMMENT, token.NL, token.INDENT, token.DEDENT, token.ENCODING, token.ENDMARKER}
"""Types of tokens that are left out."""
QUOTED = re.compile(r"(\w*)('''|\"\"\"|'|\")")
Place = tuple[int, int]
"""Line, from 1, and column in bytes of UTF-8, from 0, as the syntax tree counts."""


class Roles(NamedTuple):
    at: dict[Place, str]
    """The role of each name whose place the tree tells."""
    imports: list[tuple[Place, Place]]
    """Where import statements begin and end."""


class Token(NamedTuple):
    kind: str
    """Its type by `token.tok_name`."""
    text: str
    place: Place


def roles(source: str, content: bytes) -> Parsed:
    """Return the logical lines of Python source as sentences of tokens, tagged with their roles.

    The tags are KEYWORD, NUMBER, OP, STRING, and for names by their role: NAME-argument (by keyword), NAME-attribute,
    NAME-call, NAME-definition, NAME-import, NAME-method (an attribute that is called), NAME-parameter, NAME-target
    (of an assignment), NAME-value.

    Args:
        source: the name of the file, for messages.

    Raises:
        DataError: the source cannot be parsed by this Python.
    """
    try:
        found = _roles(ast.parse(content))
        tokens = list(_tokens(content))
    except (SyntaxError, tokenize.TokenError) as error:
        raise DataError(f"{source} cannot be parsed by this Python: {error}") from None
    sentences: list[list[str]] = [[]]
    tags: list[list[str]] = [[]]
    before = ""
    for one in tokens:
        if one.kind == "NEWLINE":
            sentences.append([])
            tags.append([])
        else:
            sentences[-1].append(one.text)
            tags[-1].append(_tag(one, before, found))
        before = one.text
    alone = [own == ["STRING"] for own in tags]
    kept = [i for i, own in enumerate(tags) if own and not alone[i]]
    return Parsed([sentences[i] for i in kept], [tags[i] for i in kept], {"lines_of_a_string": sum(alone)})


def _tag(one: Token, before: str, found: Roles) -> str:
    """Return the tag of a token; before: the text of the token before it."""
    if one.kind != "NAME":
        return one.kind
    if iskeyword(one.text):
        return "KEYWORD"
    if any(start <= one.place < end for start, end in found.imports):
        return "NAME-import"
    if before in ("def", "class"):
        return "NAME-definition"
    if one.place in found.at:
        return f"NAME-{found.at[one.place]}"
    return "KEYWORD" if one.text in softkwlist else "NAME-target"  # such as in `except … as`, `global`


def _roles(tree: ast.AST) -> Roles:
    at: dict[Place, str] = {}
    imports = []
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Load()):
                at[node.lineno, node.col_offset] = "call" if id(node) in called else "value"
            case ast.Name():
                at[node.lineno, node.col_offset] = "target"
            case ast.Attribute(end_lineno=int(line), end_col_offset=int(end)):
                at[line, end - len(node.attr.encode())] = "method" if id(node) in called else "attribute"
            case ast.arg():
                at[node.lineno, node.col_offset] = "parameter"
            case ast.keyword(arg=str()):
                at[node.lineno, node.col_offset] = "argument"
            case ast.Import(end_lineno=int(line), end_col_offset=int(end)):
                imports.append(((node.lineno, node.col_offset), (line, end)))
            case ast.ImportFrom(end_lineno=int(line), end_col_offset=int(end)):
                imports.append(((node.lineno, node.col_offset), (line, end)))
    return Roles(at, imports)


def _tokens(content: bytes) -> Iterator[Token]:
    """Yield all tokens but those of layout; an f-string is one token, as it was before Python 3.12."""
    depth = 0
    for one in tokenize.tokenize(io.BytesIO(content).readline):
        kind = token.tok_name[one.type]
        begins, ends = kind.endswith("STRING_START"), kind.endswith("STRING_END")
        depth += begins - ends
        if one.type in LAYOUT or ends or depth > begins:
            continue
        place = one.start[0], len(one.line[: one.start[1]].encode())
        if begins or kind == "STRING":
            yield Token("STRING", _emptied(one.string), place)
        else:
            yield Token(kind, one.string, place)


def _emptied(text: str) -> str:
    """Return a string literal, or its beginning, with `…` instead of what stands between its quotes."""
    found = QUOTED.match(text)
    assert found is not None
    prefix, quotes = found.groups()
    return f"{prefix}{quotes}…{quotes}"
