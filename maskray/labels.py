"""Labels such as ``DOB:``, and the values behind them.

A label says what the text behind it is, up to the next label; one letter of it may have
been misread. Words that mean something else too are labels only before a colon.
"""

from collections.abc import Sequence

from maskray.dates import DATES
from maskray.id_numbers import is_number_of_id
from maskray.markers import SIDES
from maskray.records import Category
from maskray.shorthand import RANGED
from maskray.text import LONG_ENOUGH, MOST_INITIALS, Token, fold, tokens
from maskray.vocabulary import (
    TITLES,
    TWO_LETTER_NAMES,
    is_clinical,
    is_common_name,
    is_concept,
    is_name,
    is_only_exact,
    reads_as_name,
)
from maskray.words import is_sentence, is_small, is_spelled_right

_CLINICAL = Category.CLINICAL

LABELS: dict[str, Category] = {
    word: category
    for category, words in {
        Category.NAME: "NAME PATIENT PAT PNAME PTNAME PT NAMEN NOM NOMBRE PATIENTNAME "
        "SURNAME FORENAME FORENAMES FIRSTNAME LASTNAME GIVENNAME NACHNAME VORNAME PRENOM "
        "COGNOME APELLIDO APELLIDOS NOME PACIENTE PAZIENTE NAVN NAZWISKO",
        Category.BIRTH_DATE: "DOB BIRTH BIRTHDATE BORN BIRTHDAY BDAY GEBDAT GEB DDN FN "
        "GEBURTSDATUM GEBOREN NACIMIENTO NASCIMENTO NASCITA NAISSANCE GEBOORTEDATUM NASC",
        Category.DATE: "DATE FECHA DATUM DATA STUDYDATE EXAMDATE SCANDATE ACQDATE",
        Category.PATIENT_ID: "ID PID MRN IPP NIP UHID PATNR PATNO FALL FALLNR FALLNUMMER "
        "PATIENTENNUMMER PATIENTID PATID PTID UNR HN SSN MEDREC CHART NHS "
        "CEDULA DNI NIF CPF PESEL CURP BSN INSEE NHC HISTORIA PRONTUARIO EXPEDIENTE",
        Category.ACCESSION: "ACC ACCESSION ACCNO ACCN ACCNUM ACCESSIONNUMBER",
        Category.PHYSICIAN: "DR DOCTOR PHYSICIAN REFERRING ATTENDING RADIOLOGIST REFPHY "
        "REFMD SURGEON CARDIOLOGIST PERFORMING ORDERING PERF REF PHYS ATT ADM READ "
        "CONSULTANT ARZT MEDICO MEDECIN SOLICITANTE PRESCRIPTEUR ZUWEISER "
        "BEFUNDER UBERWEISER UEBERWEISER",
        Category.OPERATOR: "TECH TECHNOLOGIST OPERATOR OP OPER SONOGRAPHER SONO "
        "RADIOGRAPHER INITIALS OPR TECHNICIAN MTRA TEC MTR USER INIT EXAMINER "
        "UNTERSUCHER OPERATORE OPERADOR OPERADORA OPERATEUR TECNICO TECHNICIEN",
        Category.INSTITUTION: "INSTITUTION FACILITY SITE STATION HOSPITAL CLINIC",
        Category.PHONE: "TEL PHONE FAX TELEPHONE TELEFON TELEFONO TELEFOON EMAIL MAIL "
        "MOBILE",
        Category.ADDRESS: "ADDR ADDRESS ADRESSE ANSCHRIFT WOHNORT WOONPLAATS DIRECCION "
        "INDIRIZZO ENDERECO DOMICILIO",
        Category.DEVICE_SERIAL: "SN SERIAL SERIALNO",
        Category.OTHER_ID: "CASE ORDER VISIT REQ REQUEST ENCOUNTER EX DOSSIER FOLDER",
    }.items()
    for word in words.split()
}
"""What each label says of its value, in the languages of many consoles."""
WORDY = frozenset({Category.NAME, Category.PHYSICIAN, Category.OPERATOR})
"""Labels whose values are words; the others' values hold digits or are whole."""
_STRONG_LABELS = LABELS.keys() - {
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
    "CONSULTANT",
    "ARZT",
    "MEDICO",
    "MEDECIN",
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
    "NOME",
    "PACIENTE",
    "PAZIENTE",
    "NAVN",
    "NASC",
    "NHC",
    "HISTORIA",
    "PRONTUARIO",
    "EXPEDIENTE",
    "SOLICITANTE",
    "PRESCRIPTEUR",
    "ZUWEISER",
    "BEFUNDER",
    "UBERWEISER",
    "UEBERWEISER",
    "DATE",
    "FECHA",
    "DATUM",
    "DATA",
    "IPP",
    "NIP",
    "FALL",
    "MTR",
    "USER",
    "INIT",
    "TECNICO",
    "DOSSIER",
    "FOLDER",
}
"""Labels that hold without a colon after them."""
_NAME_PARTS = 2
NUMBER_WORDS = frozenset("NO NR NUM NUMBER ID".split())
"""Words that make a label one of a number: ``Hospital No``."""
_LABEL_WORDS = NUMBER_WORDS | frozenset(
    "DATE OF NAME PHY PHYS MD FIRST LAST FAMILY GIVEN MIDDLE".split()
)
"""Words that may stand between a label and its value."""
TREATING = frozenset({"HOSPITAL", "CLINIC"})
"""Who gives a patient a number; alone and with no number, an institution."""


def open_label(text: str) -> Category | None:
    """The category of a line that is nothing but a label."""
    spelled = [_as_label(token) for token in tokens(text)]
    words = spelled[:1] + [each for each in spelled[1:] if each not in _OF]
    if words[:1] and words[0] in _DATES_OF and len(words) > 1:
        words = words[1:]  # Fecha de nacimiento
    if (
        not words
        or len(words) > 3
        or any(w not in LABELS and w not in _LABEL_WORDS for w in words)
    ):
        return None
    labels = [word for word in words if word in LABELS]
    if not labels or (
        labels[0] not in _STRONG_LABELS and not text.rstrip().endswith((":", "#", "="))
    ):
        return None
    return LABELS[labels[-1] if labels[-1] not in ("NAME", "PATIENT") else labels[0]]


_DATES_OF = frozenset("DATA DATE FECHA".split())
_OF = frozenset("DE DI DEL DELLA DO DA".split())


def by_label(line: Sequence[Token], found: list[Category | None]) -> None:
    """Text after a label is what the label says, up to the next label."""
    current: Category | None = None
    taken = 0
    for index, token in enumerate(line):
        label = _label(line, index)
        if label is not None:
            more = current is not None and taken == 0 and _says_more(token)
            current, taken = (current if more else label), 0
            found[index] = found[index] or _CLINICAL
            continue
        if current is None or found[index] is not None:
            taken += current is not None and found[index] is current
            if current in DATES and _ends_date(found, index):
                current = None
            continue
        if _is_of_label(line, index):
            found[index] = _CLINICAL
        elif taken == 0 and (_is_called(line, index) or _is_numbered(line, index)):
            named = token.is_number and current is Category.NAME
            found[index], taken = Category.PATIENT_ID if named else current, 1
        elif taken and current not in _SPLIT_VALUES and announces(line, index):
            current = None
        elif may_be_value(
            current, token, first=taken < _NAME_PARTS, at_once=taken == 0
        ) or _are_initials(line, index, current):
            found[index] = current
            taken += token.folded not in TITLES
        elif current in WORDY or not token.is_word or (taken and _is_long_term(token)):
            current = None


def _is_of_label(line: Sequence[Token], index: int) -> bool:
    """Whether a word belongs to the label before it: ``ID No``, but not ``Tech: MD``."""
    token, last = line[index], index == len(line) - 1
    value = last and ":" in token.before
    return token.folded in _LABEL_WORDS and line[index - 1].folded in LABELS and not value


def _says_more(token: Token) -> bool:
    """Whether a label only goes on with the one before it: ``Operator ID``."""
    return not token.before.strip() and token.folded in ("ID", *_DATE_LABELS)


def _is_numbered(line: Sequence[Token], index: int) -> bool:
    """Whether a number stands for a person: ``Patient: 1234``, ``Operator ID 12``."""
    token, label = line[index], line[index - 1]
    whole = [each.before for each in line[index + 1 : index + 2]] not in (["."], [","])
    if any(e.text in RANGED or e.text in ("%", "uSv") for e in line[index + 1 : index + 2]):
        return False  # Patient: 60 kg
    word = label.folded
    persons = word in _NUMBERED_PERSONS or LABELS.get(word) is Category.OPERATOR
    behind = ":" in token.before and persons
    return token.is_number and whole and (behind or word == "ID")


_NUMBERED_PERSONS = frozenset(
    "PATIENT PACIENTE PAZIENTE PATIENTIN ZUWEISER UBERWEISER UEBERWEISER".split()
)


def _are_initials(line: Sequence[Token], index: int, current: Category) -> bool:
    """Whether capitals are a physician's initials, short forms as they may be.

    Behind ``Reported by``, and behind a colon if they end the line.
    """
    token, last = line[index], index == len(line) - 1
    announced = line[index - 1].folded == "BY" or (last and ":" in token.before)
    short = token.is_word and token.text.isupper() and len(token.text) <= MOST_INITIALS
    return current in (Category.PHYSICIAN, Category.OPERATOR) and announced and short


def _label(line: Sequence[Token], index: int) -> Category | None:
    """The category that a token announces, if it is a label here."""
    word = label_word(line, index)
    if word == "BY" and index > 0 and line[index - 1].folded in _DONE:
        return Category.PHYSICIAN  # Reported by
    small = is_small(line[index]) and is_sentence(line)  # the patient tolerated
    if _announces_id(line, index, word) and not small:
        return Category.PATIENT_ID
    if small or word not in LABELS:
        return None
    following = line[index + 1] if index + 1 < len(line) else None
    after = following.before if following is not None else ""
    if following is not None and following.folded in _LABEL_WORDS and line[index + 2 :]:
        after += line[index + 2].before  # ID No.:
    if not _fits(word, line[index + 1 : index + 4]):
        return None
    if word == "ACC" and "(" in after and any(e.folded == "MM2" for e in line[index:]):
        return None  # ADC (10^-6 mm2/s), misread
    strong = word in _STRONG_LABELS or (word == "ID" and is_number_of_id(line, index + 1))
    strong = strong or (word in _BIRTHS and following is not None and following.is_number)
    if any(sign in after for sign in ":#=;") or strong:
        return LABELS[word]
    if word == "DR" and following is not None and following.is_word:
        return None if is_digital(line, index) else LABELS[word]
    if word == "OP" and following is not None and (index, len(line)) == (0, 2):
        capitals = following.text.isupper() and len(following.text) <= MOST_INITIALS
        return LABELS[word] if capitals and following.is_word else None
    return None


def _fits(word: str, behind: Sequence[Token]) -> bool:
    """Whether a word may be a label before what follows: not ``Data: 512``."""
    if word == "DATA":
        return _is_dated(behind)
    return word != "OP" or any(each.is_word for each in behind[:1])


def _is_dated(behind: Sequence[Token]) -> bool:
    """Whether three numbers follow, or the figures of a whole date."""
    long = any(each.is_number and len(each.text) > LONG_ENOUGH for each in behind[:1])
    return long or sum(each.is_number for each in behind) == _PARTS_OF_A_DATE


_PARTS_OF_A_DATE = 3


def is_digital(line: Sequence[Token], index: int) -> bool:
    """Whether a ``DR`` is no doctor but a digital radiograph: ``DR HAND AP``."""
    part, view = (*line[index + 1 : index + 3], None, None)[:2]
    if index > 0 or line[index].text != "DR" or part is None or part.before == ".":
        return False
    seen = view is not None and view.folded in ("AP", "PA", "LAT", "OBL", "LATERAL")
    return is_concept(part.text) and (seen or not is_name(part.text))


def _announces_id(line: Sequence[Token], index: int, word: str) -> bool:
    """Whether it is the patient's number that follows: ``Pat. ID``, ``Hospital No: 12``."""
    if word == "ID" and index > 0:
        return line[index - 1].folded in _OF_THE_PATIENT
    numbered = line[index + 2 :] and line[index + 1].folded in NUMBER_WORDS
    return bool(numbered) and word in TREATING | _OF_THE_PATIENT | _KEEPING


_DONE = frozenset(
    "ACQ ACQUIRED APPROVED AUTHORISED AUTHORIZED CHECKED CONFIRMED CREATED DICTATED DONE "
    "EXAM PERF REF REQ SCAN SENT EDITED ENTERED EXAMINED FINALISED FINALIZED "
    "INTERPRETED MEASURED ORDERED PERFORMED "
    "PREPARED PRINTED READ REFERRED RELEASED REPORTED REQUESTED REVIEWED SCANNED SEEN "
    "SIGNED TRANSCRIBED TYPED VERIFIED WRITTEN".split()
)
"""What somebody did whose name follows a ``by``."""
_BIRTHS = frozenset({"NASCIMENTO", "NASCITA", "NASC"})
"""Labels that hold without a colon before a number, not before a name."""


def _is_called(line: Sequence[Token], index: int) -> bool:
    """Whether a word is a name, whatever it means: it stands behind ``Name:``.

    Not the name of a protocol, nor a side.
    """
    token, label = line[index], line[index - 1]
    others = {each.folded for each in line[: index - 1]} - _OF_THE_PATIENT - _WHICH_NAME
    named = label.folded in _NAME_LABELS and ":" in token.before and not others
    worded = token.is_word and len(token.text) > 1 and token.folded not in SIDES
    return named and (worded or reads_as_name(token.text))


_NAME_LABELS = frozenset(
    "NAME PATIENTNAME PNAME PTNAME NAMEN NOM NOMBRE SURNAME FORENAME FORENAMES FIRSTNAME "
    "LASTNAME GIVENNAME NACHNAME VORNAME PRENOM COGNOME APELLIDO APELLIDOS".split()
)
_WHICH_NAME = frozenset("FIRST LAST FAMILY GIVEN MIDDLE".split())
_OF_THE_PATIENT = frozenset({"PATIENT", "PAT", "PT"})
_KEEPING = frozenset("HOSP REG FOLDER FILE UR".split())
"""Where a patient is kept by a number."""
_DATE_LABELS = frozenset(word for word, each in LABELS.items() if each is Category.DATE)


def label_word(line: Sequence[Token], index: int) -> str:
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
    known = (each for each in (token.folded, *mended) if each in LABELS)
    return next(known, fold(token.text.replace("l", "I")))


def may_be_value(category: Category, token: Token, *, first: bool, at_once: bool) -> bool:
    """Whether a token may be the value of a label.

    ``first``: it is among the first words after it; ``at_once``: it is the very first.
    """
    if category is Category.OPERATOR and at_once and token.text.isupper():
        short = len(token.text) <= MOST_INITIALS
        return token.is_word and (short or is_only_exact(token.text))
    if category in WORDY:
        if len(token.text) == 1:
            return token.is_word and first
        if at_once and token.folded in TWO_LETTER_NAMES:
            return True
        called = is_name(token.text) if first else is_common_name(token.text)
        return token.is_word and (called or not is_spelled_right(token))
    if category in (Category.INSTITUTION, Category.ADDRESS):
        return True
    if category is Category.DATE:
        return token.is_number or not is_clinical(token.text)
    return any(each.isdigit() for each in token.text) or not is_clinical(token.text)


def _is_long_term(token: Token) -> bool:
    """Whether a word is clinical and no short form: the next item of a row begins."""
    return len(token.text) >= LONG_ENOUGH and is_spelled_right(token)


def _ends_date(found: Sequence[Category | None], index: int) -> bool:
    """Whether a date ends here that its form gave away."""
    return found[index] in DATES and found[index + 1 : index + 2] != [found[index]]


_SPLIT_VALUES = frozenset(
    {Category.PHONE, Category.ADDRESS, Category.BIRTH_DATE, Category.DATE}
)
"""What has parts with a letter and a colon: ``H: 555 1234 W: 555 9876``."""


def announces(line: Sequence[Token], index: int) -> bool:
    """Whether the next item of a row begins: ``Se: 2``, or ``W: 813 L: 310``."""
    words = [token.folded for token in line[index : index + 3]]
    number = line[index + 1 : index + 2]
    if not number or not number[0].is_number or number[0].before not in (":", "="):
        return False
    window = words[0] in ("W", "WW") and words[2:] in (["L"], ["C"], ["WL"])
    return window or words[0] in ("SE", "SER", "IM", "IMG")
