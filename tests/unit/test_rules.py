"""What is PHI among the lines of an instance, in the light of all readings of them."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr
from pydicom import Dataset

from maskray import rules
from maskray.classify import classify, fold_keeping_length
from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.markers import is_bare
from maskray.policy import Policy
from maskray.records import Category, TextLine
from maskray.rules import findings, is_unnamed
from tests.unit.marked import DEFAULT, NOBODY, line_of, right, standing_in, texts

# --- Policy ---------------------------------------------------------------------------


MANY = "SMITH 12/03/2019 XQZTW LEFT F 95Y"


def hidden_texts(policy, text=MANY, identifiers=NOBODY):
    return {text for _, text in texts(findings([line_of(text)], identifiers, policy))}


@pytest.mark.parametrize(
    ("policy", "hidden"),
    [
        (Policy(), {"SMITH", "12/03/2019", "XQZTW", "95Y"}),
        (Policy(unknown_text="keep"), {"SMITH", "12/03/2019", "95Y"}),
        (Policy(unknown_text="review"), {"SMITH", "12/03/2019", "XQZTW", "95Y"}),
        (Policy(phi=frozenset()), {"XQZTW"}),
        (Policy(phi=frozenset(), unknown_text="keep"), set()),
        (Policy(phi=frozenset({Category.DATE})), {"12/03/2019", "XQZTW"}),
        (Policy(age_limit_years=95), {"SMITH", "12/03/2019", "XQZTW"}),
        (
            Policy(phi=Policy().phi | {Category.SEX}),
            {"SMITH", "12/03/2019", "XQZTW", "F", "95Y"},
        ),
        (Policy(allow=("xqztw",)), {"SMITH", "12/03/2019", "95Y"}),
    ],
)
def test_policy_says_what_is_hidden(policy, hidden):
    assert hidden_texts(policy) == hidden


def test_the_age_limit_can_hide_every_age():
    policy = Policy(age_limit_years=0)
    assert hidden_texts(policy, "AGE: 7") == {"7"}
    assert hidden_texts(Policy(), "AGE: 7") == set()


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (Category.NAME, "SMITH"),
        (Category.DATE, "12/03/2019"),
        (Category.BIRTH_DATE, "DOB 12/03/1950"),
        (Category.AGE, "95Y"),
        (Category.PATIENT_ID, "MRN: 7741902"),
        (Category.ACCESSION, "ACC: 88122"),
        (Category.INSTITUTION, "Mercy General Hospital"),
        (Category.ADDRESS, "12 Elm Street"),
        (Category.PHONE, "555-867-5309"),
        (Category.PHYSICIAN, "Ref: Penwright"),
        (Category.OPERATOR, "Tech: KLM"),
        (Category.DEVICE_SERIAL, "SN: 12345"),
        (Category.OTHER_ID, "1234567"),
    ],
)
def test_each_category_can_be_switched_off(category, text):
    assert hidden_texts(Policy(), text)
    without = Policy(phi=Policy().phi - {category})
    assert hidden_texts(without, text) == set()


def test_an_allowed_phrase_stays_whatever_it_looks_like():
    policy = Policy(allow=("SMITH PHANTOM", "QA-12345"))
    assert hidden_texts(policy, "Smith Phantom LEFT") == set()
    assert hidden_texts(policy, "qa-12345") == set()
    assert hidden_texts(policy, "SMITH") == {"SMITH"}
    assert hidden_texts(policy, "SMITH PHANTOMAS") != set()


def test_an_allowed_word_does_not_open_longer_words():
    assert hidden_texts(Policy(allow=("JON",)), "JONES") == {"JONES"}


def test_an_allowed_phrase_is_no_pattern():
    assert hidden_texts(Policy(allow=(".*",)), "JONES") == {"JONES"}


def test_the_header_overrules_the_allow_list(header):
    policy = Policy(allow=("QUILLFEATHER",))
    assert hidden_texts(policy, "QUILLFEATHER", header) == {"QUILLFEATHER"}


def test_the_header_overrules_the_vocabulary_but_not_the_policy(header):
    policy = Policy(phi=Policy().phi - {Category.OPERATOR})
    assert hidden_texts(policy, "HOLLINGSWORTH", header) == set()
    assert hidden_texts(Policy(), "HOLLINGSWORTH", header) == {"HOLLINGSWORTH"}


# --- Findings -------------------------------------------------------------------------


def test_a_finding_names_frames_text_view_and_source():
    line = TextLine((2, 5), Box(10, 20, 60, 40), SecretStr("SMITH"), 0.9, (), "robust", "x")
    (found,) = findings([line], NOBODY, DEFAULT)
    assert found.frames == (2, 5)
    assert found.text.get_secret_value() == "SMITH"
    assert found.category is Category.NAME
    assert found.source == rules.SOURCE
    assert found.box == Box(10, 20, 60, 40)
    assert found.view == "robust"
    assert found.line_height == 20


def test_only_the_part_that_identifies_is_boxed():
    (found,) = findings([line_of("LEFT KNEE SMITH AP")], NOBODY, DEFAULT)
    box = found.box
    assert box is not None
    assert (box.y0, box.y1) == (0, 20)
    assert 90 <= box.x0 <= 100
    assert 150 <= box.x1 <= 160


def test_neighbouring_findings_leave_no_gap():
    found = findings([line_of("SMITH 12/03/2019")], NOBODY, DEFAULT)
    first, second = sorted(each.box for each in found if each.box is not None)
    assert first.x0 == 0
    assert first.x1 >= second.x0
    assert second.x1 == 160


def test_a_line_that_cannot_be_split_is_boxed_whole():
    line = TextLine((0,), Box(0, 0, 30, 300), SecretStr("LEFT SMITH"), 0.9)
    (found,) = findings([line], NOBODY, DEFAULT)
    assert found.box == Box(0, 0, 30, 300)
    assert found.line_height == 30


@given(st.text("SMITHJONEL 0123456789/:.,^-", min_size=1, max_size=30))
def test_boxes_of_findings_cover_their_characters(text):
    assume(not is_bare(text))
    line = line_of(text)
    hidden = [run for run in classify(text, NOBODY, DEFAULT) if DEFAULT.hides(run.category)]
    for run, each in zip(hidden, findings([line], NOBODY, DEFAULT), strict=True):
        assert each.text.get_secret_value() == text[run.start : run.end]
        assert each.box is not None
        assert 0 <= each.box.x0 <= line.columns[run.start][0]
        assert line.columns[run.end - 1][1] <= each.box.x1 <= line.box.x1


@given(st.text(max_size=40))
def test_any_text_can_be_classified(text):
    runs = classify(text, NOBODY, DEFAULT)
    end = 0
    for run in runs:
        assert end <= run.start < run.end <= len(text)
        end = run.end
    hidden = {i for run in runs for i in range(run.start, run.end)}
    assert all(i in hidden for i, each in enumerate(text) if each.isalnum())


@given(st.text(max_size=40))
def test_folding_for_forms_keeps_the_length(text):
    assert len(fold_keeping_length(text)) == len(text)


def test_findings_do_not_show_their_text():
    found = findings([line_of("SMITH")], NOBODY, DEFAULT)
    assert "SMITH" not in repr(found)
    assert "SMITH" not in str(found)


# --- Labels and values in lines of their own ------------------------------------------


def below(text, label="Name:"):
    """A label, and a text just below it."""
    return [line_of(label), line_of(text, Box(0, 22, 10 * len(text), 42))]


@pytest.mark.parametrize("place", [below, right])
@pytest.mark.parametrize(
    ("label", "text", "category"),
    [
        ("Name:", "Long", Category.NAME),
        ("Patient Name", "Field", Category.NAME),
        ("ID:", "412", Category.PATIENT_ID),
        ("MRN", "4412", Category.PATIENT_ID),
        ("Accession No", "77", Category.ACCESSION),
        ("Tech:", "XW", Category.OPERATOR),
        ("Physician", "Hand", Category.PHYSICIAN),
        ("Institution:", "Port View", Category.INSTITUTION),
    ],
)
def test_a_label_names_the_line_beside_or_below_it(place, label, text, category):
    assert (category, text) in texts(findings(place(text, label), NOBODY, DEFAULT))


def test_a_label_does_not_reach_far():
    far = [line_of("MRN"), line_of("44", Box(0, 400, 20, 420))]
    assert findings(far, NOBODY, DEFAULT) == ()
    other = [line_of("MRN"), line_of("44", Box(900, 0, 920, 20))]
    assert findings(other, NOBODY, DEFAULT) == ()


def test_a_label_does_not_reach_into_other_frames():
    label, value = below("44", "MRN")
    later = TextLine((7,), value.box, value.text, 0.9)
    assert findings([label, later], NOBODY, DEFAULT) == ()


def test_clinical_text_below_a_label_stays():
    assert findings(below("LATERAL", "Name:"), NOBODY, DEFAULT) == ()


# --- Further readings -----------------------------------------------------------------


def read_as(text, *others):
    return line_of(text, others=tuple(SecretStr(each) for each in others))


def test_a_misread_word_that_others_read_as_clinical_stays():
    line = read_as("OBLQZE", "OBLIQUE", "OBLIQUE", "OBLIQUE")
    assert findings([line], NOBODY, DEFAULT) == ()


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("OBLQZE", ()),
        ("OBLQZE", ("OBLQZE", "OBLQZE", "OBLQZE")),
        ("XYLANDER", ("LATERAL", "LATERAL", "LATERAL")),  # of another text
        ("KNEEZ JR", ("KNEE", "KNEE", "K N E E Z")),
        ("SMITH", ("LEFT", "LEFT")),
    ],
)
def test_doubts_are_not_resolved_by_few_or_other_readings(text, others):
    assert findings([read_as(text, *others)], NOBODY, DEFAULT) != ()


def test_a_reading_that_spells_an_identifier_is_believed():
    ds = Dataset()
    ds.PatientName = "Lot^Perpetua"
    line = read_as("LYT", "LAT", "LAT", "LAT", "LAT", "LOT")
    assert findings([line], NOBODY, DEFAULT) == ()
    assert findings([line], collect(ds), DEFAULT) != ()


@pytest.mark.parametrize(
    ("text", "second", "stays"),
    [
        ("CH1OpeHE0", "Cu1o p AE0", False),  # Cyrillic, in pieces that are clinical each
        ("AxT2FLAIRFS", "Ax T2 FLAIR FS", True),  # spaces that were not read
    ],
)
def test_a_reading_that_falls_into_pieces_acquits_nothing(text, second, stays):
    line = line_of(text, second=SecretStr(second))
    assert (list(findings([line], Identifiers(), Policy())) == []) is stays


@pytest.mark.parametrize(
    ("text", "second"), [("Liven", "Liver"), ("Kneel", "Knee"), ("Doppel", "Doppler")]
)
def test_one_other_reading_does_not_outvote_many(text, second):
    line = line_of(text, others=(SecretStr(text),) * 5, second=SecretStr(second))
    assert findings([line], NOBODY, DEFAULT) != ()


@pytest.mark.parametrize(
    ("confidence", "other", "found"),
    [
        (0.65, "03/01/47", [(Category.DATE, "03/ 101/47")]),
        (0.65, "03/ 101/47", []),
        (0.9, "03/01/47", []),
    ],
)
def test_figures_read_hesitantly_are_what_any_reading_makes_them(confidence, other, found):
    line = replace(read_as("03/ 101/47", other), confidence=confidence)
    assert texts(findings([line], NOBODY, DEFAULT)) == found


def test_figures_read_hesitantly_may_be_an_identifier():
    ds = Dataset()
    ds.PatientID = "44-1207"
    line = replace(read_as("44 x 207 mm", "44-1207"), confidence=0.6)
    assert findings([line], NOBODY, DEFAULT) == ()
    assert {each.category for each in findings([line], collect(ds), DEFAULT)} == {
        Category.PATIENT_ID
    }


def test_a_date_is_a_date_whatever_others_read():
    line = read_as("12/03/2019", "12 03 20", "120", "120", "120")
    assert texts(findings([line], NOBODY, DEFAULT)) == [(Category.DATE, "12/03/2019")]


@pytest.mark.parametrize("text", ["SMITH", "XQZT", "1234567", "LEFT XQZT"])
def test_text_that_may_be_misread_is_unnamed(text):
    assert is_unnamed(text, NOBODY)


@pytest.mark.parametrize("text", ["LEFT", "12/03/2019", "W 400 L 40", "", "95Y"])
def test_text_with_a_name_of_its_own_is_not(text):
    assert not is_unnamed(text, NOBODY)


def test_a_date_read_in_two_pieces_that_overlap_is_hidden_whole():
    one = standing_in((0,), "SEP 21,", Box(10, 4, 130, 37))
    other = standing_in((0,), "21, 2015", Box(82, 4, 229, 37))
    away = standing_in((0,), "21, 2015", Box(382, 4, 529, 37))
    hidden = {each.box for each in findings([one, other, away], NOBODY, DEFAULT)}
    assert hidden == {one.box, other.box}


def test_initials_after_a_label_are_hidden_as_often_as_they_were_read():
    label = standing_in((0,), "Op:", Box(170, 80, 268, 105))
    one = standing_in((0,), "L", Box(269, 80, 291, 105))
    other = standing_in((0,), "LE", Box(265, 80, 302, 102))
    hidden = {each.box for each in findings([label, one, other], NOBODY, DEFAULT)}
    assert hidden == {one.box, other.box}
    assert not findings([one, other], NOBODY, DEFAULT)


def test_an_address_begins_with_the_number_before_it():
    number = standing_in((0,), "775", Box(10, 4, 60, 30))
    street = standing_in((0,), "Elm St, Ayr, TX 14401", Box(66, 4, 400, 30))
    assert len(findings([number, street], NOBODY, DEFAULT)) == 2
    above = replace(number, box=Box(10, 60, 60, 86))
    assert len(findings([above, street], NOBODY, DEFAULT)) == 1


def test_a_counter_counts_though_its_last_number_was_misread():
    read = ["1/10", "2/10", "3/10", "4/10", "9/18"]
    place = Box(10, 10, 60, 30)
    lines = [standing_in((i,), text, place) for i, text in enumerate(read)]
    assert not findings(lines, NOBODY, DEFAULT)
    assert findings(lines[-1:], NOBODY, DEFAULT)


def test_a_counter_counts_though_a_frame_draws_it_wider():
    tight, wide = Box(300, 456, 332, 471), Box(294, 448, 340, 478)
    beside = Box(340, 456, 372, 471)
    lines = [standing_in((i,), f"{i + 12}/27", tight) for i in range(3)]
    assert not findings([*lines, standing_in((4,), "11/27", wide)], NOBODY, DEFAULT)
    assert findings([*lines, standing_in((4,), "11/27", beside)], NOBODY, DEFAULT)
    around = standing_in((4,), "12/03", Box(300, 425, 390, 475))
    assert findings([*lines, around], NOBODY, DEFAULT)


@pytest.mark.parametrize(
    ("name", "hidden"), [("Lin^Wei", False), ("林^偉", True), ("", True)]
)
def test_a_letter_beyond_latin_is_the_side_that_other_frames_show(name, hidden):
    ds = Dataset()
    ds.PatientName = name
    box = Box(20, 20, 40, 40)
    marker = standing_in((0,), "日", box)
    side = replace(standing_in((1, 2), "H", box), confidence=0.98)
    assert bool(findings([marker, side], collect(ds), DEFAULT)) is hidden
    heard = replace(marker, second=SecretStr("H"))  # by an engine for Latin letters
    assert findings([heard], collect(ds), DEFAULT)


def test_dates_that_differ_from_frame_to_frame_are_no_counter():
    read = ["03/15", "04/18", "05/20", "06/22", "07/14"]
    place = Box(10, 10, 60, 30)
    lines = [standing_in((i,), text, place) for i, text in enumerate(read)]
    assert len({each.frames for each in findings(lines, NOBODY, DEFAULT)}) == len(read)


@pytest.mark.parametrize("first", [True, False])
def test_a_label_says_what_its_value_is_wherever_it_comes_in_the_list(first):
    label = standing_in((0,), "MRN:", Box(10, 10, 60, 30))
    value = standing_in((0,), "4471", Box(70, 10, 120, 30))
    lines = [value, label] if first else [label, value]
    assert [each.box for each in findings(lines, NOBODY, DEFAULT)] == [value.box]
