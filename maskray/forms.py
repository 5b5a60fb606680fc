"""Text that gives itself away by its form: dates, times, numbers to call, addresses."""

import re
from collections.abc import Iterator

from maskray.records import Category

_MONTHS = (
    "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC JANUARY FEBRUARY MARCH APRIL JUNE "
    "JULY AUGUST SEPT SEPTEMBER OCTOBER NOVEMBER DECEMBER MAI OKT DEZ MRZ JUIN JUIL AOU "
    "AOUT FEV AVR ENE ABR AGO DIC GIU LUG OTT"
).split()
# Without GEN, MAG, SET, MEI: consoles print them for other things.
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?:ST|ND|RD|TH)?"
_LONG_YEAR = r"(?:18|19|20)\d\d"
_YEAR = rf"(?:{_LONG_YEAR}|'?\d\d)"
_GAP = r"(?:\s*[-./,'\s]\s*)"


_WEEKDAY = r"(?:(?:MON|TUES?|WED(?:NES)?|THU(?:RS)?|FRI|SAT(?:UR)?|SUN)(?:DAY)?\.?,?\s+)?"


def _patterns(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_DATES = _patterns(
    # 06.16.1976, 3/9/12, 03-09-2012
    rf"{_WEEKDAY}(?<![\d.]){_DAY}\s?([-./])\s?{_DAY}\s?\1\s?{_YEAR}(?!\d|\.\d)",
    # 2012-03-09, 2012 03 09
    rf"(?<!\d){_LONG_YEAR}\s?([-./ ])\s?{_DAY}\s?\1\s?{_DAY}(?!\d)",
    # 20120309, 03092012
    rf"(?<!\d){_LONG_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)",
    rf"(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|[12]\d|3[01]){_LONG_YEAR}(?!\d)",
    # 24-MAY-02, 7 Oct 2016, 23OCT
    rf"{_WEEKDAY}(?<![A-Z0-9]){_DAY}{_ORDINAL}{_GAP}?{_MONTH}\.?(?:{_GAP}?{_YEAR})?(?![A-Z0-9])",
    # Oct 23, 2018
    rf"{_WEEKDAY}(?<![A-Z]){_MONTH}\.?{_GAP}?{_DAY}{_ORDINAL}(?:{_GAP}{_YEAR})?(?![A-Z0-9])",
    # 2018 Oct 23, OCT 2018
    rf"(?<![A-Z0-9]){_LONG_YEAR}{_GAP}?{_MONTH}(?:{_GAP}?{_DAY})?(?![A-Z0-9])",
    rf"(?<![A-Z]){_MONTH}\.?{_GAP}?{_LONG_YEAR}(?![A-Z0-9])",
)
_HALF_DAY = r"(?:\s?[AP]\.?M\b\.?)"
_TIMES = _patterns(
    rf"(?<![\d:.])(?:[01]?\d|2[0-3])\s?[:.]\s?[0-5]\d\s?[:.]\s?[0-5]\d(?:[.,]\d+)?"
    rf"{_HALF_DAY}?(?![\d:])",
    rf"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d{_HALF_DAY}?(?![\d:])",
    rf"(?<![\d:.])(?:0?\d|1[0-2]){_HALF_DAY}",
    r"(?<![\d:.])(?:[01]?\d|2[0-3])\s?H\s?[0-5]\d(?!\d)",
    # A colon that was not read: 0607:31, 06:0731
    rf"(?<![\d:.])(?:[01]\d|2[0-3])[0-5]\d[:.][0-5]\d{_HALF_DAY}?(?![\d:])",
    rf"(?<![\d:.])(?:[01]\d|2[0-3])[:.][0-5]\d[0-5]\d{_HALF_DAY}?(?![\d:])",
    rf"(?<![\d:.])\d{{4,6}}{_HALF_DAY}",
)
_PHONES = _patterns(
    r"(?<![\w.])\+\d{1,3}[\s().-]*(?:\d[\s().-]{0,2}){6,12}\d",
    r"(?<![\w.])\(?\d{3}\)?[\s./-]{1,2}\d{3}[\s.-]\d{4}(?!\d)",
    r"(?<![\w.])0\d{1,4}[\s/-]\d{3,4}[\s-]?\d{2,5}(?!\d)",
    r"(?<!\w)[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+",
    r"(?<!\w)(?:https?:\s?//|www\.)\S+",
    r"(?<!\w)[\w-]{2,}\.(?:com|org|net|edu|gov)\b\S*",
)
_ADDRESSES = _patterns(
    r"(?<!\w)\d{1,5}\s+(?:[A-Z]+\.?\s+){1,4}(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD"
    r"|BLVD|LANE|LN|DRIVE|COURT|CT|PLACE|PL|SQUARE|HIGHWAY|HWY|PARKWAY|PKWY|TERRACE)\b",
    r"(?<!\w)[A-Z]+(?:STRASSE|STR\.|WEG|GASSE|ALLEE|PLATZ)\s*\d{1,4}\b",
    r"(?<!\w)(?:[A-Z]+,?\s+){1,3}(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA"
    r"|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),?\s+\d{5}\b",
)
_AGES = _patterns(
    r"(?<![\w.])(\d{1,3})\s?(?:Y|YR|YRS|YO|Y/O|YEARS?)(?:\s?OLD)?(?![A-Z0-9])",
    r"(?<!\w)AGE\s*[:=]?\s*(\d{1,3})(?!\d)",
    r"(?<![\w.])[MF]\s?/\s?(\d{1,3})(?!\d)",
    r"(?<![\w.])(\d{2,3})\s?/\s?[MF](?![A-Z])",
)
_LASTS = re.compile(r"(?<![A-Z])(?:TA|DUR(?:ATION)?|TIMER|SCAN TIME)\s*[:=]?\s*$", re.I)
"""What stands before a time that is a duration."""
_BIRTH = re.compile(r"(?<![A-Z])(?:DOB|D\.O\.B|BIRTH|BORN|GEB|NACIM|NAISS)", re.I)

Form = tuple[int, int, Category]
"""Half-open character indices, and what stands there."""


def find_forms(text: str, digits: str, births: frozenset[str]) -> Iterator[Form]:
    """Dates and times, telephone numbers, mail and web addresses, street addresses.

    Surer forms come first: whoever marks text keeps the first mark.

    Args:
        text: A folded line.
        digits: The same line, of the same length, with misread digits mended.
        births: Known birth dates as ``YYYYMMDD``; any date after a birth label is one.
    """
    labelled = _BIRTH.search(text) is not None
    for pattern in _DATES:
        for match in pattern.finditer(digits):
            birth = labelled or _is_one_of(match.group(), births)
            yield _form(match, Category.BIRTH_DATE if birth else Category.DATE)
    for pattern in _TIMES:
        for match in pattern.finditer(digits):
            if not _LASTS.search(text[: match.start()]):
                yield _form(match, Category.DATE)
    for pattern in _PHONES:
        yield from (_form(match, Category.PHONE) for match in pattern.finditer(digits))
    for pattern in _ADDRESSES:
        yield from (_form(match, Category.ADDRESS) for match in pattern.finditer(text))


def find_ages(text: str) -> Iterator[tuple[int, int, int]]:
    """Ages in a folded line: half-open character indices and the years."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            yield match.start(1), match.end(1), int(match.group(1))


def names_a_month(text: str) -> bool:
    """Whether a folded token ends or begins with the name of a month."""
    return re.match(_MONTH, text) is not None or re.search(_MONTH + "$", text) is not None


def _form(match: re.Match[str], category: Category) -> Form:
    return match.start(), match.end(), category


def _is_one_of(date: str, known: frozenset[str]) -> bool:
    """Whether the digits of a date are those of a known one, in any order."""
    shown = sorted(part.lstrip("0") for part in re.findall(r"\d+", date))
    for each in known:
        year, month, day = each[:4], each[4:6], each[6:8]
        for short in (year, year[2:]):
            if shown == sorted(part.lstrip("0") for part in (short, month, day)):
                return True
        if "".join(re.findall(r"\d+", date)) in (each, month + day + year):
            return True
    return False
