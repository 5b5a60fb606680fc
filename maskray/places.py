"""Institutions and addresses: what belongs to one.

A few words tell an institution, the forms of houses and postcodes an address; the rest of
it stands around them, though nobody knows it or it is clinical elsewhere.
"""

import itertools
import re
from collections.abc import Sequence

from maskray.labels import LABELS, NUMBER_WORDS, TREATING
from maskray.markers import SIDES
from maskray.records import Category
from maskray.text import LONG_ENOUGH, Token, as_letters, distance
from maskray.vocabulary import clinical_words, is_english, is_only_exact
from maskray.words import is_run_into_side, is_sentence, is_small, is_spelled_right

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

_INSTITUTION_ALONE = frozenset(
    "HOSPITAL HOSP CLINIC CLINICS CLINICA UNIVERSITY UNIV INFIRMARY KLINIK KLINIKUM "
    "KRANKENHAUS HOPITAL OSPEDALE HOSPITALS POLYCLINIC SANATORIUM UNIVERSITAT "
    "HOSPITALIER KLINIEK ZIEKENHUIS SYGEHUS SJUKHUS".split()
)
_INSTITUTION_BESIDE = _INSTITUTION_ALONE | frozenset(
    "MED MEDICAL MEDICINE CTR CENTER CENTRE HEALTH HEALTHCARE IMAGING INSTITUTE "
    "INSTITUT RADIOLOGY DEPT DEPARTMENT ASSOCIATES GROUP SURGICAL CARE MEMORIAL GENERAL "
    "REGIONAL COUNTY COMMUNITY FOUNDATION TRUST NHS PRAXIS LABORATORY SYSTEM SCHOOL "
    "COLLEGE ORTHOPEDICS ORTHOPAEDICS CARDIOLOGY ULTRASOUND DIAGNOSTIC DIAGNOSTICS "
    "PAVILION STUDIO PHYSICIANS DENTAL ENDOSCOPY ORTHODONTICS VETERINARY".split()
)
_PLACES = frozenset("CTR CENTER CENTRE INSTITUTE FOUNDATION TRUST SCHOOL COLLEGE".split())
"""Behind a word that tells what kind they tell an institution alone: ``MEDICAL CENTER``."""
_SPECIALTIES = frozenset(
    "BREAST CANCER CARDIAC CT DENSITY DENTAL ENDOSCOPY EYE FETAL HEART KIDNEY LUNG MRI "
    "PAIN PROSTATE SLEEP SPINE STROKE SURGERY TRAUMA VASCULAR VEIN WOMEN WOMENS".split()
)
"""Before such a word at the end of a line they make a practice: ``Heart Center``."""
_NO_KIND = _PLACES | {"GENERAL", "SYSTEM"}


def by_institution(line: Sequence[Token], found: list[Category | None]) -> None:
    """The words of an institution's name, from the strange ones to the telling one.

    What a hyphen joins to it belongs to it.
    """
    words = [
        as_letters(token.text) if token.text[:1].isalpha() else token.folded
        for token in line
    ]
    keys = [
        i
        for i, word in enumerate(words)
        if _tells_institution(word) and not _is_heading(line, i, words)
    ]
    keys += [
        i
        for (one, _), (i, other) in itertools.pairwise(enumerate(words))
        if words[one] + other in _INSTITUTION_BESIDE and not line[i].before
    ]
    keys.sort()
    strong = any(words[i] in _INSTITUTION_ALONE for i in keys)
    strong = strong or any(
        i - 1 in keys and words[i] in _PLACES and words[i - 1] not in _NO_KIND for i in keys
    )
    strong = strong or any(
        i > 0
        and words[i] in _PLACES
        and words[i - 1] in _SPECIALTIES
        and line[i].text[0].isupper()
        and (i + 1 == len(line) or words[i + 1] in ("OF", "FOR"))
        for i in keys
    )
    sentence = is_sentence(line)
    strange = [
        i
        for i, token in enumerate(line)
        if len(words[i]) > 1
        and (
            found[i] in (_UNKNOWN, Category.NAME, Category.INSTITUTION)
            or (
                is_only_exact(token.text)
                and is_english(token.text)
                and _is_beside(i, keys, words)
            )
            or (
                len(token.text) >= LONG_ENOUGH
                and not is_spelled_right(token)
                and token.is_word
                and _is_beside(i + _is_of_specialty(words, i + 1), keys, words)
            )
            or (
                is_small(token)
                and len(token.text) >= LONG_ENOUGH
                and not is_spelled_right(token)
                and (not sentence or i + 1 in keys)
            )
        )
    ]
    if not keys or not (strong or strange):
        return
    last = keys[-1]
    first = min([*strange, *keys])
    while first > 0 and last == len(line) - 1 and _may_begin_name(line[first - 1]):
        first -= 1  # Three Rivers, Sunrise Valley
    for index, token in enumerate(line):
        if (
            index < first
            or not (token.is_word or index in keys)
            or found[index]
            not in (
                _CLINICAL,
                _UNKNOWN,
                Category.NAME,
            )
        ):
            continue
        joined = (
            token.before == "-"
            and token.start == line[index - 1].end + 1
            and found[index - 1] is Category.INSTITUTION
        )
        named = found[index - 1] is Category.INSTITUTION and _is_nearly_clinical(token)
        if index <= last or joined or named or found[index] is not _CLINICAL:
            found[index] = Category.INSTITUTION


def _is_beside(index: int, keys: Sequence[int], words: Sequence[str]) -> bool:
    """Whether a word that tells a practice stands beside: ``Compass Health``."""
    kinds = {words[i] for i in keys if abs(i - index) == 1}
    return bool(kinds - {"SYSTEM", "GENERAL", "ULTRASOUND"})


def _is_of_specialty(words: Sequence[str], index: int) -> bool:
    """Whether a word is a specialty: what stands before it may tell whose practice."""
    return index < len(words) and words[index] in _SPECIALTIES


def _may_begin_name(token: Token) -> bool:
    """Whether an institution's name may begin with a word, clinical as it may be."""
    capital = token.text[:1].isupper() and token.is_word
    return capital and len(token.text) >= LONG_ENOUGH and token.folded not in SIDES


def _is_heading(line: Sequence[Token], index: int, words: Sequence[str]) -> bool:
    """Whether a word names a field of a form, and no institution: ``Hospital:``."""
    after = line[index + 1].before if line[index + 1 :] else ":"
    numbered = any(word in NUMBER_WORDS for word in words[1:2])
    return index == 0 and words[0] in TREATING and (after.startswith(":") or numbered)


def _is_nearly_clinical(token: Token) -> bool:
    """Whether a long word is clinical only if misread: in a name it is none.

    ``Hospital San Swithin`` is near enough to "within".
    """
    return not (
        len(token.text) < _LONG_INSTITUTION
        or is_spelled_right(token)
        or token.folded.removesuffix("S") in clinical_words()
        or token.folded in LABELS
        or is_run_into_side(token.folded)
    )


def _tells_institution(word: str) -> bool:
    """Whether a word, or the end of two that were run together, tells an institution."""
    ends = any(word.endswith(end) and len(word) > len(end) + 2 for end in _RUN_TOGETHER)
    return word in _INSTITUTION_BESIDE or ends or _is_misread_institution(word)


def _is_misread_institution(word: str) -> bool:
    """Whether a long word that tells an institution has a letter misread: ``HOSPITAE``."""
    if len(word) < _LONG_INSTITUTION or word in clinical_words():
        return False
    long = (each for each in _INSTITUTION_BESIDE if len(each) >= _LONG_INSTITUTION)
    return any(distance(word, each, 1) <= 1 for each in long)


_LONG_INSTITUTION = 6
_RUN_TOGETHER = (
    "CARE",
    "CENTER",
    "CENTRE",
    "CLINIC",
    "HEALTH",
    "HOSPITAL",
    "IMAGING",
    "MEDICAL",
    "RADIOLOGY",
)


def by_postcode(line: Sequence[Token], found: list[Category | None]) -> None:
    """Figures beside a place that nobody knows, with no unit: ``Aarfeld 8047``."""
    for place, code in ((0, 1), (1, 0)) if len(line) == 2 else ():
        word, figures = line[place], line[code]
        unknown = found[place] is _UNKNOWN and len(word.text) >= LONG_ENOUGH
        long = figures.is_number and len(figures.text) in _POSTCODE_DIGITS
        if unknown and word.text.istitle() and long:
            found[code] = _UNKNOWN


_POSTCODE_DIGITS = (4, 5)


def by_address(line: Sequence[Token], found: list[Category | None]) -> None:
    """What belongs to an address: the house before its street, all between its parts.

    And a street, a house, a postcode and a town, though nobody knows them:
    ``Birkimelur 10, 107 Reykjavik``.
    """
    strange = (_UNKNOWN, Category.NAME, Category.ADDRESS)
    for first in range(len(line) - 3):
        street, house, code, town = line[first : first + 4]
        words = street.is_word and town.is_word and code.before.startswith(",")
        numbers = house.is_number and code.is_number
        known = {found[first], found[first + 3]} - set(strange)
        if words and numbers and not known and len(town.text) >= LONG_ENOUGH:
            found[first : first + 4] = [Category.ADDRESS] * 4
    for index in range(2, len(line)):
        out, inward = line[index - 1].folded, line[index].folded
        placed = found[index - 2] in (*strange, Category.INSTITUTION)
        inwards = _INWARD if out[1:2].isalpha() else _INWARD_OF_LEVEL
        if placed and _OUTWARD.fullmatch(out) and inwards.fullmatch(inward):
            found[index - 2 : index + 1] = [Category.ADDRESS] * 3  # Thornbury BS35 9ZZ
    parts = [i for i, each in enumerate(found) if each is Category.ADDRESS]
    for one, other in itertools.pairwise(parts):
        if other - one <= _BETWEEN_PARTS:
            found[one:other] = [Category.ADDRESS] * (other - one)
    first = parts[0] if parts else 0
    while first > 0 and found[first - 1] in strange:
        first -= 1
        found[first] = Category.ADDRESS
    begins = first == 1 or (first > 0 and first != parts[0])
    if begins and _is_house(line[first - 1]):
        found[first - 1] = Category.ADDRESS


_OUTWARD = re.compile(
    r"(?:[BEGLMNSW]|A[BL]|B[ABDHLNRST]|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]|F[KY]|G[LUY]"
    r"|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]|M[EKL]|N[EGNPRW]|O[LX]|P[AEHLOR]|R[GHM]"
    r"|S[AEGKLMNOPRSTWY]|T[ADFNQRSW]|UB|W[ACDFNRSV]|YO|ZE)\d[A-Z\d]?"
)
_INWARD = re.compile(r"\d(?!ST|ND|RD|TH|HZ|DB)[ABD-HJLNP-UW-Z]{2}")
"""The two parts of a British postcode."""
_INWARD_OF_LEVEL = re.compile(
    r"\d(?!ST|ND|RD|TH|HZ|DB|F[SLF]|S[EL]|AX|TE|[LR]T|AP|PA)[ABD-HJLNP-UW-Z]{2}"
)
"""Behind what may be a vertebra: ``L4 3AX`` is a series."""
_BETWEEN_PARTS = 3


def _is_house(token: Token) -> bool:
    return token.is_number and len(token.text) <= LONG_ENOUGH
