"""Dates, times, ages, numbers to call and addresses, told by their form alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskray.ages import find_ages
from maskray.date_forms import names_a_month
from maskray.forms import find_forms
from maskray.records import Category

DATE, BIRTH, PHONE = Category.DATE, Category.BIRTH_DATE, Category.PHONE
NOBODY: frozenset[str] = frozenset()


def forms(text, births=NOBODY):
    """The characters of a text that each category takes, as one string per category."""
    text = text.upper()
    taken: dict[Category, set[int]] = {}
    for start, end, category in find_forms(text, text, text, births):
        if text[start:end].strip():
            taken.setdefault(category, set()).update(range(start, end))
    return {
        category: "".join(text[i] for i in sorted(indices))
        for category, indices in taken.items()
    }


def hidden(text, births=NOBODY):
    """All characters that any form takes."""
    text = text.upper()
    indices = {
        i
        for start, end, _ in find_forms(text, text, text, births)
        for i in range(start, end)
    }
    return "".join(text[i] for i in sorted(indices) if not text[i].isspace())


# --- Dates ----------------------------------------------------------------------------

DATES = [
    "12/03/2019",
    "12.03.2019",
    "12-03-2019",
    "1/2/2019",
    "1/2/99",
    "12-03-19",
    "31.12.99",
    "2019-03-12",
    "2019/03/12",
    "2019.3.12",
    "2019 03 12",
    "20190312",
    "12032019",
    "12 / 03 / 2019",
    "12 MAR 2019",
    "12-MAR-2019",
    "12-MAR-19",
    "12MAR2019",
    "12MAR19",
    "12.MAR.2019",
    "5 OCT 2018",
    "05OCT",
    "MAR 12, 2019",
    "MAR12,2019",
    "MARCH 12TH 2019",
    "OCT. 23, 2018",
    "MARCH 3RD",
    "2018 OCT 23",
    "2018OCT23",
    "OCT 2018",
    "MARCH 2019",
    "TUE 12 MAR 2019",
    "TUESDAY, MARCH 12 2019",
    "WED. 3/4/2020",
    # other languages
    "12. MARZ 2019",
    "12. MAI 2019",
    "12 DEZ 2019",
    "3. OKTOBER 2017",
    "12 AVRIL 2019",
    "1 JUILLET 2001",
    "12 DE ENERO DE 2019",
    "4 DICIEMBRE 2011",
    "9 GIUGNO 1988",
    # separators that differ, are misread or missing
    "12-03/2019",
    "12/03.2019",
    "12.03,2019",
    "12 03 2019",
    "03 25 2019",
    "12/03 2019",
    "2019-0312",
    "2019-03 12",
    # a time runs on
    "12/03/201912:34",
    "12/03/201912:34:56",
    "2019-03-1212:34:56",
    "12MAR201910:23:45",
    "12:34:5612/03/2019",
    "12:34:562019-03-12",
    # no day
    "03/2019",
    "11/2019",
    "2019-03",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_are_found_whole(text):
    assert forms(text).get(DATE, "").replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", DATES)
@pytest.mark.parametrize("around", ["LEFT {} AP", "X: {}, Y", "({})"])
def test_dates_are_found_amid_other_text(text, around):
    assert text.replace(" ", "") in hidden(around.format(text))


@pytest.mark.parametrize(
    "text",
    [
        "12.5",
        "5.0 MM",
        "12/60",
        "1/2",
        "W 400 L 40",
        "W:1500 L:-600",
        "256X192",
        "256 X 192",
        "TR 2000 TE 85",
        "TE/TR 12/2000",
        "IM: 12/2000",
        "IMAGE 10/1999",
        "120 KV 250 MA",
        "-12.03",
        "10:1",
        "2019",
        "1954",
        "0 5 10 15 20",
        "+5.2 -3.1",
        "DECUBITUS",
        "MAYBE",
        "AUGMENTED",
        "MARKER 4 CM",
        "12.03.5",
        "LAO 30 CRAN 20",
        "STUDY 3 SERIES 2",
    ],
)
def test_other_numbers_are_no_dates(text):
    assert DATE not in forms(text)
    assert BIRTH not in forms(text)


@given(st.dates(), st.sampled_from(["%d/%m/%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y%m%d"]))
def test_every_date_of_two_centuries_is_found(day, form):
    if not 1800 <= day.year <= 2099:
        return
    text = day.strftime(form)
    assert hidden(text) == text


@given(
    st.dates(),
    st.sampled_from(
        ["{d} {m} {y}", "{m} {d}, {y}", "{d}-{m}-{y}", "{d}{m}{y}", "{y} {m} {d}"]
    ),
)
def test_every_date_with_a_month_in_letters_is_found(day, form):
    if not 1800 <= day.year <= 2099:
        return
    text = form.format(d=f"{day.day:02d}", m=day.strftime("%b").upper(), y=day.year)
    assert hidden(text) == text.replace(" ", "")


# --- Birth dates ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "label",
    [
        "DOB",
        "DOB:",
        "D0B:",
        "D.O.B.",
        "BORN",
        "BIRTH DATE:",
        "GEB.",
        "NACIMIENTO",
        "NAISSANCE",
    ],
)
@pytest.mark.parametrize("date", ["17.08.1954", "AUG 17, 1954", "17-AUG-54", "19540817"])
def test_a_date_after_a_birth_label_is_a_birth_date(label, date):
    assert forms(f"{label} {date}") == {BIRTH: date}


@pytest.mark.parametrize(
    "text",
    [
        "17.08.1954",
        "08/17/1954",
        "8/17/54",
        "1954-08-17",
        "19540817",
        "17081954",
        "08171954",
        "17 AUG 1954",
        "AUG 17, 1954",
        "17AUG54",
        "17 AOUT 1954",
        "17. AUGUST 1954",
    ],
)
def test_the_headers_birth_date_is_known_in_any_order(text):
    assert BIRTH in forms(text, frozenset({"19540817"}))


@pytest.mark.parametrize("text", ["18.08.1954", "17.09.1954", "17.08.1955", "17 JUL 1954"])
def test_another_date_is_not_the_birth_date(text):
    assert set(forms(text, frozenset({"19540817"}))) == {DATE}


# --- Times ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "12:34:56",
        "12:34",
        "9:05 PM",
        "09:05PM",
        "9 AM",
        "9 A.M.",
        "12:34:56.789",
        "09H15",
        "9.05.33",
        "0607:31",
        "06:0731",
        "0915 AM",
        "23:59:59",
        "0:00:01",
    ],
)
def test_times_are_found_whole(text):
    assert forms(text).get(DATE) == text


@pytest.mark.parametrize(
    "text",
    [
        "10:1",
        "24:00",
        "12:60",
        "1:5",
        "TA: 2:35",
        "DURATION 0:45",
        "TIMER 1:20",
        "3.5 CM",
        "12H",
    ],
)
def test_ratios_and_durations_are_no_times(text):
    assert forms(text) == {}


@given(
    st.times(), st.sampled_from(["%H:%M:%S", "%H:%M", "%I:%M %p", "%H.%M.%S", "%I:%M:%S%p"])
)
def test_every_time_of_day_is_found(time, form):
    text = time.strftime(form)
    assert hidden(text) == text.replace(" ", "")


# --- Numbers, mail, web ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "+1 555 867 5309",
        "+49 (0)30 1234567",
        "+4930123456",
        "(555) 867-5309",
        "555-867-5309",
        "555.867.5309",
        "555 867 5309",
        "030 1234567",
        "030/1234567",
        "0301 234 567",
        "OFFICE@SALTMARSH.EXAMPLE",
        "J.DOE @ SALTMARSH.EXAMPLE.COM",
        "WWW.SALTMARSH.EXAMPLE",
        "HTTPS://SALTMARSH.EXAMPLE/X?Y=1",
        "SALTMARSH.ORG",
        "SALTMARSH-CARE.COM/CONTACT",
    ],
)
def test_numbers_to_call_and_addresses_to_write_to_are_found(text):
    assert forms(text).get(PHONE, "").lstrip("(") == text.lstrip("(")


@pytest.mark.parametrize(
    "text",
    [
        "120 250 500",
        "500 1000 1500 2000",
        "1.23 CM",
        "0.68",
        "512 512",
        "W 4000 L 400",
        "CM.S",
        "A.P. VIEW",
    ],
)
def test_measurements_are_no_telephone_numbers(text):
    assert forms(text) == {}


@pytest.mark.parametrize("text", ["123-45-6789", "SSN 123-45-6789"])
def test_a_social_security_number_is_found(text):
    assert forms(text) == {Category.PATIENT_ID: "123-45-6789"}


@pytest.mark.parametrize(
    "text", ["1.2.840.113619.2.55.3", "2.25.329800735698586629295641978511506"]
)
def test_a_uid_is_found(text):
    assert forms(text) == {Category.OTHER_ID: text}


@pytest.mark.parametrize("text", ["1.2.3", "4.5.1.20", "12.5.3 1.0"])
def test_a_version_is_no_uid(text):
    assert Category.OTHER_ID not in forms(text)


# --- Addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "12 ELM STREET",
        "1420 N MAIN ST",
        "14 HERONRY LANE",
        "7 ST. JOHNS RD",
        "3 PRIVET DRIVE",
        "1027 ELDER CLOSE",
        "12 THE HERONRY WAY",
        "HAUPTSTRASSE 12",
        "HAUPTSTRASE 12",  # "Hauptstraße", folded to the same length
        "HAUPTSTR. 12",
        "HAUPTSTR 12",
        "AMSELWEG 4",
        "P.O. BOX 123",
        "PO BOX 4411",
        "SPRINGFIELD, IL 62704",
        "SALT LAKE CITY, UT 84101",
    ],
)
def test_street_addresses_are_found(text):
    assert forms(text) == {Category.ADDRESS: text}


@pytest.mark.parametrize(
    "text", ["ST 5 MM", "2 ST", "12 CM", "AVERAGE 4", "RD 3", "IL 62", "MA 250", "5 PL"]
)
def test_clinical_shorthand_is_no_address(text):
    assert Category.ADDRESS not in forms(text)


# --- Ages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("92Y", 92),
        ("092Y", 92),
        ("92 YR", 92),
        ("92 YRS", 92),
        ("92YO", 92),
        ("92 Y/O", 92),
        ("92 YEARS OLD", 92),
        ("92-YEAR-OLD", 92),
        ("M92Y", 92),
        ("F 92Y", 92),
        ("(92Y)", 92),
        ("AGE 92", 92),
        ("AGE:92", 92),
        ("AGE = 92", 92),
        ("AGE: 092Y", 92),
        ("M/92", 92),
        ("92/F", 92),
        ("103 YRS", 103),
        ("45Y", 45),
        ("7Y", 7),
        # misread digits
        ("O92Y", 92),
        ("9O Y", 90),
        ("AGE 9O", 90),
        ("AGE: 9L", 91),
        # other languages
        ("92 JAHRE", 92),
        ("92 ANS", 92),
        ("92 ANNI", 92),
        ("92 ANOS", 92),
        ("ALTER 92", 92),
        ("EDAD: 92", 92),
    ],
)
def test_ages_are_found(text, years):
    assert {found for _, _, found in find_ages(text)} == {years}


@pytest.mark.parametrize(
    "text", ["92Y", "AGE: 103", "M/92", "M92Y", "AGE 9O", "DOE 92M", "F 92"]
)
def test_an_age_is_found_at_its_digits_and_unit(text):
    for start, end, _ in find_ages(text):
        assert text[start:end] in ("92", "103", "9O", "92Y")


@pytest.mark.parametrize(
    "text",
    [
        "92",
        "92 MM",
        "IMAGE 92",
        "92 YTTRIUM",
        "1.92Y",
        "120M",
        "DEPTH 92M 3",
        "12W",
        "DAY 3",
        "STAGE 92",
        "LY",
        "OY",
    ],
)
def test_other_numbers_are_no_ages(text):
    assert list(find_ages(text)) == []


# --- Months ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    ["MAR", "12MAR", "MAR2019", "12MAR2019", "05OCT19", "SEPT", "DEZ", "JUILLET", "3SEP"],
)
def test_tokens_that_name_a_month(token):
    assert names_a_month(token)


@pytest.mark.parametrize("token", ["12", "LEFT", "XMARX", "A12", "PORTABLE", "1A2B3"])
def test_tokens_that_name_no_month(token):
    assert not names_a_month(token)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .,:/-+()@", max_size=30))
def test_forms_lie_inside_the_text(text):
    for start, end, _ in find_forms(text, text, text, frozenset({"19540817"})):
        assert 0 <= start < end <= len(text)
    for start, end, years in find_ages(text):
        assert 0 <= start < end <= len(text)
        assert 0 <= years <= 999


@pytest.mark.parametrize(
    "text",
    [
        "NOU 22, 2010",
        "03-HAR-2019",
        "03HAR2019",
        "19:05:",
        "03/00/20",
        "13/32/2019",
    ],
)
def test_a_date_with_a_letter_or_digit_misread_is_one(text):
    assert Category.DATE in {
        each for _, _, each in find_forms(text, text, text, frozenset())
    }


@pytest.mark.parametrize(
    "text", ["SER 12 2000", "FOV 24 2000", "TE 10 2000", "XYZ 12 2000"]
)
def test_settings_before_numbers_are_no_months(text):
    assert not list(find_forms(text, text, text, frozenset()))
