"""How text is compared: folded to plain capitals, tolerant of misread letters."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

_SIGNS = str.maketrans(
    {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"), "\u2044": "/",
     "\u2215": "/", "\u2018": "'", "\u201b": "'"}
)  # fmt: skip
"""Signs that are read for those of a keyboard: dashes of all lengths for a hyphen."""
_SPECIAL = str.maketrans(
    {"ß": "SS", "Æ": "AE", "æ": "AE", "Ø": "O", "ø": "O", "Đ": "D", "đ": "D",
     "Ł": "L", "ł": "L", "Œ": "OE", "œ": "OE", "Þ": "TH", "þ": "TH", "\u0131": "I",
     "\u00b5": "u", "\u03bc": "u"}
)  # fmt: skip
# Glyphs that OCR takes for one another, each group under one representative.
_SKELETON = str.maketrans("OQDILJZSGB|!$", "0001112568115")
_TO_DIGIT = str.maketrans("OoQDIlLi|!ZzSsGbBgq", "0000111111225568899")
_TO_LETTER = str.maketrans("015286|!$", "OISZBGIIS")
_MARKS = "".join(
    chr(code) for code in range(0x300, 0xFE30) if unicodedata.category(chr(code))[0] == "M"
)
"""Accents and vowel signs that stand behind their letter; they part no word."""
_TOKEN = re.compile(rf"[^\W_](?:[^\W_]|['\u2019](?=[^\W\d_])|[{_MARKS}])*|[%°]")
_SYMBOLS = str.maketrans("\u222a\u2229\u2282\u2208\u25cb\u25ef\u2227\u2228", "UNCEOOAV")
"""Symbols that letters are read as. Left as they are they would part a word, and single
letters are clinical."""
LONG_ENOUGH = 4
"""Letters of a word from which it says something."""
MOST_INITIALS = 3
"""Letters that somebody's initials may have."""
_BESIDE_LETTERS = frozenset(_MARKS + "'\u2019")


def fold(text: str) -> str:
    """Capitals without accents, other characters kept: ``Müller`` → ``MULLER``."""
    if text.isascii():
        return text.upper()
    plain = unicodedata.normalize("NFKD", text.translate(_SYMBOLS).translate(_SPECIAL))
    folded = "".join(each for each in plain if not unicodedata.combining(each)).upper()
    return folded.translate(_SIGNS)


def letters(text: str) -> str:
    """Folded, letters and digits only."""
    return "".join(each for each in fold(text) if each.isalnum())


def skeleton(text: str) -> str:
    """Folded letters and digits with look-alikes made one: ``O0QD`` are all ``0``."""
    return letters(text).translate(_SKELETON)


def as_digits(text: str) -> str:
    """The text as a number would be meant: ``2O12`` → ``2012``."""
    return text.translate(_TO_DIGIT)


def as_letters(text: str) -> str:
    """The text as a word would be meant: ``P0RTABLE`` → ``PORTABLE``."""
    return fold(text).translate(_TO_LETTER)


def patterns(*each: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of folded text; the case of what was not folded does not matter."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in each)


def distance(one: str, other: str, most: int) -> int:
    """Edits between two strings (Damerau-Levenshtein); ``most + 1`` if beyond."""
    return int(DamerauLevenshtein.distance(one, other, score_cutoff=most))


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line: letters, digits or a unit sign, with its place in the text.

    ``start`` and ``end`` are half-open character indices. ``before`` is what stands
    between this token and the previous one, without spaces.
    """

    text: str
    start: int
    end: int
    before: str = ""

    @property
    def folded(self) -> str:
        """See :func:`fold`."""
        return fold(self.text)

    @property
    def is_number(self) -> bool:
        """Digits only, none of them raised or circled."""
        return self.text.isdecimal()

    @property
    def is_word(self) -> bool:
        """Letters only."""
        return all(each.isalpha() or each in _BESIDE_LETTERS for each in self.text)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a line from left to right."""
    end = 0
    text = text.translate(_SYMBOLS)
    for match in _TOKEN.finditer(text):
        before = text[end : match.start()].strip()
        yield Token(match.group(), match.start(), match.end(), before)
        end = match.end()
