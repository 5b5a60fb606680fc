"""What a line may spell besides what was read, by what the recogniser saw."""

import math

import numpy as np
import pytest

from maskray.identifiers import Identifiers, collect
from maskray.policy import Policy
from maskray.spelling import Sight, clearer_text, clinical_text, may_be_clinical
from tests.unit.builders import dataset, sight


def meant(text: str, *sights: Sight, patient: str = "") -> str | None:
    ds = dataset(np.zeros((1, 8, 8), np.uint8))
    ds.PatientName = patient
    return clinical_text(text, sights, collect(ds), Policy())


def test_a_text_is_as_likely_as_its_letters():
    seen = sight("mox", at1_a=1.0)
    read, other, none, long = seen.likelihoods(["mox", "max", "mix", "m" * 9])
    assert read == pytest.approx(other, abs=1e-4)
    assert read == pytest.approx(0.0, abs=1e-4), "less that of the likeliest path"
    assert none == long == -12


def test_a_letter_that_was_missed_counts_too():
    plain, longer = sight("VEF", before0_L=0.5).likelihoods(["VEF", "LVEF"])
    assert longer - plain == pytest.approx(math.log(0.5), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "doubts", "expected"),
    [
        pytest.param("SUV mox 11", {"at5_a": 0.2}, "SUV max 11", id="another letter"),
        pytest.param("VEF 46%", {"before0_L": 0.2}, "LVEF 46%", id="one more letter"),
        pytest.param("SUV mox 11", {"at5_a": 0.002}, None, id="not seen"),
        pytest.param("SUV mox 11", {}, None, id="plainly read"),
        pytest.param("Leit Lobe", {"at2_f": 0.2}, "Left Lobe", id="no name is near"),
        pytest.param(
            "Leit Lobe", {"at2_f": 0.2, "at2_t": 0.1}, None, id="a name is as likely"
        ),
        pytest.param("PHOSE", {"at2_A": 0.4}, None, id="alone it must be likelier"),
        pytest.param("PHOSE", {"at2_A": 2.0}, "PHASE", id="and is"),
        pytest.param("TH", {"before2_I": 0.05}, "THI", id="an I is easily lost"),
        pytest.param("TH", {"before2_I": 0.02}, None, id="but not if none is seen"),
        pytest.param("PHOSE LEFT", {"at2_A": 0.4}, "PHASE LEFT", id="not alone"),
        pytest.param("Map Gelger", {"at6_i": 2.0}, None, id="a name must be outdone"),
        pytest.param("Map Gelger", {"at6_i": 12.0}, "Map Geiger", id="by far"),
        pytest.param("KF LEFT", {"at1_V": 0.9, "at0_H": 0.9}, None, id="initials"),
        pytest.param("Xqzt 57", {"at0_D": 0.9}, None, id="nothing clinical is near"),
        pytest.param("XZ5QW LEFT", {"at0_F": 0.9}, None, id="not a word"),
    ],
)
def test_what_a_line_may_spell(text, doubts, expected):
    assert meant(text, sight(text, **doubts)) == expected


def test_a_letter_beyond_latin_may_be_a_sides():
    foreign = "\u4e0a"
    likely = {"at0_R": 20.0}
    assert meant(foreign, sight(foreign, **likely)) == "R"
    assert meant(foreign, sight(foreign, at0_R=0.9)) is None, "it must be likelier"
    assert meant(foreign * 2, sight(foreign * 2, **likely, at1_R=20.0)) is None


def test_most_sights_must_agree():
    seen, unseen = sight("SUV mox 11", at5_a=0.9), sight("SUV mox 11")
    assert meant("SUV mox 11", seen, seen, unseen) == "SUV max 11"
    assert meant("SUV mox 11", seen, unseen, unseen) is None


def test_where_neither_is_seen_there_is_no_telling():
    assert meant("SUV mox 11", sight("7 Xray 9")) is None


def test_an_identifier_of_the_header_is_no_clinical_text():
    seen = sight("PHOSE LEFT", at2_A=0.9)
    assert meant("PHOSE LEFT", seen) == "PHASE LEFT"
    assert meant("PHOSE LEFT", seen, patient="PHASE^ANNA") is None


@pytest.mark.parametrize("text", ["PHOSE LEFT", "PHOSE \u4e0a", ""])
def test_what_nobody_saw_spells_nothing(text):
    assert meant(text) is None
    assert meant(text, sight("LEFT")) is None


def test_lines_without_a_clinical_word_near_are_not_looked_at():
    assert may_be_clinical("PHOSE LEFT", Identifiers(), Policy())
    assert not may_be_clinical("Xqzt 57", Identifiers(), Policy())
    assert not may_be_clinical("PHOSE Xqzt", Identifiers(), Policy())
    assert not may_be_clinical("LEFT", Identifiers(), Policy())


def clearer(text: str, *views: Sight, patient: str = "") -> str | None:
    ds = dataset(np.zeros((1, 8, 8), np.uint8))
    ds.PatientName = patient
    return clearer_text(text, [[each] for each in views], collect(ds), Policy())


def test_a_sight_spells_its_letters_once():
    assert sight("Fat  Ssat").text == "Fat  Ssat"
    assert sight("mox", at1_a=2.0).text == "max"


def test_another_view_may_show_plainly_what_one_shows_badly():
    assert clearer("Fal Sal", sight("Fal Sal"), sight("Fat Sat")) == "Fat Sat"
    assert clearer("Fal Sal", sight("Fal Sal")) is None
    assert clearer("Beker cyet", sight("Beker cyet"), sight("Baker cyst")) == "Baker cyst"


@pytest.mark.parametrize(
    ("text", "views"),
    [
        pytest.param("Fal Sal", ["Fal Sal", "Fal Sal", "Fat Sat"], id="outvoted"),
        pytest.param("Fal Sal", ["Fal Sal", "Fat Sak"], id="not clinical"),
        pytest.param("Franz", ["Franz", "Fra"], id="letters are missing"),
        pytest.param("Okonjwe", ["Okonjwe", "SUPINE"], id="another line"),
        pytest.param("Fal", ["Fal", "Fat"], id="too few letters"),
        pytest.param("48392010", ["48392010", "4839 2010"], id="a number"),
        pytest.param("HEAD BCH", ["HEAD BCH", "HEAD 8CH"], id="a letter is a figure"),
        pytest.param("Fal Sal", [], id="none"),
    ],
)
def test_but_what_was_read_stays_if(text, views):
    assert clearer(text, *map(sight, views)) is None


def test_a_name_that_may_be_seen_there_too_is_none_of_them():
    doubtful = sight("Fat Sat", at2_y=0.6, at6_l=0.6)
    assert clearer("Fal Sal", sight("Fal Sal"), doubtful) is None


def test_a_name_near_what_another_view_shows_is_weighed_too():
    assert clearer("Suah left", sight("Suah left"), sight("Scan left")) == "Scan left"
    doubtful = sight("Scan left", at1_e=0.9)
    assert clearer("Suah left", sight("Suah left"), doubtful) is None
