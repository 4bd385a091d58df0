"""How an error is told: in one line for the table, and as a traceback for the record."""

import sys
import traceback
from pathlib import Path
from types import TracebackType

LIBRARIES = ("site-packages", "dist-packages")
LINE, TRACE = 2_000, 20_000
"""Characters of a message, and of a traceback, that a record keeps: an error may quote any amount of data."""


def one_line(error: BaseException, text: bool = True) -> str:
    """Return an error in one line; of an error in code that is not seqbench's own, its type and place as well.

    Args:
        text: whether the line may hold the error's message, which may quote the data.
    """
    message = (_message(error) or "no message") if text else "its message may quote the data (--no-text)"
    place = _foreign(error.__traceback__)
    return f"{type(error).__name__}: {message} ({place})" if place or not text else message


def full_trace(error: BaseException) -> str:
    """Return the traceback as Python prints it; of a very long one its beginning and end."""
    try:
        whole = "".join(traceback.format_exception(error))
    except Exception:  # of an error that cannot be written
        return places(error)
    return whole if len(whole) <= TRACE else f"{whole[: TRACE // 2]}\n…\n{whole[-TRACE // 2 :]}"


def shortened(value: object) -> str:
    """Return how a value of a model is written in a line."""
    try:
        text = repr(value)
    except Exception:
        return f"an object of {type(value).__name__}"
    return text if len(text) <= LINE else f"{text[:LINE]}…"


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        return "its message cannot be written"
    return " ".join(text.split()) if len(text) <= LINE else f"{' '.join(text[:LINE].split())}…"


def places(error: BaseException) -> str:
    """Return the traceback as files, lines and the type of the error, without words of the data."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    return "\n".join([*lines, type(error).__name__, ""])


def _foreign(trace: TracebackType | None) -> str:
    """Return `file.py:12`, the last line of an author's own code; if there is none, of a library; else empty."""
    found = ""
    for frame, line in traceback.walk_tb(trace):
        name, file = frame.f_globals.get("__name__", ""), Path(frame.f_code.co_filename)
        if name.partition(".")[0] == "seqbench":
            continue
        library = any(folder in file.parts for folder in LIBRARIES) or file.is_relative_to(sys.base_prefix)
        if not library or not found:
            found = f"{file.name}:{line}"
    return found
