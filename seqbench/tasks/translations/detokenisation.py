"""The text of words and marks, as people write it."""

from collections.abc import Sequence

BEFORE = frozenset(".,;:!?)]}%…”'")
"""Marks, or the first of a run of marks, with no space before them."""
AFTER = frozenset("([{„$€£#")
"""Marks with no space after them."""
WITHIN = frozenset("-/")
"""Marks with no space on either side."""
STRAIGHT, CURLY, LOW = '"', "“", "„"


def detokenised(words: Sequence[str]) -> str:
    """Join words to a text, with the usual spaces around punctuation marks.

    The space around a mark is not known from the words alone. A hyphen is taken to stand within a word, an apostrophe
    to follow one, and every second straight quotation mark to close. The mark “ closes what „ has opened, as in German,
    and otherwise opens.
    """
    text, tight, opened = "", True, ""
    for word in words:
        closes = (word == STRAIGHT and opened == STRAIGHT) or (word == CURLY and opened == LOW)
        opens = word in (STRAIGHT, CURLY, LOW) and not closes
        if not (tight or closes or word[:1] in BEFORE or word in WITHIN):
            text += " "
        text += word
        tight = opens or word in AFTER or word in WITHIN
        opened = word if opens else "" if closes else opened
    return text
