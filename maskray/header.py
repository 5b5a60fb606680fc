"""Step 10, header: the PS3.15 profile applied to every attribute of an instance.

An attribute is treated by ``profile/table_e1_1.csv`` (Table E.1-1), by the few stricter
rules below where the table is silent, or kept when it is known, parsable and holds none
of the patient's identifiers. Whatever is unknown is removed: it is never clean.
"""

import csv
import importlib.metadata
import importlib.resources
import re
import struct
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache

import pydicom.config
from pydicom import DataElement, Dataset
from pydicom.charset import (
    CODES_TO_ENCODINGS,
    convert_encodings,
    handled_encodings,
    python_encoding,
)
from pydicom.datadict import dictionary_has_tag, get_entry
from pydicom.dataelem import RawDataElement, empty_value_for_VR
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.values import convert_SQ

from maskray.errors import HeaderError
from maskray.keys import Key
from maskray.settings import HeaderSettings

Element = DataElement | RawDataElement

IMPLEMENTATION_CLASS_UID = UID("2.25.90765708903860685552950610539397711085")
DUMMY = "DEIDENTIFIED"
"""Stands in for text that may be neither kept nor empty; valid in every text VR."""

UTF_8 = convert_encodings("ISO_IR 192")
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
MAX_DEPTH = 40
"""Items within items; the deepest standard objects (SR) stay far below."""
MIN_IDENTIFIER = 3
"""Letters and digits that an identifier needs before text is searched for it."""


@dataclass(frozen=True, slots=True)
class PixelWork:
    """What was really done with the pixels; the header claims no more than this.

    ``examined``: every frame was looked at. ``masked``: stored values were changed and
    the result was verified.
    """

    examined: bool
    masked: bool

    @property
    def cleaned(self) -> bool:
        """Whether the Clean Pixel Data Option may be claimed for the whole instance."""
        return self.examined and self.masked


def deidentify_header(
    dataset: Dataset,
    key: Key,
    settings: HeaderSettings,
    pixels: PixelWork,
    identifiers: Iterable[str] = (),
    fallback_uid: str = "",
) -> Dataset:
    """A new dataset, with new file meta information, that conforms to the profile.

    Text is written as UTF-8 (``ISO_IR 192``): every kept value had to be decoded to be
    searched, and no other character set can hold all of them. Values that are plain
    ASCII or not text keep the bytes they were read with.

    Args:
        dataset: Not changed. Values of pixel data are shared, not copied.
        key: The same key gives the same UIDs, pseudonym and date shift everywhere.
        settings: How dates are treated.
        pixels: Decides what the de-identification attributes claim.
        identifiers: Names, IDs and the like that no kept text may hold. Case, accents
            and the separators between words do not matter; a match ends at the ends of
            words, and a value that matches is replaced as a whole.
        fallback_uid: Stands in for a missing SOPInstanceUID: any string that is the
            same whenever the same source is treated.

    Raises:
        HeaderError: If it is a media directory, or without SOP class, SOP instance or
            transfer syntax, or its pixel data cannot be read.

    Source: PS3.15 E.1 to E.3.
    """
    original_uid = (
        _text(dataset, "SOPInstanceUID")
        or _text(_meta(dataset), "MediaStorageSOPInstanceUID")
        or fallback_uid
    )
    if not original_uid:
        raise HeaderError("no SOPInstanceUID, nothing in its place", "no_sop_instance")
    identity = patient_identity(dataset) or original_uid
    shift = settings.dates == "shift"
    run = _Run(
        key=key,
        days=key.days(identity, settings.shift_days) if shift else None,
        holds_identifier=_search([*identifiers, *_own_identifiers(dataset)]),
        derived=pixels.masked and not _has_functional_groups(dataset),
    )
    new = _clean_dataset(dataset, run, _codecs(dataset, ["iso8859"]), 0)
    pseudonym = key.pseudonym(identity)
    _set(new, "PatientName", pseudonym)
    _set(new, "PatientID", pseudonym)
    _set(new, "SOPInstanceUID", _new_uid(original_uid, run))
    _set(new, "SOPClassUID", _sop_class(dataset))
    _set(new, "SpecificCharacterSet", "ISO_IR 192")
    _describe(new, dataset, settings, pixels)
    new.file_meta = _file_meta(dataset, new)
    new.preamble = bytes(128)
    return new


def patient_identity(dataset: Dataset) -> str:
    """What a patient's instances share: the original that a pseudonym stands for.

    PatientID with its issuer; without an ID the name with the birth date; without a
    name the study. Empty if there is none of these. It is PHI.
    """
    if patient_id := _text(dataset, "PatientID"):
        parts = ["id", patient_id, _text(dataset, "IssuerOfPatientID")]
    elif name := _text(dataset, "PatientName").strip("^= "):
        parts = ["name", name.casefold(), _text(dataset, "PatientBirthDate")]
    elif study := _text(dataset, "StudyInstanceUID"):
        parts = ["study", study]
    else:
        return ""
    return "\x1f".join(" ".join(part.split()) for part in parts)


# --- What the profile says ------------------------------------------------------------


class Action(StrEnum):
    """Action codes of Table E.1-1a, after compound codes have been resolved."""

    DUMMY = "D"
    EMPTY = "Z"
    REMOVE = "X"
    KEEP = "K"
    CLEAN = "C"
    UID = "U"


_COMPOUND = {
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.KEEP,
}
"""The code that is valid whatever Type the attribute has in this object: a value may
stand in for Type 3, and an empty Type 2 for Type 3, but not the other way round."""

_SEQUENCES = {
    # their items hold only attributes the table names, so each is treated for itself
    "FlowIdentifierSequence": Action.KEEP,
    "ReferencedPerformedProcedureStepSequence": Action.KEEP,
    "VerifyingObserverSequence": Action.KEEP,
    # no image needs them: their module or macro is itself absent without them
    "GraphicAnnotationSequence": Action.REMOVE,
    "InstitutionCodeSequence": Action.REMOVE,
    "OperatorIdentificationSequence": Action.REMOVE,
    "ReferencedStudySequence": Action.REMOVE,  # Type 3 in images: not allowed empty
    "WaveformAnnotationSequence": Action.REMOVE,
}

_BEYOND = dict.fromkeys(
    (
        # who issued an identifier or a code is where the patient was
        "AssigningAgencyOrDepartmentCodeSequence",
        "AssigningFacilitySequence",
        "AssigningJurisdictionCodeSequence",
        "CodingSchemeResponsibleOrganization",
        "IssuerOfAccessionNumberSequence",
        "IssuerOfPatientIDQualifiersSequence",
        "LocalNamespaceEntityID",
        "OrderFillerIdentifierSequence",
        "OrderPlacerIdentifierSequence",
        "UniversalEntityID",
        # identifiers of the patient, of an order, of a person, of a machine
        "BreedRegistrationSequence",
        "BreedRegistrationNumber",
        "ContactDisplayName",
        "DeviceID",
        "GridID",
        "HL7InstanceIdentifier",
        "NTPSourceAddress",
        "OtherStudyNumbers",
        "OwnerID",
        "PatientBirthDateInAlternativeCalendar",
        "PatientDeathDateInAlternativeCalendar",
        "StorageMediaFileSetID",
        "SubstanceAdministrationDeviceID",
        # claims: written anew for the whole instance, and nowhere else
        "BurnedInAnnotation",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "PatientIdentityRemoved",
        # describe or protect attributes that are gone
        "EncryptedAttributesSequence",
        "MACParametersSequence",
        "PrivateDataElementCharacteristicsSequence",
    ),
    Action.REMOVE,
) | {
    "DocumentTitle": Action.EMPTY,  # Type 2
    "RadiationMachineName": Action.EMPTY,  # Type 2
    "TextValue": Action.DUMMY,  # the free text of a content item
    "URNCodeValue": Action.KEEP,  # a code, although its VR is UR
    "ICCProfile": Action.KEEP,  # pixels cannot be shown right without it
}
"""Not in the table. It would keep them all; here most are treated more strictly."""

_REMOVED_GROUPS = frozenset({0x0000, 0x0002, 0x0004, 0x0014, 0x4010})
"""Commands, file meta information, directories; non-destructive testing (DICONDE) and
security screening (DICOS), which the table does not review."""

_NOT_THE_PATIENTS = frozenset(
    {
        "CalibrationDate",
        "CalibrationDateTime",
        "CalibrationTime",
        "ContextGroupLocalVersion",
        "ContextGroupVersion",
        "DateOfInstallation",
        "DateOfLastCalibration",
        "DateOfLastDetectorCalibration",
        "DateOfManufacture",
        "DateTimeOfLastCalibration",
        "EffectiveDateTime",
        "EthicsCommitteeApprovalEffectivenessEndDate",
        "EthicsCommitteeApprovalEffectivenessStartDate",
        "HangingProtocolCreationDateTime",
        "InformationIssueDateTime",
        "ProductExpirationDateTime",
        "SourceStrengthReferenceDate",
        "SourceStrengthReferenceTime",
        "TemplateLocalVersion",
        "TemplateVersion",
        "TimeOfLastCalibration",
        "TimeOfLastDetectorCalibration",
    }
)
"""Dates of a publication, a device or a trial. They are known outside or shared by many
patients: shifted, they would give away the number of days. They follow the basic
profile instead."""

_CLASS_UIDS = frozenset(
    {
        "AvailableTransferSyntaxUID",
        "CodingSchemeUID",
        "ContextUID",
        "EncryptedContentTransferSyntaxUID",
        "FlowTransferSyntaxUID",
        "MACCalculationTransferSyntaxUID",
        "MappingResourceUID",
        "OriginalSpecializedSOPClassUID",
        "PertinentSOPClassesInSeries",
        "PertinentSOPClassesInStudy",
        "ReferencedSOPClassUID",
        "RelatedGeneralSOPClassUID",
        "SOPClassUID",
        "SOPClassesInStudy",
        "SOPClassesSupported",
        "StoredInstanceTransferSyntaxUID",
    }
)
"""They name a kind of thing, not a thing."""

_FREE_TEXT = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
_TEXT = _FREE_TEXT | {"AE", "CS", "PN", "UR"}
_TIMES = frozenset({"DA", "DT", "TM"})
_ONE_VALUE = frozenset({"LT", "ST", "UR", "UT"})
"""A backslash in them separates no values."""
_REMARKS = re.compile("Comment|Notes")
_CODED = frozenset({"Modality", "ModalitiesInStudy"})
_PIXEL_DATA = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

_DUMMIES: Mapping[str, str | bytes] = {
    **dict.fromkeys(_TEXT, DUMMY),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "OB": bytes(2),
    "TM": "000000",
    "UN": bytes(2),
    "UR": "urn:deidentified",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What happens to one attribute; ``instead`` where CLEAN cannot be done."""

    action: Action
    vr: str = ""
    keyword: str = ""
    instead: Action = Action.REMOVE


@cache
def _table() -> Mapping[int, tuple[str, bool]]:
    """Tag → the basic profile's code, and whether modified dates may be retained.

    Rows for repeating groups and private attributes are left to ``_is_outside``.
    """
    path = importlib.resources.files("maskray") / "profile" / "table_e1_1.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {
        int(row["tag"], 16): (row["basic"], row["retain_long_modified_dates"] == "C")
        for row in rows
        if "x" not in row["tag"]
    }


def _is_outside(tag: int) -> bool:
    """Unknown, private, a group length, or of a group that is removed whole.

    The dictionary holds no private attributes, curves and overlays now; said anyway,
    because it can be extended at run time.
    """
    group = tag >> 16
    return (
        group % 2 == 1
        or tag & 0xFFFF == 0
        or group in _REMOVED_GROUPS
        or group & 0xFF00 in (0x5000, 0x6000)
        or not dictionary_has_tag(tag)
    )


@cache
def _plan(tag: int, shifts_dates: bool) -> _Plan:
    """What the profile, and the stricter rules where it is silent, do to a tag."""
    if _is_outside(tag):
        return _Plan(Action.REMOVE)
    vr, _, _, retired, keyword = get_entry(tag)
    if tag not in _table():
        action = _beyond(vr, keyword, bool(retired))
        may_shift = vr in _TIMES and not retired
    else:
        code, may_shift = _table()[tag]
        action = _COMPOUND.get(code) or Action(code)
        if vr == "UI" and action is Action.DUMMY:
            action = Action.UID
    action = _SEQUENCES.get(keyword, action)
    if shifts_dates and may_shift and keyword not in _NOT_THE_PATIENTS:
        return _Plan(Action.CLEAN, vr, keyword, instead=action)
    return _Plan(action, vr, keyword)


def _beyond(vr: str, keyword: str, retired: bool) -> Action:
    """The action for an attribute of the dictionary that the table does not name."""
    is_text = vr in _FREE_TEXT
    if keyword in _BEYOND:
        return _BEYOND[keyword]
    if (
        not keyword
        or vr in _TIMES | {"AE", "OB", "PN", "UR"}
        or (is_text and (retired or _REMARKS.search(keyword)))
    ):
        return Action.REMOVE
    return Action.UID if vr == "UI" and keyword not in _CLASS_UIDS else Action.KEEP


# --- Carrying it out ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """What is the same for every element of an instance."""

    key: Key
    days: int | None
    holds_identifier: Callable[[str], bool]
    derived: bool


def _clean_dataset(
    dataset: Dataset, run: _Run, codecs: Sequence[str], depth: int
) -> Dataset:
    """A new dataset with the elements of ``dataset`` that may stay."""
    if depth > MAX_DEPTH:
        raise HeaderError("sequences are nested too deep", "too_deep")
    new = Dataset(parent_encoding=UTF_8)
    implicit, little = _encoding(dataset)
    new.set_original_encoding(implicit, little, UTF_8)
    for tag in sorted(dataset.keys()):
        plan = _plan(tag, run.days is not None)
        if plan.action is Action.REMOVE or plan.keyword == "SpecificCharacterSet":
            continue
        element = _read(dataset, tag)
        if element is None or not _fits(element.VR, plan.vr):
            continue
        if plan.vr == "SQ":
            cleaned: Element | None = _clean_sequence(element, plan, run, codecs, depth)
        else:
            cleaned = _clean_element(element, plan, run, codecs)
        if cleaned is not None:
            new[tag] = cleaned
    return new


def _clean_sequence(
    element: Element, plan: _Plan, run: _Run, codecs: Sequence[str], depth: int
) -> DataElement | None:
    items = _items(element, codecs)
    if items is None:
        return None
    if plan.action is Action.EMPTY:
        items = []
    elif plan.action is Action.DUMMY:
        items = _dummy_items(plan.keyword) if items else []
    else:
        items = [
            _clean_dataset(item, run, _codecs(item, codecs), depth + 1) for item in items
        ]
    return DataElement(element.tag, "SQ", Items(items))


def _clean_element(
    element: Element, plan: _Plan, run: _Run, codecs: Sequence[str]
) -> Element | None:
    action = plan.action
    if action is Action.CLEAN:
        cleaned = _clean_time(element, plan, run)
        if cleaned is not None:
            return cleaned
        action = plan.instead
    if action is Action.REMOVE:
        return None
    if action is Action.EMPTY:
        return _element(element.tag, plan.vr, None)
    if action is Action.DUMMY:
        dummy = None if _is_empty(element) else _DUMMIES[plan.vr]
        return _element(element.tag, plan.vr, dummy)
    if action is Action.UID:
        uids = [_new_uid(uid.strip(), run) for uid in _strings(element, plan.vr)]
        return _element(element.tag, plan.vr, uids)
    return _keep(element, plan, run, codecs)


def _keep(
    element: Element, plan: _Plan, run: _Run, codecs: Sequence[str]
) -> Element | None:
    """The element if its value is what its VR says and identifies nobody."""
    if plan.vr in _TEXT:
        return _keep_text(element, plan, run, codecs)
    allowed = _LITERALS.get(plan.vr)
    if allowed is not None:
        values = _strings(element, plan.vr)
        fits = all(allowed.fullmatch(value) for value in values)
    else:
        size = len(element.value) if isinstance(element.value, bytes) else 0
        fits = size % _WIDTHS.get(plan.vr, 1) == 0
    return _copy(element) if fits else None


def _keep_text(
    element: Element, plan: _Plan, run: _Run, codecs: Sequence[str]
) -> Element | None:
    try:
        values = _strings(element, plan.vr, codecs)
    except (UnicodeError, LookupError):
        return None
    coded = _coded_values(element.tag, plan)
    kept = values[:coded] + [
        DUMMY if run.holds_identifier(value) else value for value in values[coded:]
    ]
    if plan.keyword == "ImageType" and run.derived and kept[0]:
        kept[0] = "DERIVED"
    if kept == values and _is_ascii(element):
        return _copy(element)
    return _element(element.tag, plan.vr, kept)


def _coded_values(tag: int, plan: _Plan) -> int:
    """How many leading values are Defined Terms that a surname must not blank out."""
    if plan.keyword in ("ImageType", "FrameType"):
        return 3
    coded = plan.vr == "CS" and (plan.keyword in _CODED or tag >> 16 == 0x0028)
    return sys.maxsize if coded else 0


def _clean_time(element: Element, plan: _Plan, run: _Run) -> Element | None:
    """Dates moved back by the patient's days, times as they are; ``None`` in doubt."""
    values = _strings(element, plan.vr)
    if plan.vr in ("DA", "DT"):
        moved = [_moved(value, plan.vr, run.days or 0) for value in values]
        if None in moved:
            return None
        return _element(element.tag, plan.vr, moved)
    allowed = _CLOCKS.get(plan.keyword) or _CLOCKS.get(plan.vr)
    if allowed is None or not all(allowed.fullmatch(value) for value in values):
        return None
    return _copy(element)


_DATE = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{8})((?:\d{2}){0,3}(?:(?<=\d{14})\.\d{1,6})?(?:[+-]\d{4})?)", re.ASCII
)
_CLOCKS = {
    "TM": re.compile(r"(?:\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?)?", re.ASCII),
    "TimezoneOffsetFromUTC": re.compile(r"(?:[+-]\d{4})?", re.ASCII),
}
_LITERALS = {
    "AS": re.compile(r"(?:\d{3}[DWMY])?", re.ASCII),
    "DS": re.compile(r"(?: *[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)? *)?", re.ASCII),
    "IS": re.compile(r"(?: *[+-]?\d+(?:\.0*)? *)?", re.ASCII),
    "UI": re.compile(r"[0-9.]{0,64}", re.ASCII),
}
"""What a value must look like where the VR is text but means something else."""
_WIDTHS = {
    **dict.fromkeys(("SS", "US", "US or SS"), 2),
    **dict.fromkeys(("AT", "FL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "SV", "UV"), 8),
}
"""Bytes of one value."""


def _moved(value: str, vr: str, days: int) -> str | None:
    """A DA or DT moved back; ``None`` for a part of a date, a range or no date."""
    if not value:
        return value
    match = (_DATE if vr == "DA" else _DATE_TIME).fullmatch(value)
    if match is None:
        return None
    digits = "".join(match.groups()).replace(".", "") if vr == "DA" else match[1]
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) - timedelta(days)
    except (ValueError, OverflowError):
        return None
    return day.isoformat().replace("-", "") + ("" if vr == "DA" else match[2])


def _new_uid(original: str, run: _Run) -> str:
    """The UID that replaces ``original``; those that the standard registers stay."""
    registered = UID(original, pydicom.config.IGNORE).type or original.startswith(
        "1.2.840.10008.1.4."  # well-known frames of reference, PS3.6 Table A-2
    )
    return original if registered or not original else run.key.uid(original)


def _dummy_items(keyword: str) -> list[Dataset]:
    """One item that says nothing, for a sequence that may not be empty."""
    item = Dataset(parent_encoding=UTF_8)
    if keyword == "ContentSequence":
        item.RelationshipType = "CONTAINS"
        item.ValueType = "TEXT"
        item.ConceptNameCodeSequence = [_code("121106", "DCM", "Comment")]
        item.TextValue = DUMMY
        return [item]
    return [_code(DUMMY, "99MASKRAY", DUMMY)]


# --- Identifiers in kept text ---------------------------------------------------------


def _own_identifiers(dataset: Dataset) -> Iterator[str]:
    """The dataset's own names, whole and in parts, and IDs."""
    for keyword in ("PatientID", "OtherPatientIDs", "AccessionNumber"):
        yield from _text(dataset, keyword).split("\\")
    for keyword in ("PatientName", "OtherPatientNames", "PatientBirthName"):
        name = _text(dataset, keyword)
        yield from (name, *re.split(r"[\\^=,\s]+", name))


def _search(identifiers: Iterable[str]) -> Callable[[str], bool]:
    """A test whether a text holds one of the identifiers as whole words."""
    patterns = sorted({_pattern(each) for each in identifiers} - {""})
    if not patterns:
        return lambda _: False
    expression = re.compile("|".join(patterns))
    return lru_cache(4096)(lambda text: expression.search(_fold(text)) is not None)


def _pattern(identifier: str) -> str:
    """An expression for folded text; empty if the identifier is too short to tell."""
    words = re.findall(r"[^\W_]+", _fold(identifier))
    letters = "".join(words)
    # a family name in ideographs has one or two of them, and no spaces around
    ideographic = any("\u2e80" <= letter <= "\u9fff" for letter in letters)
    if len(letters) < (2 if ideographic else MIN_IDENTIFIER):
        return ""
    body = r"[\W_]*".join(re.escape(word) for word in words)
    return body if ideographic else rf"(?<![^\W_]){body}(?![^\W_])"


def _fold(text: str) -> str:
    """Without case and accents."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


# --- What was done, written down ------------------------------------------------------

_PROFILE = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
}
"""CID 7050, without the options to retain what is not retained here."""


def _describe(
    new: Dataset, dataset: Dataset, settings: HeaderSettings, pixels: PixelWork
) -> None:
    """Sets the attributes that tell a reader how far ``new`` is de-identified.

    Claims of an earlier de-identification to have *cleaned* something stay true and
    are repeated after ours; claims to have *retained* something do not.

    Source: PS3.3 C.7.1.1 and C.7.6.1; PS3.15 E.2, E.3.1 and E.3.6.
    """
    source_dates = _text(dataset, "LongitudinalTemporalInformationModified")
    modified = settings.dates == "shift" and source_dates != "REMOVED"
    codes = ["113100"]
    codes += ["113101"] if pixels.cleaned else []
    codes += ["113107"] if modified else []
    earlier = [
        code
        for code in _earlier_codes(dataset)
        if code in _PROFILE and code != "113107" and code not in codes
    ]
    _set(new, "PatientIdentityRemoved", "YES" if pixels.examined else "NO")
    _set(
        new,
        "DeidentificationMethod",
        [f"maskray {_version()}", *(_PROFILE[code] for code in codes)],
    )
    _set(
        new,
        "DeidentificationMethodCodeSequence",
        [_code(code, "DCM", _PROFILE[code]) for code in codes + earlier],
    )
    _set(
        new,
        "LongitudinalTemporalInformationModified",
        "MODIFIED" if modified else "REMOVED",
    )
    if pixels.cleaned or _text(dataset, "BurnedInAnnotation").upper() == "NO":
        _set(new, "BurnedInAnnotation", "NO")
    if pixels.masked and not _has_functional_groups(dataset):
        _set(new, "DerivationDescription", "Pixels masked by maskray")


def _has_functional_groups(dataset: Dataset) -> bool:
    """Whether this is an enhanced multi-frame object.

    There DERIVED forbids the attributes of the acquisition that stay true (PS3.3
    C.8.13), and DerivationDescription belongs to no module: both are left alone.
    """
    return (
        "SharedFunctionalGroupsSequence" in dataset
        or "PerFrameFunctionalGroupsSequence" in dataset
    )


def _earlier_codes(dataset: Dataset) -> list[str]:
    """Codes of the source's own DeidentificationMethodCodeSequence, each once."""
    element = _read(dataset, Tag("DeidentificationMethodCodeSequence"))
    items = None if element is None else _items(element, ["iso8859"])
    return list(
        dict.fromkeys(
            _text(item, "CodeValue")
            for item in items or []
            if _text(item, "CodingSchemeDesignator") == "DCM"
        )
    )


def _file_meta(dataset: Dataset, new: Dataset) -> FileMetaDataset:
    """File meta information from scratch; only the transfer syntax is the source's."""
    meta = FileMetaDataset()
    _set(meta, "FileMetaInformationVersion", b"\x00\x01")
    _set(meta, "MediaStorageSOPClassUID", new.SOPClassUID)
    _set(meta, "MediaStorageSOPInstanceUID", new.SOPInstanceUID)
    _set(meta, "TransferSyntaxUID", _transfer_syntax(dataset))
    _set(meta, "ImplementationClassUID", IMPLEMENTATION_CLASS_UID)
    _set(meta, "ImplementationVersionName", f"MASKRAY {_version()}"[:16])
    return meta


def _transfer_syntax(dataset: Dataset) -> UID:
    uid = UID(_text(_meta(dataset), "TransferSyntaxUID"), pydicom.config.IGNORE)
    if uid and not uid.is_private and uid.is_transfer_syntax:
        return uid
    implicit, little = dataset.original_encoding
    if uid or implicit is None:
        raise HeaderError("no transfer syntax that is known", "no_transfer_syntax")
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _sop_class(dataset: Dataset) -> str:
    uid = _text(dataset, "SOPClassUID") or _text(_meta(dataset), "MediaStorageSOPClassUID")
    if uid == MEDIA_DIRECTORY or "DirectoryRecordSequence" in dataset:
        raise HeaderError("a media directory is no instance", "media_directory")
    if not uid or not _LITERALS["UI"].fullmatch(uid):
        raise HeaderError("no SOPClassUID", "no_sop_class")
    return uid


@cache
def _version() -> str:
    try:
        return importlib.metadata.version("maskray")
    except importlib.metadata.PackageNotFoundError:
        return "unreleased"


# --- Elements, read without pydicom's converters --------------------------------------
# They guess at malformed values, and quote them in warnings and in the log.

_MALFORMED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
)
"""What pydicom has been seen to raise on elements that cannot be parsed."""


def _read(dataset: Dataset, tag: BaseTag) -> Element | None:
    """The element as it was read; ``None`` if it is absent or cannot be fetched."""
    element = _stored(dataset, tag)
    if not isinstance(element, RawDataElement) or not _is_deferred(element):
        return element
    try:
        return dataset.get_item(tag)
    except _MALFORMED:
        if tag in _PIXEL_DATA:
            raise HeaderError("pixel data cannot be read", "unreadable") from None
        return None


def _stored(dataset: Dataset, tag: BaseTag) -> Element | None:
    """What the dataset holds under ``tag``, without reading or converting it."""
    return dataset.get_item(tag, keep_deferred=True)


def _encoding(dataset: Dataset) -> tuple[bool, bool] | tuple[None, None]:
    """How the elements were read (implicit VR, little endian).

    Not always as ``original_encoding`` says: pydicom reads implicit VR where it finds
    it in a file whose transfer syntax is explicit.
    """
    for tag in dataset.keys():  # noqa: SIM118 - iterating a dataset converts elements
        element = _stored(dataset, tag)
        if isinstance(element, RawDataElement):
            return element.is_implicit_VR, element.is_little_endian
    return dataset.original_encoding


def _is_deferred(element: RawDataElement) -> bool:
    return element.value is None and element.length != 0


def _kind(vr: str) -> str:
    """Groups VRs that stand in for each other in real files."""
    if vr in _TEXT:
        return "text"
    if vr in _TIMES:
        return "time"
    if vr in ("DS", "IS"):
        return "number"
    return vr if vr in ("AS", "SQ", "UI") else "binary"


def _fits(vr: str | None, expected: str) -> bool:
    """Whether a value that was read as ``vr`` can be what the dictionary expects."""
    return vr in (None, "UN") or _kind(str(vr)) == _kind(expected)


def _items(element: Element, codecs: Sequence[str]) -> list[Dataset] | None:
    """The items of a sequence, also where it was read as UN; ``None`` if malformed."""
    value = element.value
    if isinstance(element, RawDataElement):
        implicit = element.is_implicit_VR or element.VR == "UN"  # PS3.5 6.2.2 Note 4
        little = element.is_little_endian or element.VR == "UN"
    else:
        implicit = little = True
    if isinstance(value, bytes):
        try:
            value = convert_SQ(value, implicit, little, list(codecs))
        except _MALFORMED:
            return None
    return list(value or ())


def _strings(element: Element, vr: str, codecs: Sequence[str] = ("latin_1",)) -> list[str]:
    """The values of an element whose VR is made of characters, without padding.

    Raises:
        UnicodeError, LookupError: If the bytes are not of this character set.
    """
    value = element.value
    if value is None:
        return [""]
    if isinstance(value, bytes):
        value = _decode(value, codecs)
    if isinstance(value, str) and vr not in _ONE_VALUE:
        value = value.split("\\")
    values = [value] if isinstance(value, str) else _each(value)
    return [str(each).rstrip(" \0") for each in values] or [""]


def _each(value: object) -> list[object]:
    is_list = isinstance(value, Iterable) and not hasattr(value, "components")
    return list(value) if is_list and isinstance(value, Iterable) else [value]


def _text(dataset: Dataset, keyword: str) -> str:
    """All values of an element as one string; empty if absent or not decodable."""
    element = _read(dataset, Tag(keyword))
    if element is None or isinstance(element.value, Items):
        return ""
    try:
        values = _strings(element, "LO", _codecs(dataset, ["iso8859"]))
    except (UnicodeError, LookupError):
        return ""
    return "\\".join(values).strip()


def _meta(dataset: Dataset) -> Dataset:
    return getattr(dataset, "file_meta", None) or Dataset()


def _codecs(dataset: Dataset, parents: Sequence[str]) -> Sequence[str]:
    """Python's names for SpecificCharacterSet; an unknown one can hold only ASCII."""
    element = _stored(dataset, Tag("SpecificCharacterSet"))
    if element is None or _is_empty(element):
        return parents
    names = [
        re.sub(r"^ISO[ _-]IR[ _-]", "ISO_IR ", name.strip())
        for name in _strings(element, "CS")
    ]
    return [python_encoding.get(name, "ascii") for name in names]


def _decode(value: bytes, codecs: Sequence[str]) -> str:
    """Strict, with code extensions (PS3.5 6.1.2.5)."""
    parts = re.findall(rb"^[^\x1b]+|\x1b[^\x1b]*", value)
    return "".join(_decode_part(part, codecs) for part in parts)


def _decode_part(part: bytes, codecs: Sequence[str]) -> str:
    if not part.startswith(b"\x1b"):
        return part.decode(codecs[0])
    size = 4 if part[1:3] in (b"$(", b"$)") else 3
    codec = CODES_TO_ENCODINGS[part[:size]]
    if codec in handled_encodings:
        return part.decode(codec)
    part = part[size:]
    # delimiters switch back to the first character set
    end = next((at for at, byte in enumerate(part) if byte in b"\\^=\r\n\t\f"), None)
    rest = b"" if end is None else part[end:]
    return part[:end].decode(codec) + rest.decode(codecs[0])


def _is_ascii(element: Element) -> bool:
    value = element.value
    if isinstance(value, bytes):
        return value.isascii() and b"\x1b" not in value
    return all(str(each).isascii() for each in _each(value))


def _is_empty(element: Element) -> bool:
    if isinstance(element, RawDataElement):
        return not (element.value or b"").strip(b" \0")
    return element.is_empty


def _copy(element: Element) -> Element:
    """A copy that shares large values: a raw element cannot be changed."""
    if isinstance(element, RawDataElement):
        return element
    value = element.value if element.is_buffered else deepcopy(element.value)
    return DataElement(
        element.tag,
        element.VR,
        value,
        is_undefined_length=element.is_undefined_length,
        already_converted=True,
    )


def _element(tag: int, vr: str, value: object) -> DataElement:
    """A new element; values have been checked, so pydicom need not quote them."""
    if value is None:
        value = empty_value_for_VR(vr)
    elif isinstance(value, list) and len(value) == 1 and vr != "SQ":
        value = value[0]
    return DataElement(tag, vr, value, validation_mode=pydicom.config.IGNORE)


def _set(dataset: Dataset, keyword: str, value: object) -> None:
    tag = Tag(keyword)
    dataset[tag] = _element(tag, get_entry(tag)[0], value)


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset(parent_encoding=UTF_8)
    _set(item, "CodeValue", value)
    _set(item, "CodingSchemeDesignator", scheme)
    _set(item, "CodeMeaning", meaning)
    return item
