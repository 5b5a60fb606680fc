"""The clinical words, and the names of people that must not be among them."""

import pytest

from maskray.text import fold
from maskray.vocabulary import (
    clinical_words,
    common_names,
    console_terms,
    eponyms,
    exact_terms,
    is_clinical,
    is_common_name,
    is_direction,
    is_name,
    is_plain_word,
    people_names,
)


@pytest.mark.parametrize(
    "words",
    [
        "L R LT RT LEFT RIGHT BILATERAL LINKS RECHTS GAUCHE DROITE",
        "AP PA LATERAL OBLIQUE AXIAL SAGITTAL CORONAL DECUBITUS SUPINE PRONE ERECT",
        "PORTABLE SEMIERECT UPRIGHT WEIGHTBEARING MLO CC RMLO LCC PLAX A4C",
        "IM SE SL FRAME SERIES SLICE ZOOM WINDOW LEVEL WW WL W C",
        "KV KVP MA MAS CTDIVOL DLP HELICAL FLAIR STIR DWI ADC TR TE TI FOV NEX",
        "PSV EDV RI PI LVEF TAPSE BPM BPD FL AC HC TIS MI GAIN DEPTH FREQ",
        "CM MM ML MSEC HZ MHZ DB MGY",
        "CHEST ABDOMEN PELVIS KNEE SHOULDER SPINE LIVER KIDNEY GALLBLADDER THYROID",
        "ventricle aorta carotid femoral lumbar tibia humerus maxilla",
        "contrast arterial venous delayed biopsy catheter stent fracture cyst",
    ],
)
def test_clinical_words_are_known(words):
    assert [word for word in words.split() if not is_clinical(word)] == []


@pytest.mark.parametrize("word", ["Lateral", "lateral", "LATERAL", "látéral"])
def test_case_and_accents_do_not_matter(word):
    assert is_clinical(word)


@pytest.mark.parametrize(
    "word",
    [
        "P0RTABLE",
        "SUP1NE",
        "5UPINE",
        "1EFT",
        "R1GHT",
        "LATERAI",
        "LATRAL",
        "LATTERAL",
        "SAGITAL",
        "OBLIQVE",
        "CORONAI",
    ],
)
def test_a_misread_letter_is_forgiven(word):
    assert is_clinical(word)


@pytest.mark.parametrize(
    "word", ["CHESTPA", "KNEELATERAL", "LTKNEE", "APSUPINE", "PORTABLECHEST", "AXIALT2"]
)
def test_words_whose_gap_was_lost_are_known(word):
    assert is_clinical(word)


@pytest.mark.parametrize("word", ["KNEES", "kidneys", "views", "fractures"])
def test_plurals_are_known(word):
    assert is_clinical(word)


@pytest.mark.parametrize("word", ["L", "a", "7", "%", "°", "Ω", "µ"])
def test_single_letters_digits_and_signs_are_clinical(word):
    assert is_clinical(word)


@pytest.mark.parametrize("word", ["王", "Ж", "ก", "김", "म"])
def test_single_letters_of_other_scripts_are_not(word):
    assert not is_clinical(word)


NAMES = """
    Thistlewood Quillfeather Ottoline Penwright Vantongeren Brzezicki Zbigniew Okonkwo
    Xylander Featherstonehaugh Siobhan Nguyen Papadopoulos Kowalczyk Abernethy Lindqvist
    Oyelaran Castellanos Dubois Yamamoto Fitzgerald Schwarzenbach MacGillivray
    Smith Jones Johnson Brown Miller Wilson Anderson Taylor Thomas Moore Martin
    Garcia Rodriguez Hernandez Martinez Lopez Gonzalez Kim Lee Wang Chen Patel Singh
    John Mary James Linda Michael Patricia Robert Jennifer Barbara Elizabeth Susan
    Rose Grace Brown White Black Green Young King Wright Hill Baker Carter Palmer
    Ava Cha Ima Lima Rima
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_names_are_not_clinical(name):
    assert not is_clinical(name)


@pytest.mark.parametrize(
    "name", ["Иванов", "王小明", "山田", "محمد", "Παπαδόπουλος", "김민준"]
)
def test_words_of_other_scripts_are_not_clinical(name):
    assert not is_clinical(name)


@pytest.mark.parametrize("word", ["", "XQZT", "MR.", "Hx7Q", "DRK", "QPL", "BRZ", "JQ"])
def test_unknown_words_are_not_clinical(word):
    assert not is_clinical(word)


@pytest.mark.parametrize("name", ["LATHAM", "CORONADO", "SPINELLI", "CHESTER", "KNEELAND"])
def test_names_that_resemble_clinical_words_are_names(name):
    assert is_name(name)
    assert not is_clinical(name)


@pytest.mark.parametrize(
    "name", ["Smith", "SMITH", "smith", "Garcia", "García", "Nguyen", "Kathleen"]
)
def test_names_are_known(name):
    assert is_name(name)


@pytest.mark.parametrize("word", ["LATERAL", "SUPINE", "XQZT", "12", "L", ""])
def test_other_words_are_no_names(word):
    assert not is_name(word)


def test_frequent_names_are_names():
    assert common_names() < people_names()
    assert is_common_name("Brown")
    assert not is_common_name("Thistlewood")


def test_the_clinical_words_hold_no_frequent_name_but_the_curated():
    assert clinical_words() & common_names() <= console_terms()


def test_all_words_are_folded():
    for words in (clinical_words(), people_names(), console_terms()):
        assert all(fold(word) == word for word in words)


def test_no_word_is_empty():
    for words in (clinical_words(), people_names(), console_terms()):
        assert "" not in words
        assert "#" not in words


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("WILLIS", "CIRCLE"),
        ("BAKER", "CYST"),
        ("MONRO", "FORAMEN"),
        ("COLLES", "FRACTURE"),
        ("COBB", "ANGLE"),
        ("ACHILLES", "TENDON"),
        ("MECKEL", "DIVERTICULUM"),
        ("LISFRANC", "JOINT"),
        ("VATER", "AMPULLA"),
    ],
)
def test_eponyms_come_with_their_noun(name, noun):
    assert noun in eponyms()[name]


def test_eponyms_always_need_company():
    assert all(beside for beside in eponyms().values())
    assert not any(name in beside for name, beside in eponyms().items())


@pytest.mark.parametrize("name", ["SMITH", "JONES", "GARCIA", "JOHNSON", "NGUYEN"])
def test_frequent_names_excuse_themselves_by_few_words(name):
    assert len(eponyms().get(name, ())) < 25


def test_exact_terms_are_nobodys_names_and_are_not_misread():
    assert exact_terms().isdisjoint(people_names())
    assert is_clinical("Osteopenia")
    assert not is_clinical("Osteopenla")
    assert not is_clinical("EVISEXERA")


@pytest.mark.parametrize("word", ["gallstones", "is"])
def test_plain_words_are_written_in_small_letters(word):
    assert is_plain_word(word)
    assert not is_plain_word(word.upper())
    assert not is_plain_word(word.title())


@pytest.mark.parametrize("word", ["smith", "tear", "xylander"])
def test_a_name_or_what_no_dictionary_holds_is_no_plain_word(word):
    assert not is_plain_word(word)


def test_a_direction_has_one_letter_of_each_axis():
    assert is_direction("LPH")
    assert not any(map(is_direction, ("LRH", "LP", "ALI", "lph")))


@pytest.mark.parametrize(
    "name", ["Vishal", "FAISAL", "Merdan", "ROTARU", "Sarker", "BELETE", "MASUM", "VLADAN"]
)
def test_names_that_no_list_holds_are_not_taken_for_a_word_they_resemble(name):
    assert not is_clinical(name)


@pytest.mark.parametrize(
    "read", ["THYR0ID", "Thyrold", "Abdomcn", "Transverze", "Tranverse", "CRIGHT", "UTSAG"]
)
def test_words_misread_by_a_letter_that_looks_alike_or_was_lost_are_clinical(read):
    assert is_clinical(read)
