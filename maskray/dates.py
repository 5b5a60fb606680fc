"""Dates that their form alone does not give away.

The forms of whole dates are in ``date_forms``. Here are the parts that those leave: a
weekday, a year or a half of the day that was misread, a month in a language that no list
holds.
"""

import re
from collections.abc import Sequence

from maskray.date_forms import names_a_month
from maskray.records import Category
from maskray.text import Token, distance

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

DATES = frozenset({Category.DATE, Category.BIRTH_DATE})
"""The categories of dates and times."""


def by_foreign_month(line: Sequence[Token], found: list[Category | None]) -> None:
    """A word that nobody knows, between a day and a year, is a month's.

    ``12 Meitheamh 1958``.
    """
    for index in range(len(line) - 2):
        day, month, year = line[index : index + 3]
        unknown = month.is_word and found[index + 1] in (_UNKNOWN, Category.NAME)
        gaps = (month.before + year.before).strip(" .-/")
        dated = day.is_number and 1 <= int(day.text) <= _LAST_DAY
        if unknown and dated and not gaps and _YEAR.fullmatch(year.text):
            found[index : index + 3] = [Category.DATE] * 3


_LAST_DAY = 31


def by_date(line: Sequence[Token], found: list[Category | None]) -> None:
    """What else is a date that was misread: ``rue`` 02 Jan 2024, 26 Jan ``193``.

    And ``17/11./2015``, and ``12:30[04``, and the year of a date whose day was not read.
    """
    for index, category in enumerate(found):
        if category not in DATES:
            continue
        before = line[index - 1] if index > 0 else None
        if before is not None and found[index - 1] in (_CLINICAL, _UNKNOWN):
            is_time = [each.before for each in line[index + 1 : index + 2]] == [":"]
            short = before.folded in _SHORT_WEEKDAYS and not is_time
            alone = is_time and _is_year_alone(line, found, index - 1)
            if _is_weekday(before) or short or alone:
                found[index - 1] = category
        half = index + 1 < len(line) and _is_half_of_day(line, index + 1)
        if half and found[index + 1] in (_CLINICAL, _UNKNOWN):
            found[index + 1] = category
        if index + 1 == len(line) or not line[index + 1].is_number:
            continue
        year = line[index + 1]
        apart = not year.before.strip(" .,")
        ends = index + 2 == len(line) or not line[index + 2].before
        by_name = apart and ends and names_a_month(line[index].folded)
        joined = not apart and _DATE_SIGNS.fullmatch(year.before) is not None
        # 12:30[04, its colon misread
        tight = len(year.text) == 2 and year.start == line[index].end + 1
        joined = joined or (tight and not year.before.isspace())
        if len(year.text) > 1 and found[index + 1] is _CLINICAL and (by_name or joined):
            found[index + 1] = category


def _is_half_of_day(line: Sequence[Token], index: int) -> bool:
    """Whether a word behind a time is its AM or PM, misread: ``01:16 2M``."""
    behind = line[index - 1].before == ":" and not line[index].before
    return behind and _HALF_DAY.fullmatch(line[index].folded) is not None


_HALF_DAY = re.compile(r"[2RF]M")


def _is_year_alone(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a number is a year of whose date the rest was not read: ``ay 2013 19:17``.

    Behind a clinical word it is a setting: ``TR 2000``.
    """
    begins = index == 0 or found[index - 1] is not _CLINICAL or line[index - 1].is_number
    signs = line[index].before or line[index + 1].before
    return begins and not signs and _YEAR.fullmatch(line[index].text) is not None


_DATE_SIGNS = re.compile(r"[./-]{1,2}")


def _is_weekday(token: Token) -> bool:
    """Whether a word is a weekday's short name, or was but for a letter."""
    word = token.folded
    return len(word) == 3 and any(distance(word, each, 1) <= 1 for each in _WEEKDAYS)


_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_SHORT_WEEKDAYS = frozenset(each[:2] for each in _WEEKDAYS)
_YEAR = re.compile(r"(?:19|20)\d\d")
