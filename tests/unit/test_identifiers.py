"""The header's identifiers: collected from everywhere, found in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from maskray.identifiers import Identifiers, collect, name_parts
from maskray.records import Category
from maskray.text import tokens


def header(**elements):
    ds = Dataset()
    for keyword, value in elements.items():
        tag = Tag(keyword)
        ds[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE)
    return ds


WHOLE = header(
    PatientName="Quillfeather^Ottoline^Maud",
    PatientID="MRN-7741902",
    AccessionNumber="ACC20418831",
    PatientBirthDate="19540817",
    ReferringPhysicianName="Vantongeren^Idris",
    OperatorsName="Brzezicki^Ludka",
    InstitutionName="Saltmarsh Valley Hospital",
    InstitutionAddress="14 Heronry Lane, Saltmarsh",
    StationName="CTROOM7",
    StudyID="S8821",
    DeviceSerialNumber="US-42981",
)


@pytest.fixture(scope="module")
def known():
    return collect(WHOLE)


def found(identifiers, text):
    """The runs of a text that spell an identifier, each with its category."""
    line = list(tokens(text))
    return {
        (text[line[start].start : line[end - 1].end], category)
        for start, end, category in identifiers.find(line)
    }


def covered(identifiers, text):
    """The categories of the tokens, and whether every token was found."""
    line = list(tokens(text))
    runs = list(identifiers.find(line))
    indices = {index for start, end, _ in runs for index in range(start, end)}
    return {category for _, _, category in runs}, indices == set(range(len(line)))


# --- Collecting -----------------------------------------------------------------------


def test_each_identifier_gets_its_category(known):
    assert known.names == {
        "QUILLFEATHER": Category.NAME,
        "OTTOLINE": Category.NAME,
        "MAUD": Category.NAME,
        "VANTONGEREN": Category.PHYSICIAN,
        "IDRIS": Category.PHYSICIAN,
        "BRZEZICKI": Category.OPERATOR,
        "LUDKA": Category.OPERATOR,
    }
    assert known.numbers == {
        "MRN7741902": Category.PATIENT_ID,
        "ACC20418831": Category.ACCESSION,
        "S8821": Category.OTHER_ID,
        "US42981": Category.DEVICE_SERIAL,
    }
    assert known.phrases == {
        "SALTMARSHVALLEYHOSPITAL": Category.INSTITUTION,
        "14HERONRYLANESALTMARSH": Category.ADDRESS,
        "CTROOM7": Category.INSTITUTION,
    }
    assert known.birth_dates == {"19540817"}


def test_the_raw_values_are_kept_for_the_proof_of_the_header(known):
    assert {
        "Quillfeather^Ottoline^Maud",
        "MRN-7741902",
        "ACC20418831",
        "Saltmarsh Valley Hospital",
        "14 Heronry Lane, Saltmarsh",
        "Vantongeren^Idris",
        "Brzezicki^Ludka",
    } <= known.raw


def test_identifiers_do_not_show_themselves(known):
    assert repr(known) == "Identifiers()"


def test_nested_sequences_are_searched():
    inner = header(PatientID="INNER-5512", PatientName="Ashgrove^Perpetua")
    ds = header(OtherPatientIDsSequence=[inner])
    deeper = header(
        RequestAttributesSequence=[header(ReferencedStudySequence=[header(StudyID="D7")])],
        ScheduledProcedureStepSequence=[
            header(ReferencedPatientSequence=[header(AccessionNumber="DEEP99")])
        ],
    )
    assert collect(ds).numbers == {"INNER5512": Category.PATIENT_ID}
    assert set(collect(ds).names) == {"ASHGROVE", "PERPETUA"}
    assert collect(deeper).numbers == {"DEEP99": Category.ACCESSION}  # D7 is too short


def test_every_value_of_a_multivalued_element_counts():
    known = collect(
        header(
            OtherPatientNames=["Birch^Nerys", "Alder^Nerys"],
            OperatorsName=["Rook^Ada", "Finch^Bo"],
            PatientTelephoneNumbers=["555-0123", "555-0199"],
        )
    )
    assert set(known.names) == {"BIRCH", "NERYS", "ALDER", "ROOK", "ADA", "FINCH", "BO"}
    assert set(known.numbers) == {"5550123", "5550199"}


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("Doe^Jane^Q^Dr^MD", {"DOE", "JANE"}),
        ("Jane Doe", {"JANE", "DOE", "JANEDOE"}),
        ("Doe, Jane", {"DOE", "JANE", "DOEJANE"}),
        ("O'Brien^Siobhán", {"OBRIEN", "SIOBHAN"}),
        ("Mc Donald^Fi", {"MC", "DONALD", "MCDONALD", "FI"}),
        ("Smythe-Jones^Al", {"SMYTHE", "JONES", "SMYTHEJONES", "AL"}),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", {"YAMADA", "TAROU", "山田", "太郎"}),
        ("X^Y", set()),
        ("12345", set()),
        ("Doe^007", {"DOE"}),
        ("", set()),
        ("^^^", set()),
    ],
)
def test_a_name_is_taken_apart(value, parts):
    assert parts <= set(name_parts(value))
    if "=" not in value:
        assert set(name_parts(value)) == parts


@pytest.mark.parametrize(
    ("keyword", "category"),
    [
        ("PatientName", Category.NAME),
        ("OtherPatientNames", Category.NAME),
        ("PatientBirthName", Category.NAME),
        ("PatientMotherBirthName", Category.NAME),
        ("ResponsiblePerson", Category.NAME),
        ("ReferringPhysicianName", Category.PHYSICIAN),
        ("PerformingPhysicianName", Category.PHYSICIAN),
        ("NameOfPhysiciansReadingStudy", Category.PHYSICIAN),
        ("RequestingPhysician", Category.PHYSICIAN),
        ("OperatorsName", Category.OPERATOR),
        ("ContentCreatorName", Category.OPERATOR),
        ("ReviewerName", Category.OPERATOR),
    ],
)
def test_whose_name_it_is_follows_from_the_keyword(keyword, category):
    known = collect(header(**{keyword: "Thistlewood^Zora"}))
    assert known.names == {"THISTLEWOOD": category, "ZORA": category}


@pytest.mark.parametrize("order", [1, -1])
def test_what_the_patient_shares_with_others_is_the_patients(order):
    elements = {
        "AccessionNumber": "7741902",
        "PerformingPhysicianName": "Thistlewood^Al",
        "PatientName": "Thistlewood^Zora",
        "PatientID": "7741902",
    }
    known = collect(header(**dict(list(elements.items())[::order])))
    assert known.names["THISTLEWOOD"] is Category.NAME
    assert known.names["AL"] is Category.PHYSICIAN
    assert known.numbers == {"7741902": Category.PATIENT_ID}


def test_an_element_that_cannot_be_parsed_does_not_hide_the_others():
    ds = header(PatientName="Thistlewood^Zora", PatientID="K-77120")
    broken = RawDataElement(Tag("PixelSpacing"), "DS", 3, b"\xff\xfe\x00", 0, False, True)
    ds[Tag("PixelSpacing")] = broken
    known = collect(ds)
    assert "THISTLEWOOD" in known.names
    assert "K77120" in known.numbers


def test_values_too_short_to_tell_are_left_out():
    known = collect(header(PatientID="12", StudyID="1", StationName="CT1"))
    assert (known.numbers, known.phrases) == ({}, {})


@pytest.mark.parametrize(
    ("value", "births"),
    [
        ("19540817", {"19540817"}),
        ("1954.08.17", {"19540817"}),
        ("1954", set()),
        ("", set()),
    ],
)
def test_a_birth_date_is_eight_digits(value, births):
    assert collect(header(PatientBirthDate=value)).birth_dates == births


def test_an_empty_header_has_no_identifiers():
    assert collect(Dataset()) == Identifiers()


# --- Finding names --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "QUILLFEATHER^OTTOLINE^MAUD",
        "Quillfeather, Ottoline",
        "Ottoline Maud Quillfeather",
        "quillfeather",
        "OTTOLINE",
        # Cut off at the screen's edge, or run together
        "QUILLFEAT",
        "QUILL",
        "OTTO",
        "LLFEATHER",
        "OTTOLINEQUILLFEATHER",
        "QUILLFEATHEROTTOLINE",
        "XQUILLFEATHERX",
        # Letters misread, left out, doubled or swapped
        "QU1LLFEATHER",
        "QUI11FEATHER",
        "0TTOLINE",
        "0TT0L1NE",
        "0TT01INE",
        "QUILFEATHER",
        "QUILLFEATER",
        "QUIILFEATHER",
        "QUILLFAETHER",
        "OTTOLINF",
        "OTTOIINE",
        "MAUDE",
        "MAUD",
        # Parts and letters that stand apart
        "QUILL FEATHER",
        "QUILL-FEATHER",
        "Q U I L L F E A T H E R",
        "O T T O L I N E",
        "QUILLFEA THER",
    ],
)
def test_the_patients_name_is_found_however_it_is_spelt(known, text):
    categories, whole = covered(known, text)
    assert Category.NAME in categories
    assert whole


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("VANTONGEREN", Category.PHYSICIAN),
        ("Van Tongeren", Category.PHYSICIAN),
        ("VANTONGREN", Category.PHYSICIAN),
        ("BRZEZICKI", Category.OPERATOR),
        ("BRZEZ1CKI", Category.OPERATOR),
        ("BRZEZ", Category.OPERATOR),
    ],
)
def test_other_peoples_names_keep_their_category(known, text, category):
    assert covered(known, text) == ({category}, True)


@pytest.mark.parametrize(
    "text",
    [
        "LEFT LATERAL",
        "PORTABLE CHEST AP",
        "W 400 L 40",
        "kVp 120 mAs 250",
        "Slice 5.0 mm",
        "Frame 12/60",
        "RIGHT KNEE",
        "SUPINE",
        "OTOLITH",
        "FOREARM",
        "R",
    ],
)
def test_clinical_text_is_no_identifier(known, text):
    assert found(known, text) == set()


def test_a_clinical_word_of_an_institution_is_not_it():
    ds = Dataset()
    ds.InstitutionName = "Brigid Breast Care"
    known = collect(ds)
    assert not list(known.find(list(tokens("BREAST 3:00"))))
    assert list(known.find(list(tokens("Brigid Breast"))))
    ds.InstitutionName = "Charite Berlin"
    assert list(collect(ds).find(list(tokens("BERLIN"))))


def test_short_names_must_be_spelt_exactly():
    known = collect(header(PatientName="Ng^Bo"))
    assert found(known, "NG, BO") == {("NG", Category.NAME), ("BO", Category.NAME)}
    assert found(known, "NO BODY") == set()


def test_accents_do_not_matter():
    known = collect(header(PatientName="Brückner^Zoë"))
    assert covered(known, "BRUCKNER ZOE") == ({Category.NAME}, True)
    assert covered(known, "Bru\u0308ckner, Zoë") == ({Category.NAME}, True)
    known = collect(header(PatientName="BRUCKNER^ZOE"))
    assert covered(known, "Brückner Zoë") == ({Category.NAME}, True)


def test_names_in_other_scripts_are_found():
    known = collect(header(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    assert covered(known, "山田 太郎") == ({Category.NAME}, True)
    assert covered(known, "YAMADA TAROU") == ({Category.NAME}, True)


@given(st.integers(0, 11), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ01"))
def test_one_letter_misread_never_saves_a_long_name(at, letter):
    known = collect(WHOLE)
    name = "QUILLFEATHER"
    misread = name[:at] + letter + name[at + 1 :]
    assert covered(known, misread) == ({Category.NAME}, True)


@given(st.integers(0, 11))
def test_one_letter_lost_never_saves_a_long_name(at):
    name = "QUILLFEATHER"
    lost = name[:at] + name[at + 1 :]
    assert covered(collect(WHOLE), lost) == ({Category.NAME}, True)


# --- Finding numbers and phrases ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("MRN-7741902", Category.PATIENT_ID),
        ("MRN7741902", Category.PATIENT_ID),
        ("7741902", Category.PATIENT_ID),
        ("774 1902", Category.PATIENT_ID),
        ("77-41-902", Category.PATIENT_ID),
        ("774I9O2", Category.PATIENT_ID),
        ("774190Z", Category.PATIENT_ID),
        ("774190", Category.PATIENT_ID),
        ("MRN7741802", Category.PATIENT_ID),
        ("ACC20418831", Category.ACCESSION),
        ("20418831", Category.ACCESSION),
        ("2O4I883I", Category.ACCESSION),
        ("2041 8831", Category.ACCESSION),
        ("ACC2O418831XR", Category.ACCESSION),
        ("S8821", Category.OTHER_ID),
        ("58821", Category.OTHER_ID),
        ("US42981", Category.DEVICE_SERIAL),
        ("US-4298I", Category.DEVICE_SERIAL),
        ("SALTMARSH VALLEY HOSPITAL", Category.INSTITUTION),
        ("Saltmarsh Valey Hospital", Category.INSTITUTION),
        ("SALTMARSHVALLEYHOSPITAL", Category.INSTITUTION),
        ("Saltmarsh Valley", Category.INSTITUTION),
        ("Saltmarsh", Category.INSTITUTION),
        ("CT ROOM 7", Category.INSTITUTION),
        ("14 Heronry Lane", Category.ADDRESS),
    ],
)
def test_numbers_and_phrases_are_found_in_any_spelling(known, text, category):
    categories, whole = covered(known, text)
    assert category in categories
    assert whole


@pytest.mark.parametrize("text", ["7700000", "1234567", "400", "S99", "120 KV"])
def test_other_numbers_are_left_alone(known, text):
    assert found(known, text) == set()


def test_short_numbers_must_be_whole():
    known = collect(header(StudyID="412"))
    assert covered(known, "412") == ({Category.OTHER_ID}, True)
    assert covered(known, "4I2") == ({Category.OTHER_ID}, True)
    assert found(known, "4122") == set()
    assert found(known, "W 400") == set()


def test_an_identifier_is_found_amid_other_text(known):
    text = "LEFT KNEE QUILLFEATHER AP"
    assert found(known, text) == {("QUILLFEATHER", Category.NAME)}


def test_nothing_is_found_in_nothing(known):
    assert list(known.find([])) == []
    assert list(Identifiers().find(list(tokens("QUILLFEATHER 7741902")))) == []


def test_a_name_inside_a_clinical_word_is_not_found_there():
    known = collect(header(PatientName="Costa^Ana"))
    assert found(known, "SUBCOSTAL") == set()
    assert found(known, "COSTA") == {("COSTA", Category.NAME)}
    assert found(known, "XCOSTAX") == {("XCOSTAX", Category.NAME)}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ID: 7741902 RT KNEE AP", {"7741902"}),
        ("A# 774 19 02 Series 6", {"774 19 02"}),
        ("L ACC2O418831 2.1", {"ACC2O418831"}),
        ("ID7741902X KNEE", {"ID7741902X"}),
    ],
)
def test_what_stands_beside_a_number_is_not_it(text, numbers):
    known = Identifiers(
        {}, {"7741902": Category.PATIENT_ID, "ACC20418831": Category.ACCESSION}
    )
    longest = {run for run, _ in found(known, text)}
    assert numbers <= longest
    covered_letters = {token.text for run in longest for token in tokens(run)}
    assert covered_letters == {token.text for run in numbers for token in tokens(run)}


def test_a_shorter_number_inside_does_not_cut_a_longer_one():
    known = Identifiers({}, {"US1092502": Category.ACCESSION, "2502": Category.OTHER_ID})
    line = list(tokens("1US109 2502"))
    assert {i for a, b, _ in known.find(line) for i in range(a, b)} == {0, 1}
