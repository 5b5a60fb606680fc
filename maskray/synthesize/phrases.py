"""What consoles print: lines that identify somebody, and lines that do not."""

from collections.abc import Callable
from dataclasses import dataclass

from maskray.records import Category
from maskray.synthesize.people import (
    Person,
    Rng,
    Visit,
    chance,
    pick,
    spell_age,
    spell_date,
    spell_name,
    spell_time,
)
from maskray.synthesize.vocabulary import (
    DATE_FORMATS,
    FAMILIES,
    PHRASES,
    SIDES,
    TIME_FORMATS,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line with one meaning. Captions such as "Name:" are ``UNKNOWN``."""

    text: str
    category: Category

    @property
    def phi(self) -> bool:
        """Whether the piece says something about a person, place or time."""
        return self.category not in (Category.CLINICAL, Category.UNKNOWN)


Line = tuple[Part, ...]
"""The parts of one line, left to right."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one console spells things, the same on the whole screen."""

    date_form: str
    time_form: str
    upper: bool
    captions: bool


def invent_manner(rng: Rng) -> Manner:
    """A console's habits."""
    return Manner(
        date_form=pick(rng, DATE_FORMATS),
        time_form=pick(rng, TIME_FORMATS),
        upper=chance(rng, 0.5),
        captions=chance(rng, 0.35),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """Whose screen it is."""

    person: Person
    visit: Visit
    manner: Manner


def _captioned(case: Case, caption: str, part: Part) -> Line:
    if case.manner.captions:
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _cased(case: Case, text: str) -> str:
    return text.upper() if case.manner.upper else text


def _name(rng: Rng, case: Case) -> Line:
    part = Part(spell_name(rng, case.person), Category.NAME)
    return _captioned(case, pick(rng, ["Name:", "Patient:", "Pt:", "Nom:"]), part)


def _born(rng: Rng, case: Case) -> Line:
    manner = case.manner
    text = spell_date(case.person.born, manner.date_form, upper=manner.upper)
    if chance(rng, 0.2):
        text = "*" + text
    caption = pick(rng, ["DOB:", "DOB", "Born", "Birth date:", "geb.", "D.O.B."])
    part = Part(text, Category.BIRTH_DATE)
    if chance(rng, 0.6):
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _patient_id(rng: Rng, case: Case) -> Line:
    part = Part(case.person.patient_id, Category.PATIENT_ID)
    if chance(rng, 0.5):
        caption = pick(rng, ["MRN", "MRN:", "ID:", "Pat ID", "PID", "#", "ID"])
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _sex_and_age(rng: Rng, case: Case) -> Line:
    sex = case.person.sex
    if chance(rng, 0.3):
        sex = {"F": "Female", "M": "Male"}[sex]
    parts = [
        Part(sex, Category.SEX),
        Part(spell_age(rng, case.person, case.visit), Category.AGE),
    ]
    return tuple(parts if chance(rng, 0.6) else parts[::-1])


def _day(rng: Rng, case: Case) -> Line:
    manner = case.manner
    text = spell_date(case.visit.day, manner.date_form, upper=manner.upper)
    part = Part(text, Category.DATE)
    return _captioned(case, pick(rng, ["Date:", "Study:", "Acq:", "Exam"]), part)


def _clock(rng: Rng, case: Case) -> Line:
    part = Part(spell_time(case.visit.at, case.manner.time_form), Category.DATE)
    return _captioned(case, pick(rng, ["Time:", "Tm", "Acq Tm:", "Img Tm:"]), part)


def _day_and_clock(rng: Rng, case: Case) -> Line:
    return _day(rng, case)[-1:] + _clock(rng, case)[-1:]


def _accession(rng: Rng, case: Case) -> Line:
    part = Part(case.visit.accession, Category.ACCESSION)
    caption = pick(rng, ["ACC", "Acc:", "A#", "Accession", "Acc No.", "Order"])
    if chance(rng, 0.7):
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _institution(rng: Rng, case: Case) -> Line:
    del rng
    return (Part(_cased(case, case.visit.institution), Category.INSTITUTION),)


def _address(rng: Rng, case: Case) -> Line:
    del rng
    return (Part(_cased(case, case.visit.address), Category.ADDRESS),)


def _phone(rng: Rng, case: Case) -> Line:
    if chance(rng, 0.2):
        return (Part(case.visit.web, Category.PHONE),)
    caption = Part(pick(rng, ["Tel", "Ph:", "Phone", "FAX"]), Category.UNKNOWN)
    return (caption, Part(case.visit.phone, Category.PHONE))


def _physician(rng: Rng, case: Case) -> Line:
    who = pick(rng, [case.visit.referrer, case.visit.performer])
    text = _cased(case, pick(rng, ["Dr. {}", "Dr {}", "{} MD", "{}, M.D."]).format(who))
    part = Part(text, Category.PHYSICIAN)
    if chance(rng, 0.5):
        caption = pick(rng, ["Ref:", "Ref. Phys:", "Perf:", "Phys", "Attending:"])
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _operator(rng: Rng, case: Case) -> Line:
    who = case.visit.initials if chance(rng, 0.75) else case.visit.operator
    part = Part(who, Category.OPERATOR)
    if chance(rng, 0.6):
        caption = pick(rng, ["Tech:", "TECH", "Op:", "Opr", "Sonographer:", "RT"])
        return (Part(caption, Category.UNKNOWN), part)
    return (part,)


def _serial(rng: Rng, case: Case) -> Line:
    caption = Part(pick(rng, ["S/N", "SN:", "Serial", "Unit"]), Category.UNKNOWN)
    return (caption, Part(case.visit.serial, Category.DEVICE_SERIAL))


def _other_id(rng: Rng, case: Case) -> Line:
    del rng
    caption, value = case.visit.other_id.split(" ", 1)
    return (Part(caption, Category.UNKNOWN), Part(value, Category.OTHER_ID))


Writer = Callable[[Rng, Case], Line]

SINGLES: tuple[tuple[Writer, float], ...] = (
    (_name, 4), (_operator, 3), (_day, 2), (_day_and_clock, 2),
    (_patient_id, 2), (_accession, 2), (_institution, 2), (_physician, 2), (_born, 1),
    (_phone, 1), (_address, 1), (_serial, 1), (_other_id, 1),
)  # fmt: skip
"""Lines that identify, each with how often it is the only one on a screen."""


def single_line(rng: Rng, case: Case) -> Line:
    """One identifying line."""
    weights = [weight for _, weight in SINGLES]
    shares = [weight / sum(weights) for weight in weights]
    writer = SINGLES[int(rng.choice(len(SINGLES), p=shares))][0]
    return writer(rng, case)


def banner(rng: Rng, case: Case) -> list[Line]:
    """The lines with which a console heads a picture: who, and more."""
    lines = [_name(rng, case)]
    if chance(rng, 0.7):
        lines.append(_patient_id(rng, case))
    about = [_sex_and_age(rng, case), _born(rng, case)]
    if chance(rng, 0.4):
        lines.append(about[1][-1:] + about[0])
    else:
        lines += [line for line in about if chance(rng, 0.5)]
    if chance(rng, 0.3):
        lines.append(_accession(rng, case))
    if chance(rng, 0.25):
        return [sum(lines[:2], ()), *lines[2:]]
    return lines


def visit_lines(rng: Rng, case: Case) -> list[Line]:
    """The lines that say where, when and by whom."""
    lines = [_institution(rng, case)] if chance(rng, 0.7) else []
    stamps = [_day_and_clock(rng, case)]
    if chance(rng, 0.4):
        stamps = [_day(rng, case), _clock(rng, case)]
    lines += stamps
    for writer in (_accession, _physician, _operator, _serial, _phone, _address):
        if chance(rng, 0.17):
            lines.append(writer(rng, case))
    return lines


def mixed_line(rng: Rng, case: Case, modality: str) -> Line:
    """One line that holds both kinds."""
    known = single_line(rng, case)
    other = tuple(
        Part(phrase(rng, modality), Category.CLINICAL)
        for _ in range(int(rng.integers(1, 3)))
    )
    return known + other if chance(rng, 0.6) else other[:1] + known + other[1:]


def marker_line(rng: Rng, case: Case) -> Line:
    """A lead marker: the side and the technologist's initials."""
    side = Part(pick(rng, ["L", "R", "LT", "RT"]), Category.CLINICAL)
    return (side, Part(case.visit.initials, Category.OPERATOR))


def clock_lines(rng: Rng, case: Case, count: int, *, dated: bool) -> list[Line]:
    """The clock as it goes on, ``count`` readings, with or without the date."""
    day = _day(rng, case)[-1:] if dated else ()
    start = case.visit.at.hour * 3600 + case.visit.at.minute * 60 + case.visit.at.second
    step = int(rng.integers(1, 12))
    lines: list[Line] = []
    for index in range(count):
        seconds = start + index * step
        hours, rest = divmod(seconds, 3600)
        text = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
        lines.append((*day, Part(text, Category.DATE)))
    return lines


def counter_lines(rng: Rng, modality: str, count: int, total: int) -> list[Line]:
    """A clinical reading that changes: frame counter, heart rate or dose rate."""
    heart, dose = modality in ("US", "XA"), modality in ("XA", "RF")
    kind = pick(rng, ["frame"] + ["heart"] * heart + ["dose"] * dose)
    lines: list[Line] = []
    for index in range(count):
        text = f"{index * total // count + 1}/{total}"
        if kind == "heart":
            text = f"{int(rng.integers(58, 96))} bpm"
        elif kind == "dose":
            text = f"{rng.uniform(1, 40):.1f} mGy/min"
        lines.append((Part(text, Category.CLINICAL),))
    return lines


def clinical_line(rng: Rng, modality: str) -> Line:
    """One line without anything about a person, of one or two phrases."""
    count = 2 if chance(rng, 0.25) else 1
    return tuple(Part(phrase(rng, modality), Category.CLINICAL) for _ in range(count))


def side_marker(rng: Rng) -> Line:
    """A side or position, as lead markers show it."""
    return (Part(pick(rng, SIDES), Category.CLINICAL),)


def phrase(rng: Rng, modality: str) -> str:
    """One clinical phrase as consoles of that modality print it."""
    family = FAMILIES.get(modality, modality)
    pool = PHRASES[family] if chance(rng, 0.78) else PHRASES["ANY"]
    return _fill(rng, pick(rng, pool))


def _number(rng: Rng, form: str) -> str:
    span, _, places = form.partition(".")
    low, high = (int(end) for end in span.split("-"))
    if not places:
        return str(rng.integers(low, high + 1))
    return f"{rng.uniform(low, high):.{int(places)}f}"


def _fill(rng: Rng, template: str) -> str:
    """Puts a number or a choice into every slot of the template."""
    pieces = template.split("{")
    text = pieces[0]
    for piece in pieces[1:]:
        slot, _, rest = piece.partition("}")
        words = slot.split("|")
        text += (pick(rng, words) if len(words) > 1 else _number(rng, slot)) + rest
    return text
