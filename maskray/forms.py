"""Text that gives itself away by its form: dates, times, numbers to call, addresses."""

import re
from collections.abc import Iterator

from maskray.date_forms import Form, find_dates, form, matches
from maskray.records import Category
from maskray.text import patterns

_PHONES = patterns(
    r"(?<![\w.])\+\d{1,3}[\s().-]*(?:\d[\s().-]{0,2}){6,12}\d",
    r"(?<![\w.])(?:\(?\d{3}\)?[\s./-]{1,2}|\(\d{3}\))\d{3}[\s.-]\d{4}(?!\d)",
    r"(?<!\w)\(0\d{1,4}\)\s?(?:\d{6,8}|\d{3,4}[\s-]?\d{3,4})(?!\d)",
    r"(?<!\w)(?<!\d\.)0\d{1,4}[\s/-]\d{3,4}[\s-]?\d{2}\s?\d{0,3}(?!\d)",
    # (11) 91234-5678, 912 34 56 78
    r"(?<!\w)\(\d{2}\)\s?\d{4,5}-\d{4}(?!\d)",
    r"^\s*(?:(?:TEL|TLF|TELEFONO|MOVIL|PHONE|PH)[.:]*\s*)?[6789]\d\d(?: \d\d){3}\s*$",
    # 01 23 45 67 89
    r"(?<!\w)(?<!\d\.)0[1-9](?![\s.]0\d[\s.]0\d[\s.]0\d)(?:[\s.]\d\d){4}(?![\d.])",
    # 00 47 22 12 34 56, 0033 1 44 55 66 77
    r"(?<!\w)(?<!\d\.)00[\s.-]?[1-9]\d{0,2}(?:[\s.-]\d{1,4}){3,6}(?![\d.])",
    # Ph 555 0142
    r"(?<!\w)PH[.:]?\s?\d{3}[\s-]\d{4}(?!\d)",
    # Its plus was not read: 49 30 5550 336
    r"(?<![\w.])\d{2,3}[\s-]\d{1,4}[\s-](?:\d{4}[\s-]\d{3}|\d{3}[\s-]\d{4}|\d{6})"
    r"(?![\d.])",
    r"(?<!\w)(?:\w+\.\w+\s)?[\w.+-]+\s?@\s?(?!\d+\.\d+\s?(?:ML|CC)\b)[\w-]+(?:\.[\w-]+)+",
    r"(?<!\w)(?:https?:\s?//|w\s?w\s?w\s?\.)\s?\S+(?:(?<=\.)\s[a-z]+)?",
    r"(?<!\w)[\w-]{2,}\.(?:com|org|net|edu|gov|(?:co|nhs|ac|org)\.uk)\b\S*",
)
_ADDRESSES = patterns(
    r"(?<!\w)\d{1,5}\s+(?:[A-Z]+\.?\s+){1,4}(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD"
    r"|BLVD|LANE|LN|DRIVE|COURT|CT|PLACE|PL|SQUARE|HIGHWAY|HWY|PARKWAY|PKWY|TERRACE|CLOSE"
    r"|CRESCENT|GROVE|GARDENS|MEWS|WAY|TRAIL)\b",
    r"(?<!\w)(?!AMPLATZ|DISTR)[A-Z]+(?:STRASS?E|STR\.?|WEG|GASSE|ALLEE|PLATZ|STRAAT|LAAN)"
    r"\s*\d{1,4}[A-Z]?\b",
    r"(?<!\w)(?:AV\.|AVDA\.?|RUA|STRADA|VIA(?!\s+(?:PICC|CENTRAL|FEM|ENDO|NASO|ORAL|IV|PO)))"
    r"\s+[A-Z]{3,}(?:\s+[A-Z]{3,})?,?\s+\d{1,4}\b(?!\.\d|\s?(?:[CM]M|FR|GA?|ML|FRENCH)\b)",
    r"^\s*(?:[A-Z]{2}\d[A-Z\d]?|[A-Z]\d[A-Z\d]) \d(?!DB|HZ|DE|ND|FR|DS)"
    r"[ABD-HJLNP-UW-Z]{2}\s*$",
    r"(?<!\w)(?:\d{1,4},?\s+)?(?:RUE|CHEMIN|QUAI|CALLE|AVENIDA|VIALE|PIAZZA)"
    r"(?:\s+(?:DE|DES|DU|DEL|DELLA|DI|DA|DO|LA|LE|LES|LOS|LAS))*\s+[A-Z]{3,}"
    r"(?:,?\s+\d{1,4})?\b",
    r"(?<!\w)P\.?\s?O\.?\s?BOX\s*\d+\b",
    r"^\s*(?:SUITE|APARTMENT)\s*#?(?:\d{3,4}[A-Z]?|\d{1,2}[A-Z])\b"
    r"|(?:(?<=,)|(?<=, ))SUITE\s*#?\d{1,4}[A-Z]?\b|(?<!\w)APT\.?\s*#?\d{1,4}[A-Z]?\b",
    r"(?<!\w)(?:[A-Z]+,?\s+){1,3}(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA"
    r"|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),?\s+\d{5}\b",
    # HERONHAM, ON 28920, HERONHAM, ON M5G 2C4
    r"(?<!\w)(?:[A-Z]+\s+){0,2}[A-Z]+,\s*[A-Z]{2},?\s+(?:\d{5}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)\b",
)
_SIZE = "(?:128|192|256|320|384|512|640|768)"
_NATIONAL = patterns(
    r"(?<![\w-])(?<!\d\.)\d{3}-\d{2}-\d{4}(?![\w-])",  # United States
    # ... and Medicare: 1EG4-TE5-MK73
    r"(?<![\w-])(?<!\d\.)[1-9][A-Z][A-Z\d]\d([- ])[A-Z][A-Z\d]\d\1[A-Z]{2}\d\d(?![\w-])",
    r"(?<![\w-])(?<!\d\.)[12] \d\d \d\d \d[\dAB] \d{3} \d{3}(?: \d\d)?(?![\w-])",  # France
    r"(?<![\w-])(?<!\d\.)(?:19|20)\d{6}-\d{4}(?![\w-])",  # Sweden
    # South America: 39.774.208, but not counts; 451.882-7, 7.451.882-X
    r"(?<![\w.,])(?:\d{1,2}\.)?\d{3}\.\d{3}-[\dX](?![\w-]|\.\d)",
    r"(?<![\w.,])\d{1,2}\.\d{3}\.\d{3}(?!\w|\.\d|\s?(?:K?CTS|COUNTS?|PIX|VOX))",
    # all that a line says, but for a label: United Kingdom, Australia, Denmark, India
    r"^\D*(?<![\w-])(?<!\d\.)[A-CEGHJ-PRSTW-Z][A-CEGHJ-NPRSTW-Z] \d\d \d\d \d\d [A-D]\s*$",
    r"^\D*(?<![\w-])(?<!\d\.)[2-6]\d{3} \d{5} \d\s*$",
    r"^(?!\D*\b(?:W[WL]|B)\b[\d ]*00\s*$)\D*(?<![\w-])(?<!\d\.)\d{3} \d{2} \d{4}\s*$",
    r"^\D*(?<![\w-])(?<!\d\.)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d \d{4}\s*$",
    r"^\D*(?<![\w-])(?<!\d\.)(?!\d{3}0 \d{3}0 \d{3}0|1024 1024)"
    r"[1-9]\d{3} \d{4} \d{4}(?: \d{4})?\s*$",
    rf"^\D*(?<![\w-])(?<!\d\.)(?!\d\d[05] \d\d[05] \d\d[05])(?!(?:{_SIZE} ){{2}}{_SIZE}\b)"
    r"\d{3} \d{3} \d{3}\s*$",
)
"""Numbers of persons or their insurance, as countries write them."""
_BED = r"(?:,?\s*(?:BED|BETT|LEITO|CAMA|LIT|ROOM|RM)[.:]?\s*\d{1,3}[A-Z]?(?![\w.]))"
_NUMBERED_THINGS = (
    "STUDY|EXAM|CASE|VISIT|ORDER|REQ|REQUEST|SYSTEM|ADMISSION|EPISODE|OPD|IPD|FILE|LAB"
    "|X-?RAY|BILL|CLAIM|HOSP|HOSPITAL|FALL|PATIENTEN|FOLDER|CHART|RECORD|INVOICE"
)
_NUMBERED = patterns(
    rf"(?<!\w)(?:{_NUMBERED_THINGS})[\s-]+(?:ID|NO|NR|NUM|NUMBER)"
    r"[\s.:=#-]{0,3}[A-Z]{0,3}\d{3,}[A-Z]?(?!\w|\.\d)",
    rf"(?<!\w)(?:A|{_NUMBERED_THINGS})\s?#\s?\d{{3,}}(?!\w|\.\d)",
    r"(?<!\w)(?:UHID|I\.D\.|STUDYID|UR\s?NO|MR\s?#)[\s.:=#-]{0,3}\d{3,}(?!\w|\.\d)",
    r"(?<!\w)(?:H\.\s?C\.|HC(?=\s?[:#]|\s\d{3,}-|\s\d+-\d{3}))"
    r"[\s:#]{0,3}\d[\d-]{2,}(?!\w|\.\d)",
    r"(?<!\w)(?:PT|PATIENT)\s?#\s?\d{2,}(?!\w|\.\d)",
    # N\u00ba 5583/21, whose sign may be read as a letter
    r"(?:(?<=^N[EO0\u00b0\u00ba.])|(?<=^N[EO0\u00b0\u00ba.][\s.])|(?<=^N[EO0\u00b0\u00ba.]\.\s))"
    r"(?:\d{4,}|\d{3,}/\d{2,4})\s*$",
    r"(?<!\w)ID\s(?:NO|NR|NUM|NUMBER)\.?\s#?\d{3,}(?!\w|\.\d)",
)
"""``Study ID 4711``"""
_WARDS = patterns(
    r"(?<!\w)(?:AFD|AFDELING|ABT|ABTEILUNG|REPARTO)\b\.?\s+[A-Z]{3,}(?:\s+[A-Z]?\d{1,2}[A-Z]?\b)?",
    rf"(?<!\w)WARD[.:]?\s*\d{{1,3}}(?:[A-Z](?![\w.]){_BED}?|{_BED})",
    rf"(?<!\w)(?:ENF(?:ERMARIA)?|HABITACION|BETTENSTATION)[.:]?\s*\d{{1,3}}[A-Z]?{_BED}",
)
_UIDS = patterns(
    r"(?<![\w:])(?:[0-9A-F]{2}:){5}[0-9A-F]{2}(?![\w:])",
    r"(?<![\w.])(?:\d+(?:\.\d+){4,}|2\.25\.\d{10,})(?![\w.])",
)
_TIMES_OF_SEQUENCE = re.compile(r"TR\s?/\s?TE\s?/\s?TI\s*[:=]?\s*$")
_NUMBERS = re.compile(r"(?<![\w.])[A-Z]{0,3}\d[\d.:/-]{4,}\d(?:[AP]M)?(?!\w)")
_YEAR_AND_NUMBER = re.compile(r"(?<![\w.])(?<!\w-)\d{2}-\d{4,}(?![\w-])")
"""How many hospitals number their cases: ``19-4412``."""
_GROUPS = re.compile(
    r"(?<![\w-])(?<!\d\.)(?:[A-Z]{1,4}-\d{3,}-\d{3,}"
    r"|(?![BCRSTW]-\d0-\d*0(?!\d))[A-Z]{1,2}-\d{2}-\d{3,}"  # but not B-50-800
    r"|[A-Z]{1,2}-\d{2,3} \d{3} \d{3}"
    r"|(?!(?:T?SE|FLAIR|T[RE]|W[LW]|FOV|MAT|IM|SL|KV|BP)/)"
    r"[A-Z]{2,6}/\d{3,6}/\d{2,4}"
    r"|(?!(?:SE|T[REI]|B)-(?:19|20)00-)[A-Z]{1,5}-(?:19|20)\d\d-\d{1,6}"
    r"|(?:CT|MRI?|PET|US|XR|NM|CR|DX|PT|MG|RAD|ECHO|PAT|SUBJ)-\d{4,}"
    r"|(?!\d*0-\d*0-|512-)\d{2,}-\d{3,}-(?!MM|CM|HZ|HU|KV|ML|DB|BP|AX|SW)[A-Z]{2}"
    r"|\d ?\d-\d ?\d-\d ?\d)(?![\w-])"
)
"""``BX-661-204``, ``N-20 331 874``, ``20-7741-CX``, ``0 0-47-19``"""
_NO_NUMBER = re.compile(
    r"(?<=VERSION )\d{1,3}(?:\.\d{1,5}){2,3}|(?<=SW VER: )\d{1,3}(?:\.\d{1,5}){2,3}"
)
"""A version of software."""
_MISREAD_NUMBER = re.compile(
    r"(?<![\w.])(?=[\d/-]*[A-Z])(?=(?:[^\d\s]*\d){5})[A-Z\d]{2,4}([-/])[A-Z\d]{2}\1[A-Z\d]{2,4}"
    r"(?!\w)"
)
"""Three groups that are figures but for a letter: ``O96T-60-60``."""
_MOST_DIGITS = {"--": 5, "-": 6, "": 8}
"""Digits that a run of numbers without a gap may have and be a range or a measurement:
of numbers joined by several hyphens, by one, and of others."""
_HYPHENS = re.compile(r"(?<=\d)[=\u2013\u2014](?=\d)")
"""What a hyphen between figures may be read as."""
_BARS = re.compile(r"(?<=\d)\|(?=[/.-]\d)|(?<=\d[/.-])\|(?=\d)|(?<=\d[/.-]\d)\|(?!\w)")
"""A one in a date, as it may be read: ``12/1|/1991``."""


def find_forms(
    text: str, digits: str, words: str, births: frozenset[str]
) -> Iterator[Form]:
    """Dates and times, telephone numbers, mail and web addresses, street addresses.

    Surer forms come first: whoever marks text keeps the first mark.

    Args:
        text: A folded line.
        digits: The same line, of the same length, with misread digits mended.
        words: The same with misread letters mended.
        births: Known birth dates as ``YYYYMMDD``; any date after a birth label is one.
    """
    digits = _BARS.sub("1", _HYPHENS.sub("-", digits))
    yield from find_dates(text, digits, words, births)
    for each, shown, category in (
        (_NATIONAL, text, Category.PATIENT_ID),
        (_NATIONAL, digits, Category.PATIENT_ID),
        (_UIDS, digits, Category.OTHER_ID),
        (_PHONES, digits, Category.PHONE),
        (_NUMBERED, digits, Category.OTHER_ID),
        (_WARDS, text, Category.INSTITUTION),
        (_ADDRESSES, text, Category.ADDRESS),
        (_ADDRESSES, words, Category.ADDRESS),
    ):
        yield from (form(match, category) for match in matches(each, shown))


def find_numbers(digits: str) -> Iterator[tuple[int, int]]:
    """Runs of digits, parted by signs only, that are too long to be a measurement.

    Args:
        digits: A folded line with misread digits mended.
    """
    digits = _HYPHENS.sub("-", digits)
    for pattern in (_YEAR_AND_NUMBER, _GROUPS, _MISREAD_NUMBER):
        yield from (match.span() for match in pattern.finditer(digits))
    for match in _NUMBERS.finditer(digits):
        signs = {each for each in match.group() if each in ".:/-"}
        most = _MOST_DIGITS["-" if signs == {"-"} else ""]
        if match.group().count("-") > 1:
            most = _MOST_DIGITS["--"]
        timed = _TIMES_OF_SEQUENCE.search(digits[: match.start()])
        plain = timed is not None or any(
            each.start() <= match.start() and match.end() <= each.end()
            for each in _NO_NUMBER.finditer(digits)
        )
        if not plain and sum(each.isdigit() for each in match.group()) > most:
            yield match.span()
