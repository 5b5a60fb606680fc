"""Invents people, their visits to a hospital, and the ways consoles spell them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeVar

import numpy as np

from maskray.synthesize.vocabulary import (
    ACCENTED,
    CLINICAL_WORDS,
    CODAS,
    FAMILY_NAMES,
    GIVEN_NAMES_F,
    GIVEN_NAMES_M,
    HOSPITALS,
    MONTHS,
    ONSETS,
    SAINTS,
    STATES,
    STREETS,
    TOWN_ENDS,
    VOWELS,
    WEEKDAYS,
)

Rng = np.random.Generator
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient. Names are ASCII; ``header_name`` is a DICOM PN value."""

    family: str
    given: str
    middle: str
    sex: str
    born: date
    patient_id: str
    header_name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """An invented visit: when, where, and by whom."""

    day: date
    at: time
    accession: str
    institution: str
    address: str
    phone: str
    web: str
    referrer: str
    performer: str
    operator: str
    initials: str
    serial: str
    other_id: str


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """One of the choices, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]


def digits(rng: Rng, count: int) -> str:
    """A number of exactly that many digits; the first is not 0."""
    first = str(rng.integers(1, 10))
    return first + "".join(str(rng.integers(10)) for _ in range(count - 1))


def chance(rng: Rng, probability: float) -> bool:
    """True with that probability."""
    return bool(rng.random() < probability)


def invent_word(rng: Rng, syllables: int = 2) -> str:
    """A word that no list of names holds, with a capital."""
    parts = [pick(rng, ONSETS) + pick(rng, VOWELS) for _ in range(syllables)]
    return ("".join(parts) + pick(rng, CODAS)).capitalize()


def _family_name(rng: Rng) -> str:
    if chance(rng, 0.3):
        return invent_word(rng, 2 if chance(rng, 0.7) else 1)
    name = pick(rng, FAMILY_NAMES).replace("_", " ")
    if chance(rng, 0.07) and "-" not in name and " " not in name:
        return f"{name}-{pick(rng, FAMILY_NAMES).replace('_', ' ')}"
    return name


def _patient_id(rng: Rng) -> str:
    style = int(rng.integers(6))
    if style == 0:
        return digits(rng, 7)
    if style == 1:
        return "00" + digits(rng, 6)
    if style == 2:
        return f"{digits(rng, 4)}-{digits(rng, 3)}-{digits(rng, 2)}"
    if style == 3:
        return f"{pick(rng, 'ABEHKMPRX')}{pick(rng, 'CDGLNT')}{digits(rng, 6)}"
    if style == 4:
        return f"PAT{digits(rng, 5)}"
    return digits(rng, 10)


def invent_person(rng: Rng) -> Person:
    """A patient with a name of some origin, a birth date and an ID."""
    sex = pick(rng, "FM")
    names = GIVEN_NAMES_F if sex == "F" else GIVEN_NAMES_M
    family, given = _family_name(rng), pick(rng, names)
    middle = pick(rng, names) if chance(rng, 0.4) else ""
    born = date(1931, 1, 1) + timedelta(days=int(rng.integers(365 * 77)))
    accented = chance(rng, 0.7)
    parts = [ACCENTED.get(part, part) if accented else part for part in (family, given)]
    name = "^".join(parts + ([middle] if middle else []))
    if chance(rng, 0.5):
        name = name.upper()
    return Person(family, given, middle, sex, born, _patient_id(rng), name)


def _town(rng: Rng) -> str:
    return invent_word(rng, 1) + pick(rng, TOWN_ENDS)


def _accession(rng: Rng, day: date) -> str:
    style = int(rng.integers(4))
    if style == 0:
        return f"{day.year}{digits(rng, 6)}"
    if style == 1:
        return f"{pick(rng, ['CT', 'US', 'XR', 'RAD', 'A'])}-{day:%y}-{digits(rng, 5)}"
    if style == 2:
        return f"{pick(rng, 'ARX')}{digits(rng, 8)}"
    return digits(rng, 8)


def _phone(rng: Rng) -> str:
    style = int(rng.integers(4))
    if style == 0:
        return f"(555) {digits(rng, 3)}-0{digits(rng, 3)}"
    if style == 1:
        return f"555-{digits(rng, 3)}-0{digits(rng, 3)}"
    if style == 2:
        return f"+49 30 5550 {digits(rng, 3)}"
    return f"+44 1632 960{digits(rng, 3)}"


def _serial(rng: Rng) -> str:
    letters = pick(rng, ["US", "DX", "GA", "H", "MR", "P"])
    return f"{letters}{digits(rng, 5 + int(rng.integers(3)))}"


def _other_id(rng: Rng) -> str:
    style = int(rng.integers(3))
    if style == 0:
        return f"SSN 000-{digits(rng, 2)}-{digits(rng, 4)}"
    if style == 1:
        return f"INS {pick(rng, 'KLMT')}{digits(rng, 9)}"
    return f"VISIT {digits(rng, 7)}"


def _initials(rng: Rng) -> str:
    while True:
        count = int(rng.integers(2, 4))
        letters = "".join(pick(rng, "ABCDEFGHJKLMNPRSTW") for _ in range(count))
        if letters not in CLINICAL_WORDS:
            return letters


def invent_visit(rng: Rng) -> Visit:
    """A visit in the years 2009 to 2025."""
    day = date(2009, 1, 1) + timedelta(days=int(rng.integers(365 * 16 + 300)))
    at = time(int(rng.integers(7, 20)), int(rng.integers(60)), int(rng.integers(60)))
    town, saint = _town(rng), pick(rng, SAINTS)
    street = f"{rng.integers(1, 4000)} {invent_word(rng, 1)} {pick(rng, STREETS)}"
    place = f"{town}, {pick(rng, STATES)} {digits(rng, 5)}"
    operator = (pick(rng, GIVEN_NAMES_F), _family_name(rng))
    return Visit(
        day=day,
        at=at,
        accession=_accession(rng, day),
        institution=pick(rng, HOSPITALS).format(town=town, saint=saint),
        address=f"{street}, {place}" if chance(rng, 0.5) else place,
        phone=_phone(rng),
        web=f"www.{town.lower()}-imaging.example",
        referrer=f"{pick(rng, GIVEN_NAMES_F)} {_family_name(rng)}",
        performer=f"{pick(rng, GIVEN_NAMES_M)[0]}. {_family_name(rng)}",
        operator=" ".join(operator),
        initials=_initials(rng),
        serial=_serial(rng),
        other_id=_other_id(rng),
    )


def spell_name(rng: Rng, person: Person) -> str:
    """The patient's name as some console prints it."""
    family, given, middle = person.family, person.given, person.middle
    initial = f" {middle[0]}" if middle else ""
    spellings = (
        f"{family}, {given}{initial}",
        f"{family},{given}",
        f"{family}^{given}",
        f"{family}^{given}^{middle or '^'}",
        f"{given} {family}",
        f"{given}{initial}{'.' if middle else ''} {family}",
        f"{family} {given}",
        f"{family}, {given[0]}.",
        f"{given[0]}. {family}",
        f"{family}, {given} {middle}".rstrip(),
    )
    spelled = pick(rng, spellings)
    if chance(rng, 0.6):
        spelled = spelled.upper()
    return spelled[:26].rstrip(" -'^,") if chance(rng, 0.3) else spelled


def spell_date(day: date, form: str, *, upper: bool = False) -> str:
    """A date in one of ``DATE_FORMATS``; months are English on every machine."""
    form = form.replace("%b", MONTHS[day.month - 1])
    text = day.strftime(form.replace("%a", WEEKDAYS[day.weekday()]))
    return text.upper() if upper else text


def spell_time(at: time, form: str) -> str:
    """A clock time in one of ``TIME_FORMATS``, the same on every machine."""
    return at.strftime(form.replace("%p", "AM" if at.hour < 12 else "PM"))


def spell_age(rng: Rng, person: Person, visit: Visit) -> str:
    """The patient's age at the visit."""
    years = max(0, (visit.day - person.born).days // 365)
    forms = (f"{years:03d}Y", f"{years}Y", f"{years} yrs", f"Age {years}", f"{years}yo")
    return pick(rng, forms)
