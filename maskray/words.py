"""What a word says by itself: clinical, a name, a sex, or unknown.

The vocabulary tells it, and a little of what stands around the word: a sentence in plain
English, a title or a degree, letters that stand apart, halves of one word, signs of
another script.
"""

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from maskray.eponyms import is_eponym, is_misread_thing, is_run_into_eponym
from maskray.id_numbers import is_counted
from maskray.markers import SIDES
from maskray.records import Category
from maskray.shorthand import MOST_PLAIN_DIGITS, NUMBERED, is_shorthand, number_category
from maskray.text import LONG_ENOUGH, Token, fold
from maskray.vocabulary import (
    TITLES,
    TWO_LETTER_NAMES,
    clinical_words,
    console_terms,
    eponyms,
    exact_terms,
    is_clinical,
    is_common_name,
    is_concept,
    is_direction,
    is_english,
    is_name,
    is_only_exact,
    is_plain_word,
)

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

PHYSICIANS = frozenset("MD DO FRCR FACR".split())
"""Degrees that tell a physician."""
_SEXES = frozenset({"MALE", "FEMALE", "M", "F", "FRAU", "HOMME", "FEMME"})


def by_vocabulary(line: Sequence[Token], found: list[Category | None]) -> None:
    """What nothing else has told yet: a sex, a number, clinical, a name, or unknown."""
    named = {index for index, category in enumerate(found) if category is not None}
    sentence = is_sentence(line)
    for index, token in enumerate(line):
        if found[index] is not None:
            continue
        if token.folded in _SEXES and not _is_of_speed(line, index):
            found[index] = Category.SEX
        elif _is_name_in_figures(token.text) and not _is_separation(line, index):
            found[index] = Category.NAME
        elif any(each.isdigit() for each in token.text):
            found[index] = number_category(line, index)
        elif is_clinical(token.text) or _is_clinical_here(line, index):
            person = _is_also_called(token) and _is_written_of_a_person(line, index)
            person = person or _has_an_initial_behind(line, index)
            found[index] = _UNKNOWN if person else _CLINICAL
        elif sentence and is_small(token) and not _is_called_often(token):
            found[index] = _CLINICAL  # tear
        elif is_name(token.text):
            found[index] = Category.NAME
        else:
            found[index] = _UNKNOWN
    _rejoined(line, found, named)
    _by_spacing(line, found, named)


def is_spelled_right(token: Token) -> bool:
    """Whether a word is clinical as it stands: where people are named none is forgiven."""
    return len(token.text) == 1 or token.folded in clinical_words()


def _is_name_in_figures(text: str) -> bool:
    """Whether figures in a word are letters of a name: ``W00D``, ``Gi11``, ``ENZ0``.

    Not if they are letters of something clinical, ``LA0``, nor where a clinical word or a
    short form may have its number: ``Sag1``, ``T10``, ``M1A``.
    """
    if text.isalpha() or _FIGURES.fullmatch(text) is None or _is_numbered(text):
        return False
    terms = console_terms()
    head, tail = fold(text[:-2]), fold(text[2:])
    weighted = (text[:2], tail in terms), (text[-2:].upper(), head in _BEFORE_WEIGHTING)
    if any(each in ("T1", "T2") and known for each, known in weighted):
        return False  # T1SE, CorT1
    ones = ("L",) if text.endswith("11") else ("I", "L")
    meant = {fold(text.replace("1", one)).translate(_DRAWN_AS_FIGURES) for one in ones}
    clinical = clinical_words() | exact_terms()
    return meant.isdisjoint(clinical) and any(map(is_name, meant))


_BEFORE_WEIGHTING = frozenset("AX COR FSE GRE POST PRE SAG SE TRA TRV TSE".split())


def _is_separation(line: Sequence[Token], index: int) -> bool:
    """Whether decimals stand behind a short form and its figure: ``Sep0.70``."""
    behind = line[index + 1 : index + 2]
    short = fold(line[index].text.rstrip("0123456789")) in console_terms() | {"SEP"}
    return short and any(each.before == "." and each.is_number for each in behind)


def _is_numbered(text: str) -> bool:
    """Whether figures at an end of a word are its number: none begins with a zero."""
    stem, rest = text.rstrip("012568"), text.lstrip("012568")
    known = clinical_words() | exact_terms()
    if _COUNTERS.fullmatch(stem.upper()) or (len(stem) < 2 and rest == text):
        return True
    if len(text) < LONG_ENOUGH and "0" not in text and (text.isupper() or text.islower()):
        return True
    zero = text in (stem + "0", "0" + rest)
    doubled = stem.istitle() and text in (stem + "11", stem + "55")
    number = text[len(stem) :]
    short = len(stem) < (LONG_ENOUGH - 1 if number == "0" else LONG_ENOUGH)
    short = short and number != "" and not doubled
    if _STAGE.fullmatch(text) or (short and not _means_a_common_name(text)):
        return True
    ends = (stem, rest) if stem == text or rest == text else ()
    return not (zero or doubled) and any(e != text and fold(e) in known for e in ends)


def _means_a_common_name(text: str) -> bool:
    meant = (fold(text.replace("1", one)).translate(_DRAWN_AS_FIGURES) for one in "IL")
    return any(map(is_common_name, meant))


_STAGE = re.compile(r"[TNMA][0-4][a-d]")
_FIGURES = re.compile(r"[012568]?[A-Za-z]+(?:[012568]{1,2}[A-Za-z]+)*[012568]{0,2}")
_COUNTERS = re.compile("SE|IM|FR|NO|SL|TE|TI|TR|FA|MA|EX|PAT")
_DRAWN_AS_FIGURES = str.maketrans("02568", "OZSGB")


def _is_of_speed(line: Sequence[Token], index: int) -> bool:
    """Whether an m is that of metres in a second."""
    return [each.before + each.text for each in line[index + 1 : index + 2]] == ["/s"]


def _is_also_called(token: Token) -> bool:
    """Whether a clinical word may be somebody's name: a short form, or a rare word.

    Not a part of a body: ``HAND, R``.
    """
    word = token.folded
    called = is_name(word) or word in TWO_LETTER_NAMES
    return is_only_exact(word) or (called and not is_concept(word))


def _is_written_of_a_person(line: Sequence[Token], index: int) -> bool:
    """Whether a word stands as a person's name does in a banner, whatever it means.

    Behind a title or before a degree, with an initial, before a sex, an age or a number.
    """
    before = line[index - 1] if index > 0 else None
    after = line[index + 1] if index + 1 < len(line) else None
    if before is not None:
        initial = len(before.text) == 1 and line[index].before[:1] in (".", ",", "^")
        born = [each.folded for each in line[max(index - 2, 0) : index]]
        if born in (["BABY", "OF"], ["B", "O"]):
            return True
        small = line[index].text.islower()  # A. carotis
        if before.folded in TITLES or (initial and before.is_word and not small):
            return True
    if after is None:
        return False
    initial = len(after.text) == 1 and after.is_word and after.before[:1] in (",", "^")
    if after.folded in ("L", "R") and line[index].folded in console_terms():
        initial = False  # LAT, R
    signs = after.before + "".join(each.before for each in line[2:3])
    aged = (
        index == 0
        and (
            (after.folded in ("M", "F") and not set(signs) & set("/+-:"))  # IQR/M, F+15
            or (AGED.fullmatch(after.folded) is not None and not _are_settings(line[1:3]))
            or (after.is_number and len(after.text) > MOST_PLAIN_DIGITS)
            or (after.is_number and [e.folded for e in line[2:3]] in (["M"], ["F"]))
        )
    )
    return after.folded in PHYSICIANS or initial or aged or after.before[:1] == "^"


def _are_settings(behind: Sequence[Token]) -> bool:
    """Whether two of a kind stand behind a word, which are no ages: ``M3 M4``."""
    alike = {each.folded[:1] for each in behind if AGED.fullmatch(each.folded)}
    return len(behind) == _PAIR and len(alike) == 1 and behind[1].folded[0] in alike


_PAIR = 2
AGED = re.compile(r"\d{1,3}Y(?:RS?|O)?[MF]?|[MF]\d{1,3}Y?")
"""An age, with a sex or alone."""


def _has_an_initial_behind(line: Sequence[Token], index: int) -> bool:
    """Whether a comma and an initial behind a name are all of a line: ``GRAY, J``.

    Parts of a body, too, but not with what may be a side: ``HAND, R``.
    """
    after = line[index + 1 :]
    return (
        index == 0
        and len(after) == 1
        and after[0].before == ","
        and len(after[0].text) == 1
        and after[0].folded not in _SIDE_LETTERS
        and line[index].folded not in SIDES
        and not (line[index].folded in _LEVELLED and after[0].folded in "BCOT")
        and after[0].is_word
        and is_name(line[index].text)
    )


_LEVELLED = frozenset(
    "ANKLE BRAIN CHILD CORD ELBOW FOOT HAND HIP KNEE SHOULDER SPINE WRIST".split()
)
"""Behind these a letter tells a level, a class, or both sides: ``SPINE, C``."""
_SIDE_LETTERS = frozenset("LRAPHFSI")


def is_sentence(line: Sequence[Token]) -> bool:
    """Whether most words are plain English in small letters."""
    words = [token for token in line if token.is_word]
    plain = sum(is_small(each) for each in words)
    return len(words) >= _SENTENCE and plain >= _MOSTLY * len(words)


def is_small(token: Token) -> bool:
    """Whether a word is English and in small letters, as few names are written."""
    return token.text.islower() and is_english(token.text)


def _is_called_often(token: Token) -> bool:
    return is_common_name(token.text) and token.text not in _HARDLY_NAMES


_HARDLY_NAMES = frozenset("may small good long short best white low well".split())
_SENTENCE, _MOSTLY = 5, 0.6
"""Words of a sentence, and which share of them is plain at least."""


def _is_clinical_here(line: Sequence[Token], index: int) -> bool:
    return (
        is_eponym(line, index)
        or is_misread_thing(line, index)
        or is_run_into_eponym(line[index].folded)
        or is_shorthand(line, index)
        or (line[index].before in ("+", "-") and is_direction(line[index].text))
        or (line[index].folded == "ID" and is_counted(line, index))
        or is_run_into_side(line[index].folded)
        or is_plain_word(line[index].text)
        or _is_displaced(line, index)
        or line[index].text in _IN_SMALL
    )


def _is_displaced(line: Sequence[Token], index: int) -> bool:
    """Whether it ends a view of a breast, its implant displaced: ``R MLO ID``."""
    last = index > 0 and index == len(line) - 1 and line[index].text == "ID"
    return last and not line[index].before and line[index - 1].folded in _BREAST_VIEWS


_BREAST_VIEWS = frozenset("CC ML MLO LM RCC LCC RML LML RMLO LMLO XCCL".split())
_IN_SMALL = frozenset("re li dex dext sin int ext sup inf prox dist Rx".split())
"""Short forms, mostly of sides, which are somebody's if written large."""


def is_run_into_side(word: str) -> bool:
    """Whether a side and what it is a side of were run together: ``LEFTHAND``."""
    return not is_common_name(word) and any(
        word.startswith(side) and word[len(side) :] in clinical_words()
        for side in SIDES
        if len(word) >= len(side) + LONG_ENOUGH - 1
    )


def _by_spacing(
    line: Sequence[Token], found: list[Category | None], named: Collection[int]
) -> None:
    """Letters that stand apart may be a name: ``J O H N``."""
    start = 0
    for index in range(len(line) + 1):
        if index < len(line) and _stands_alone(line[index]) and index not in named:
            continue
        if index - start >= _SPELLED:
            found[start:index] = [_UNKNOWN] * (index - start)
        start = index + 1
    if not named and _falls_apart(line):
        found[:] = [_UNKNOWN] * len(line)


_SPELLED = 4


def _falls_apart(line: Sequence[Token]) -> bool:
    """Whether wide print was read as crumbs, clinical each: ``S t r and, Ar j un``."""
    single = sum(len(each.text) == 1 for each in line)
    crumbs = all(each.is_word and len(each.text) < LONG_ENOUGH for each in line)
    return crumbs and len(line) > _SPELLED and 2 * single >= len(line)


def _stands_alone(token: Token) -> bool:
    return len(token.text) == 1 and token.is_word and not token.before


def _rejoined(
    line: Sequence[Token], found: list[Category | None], named: Collection[int]
) -> None:
    """Two halves of a clinical word that was read with a gap in it: ``OBLI QUE``.

    Or of a name that is a thing's there: ``Achil les tendon``.
    """
    for one, other in itertools.pairwise(range(len(line))):
        halves = (line[one], line[other])
        if one in named or other in named:
            continue
        unknown = any(found[i] in (_UNKNOWN, Category.NAME) for i in (one, other))
        whole = "".join(half.text for half in halves)
        glued = not line[other].before and all(half.text.isalnum() for half in halves)
        known = are_halves(*halves) or _are_halves_of_measured(line, one)
        joined = replace(line[one], text=whole)
        thing = (
            joined.folded in eponyms()
            and line[other].text.islower()
            and not is_common_name(line[one].text)
            and is_eponym([*line[:one], joined, *line[other + 1 :]], one)
        )
        if unknown and glued and (known or thing) and len(whole) >= LONG_ENOUGH:
            found[one] = found[other] = _CLINICAL


def _are_halves_of_measured(line: Sequence[Token], index: int) -> bool:
    """Whether two tokens make a word with its decimal number behind: ``Di st 23.5``."""
    number = line[index + 2 : index + 4]
    decimal = len(number) == 2 and number[0].is_number and number[1].before == "."
    return decimal and fold(line[index].text + line[index + 1].text) in NUMBERED


def are_halves(one: Token, other: Token) -> bool:
    """Whether two tokens make one clinical word: ``Flu oro``."""
    whole = one.text + other.text
    glued = not other.before.strip() and len(whole) > LONG_ENOUGH and whole.isalnum()
    called = [is_name(each.text) or len(each.text) == 1 for each in (one, other)]
    if all(called):
        return False  # CHANG E is no CHANGE
    return glued and fold(whole) in clinical_words() and not is_name(whole)


def by_script(line: Sequence[Token], text: str, found: list[Category | None]) -> None:
    """Letters among signs of another script are letters of a third one, misread.

    Single ones are no sides then: ``A-p\u300cpoMOB A.N.`` was Cyrillic.
    """
    strange = any(each >= _BEYOND for each in text)
    unknown = any(
        found[i] is _UNKNOWN and len(token.text) >= LONG_ENOUGH
        for i, token in enumerate(line)
    )
    for index in range(len(line)) if strange and unknown else ():
        if found[index] is _CLINICAL and not line[index].is_number:
            found[index] = _UNKNOWN


_BEYOND = "\u2e80"
"""Signs and letters of East Asia begin here, which the recogniser takes others for."""
