"""English number words."""

ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
"""Names of the powers of 1,000; numbers have at most 18 digits."""


def number_words(number: int) -> list[str]:
    """Return the words of a number from 0 to 10¹⁸ − 1, without `and` and without hyphens.

    Raises:
        ValueError: the number is out of this range.
    """
    if not 0 <= number < 1000 ** len(SCALES):
        raise ValueError(f"a number must lie between 0 and 10**18 - 1, not {number}")
    if number == 0:
        return [ONES[0]]
    words: list[str] = []
    for power in reversed(range(len(SCALES))):
        if group := number // 1000**power % 1000:
            words += [*_below_thousand(group), *([SCALES[power]] if power else [])]
    return words


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(TENS[rest // 10 - 2])
        rest %= 10
    return [*words, ONES[rest]] if rest else words
