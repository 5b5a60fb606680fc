"""A model's words among the lines that were read: found whole, or not at all.

Each case: what the model names, the lines that were read, and the pieces of them that
must be hidden; ``None`` where the text is not there, so that all text has to go.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from maskray.geometry import Box
from maskray.match import find
from maskray.plan import placed, plan_regions
from maskray.records import Category, Finding, TextLine
from maskray.settings import MaskSettings

LETTER = 10


def line(text, row=0, frames=(0,), *, columns=True, others=(), second=None):
    """A line of text whose letters are ten pixels wide."""
    places = tuple((LETTER * i, LETTER * (i + 1)) for i in range(len(text)))
    box = Box(0, 30 * row, max(LETTER * len(text), 1), 30 * row + 20)
    return TextLine(
        frames,
        box,
        SecretStr(text),
        0.9,
        places if columns else (),
        "full",
        "rapidocr",
        tuple(SecretStr(each) for each in others),
        None if second is None else SecretStr(second),
    )


def hidden(text, lines):
    """The pieces of the lines that a finding of that text hides; ``None``: not found."""
    there = placed([finding(text)], [line(each, row) for row, each in enumerate(lines)])
    if any(each.box is None for each in there):
        return None
    return sorted(each.text.get_secret_value() for each in there)


def finding(text, category=Category.OTHER_ID, frames=(0,)):
    return Finding(frames, SecretStr(text), category, "vllm", view="full")


CASES = {
    # as it stands
    "a line": ("DOE JANE", ["DOE JANE"], ["DOE JANE"]),
    "part of a line": ("DOE JANE", ["LEFT DOE JANE 12 kVp"], ["DOE JANE"]),
    "first of a line": ("DOE", ["DOE supine"], ["DOE"]),
    "last of a line": ("DOE", ["supine DOE"], ["DOE"]),
    "other signs": ("DOE^JANE", ["DOE, JANE"], ["DOE, JANE"]),
    "other case": ("Doe Jane", ["DOE JANE"], ["DOE JANE"]),
    "accents": ("Müller", ["MULLER"], ["MULLER"]),
    "accents the other way": ("MUELLER", ["MUELLER"], ["MUELLER"]),
    "a title stays": ("Weber", ["Dr. Weber, left knee"], ["Weber"]),
    "twice in a frame": ("DOE", ["DOE", "left", "DOE knee"], ["DOE", "DOE"]),
    "twice in a line": ("4711", ["4711 left 4711"], ["4711", "4711"]),
    "two words twice": ("AB 12345", ["AB 12345", "AB-12345"], ["AB 12345", "AB-12345"]),
    "an apostrophe": ("O'Hara", ["O'HARA knee"], ["O'HARA"]),
    "a mail address": ("x@y.org", ["mail x@y.org"], ["x@y.org"]),
    # misread by one or the other
    "zero for o": ("D0E JANE", ["DOE JANE"], ["DOE JANE"]),
    "one for l": ("Miller", ["Mi11er"], ["Mi11er"]),
    "five for s": ("SANTOS", ["5ANT05"], ["5ANT05"]),
    "a letter lost": ("KAUFMAN", ["KAUFMN SCOTT"], ["KAUFMN"]),
    "a letter more": ("KAUFMAN", ["KAUFFMAN SCOTT"], ["KAUFFMAN"]),
    "two letters wrong": ("KAUFMANN", ["KRUFMAHN"], ["KRUFMAHN"]),
    "letters swapped": ("HELGA", ["HEGLA"], ["HEGLA"]),
    "a digit wrong": ("8812345", ["8812346 mm"], ["8812346"]),
    "a long text with some errors": (
        "ST MARYS HOSPITAL BOSTON",
        ["5T MARYS H0SPITAL B0ST0N"],
        ["5T MARYS H0SPITAL B0ST0N"],
    ),
    "too many errors": ("KAUFMAN", ["KRUTNAN"], None),
    "short and wrong": ("ANN", ["AMY"], None),
    "another number": ("881234", ["559876"], None),
    # split and joined
    "words run together": ("JANE DOE", ["JANEDOE"], ["JANEDOE"]),
    "a word torn apart": ("ANDERSON", ["ANDER SON left"], ["ANDER SON"]),
    "a number torn apart": ("12345678", ["1234 5678"], ["1234 5678"]),
    "letters apart": ("JANE", ["J A N E"], ["J A N E"]),
    "inside a longer word": ("ANDERSON", ["PATANDERSON1961 knee"], ["PATANDERSON1961"]),
    "words that only seem run together": ("STONE ARM", ["LEFT ONE ARM"], None),
    "the reader cut it off": ("ANDERSON JOHN", ["ANDERSON JOH"], ["ANDERSON JOH"]),
    "torn apart in two lines": ("ANDERSON", ["ANDER", "SON"], ["ANDER", "SON"]),
    "over two lines": ("JANE ANDERSON", ["JANE", "ANDERSON"], ["ANDERSON", "JANE"]),
    "over three lines": (
        "MERCY HOSPITAL, 12 OAK STREET, BOSTON",
        ["MERCY HOSPITAL", "12 OAK STREET", "BOSTON"],
        ["12 OAK STREET", "BOSTON", "MERCY HOSPITAL"],
    ),
    "over two lines with more in them": (
        "JANE ANDERSON",
        ["Pat: JANE", "ANDERSON left"],
        ["ANDERSON", "JANE"],
    ),
    "a short word beside": ("VAN DE BERG", ["BERG, VAN DE"], ["BERG, VAN DE"]),
    "a piece is missing": ("JANE ANDERSON", ["JANE", "left knee"], None),
    "half a word is missing": ("ANDERSON", ["ANDER", "left"], None),
    "a short word is missing": (
        "MARGARETHE VANDERBILT XU",
        ["MARGARETHE", "VANDERBILT"],
        None,
    ),
    "most of it is missing": ("MERCY HOSPITAL BOSTON", ["BOSTON"], None),
    # another order
    "names turned": ("JANE DOE", ["DOE, JANE"], ["DOE, JANE"]),
    "names turned in a line": ("Jane Doe", ["Name: DOE^JANE F"], ["DOE^JANE"]),
    "three names turned": ("Jane Mary Doe", ["DOE JANE MARY"], ["DOE JANE MARY"]),
    "names turned and misread": ("JANE KAUFMAN", ["KAUFHAN JANE"], ["KAUFHAN JANE"]),
    "one of two names": ("JANE DOE", ["JANE SMITH"], None),
    "a short name misread": ("JANE DOE", ["JANE DOF"], ["JANE DOF"]),
    # dates
    "a date with other signs": ("12/03/1961", ["12.03.1961"], ["12.03.1961"]),
    "year first": ("12.03.1961", ["1961-03-12"], ["1961-03-12"]),
    "month first": ("12.03.1961", ["03/12/1961"], ["03/12/1961"]),
    "a month's name": ("12/03/1961", ["12 MAR 1961"], ["12 MAR 1961"]),
    "a month's name in one word": ("1961-03-12", ["12MAR1961"], ["12MAR1961"]),
    "a long month's name": ("03/12/1961", ["March 12, 1961"], ["March 12, 1961"]),
    "as DICOM has it": ("12 Mar 1961", ["19610312"], ["19610312"]),
    "a short year": ("12.03.61", ["DOB 12.03.1961 left"], ["12.03.1961"]),
    "no zeros": ("3/4/1961", ["03/04/1961"], ["03/04/1961"]),
    "another date": ("12.03.1961", ["14.09.1958"], None),
    # short texts must not be found everywhere
    "a letter": ("F", ["F", "FOV 24", "left F"], ["F", "F"]),
    "a letter that is not there": ("F", ["FOV 24 FRONTAL"], None),
    "a digit": ("7", ["7", "17", "T7", "7.5 mm"], ["7", "7"]),
    "two letters": ("AB", ["AB", "ABDOMEN", "CAB AB12"], ["AB"]),
    "initials": ("J.D.", ["J.D.", "J D", "JD"], ["J D", "J.D", "JD"]),
    "a name inside a clinical word": ("ART", ["HEART RATE", "PARTIAL"], None),
    "a longer name inside a word": ("LATE", ["LATERAL"], None),
    "a name that begins a word": ("PETE", ["REPETE IMAGE"], None),
    "a name like a clinical word": ("LEFTY", ["LEFT KNEE"], ["LEFT"]),
    "a short name like none": ("LEE", ["LEFT", "LEG", "LED"], None),
    "a number inside a number": ("123", ["51234", "1234", "0123"], None),
    "a short number inside a measure": ("12", ["120 kVp", "12.5 mm"], ["12"]),
    # nothing to look for
    "empty": ("", ["DOE JANE"], None),
    "blanks": ("   ", ["DOE JANE"], None),
    "signs only": ("--- / ---", ["DOE JANE", "---"], None),
    "no lines": ("DOE", [], None),
    "an empty line": ("DOE", [""], None),
    "another script": ("Иванов", ["NBAHOB"], None),
    "the same script": ("Иванов", ["Иванов left"], ["Иванов"]),
    "a label and more than was read": ("MRN: 123456 JANE", ["MRN: 123456"], None),
    "a sentence of the model": ("I see no PHI here", ["LEFT", "T2 FSE"], None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_hidden_where_it_stands(case):
    text, lines, expected = CASES[case]
    assert hidden(text, lines) == expected


def test_there_are_enough_cases():
    assert len(CASES) >= 60


def test_only_the_part_that_was_found_is_hidden():
    (found,) = placed([finding("JANE")], [line("LEFT JANE 12")])
    assert found.box == Box(50, 0, 90, 20)
    assert found.line_height == 20


def test_without_columns_the_whole_line_is_hidden():
    (found,) = placed([finding("JANE")], [line("LEFT JANE 12", columns=False)])
    assert found.box == Box(0, 0, 120, 20)


def test_what_another_reading_says_hides_the_whole_line():
    lines = [line("L3FT J##E", others=("LEFT JANE",)), line("XXXX", 1, second="JANE")]
    assert [each.box for each in placed([finding("JANE")], lines)] == [e.box for e in lines]


def test_several_findings_in_one_line_are_hidden_each():
    there = placed([finding("JANE"), finding("12345")], [line("JANE left 12345")])
    assert [each.box for each in there] == [Box(0, 0, 40, 20), Box(100, 0, 150, 20)]


def test_a_finding_is_hidden_in_all_frames_in_which_its_line_stands():
    lines = [line("JANE", frames=(0, 1, 2)), line("JANE", 1, frames=(5,))]
    (found,) = placed([finding("JANE")], lines)
    assert found.frames == (0, 1, 2)


def test_text_of_other_frames_is_not_taken_for_it():
    (found,) = placed([finding("JANE", frames=(3,))], [line("JANE", frames=(0, 1))])
    assert found.box is None
    assert found.frames == (3,)


def test_a_frame_without_the_text_is_left_over():
    there = placed([finding("JANE", frames=(0, 4))], [line("JANE", frames=(0, 1))])
    assert [(each.frames, each.box is None) for each in there] == [
        ((0, 1), False),
        ((4,), True),
    ]


def test_a_finding_with_a_box_stays_as_it_is():
    own = Finding((0,), SecretStr("JANE"), Category.NAME, "rules", Box(1, 2, 3, 4))
    assert placed([own], [line("JANE")]) == [own]


def test_parts_of_a_name_are_hidden_elsewhere_too():
    lines = [line("DOE, JANE"), line("Mrs JANE left", 1), line("DOE", 2)]
    there = placed([finding("JANE DOE", Category.NAME)], lines)
    assert sorted(each.text.get_secret_value() for each in there) == ["DOE, JANE", "JANE"]


def test_parts_of_an_institution_stay():
    lines = [line("GENERAL HOSPITAL"), line("GENERAL view", 1)]
    there = placed([finding("GENERAL HOSPITAL", Category.INSTITUTION)], lines)
    assert [each.text.get_secret_value() for each in there] == ["GENERAL HOSPITAL"]


def test_what_is_not_found_hides_all_text_of_the_frame():
    lines = [line("LEFT"), line("T2 FSE", 1), line("RIGHT", 2, frames=(1,))]
    there = placed([finding("JANE")], lines)
    regions = plan_regions(there, lines, {}, MaskSettings())
    assert len(regions) == 2
    assert all(region.frames == (0,) for region in regions)


WORDS = st.text("ABCDEFGHKMNPRTUVWXYZ23479", min_size=4, max_size=9)


@given(WORDS, st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=3))
def test_a_text_that_was_read_is_always_found(text, before, after):
    read = line(" ".join([*before, text, *after]))
    covered = [match.box for match in find(text, [read])]
    start = LETTER * len(" ".join([*before, ""])) if before else 0
    own = Box(start, 0, start + LETTER * len(text), 20)
    assert any(box.overlap(own) == own.area for box in covered)


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=4))
def test_no_text_breaks_it_and_places_lie_inside_their_lines(text, texts):
    lines = [line(each, row) for row, each in enumerate(texts)]
    for match in find(text, lines):
        assert match.box.overlap(match.line.box) == match.box.area
