"""The shorthand of consoles: short forms with their numbers, units, and numbers alone.

What stands beside a number says what it is, and is said by it: ``ST 5.0`` is a setting,
``ST`` may be somebody.
"""

import re
from collections.abc import Sequence

from maskray.records import Category
from maskray.text import LONG_ENOUGH, MOST_INITIALS, Token, as_digits, distance, fold
from maskray.vocabulary import (
    clinical_words,
    codes,
    console_terms,
    is_clinical,
    is_common_name,
    is_name,
    look_alike,
)

_CLINICAL, _UNKNOWN = Category.CLINICAL, Category.UNKNOWN


def is_shorthand(line: Sequence[Token], index: int) -> bool:
    """Whether a word is a short form or a unit by the number it stands beside."""
    return (
        _is_unit(line, index)
        or _is_setting(line, index)
        or _is_code(line, index)
        or _is_misread_setting(line, index)
        or _is_run_into_sign(line, index)
        or _is_run_into_counter(line, index)
        or _is_capital(line[index])
        or _is_endoscope_setting(line, index)
        or _is_behind_cross(line[index].text)
        or _is_paris_type(line, index)
        or _is_version(line, index)
        or _is_dynamic_range(line, index)
    )


_COUNTERS = frozenset(
    "IM IMG IMAGE IMAGEN SE SER SERIES SERIE SL SLICE FRAME FRM FR ACQ PAGE NO # LOSSES "
    "ERRORS LOOP CINE PHASE PH RUN BILD COUPE CORTE GCS".split()
)
MOST_PLAIN_DIGITS = 4
_DIGITS_OF_AN_ID = 5


def _is_capital(token: Token) -> bool:
    """Whether a small L among capitals is an I of a short form: ``El`` is ``EI``."""
    text = token.text.replace("l", "I")
    return text.isupper() and len(text) <= _LONGEST_UNIT and text in console_terms()


def _is_setting(line: Sequence[Token], index: int) -> bool:
    """Whether two or three capitals name the decimal number after them: ``ST 5.0``."""
    token = line[index]
    if token.text == "BCH" and 0 < index == len(line) - 1:
        return line[index - 1].folded in _COILS  # HEAD 8CH
    if token.text in ("rE", "rR", "rI") and len(line) == index + 3:
        return _has_decimals(line, index + 1)  # TE 100.2
    counter = line[index + 1 : index + 3]
    if token.text in ("Tm", "Jm") and [each.before for each in counter] == [":", "/"]:
        return all(each.is_number for each in counter)  # Im: 47/153
    if not (token.text.isupper() and len(token.text) in (2, 3)) or is_name(token.text):
        return False
    whole, part = (*line[index + 1 : index + 3], None, None)[:2]
    if whole is not None and whole.text == "%" and token.text in ("YA", "AM"):
        return True  # of young adults
    if whole is not None and _WEEKS_AND_DAYS.fullmatch(whole.text):
        return token.text in ("AUA", "GA", "EGA", "CUA", "MUA")
    if whole is None or part is None:
        return False
    if whole.before == ":" and part.before == "/":
        return whole.is_number and part.is_number  # EC:1/1, misread
    if token.text in _CLOCKS and part.before == ":":
        return whole.text.startswith("0") and part.is_number  # FT 03:42 min
    signed = whole.before in ("", "-", "+")
    return whole.is_number and part.is_number and part.before == "." and signed


def _has_decimals(line: Sequence[Token], index: int) -> bool:
    whole, part = line[index : index + 2]
    return whole.is_number and part.is_number and part.before == "."


_COILS = frozenset("HEAD NECK BODY BREAST KNEE SHOULDER SPINE TORSO WRIST".split())
_CLOCKS = frozenset({"FT", "AT"})
"""The time of fluoroscopy, of an acquisition."""


def _is_code(line: Sequence[Token], index: int) -> bool:
    """Whether a listed short form has a value with its unit behind it: ``QT 380 ms``.

    Initials stand before plain numbers: dates, times, rooms.
    """
    number, unit = (*line[index + 1 : index + 3], None, None)[:2]
    if line[index].folded not in codes() or number is None or unit is None:
        return False
    if unit.is_number and unit.before == ".":
        unit = line[index + 3] if line[index + 3 :] else unit
    if number.text == "b" and unit.before == "=":
        return line[index].text == "DW"  # DW b=1000
    plain = number.before.strip() in ("", ":", "=", "+", "-", "<", ">")
    short = number.is_number and len(number.text) <= MOST_PLAIN_DIGITS
    return plain and short and not unit.before.strip() and unit.text in VALUE_UNITS


_WEEKS_AND_DAYS = re.compile(r"[1-4]?\dw[0-6]d")
VALUE_UNITS = frozenset(
    "mm cm ml cc ms msec s m/s cm/s mmHg Hz kHz MHz dB % \u00b0 deg bpm mGy Gy HU kPa mV "
    "mm2 cm2 cm3 g mg kV mA mAs keV".split()
)


def _is_endoscope_setting(line: Sequence[Token], index: int) -> bool:
    """Whether a short form is an endoscope's, with its level: ``Eh:A5``, ``Gr:N``."""
    level = line[index + 1] if index + 1 < len(line) else None
    if line[index].text == "Str":
        return level is not None and re.fullmatch(r"[A-Z]\d", level.text) is not None
    named = line[index].text in ("Eh", "EH", "Gr", "Ce", "Ct", "Cr")
    return (
        named
        and level is not None
        and level.before == ":"
        and len(level.text) < MOST_INITIALS
    )


def _is_behind_cross(text: str) -> bool:
    """Whether a measure stands behind its caliper's cross: ``xArea``."""
    return text[:1] == "x" and text[1:].istitle() and fold(text[1:]) in clinical_words()


def _is_version(line: Sequence[Token], index: int) -> bool:
    """Whether a word stands before the number of a version: ``Ver. 1.22``."""
    number, part = (*line[index + 1 : index + 3], None, None)[:2]
    if number is None or part is None or line[index].folded not in ("VER", "REV"):
        return False
    return number.is_number and part.is_number and part.before == "."


def _is_dynamic_range(line: Sequence[Token], index: int) -> bool:
    """Whether a word is the ``Dyn`` of ``Dyn R 63 dB``, misread: ``Dgm``."""
    behind = " ".join(each.folded for each in line[index + 1 : index + 4])
    ranged = re.fullmatch(r"R \d{2,3} DB", behind) is not None
    return ranged and _DYNAMIC.fullmatch(line[index].text) is not None


_DYNAMIC = re.compile(r"D[gjvy]{1,2}[mn]")


def _is_paris_type(line: Sequence[Token], index: int) -> bool:
    """Whether it is a polyp's form by the Paris classification: ``0-IIa``, ``0-Is+IIc``."""
    token, first = line[index], line[index - 1] if index > 0 else None
    if first is None or re.fullmatch(r"[Il]{1,3}[abcsp]*", token.text) is None:
        return False
    if token.before == "+":
        return _is_paris_type(line, index - 1)
    return token.before == "-" and first.text == "0"


def _is_misread_setting(line: Sequence[Token], index: int) -> bool:
    """Whether a word before a number is a setting: ``FoU 228 mm``, ``WLI 40``, ``Rum 4``.

    A letter was misread, or its colon read as one.
    """
    token = line[index]
    number = line[index + 1] if index + 1 < len(line) else None
    if number is None or not number.is_number or is_common_name(token.text):
        return False
    if len(number.text) > MOST_PLAIN_DIGITS:
        return False
    after = line[index + 2].before if line[index + 2 :] else ""
    counts = token.text == "IMA" and len(number.text) < LONG_ENOUGH and after in ("", "/")
    sliced = token.folded in _SLICES and (
        after == "." or (not after and len(number.text) < LONG_ENOUGH)
    )
    if _has_lost_its_capital(line, index) or counts or sliced:
        return True
    if is_name(token.text) and len(token.text) <= LONG_ENOUGH:
        return False
    if _is_misread_counter(line, index):
        return True
    if is_name(token.text) or len(token.text) > _LONGEST_UNIT + 1:
        return False
    meant = {token.folded.translate(_UNIT_GLYPHS)} if len(token.text) > 2 else set()
    if _TWO_WS.fullmatch(token.folded):
        return True  # VWV: 416
    if token.folded[:-1] in _WINDOW and token.folded.endswith(("I", "L")):
        meant.add(token.folded[:-1])
    return not meant.isdisjoint(console_terms())


_TWO_WS = re.compile("[VW]{3,4}")
_SLICES = frozenset("BILD CORTE COUPE SCHICHT SERIE STRATO".split())
"""Slices, images and series, in languages whose word for them is a name."""


def _is_misread_counter(line: Sequence[Token], index: int) -> bool:
    """Whether one letter makes a word that counts, before a small number: ``SUICE 2.47``.

    Of three letters only ``Rum 4`` and ``Mog 1.6``. Initials stand before dates and times.
    """
    word, number = line[index].folded, line[index + 1]
    if number.before or len(number.text) >= LONG_ENOUGH:
        return False
    if index + 2 < len(line) and line[index + 2].before not in ("", "."):
        return False
    decimals = [each.before for each in line[index + 2 : index + 3]] == ["."]
    if not decimals and word.replace("N", "RI") in NUMBERED:
        return True  # Senes 11
    if len(word) < LONG_ENOUGH:
        alike = decimals and line[index].text.istitle() and _looks_like(word, NUMBERED)
        return word.replace("M", "N") in NUMBERED or alike
    return any(len(each) == len(word) and distance(word, each, 1) == 1 for each in NUMBERED)


def _looks_like(word: str, known: frozenset[str]) -> bool:
    """Whether all letters of a short word are drawn like a known one's: ``Mog 1.6x``."""
    return len(word) > 2 and any(
        len(each) == len(word) and all(map(look_alike, word, each)) for each in known
    )


def _has_lost_its_capital(line: Sequence[Token], index: int) -> bool:
    """Whether a word is one that counts but for its capital: ``rea 8.75 cm2``."""
    word, decimals = line[index], line[index + 2 : index + 3]
    lost = word.text.islower() and any(word.folded == each[1:] for each in NUMBERED)
    return lost and any(each.is_number and each.before == "." for each in decimals)


def _is_run_into_sign(line: Sequence[Token], index: int) -> bool:
    """Whether a word's last letter is what an equals sign belongs to: ``DWIb=500``."""
    token = line[index]
    signed = index + 1 < len(line) and line[index + 1].before == "="
    return (
        signed and len(token.text) > _LONGEST_UNIT and token.folded[:-1] in console_terms()
    )


def _is_run_into_counter(line: Sequence[Token], index: int) -> bool:
    """Whether a short form was run into what counts behind it: ``LPOIm:102``."""
    match = _AND_COUNTER.fullmatch(line[index].text)
    number = line[index + 1] if index + 1 < len(line) else None
    counts = number is not None and number.is_number and number.before in (":", "")
    return match is not None and counts and match[1] in console_terms()


_AND_COUNTER = re.compile(r"([A-Z]{3,})(?:Im|Se)")
_WINDOW = frozenset({"WL", "WW", "WC"})
NUMBERED = frozenset(
    "ANGLE AREA DELAY DEPTH DFOV DIST DYN ECHO FLIP FRAME GAIN IMAGE MAG MEAN PAGE PHASE "
    "RUN PITCH SCALE SCENE SERIES SLICE THICK TILT WIDTH ZOOM".split()
)
"""Words that stand before a number and nowhere else."""


def _is_unit(line: Sequence[Token], index: int) -> bool:
    """Whether a token behind a number is a unit, its small letters misread: ``140 keU``."""
    token = line[index]
    if index == 0 or len(token.text) > _LONGEST_UNIT:
        return False
    small = fold(token.text.translate(_SMALL_GLYPHS))  # mGy/mln
    behind = [each.before + each.folded for each in line[index + 1 : index + 2]]
    if token.text == "may" and line[index - 1].is_number:
        return behind in (["/MIN"], ["/MLN"])  # 12.2 mGy/min
    if token.before == "/" and line[index - 1].folded in (*console_terms(), "MAY"):
        return token.text.islower() and small in console_terms()
    if token.text in ("DS", "DC") and index > 1 and line[index - 1].before == ".":
        return line[index - 2].before.strip(" :") in ("+", "-")  # +2.75 DS, dioptres
    numeric = line[index - 1].is_number and not token.before
    if token.text == "CH" and line[index - 1].text in ("2", "3", "4", "5"):
        return True  # APICAL 4 CH
    if numeric and token.text in _CENTIMETRES | _OF_NUMBERS:
        return True
    meant = {token.folded.translate(_UNIT_GLYPHS), small}
    decimal = line[index - 1].before == "." and token.text[0].islower()
    if decimal:
        meant |= {each for each in _UNITS if distance(token.folded, each, 1) <= 1}
    return numeric and not meant.isdisjoint(console_terms())


_LONGEST_UNIT = 3
_OF_NUMBERS = frozenset("Gy cGy mGy WU fx MU ug Sv AU Ws atm".split())
"""Units that are initials or a name elsewhere: gray, Wood units, fractions."""
_CENTIMETRES = frozenset({"gm", "em", "om", "nmm", "mmm"})
"""What ``cm`` and ``mm`` are misread as."""
_UNIT_GLYPHS = str.maketrans("UZ$N", "V2SM")
_UNITS = frozenset({"MGY", "MHZ", "KHZ", "CM2", "MM2", "CM3"})
"""Units of which a letter may be misread behind a decimal number: ``746.7 mGn``."""
_SMALL_GLYPHS = str.maketrans("l", "i")
_DECIMAL = re.compile(r"[.,]")
_PLAIN_NUMBERS = [
    re.compile(pattern)
    for pattern in (
        r"\d{1,4}X\d{1,4}(X\d{1,4})?",  # a matrix
        r"FOV\d{2,3}[XWS]\d{2,3}",
        r"(?:\d{1,3}[CM]M)?\d{1,2}W\d?D?",  # weeks and days of pregnancy, behind a length
        r"[A-Z]{1,2}\d{1,3}",  # a setting: R15, C6, LA435
        r"[A-Z]{1,3}\d{1,2}[A-Z]?",
        r"\d{1,2}W[LI]D",  # a one that was misread
        r"[\u0391\u0392]\d{1,2}",  # Graf's angles
        r"\d{1,2}[A-Z]{1,2}\d?",
        r"[23]D\d{2,3}",  # a gain
        r"T[12](?:T?SE|FSE|GRE|IR|TFE|FFE)",  # a weighting and its sequence
        r"(?:OSEM|TOF|PSF)?\d{1,2}I\d{1,2}S",  # iterations and subsets
        r"[A-Z]\d{1,3}(DB|[KM]?HZ|[CM]M|M?S|KV|FPS|BPM)",  # Dyn R65dB
        r"[A-Z]\d[A-Z]\d",  # two settings: M3M4
        r"[WLCZ]\d{4}",  # a window
        r"W[WL]?\d{1,5}[WLC]{1,2}\d{1,4}",
    )
]
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
"""``MedHC201`` is ``Med``, ``HC`` and ``201``."""
_ZERO_IN_WORD = re.compile(r"(?<=[A-Za-z])0(?=[A-Za-z])")
_GLUED = re.compile(
    r"(?P<before>[A-Z]{2,12})?(?P<number>\d{1,5})(?P<after>[A-Z°%]{1,8})?\d?"
)


def number_category(line: Sequence[Token], index: int) -> Category:
    """What a token with digits is."""
    token = line[index]
    folded = token.folded
    if token.is_number:
        if _is_part_of_date(line, index):
            return Category.DATE
        decimals = index > 0 and line[index - 1].is_number
        decimals = decimals and bool(_DECIMAL.fullmatch(token.before))
        decimals = decimals and token.start == line[index - 1].end + 1
        short = len(token.text) <= MOST_PLAIN_DIGITS + _is_duration(line, index)
        return _CLINICAL if short or decimals else Category.OTHER_ID
    foreign = any(each.isalpha() and not each.isascii() for each in folded)
    if foreign and not any(each.fullmatch(folded) for each in _PLAIN_NUMBERS):
        return _UNKNOWN
    if _PULSE_SEQUENCE.fullmatch(folded):
        return _CLINICAL
    if any(pattern.fullmatch(folded) for pattern in _PLAIN_NUMBERS):
        return _CLINICAL
    capital = token.text.replace("l", "I")  # El1478 is EI and a number
    mended = as_digits(folded)
    if mended.isdigit() and len(mended) > _DIGITS_OF_AN_ID and folded[0].isdigit():
        return Category.OTHER_ID  # 0942S1
    if is_clinical(folded) or _is_measure(folded):
        return _CLINICAL
    if capital.isupper() and _is_measure(fold(capital)):
        return _CLINICAL
    pieces = [fold(each) for each in _PIECES.findall(_ZERO_IN_WORD.sub("O", token.text))]
    plain = all(
        (each.isdigit() and len(each) <= 3) or (len(each) > 1 and is_clinical(each))
        for each in pieces
    )
    if plain and len(pieces) <= 4:
        return _CLINICAL
    digits = sum(each.isdigit() for each in folded)
    return Category.OTHER_ID if digits >= 4 else _UNKNOWN


def _is_duration(line: Sequence[Token], index: int) -> bool:
    """Whether a number is a time of a pulse sequence: ``TR 11000``."""
    named = index > 0 and line[index - 1].folded in ("TR", "TE", "TI")
    before = line[index - 2] if index > 1 else None
    meant = before is None or not before.is_word or before.folded in _BEFORE_TIMES
    number = int(line[index].text)
    timed = named and meant and number <= _LONGEST_MS and number % 10 == 0
    return timed and line[index].before.strip() in ("", ":", "=")


_LONGEST_MS = 20000
_BEFORE_TIMES = frozenset(
    "FLAIR STIR TSE FSE SE GRE EPI MS MR AX SAG COR T1 T2 PD DWI TR TE".split()
)
"""Words before such a time; behind others it may be the number of something."""
_PULSE_SEQUENCE = re.compile(
    r"(?:TFI|TFL|TSE|TIR|SE|FL|EP|EPSE|EPFID|FI|GR|ME|MEF|CI|SPC|SPCIR|TGSE|HTSE|QFL|DE|PSIF)"
    r"(?:[A-Z]{0,2}[23]D)\d{1,3}[A-Z]{0,2}"
)
"""As Siemens prints them: ``tfi2d1``, ``*fl3d1_ns``."""


def _is_measure(folded: str) -> bool:
    """A number with what it measures or its unit run together: ``TR3255``, ``12CM``."""
    if re.match(r"T1\d\d", folded):
        folded = "TI" + folded[2:]  # TI900, misread
    if folded.startswith("99M"):
        return is_clinical(folded[3:])  # Tc-99mMDP
    matrix = re.fullmatch(r"(\d{3,4})K(\d{3,4})", folded)
    if matrix is not None:
        return all(int(each) % 16 == 0 for each in matrix.groups())  # 384x224, misread
    match = _GLUED.fullmatch(folded)
    if match is None:
        return False
    before, after = match.group("before"), match.group("after")
    words = [word for word in (before, after) if word]
    number = match.group("number")
    round_one = after in ("U", "K", "X") and number.endswith("000")
    unit = round_one or (after is not None and len(after) > 1)  # 12345A is somebody's
    short = len(number) <= MOST_PLAIN_DIGITS or unit
    return short and bool(words) and all(is_clinical(word) for word in words)


RANGED = (VALUE_UNITS - {"s", "g"}) | frozenset(
    "min mins sec wk wks weeks yrs years days fps cycles bar kg lbs mg/kg Fr".split()
)
"""Units behind a range: ``10-12 min``. Initials stand behind dates, in capitals."""


def _has_unit(line: Sequence[Token], index: int) -> bool:
    unit = line[index] if line[index:] else None
    return unit is not None and not unit.before.strip() and unit.text in RANGED


def _is_part_of_date(line: Sequence[Token], index: int) -> bool:
    """A day and a month without a year: ``10/23``; ``IM 10/23`` counts images."""
    for first in (index - 1, index):
        if not 0 <= first < len(line) - 1:
            continue
        one, other = line[first], line[first + 1]
        if other.before not in ("/", "-") or not (one.is_number and other.is_number):
            continue
        if line[first + 2 :] and _is_tight(other, line[first + 2]):
            continue
        if first > 0 and (
            _is_tight(line[first - 1], one)
            or (one.before in (":", "+", "=") and line[first - 1].folded not in _DATES_OF)
        ):
            continue
        if first > 0 and line[first - 1].folded in _COUNTERS:
            continue
        if other.before == "-" and _has_unit(line, first + 2):
            continue
        low, high = sorted((int(one.text), int(other.text)))
        if _is_pressure(line, first):
            continue
        if 1 <= low <= 12 and low <= high <= 31 and len(other.text) == 2:
            return len(one.text) == 2 or high > 12
    return False


def _is_tight(one: Token, other: Token) -> bool:
    """Whether a sign and nothing else stands between two tokens: ``12/15-2``."""
    return other.before in ("/", "-", ".", ":") and other.start == one.end + 1


_DATES_OF = frozenset("DATE FECHA DATUM DATA DOS DOE EXAM ADMITTED ADM DISCHARGED".split())
"""Words before a colon that announce a date."""


def _is_pressure(line: Sequence[Token], first: int) -> bool:
    """Whether a unit follows, or a mean behind a catheter's place: ``PA 29/12 (19)``."""
    behind = line[first + 2 : first + 3]
    if "MMHG" in (each.folded for each in line[first + 2 : first + 4]):
        return True
    placed = first > 0 and line[first - 1].folded in _PLACES_OF_PRESSURE
    before = line[first - 2]
    begins = first == 1 or before.is_number or before.folded in _BEFORE_PRESSURE
    systole, diastole = int(line[first].text), int(line[first + 1].text)
    mean = [int(e.text) for e in behind if e.is_number and e.before.strip() == "("]
    pulse = systole - diastole
    return (
        placed
        and begins
        and any(0.1 * pulse <= each - diastole <= 0.67 * pulse for each in mean)
        and pulse > 0
    )


_BEFORE_PRESSURE = frozenset(
    "MMHG REST BASELINE PRE POST MEAN RIGHT LEFT DISTAL PROXIMAL PRESSURE PRESSURES".split()
)
_PLACES_OF_PRESSURE = frozenset("PA MPA RPA LPA AO RA RV LA LV SVC ART PCW PCWP".split())
