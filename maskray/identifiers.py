"""The header's own identifiers, and how to recognise them in text that was read.

Consoles print the header's values in other spellings: names without the caret, cut
off, in another order; numbers without their dots; dates in any order. OCR misreads
letters on top of that. So comparison is fuzzy, and generous: to hide a word too many
is the lesser fault.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag

from maskray.records import Category
from maskray.text import Token, distance, letters, skeleton
from maskray.vocabulary import clinical_words, console_terms

_IDS: dict[str, Category] = {
    "PatientID": Category.PATIENT_ID,
    "OtherPatientIDs": Category.PATIENT_ID,
    "AccessionNumber": Category.ACCESSION,
    "StudyID": Category.OTHER_ID,
    "AdmissionID": Category.OTHER_ID,
    "ServiceEpisodeID": Category.OTHER_ID,
    "MedicalRecordLocator": Category.OTHER_ID,
    "RequestedProcedureID": Category.OTHER_ID,
    "ScheduledProcedureStepID": Category.OTHER_ID,
    "PerformedProcedureStepID": Category.OTHER_ID,
    "PlacerOrderNumberImagingServiceRequest": Category.OTHER_ID,
    "FillerOrderNumberImagingServiceRequest": Category.OTHER_ID,
    "DeviceSerialNumber": Category.DEVICE_SERIAL,
    "PatientTelephoneNumbers": Category.PHONE,
    "ReferringPhysicianTelephoneNumbers": Category.PHONE,
    "MilitaryRank": Category.OTHER_ID,
}
_PHRASES: dict[str, Category] = {
    "InstitutionName": Category.INSTITUTION,
    "InstitutionAddress": Category.ADDRESS,
    "InstitutionalDepartmentName": Category.INSTITUTION,
    "StationName": Category.INSTITUTION,
    "PatientAddress": Category.ADDRESS,
    "IssuerOfPatientID": Category.INSTITUTION,
    "ReferringPhysicianAddress": Category.ADDRESS,
    "ResponsibleOrganization": Category.INSTITUTION,
    "RequestingService": Category.INSTITUTION,
    "CurrentPatientLocation": Category.INSTITUTION,
    "PatientInstitutionResidence": Category.INSTITUTION,
    "ClinicalTrialSiteName": Category.INSTITUTION,
}
_PHYSICIANS = re.compile(r"Physician|Requesting|Reading|Verifying|Consult")
_OPERATORS = re.compile(r"Operator|Evaluator|ContentCreator|Performer|Reviewer")
_MIN_NAME = 2
_MIN_ID = 3
_MIN_PHRASE = 4
_LOOK_AHEAD = 6
"""Most tokens one identifier may be split into, if they are not single letters."""
_MIN_SPLIT_NAME = 5
_MIN_ENDING = 5


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What the header says about who, folded for comparison.

    ``names`` maps single name parts, ``numbers`` IDs, ``phrases`` institutions and
    addresses, each to its category. All keys are folded letters and digits.
    """

    names: dict[str, Category] = field(default_factory=dict, repr=False)
    numbers: dict[str, Category] = field(default_factory=dict, repr=False)
    phrases: dict[str, Category] = field(default_factory=dict, repr=False)
    birth_dates: frozenset[str] = field(default_factory=frozenset, repr=False)
    """As ``YYYYMMDD``."""
    raw: frozenset[str] = field(default_factory=frozenset, repr=False)
    """The values as they stand in the header, for the header's own text."""
    modality: str = field(default="", repr=False)
    """What short forms mean depends on it; it identifies nobody."""

    def find(self, line: Sequence[Token]) -> Iterator[tuple[int, int, Category]]:
        """Runs of tokens that spell an identifier, as half-open token indices."""
        for index, token in enumerate(line):
            category = self._name(token)
            if category is not None:
                yield index, index + 1, category
        yield from self._joined(line)

    def _name(self, token: Token) -> Category | None:
        word = letters(token.text)
        if len(word) < _MIN_NAME:
            return None
        if word in self.names:
            return self.names[word]
        if len(word) < _MIN_ID or (token.is_number and len(word) == _MIN_ID):
            return None  # 100 is no Loo
        bones = skeleton(word)
        for name, category in self.names.items():
            if len(name) >= _MIN_ID and _same_name(word, bones, name):
                return category
        return None

    def _joined(self, line: Sequence[Token]) -> Iterator[tuple[int, int, Category]]:
        """Numbers and phrases, which punctuation or spaces may split.

        Of tokens that hold more than a number, no more than it takes.
        """
        numbers: list[tuple[int, int, _Number]] = []
        known = itertools.chain(self.names, self.numbers, self.phrases)
        longest = max(map(len, known), default=0)
        for start, end, text in _runs(line, longest + longest // 5):
            number = self._number(text)
            if number is not None:
                numbers.append((start, end, number))
            elif (category := self._phrase(text)) or (
                end > start + 1 and (category := self._split_name(text))
            ):
                yield start, end, category
        full = [each for each in numbers if each[2].excess >= 0]
        for start, end, number in numbers:
            inner = (
                a >= start
                and b <= end
                and b - a < end - start
                and other.text == number.text
                for a, b, other in full
            )
            if number.excess <= 0 or not any(inner):
                yield start, end, number.category

    def _split_name(self, text: str) -> Category | None:
        """A name whose letters or parts stand apart: ``D O E``, ``Van Tongeren``."""
        if len(text) < _MIN_SPLIT_NAME:
            return None
        bones = skeleton(text)
        for name, category in self.names.items():
            if bones == skeleton(name):
                return category
        return None

    def _number(self, text: str) -> "_Number | None":
        if len(text) < _MIN_ID:
            return None
        bones = skeleton(text)
        found: list[_Number] = []
        for number, category in self.numbers.items():
            known = skeleton(number)
            excess = len(bones) - len(known)
            if bones == known:
                return _Number(number, category, 0)
            if len(known) >= 6 and (
                distance(bones, known, len(known) // 6) <= len(known) // 6
                or (len(bones) >= 5 and (bones in known or known in bones))
            ):
                found.append(_Number(number, category, excess))
        return min(found, key=lambda each: abs(each.excess), default=None)

    def _phrase(self, text: str) -> Category | None:
        if len(text) < _MIN_PHRASE:
            return None
        for phrase, category in self.phrases.items():
            most = len(phrase) // 5
            if distance(text, phrase, most) <= most:
                return category
            if len(text) >= 6 and text in phrase and text not in console_terms():
                return category  # Breast is not the Breast Clinic
        return None


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of the header, and how many letters more than it were read."""

    text: str = field(repr=False)
    category: Category
    excess: int


def _runs(line: Sequence[Token], longest: int) -> Iterator[tuple[int, int, str]]:
    """Tokens side by side, as many as one identifier of that length may be split into.

    It may begin within the first token and end within the last.
    """
    for start in range(len(line)):
        text = ""
        pieces = 0
        for end in range(start + 1, len(line) + 1):
            piece = letters(line[end - 1].text)
            text += piece
            pieces += len(piece) > 1 or end == start + 1
            between = len(text) - len(piece) - len(letters(line[start].text))
            if pieces > _LOOK_AHEAD or between > longest:
                break
            yield start, end, text


def _same_name(word: str, bones: str, name: str) -> bool:
    """Whether a word read may be the name: misread, cut off or run together."""
    shorter = min(len(word), len(name))
    if bones == skeleton(name):
        return True
    if shorter >= 4 and name.startswith(word):
        return True
    if len(name) >= 4 and name in word and word not in clinical_words():
        return True  # Costa is not in SUBCOSTAL
    if len(word) >= _MIN_ENDING and name.endswith(word):
        return True
    most = 0 if shorter < 5 else 1 if shorter < 8 else 2
    return most > 0 and distance(word, name, most) <= most


def collect(dataset: Dataset) -> Identifiers:
    """The identifiers of a dataset, nested sequences included.

    Values that cannot be parsed are skipped: the header step removes them anyway.
    """
    names: dict[str, Category] = {}
    numbers: dict[str, Category] = {}
    phrases: dict[str, Category] = {}
    births: set[str] = set()
    raw: set[str] = set()
    for keyword, vr, value in _texts(dataset):
        if vr == "PN":
            for part in name_parts(value):
                _add(names, part, _name_category(keyword))
            raw.add(value)
        elif keyword in _IDS and len(letters(value)) >= _MIN_ID:
            _add(numbers, letters(value), _IDS[keyword])
            raw.add(value)
        elif keyword in _PHRASES and len(letters(value)) >= _MIN_PHRASE:
            _add(phrases, letters(value), _PHRASES[keyword])
            raw.add(value)
        elif keyword == "PatientBirthDate" and len(value) >= 8:
            births.add(re.sub(r"\D", "", value)[:8])
    modality = str(dataset.get("Modality") or "")
    return Identifiers(names, numbers, phrases, frozenset(births), frozenset(raw), modality)


def _add(known: dict[str, Category], text: str, category: Category) -> None:
    """Adds an identifier; one that is the patient's and another's is the patient's."""
    if text not in known or category in (Category.NAME, Category.PATIENT_ID):
        known[text] = category


def name_parts(value: str) -> Iterator[str]:
    """The parts of a person's name that identify, folded (PS3.5 6.2.1.1)."""
    for group in value.split("="):
        for component in group.split("^")[:3]:
            for part in re.split(r"[\s,.;:()\[\]/_-]+", component):
                word = letters(part)
                if len(word) >= _MIN_NAME and not word.isdigit():
                    yield word
            joined = letters(component)
            if len(joined) >= _MIN_ID and not joined.isdigit():
                yield joined


def _name_category(keyword: str) -> Category:
    if _PHYSICIANS.search(keyword):
        return Category.PHYSICIAN
    if _OPERATORS.search(keyword):
        return Category.OPERATOR
    return Category.NAME


def _texts(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    """Keyword, VR and each text value, depth first."""
    for tag in dataset.keys():  # noqa: SIM118 - iterating the dataset may raise
        try:
            element = dataset[tag]
            keyword = keyword_for_tag(element.tag)
            if element.VR == "SQ":
                for item in element.value:
                    yield from _texts(item)
            elif element.VR in ("PN", "LO", "SH", "DA", "ST", "LT", "UC"):
                values = element.value if element.VM > 1 else [element.value]
                for value in values:
                    if value:
                        yield keyword, element.VR, str(value)
        except Exception:  # noqa: BLE001, S112 - pydicom raises anything; see collect
            continue
