"""Sides and lead markers: what names a side, and whose the letters beside it are.

Technologists put their initials beside the side: ``R RS``. Two capitals beside a side or
alone are somebody's unless they name a side, a view or a part of a body.
"""

import re
from collections.abc import Sequence

from maskray.records import Category
from maskray.text import MOST_INITIALS, Token, tokens
from maskray.vocabulary import is_clinical

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

SIDES = frozenset("LEFT RIGHT UPPER LOWER ANTERIOR POSTERIOR LATERAL MEDIAL".split())
"""Never taken for a name: to lose a side does harm."""
MARKERS = frozenset("L R LT RT LEFT RIGHT".split())
"""What a lead marker says of the side."""
AXES = frozenset("APLRHFSI")
"""The letters that tell where a patient's sides are."""


def is_side(text: str) -> bool:
    """Whether a line is nothing but a side, as on a lead marker."""
    return text.strip().upper() in MARKERS


def may_be_initials(text: str) -> bool:
    """Whether a line is two or three capitals that may be somebody's initials."""
    line = list(tokens(text))
    return len(line) == 1 and _may_be_initials(line[0])


def is_bare(text: str) -> bool:
    """Whether a line is two capitals that name no side, view or part of a body.

    Beside a number they are a setting; alone they are anybody's initials.
    """
    word = text.strip()
    known = word in MARKERS | _AFTER_SIDE | _ALONE or set(word) <= AXES
    capitals = word.isalpha() and word.isascii() and word.isupper()
    return len(word) == 2 and capitals and not known


_ALONE = frozenset("CT MR US CR DX NM MG XA RF IV ID FR SL SE IM TR TE TI FA ST SP".split())
"""Short forms that are printed alone, or whose numbers stand in another line."""


def by_side(line: Sequence[Token], found: list[Category | None]) -> None:
    """Letters beside a side, as on a lead marker, are somebody's: ``R RS``.

    If more stands before the side, two letters that end the line: ``81.0 mm RT PC``.
    What is read behind the letters does not make them a setting: ``R HM3A``.
    """
    if len(line) < 2 or line[-2].folded not in MARKERS or found[-1] is not _CLINICAL:
        return
    if line[-1].before.strip() == "/" and line[-1].folded in ("OD", "OS"):
        return  # Right/OD
    alone = len(line) == 2
    if _may_be_initials(line[-1]) and (alone or is_bare(line[-1].text)):
        found[-1] = _UNKNOWN
    lead = _BEFORE_DIGITS.match(line[-1].text)
    bare = lead and is_bare(lead[1]) and lead[1] not in _VERTEBRAE
    if alone and lead and bare and not is_clinical(lead[1]):
        found[-1] = _UNKNOWN


_VERTEBRAE = frozenset({"TH"})
_BEFORE_DIGITS = re.compile(r"([A-Z]{2})\d")


def _may_be_initials(token: Token) -> bool:
    """Two or three capitals that do not tell what a side is a side of."""
    if not 2 <= len(token.text) <= MOST_INITIALS or token.folded in _AFTER_SIDE | MARKERS:
        return False
    return token.text.isupper() and sum(each.isalpha() for each in token.text) > 1


_AFTER_SIDE = frozenset(
    # views and positions
    "CC MLO ML LM LMO SIO XCC CV LAT OBL AP PA AX AXI SAG TRV TRA TX COR SAX LAX DEC TAN "
    "HFS HFP FFS FFP EXT INT FLX ER IR UP LOW INF SUP MED ANT POS PRE MAG ID WB NWB "
    # what has a left and a right
    "HIP TOE RIB EYE EAR ARM LEG JAW TMJ SI SC AC IAC UE LE KID OV LOB BRE LNG ADR UPJ "
    "UVJ CCA ICA ECA MCA ACA PCA VA UA SFA CFA PFA POP PTA ATA DPA SFV CFV PFV GSV SSV "
    "RCA LCA LAD LCX SVC HV PV RA RV LA LV TV AV AO".split()
)
