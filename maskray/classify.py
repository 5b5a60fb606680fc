"""What each piece of a line of text is: PHI, clinical, or unknown.

A line is cut into tokens; each token is PHI (by the header's own identifiers, by its
form, or by the label before it), clinical (by the vocabulary, or a number or
measurement), or unknown. Whether it is hidden is the policy's to say.

This page has the steps in their order; what they know of labels, words, persons, places,
dates, markers and numbers of identifiers is in the files of these names.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from maskray.ages import find_ages
from maskray.date_forms import names_a_month
from maskray.dates import DATES, by_date, by_foreign_month
from maskray.eponyms import is_eponym
from maskray.forms import find_forms, find_numbers
from maskray.id_numbers import by_compound
from maskray.identifiers import Identifiers
from maskray.labels import by_label
from maskray.markers import by_side
from maskray.persons import by_banner, by_caret, by_company, by_degree, by_particle
from maskray.places import by_address, by_institution, by_postcode
from maskray.policy import Policy
from maskray.records import Category
from maskray.text import Token, as_digits, as_letters, fold, tokens
from maskray.vocabulary import TITLES
from maskray.words import are_halves, by_script, by_vocabulary, is_spelled_right

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL
MISREADABLE = frozenset({Category.UNKNOWN, Category.NAME, Category.OTHER_ID})
"""What a clinical word or number may turn into when it is misread."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A run of characters of one line, half-open, and what it is."""

    start: int
    end: int
    category: Category


def classify(text: str, identifiers: Identifiers, policy: Policy) -> tuple[Labelled, ...]:
    """What each token of a line of text is, from left to right.

    Neighbouring tokens of one category make one run. Categories are those of the text;
    whether they are PHI is the policy's to say.
    """
    line = list(tokens(text))
    found: list[Category | None] = [None] * len(line)
    folded = fold_keeping_length(text)
    _by_allow_list(line, folded, policy, found)
    _by_identifiers(line, identifiers, found)
    for match in _VERTEBRAL.finditer(folded):
        _mark(line, found, match.start(), match.end(), _CLINICAL)
    _by_form(line, _without_places_of_a_breast(text, folded), identifiers, policy, found)
    by_label(line, found)
    for match in (e for each in _PLAIN for e in each.finditer(folded)):
        _mark(line, found, match.start(), match.end(), _CLINICAL)
    for start, end in find_numbers(_with_plain_digits(line, folded)):
        _mark(line, found, start, end, Category.OTHER_ID)
    by_vocabulary(line, found)
    by_institution(line, found)
    by_degree(line, found)
    by_caret(line, found)
    by_banner(line, found)
    by_company(line, found)
    by_particle(line, found)
    by_compound(line, found)
    by_postcode(line, found)
    by_address(line, found)
    by_side(line, found)
    by_script(line, text, found)
    by_foreign_month(line, found)
    by_date(line, found)
    return tuple(_runs(line, found))


_SCANNED = re.compile(
    r"(?<!\w)[SI]\d{1,3}(?:\.\d{1,3}-[SI]\d{1,4}\.\d{1,3}|-[SI]\d{1,3})(?![\w.])"
)
"""From where to where a scanner's table moved: ``S22.5-I318.0``."""
_MODELS = re.compile(
    r"(?<![\w-])(?:P[LSUV][A-Z]-\d{2,4}(?:BT|AT|BX|ST|MV|SX|LT|CT)"
    r"|E[GCBDNI]-\d{3}(?:R|RD|ZP|ZW|N|NW|WR|UT|UR|MP|L|T|XT)\d?"
    r"|(?:JUDKINS|AMPLATZ)[LR]\d(?:\.\d)?)(?![\w-])"
)
"""Transducers, endoscopes and catheters: ``PLT-1005BT``, ``EG-760R``, ``JudkinsL4``."""
_TECHNETIUM = re.compile(r"(?<!\w)[TIJL1][CE]-99M(?!\w)")
"""``Tc-99m``, a letter misread, too."""
_PLAIN = (_SCANNED, _MODELS, _TECHNETIUM)
_LEVEL = r"(?:C[1-8]|T(?:1[0-3]|[1-9])|L[1-6]|S[1-5])"
_VERTEBRAL = re.compile(rf"(?<![\w-]){_LEVEL}(?:[-/]{_LEVEL}){{1,4}}(?![\w-])")
"""A part of the spine: ``L3-L4-L5`` is no date whose ones were misread."""


def is_plain(text: str, identifiers: Identifiers) -> bool:
    """Whether nothing in a line needs another reading.

    Each token is PHI by its form or by the header, or clinical as it is spelled.
    """
    runs = classify(text, identifiers, Policy())
    clinical = [run for run in runs if run.category is _CLINICAL]
    return not any(run.category in MISREADABLE for run in runs) and all(
        any(each.isdigit() for each in token.text) or is_spelled_right(token)
        for run in clinical
        for token in tokens(text[run.start : run.end])
    )


def is_clean(runs: Iterable[Labelled]) -> bool:
    """Whether all of a line is clinical."""
    return all(run.category is _CLINICAL for run in runs)


def items_in(text: str) -> list[tuple[int, int]]:
    """What stands as one item in a row whatever its gaps, as half-open character indices.

    Dates, times, durations, addresses of all kinds; names of anatomical things; a title
    and the name behind it; an institution, if it fills the row; a clinical word that was
    read with a gap in it.
    """
    line = list(tokens(text))
    things = [
        (line[max(index - 2, 0)].start, line[: index + 2][-1].end)
        for index in range(len(line))
        if is_eponym(line, index)
    ]
    things += [
        (one.start, other.end)
        for one, other in itertools.pairwise(line)
        if (one.folded in TITLES and other.is_word) or are_halves(one, other)
    ]
    things += [match.span() for match in _DURATION.finditer(text)]
    runs = classify(text, Identifiers(), Policy())
    wide = {*DATES, Category.ADDRESS, Category.PHONE}
    if len(runs) == 1:
        wide.add(Category.INSTITUTION)
    return [*things, *((run.start, run.end) for run in runs if run.category in wide)]


_DURATION = re.compile(r"(?<!\w)(?:TA|DUR|DURATION)\s*[:=]?\s*\d{1,2}:\d\d(?!\d)")


def fold_keeping_length(text: str) -> str:
    """Folded character by character, so that indices stay those of ``text``."""
    return "".join((fold(each) or " ")[0] for each in text)


def _by_allow_list(
    line: Sequence[Token], folded: str, policy: Policy, found: list[Category | None]
) -> None:
    for phrase in (*_PHRASES, *policy.allow):
        for match in re.finditer(rf"(?<!\w){re.escape(fold(phrase))}(?!\w)", folded):
            _mark(line, found, match.start(), match.end(), _CLINICAL)


_PHRASES = (
    "FIELD OF VIEW",
    "Q.CLEAR",
    "BI-RADS",
    "CUL DE SAC",
    "SW VER",
    "E-MAIL",
    "SMART MA",
    "AUTO/SMART",
    "NEAR FOCUS",
    "SYNGO.VIA",
    "MM READING",
    "DYN*S/CM5",
    "NON CON",
    "SOP CLASS",
    "XRES PRO",
    "IN GOOD POSITION",
    "FEV 1",
    "NG TUBE",
    "OG TUBE",
    "LI-RADS",
    "CUL-DE-SAC",
    "CHO/CR",
    "NAA/CR",
    "IN CAST",
    "X-PORTE",
    "GALL BLADDER",
    "GROUND GLASS",
    "III, WHITE",
    "FSE-XL",
    "NEW YORK HEART ASSOCIATION",
)
"""Clinical phrases with a frequent name in them."""


def _by_identifiers(
    line: Sequence[Token], identifiers: Identifiers, found: list[Category | None]
) -> None:
    for start, end, category in identifiers.find(line):
        for index in range(start, end):
            found[index] = category


def _by_form(
    line: Sequence[Token],
    folded: str,
    identifiers: Identifiers,
    policy: Policy,
    found: list[Category | None],
) -> None:
    digits = _with_plain_digits(line, folded)
    if _CLOCK_FACE.search(folded):
        digits = _CLOCK_HOURS.sub(lambda match: "#" * len(match.group()), digits)
    words = _with_plain_letters(line, folded)
    for start, end, category in find_forms(folded, digits, words, identifiers.birth_dates):
        _mark(line, found, start, end, category)
    for start, end, years in find_ages(folded):
        old = years > policy.age_limit_years
        _mark(line, found, start, end, Category.AGE if old else _CLINICAL)


def _without_places_of_a_breast(text: str, folded: str) -> str:
    """The folded line without ``3h 12 mm``, which is no time of a day.

    In small letters: initials may stand behind a time.
    """
    shown = folded.lower() if _CLOCK_FACE.search(folded) else text
    for match in _HOUR_AND_DISTANCE.finditer(shown):
        start, end = match.span()
        folded = folded[:start] + "#" * (end - start) + folded[end:]
    return folded


_HOUR_AND_DISTANCE = re.compile(r"(?<![\w.:])(?:1[0-2]|[1-9])(?=h \d{1,3} ?[cm]m\b)")
_CLOCK_FACE = re.compile(
    r"(?<![A-Z])(?:BREAST|O.?CLOCK|FN|CMFN|RADIAL|QUADRANT|\w*AREOLAR)"
)
"""Words of a breast examination, where 3:00 is a place."""
_CLOCK_HOURS = re.compile(r"(?<![\d:])(?:1[0-2]|0?[1-9]):[03]0(?![\d:])(?!\s?[AP]\.?M)")


def _with_plain_digits(line: Sequence[Token], folded: str) -> str:
    """The line with letters in mostly numeric tokens read as the digits they are."""
    characters = list(folded)
    for token in line:
        digits = sum(each.isdigit() for each in token.text)
        piece = slice(token.start, token.end)
        if not 0 < digits < len(token.text) or names_a_month(token.folded):
            continue
        if "W" in token.folded or "HZ" in token.folded:
            continue  # WW:400WL:40, FR 22Hz2
        if len(token.text) == 3 and names_a_month(as_letters(token.text)):
            characters[piece] = as_letters(token.text)
        elif 2 * digits >= len(token.text):
            characters[piece] = as_digits(folded[piece])
    return "".join(characters)


def _with_plain_letters(line: Sequence[Token], folded: str) -> str:
    """The line with digits in tokens that are letters by half read as letters."""
    characters = list(folded)
    for token in line:
        if 2 * sum(each.isalpha() for each in token.text) >= len(token.text):
            characters[token.start : token.end] = as_letters(
                folded[token.start : token.end]
            )
    return "".join(characters)


def _mark(
    line: Sequence[Token],
    found: list[Category | None],
    start: int,
    end: int,
    category: Category,
) -> None:
    """Marks the tokens that a match touches, unless they are marked."""
    for index, token in enumerate(line):
        if token.start < end and token.end > start and found[index] is None:
            found[index] = category


def _runs(line: Sequence[Token], found: list[Category | None]) -> Iterator[Labelled]:
    start = 0
    for index in range(1, len(line) + 1):
        if index == len(line) or found[index] is not found[start]:
            category = found[start] or _UNKNOWN
            yield Labelled(line[start].start, line[index - 1].end, category)
            start = index
