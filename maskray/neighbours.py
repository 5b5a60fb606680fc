"""What the lines around a line say of it.

A label and its value, a side and the initials beside it, a name and its end may be read as
lines of their own; two capitals are somebody's initials if nothing stands beside them. Here
too is what it means to stand beside, below or right of a line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from maskray.classify import Labelled
from maskray.dates import DATES
from maskray.geometry import Box
from maskray.labels import WORDY, may_be_value, open_label
from maskray.markers import is_bare, is_side, may_be_initials
from maskray.records import Category, PhiText, TextLine
from maskray.shorthand import RANGED
from maskray.tables import is_among_measures
from maskray.text import LONG_ENOUGH, letters, tokens
from maskray.vocabulary import is_clinical, is_concept, is_name, is_only_exact

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

PLAINLY = 0.9
"""Least confidence with which letters were read that are printed plainly."""
SAME_BOX = 0.6
"""Least share of a box that another one covers, if both are of one place."""


def by_neighbouring_label(
    lines: Sequence[TextLine], labelled: list[list[Labelled]]
) -> None:
    """A label without a value says what stands right of it or just below it.

    One that stands itself, what stands at either of its ends.

    Clinical text behind that is another item of the row.
    """
    for index, line in enumerate(lines):
        category = open_label(line.text.get_secret_value())
        if category is None:
            continue
        if line.box.height > line.box.width:
            nearest = nearest_line(lines, index, _is_behind_standing)
        else:
            nearest = nearest_line(lines, index, is_right_of)
            if nearest is None:
                nearest = nearest_line(lines, index, _is_below)
        for other in () if nearest is None else _there(lines, nearest):
            text = lines[other].text.get_secret_value()
            if _is_next_field(text):
                continue  # of a form, whose value is missing
            labelled[other] = [
                run
                if number > 0 and run.category is _CLINICAL
                else Labelled(run.start, run.end, _after_label(run, text, category))
                for number, run in enumerate(labelled[other])
            ]


def _after_label(run: Labelled, text: str, category: Category) -> Category:
    """What a run of a line is that stands beside or below a label of that category."""
    if run.category not in (_CLINICAL, _UNKNOWN, Category.OTHER_ID, Category.NAME):
        return run.category
    value = list(tokens(text[run.start : run.end]))
    fits = any(may_be_value(category, token, first=True, at_once=True) for token in value)
    clinical = all(
        is_clinical(each.text) and not is_name(each.text) and not is_only_exact(each.text)
        for each in value
    )
    capitals = [each for each in value if each.text.isupper() and each.is_word]
    initials = category is Category.OPERATOR and len(value) == len(capitals) == 1
    known = category in WORDY and clinical and not initials
    return category if fits and not known else run.category


def _is_next_field(text: str) -> bool:
    """Whether a text is nothing but a label, and no initials that look like one."""
    plainly = text.rstrip().endswith((":", "=", "#")) or len(text.split()) > 1
    return plainly and open_label(text) is not None


def _there(lines: Sequence[TextLine], index: int) -> Iterator[int]:
    """A line, and what else was read in its place."""
    here = lines[index]
    for other, line in enumerate(lines):
        least = min(here.box.area, line.box.area)
        shared = not set(line.frames).isdisjoint(here.frames)
        if shared and line.box.overlap(here.box) > SAME_BOX * least:
            yield other


def by_neighbouring_unit(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
    """What looks like a day and a month is a range before a unit: ``10-12`` and ``min``."""
    for index, line in enumerate(lines):
        if _RANGE.fullmatch(line.text.get_secret_value()) is None:
            continue
        other = nearest_line(lines, index, is_right_of)
        if other is None or lines[other].box.x0 - line.box.x1 > line.box.height:
            continue
        unit = next(iter(tokens(lines[other].text.get_secret_value())), None)
        if unit is not None and unit.text in RANGED:
            labelled[index] = [replace(run, category=_CLINICAL) for run in labelled[index]]


_RANGE = re.compile(r"\s*\d{1,2}-\d{1,2}\s*")


def by_neighbouring_side(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
    """The same for a marker whose side and letters were read as two lines."""
    for index, line in enumerate(lines):
        if not is_side(line.text.get_secret_value()):
            continue
        other = nearest_line(lines, index, _is_beside)
        if other is None:
            continue
        if may_be_initials(lines[other].text.get_secret_value()):
            labelled[other] = [
                replace(run, category=_UNKNOWN) if run.category is _CLINICAL else run
                for run in labelled[other]
            ]


def by_standing_alone(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], modality: str
) -> None:
    """Two capitals with nothing beside them: a short form for some, initials for all.

    On radiographs three capitals, too: a tenth of all initials are short forms.
    """
    for index, line in enumerate(lines):
        text = line.text.get_secret_value().strip()
        if line.confidence < PLAINLY or not _is_bare_in(text, modality):
            continue
        told = _has_value(lines, index) or (
            modality not in _RADIOGRAPHS and is_among_measures(lines, labelled, index)
        )
        if nearest_line(lines, index, _shares_row) is None and not told:
            labelled[index] = [
                replace(run, category=_UNKNOWN) if run.category is _CLINICAL else run
                for run in labelled[index]
            ]


def _is_bare_in(text: str, modality: str) -> bool:
    """Whether two capitals may be initials in images of a modality.

    On radiographs technologists put theirs beside the side, and no directions are written.
    """
    if modality in _RADIOGRAPHS and len(text) == 2 and text.isalpha() and text.isupper():
        return text not in _ON_RADIOGRAPHS | _THERE.get(modality, frozenset())
    if modality in _PLAIN_FILMS and _THREE.fullmatch(text):
        return text not in _THREE_ON_FILMS and not is_concept(text)  # PDA, L and TK
    return is_bare(text) and not (modality in _OF_EYES and text in _EYES)


_THREE = re.compile(r"[A-Z]{3}")
_PLAIN_FILMS = frozenset({"CR", "DX", "RG", "MG"})
_THREE_ON_FILMS = frozenset(
    "ABD AEC AGD ANT AXI AXL AXR BMD CLV CXR DAP DEC DET DEV ESD EXI EXP EXT FFD FLX FOV "
    "FPD GEN HFS ICU IMG IMP INF INT INV KUB KVP LAO LAP LAT LCC LIH LLD LLL LLM LLO LLQ "
    "LML LMO LOW LPA LPO LSO LUL LUQ MAG MAS MED MLO MRI NWB OBL OBS OPG PED PEL PNS POP "
    "POS PRE PRN RAO RAP RAT RCC REF REJ RES RIH RLD RLL RLM RLO RLQ RML RMO ROI RPA RPO "
    "RSO RUL RUQ SAG SAX SCI SDD SEQ SER SID SIM SIO SOD STD SUB SUP SWM TAN TIB TMJ TOM "
    "UGI UPR UPS VOL WIN XCC YES".split()
)
"""What else of three capitals stands there alone; what is not here is somebody's."""
_RADIOGRAPHS = frozenset({"CR", "DX", "RG", "MG", "IO", "PX"})
_ON_RADIOGRAPHS = frozenset(
    "LT RT AP PA LL RL IR ER WB UP DX CR SE IM ID CM MM KV MA".split()
)
_THERE = {
    "MG": frozenset("CC ML LM AT MG".split()),
    "IO": frozenset({"UL", "UR"}),
    "PX": frozenset({"UL", "UR"}),
}
"""Views and quadrants of one modality."""
_OF_EYES = frozenset("OP OPT OPV OPM OPR OAM OCT IOL KER LEN SRF VA AR".split())
_EYES = frozenset({"OD", "OS", "OU"})


def _has_value(lines: Sequence[TextLine], index: int) -> bool:
    """Whether the next text in a worksheet's row is a measure: ``HC`` and ``17.5 cm``."""
    if lines[index].text.get_secret_value().strip() not in _HEADS:
        return False
    other = nearest_line(lines, index, _is_farther_right)
    text = "" if other is None else lines[other].text.get_secret_value()
    return _MEASURE.match(text) is not None


_HEADS = frozenset("HC AC FL HL EF FS".split())
_MEASURE = re.compile(r"\s*\d+[.,]\d+\s*(?:[cm]m|%)(?!\w)")


def by_open_end(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
    """A name or a date whose end was read as a line of its own.

    A name that ends in a comma goes on, ``Vu,`` and ``P``, and one before an initial,
    ``KAUR`` and ``T.`` or ``KAUR.`` and ``T``; so does a date right before figures,
    ``1972 Nov`` and ``27``. An address begins with the figures before it: ``775`` and
    ``Elm St, Ayr, TX 14401``.
    """
    for index, line in enumerate(lines):
        if labelled[index] and labelled[index][0].category is Category.ADDRESS:
            before = nearest_line(lines, index, lambda here, there: _goes_on(there, here))
            if before is not None and _begins_address(lines[before].text):
                labelled[before] = [
                    replace(run, category=Category.ADDRESS) for run in labelled[before]
                ]
        if not labelled[index] or labelled[index][-1].category not in _ENDS:
            continue
        if labelled[index][-1].category in DATES:
            for end in _overlapping_ends(lines, index):
                labelled[end] = [
                    replace(run, category=labelled[index][-1].category)
                    if run.category is _CLINICAL
                    else run
                    for run in labelled[end]
                ]
        other = nearest_line(lines, index, _goes_on)
        if other is None or len(labelled[other]) != 1:
            continue
        run, category = labelled[other][0], labelled[index][-1].category
        more = lines[other].text.get_secret_value().strip()
        if category in DATES:
            gap = lines[other].box.x0 - line.box.x1
            fits = more.isdigit() and gap < _TOUCHING * line.box.height
            fits = fits and len(more) <= LONG_ENOUGH
        else:
            text = line.text.get_secret_value().rstrip()
            fits = text.endswith((",", "^")) or _INITIAL.fullmatch(more) is not None
            named = category is not _UNKNOWN and text.endswith(".")
            fits = fits or (named and len(more) == 1 and more.isupper())
        if fits and run.category in (_CLINICAL, Category.SEX):
            labelled[other] = [replace(run, category=category)]


def _begins_address(text: PhiText) -> bool:
    figures = letters(text.get_secret_value())
    return figures[:1].isdigit() and len(figures) <= _LONGEST_HOUSE_NUMBER


_LONGEST_HOUSE_NUMBER = 5


def _overlapping_ends(lines: Sequence[TextLine], index: int) -> Iterator[int]:
    """Lines that begin with the end of another: ``SEP 21,`` and ``21, 2015``."""
    here, mine = lines[index], letters(lines[index].text.get_secret_value())
    for other, line in enumerate(lines):
        its, box = letters(line.text.get_secret_value()), line.box
        level = min(here.box.y1, box.y1) - max(here.box.y0, box.y0)
        if set(line.frames).isdisjoint(here.frames) or 2 * level < here.box.height:
            continue
        shared = any(mine.endswith(its[:count]) for count in range(2, len(its)))
        if here.box.x0 < box.x0 < here.box.x1 < box.x1 and shared:
            yield other


_ENDS = frozenset({Category.NAME, Category.PHYSICIAN, _UNKNOWN, *DATES})
_INITIAL = re.compile(r"[A-Z]\.")
_TOUCHING = 0.5


def _goes_on(here: Box, there: Box) -> bool:
    """Whether a line is the end of another: close behind it, at either end if turned."""
    low = min(here.height, here.width)
    if here.width >= here.height:
        return is_right_of(here, there) and there.x0 - here.x1 < 2 * low
    level = min(here.x1, there.x1) - max(here.x0, there.x0)
    gap = max(there.y0 - here.y1, here.y0 - there.y1)
    return level > 0.5 * low and -low < gap < 2 * low


def nearest_line(
    lines: Sequence[TextLine], index: int, related: Callable[[Box, Box], bool]
) -> int | None:
    """Which line of the same frames is nearest, of those so related to a line."""
    here = lines[index]
    near = [
        other
        for other, line in enumerate(lines)
        if other != index
        and not set(line.frames).isdisjoint(here.frames)
        and related(here.box, line.box)
    ]
    return min(
        near,
        key=lambda i: (
            (lines[i].box.x0 - here.box.x1) ** 2 + (lines[i].box.y0 - here.box.y0) ** 2
        ),
        default=None,
    )


def _is_behind_standing(here: Box, there: Box) -> bool:
    level = min(here.x1, there.x1) - max(here.x0, there.x0)
    gap = max(there.y0 - here.y1, here.y0 - there.y1)
    return level > 0.5 * here.width and -here.width < gap < 8 * here.width


def is_right_of(here: Box, there: Box) -> bool:
    """Whether a box stands behind another in its row, and not far from it."""
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = there.x0 - here.x1
    return level > 0.5 * here.height and -here.height < gap < 8 * here.height


def _is_farther_right(here: Box, there: Box) -> bool:
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = there.x0 - here.x1
    return level > 0.5 * here.height and 0 <= gap < _ROW_LONG * here.height


_ROW_LONG = 20


def _is_beside(here: Box, there: Box) -> bool:
    alike = max(here.height, there.height) < 1.5 * min(here.height, there.height)
    gap = max(there.x0 - here.x1, here.x0 - there.x1)
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    return alike and level > 0.5 * here.height and 0 <= gap < 1.5 * here.height


def _shares_row(here: Box, there: Box) -> bool:
    low = min(here.height, here.width)
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = max(there.x0 - here.x1, here.x0 - there.x1)
    if here.height > here.width:
        level = min(here.x1, there.x1) - max(here.x0, there.x0)
        gap = max(there.y0 - here.y1, here.y0 - there.y1)
    return level > 0.5 * low and gap < _FAR_APART * low


_FAR_APART = 3


def _is_below(here: Box, there: Box) -> bool:
    gap = there.y0 - here.y1
    return (
        -0.5 * here.height < gap < here.height
        and there.y0 > here.y0
        and abs(there.x0 - here.x0) < 2 * here.height
    )
