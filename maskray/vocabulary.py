"""Which words are clinical, and which are people's names.

The clinical words come from DICOM itself: the meanings of all coded concepts in
PS3.16's context groups (pydicom carries them) and the names of the technical elements
of PS3.6. ``profile/console_terms.txt`` adds the shorthand of consoles. The names are
those of the United States Census and of many other countries, and the plain words of
sentences those of an English dictionary (``profile/README.md``).
"""

import gzip
import itertools
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from maskray.text import LONG_ENOUGH, as_letters, fold

_WORD = re.compile(r"[^\W\d_]+")
_NOT_CLINICAL = re.compile(
    r"Breed|AnimalTaxonomic|ResearchAnimal|AnimalBedding|AnimalFeed|AnimalShelter"
    r"|OrganizationalRole|Authority|Medication|Agent",
)
_TECHNICAL_GROUPS = frozenset({0x0018, 0x0020, 0x0028, 0x0054, 0x0070, 0x3002, 0x3004})
_SINGLE = re.compile(r"[A-Z0-9%°\u0391-\u03a9]")
"""Markers, calipers and units are single letters, Latin or Greek; elsewhere a single
letter is a name as often."""
TITLES = frozenset("DR PROF PROFESSOR DOCTOR MRS MISS HERR FRAU MME".split())
"""Before people's names. ``MR`` and ``MS`` are abbreviations of the field."""
_FUZZY_FROM = 6
"""Shorter words have too many neighbours to forgive a misread letter."""


@cache
def clinical_words() -> frozenset[str]:
    """Folded words that occur in clinical text; no people's names by themselves."""
    lower, capital = _concept_words()
    names = people_names()
    words = lower | _element_words() | {word for word in capital if word not in names}
    # Short ones are initials as often as abbreviations: only the curated count.
    words = {word for word in words if len(word) > 3 or (word in lower and len(word) > 2)}
    return frozenset((words - common_names() - _TOWNS) | console_terms())


_TOWNS = frozenset({"BATH", "BERLIN"})
"""Towns that name a test, a heart, a way to wash."""


def is_direction(word: str) -> bool:
    """Whether three letters tell where an oblique plane points: ``LPH``."""
    return word.isupper() and word in _directions() and not is_name(word)


@cache
def _directions() -> frozenset[str]:
    """Where an oblique plane points, by three axes: ``LPH`` (PS3.3, C.7.6.1.1.1)."""
    axes = itertools.product("RL", "AP", "HFSI")
    return frozenset(
        "".join(each) for three in axes for each in itertools.permutations(three)
    )


@cache
def console_terms() -> frozenset[str]:
    """The curated shorthand."""
    return _terms("console_terms.txt")


@cache
def exact_terms() -> frozenset[str]:
    """Words that are clinical as they are spelled: curated ones, and those of diseases."""
    return _terms("exact_terms.txt") | _packed("disease_terms.txt.gz")


@cache
def codes() -> frozenset[str]:
    """Short forms of two or three letters: clinical beside a value, else initials."""
    return _terms("codes.txt")


def _terms(name: str) -> frozenset[str]:
    text = _resource(name).decode()
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(fold(word) for line in lines for word in line.split())


@cache
def _english() -> frozenset[str]:
    return _packed("words.txt.gz")


def _packed(name: str) -> frozenset[str]:
    """The folded words of a list, one a line."""
    return frozenset(gzip.decompress(_resource(name)).decode().split())


def is_plain_word(word: str) -> bool:
    """Whether a word is plain English, four letters and more, as sentences write it.

    In small letters: a place or a practice may be called by such a word, but as a name.
    """
    small = word.islower() and is_english(word)
    return small and (word in _BETWEEN or (len(word) > 3 and not is_name(word)))


_BETWEEN = frozenset("is are was were be been has have if it its an as than".split())


def is_english(word: str) -> bool:
    """Whether a dictionary of English spells a word in small letters, names among them."""
    return fold(word) in _english()


@cache
def people_names() -> frozenset[str]:
    """Family and given names, folded, three letters and more."""
    return frozenset(name.rstrip("*") for name in _names())


@cache
def common_names() -> frozenset[str]:
    """Names so frequent that the word alone is taken for one (BROWN, ROSE, GREEN)."""
    return frozenset(name.rstrip("*") for name in _names() if name.endswith("*"))


def _names() -> frozenset[str]:
    return _packed("names.txt.gz")


def is_clinical(word: str) -> bool:
    """Whether a word belongs to the clinical vocabulary, a misread letter forgiven."""
    folded = fold(word)
    known = clinical_words()
    if folded in known or _SINGLE.fullmatch(folded) or folded in exact_terms():
        return True
    if folded.endswith("S") and folded[:-1] in known and len(folded) > 3:
        return True
    for small, capital, shortest in (("r", "T", 3), ("l", "J", 5)):  # rhin MIP, ludet
        meant = capital + folded[1:]
        if word.startswith(small) and len(word) >= shortest and meant in known:
            return not (is_name(word) or is_name(meant))
    if "l" in word and word != word.lower() and _is_misread_upright(word):
        return True
    return _misread(folded) or _run_together(folded, shortest=4 if word.istitle() else 2)


def is_only_exact(word: str) -> bool:
    """Whether a word is clinical by the list of exact terms alone."""
    folded = fold(word)
    return folded in exact_terms() and folded not in clinical_words()


def is_concept(word: str) -> bool:
    """Whether DICOM's code meanings spell a word in small letters: a part of a body."""
    return fold(word) in _concept_words()[0] - _HARDLY_CONCEPTS


_HARDLY_CONCEPTS = frozenset("TAN LOW MORE SON LONG WALL BLOCK RING ROOT".split())
TWO_LETTER_NAMES = frozenset(
    "AN BA BO DO FU GU HA HE HO HU IM KO KU LE LI LO LU MA MI MO NG OH PI QI RA SO SU TA "
    "TO VO WU XU YE YU".split()
)
"""Family names of two letters, some of which are short forms, too."""


def is_name(word: str) -> bool:
    """Whether people are called so (many clinical words are names too: LONG, HAND)."""
    return fold(word) in people_names()


def reads_as_name(word: str) -> bool:
    """Whether a figure between letters is one of a name's: ``L0NG``, ``1EE``, ``K1M``.

    Not a figure at the end, which may count: ``T10``.
    """
    figures = sum(each.isdigit() for each in word)
    if figures == 0 or 2 * figures > len(word) or word[-1].isdigit() or len(word) < 3:
        return False
    meant = (as_letters(fold(word.replace("1", each))) for each in "1L")
    return any(map(is_name, meant))


def is_common_name(word: str) -> bool:
    """Whether a word is among the frequent names."""
    return fold(word) in common_names()


@cache
def eponyms() -> dict[str, frozenset[str]]:
    """People's names that name something clinical, with the words that must be near.

    ``WILLIS`` → ``CIRCLE``. From PS3.16's code meanings and ``profile/eponyms.txt``. A
    frequent name is one by its meaning only if that spells it in small letters.
    """
    found: dict[str, set[str]] = {}
    for line in _resource("eponyms.txt").decode().splitlines():
        if not line.startswith("#"):
            name, _, beside = line.partition(":")
            found[name] = set(beside.split())
    known, (lower, _) = clinical_words(), _concept_words()
    for meaning in _meanings():
        words = [fold(word) for word in _WORD.findall(meaning)]
        plain = {word for word in words if word in known and len(word) > 3}
        for word in words:
            if word not in known and len(word) > 3:
                often = word in common_names()
                if not often or word in lower:
                    things = plain - _ANYBODYS if often else plain
                    found.setdefault(word, set()).update(things)
    for things in found.values():
        things.update(short for long, short in _SHORT_THINGS.items() if long in things)
    return {word: frozenset(things) for word, things in found.items() if things}


_SHORT_THINGS = {"LIGAMENT": "LIG"}


@cache
def eponyms_of() -> dict[str, frozenset[str]]:
    """The same the other way round: ``CIRCLE`` → ``WILLIS`` and others."""
    found: dict[str, set[str]] = {}
    for name, beside in eponyms().items():
        for word in beside:
            found.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in found.items()}


_ANYBODYS = frozenset(
    "BODY BRAIN FOOT HAND HEAD KNEE LEFT RIGHT LENGTH DENSITY WEIGHT HEIGHT VALUE "
    "QUALIFIER STRUCTURE RENAL CATHETER UNIT HEART CARE PROJECTION PHYSICAL "
    "OBJECT PROCEDURE".split()
)
"""What stands beside the names of patients, too."""


def _misread(folded: str) -> bool:
    for meant in (as_letters(folded), as_letters(folded.replace("1", "L"))):
        if meant != folded and len(meant) > 3 and meant in clinical_words():
            return True
    if folded in people_names():
        return False
    if len(folded) > 3 and _meant_by_looks(folded):
        return True
    if len(folded) > LONG_ENOUGH and (_is_swapped(folded) or _begins_twice(folded)):
        return True
    if folded.endswith("ON") and folded[:-2] in _SWITCHED:
        return True
    return len(folded) >= _FUZZY_FROM and _is_a_letter_off(folded)


def _is_swapped(folded: str) -> bool:
    """Whether two round letters were read in the wrong order: ``OCNTRAST``."""
    return any(
        {one, other} <= _ROUND
        and folded[:at] + other + one + folded[at + 2 :] in clinical_words()
        for at, (one, other) in enumerate(itertools.pairwise(folded))
    )


def _begins_twice(folded: str) -> bool:
    """Whether a side's letter stands before a word that begins with it: ``HHEAD``."""
    return folded[0] == folded[1] and folded[1:] in clinical_words()


_ROUND = frozenset("CEGOQD")
_SWITCHED = frozenset("CHI CROSSBEAM FTHI SONOCT SRI THI XRES".split())
"""Ways of imaging that a console prints as switched on, some without a space."""


def _is_misread_upright(word: str) -> bool:
    """Whether a long word's small L is an I, and another letter was lost: ``TDlvol``."""
    folded = fold(word.replace("l", "I", 1))
    long = len(folded) >= _FUZZY_FROM and folded not in people_names()
    return long and not is_name(word) and _is_a_letter_off(folded)


def _meant_by_looks(folded: str) -> bool:
    """Whether one letter exchanged for one that looks like it makes a clinical word."""
    return any(
        folded[:at] + meant + folded[at + 1 :] in clinical_words()
        for read, meant in _LOOKALIKES
        for at, letter in enumerate(folded)
        if letter == read
    )


_LOOKALIKES = tuple(
    pair
    for one, other in ("IT", "UV", "LI", "HN", "FP", "MN", "CE")
    for pair in ((one, other), (other, one))
)


def _is_a_letter_off(word: str) -> bool:
    """Whether a long clinical word has one letter more or less, or one that looks alike.

    Any other letter may as well be a name's: ``VISHAL`` is not ``VISUAL``.
    """
    without = [(word[:at] + word[at + 1 :], at) for at in range(len(word))]
    if any(
        each == "RIGHT" or (len(each) >= _FUZZY_FROM and each in clinical_words())
        for each, _ in without
    ):
        return True
    if word in _long_words():
        return True
    return any(
        look_alike(word[at], letter)
        for each, at in without
        for place, letter in _long_words().get(each, ())
        if place == at
    )


@cache
def _long_words() -> dict[str, tuple[tuple[int, str], ...]]:
    """The long clinical words with one letter left out: its place, and which it is."""
    found: dict[str, set[tuple[int, str]]] = {}
    for word in clinical_words():
        if len(word) >= _FUZZY_FROM and word.isalpha():
            for at, letter in enumerate(word):
                found.setdefault(word[:at] + word[at + 1 :], set()).add((at, letter))
    return {each: tuple(left_out) for each, left_out in found.items()}


def look_alike(one: str, other: str) -> bool:
    """Whether two letters are drawn alike, as capitals or as small ones."""
    return any(one in group and other in group for group in _DRAWN_ALIKE)


_DRAWN_ALIKE = (
    *("ILTJF", "CEOGQD", "UV", "VYW", "MNHW", "HKR", "BERPFS", "AR", "SZ"),
    *("AEOCS", "NHRM", "NU", "GQY", "BHD", "KX", "XY", "TY", "LE"),
)
"""Letters that recognisers take for one another."""


def _run_together(folded: str, shortest: int = 2) -> bool:
    """Whether the word is two or three clinical words whose spaces were lost.

    Its pieces have ``shortest`` letters at least, and one of them more than three, or
    tells. Those of two or three are the curated ones only: with any short word of the
    vocabulary half of all names fall apart.
    """
    if len(folded) < 5 or not folded.isalnum() or folded in people_names():
        return False
    return any(
        any(len(piece) >= LONG_ENOUGH or piece in _TELLING for piece in pieces)
        for pieces in _splits(folded, 3, shortest)
    )


def _splits(rest: str, most: int, shortest: int) -> Iterator[list[str]]:
    """The ways to part it into pieces, so many at most."""
    if _is_piece(rest, shortest):
        yield [rest]
    for cut in range(shortest, len(rest) - 1) if most > 1 else ():
        if _is_piece(rest[:cut], shortest):
            for more in _splits(rest[cut:], most - 1, shortest):
                yield [rest[:cut], *more]


def _is_piece(word: str, shortest: int) -> bool:
    if len(word) < shortest:
        return False
    if len(word) < 3:
        return word in _SHORT_PIECES
    return word in (console_terms() if len(word) == 3 else clinical_words())


_TELLING = frozenset({"AP", "LT", "RT", "CM", "MM", "KV", "CC", "T1", "T2", "UT"})
"""Pieces that few names begin or end in."""
_SHORT_PIECES = _TELLING | {"PA", "MA", "SE", "GE"}


@cache
def _concept_words() -> tuple[set[str], set[str]]:
    """Words that PS3.16's code meanings spell in lower case, and only capitalised."""
    lower: set[str] = set()
    capital: set[str] = set()
    for meaning in _meanings():
        for word in _WORD.findall(meaning):
            (lower if word.islower() else capital).add(fold(word))
    return lower, capital


def _meanings() -> Iterator[str]:
    """The code meanings of all context groups but those of breeds and the like."""
    from pydicom.sr._cid_dict import name_for_cid
    from pydicom.sr._concepts_dict import concepts

    excluded = {cid for cid, name in name_for_cid.items() if _NOT_CLINICAL.search(name)}
    schemes: Mapping[str, Any] = concepts
    for scheme in schemes.values():
        for codes in scheme.values():
            for meaning, cids in codes.values():
                if not cids or not excluded.issuperset(cids):
                    yield meaning


def _element_words() -> set[str]:
    from pydicom.datadict import DicomDictionary

    return {
        fold(word)
        for tag, entry in DicomDictionary.items()
        if tag >> 16 in _TECHNICAL_GROUPS
        for word in _WORD.findall(entry[2])
    }


def _resource(name: str) -> bytes:
    return (resources.files("maskray") / "profile" / name).read_bytes()
