"""Lead markers: letters of sides, and what stands beside them."""

import pytest
from pydantic import SecretStr

from maskray import rules
from maskray.classify import classify
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from maskray.records import Category
from maskray.rules import findings
from tests.unit.marked import DEFAULT, NOBODY, line_of, standing_in, wrong

# --- Lead markers -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["R RS", "L RAW", "RT AL", "LEFT SEC", "L GC6", "R HM3A"])
def test_letters_beside_a_side_alone_are_somebodys(text):
    side, letters = text.split()
    found = classify(text, NOBODY, DEFAULT)
    assert [(text[e.start : e.end], e.category) for e in found] == [
        (side, Category.CLINICAL),
        (letters, Category.UNKNOWN),
    ]


@pytest.mark.parametrize(
    "text",
    ["R CC", "L MLO", "LT OBL", "RT HIP", "R L4", "R AP RS", "RS", "L SE12", "L TH12"],
)
def test_what_a_side_is_a_side_of_stays(text):
    assert {each.category for each in classify(text, NOBODY, DEFAULT)} == {
        Category.CLINICAL
    }


@pytest.mark.parametrize("letter", ["\u738b", "\u65e5", "\u540d"])
def test_one_letter_of_another_script_is_hidden_whatever_another_reading_says(letter):
    shown = line_of(letter, Box(20, 20, 40, 40), others=(SecretStr("A"),))
    assert findings([shown], NOBODY, DEFAULT)


@pytest.mark.parametrize("others", [["2/9 8", "3/9"], ["3/9", "4/9"]])
def test_frames_are_counted_whatever_stands_behind(others):
    shown = [
        standing_in((index,), text, Box(20, 20, 80, 40))
        for index, text in enumerate(["1/9", *others])
    ]
    assert findings(shown, NOBODY, DEFAULT) == ()


@pytest.mark.parametrize(
    "marked",
    [
        "{date:Tue 26 Jan 193}",
        "{date:rue 02 Jan 2024}",
        "{date:Fr 01 May 1992} 32Y",
        "Fr 3 {date:12:30:05}",
        "SA {date:12:30}",
        "TR 2000 {date:12:30:05}",
        "Im 1990 {date:12:30:11}",
        "TR 2000 AVG 2",
        "WW 2000 MPR 3",
        "{institution:Hospital} Kidneys",
        "{institution:Mercy Hospital} LEFTHAND",
        "{institution:Mercy Hospital} FoU 228 mm",
        "{phi:CT12MR34US56}",
        "{phi:US12D345}",
        "Patlent of {phi:Rolcn}",
        "3 30 {mask:pm}",
        "{date:2013 19:17} Cardiac 15",
        "Acq: {date:SAT18 FE82017} Baker cyst",
        "12 mA 2000",
        "Angle 1:45 deg",
        "{date:12:30} {phi:De Vries}",
        "BPD 78.1mm33w4d",
        "{phi:781234mm33w4d}",
        "{phone:ww w.murdmere-1maging.example}",
        "{phone:www. murdmere.example}",
        "LPOIm:102",
        "{phi:XQOIm}:102",
        "{phi:LPOIm}",
        "{date:01:16 2M}",
        "{date:12:30} 5 mm",
        "{date:12:30} MM",
        "R {date:87:40.25}",
        "{institution:Hospital Centrale}",
        "{institution:Hospital Pediatrico}",
        "CRIGHT",
        "{phi:SMITH} {phi:JOHN} {date:2013 19:17}",
        "WL 2000 {date:12:30}",
        "{date:2009-HAR-13}",
        "LPOSTERIOR",
        "{date:2009 Ap1 13}",
        "{date:2009-Ap1-13 10:22}",
        "TR 2000 FOV 24",
        "TI 2000 DEG 12",
        "2000 TEC 1.5",
        "{institution:Hospital San Swithin}",
        "{institution:Hospital} CT Abdomen",
        "10 gm",
        "10 {mask:gr}",
        "{phi:Faranen} of {phi:Smith}",
        "{phi:12CT34MR56}",
        "{date:17/11./2015}",
        "{date:26 Jan 1932} 5 mm",
        "{date:12 AUG 2023} RECON 2",
        "{physician:DR R}. {name:TE EIRA}",
        "{institution:St. SwithinMedical Centel}",
        "Pat ID {patient_id:RC196475} Matrix 256 x 1024 140 keV 20%",
        "Fissure of Rolando {mask:INS}",
        "El 1390",
        "YVIEW",
        "LEFTHAND",
        "{date:1942-0419}",
        "D.O.B.{birth_date:1942-0419}",
        "D.O.B. {birth_date:1942 0419}",
        "D.0.B.{date:1842-0418}",
        "{phi:XR-09-47016}",
        "{date:2016 A\u222aG 19}",
        "rilt 4.8",
        "Serles 8",
        "BC:1/1",
        "Sag PDFS",
        "rea 8.75 cm2",
        "28.8 mGy/mln",
        "Series 6 Sep 0.80",
        "D 18.9 Sep 0.04",
        "Nom: {phi:MOLD, R.}",
        "Patient Name: {phi:CAST}",
        "Protocol Name: CHEST",
        "DLP 746.7 mGn.cm",
        "10.{date:6 Sep 2014}",
        "Im {date:12/03/1965} 1.5",
        "{name:JAIN} 45",
        "{name:cho} 45 F",
        "MRN OP:{patient_id:1234}",
        "ST -3.0",
        "Seene1",
        "{phi:Yorn. 0. 7770378}",
        "{date:22.12,12}",
        "{date:ug 28, 1937}",
        "R HFS",
        "{date:09/13.21}",
        "{date:1 1:4 4:2 2}",
        "{institution:Drangridge General HosPita1}",
        "{phi:SOKOLOV. F.}",
        "Op {operator:T}",
        "POST OP AP",
        "Dist 81.0 mm RT {phi:PC}",
        "Dist 81.0 mm RT CC",
    ],
)
def test_what_is_misread_or_run_together_keeps_its_meaning(marked):
    assert wrong(marked) == {}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [("PG", True), ("PT", True), ("LA", False), ("CC", False), ("3T", False)],
)
def test_two_capitals_alone_are_initials_unless_they_name_a_side_or_view(text, hidden):
    alone = standing_in((0,), text, Box(300, 10, 330, 40))
    far = standing_in((0,), "5.0", Box(10, 200, 60, 230))
    assert bool(findings([alone, far], NOBODY, DEFAULT)) is hidden


def test_two_capitals_beside_a_number_are_a_setting():
    setting = standing_in((0,), "PG", Box(300, 10, 330, 40))
    number = standing_in((0,), "5.0", Box(340, 10, 390, 40))
    assert not findings([setting, number], NOBODY, DEFAULT)


def test_a_marker_read_as_two_lines_is_one():
    side = standing_in((0,), "RT", Box(10, 10, 40, 40))
    near = standing_in((0,), "AL", Box(60, 10, 90, 40))
    far = standing_in((0,), "AL", Box(300, 10, 330, 40))
    hidden = rules.findings([side, near, far], Identifiers(), Policy())
    assert [each.box for each in hidden] == [near.box]
    again = standing_in((0,), "RT", Box(11, 11, 41, 42))
    assert not rules.findings([side, again, far], Identifiers(), Policy())
