"""Dates and times that give themselves away by their form, misread as they may be.

What their form alone does not tell is in ``dates``.
"""

import itertools
import re
from collections.abc import Iterable, Iterator

from maskray.records import Category
from maskray.text import patterns

MONTHS = {
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
_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
_ENGLISH_MONTH = "(?:JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?:ST|ND|RD|TH|ER)?"
_LONG_YEAR = r"(?:18|19|20)\d\d"
_YEAR = rf"(?:{_LONG_YEAR}|'?\d\d)"
_MM = r"(?:0[1-9]|1[0-2])"
_DD = r"(?:0[1-9]|[12]\d|3[01])"
_PAST_12 = r"(?:1[3-9]|2\d|3[01])"
"""A day that is no month."""
_GAP = r"(?:\s*[-./,'\s][.,]?\s*(?:(?:DEL?|OF)\s+)?)"
_HMS = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_ROMAN = "(?:I{1,3}|IV|VI{0,3}|IX|XI{0,2})"
"""Months as several countries number them."""
_THEN = rf"(?:{_HMS})?(?!\d|\.\d)"
"""After the last digit of a date; a time may follow whose gap was not read."""

_WEEKDAY = r"(?:(?:MON|TUES?|WED(?:NES)?|THU(?:RS)?|FRI|SAT(?:UR)?|SUN)(?:DAY)?\.?,?\s+)?"

_NO_MONTH_HERE = (
    r"FEV1\s(?:\d{1,3}\s?%|\d\.\d\d?(?:\s?L\b|\s*$))"
    r"|SEP\s\d{1,2}\.\d(?:\d?\s?[CM]M\b|0?(?!\d))"
    r"|(?:SEP|OCT)\s\d{1,2}(?:\.\d)?\s?MM\b|OCT\s\d{2,3}\sART"
)
"""What is breathed out in a second, a septum, the size and average of a scan."""
_APART = r"(?<!\d)(?<!\d\.)(?<![A-Z]\.)"
"""No figure before, nor a part of the number or of a version."""
_SIGN = r"[^\w\s*%+<>]"
"""What a separator may be read as; other signs if both are alike."""
_ANNOUNCED = (
    r"(?:[^\d:]*(?:DATE|FECHA|DATUM|DATA|DOB|BIRTH|BORN|GEB|NASC|NAC|NAISS|STUDY|EXAM|ACQ)"
    r"[A-Z.]*\s?:?)?"
)
"""What announces a date, if it is not all that a line says."""
_DATES = patterns(
    # 06.16.1976, 3/9/12, 03-09-2012
    rf"{_WEEKDAY}{_APART}{_DAY}\s?([-./])\s?{_DAY}\s?\1\s?{_YEAR}{_THEN}",
    # 2012-03-09, 2012 03 09
    rf"(?<!\d){_LONG_YEAR}\s?([-./ ])\s?{_DAY}\s?\1\s?{_DAY}(?:{_HMS})?(?!\d)",
    # A separator that was misread or not read: 12-03/2019, 03 09 2012, 2019-0312
    rf"{_APART}{_LONG_YEAR}[-./,]{_MM}[-./,]{_DD}(?!\d|\.\d)",
    rf"{_APART}{_DAY}[-./,]{_DAY}[-./,]{_LONG_YEAR}{_THEN}",
    rf"(?<![\d.,]){_DD}(?:\.{_MM},|,{_MM}\.)(?:{_LONG_YEAR}|\d\d)(?![\d.,])",
    rf"{_APART}(?:{_DD}{_SIGN}{_MM}|{_MM}{_SIGN}{_DD}){_SIGN}{_LONG_YEAR}{_THEN}",
    rf"^\D*(?:{_DD}([*%+<>]){_MM}\1|{_MM}([*%+<>]){_DD}\2){_LONG_YEAR}\s*$",
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
    rf"{_ORDINAL}{_GAP}?{_MONTH}\.?"
    rf"(?:{_GAP}?{_LONG_YEAR}(?=[A-Z])|(?:{_GAP}?{_YEAR}(?:{_HMS})?)?(?![A-Z0-9]))",
    # 12/03/2 019, 12/0 3/2019, in which a blank was read, and 05/24/0 9
    rf"{_APART}(?:[0-3]\s?)?\d\s?([-./])\s?(?:[0-3]\s?)?\d\s?\1\s?(?:1\s?9|2\s?0)\s?\d\s?\d"
    r"(?!\d|\.\d)",
    rf"^{_ANNOUNCED}\s*{_DAY}([-./]){_DAY}\1\d \d\s*$",
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
    rf"^{_ANNOUNCED}\s*(?:{_DD}\.{_MM}\s{_LONG_YEAR}|{_DD}{_MM}[-/]{_LONG_YEAR}"
    rf"|{_DD}(?:-{_MM}[./]|/{_MM}-)\d\d|(?!2048\s1024){_LONG_YEAR}\s{_MM}{_DD})\s*$",
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
    rf"^\s*(?:1[3-9]|2\d|3[01]) {_BETWEEN}\.? \d\d\s*$",
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
    rf"|(?:19|20)\d\d/(?:0?\d|1[0-2])/(?:[0-2]?\d|3[01])|(?:19\d|20[0-2])/{_MM}/{_DD})(?![\d/])",
    r"(?<![\d.])\d\d\.\d\d\.\d{3}(?![\d.])",
)
_MISREAD_MONTHS = patterns(
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
_MONTHS_OF_A_YEAR = patterns(
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
_TIMES = patterns(
    # 14:30:05, 07.:03:54PM; not K1:43.25, a curvature
    _NO_VERSION + r"(?<!\bK)(?<!\bK:)(?:[01]?\d|2[0-3])\s?[:.]{1,2}\s?[0-5]\d\s?[:.]{1,2}"
    rf"\s?[0-5]\d(?:[.,]\d+)?{_HALF_DAY}?(?![\d:])",
    # 10 : 11
    rf"(?:(?<![\w:.])|(?<=[A-Z]:))(?:[01]\d|2[0-3])(?:\s:\s?|:\s)[0-5]\d"
    rf"{_HALF_DAY}?(?!\s?[\d:%]|\.\d)",
    rf"(?:(?<![\w:.])|(?<=[A-Z]:))\d(?:\s:\s?|:\s)[0-5]\d{_HALF_DAY}",
    # Time: 13.03, whose colon was read as a point
    r"^\s*(?:(?:STUDY|EXAM|ACQ|SERIES)\s+)?(?:TIME|HORA|ORA|UHRZEIT|ZEIT|HEURE|TIJD)"
    r"\s*[:=]\s*(?:[01]\d|2[0-3])[.,;\s][0-5]\d(?:[.,;\s][0-5]\d)?(?![\d.]"
    r"|\s?(?:M?S(?:EC)?S?|MINS?)\b)",
    # 19:2:28, of which a digit was not read
    _BEGINS + r"(?:0[6-9]|1\d|2[0-3]):\d:[0-5]\d(?![\d:])",
    # 0415 HRS, 14:30 Uhr, 1405h, 2.05 pm
    _BEGINS + r"(?:[01]\d|2[0-3])(?::?[0-5]\d\s?(?:HRS|UHR)|\.[0-5]\d\s?UHR)\b",
    r"^\s*(?:HORA|UHRZEIT|HEURE|TIJD)\s*[:=]\s*(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?\s*$",
    r"(?<![\w:.])(?<![A-Z][A-Z]-)(?:[01]\d|2[0-3]):?[0-5]\dH\b(?!\s?X\s?\d)",
    _BEGINS + r"(?:0\d[0-5]\d|(?:1\d|2[0-3])(?!00)[0-5]\d)\s?HOURS\b",
    _BEGINS
    + rf"(?<![A-Z]\.)(?!{_OF_TISSUE}[\d.]+\s?AM\b)(?:0?\d|1[0-2])\.[0-5]\d{_HALF_DAY}",
    # 7.3.22 8.05
    r"(?<=\d)[-./]\d{1,2}[-./]\d{2,4}\s+(?:[01]?\d|2[0-3])\.[0-5]\d(?![\w.]|\s?[A-Z%])",
    # 14 50:26, 11,50:44, 14;22;33
    _BEGINS + r"(?:[01]\d|2[0-3])(?:[,;][0-5]\d[:;]|:[0-5]\d[,;])[0-5]\d(?![\d:.])",
    r"^\s*(?:[01]\d|2[0-3])\s[0-5]\d[:;][0-5]\d(?![\d:.])",
    # 07:3, all that was read
    r"^\s*0\d:[0-5]\s*$",
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


def find_dates(
    text: str, digits: str, words: str, births: frozenset[str]
) -> Iterator[Form]:
    """Dates and times of a line; the arguments are those of ``forms.find_forms``."""
    labelled = _BIRTH.search(text) is not None
    misread = (
        match
        for match in matches(_MISREAD_MONTHS, digits)
        if _may_name_a_month(match.groups()[-1])
    )
    mended = matches(_DATES, words) if words != digits else ()  # 7 de jul1o de 1953
    for match in itertools.chain(matches(_DATES, digits), misread, mended):
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
        yield form(match, Category.BIRTH_DATE if birth else Category.DATE)
    for match in _MAY_BE_BIRTH.finditer(digits) if births else ():
        if _is_one_of(match.group(), births):
            yield form(match, Category.BIRTH_DATE)
    for these, unless in ((_TIMES, _LASTS), (_MONTHS_OF_A_YEAR, _COUNTS)):
        for match in matches(these, digits):
            before = text[: match.start()]
            short = _SHORT_LASTS.search(before) and _OF_DAY.match(match.group()) is None
            counts = _SPACED.fullmatch(match.group()) and _RATIOS.search(before)
            counts = counts or (_ONE_TO.fullmatch(match.group()) and _SCALES.search(before))
            if not (unless.search(before) or short or counts):
                yield form(match, Category.DATE)


def matches(of: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """What patterns find in a text, pattern by pattern."""
    for pattern in of:
        yield from pattern.finditer(text)


def form(match: re.Match[str], category: Category) -> Form:
    """What was found, as a category's."""
    return match.start(), match.end(), category


def names_a_month(text: str) -> bool:
    """Whether the name of a month begins or ends a folded token, or parts its digits."""
    return _WITH_A_MONTH.search(text) is not None


_WITH_A_MONTH = re.compile(rf"^{_MONTH}|{_MONTH}$|(?<=\d){_MONTH}(?=\d)")


def _may_name_a_month(word: str) -> bool:
    """Whether a word is a month's short name with one letter misread."""
    short = (month for month in MONTHS if len(month) == len(word))
    if len(word) == _END_OF_A_MONTH:
        return True
    return word not in _NO_MONTHS and any(
        sum(one != other for one, other in zip(month, word, strict=True)) == 1
        for month in short
    )


def _is_one_of(date: str, known: frozenset[str]) -> bool:
    """Whether the parts of a date are those of a known one, in any order."""
    parts = [
        str(MONTHS.get(part, part)).lstrip("0")
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
