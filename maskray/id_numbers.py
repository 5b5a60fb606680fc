"""Numbers of identifiers: which figures are one, and what belongs to them.

Figures behind ``ID`` are somebody's unless they are a measure, or the number of order of
a thing that is counted. What hyphens join to such a number is part of it.
"""

from collections.abc import Sequence

from maskray.markers import MARKERS
from maskray.records import Category
from maskray.shorthand import VALUE_UNITS
from maskray.text import Token

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL


def is_number_of_id(line: Sequence[Token], index: int) -> bool:
    """Whether a token is a number with no measure in it: ``881-B/77``, not ``12.5 mm``."""
    number, rest = (*line[index : index + 2], None, None)[:2]
    if number is None or not any(each.isdigit() for each in number.text):
        return False
    few = sum(each.isdigit() for each in number.text) <= _FEWEST_OF_ID
    if few and is_counted(line, index - 1):
        return False
    signs = [each.before for each in line[index + 1 : index + 3]]
    if signs[:1] in (["-"], ["/"]) or signs == [".", "."]:
        return True
    long = sum(each.isdigit() for each in number.text) >= _FEWEST_OF_ID
    decimal = signs[:1] in (["."], [","])
    unit = rest is not None and rest.text in VALUE_UNITS | {"um", "kVp", "x"}
    return long and not (decimal or unit)


def is_counted(line: Sequence[Token], index: int) -> bool:
    """Whether a token stands behind a thing that is counted: ``Image ID``."""
    return index > 0 and line[index - 1].folded in _COUNTED


_COUNTED = frozenset(
    "ACQ PROTOCOL FRAME IMAGE SLICE SERIES BEAM FIELD ROI LESION NODULE STENT SHEATH "
    "CATHETER TUBE".split()
)
"""Things whose ID is a number of order."""


def by_compound(line: Sequence[Token], found: list[Category | None]) -> None:
    """What hyphens join to a number of an identifier is part of it: ``A-10-97415``.

    So are figures that a hyphen joins to capitals that nobody knows: ``UH-7525-A``.
    """
    for index in range(1, len(line)):
        word, figures = line[index - 1], line[index]
        tight = figures.before == "-" and word.end + 1 == figures.start
        unknown = found[index - 1] is _UNKNOWN and word.text.isupper()
        long = figures.is_number and len(figures.text) >= _FEWEST_OF_ID
        unit = line[index + 1].folded if line[index + 1 :] else ""
        long = long and unit not in _UNITS_OF_COUNTS
        if tight and unknown and long and found[index] is _CLINICAL:
            found[index - 1] = found[index] = Category.OTHER_ID
    for indices in (range(1, len(line)), range(len(line) - 1, 0, -1)):
        for index in indices:
            one, other = index - 1, index
            joined = line[other].before.strip() in ("-", "_", "/")
            number, part = one, other
            if found[one] is _CLINICAL:
                number, part = other, one
            if not joined or found[number] not in _IDS or found[part] is not _CLINICAL:
                continue
            tight = line[one].end + 1 == line[other].start
            if tight or _is_part(line[part]):
                found[part] = found[number]


_FEWEST_OF_ID = 3
_UNITS_OF_COUNTS = frozenset("KV KVP MA MAS MS MSEC MM CM ML HZ KHZ DB FPS BPM".split())
_IDS = frozenset(
    {
        Category.PATIENT_ID,
        Category.ACCESSION,
        Category.DEVICE_SERIAL,
        Category.OTHER_ID,
        Category.PHONE,  # as the digits of a number may look
    }
)


def _is_part(token: Token) -> bool:
    """Whether a token may be part of a number that is printed with spaces."""
    return token.is_number or (len(token.text) <= 3 and token.folded not in MARKERS)
