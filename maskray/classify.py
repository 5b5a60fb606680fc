"""What each piece of a line of text is: PHI, clinical, or unknown.

A line is cut into tokens; each token is PHI (by the header's own identifiers, by its
form, or by the label before it), clinical (by the vocabulary, or a number or
measurement), or unknown. Whether it is hidden is the policy's to say.
"""

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from maskray.eponyms import is_eponym, is_run_into_eponym
from maskray.forms import find_ages, find_forms, find_numbers, names_a_month
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from maskray.records import Category
from maskray.shorthand import MOST_PLAIN_DIGITS, VALUE_UNITS, is_shorthand, number_category
from maskray.text import (
    LONG_ENOUGH,
    MOST_INITIALS,
    Token,
    as_digits,
    as_letters,
    distance,
    fold,
    tokens,
)
from maskray.vocabulary import (
    TITLES,
    clinical_words,
    console_terms,
    eponyms,
    is_clinical,
    is_common_name,
    is_direction,
    is_english,
    is_name,
    is_only_exact,
    is_plain_word,
)

_DEGREES = frozenset("MD DO PHD RDMS RDCS RVT FRCR DDS RN RT".split())
_SIDES = frozenset("LEFT RIGHT UPPER LOWER ANTERIOR POSTERIOR LATERAL MEDIAL".split())
"""Never taken for a name: to lose a side does harm."""
_SEXES = frozenset({"MALE", "FEMALE", "M", "F", "MANN", "FRAU", "HOMME", "FEMME"})

_LABELS: dict[str, Category] = {
    word: category
    for category, words in {
        Category.NAME: "NAME PATIENT PAT PNAME PTNAME PT NAMEN NOM NOMBRE PATIENTNAME "
        "SURNAME FORENAME FORENAMES FIRSTNAME LASTNAME GIVENNAME NACHNAME VORNAME PRENOM "
        "COGNOME APELLIDO APELLIDOS",
        Category.BIRTH_DATE: "DOB BIRTH BIRTHDATE BORN BIRTHDAY BDAY GEBDAT GEB DDN FN "
        "GEBURTSDATUM GEBOREN NACIMIENTO NASCIMENTO NASCITA NAISSANCE GEBOORTEDATUM",
        Category.PATIENT_ID: "ID PID MRN PATIENTID PATID PTID UNR HN SSN MEDREC CHART NHS "
        "CEDULA DNI NIF CPF PESEL CURP BSN INSEE",
        Category.ACCESSION: "ACC ACCESSION ACCNO ACCN ACCNUM ACCESSIONNUMBER",
        Category.PHYSICIAN: "DR DOCTOR PHYSICIAN REFERRING ATTENDING RADIOLOGIST REFPHY "
        "REFMD SURGEON CARDIOLOGIST PERFORMING ORDERING PERF REF PHYS ATT ADM READ",
        Category.OPERATOR: "TECH TECHNOLOGIST OPERATOR OP OPER SONOGRAPHER SONO "
        "RADIOGRAPHER INITIALS OPR TECHNICIAN MTRA",
        Category.INSTITUTION: "INSTITUTION FACILITY SITE STATION HOSPITAL CLINIC",
        Category.PHONE: "TEL PHONE FAX TELEPHONE TELEFON TELEFONO TELEFOON EMAIL MAIL "
        "MOBILE",
        Category.ADDRESS: "ADDR ADDRESS ADRESSE ANSCHRIFT WOHNORT WOONPLAATS DIRECCION "
        "INDIRIZZO ENDERECO DOMICILIO",
        Category.DEVICE_SERIAL: "SN SERIAL SERIALNO",
        Category.OTHER_ID: "CASE ORDER VISIT REQ REQUEST ENCOUNTER EX",
    }.items()
    for word in words.split()
}
_WORDY = frozenset({Category.NAME, Category.PHYSICIAN, Category.OPERATOR})
"""Labels whose values are words; the others' values hold digits or are whole."""
_STRONG_LABELS = _LABELS.keys() - {
    "PT",
    "ID",
    "FN",
    "DR",
    "CASE",
    "ORDER",
    "SITE",
    "REQ",
    "PERF",
    "REF",
    "PHYS",
    "ATT",
    "ADM",
    "READ",
    "OP",
    "EX",
    "HOSPITAL",
    "CLINIC",
    "MAIL",
    "MOBILE",
    "DIRECCION",
    "NASCIMENTO",
    "NASCITA",
    "CPF",
    "DNI",
    "NIF",
    "BSN",
}
"""Labels that hold without a colon after them."""
_NAME_PARTS = 2
_NUMBER_WORDS = frozenset("NO NR NUM NUMBER ID".split())
_LABEL_WORDS = _NUMBER_WORDS | frozenset(
    "DATE OF NAME PHY PHYS MD FIRST LAST FAMILY GIVEN MIDDLE".split()
)
"""Words that may stand between a label and its value."""

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
    "PAVILION STUDIO PHYSICIANS".split()
)

_PLACES = frozenset("CTR CENTER CENTRE INSTITUTE FOUNDATION TRUST SCHOOL COLLEGE".split())
"""Behind a word that tells what kind they tell an institution alone: ``MEDICAL CENTER``."""
_NO_KIND = _PLACES | {"GENERAL", "SYSTEM"}

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL
DATES = frozenset({Category.DATE, Category.BIRTH_DATE})


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
    _by_form(line, folded, identifiers, policy, found)
    _by_label(line, found)
    for match in _SCANNED.finditer(folded):
        _mark(line, found, match.start(), match.end(), _CLINICAL)
    for start, end in find_numbers(_with_plain_digits(line, folded)):
        _mark(line, found, start, end, Category.OTHER_ID)
    _by_vocabulary(line, found)
    _by_institution(line, found)
    _by_degree(line, found)
    _by_caret(line, found)
    _by_company(line, found)
    _by_particle(line, found)
    _by_compound(line, found)
    _by_postcode(line, found)
    _by_address(line, found)
    _by_side(line, found)
    _by_script(line, text, found)
    _by_foreign_month(line, found)
    _by_date(line, found)
    return tuple(_runs(line, found))


_SCANNED = re.compile(
    r"(?<!\w)[SI]\d{1,3}(?:\.\d{1,3}-[SI]\d{1,4}\.\d{1,3}|-[SI]\d{1,3})(?![\w.])"
)
"""From where to where a scanner's table moved: ``S22.5-I318.0``."""


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
        any(each.isdigit() for each in token.text) or _is_spelled_right(token)
        for run in clinical
        for token in tokens(text[run.start : run.end])
    )


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
        if (one.folded in TITLES and other.is_word) or _are_halves(one, other)
    ]
    things += [match.span() for match in _DURATION.finditer(text)]
    runs = classify(text, Identifiers(), Policy())
    wide = {*DATES, Category.ADDRESS, Category.PHONE}
    if len(runs) == 1:
        wide.add(Category.INSTITUTION)
    return [*things, *((run.start, run.end) for run in runs if run.category in wide)]


def _are_halves(one: Token, other: Token) -> bool:
    """Whether two tokens make one clinical word: ``Flu oro``."""
    whole = one.text + other.text
    glued = not other.before.strip() and len(whole) > LONG_ENOUGH and whole.isalnum()
    return glued and fold(whole) in clinical_words() and not is_name(whole)


_DURATION = re.compile(r"(?<!\w)(?:TA|DUR|DURATION)\s*[:=]?\s*\d{1,2}:\d\d(?!\d)")


def open_label(text: str) -> Category | None:
    """The category of a line that is nothing but a label."""
    words = [_as_label(token) for token in tokens(text)]
    if (
        not words
        or len(words) > 3
        or any(w not in _LABELS and w not in _LABEL_WORDS for w in words)
    ):
        return None
    labels = [word for word in words if word in _LABELS]
    if not labels or (
        labels[0] not in _STRONG_LABELS and not text.rstrip().endswith((":", "#", "="))
    ):
        return None
    return _LABELS[labels[-1] if labels[-1] not in ("NAME", "PATIENT") else labels[0]]


def after_label(run: Labelled, text: str, category: Category) -> Category:
    """What a run of a line is that stands beside or below a label of that category."""
    if run.category not in (_CLINICAL, _UNKNOWN, Category.OTHER_ID, Category.NAME):
        return run.category
    value = list(tokens(text[run.start : run.end]))
    fits = any(_fits(category, token, first=True, at_once=True) for token in value)
    clinical = all(
        is_clinical(each.text) and not is_name(each.text) and not is_only_exact(each.text)
        for each in value
    )
    capitals = [each for each in value if each.text.isupper() and each.is_word]
    initials = category is Category.OPERATOR and len(value) == len(capitals) == 1
    known = category in _WORDY and clinical and not initials
    return category if fits and not known else run.category


def is_side(text: str) -> bool:
    """Whether a line is nothing but a side, as on a lead marker."""
    return text.strip().upper() in _MARKERS


def may_be_initials(text: str) -> bool:
    """Whether a line is two or three capitals that may be somebody's initials."""
    line = list(tokens(text))
    return len(line) == 1 and _may_be_initials(line[0])


def is_bare(text: str) -> bool:
    """Whether a line is two capitals that name no side, view or part of a body.

    Beside a number they are a setting; alone they are anybody's initials.
    """
    word = text.strip()
    known = word in _MARKERS | _AFTER_SIDE | _ALONE or set(word) <= AXES
    capitals = word.isalpha() and word.isascii() and word.isupper()
    return len(word) == 2 and capitals and not known


AXES = frozenset("APLRHFSI")
"""The letters that tell where a patient's sides are."""
_ALONE = frozenset("CT MR US CR DX NM MG XA RF IV ID FR SL SE IM TR TE TI FA ST SP".split())
"""Short forms that are printed alone, or whose numbers stand in another line."""


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


_CLOCK_FACE = re.compile(r"(?<![A-Z])(?:BREAST|O.?CLOCK|FN|CMFN|RADIAL|QUADRANT)")
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


def _by_label(line: Sequence[Token], found: list[Category | None]) -> None:
    """Text after a label is what the label says, up to the next label."""
    current: Category | None = None
    taken = 0
    for index, token in enumerate(line):
        label = _label(line, index)
        if label is not None:
            current, taken = label, 0
            found[index] = found[index] or _CLINICAL
            continue
        if current is None or found[index] is not None:
            taken += current is not None and found[index] is current
            if current in DATES and _ends_date(found, index):
                current = None
            continue
        if token.folded in _LABEL_WORDS and line[index - 1].folded in _LABELS:
            found[index] = _CLINICAL
        elif taken == 0 and _is_called(line, index):
            found[index], taken = current, 1
        elif taken and current not in _SPLIT_VALUES and _announces(line, index):
            current = None
        elif _fits(current, token, first=taken < _NAME_PARTS, at_once=taken == 0):
            found[index] = current
            taken += token.folded not in TITLES
        elif current in _WORDY or not token.is_word or (taken and _is_long_term(token)):
            current = None


def _label(line: Sequence[Token], index: int) -> Category | None:
    """The category that a token announces, if it is a label here."""
    word = _label_word(line, index)
    small = _is_small(line[index]) and _is_sentence(line)  # the patient tolerated
    if small or word not in _LABELS:
        return None
    if index > 0 and word == "ID" and line[index - 1].folded in _OF_THE_PATIENT:
        return Category.PATIENT_ID
    following = line[index + 1] if index + 1 < len(line) else None
    after = following.before if following is not None else ""
    if following is not None and following.folded in _LABEL_WORDS and line[index + 2 :]:
        after += line[index + 2].before  # ID No.:
        if word in _TREATING | _OF_THE_PATIENT and following.folded in _NUMBER_WORDS:
            return Category.PATIENT_ID  # Hospital No: 12
    if word == "OP" and (following is None or not following.is_word):
        return None
    if word == "ACC" and "(" in after and any(e.folded == "MM2" for e in line[index:]):
        return None  # ADC (10^-6 mm2/s), misread
    strong = word in _STRONG_LABELS or (word == "ID" and _is_number_of_id(line, index + 1))
    strong = strong or (word in _BIRTHS and following is not None and following.is_number)
    if any(sign in after for sign in ":#=;") or strong:
        return _LABELS[word]
    if word == "DR" and following is not None and following.is_word:
        return _LABELS[word]
    if word == "OP" and following is not None and (index, len(line)) == (0, 2):
        capitals = following.text.isupper() and len(following.text) <= MOST_INITIALS
        return _LABELS[word] if capitals and following.is_word else None
    return None


def _is_number_of_id(line: Sequence[Token], index: int) -> bool:
    """Whether a token is a number with no measure in it: ``881-B/77``, not ``12.5 mm``."""
    number, rest = (*line[index : index + 2], None, None)[:2]
    if number is None or not any(each.isdigit() for each in number.text):
        return False
    few = sum(each.isdigit() for each in number.text) <= _FEWEST_OF_ID
    if few and _is_counted(line, index - 1):
        return False
    signs = [each.before for each in line[index + 1 : index + 3]]
    if signs[:1] in (["-"], ["/"]) or signs == [".", "."]:
        return True
    long = sum(each.isdigit() for each in number.text) >= _FEWEST_OF_ID
    decimal = signs[:1] in (["."], [","])
    unit = rest is not None and rest.text in VALUE_UNITS | {"um", "kVp", "x"}
    return long and not (decimal or unit)


def _is_counted(line: Sequence[Token], index: int) -> bool:
    return index > 0 and line[index - 1].folded in _COUNTED


_COUNTED = frozenset(
    "ACQ PROTOCOL FRAME IMAGE SLICE SERIES BEAM FIELD ROI LESION NODULE STENT SHEATH "
    "CATHETER TUBE".split()
)
"""Things whose ID is a number of order."""
_BIRTHS = frozenset({"NASCIMENTO", "NASCITA"})
"""Labels that hold without a colon before a number, not before a name."""


def _is_called(line: Sequence[Token], index: int) -> bool:
    """Whether a word is a name, whatever it means: it stands behind ``Name:``.

    Not the name of a protocol, nor a side.
    """
    token, label = line[index], line[index - 1]
    others = {each.folded for each in line[: index - 1]} - _OF_THE_PATIENT - _WHICH_NAME
    named = label.folded in _NAME_LABELS and ":" in token.before and not others
    return named and token.is_word and len(token.text) > 1 and token.folded not in _SIDES


_NAME_LABELS = frozenset(
    "NAME PATIENTNAME PNAME PTNAME NAMEN NOM NOMBRE SURNAME FORENAME FORENAMES FIRSTNAME "
    "LASTNAME GIVENNAME NACHNAME VORNAME PRENOM COGNOME APELLIDO APELLIDOS".split()
)
_WHICH_NAME = frozenset("FIRST LAST FAMILY GIVEN MIDDLE".split())
_OF_THE_PATIENT = frozenset({"PATIENT", "PAT", "PT"})


def _label_word(line: Sequence[Token], index: int) -> str:
    """The token as a label: one misread letter mended, ``S/N`` in one piece."""
    token = line[index]
    if token.folded == "N" and token.before == "/" and line[index - 1].folded == "S":
        return "SN"
    spelled = "".join(each.before + each.folded for each in line[max(index - 2, 0) :][:3])
    if token.folded == "B" and spelled.lstrip(".,;") in ("D.O.B", "D.0.B"):
        return "DOB"
    return _as_label(token)


def _as_label(token: Token) -> str:
    """A token as a label, if one misread letter makes it one: ``0p``, ``lD``."""
    mended = (fold(token.text.replace(*pair)) for pair in (("l", "I"), ("0", "O")))
    known = (each for each in (token.folded, *mended) if each in _LABELS)
    return next(known, fold(token.text.replace("l", "I")))


def _fits(category: Category, token: Token, *, first: bool, at_once: bool) -> bool:
    """Whether a token may be the value of a label.

    ``first``: it is among the first words after it; ``at_once``: it is the very first.
    """
    if category is Category.OPERATOR and at_once and token.text.isupper():
        short = len(token.text) <= MOST_INITIALS
        return token.is_word and (short or is_only_exact(token.text))
    if category in _WORDY:
        if len(token.text) == 1:
            return token.is_word and first
        called = is_name(token.text) if first else is_common_name(token.text)
        return token.is_word and (called or not _is_spelled_right(token))
    if category in (Category.INSTITUTION, Category.ADDRESS):
        return True
    return any(each.isdigit() for each in token.text) or not is_clinical(token.text)


def _is_long_term(token: Token) -> bool:
    """Whether a word is clinical and no short form: the next item of a row begins."""
    return len(token.text) >= LONG_ENOUGH and _is_spelled_right(token)


def _ends_date(found: Sequence[Category | None], index: int) -> bool:
    """Whether a date ends here that its form gave away."""
    return found[index] in DATES and found[index + 1 : index + 2] != [found[index]]


_SPLIT_VALUES = frozenset(
    {Category.PHONE, Category.ADDRESS, Category.BIRTH_DATE, Category.DATE}
)
"""What has parts with a letter and a colon: ``H: 555 1234 W: 555 9876``."""


def _announces(line: Sequence[Token], index: int) -> bool:
    """Whether the next item of a row begins: ``Se: 2``, or ``W: 813 L: 310``."""
    words = [token.folded for token in line[index : index + 3]]
    number = line[index + 1 : index + 2]
    if not number or not number[0].is_number or number[0].before not in (":", "="):
        return False
    window = words[0] in ("W", "WW") and words[2:] in (["L"], ["C"], ["WL"])
    return window or words[0] in ("SE", "SER", "IM", "IMG")


def _is_spelled_right(token: Token) -> bool:
    """Whether a word is clinical as it stands: where people are named none is forgiven."""
    return len(token.text) == 1 or token.folded in clinical_words()


def _by_vocabulary(line: Sequence[Token], found: list[Category | None]) -> None:
    named = {index for index, category in enumerate(found) if category is not None}
    sentence = _is_sentence(line)
    for index, token in enumerate(line):
        if found[index] is not None:
            continue
        if token.folded in _SEXES and not _is_of_speed(line, index):
            found[index] = Category.SEX
        elif any(each.isdigit() for each in token.text):
            found[index] = number_category(line, index)
        elif is_only_exact(token.text) and _is_written_of_a_person(line, index):
            found[index] = _UNKNOWN
        elif is_clinical(token.text) or _is_clinical_here(line, index):
            found[index] = _CLINICAL
        elif sentence and _is_small(token) and not _is_called_often(token):
            found[index] = _CLINICAL  # tear
        elif is_name(token.text):
            found[index] = Category.NAME
        else:
            found[index] = _UNKNOWN
    _rejoined(line, found, named)
    _by_spacing(line, found, named)


def _is_of_speed(line: Sequence[Token], index: int) -> bool:
    """Whether an m is that of metres in a second."""
    return [each.before + each.text for each in line[index + 1 : index + 2]] == ["/s"]


def _is_written_of_a_person(line: Sequence[Token], index: int) -> bool:
    """Whether a word stands as a person's name does in a banner, whatever it means.

    Behind a title or before a degree, with an initial, before a sex, an age or a number.
    """
    before = line[index - 1] if index > 0 else None
    after = line[index + 1] if index + 1 < len(line) else None
    if before is not None:
        initial = len(before.text) == 1 and line[index].before[:1] in (".", ",", "^")
        if before.folded in TITLES or (initial and before.is_word):
            return True
    if after is None:
        return False
    initial = len(after.text) == 1 and after.is_word and after.before[:1] in (",", "^")
    aged = index == 0 and (
        after.folded in ("M", "F")
        or _AGE.fullmatch(after.folded) is not None
        or (after.is_number and len(after.text) > MOST_PLAIN_DIGITS)
    )
    return after.folded in _PHYSICIANS or initial or aged or after.before[:1] == "^"


_AGE = re.compile(r"\d{1,3}Y(?:RS?|O)?[MF]?|[MF]\d{1,3}Y?")


def _is_sentence(line: Sequence[Token]) -> bool:
    """Whether most words are plain English in small letters."""
    words = [token for token in line if token.is_word]
    plain = sum(_is_small(each) for each in words)
    return len(words) >= _SENTENCE and plain >= _MOSTLY * len(words)


def _is_small(token: Token) -> bool:
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
        or is_run_into_eponym(line[index].folded)
        or is_shorthand(line, index)
        or (line[index].before in ("+", "-") and is_direction(line[index].text))
        or (line[index].folded == "ID" and _is_counted(line, index))
        or _is_run_into_side(line[index].folded)
        or is_plain_word(line[index].text)
    )


def _is_run_into_side(word: str) -> bool:
    """Whether a side and what it is a side of were run together: ``LEFTHAND``."""
    return not is_common_name(word) and any(
        word.startswith(side) and word[len(side) :] in clinical_words()
        for side in _SIDES
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
        known = _are_halves(*halves)
        joined = replace(line[one], text=whole)
        thing = (
            joined.folded in eponyms()
            and line[other].text.islower()
            and not is_name(line[one].text)
            and is_eponym([*line[:one], joined, *line[other + 1 :]], one)
        )
        if unknown and glued and (known or thing) and len(whole) > LONG_ENOUGH:
            found[one] = found[other] = _CLINICAL


def _by_institution(line: Sequence[Token], found: list[Category | None]) -> None:
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
    strong = any(words[i] in _INSTITUTION_ALONE for i in keys)
    strong = strong or any(
        i - 1 in keys and words[i] in _PLACES and words[i - 1] not in _NO_KIND for i in keys
    )
    sentence = _is_sentence(line)
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
                _is_small(token)
                and len(token.text) >= LONG_ENOUGH
                and not _is_spelled_right(token)
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


def _may_begin_name(token: Token) -> bool:
    """Whether an institution's name may begin with a word, clinical as it may be."""
    capital = token.text[:1].isupper() and token.is_word
    return capital and len(token.text) >= LONG_ENOUGH and token.folded not in _SIDES


def _is_heading(line: Sequence[Token], index: int, words: Sequence[str]) -> bool:
    """Whether a word names a field of a form, and no institution: ``Hospital:``."""
    after = line[index + 1].before if line[index + 1 :] else ":"
    numbered = any(word in _NUMBER_WORDS for word in words[1:2])
    return index == 0 and words[0] in _TREATING and (after.startswith(":") or numbered)


_TREATING = frozenset({"HOSPITAL", "CLINIC"})


def _is_nearly_clinical(token: Token) -> bool:
    """Whether a long word is clinical only if misread: in a name it is none.

    ``Hospital San Swithin`` is near enough to "within".
    """
    return not (
        len(token.text) < _LONG_INSTITUTION
        or _is_spelled_right(token)
        or token.folded.removesuffix("S") in clinical_words()
        or token.folded in _LABELS
        or _is_run_into_side(token.folded)
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


def _by_degree(line: Sequence[Token], found: list[Category | None]) -> None:
    """A physician's degree and the word before it, however it was read: ``BA0, M.D.``."""
    for index in range(1, len(line)):
        token, following = line[index], line[index + 1 : index + 2]
        end = index + 1
        dotted = token.folded == "M" and [e.folded for e in following] == ["D"]
        if dotted and following[0].before == ".":
            end += 1
        elif token.folded not in _PHYSICIANS:
            continue
        named = line[index - 1].text
        worded = len(named) > 1 and any(each.isalpha() for each in named)
        if token.before.strip() == "," and worded:
            open_ones = (_CLINICAL, _UNKNOWN, Category.SEX)
            found[index - 1 : end] = [
                Category.PHYSICIAN if each in open_ones else each
                for each in found[index - 1 : end]
            ]


_PHYSICIANS = frozenset("MD DO FRCR FACR".split())


def _by_caret(line: Sequence[Token], found: list[Category | None]) -> None:
    """What a caret joins is a person's name (PS3.5 6.2.1), misread or not: ``YAX^0SCAR``.

    But for two clinical words, as in a protocol: ``HEAD^ROUTINE``.
    """
    for index in range(1, len(line)):
        pair = (index - 1, index)
        joined = line[index].before == "^" and all(
            len(line[i].text) > 1 and not line[i].is_number for i in pair
        )
        clinical = all(
            found[i] is _CLINICAL and _is_spelled_right(line[i]) for i in pair
        ) or any(line[i].folded in _SIDES for i in pair)
        for i in pair if joined and not clinical else ():
            if found[i] in (_CLINICAL, _UNKNOWN):
                found[i] = Category.NAME


def _by_company(line: Sequence[Token], found: list[Category | None]) -> None:
    """A clinical word that people are called by too follows its neighbours."""
    for index, token in enumerate(line):
        if found[index] is not _CLINICAL or not token.is_word or len(token.text) < 2:
            continue
        if token.folded in _SIDES or is_eponym(line, index):
            continue
        before = line[index - 1] if index > 0 else None
        if before is not None and before.folded in TITLES and is_name(token.text):
            found[index] = Category.PHYSICIAN
        elif _in_company(line, found, index) or _follows_name(line, found, index):
            found[index] = Category.NAME
        elif _is_amid_name(line, found, index):
            found[index] = found[index + 1 if found[index + 1 :] else index - 1]
    _initials(line, found)
    for index, token in enumerate(line):
        titled = token.folded in (*TITLES, "MR") and index + 1 < len(line)
        if titled and _is_person(found[index + 1]):
            found[index] = found[index + 1]
        graduate = token.folded in _DEGREES and token.before in ("", ",", ".") and index > 0
        if graduate and _is_person(found[index - 1]):
            found[index] = found[index - 1]


def _by_particle(line: Sequence[Token], found: list[Category | None]) -> None:
    """The particles before a name are part of it: ``de la Cruz``, ``Di Maggio``."""
    for index in range(len(line) - 2, -1, -1):
        name, open_one = line[index + 1], found[index] in (_CLINICAL, _UNKNOWN)
        joined = not name.before.strip(" '\u2019-")
        worded = len(name.text) > 1 and _is_person(found[index + 1])
        if _is_particle(line, index) and open_one and joined and worded:
            found[index] = found[index + 1]


def _is_particle(line: Sequence[Token], index: int) -> bool:
    """In capitals only what is no short form of a console: ``CT ABD GARCIA``."""
    word, article = line[index].folded, line[index].folded in _ARTICLES
    if word in _PARTICLES:
        return True
    after = index > 0 and line[index - 1].folded in _PARTICLES
    return (word in _SHORT_PARTICLES or article) and (
        not line[index].text.isupper() or (article and after)
    )


_PARTICLES = frozenset(
    "DE DEL DELLA DA DOS DAS DU DES VAN VON VOM ZUM DER DEN BIN IBN".split()
)
_ARTICLES = frozenset("LA LE LAS LOS LES".split())
_SHORT_PARTICLES = frozenset("DI DO ZU ZUR TER TEN EL AL BINT ABU ABD BEN MC MAC".split())


def _by_compound(line: Sequence[Token], found: list[Category | None]) -> None:
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


def _by_postcode(line: Sequence[Token], found: list[Category | None]) -> None:
    """Figures beside a place that nobody knows, with no unit: ``Aarfeld 8047``."""
    for place, code in ((0, 1), (1, 0)) if len(line) == 2 else ():
        word, figures = line[place], line[code]
        unknown = found[place] is _UNKNOWN and len(word.text) >= LONG_ENOUGH
        long = figures.is_number and len(figures.text) in _POSTCODE_DIGITS
        if unknown and word.text.istitle() and long:
            found[code] = _UNKNOWN


_POSTCODE_DIGITS = (4, 5)


def _by_address(line: Sequence[Token], found: list[Category | None]) -> None:
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
    if first > 0 and first != parts[0] and _is_house(line[first - 1]):
        found[first - 1] = Category.ADDRESS


_OUTWARD = re.compile(
    r"(?:[BEGLMNSW]|A[BL]|B[ABDHLNRST]|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]|F[KY]|G[LUY]"
    r"|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]|M[EKL]|N[EGNPRW]|O[LX]|P[AEHLOR]|R[GHM]"
    r"|S[AEGKLMNOPRSTWY]|T[ADFNQRSW]|UB|W[ACDFNRSV]|YO|ZE)\d[A-Z\d]?"
)
_INWARD = re.compile(r"\d(?!ST|ND|RD|TH|HZ|DB)[ABD-HJLNP-UW-Z]{2}")
_INWARD_OF_LEVEL = re.compile(
    r"\d(?!ST|ND|RD|TH|HZ|DB|F[SLF]|S[EL]|AX|TE|[LR]T|AP|PA)[ABD-HJLNP-UW-Z]{2}"
)
"""Behind what may be a vertebra: ``L4 3AX`` is a series."""
"""The two parts of a British postcode."""
_BETWEEN_PARTS = 3


def _is_house(token: Token) -> bool:
    return token.is_number and len(token.text) <= LONG_ENOUGH


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
    return token.is_number or (len(token.text) <= 3 and token.folded not in _MARKERS)


def _by_side(line: Sequence[Token], found: list[Category | None]) -> None:
    """Letters beside a side, as on a lead marker, are somebody's: ``R RS``.

    If more stands before the side, two letters that end the line: ``81.0 mm RT PC``.
    What is read behind the letters does not make them a setting: ``R HM3A``.
    """
    if len(line) < 2 or line[-2].folded not in _MARKERS or found[-1] is not _CLINICAL:
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
    if not 2 <= len(token.text) <= MOST_INITIALS or token.folded in _AFTER_SIDE | _MARKERS:
        return False
    return token.text.isupper() and sum(each.isalpha() for each in token.text) > 1


_MARKERS = frozenset("L R LT RT LEFT RIGHT".split())
_AFTER_SIDE = frozenset(
    # views and positions
    "CC MLO ML LM LMO SIO XCC CV LAT OBL AP PA AX AXI SAG TRV TRA TX COR SAX LAX DEC TAN "
    "HFS HFP FFS FFP EXT INT FLX ER IR UP LOW INF SUP MED ANT POS PRE MAG ID WB NWB "
    # what has a left and a right
    "HIP TOE RIB EYE EAR ARM LEG JAW TMJ SI SC AC IAC UE LE KID OV LOB BRE LNG ADR UPJ "
    "UVJ CCA ICA ECA MCA ACA PCA VA UA SFA CFA PFA POP PTA ATA DPA SFV CFV PFV GSV SSV "
    "RCA LCA LAD LCX SVC HV PV RA RV LA LV TV AV AO".split()
)


def _is_person(category: Category | None) -> bool:
    return category in (Category.NAME, Category.PHYSICIAN, Category.OPERATOR)


def _is_amid_name(
    line: Sequence[Token], found: Sequence[Category | None], index: int
) -> bool:
    """Whether a short form is a piece of a name: the letters between them misread."""
    if index == 0 or len(line[index].text) > MOST_INITIALS:
        return False
    if _is_person(found[index - 1]) and line[index].before == "-" and index > 1:
        return _is_person(found[index - 2])  # Lee Sung-Min
    if index == len(line) - 1:
        return False
    apart = {line[index].before.strip(), line[index + 1].before.strip()} - {"", ".", "-"}
    return not apart and _is_person(found[index - 1]) and _is_person(found[index + 1])


def _by_script(line: Sequence[Token], text: str, found: list[Category | None]) -> None:
    """Letters among signs of another script are letters of a third one, misread.

    Single ones are no sides then: ``A-p\u300cpoMOB A.N.`` was Cyrillic.
    """
    strange = any(each >= _BEYOND for each in text)
    unknown = any(
        found[i] is _UNKNOWN and len(token.text) >= LONG_ENOUGH
        for i, token in enumerate(line)
    )
    for index in range(len(line)) if strange and unknown else ():
        if found[index] is _CLINICAL and line[index].is_word:
            found[index] = _UNKNOWN


_BEYOND = "\u2e80"
"""Signs and letters of East Asia begin here, which the recogniser takes others for."""


def _by_foreign_month(line: Sequence[Token], found: list[Category | None]) -> None:
    """A word that nobody knows, between a day and a year, is a month's.

    ``12 Meitheamh 1958``.
    """
    for index in range(len(line) - 2):
        day, month, year = line[index : index + 3]
        unknown = month.is_word and found[index + 1] in (_UNKNOWN, Category.NAME)
        gaps = (month.before + year.before).strip(" .-/")
        dated = day.is_number and 1 <= int(day.text) <= _LAST_DAY
        if unknown and dated and not gaps and _YEAR.fullmatch(year.text):
            found[index : index + 3] = [Category.DATE] * 3


_LAST_DAY = 31


def _by_date(line: Sequence[Token], found: list[Category | None]) -> None:
    """What else is a date that was misread: ``rue`` 02 Jan 2024, 26 Jan ``193``.

    And ``17/11./2015``, and ``12:30[04``, and the year of a date whose day was not read.
    """
    for index, category in enumerate(found):
        if category not in DATES:
            continue
        before = line[index - 1] if index > 0 else None
        if before is not None and found[index - 1] in (_CLINICAL, _UNKNOWN):
            is_time = [each.before for each in line[index + 1 : index + 2]] == [":"]
            short = before.folded in _SHORT_WEEKDAYS and not is_time
            alone = is_time and _is_year_alone(line, found, index - 1)
            if _is_weekday(before) or short or alone:
                found[index - 1] = category
        half = index + 1 < len(line) and _is_half_of_day(line, index + 1)
        if half and found[index + 1] in (_CLINICAL, _UNKNOWN):
            found[index + 1] = category
        if index + 1 == len(line) or not line[index + 1].is_number:
            continue
        year = line[index + 1]
        apart = not year.before.strip(" .,")
        ends = index + 2 == len(line) or not line[index + 2].before
        by_name = apart and ends and names_a_month(line[index].folded)
        joined = not apart and _DATE_SIGNS.fullmatch(year.before) is not None
        # 12:30[04, its colon misread
        tight = len(year.text) == 2 and year.start == line[index].end + 1
        joined = joined or (tight and not year.before.isspace())
        if len(year.text) > 1 and found[index + 1] is _CLINICAL and (by_name or joined):
            found[index + 1] = category


def _is_half_of_day(line: Sequence[Token], index: int) -> bool:
    """Whether a word behind a time is its AM or PM, misread: ``01:16 2M``."""
    behind = line[index - 1].before == ":" and not line[index].before
    return behind and _HALF_DAY.fullmatch(line[index].folded) is not None


_HALF_DAY = re.compile(r"[2RF]M")


def _is_year_alone(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a number is a year of whose date the rest was not read: ``ay 2013 19:17``.

    Behind a clinical word it is a setting: ``TR 2000``.
    """
    begins = index == 0 or found[index - 1] is not _CLINICAL or line[index - 1].is_number
    signs = line[index].before or line[index + 1].before
    return begins and not signs and _YEAR.fullmatch(line[index].text) is not None


_DATE_SIGNS = re.compile(r"[./-]{1,2}")


def _is_weekday(token: Token) -> bool:
    """Whether a word is a weekday's short name, or was but for a letter."""
    word = token.folded
    return len(word) == 3 and any(distance(word, each, 1) <= 1 for each in _WEEKDAYS)


_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_SHORT_WEEKDAYS = frozenset(each[:2] for each in _WEEKDAYS)
_YEAR = re.compile(r"(?:19|20)\d\d")


def _in_company(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a word that may be a name stands beside one, or has a name's comma."""
    word = line[index]
    others = []
    if word.before in (",", "^") and index > 0:
        others.append(index - 1)
    if index + 1 < len(line) and line[index + 1].before in (",", "^"):
        others.append(index + 1)
    if any(_is_person(found[i]) or found[i] is _UNKNOWN for i in others):
        return True
    aside = others and line[others[0]].folded in _SIDES
    if others and not aside and is_name(word.text) and is_name(line[others[0]].text):
        return True
    if not is_name(word.text):
        return False
    if word.folded in console_terms() and not is_common_name(word.text):
        return False
    near = [i for i in (index - 1, index + 1) if 0 <= i < len(line)]
    return any(
        (_is_person(found[i]) or found[i] is _UNKNOWN) and len(line[i].text) > 1
        for i in near
    )


def _follows_name(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a word that is clinical only if misread stands next to a person's name."""
    token = line[index]
    if _is_spelled_right(token) or _label_word(line, index) in _LABELS:
        return False
    if any(each.isdigit() for each in token.text):
        return False
    near = (i for i in (index - 1, index + 1) if 0 <= i < len(line))
    return any(_is_person(found[i]) and len(line[i].text) > 1 for i in near)


def _initials(line: Sequence[Token], found: list[Category | None]) -> None:
    """Single letters beside a name are its initials: ``DOE J``, ``J. DOE``."""
    for index, token in enumerate(line):
        if len(token.text) != 1 or not (token.is_word or _is_dotted_zero(line, index)):
            continue
        if found[index] not in (_CLINICAL, Category.SEX) or _announces(line, index):
            continue
        before = found[index - 1] if index > 0 else None
        after = found[index + 1] if index + 1 < len(line) else None
        bracketed = token.before.endswith(("[", "("))
        dotted = index + 1 < len(line) and line[index + 1].before.startswith(".")
        person = _is_person(before) or _is_person(after)
        person = person or (dotted and after is _UNKNOWN)
        person = person or (token.before in (",", "^") and before is _UNKNOWN)
        if person and not bracketed:
            if found[index] is Category.SEX and not _touches_name(line, index):
                continue
            found[index] = Category.NAME
    chain = range(len(line) - 1)
    for here, there in [(i, i + 1) for i in reversed(chain)] + [(i + 1, i) for i in chain]:
        both = len(line[here].text) == len(line[there].text) == 1 and line[here].is_word
        dotted = line[max(here, there)].before.startswith(".")
        behind = min(here, there) > 0 and found[min(here, there) - 1] is _UNKNOWN
        if both and dotted and found[here] in (_CLINICAL, Category.SEX):
            if _is_person(found[there]):
                found[here] = found[there]  # J. R. R. TOLKIEN, TOLKIEN J.R.R.
            elif behind:
                found[here] = Category.NAME


def _is_dotted_zero(line: Sequence[Token], index: int) -> bool:
    """Whether a zero may be an initial: it has a dot or a comma on both sides."""
    following = line[index + 1].before if index + 1 < len(line) else "."
    return line[index].text == "0" and all(
        each[:1] in tuple(".,^") for each in (line[index].before, following)
    )


def _touches_name(line: Sequence[Token], index: int) -> bool:
    """Whether a letter that may be a sex stands before a name or with a dot or caret."""
    following = line[index + 1].before if index + 1 < len(line) else ""
    return following.startswith((".", "^", ",")) or line[index].before in ("^", ",", ".")


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
