"""Tables of measures: labels that no list holds stay, people in them do not."""

import pytest
from pydantic import SecretStr
from pydicom import Dataset

from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.policy import Policy
from maskray.records import TextLine
from maskray.rules import findings

HIGH = 20
NOBODY = Identifiers()


def page(*rows: str) -> list[TextLine]:
    """Lines of a page, one row under another; ``|`` parts the cells of a row."""
    lines = []
    for number, row in enumerate(rows):
        for column, text in enumerate(row.split("|")):
            x0, y0 = 10 + 160 * column, 30 * number
            box = Box(x0, y0, x0 + 11 * len(text), y0 + HIGH)
            lines.append(TextLine((0,), box, SecretStr(text), 0.99))
    return lines


def hidden(lines: list[TextLine], identifiers: Identifiers = NOBODY) -> set[str]:
    found = findings(lines, identifiers, Policy())
    return {each.text.get_secret_value() for each in found}


INLINE = ["Depth 14.0 cm", "Area 3.20 cm2", "Volume 48 ml", "Distance 3.1 mm"]
CELLS = ["Depth|14.0 cm", "Area|3.20 cm2", "Volume|48 ml", "Distance|3.1 mm"]


@pytest.mark.parametrize("rows", [INLINE, CELLS])
def test_an_unlisted_label_among_clinical_ones_stays(rows):
    sep = "|" if rows is CELLS else " "
    assert hidden(page(*rows)) == set()
    assert hidden(page(*rows[:2], f"Qxvor{sep}0.52 m/s", *rows[2:])) == set()


@pytest.mark.parametrize(
    "row",
    [
        "Wunderlux",  # no measure
        "Wunderlux 4711",  # a number may be anybody's
        "Wunderlux 167.5",
        "Wunderlux 24 Hz",
        "Wunderlux MI 1.1",
        "Wunderlux 45 kg",
        "Wunderlux 1.72 m",
        "Wunderlux 172 cm",
        "Xelse 067Y",
        "Wunderlux 9 m",
        "Wunderlux 95 cm",
        "Wunderlux 1958 ms",
        "Wunderlux Qxvor 3.2 cm",
        "by Wunderlux 4 mm",
        "with Wunderlux 4 mm",
        "Wunderlux J 4 mm",
        "QZ77A4 12 mm",
        "Gareth 4.9 cm",  # a name
        "Mbeki Left 3.2 cm",
    ],
)
def test_who_stands_among_measures_is_hidden(row):
    who = row.removeprefix("by ").removeprefix("with ").split()[0]
    assert who in " ".join(hidden(page(*INLINE[:2], row, *INLINE[2:])))


@pytest.mark.parametrize("value", ["4711", "1958", "167.5", "12/3", "12-34", "067Y"])
def test_a_cell_that_is_no_measure_makes_no_label(value):
    rows = [*CELLS[:2], f"Wunderlux|{value}", *CELLS[2:]]
    assert "Wunderlux" in hidden(page(*rows))


@pytest.mark.parametrize("rows", [["Qxvor 0.52 m/s", *INLINE], [*INLINE, "Qxvor 0.52 m/s"]])
def test_the_first_and_the_last_row_may_be_a_banner(rows):
    assert "Qxvor" in hidden(page(*rows))


@pytest.mark.parametrize(
    "label", ["Name|12", "Operator|48 ml", "Patient|14.0 cm", "Performed by|3 mm"]
)
def test_what_stands_below_a_label_is_its_value(label):
    rows = [*CELLS[:2], label, "Wunderlux|3.2 cm", *CELLS[2:]]
    assert "Wunderlux" in hidden(page(*rows))


def test_names_that_no_unit_follows_are_hidden_in_cells():
    rows = [*CELLS[:2], "Wunderlux|12.03.2019", *CELLS[2:]]
    assert {"Wunderlux", "12.03.2019"} <= hidden(page(*rows))


def test_a_table_needs_rows_and_most_of_them_clinical():
    assert "Qxvor" in hidden(page("Qxvor 0.52 m/s"))
    assert "Qxvor" in hidden(page("Depth 14.0 cm", "Qxvor 0.52 m/s", "Area 3.20 cm2"))
    people = ["Xelse 3.1 cm", "Wunderlux 4.1 cm", "Qxvor 2.2 cm", "Trabblix 1.9 cm"]
    assert len(hidden(page(*people, "Depth 14.0 cm"))) == len(people)


def test_rows_that_do_not_begin_at_one_column_are_no_table():
    lines = page(*INLINE, "Qxvor 0.52 m/s")
    last = lines[-1]
    aside = TextLine(last.frames, last.box.shift(90, 0), last.text, last.confidence)
    assert "Qxvor" in hidden([*lines[:-1], aside])


def test_rows_of_other_frames_are_not_of_the_table():
    lines = page(*INLINE, "Qxvor 0.52 m/s")
    last = lines[-1]
    later = TextLine((1,), last.box, last.text, last.confidence)
    assert "Qxvor" in hidden([*lines[:-1], later])


def test_an_identifier_of_the_header_is_hidden_wherever_it_stands():
    header = Dataset()
    header.PatientName = "QXVOR^ANNA"
    rows = page(*INLINE[:2], "Qxvor 0.52 m/s", *INLINE[2:])
    assert "Qxvor" in hidden(rows, collect(header))


@pytest.mark.parametrize(
    "row",
    ["JH|CHEST|PORTABLE", "KM|LEFT|LATERAL", "R|KM|4.5 cm", "PLT|Area|Depth", "JH|3.5 cm"],
)
def test_initials_beside_clinical_cells_are_hidden(row):
    initials = next(each for each in row.split("|") if len(each) > 1)
    assert hidden(page(row)) == {initials}


@pytest.mark.parametrize("line", ["QT 380 ms", "QT: 380 ms", "PLT 25 %", "EDP 12 mmHg"])
def test_short_forms_before_a_value_with_its_unit_are_clinical(line):
    assert hidden(page(line)) == set()


@pytest.mark.parametrize(
    "line",
    ["PLT 250", "PLT: 10.25", "PLT 12:30", "PLT 12/03/2019", "PLT 4711123", "PLT 12 05"],
)
def test_short_forms_before_dates_times_and_plain_numbers_are_not(line):
    assert line.split()[0].rstrip(":") in " ".join(hidden(page(line)))


ANGLES = [
    "SNQ|83.1\u00b0",
    "SNX|76.4\u00b0",
    "AQB|6.7\u00b0",
    "FMX|27.9\u00b0",
    "Witx|4.8mm",
    "IMX|95.2\u00b0",
]


def test_short_forms_are_the_labels_of_a_table_of_measures_within_it() -> None:
    assert hidden(page(*ANGLES)) == {"SNQ", "IMX"}
    assert "AQB" in hidden(page(*ANGLES[1:4]))


@pytest.mark.parametrize("row", ["KJ|4711", "KJO|12.03.1958", "Wunderlux|6.1\u00b0"])
def test_other_rows_of_such_a_table_are_hidden(row) -> None:
    assert row.split("|")[0] in hidden(page(*ANGLES[:3], row, *ANGLES[3:]))


def test_a_short_form_that_heads_a_column_of_values_stays():
    head, rows = "BPD|GA", ["51.1|21w4d", "190|21w2d", "166|21w5d"]
    assert hidden(page(head, *rows)) == set()
    assert hidden(page(head, *rows[:2])) == {"GA"}  # two values are no column
    assert hidden(page(head, *rows[:2], "166|KB")) >= {"GA"}


def test_a_short_form_between_settings_stays():
    assert hidden(page("14 Hz", "CW", "50%", "1.8 MHz")) == set()
    assert hidden(page("CW", "14 Hz", "50%", "Depth")) == {"CW"}  # a banner
    for initials in ("KB", "PC", "MA"):  # some are short forms, too
        assert hidden(page("14 Hz", initials, "50%", "1.8 MHz")) == {initials}
    assert "CW" in hidden(page("14 Hz", "OKONJWE", "CW", "50%", "1.8 MHz"))


def test_a_row_of_plain_decimals_under_units_is_a_row_of_measures():
    rows = ["Region|(g)|(cm2)", "Mid|2.71|5.10", "Total|5.07|11.33", "Neck|1.62|2.61"]
    assert hidden(page(*rows[:2], "Qxvor|1.34|3.62", *rows[2:])) == set()
    assert "Qxvor" in hidden(page(*rows[:2], "Qxvor|1.34|362", *rows[2:]))
    assert "Qxvor" in hidden(page(rows[0], "Qxvor|1.34|3.62", *rows[1:]))
    assert "Qxvor" in hidden(page(*rows[:2], "Qxvor|1.70|68.2", *rows[2:]))  # and heavy


SETTINGS = ["S5-1", "14 Hz", "DR 70", "50%", "1.8 MHz"]


@pytest.mark.parametrize("row", ["PQff", "BQH: B5", "Bqh:3"])
def test_a_setting_within_a_column_of_settings_stays(row):
    assert hidden(page(*SETTINGS[:3], row, *SETTINGS[3:])) == set()


@pytest.mark.parametrize(
    "row",
    "QB|QBH|Qxvo|qxvo|Gareth|QBH J|Dr. Qxvo|Qxvo 45|QB: 5|McQxv|DeQxv|LiWu|KimQ|qKim|vdB"
    "|AvK".split("|"),
)
def test_who_stands_among_settings_is_hidden(row):
    assert hidden(page(*SETTINGS[:3], row, *SETTINGS[3:]))


def test_a_column_with_a_person_in_it_has_no_settings():
    assert "PQff" in hidden(page("OKONJWE", *SETTINGS[:2], "PQff", *SETTINGS[2:]))
    assert "PQff" in hidden(page(*SETTINGS[:1], "PQff", *SETTINGS[1:]))
    assert "PQff" in hidden(page("Chest", "Left", "PQff", "Axial", "50%"))


def test_a_range_before_a_unit_of_its_own_is_no_date():
    def row(value: str, unit: str, gap: int = 4) -> set[str]:
        one, other = Box(10, 10, 60, 30), Box(60 + gap, 10, 100 + gap, 30)
        lines = [
            TextLine((0,), one, SecretStr(value), 0.99),
            TextLine((0,), other, SecretStr(unit), 0.99),
        ]
        return hidden(lines)

    assert row("10-12", "min") == set()
    assert row("10-12", "MIN") == row("10-12", "min", gap=60) == {"10-12"}
    assert row("10/12", "min") == {"10/12"}


def test_a_label_that_stands_says_what_stands_at_its_ends() -> None:
    label = TextLine((0,), Box(100, 100, 114, 150), SecretStr("TECH"), 0.99)
    above = TextLine((0,), Box(100, 60, 114, 90), SecretStr("AC"), 0.99)
    beside = TextLine((0,), Box(300, 110, 380, 130), SecretStr("Im: 24/107"), 0.99)
    assert hidden([label, above, beside]) == {"AC"}
    assert hidden([label, beside]) == set()
