"""Text that gives itself away by its form: dates, times, numbers to call, addresses."""

import itertools
import re
from collections.abc import Iterable, Iterator

from maskray.records import Category
from maskray.text import as_digits

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "JAN JANUARY JANUAR JANUARI JANEIRO JANVIER JANV ENE ENERO GENNAIO",
            "FEB FEBRUARY FEBRUAR FEBRUARI FEV FEVR FEVRIER FEVEREIRO FEBRERO FEBBRAIO",
            "MAR MARCH MARZ MAERZ MRZ MARS MARZO MARCO MAART",
            "APR APRIL AVR AVRIL ABR ABRIL APRILE",
            "MAY MAI MAYO MAGGIO MAIO",
            "JUN JUNE JUNI JUIN JUNIO JUNHO GIU GIUGNO",
            "JUL JULY JULI JUIL JUILLET JULIO JULHO LUG LUGLIO",
            "AUG AUGUST AUGUSTUS AUGUSTI AOU AOUT AGO AG0 AGOSTO",
            "SEP SEPT SEPTEMBER SEPTEMBRE SEPTIEMBRE SETIEMBRE SETTEMBRE SETEMBRO",
            "OCT 0CT OCTOBER 0CTOBER OKT 0KT OKTOBER 0KTOBER OCTOBRE OCTUBRE OTT OTTOBRE "
            "OUTUBRO",
            "NOV N0V NOVEMBER NOVEMBRE NOVIEMBRE NOVEMBRO",
            "DEC 0EC DECEMBER DEZ DEZEMBER DEZEMBRO DECEMBRE DIC DICIEMBRE DICEMBRE",
        ),
        start=1,
    )
    for name in names.split()
}
# Without GEN, MAG, SET, OUT, MEI: consoles print them for other things, but not between
_BETWEEN = "(?:GEN|MAG|SET|OUT|MEI)"
"""... a day and a year."""
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_ENGLISH_MONTH = "(?:JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?:ST|ND|RD|TH|ER)?"
_LONG_YEAR = r"(?:18|19|20)\d\d"
_YEAR = rf"(?:{_LONG_YEAR}|'?\d\d)"
_MM = r"(?:0[1-9]|1[0-2])"
_DD = r"(?:0[1-9]|[12]\d|3[01])"
_PAST_12 = r"(?:1[3-9]|2\d|3[01])"
"""A day that is no month."""
_GAP = r"(?:\s*[-./,'\s]\s*(?:(?:DEL?|OF)\s+)?)"
_HMS = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_ROMAN = "(?:I{1,3}|IV|VI{0,3}|IX|XI{0,2})"
"""Months as several countries number them."""
_THEN = rf"(?:{_HMS})?(?!\d|\.\d)"
"""After the last digit of a date; a time may follow whose gap was not read."""

_WEEKDAY = r"(?:(?:MON|TUES?|WED(?:NES)?|THU(?:RS)?|FRI|SAT(?:UR)?|SUN)(?:DAY)?\.?,?\s+)?"


def _patterns(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_NO_MONTH_HERE = (
    r"FEV1\s(?:\d{1,3}\s?%|\d\.\d\d?(?:\s?L\b|\s*$))"
    r"|SEP\s\d{1,2}\.\d(?:\d?\s?[CM]M\b|0?(?!\d))"
    r"|(?:SEP|OCT)\s\d{1,2}(?:\.\d)?\s?MM\b|OCT\s\d{2,3}\sART"
)
"""What is breathed out in a second, a septum, the size and average of a scan."""
_APART = r"(?<!\d)(?<!\d\.)(?<![A-Z]\.)"
"""No figure before, nor a part of the number or of a version."""
_SIGN = r"[^\w\s*%+<>]"
"""What a separator may be read as."""
_DATES = _patterns(
    # 06.16.1976, 3/9/12, 03-09-2012
    rf"{_WEEKDAY}{_APART}{_DAY}\s?([-./])\s?{_DAY}\s?\1\s?{_YEAR}{_THEN}",
    # 2012-03-09, 2012 03 09
    rf"(?<!\d){_LONG_YEAR}\s?([-./ ])\s?{_DAY}\s?\1\s?{_DAY}(?:{_HMS})?(?!\d)",
    # A separator that was misread or not read: 12-03/2019, 03 09 2012, 2019-0312
    rf"{_APART}{_LONG_YEAR}[-./,]{_MM}[-./,]{_DD}(?!\d|\.\d)",
    rf"{_APART}{_DAY}[-./,]{_DAY}[-./,]{_LONG_YEAR}{_THEN}",
    rf"(?<![\d.,]){_DD}(?:\.{_MM},|,{_MM}\.)(?:{_LONG_YEAR}|\d\d)(?![\d.,])",
    rf"{_APART}(?:{_DD}{_SIGN}{_MM}|{_MM}{_SIGN}{_DD}){_SIGN}{_LONG_YEAR}{_THEN}",
    rf"(?<![\d./])(?:{_DD}/{_MM}|{_MM}/{_DD})[.,](?:{_LONG_YEAR}|\d\d)(?![\d./])",
    rf"{_APART}{_DD}[-/ ](?:{_MM}[-/ ]{_LONG_YEAR}|{_MM}{_LONG_YEAR}){_THEN}",
    rf"{_APART}{_MM}[-/ ]{_DD}[-/ ]{_LONG_YEAR}{_THEN}",
    # 09.092014, 0909.2014, all that a line says
    rf"^\s*(?:{_DD}\.?{_MM}|{_MM}\.?{_DD})(?:(?<=\.\d\d)|\.){_LONG_YEAR}(?:\s*{_HMS})?\s*$",
    rf"(?<!\d)(?<!\d\.){_LONG_YEAR}[-/]{_MM}[-/ ]?{_DD}(?!\d)",
    # SMITH J.16.06.1976
    rf"(?<=[A-Z]\.){_DAY}([-./]){_DAY}\1{_LONG_YEAR}{_THEN}",
    # 12:34:5606/16/1976
    rf"(?<![\d:.]){_HMS}(?:{_DAY}([-./]){_DAY}\1{_LONG_YEAR}"
    rf"|{_LONG_YEAR}([-./]){_DAY}\2{_DAY})(?!\d)",
    # 20120309, 03092012
    rf"(?<!\d){_LONG_YEAR}{_MM}{_DD}(?!\d)",
    rf"(?<!\d){_DD}{_DD}{_LONG_YEAR}(?!\d)",
    # 24-MAY-02, 7 Oct 2016, 23OCT
    rf"{_WEEKDAY}(?<![A-Z0-9])(?!\d{{1,2}}0CT(?!\W*\d)){_DAY}"
    rf"(?:{_ORDINAL}|[\u00ba\u00b0]){_GAP}?{_MONTH}\.?"
    rf"(?:{_GAP}?{_LONG_YEAR}(?=[A-Z])|(?:{_GAP}?{_YEAR}(?:{_HMS})?)?(?![A-Z0-9]))",
    # 12/03/2 019, 12/0 3/2019, in which a blank was read, and 05/24/0 9
    rf"{_APART}(?:[0-3]\s?)?\d\s?([-./])\s?(?:[0-3]\s?)?\d\s?\1\s?(?:1\s?9|2\s?0)\s?\d\s?\d"
    r"(?!\d|\.\d)",
    rf"^(?:[^\d:]*:)?\s*{_DAY}([-./]){_DAY}\1\d \d\s*$",
    # 12.03..2019, 1979/05//01
    rf"{_APART}{_DAY}[-./]{{1,2}}{_DAY}[-./]{{1,2}}{_LONG_YEAR}{_THEN}",
    rf"{_APART}{_LONG_YEAR}[-./]{{1,2}}{_MM}[-./]{{1,2}}{_DD}(?!\d|\.\d)",
    # 2004:10:30, 30:10:2004
    rf"{_APART}{_LONG_YEAR}[:;]{_MM}[-./:;]{_DD}(?!\d|\.\d)",
    rf"{_APART}{_LONG_YEAR}[-./]{_MM}[:;]{_DD}(?!\d|\.\d)",
    rf"{_APART}(?:{_DD}[:;]{_MM}|{_MM}[:;]{_DD})[-./:;]{_LONG_YEAR}(?![\d.])",
    # A separator that was not read: 28 08.1977, 1203.2019, 12.032019
    rf"{_APART}(?:{_DD}\s{_MM}\.|{_DD}{_MM}\.|{_DD}\.{_MM}){_LONG_YEAR}(?![\d.])",
    # 25.05 1997, 1203/2019, 06-09/48, 2019 0312, all that a line says but for a label
    rf"^(?:[^\d:]*:)?\s*(?:{_DD}\.{_MM}\s{_LONG_YEAR}|{_DD}{_MM}[-/]{_LONG_YEAR}"
    rf"|{_DD}(?:-{_MM}[./]|\.{_MM}[-/]|/{_MM}-)\d\d|{_LONG_YEAR}\s{_MM}{_DD})\s*$",
    # 5 20 1938
    rf"{_APART}(?<![^\d.]\d )(?<!^\d )"
    rf"(?:{_DAY} (?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2]) {_DAY})"
    r" (?:19[2-9]\d|20[0-2]\d)(?!\d|\.\d|\s?[A-Z%])",
    # 04 06 73
    rf"(?<![\d.])(?<!\d )(?=0\d|\d\d 0)"
    rf"(?:(?:{_PAST_12} {_MM}|{_MM} {_PAST_12}) \d\d|{_DD} {_DD} [3-9]\d)"
    r"(?!\d|[.:/]\d|\s\d\d|\s?(?:[CM]M\b|%))",
    # 230 CT 2023, whose capital was read as a zero
    rf"(?<![\d.])(?:[0-2]?\d|3[01])0\sCT\s{_LONG_YEAR}(?!\d)",
    # 12 gen 2024
    rf"(?<![A-Z0-9.]){_DAY}\u00ba?{_GAP}{_BETWEEN}\.?{_GAP}(?:{_LONG_YEAR}|'\d\d)"
    r"(?![A-Z0-9]|\.\d)",
    rf"^\s*{_DAY} {_BETWEEN}\.? \d\d\s*$",
    rf"(?<![A-Z0-9.]){_DAY}([-/]){_BETWEEN}\1\d\d(?![A-Z0-9]|\.\d)",
    # 12|03|2024
    rf"{_APART}{_DAY}([|_\u00b7\u2022;~']){_DAY}\1{_LONG_YEAR}{_THEN}",
    # '09 06 03
    rf"(?<![\w.])['\u2019]\d\d\s?[-./ ]\s?{_MM}\s?[-./ ]\s?{_DD}(?![\d.:])",
    # F.Nac.07-03-58
    rf"(?:(?<=NAC\.)|(?<=NASC\.)|(?<=GEB\.)|(?<=DOB\.)){_DAY}([-./]){_DAY}\1{_YEAR}{_THEN}",
    # 5-X-2020, 12 XI 2019
    rf"(?<![\w.]){_DAY}\s?([-./])\s?{_ROMAN}\s?\1\s?{_YEAR}(?!\w)",
    rf"(?<![\w.]){_DAY}\s(?![XVI]\s){_ROMAN}\s{_LONG_YEAR}(?!\w|\s?[A-Z%])",
    # 1101.14 09:00
    rf"{_APART}(?!\d{{3}}[./-])(?=(?:\d[./-]?){{6,8}}\s+{_HMS}(?!\d))\d[\d./-]+\d",
    # 23.1 019, whose 0.2 was not read
    rf"^\s*{_DD}[./-][01]\s(?:0\d|9\d)\d\s*$",
    # 20,06,85, all that a line says
    rf"^\s*(?:{_DD},{_MM}|{_MM},{_DD}),(?:0\d|[3-9]\d)\s*$",
    # 2019.123, the day of a year, all that a line says
    r"^\s*(?:199\d|20[0-3]\d)[.-](?:[0-2]\d\d|3[0-6]\d)\s*$",
    # 03 14 19, all that a line says
    rf"^(?=.*\b0)\s*(?:{_PAST_12} {_MM}|{_MM} {_PAST_12}) \d\d\s*$",
    # 09 0603, all that a line says: a camera's stamp
    rf"^\s*\d\d(?:\s{_MM}|{_MM}\s){_DD}\s*$",
    # Oct 23, 2018
    # ... but not FEV1, what is breathed out in a second, nor OCT 30\u00b0, a scan's angle
    rf"{_WEEKDAY}(?<![A-Z])(?!FEV\s?1(?![\s/.-]*\d)|{_NO_MONTH_HERE}|OCT\s\d\d(?:\u00b0(?!\s?\d)|\s\(\d\.\d\s?MM)){_MONTH}\.?{_GAP}?{_DAY}{_ORDINAL}"
    rf"(?:{_GAP}{_LONG_YEAR}(?=[A-Z])|(?:{_GAP}{_YEAR}(?:{_HMS})?)?(?![A-Z0-9]))",
    # XMAY 22, 1978: something before it was run into the month
    rf"(?<=[A-Z]){_ENGLISH_MONTH}[.,]?\s*{_DAY},?\s+{_LONG_YEAR}(?![\d.])",
    # 2018 Oct 23, OCT 2018
    rf"(?<![A-Z0-9]){_LONG_YEAR}{_GAP}?{_MONTH}(?:{_GAP}?{_DAY})?(?![A-Z0-9])",
    # 1052 Aug 06, whose year was misread
    rf"(?<![A-Z0-9.])[12]\d{{3}}{_GAP}{_MONTH}{_GAP}{_DAY}(?![A-Z0-9]|\.\d)",
    rf"(?<![A-Z]){_MONTH}\.?{_GAP}?{_LONG_YEAR}(?![A-Z0-9])",
    # A digit was misread or not read: 03/00/20, 0.12.2019
    rf"{_APART}\d{{1,2}}([-./])\d{{1,2}}\1{_LONG_YEAR}(?![\d.])",
    r"(?<![\d./])(?:\d{1,2}\.?\s?/\s?\d{1,2}\s?/\s?\d{2,4}|\d{4}/\d\d/\d\d"
    r"|(?:19|20)\d\d/\d{1,2}/\d{1,2}|[12]\d\d/\d\d/\d\d)(?![\d/])",
    r"(?<![\d.])\d\d\.\d\d\.\d{3}(?![\d.])",
)
_MISREAD_MONTHS = _patterns(
    # NOU 22, 2010
    rf"(?<![A-Z0-9])([A-Z0-9]{{3}})\.?\s+{_DAY},?\s+{_LONG_YEAR}(?![\d.])",
    # ug 28, 1937: its first letter was not read
    rf"(?<![A-Z0-9])(AN|EB|AR|PR|AY|UN|UL|UG|EP|CT|OV|EC)\.?\s+{_DAY},?\s+{_LONG_YEAR}"
    r"(?![\d.])",
    # 18 Ju 2011, 18Ju 2011: its last letter was not read
    rf"{_APART}{_DAY}[-\s]*(JA|FE|JU|AU|OC)[-\s]*{_LONG_YEAR}(?![\d.])",
    rf"{_APART}{_DAY}-(MA|AP|SE|NO|DE)-{_LONG_YEAR}(?![\d.])",
    # 03-HAR-2019, 03 HAR 2019, 03HAR2019, 18 FE82017
    rf"(?<!\d){_DAY}(-|\s+|)([A-Z][A-Z0-9]{{2}})\1?{_LONG_YEAR}(?![\d.])",
    # 01-MaC 0014 11:37:10, whose year was misread too
    rf"(?<!\d){_DAY}[-\s]([A-Z][A-Z0-9]{{2}})[-\s]\d{{4}}\s+{_HMS}",
    # 2009-HAR-13, 2009 Ap1 13
    rf"(?<![A-Z0-9.]){_LONG_YEAR}-([A-Z]\w\w)-{_DAY}(?![\d.:/%])",
    rf"(?<![A-Z0-9.]){_LONG_YEAR}[-\s]+((?=\w*\d)[A-Z]\w\w)[-\s]+{_DAY}(?![\d.:/%])",
)
_END_OF_A_MONTH = 2
_NO_MONTHS = frozenset("SER MAG MAS MAX SEL SEC SEG FOV".split())
"""What consoles print before numbers."""
_MONTHS_OF_A_YEAR = _patterns(
    # 03/2019, 2019-03
    rf"(?<![\d./-]){_MM}[-/](?:19|20)\d\d(?![\d./-])",
    rf"(?<![\d./-])(?:19|20)\d\d-{_MM}(?![\d./-])",
)
_COUNTS = re.compile(
    r"(?<![A-Z])(?:IMG?|IMAGES?|SER?|SERIES|SL|SLICE|FRM?|FRAMES?|T[ER](?:\s?/\s?T[ER])?)"
    r"\s*[:=]?\s*(?:\d{1,4}\s?/\s?)?$"
)
"""What stands before ``12/2000`` if it counts images or milliseconds."""
_DECIMAL = re.compile(r"\d[.:]$")
_SEPARATION = re.compile(r"\d{1,2}\s+SEP\.?", re.IGNORECASE)
_DOSE_RATE = re.compile(r"\d{1,2}\s?MAY\s?/\s?M[IL]N\b")
"""``12.2 mGy/min``, misread."""
_GAUGE = re.compile(r"\s*[:=]?\s*\d\.\d")
"""What stands behind a short month that is none: ``Series 6 Sep 0.80`` separates slices."""
_MILLIMETRES = re.compile(r"\s\d{1,2}\.\d(?!\d)")
"""... whatever it counts: ``Sl 5 Sep 6.0``."""
_POINTED = r"(?:[01]\d|2[0-3])(?:[0-5]\d\.[0-5]\d|\.[0-5]\d[0-5]\d)"
_HALF_DAY = r"(?:\s?[AP](?:\.\s?)?M\b\.?)"
_OF_DYE = r"(?:(?<=\bFA)|(?<=\bFA )|(?<=\bICG )|(?<=\bICG))"
_BEGINS = r"(?<!\d)(?<!\d[.:])"
"""No figure before, nor a part of the number ..."""
_NO_VERSION = _BEGINS + r"(?<![A-Z]\.)"
"""... nor of a version: ``SYNGO.12.10.05``."""
_OF_TISSUE = r"(?:(?<=[ES]M\s)|(?<=E'\s))"
_TIMES = _patterns(
    # 14:30:05, 07.:03:54PM; not K1:43.25, a curvature
    _NO_VERSION + r"(?<!\bK)(?<!\bK:)(?:[01]?\d|2[0-3])\s?[:.]{1,2}\s?[0-5]\d\s?[:.]{1,2}"
    rf"\s?[0-5]\d(?:[.,]\d+)?{_HALF_DAY}?(?![\d:])",
    # 10 : 11
    rf"(?:(?<![\w:.])|(?<=[A-Z]:))(?:[01]\d|2[0-3])(?:\s:\s?|:\s)[0-5]\d"
    rf"{_HALF_DAY}?(?!\s?[\d:%]|\.\d)",
    rf"(?:(?<![\w:.])|(?<=[A-Z]:))\d(?:\s:\s?|:\s)[0-5]\d{_HALF_DAY}",
    # Time: 13.03, whose colon was read as a point
    r"^\s*(?:(?:STUDY|EXAM|ACQ)\s+)?(?:TIME|HORA|UHRZEIT|HEURE|TIJD)\s*[:=]\s*"
    r"(?:[01]\d|2[0-3])[.,;\s]?[0-5]\d(?:[.,;\s]?[0-5]\d)?"
    r"(?![\d.]|\s?(?:M?S(?:EC)?S?|MINS?)\b)",
    # 19:2:28, of which a digit was not read
    _BEGINS + r"(?:0[6-9]|1\d|2[0-3]):\d:[0-5]\d(?![\d:])",
    # 0415 HRS, 14:30 Uhr, 1405h, 2.05 pm
    _BEGINS + r"(?:[01]\d|2[0-3])[:.]?[0-5]\d\s?(?:HRS|UHR)\b",
    r"(?<![\w:.])(?<![A-Z][A-Z]-)(?:[01]\d|2[0-3]):?[0-5]\dH\b(?!\s?X\s?\d)",
    _BEGINS + r"(?:0\d[0-5]\d|(?:1\d|2[0-3])(?!00)[0-5]\d)\s?HOURS\b",
    _BEGINS
    + rf"(?<![A-Z]\.)(?!{_OF_TISSUE}[\d.]+\s?AM\b)(?:0?\d|1[0-2])\.[0-5]\d{_HALF_DAY}",
    # 7.3.22 8.05
    r"(?<=\d)[-./]\d{1,2}[-./]\d{2,4}\s+(?:[01]?\d|2[0-3])\.[0-5]\d(?![\w.]|\s?[A-Z%])",
    # 14 50:26, 11,50:44, 14;22;33
    _BEGINS
    + r"(?<!\d )(?:[01]\d|2[0-3])(?:[\s,;][0-5]\d[:;]|:[0-5]\d[,;])[0-5]\d(?![\d:.])",
    # 87:40.25, whose hour was misread
    _BEGINS + r"\d\d:[0-5]\d[:.][0-5]\d(?![\d:])",
    # 15:56:1237, whose point was not read
    _BEGINS + r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d{2,4}(?![\d:])",
    # 19:05, and 19:05: or 19:05:1, whose seconds were not read; not Angle 1:45 deg, nor
    # FA 1:05.2, since the dye was given
    _BEGINS + rf"(?<!\bK)(?<!\bK:)(?!{_OF_DYE}\d:\d\d\.\d(?!\d))(?!0?[0-5]:\d\d\s?MINS?\b)"
    rf"(?:[01]?\d|2[0-3]):[0-5]\d(?::\d?)?{_HALF_DAY}?"
    r"(?![\d:]|\s?(?:DEG\b|W/KG))",
    _BEGINS + rf"(?:0?\d|1[0-2]){_HALF_DAY}",
    # 14 H 25, but not ECHO 3 H25.6, a position
    _BEGINS + r"(?:[01]?\d|2[0-3])(?:\s?H\s[0-5]\d|H[0-5]\d|\sH[0-5]\d(?!\.\d))(?!\d|\s?%)",
    # Wide print: 1 1:4 4:2 2
    _BEGINS + r"[0-2]\s?\d\s?:\s?[0-5]\s?\d\s?:\s?[0-5]\s?\d(?![\d:])",
    # ... or read as a 1: 09119:22 AM, 09:19122 AM
    rf"(?<![\d.:])(?:[01]\d|2[0-3])(?:1[0-5]\d:|:[0-5]\d1)[0-5]\d{_HALF_DAY}",
    # A colon that was not read: 0607:31, 06:0731
    _BEGINS + rf"(?:[01]\d|2[0-3])[0-5]\d:[0-5]\d{_HALF_DAY}?(?![\d:])",
    _BEGINS + rf"(?:[01]\d|2[0-3]):[0-5]\d[0-5]\d{_HALF_DAY}?(?![\d:])",
    # ... or read as a point, where no measure is meant: 0607.31, TIME 1448.40,
    # 03/01 1422.33, 1422.33 PM
    _NO_VERSION + rf"(?=0){_POINTED}{_HALF_DAY}?(?![\d:])",
    _BEGINS + rf"{_POINTED}{_HALF_DAY}(?![\d:])",
    rf"(?:[-/]\d\d(?:\d\d)?|\.\d{{4}}|:[0-5]\d|{_MONTH}|TIME\s?:?)\s+{_POINTED}(?![\d:])",
    _BEGINS + rf"\d{{4,6}}{_HALF_DAY}",
)
_PHONES = _patterns(
    r"(?<![\w.])\+\d{1,3}[\s().-]*(?:\d[\s().-]{0,2}){6,12}\d",
    r"(?<![\w.])(?:\(?\d{3}\)?[\s./-]{1,2}|\(\d{3}\))\d{3}[\s.-]\d{4}(?!\d)",
    r"(?<!\w)\(0\d{1,4}\)\s?(?:\d{6,8}|\d{3,4}[\s-]?\d{3,4})(?!\d)",
    r"(?<!\w)(?<!\d\.)0\d{1,4}[\s/-]\d{3,4}[\s-]?\d{2}\s?\d{0,3}(?!\d)",
    # (11) 91234-5678, 912 34 56 78
    r"(?<!\w)\(\d{2}\)\s?\d{4,5}-\d{4}(?!\d)",
    r"(?<![\w.])(?<!\d )[6789]\d\d(?: \d\d){3}(?! ?\d|\.\d)",
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
_ADDRESSES = _patterns(
    r"(?<!\w)\d{1,5}\s+(?:[A-Z]+\.?\s+){1,4}(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD"
    r"|BLVD|LANE|LN|DRIVE|COURT|CT|PLACE|PL|SQUARE|HIGHWAY|HWY|PARKWAY|PKWY|TERRACE|CLOSE"
    r"|CRESCENT|GROVE|GARDENS|MEWS|WAY|TRAIL)\b",
    r"(?<!\w)(?!AMPLATZ|DISTR)[A-Z]+(?:STRASS?E|STR\.?|WEG|GASSE|ALLEE|PLATZ|STRAAT|LAAN)"
    r"\s*\d{1,4}[A-Z]?\b",
    r"(?<!\w)(?:VIA|AV\.?|AVDA\.?|RUA|STRADA)\s+[A-Z]{3,}(?:\s+[A-Z]{3,})?,?\s+\d{1,4}\b"
    r"(?!\s?(?:[CM]M|FR|GA?)\b)",
    r"^\s*(?:[A-Z]{2}\d[A-Z\d]?|[A-Z]\d[A-Z\d]) \d[ABD-HJLNP-UW-Z]{2}\s*$",
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
_NATIONAL = _patterns(
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
    rf"^\D*(?<![\w-])(?<!\d\.){_DD}{_MM}\d\d \d{{4}}\s*$",
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
_NUMBERED = _patterns(
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
_WARDS = _patterns(
    r"(?<!\w)(?:AFD|AFDELING|ABT|ABTEILUNG|REPARTO)\b\.?\s+[A-Z]{3,}(?:\s+[A-Z]?\d{1,2}[A-Z]?\b)?",
    rf"(?<!\w)WARD[.:]?\s*\d{{1,3}}(?:[A-Z](?![\w.]){_BED}?|{_BED})",
    rf"(?<!\w)(?:ENF(?:ERMARIA)?|HABITACION|BETTENSTATION)[.:]?\s*\d{{1,3}}[A-Z]?{_BED}",
)
_UIDS = _patterns(
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
_YEARS = r"(?=[OQIL|]{0,2}\d)([\dOQIL|]{1,3})(?![\dOQIL|])"
"""Digits of an age, some of them misread; one at least was not."""
_OLD = r"(?:0?9\d|1[01]\d)"
_SETTINGS = (
    "(?:GAIN|DEPTH|ZOOM|FRAME|RATE|PERSIST|SETMI|SESTA|[KM]HZ|BPM|FPS|DEG|TI[SBC]|PWR|MAP"
    r"|PRF|DYN|(?:LOW|MED|HIGH|GEN|RES|PEN)(?=\s*$|\s\d))"
)
_AGED = (
    rf"\s*$|\s*[),]|\s-\s(?!\d{{1,3}}(?!\d|[/.-]\d))|\s(?!{_SETTINGS})[A-Z]{{3}}"
    r"|\s(?:[A-Z]{1,3}\d{4}|\d{5}|\d{1,4}[/.-]\d|\d{4} \d\d |\d{2,3}\s?(?:CM|KG)\b)"
)
"""What stands behind an age and its sex: the end, a word, a date, the patient's number."""
_AGES = _patterns(
    rf"(?<![\w.])(?<!\b[TIJL1]C-)(?<!\b[TIJL1]C\s)({_OLD}),?\s?[MF](?!\s?-?TC\b)"
    rf"(?={_AGED}|\s\()",
    r"(?<![\w.])(9\d|10\d)AR(?!\w)",
    rf"(?<![\w.])[MF][\s,(-]{{0,2}}({_OLD})(?={_AGED})",
    rf"^\s*[MF]:\s?({_OLD})\s*$",
    rf"^\s*(?:[MFW][\s,/]{{0,2}})?({_OLD})\s?J\.?(?:[\s,/]{{0,2}}[MFW])?\s*$",
    rf"^\s*[MFHV][\s,/]{{0,2}}({_OLD})\s?A\.?\s*$",
    rf"(?<!\w)(?:HOMME|FEMME|MANN|FRAU|HOMBRE|MUJER|UOMO|DONNA|HOMEM|MULHER|MAN|VROUW)"
    rf"[\s,/:(-]{{1,3}}({_OLD})(?!\d|\.\d|\s?(?:BPM|%))",
    rf"(?<!\w)(?:FE)?MALE[\s,/:(-]{{1,3}}({_OLD})(?!\d|\.\d|\s?(?:BPM|%))",
    rf"(?<![\w.])({_OLD})[\s,/(-]{{1,3}}(?:(?:FE)?MALE(?!\w)|[MF]\))",
    rf"(?<!\w)(?<!\d\.)[MF]?{_YEARS}(?P<unit>[\s-]?(?:Y|YR|YRS|YO|Y/O|YEARS?|JAHRE?|ANS|ANNI|ANOS?|JAAR)"
    r"(?:[\s-]?OLD)?)(?![A-Z0-9](?<![MF])|[MF][A-Z0-9])",
    rf"(?<!\w)(?:AGED?|ALTER|EDAD|IDADE|LEEFTIJD|WIEK)(?:\s?\((?:Y|YRS?|YEARS)\))?"
    rf"[\s:=(.-]{{0,3}}{_YEARS}",
    rf"(?<!\w)(?:ALDER|ETA|IKA|VEK|YAS)\s*[:=]\s*{_YEARS}",
    r"(?<![\w.])[MF]\s?/\s?(\d{1,3})(?!\d|G/MIN)",
    r"(?<![\w.])(\d{2,3})\s?/\s?[MF](?![A-Z])",
)
_LASTS = re.compile(
    r"(?<![A-Z])(?:TA|DUR(?:ATION)?|TIMER|SCAN TIME)\s*[:=]?\s*[CDOQ]?$", re.I
)
"""What stands before a time that is a duration ..."""
_SHORT_LASTS = re.compile(
    r"(?<![A-Z])(?:FLUORO(?: TIME)?|DELAY|BEAM ON)\s*[:=]?\s*$", re.IGNORECASE
)
"""... and before one that may be the time of a day, too:"""
_SPACED = re.compile(r"\d+(?:\s:\s?|:\s)\d+")
_RATIOS = re.compile(
    r"(?<![A-Z])(?:IMG?|IMAGE|FR|FRAME|RATIO|SCALE|SER?|SLICE|PAGE)\s*:?\s*$"
)
_ONE_TO, _SCALES = (
    re.compile(r"1:\d{1,3}"),
    re.compile(r"(?<![A-Z])(?:RATIO|SCALE)\s*:?\s*$"),
)
_OF_DAY = re.compile(r"[12]\d:")
_MAY_BE_BIRTH = re.compile(r"(?<!\d)\d{2,4}[./ -]?\d{2}[./ -]?\d{2,4}(?!\d)")
"""A date whose separators were not read, ``2706.65``, if it is the header's."""
_BIRTH = re.compile(
    r"(?<![A-Z])(?:D[O0]B|D\.O\.B|BIRTH|BORN|GEB|NACI[MD]|NAISS|NAS?C\b|NASCI|NAROZ"
    r"|NEE? LE\b)",
    re.I,
)

Form = tuple[int, int, Category]
"""Half-open character indices, and what stands there."""


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
    yield from _dates_and_times(text, digits, words, births)
    for patterns, shown, category in (
        (_NATIONAL, text, Category.PATIENT_ID),
        (_NATIONAL, digits, Category.PATIENT_ID),
        (_UIDS, digits, Category.OTHER_ID),
        (_PHONES, digits, Category.PHONE),
        (_NUMBERED, digits, Category.OTHER_ID),
        (_WARDS, text, Category.INSTITUTION),
        (_ADDRESSES, text, Category.ADDRESS),
        (_ADDRESSES, words, Category.ADDRESS),
    ):
        yield from (_form(match, category) for match in _matches(patterns, shown))


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


def _dates_and_times(
    text: str, digits: str, words: str, births: frozenset[str]
) -> Iterator[Form]:
    labelled = _BIRTH.search(text) is not None
    misread = (
        match
        for match in _matches(_MISREAD_MONTHS, digits)
        if _may_name_a_month(match.groups()[-1])
    )
    mended = _matches(_DATES, words) if words != digits else ()  # 7 de jul1o de 1953
    for match in itertools.chain(_matches(_DATES, digits), misread, mended):
        before = text[: match.start()]
        counted = _COUNTS.search(before) or _DECIMAL.search(before)
        behind = text[match.end() :]
        if _SEPARATION.fullmatch(match.group()) and (
            _MILLIMETRES.match(behind) or (counted and _GAUGE.match(behind))
        ):
            continue
        if _DOSE_RATE.match(text[match.start() :]):
            continue
        birth = labelled or _is_one_of(match.group(), births)
        yield _form(match, Category.BIRTH_DATE if birth else Category.DATE)
    for match in _MAY_BE_BIRTH.finditer(digits) if births else ():
        if _is_one_of(match.group(), births):
            yield _form(match, Category.BIRTH_DATE)
    for patterns, unless in ((_TIMES, _LASTS), (_MONTHS_OF_A_YEAR, _COUNTS)):
        for match in _matches(patterns, digits):
            before = text[: match.start()]
            short = _SHORT_LASTS.search(before) and _OF_DAY.match(match.group()) is None
            counts = _SPACED.fullmatch(match.group()) and _RATIOS.search(before)
            counts = counts or (_ONE_TO.fullmatch(match.group()) and _SCALES.search(before))
            if not (unless.search(before) or short or counts):
                yield _form(match, Category.DATE)


def _matches(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    for pattern in patterns:
        yield from pattern.finditer(text)


def find_ages(text: str) -> Iterator[tuple[int, int, int]]:
    """Ages in a folded line: half-open character indices, units included, and the years."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            end = match.end("unit") if "unit" in pattern.groupindex else match.end(1)
            yield match.start(1), end, int(as_digits(match.group(1)))


def names_a_month(text: str) -> bool:
    """Whether the name of a month begins or ends a folded token, or parts its digits."""
    return _WITH_A_MONTH.search(text) is not None


_WITH_A_MONTH = re.compile(rf"^{_MONTH}|{_MONTH}$|(?<=\d){_MONTH}(?=\d)")


def _may_name_a_month(word: str) -> bool:
    """Whether a word is a month's short name with one letter misread."""
    short = (month for month in _MONTHS if len(month) == len(word))
    if len(word) == _END_OF_A_MONTH:
        return True
    return word not in _NO_MONTHS and any(
        sum(one != other for one, other in zip(month, word, strict=True)) == 1
        for month in short
    )


def _form(match: re.Match[str], category: Category) -> Form:
    return match.start(), match.end(), category


def _is_one_of(date: str, known: frozenset[str]) -> bool:
    """Whether the parts of a date are those of a known one, in any order."""
    parts = [
        str(_MONTHS.get(part, part)).lstrip("0")
        for part in re.findall(rf"\d+|{_MONTH}", date.upper())
    ]
    for each in known:
        year, month, day = each[:4], each[4:6], each[6:8]
        for short in (year, year[2:]):
            if sorted(parts) == sorted(part.lstrip("0") for part in (short, month, day)):
                return True
        shown = "".join(re.findall(r"\d+", date))
        for written in (year, year[2:]):
            if shown in (
                written + month + day,
                month + day + written,
                day + month + written,
            ):
                return True
    return False
