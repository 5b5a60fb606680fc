"""What EasyOCR's reading changes, and what it never may."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from maskray import rules
from maskray.detect import Seen
from maskray.geometry import Box
from maskray.locate import Located
from maskray.open import Instance
from maskray.read import Reading
from maskray.records import Category, TextLine
from maskray.render import Shown
from maskray.second_opinion import Eyes, second_opinion
from maskray.settings import GateSettings, Settings
from maskray.spelling import Sight
from maskray.spots import Spot
from tests.unit.builders import dataset, opened, sight

ROWS, COLUMNS = 200, 400
PLACE = Box(20, 40, 140, 60)


class SecondEngine:
    """Says what it is told to, and remembers where it was asked."""

    def __init__(self, *said: tuple[str, float]) -> None:
        self.said = said
        self.asked: list[Box] = []

    def read(self, _view: Any, places: Any, _heights: Any, **_: Any) -> list[Located]:
        self.asked += places
        return [Located(PLACE, SecretStr(text), sure) for text, sure in self.said]


class FirstEngine:
    """Reads, trying harder, what it is told to: in one view, all others are alike."""

    def __init__(self, *said: str, sees: Sight | None = None) -> None:
        self.said = list(said)
        self.sees = [] if sees is None else [sees]

    def read_again(self, _view: Any, spot: Spot) -> list[Reading]:
        said, self.said = self.said, []
        return [Reading(spot, SecretStr(text), 0.9) for text in said]

    def sights(self, _view: Any, _spot: Spot) -> list[Sight]:
        return self.sees


def instance(frames: int = 1, **elements: Any) -> Instance:
    ds = dataset(
        np.zeros((frames, ROWS, COLUMNS), np.uint8) + np.arange(COLUMNS, dtype=np.uint8)
    )
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return opened(ds)


def line(text: str, box: Box = PLACE, confidence: float = 0.9, **more: Any) -> TextLine:
    return TextLine((0,), box, SecretStr(text), confidence, view="full", **more)


def judged(
    seen: Seen,
    engine: SecondEngine,
    settings: Settings | None = None,
    again: FirstEngine | None = None,
    third: Any = None,
    **elements: Any,
):
    source, settings = instance(**elements), settings or Settings()
    first = rules.findings(seen.lines, source.identifiers, settings.policy)
    after, found, _ = second_opinion(
        source,
        seen,
        first,
        Eyes(again or FirstEngine(), engine, third),  # type: ignore[arg-type]
        settings,
        Shown(source.dataset, source.pixels),
    )
    return after, [(each.category, each.text.get_secret_value()) for each in found]


@pytest.mark.parametrize(
    ("read", "second", "found"),
    [
        pytest.param("Dalay 57 s", "Delay 57 s", [], id="a clinical word misread"),
        pytest.param("Xqzt 57 s", "Xqzt 57 s", [(Category.UNKNOWN, "Xqzt")], id="unknown"),
        pytest.param("SMITH", "LEFT", [(Category.NAME, "SMITH")], id="of another text"),
        pytest.param("HANDQ", "HAND", [(Category.UNKNOWN, "HANDQ")], id="certain"),
        pytest.param("1234567", "123 45", [(Category.OTHER_ID, "1234567")], id="a number"),
        pytest.param("JX", "J X", [(Category.UNKNOWN, "JX")], id="falls apart"),
    ],
)
def test_unknown_text_is_read_by_the_second_engine(read, second, found) -> None:
    others = (SecretStr(read),) * 3 if read == "HANDQ" else ()
    _, now = judged(Seen((line(read, others=others),)), SecondEngine((second, 0.9)))
    assert now == found


def test_text_with_a_name_is_not_read_again() -> None:
    engine = SecondEngine(("anything", 0.9))
    seen, found = judged(Seen((line("LEFT"), line("12/03/2019"))), engine)
    assert engine.asked == []
    assert found == [(Category.DATE, "12/03/2019")]
    assert len(seen.lines) == 2


def test_an_identifier_of_the_header_is_never_acquitted() -> None:
    engine = SecondEngine(("LATERAL", 0.9))
    _, found = judged(Seen((line("LATERALO"),)), engine, PatientName="LATERALO^ANNA")
    assert engine.asked == []
    assert [category for category, _ in found] == [Category.NAME]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ((), []),
        ((("Xqztw", 0.1),), []),
        ((("Xqztw", 0.4),), [(Category.UNKNOWN, "Xqztw")]),
        ((("Xq", 0.4),), []),
        ((("Xq", 0.6),), [(Category.UNKNOWN, "Xq")]),
        ((("LEFT", 0.4),), []),
    ],
)
def test_a_place_that_could_not_be_read(said, found) -> None:
    doubtful = line("?", confidence=0.3)
    assert judged(Seen((), (doubtful,)), SecondEngine(*said))[1] == found


def test_a_large_place_that_could_not_be_read_is_not_forgotten() -> None:
    large = line("?", Box(20, 40, 380, 140), 0.3)
    engine = SecondEngine(("Xqztw", 0.9))
    assert judged(Seen((), (large,)), engine)[1] == [(Category.UNKNOWN, "Xqztw")]


def read_again(text: str, *others: str, confidence: float = 0.7) -> TextLine:
    """A line that was read again, as the others say."""
    return line(text, confidence=confidence, others=tuple(map(SecretStr, others)))


def test_an_uncertain_name_that_was_read_again_is_not_texture() -> None:
    seen, found = judged(Seen((read_again("LEE", "LEF"),)), SecondEngine())
    assert len(seen.lines) == 1
    assert found == [(Category.NAME, "LEE")]


@pytest.mark.parametrize(("text", "others"), [("LEE", ()), ("XQEW", ("Q1",))])
def test_a_short_reading_that_nobody_makes_again_is_texture(text, others) -> None:
    only = read_again(text, *others)
    assert judged(Seen((only,)), SecondEngine())[0].lines == ()
    assert judged(Seen((only,)), SecondEngine((text, 0.4)))[0].lines
    assert judged(Seen((only,)), SecondEngine(("L", 0.1)))[0].lines == ()


@pytest.mark.parametrize(
    "line",
    [
        read_again("LEE", "Q1"),
        read_again("XQEW", "X Q E W"),
        read_again("XQEW", confidence=0.9),
        read_again("XQEWZK"),
        replace(read_again("XQEW"), frames=(0, 1)),
    ],
)
def test_another_reading_or_a_name_or_more_letters_are_not(line) -> None:
    assert len(judged(Seen((line,)), SecondEngine())[0].lines) == 1


@pytest.mark.parametrize(("other", "kept"), [("\u56fd", 0), ("\u516b", 1)])
def test_a_letter_beyond_latin_is_text_if_it_is_read_so_again(other, kept) -> None:
    foreign = read_again("\u516b", other, other, confidence=0.9)
    assert len(judged(Seen((foreign,)), SecondEngine())[0].lines) == kept


def test_what_stands_where_other_text_stands_is_not_texture() -> None:
    elsewhere = replace(line("19:05:09"), frames=(1,))
    lines = (read_again("LEE"), elsewhere)
    assert judged(Seen(lines), SecondEngine())[0].lines == lines


def test_a_few_uncertain_letters_that_nobody_else_sees_are_texture() -> None:
    assert judged(Seen((read_again("TH", "TH"),)), SecondEngine())[0].lines == ()
    assert len(judged(Seen((read_again("THORX", "THORX"),)), SecondEngine())[0].lines) == 1


@pytest.mark.parametrize(
    ("again", "found"),
    [
        (("XQ L CC", "XQ L CC", "O L CC"), [(Category.UNKNOWN, "XQ")]),
        (("XQ L CC", "XO L CC"), []),
        (("L", "L"), []),
        (("LEFT LATERAL",) * 2, []),
    ],
)
def test_what_the_first_engine_reads_twice_counts_if_it_is_more(again, found) -> None:
    doubtful = line("?", confidence=0.3)
    second = SecondEngine(("L CC", 0.9))
    assert judged(Seen((), (doubtful,)), second, again=FirstEngine(*again))[1] == found


def test_what_the_second_engine_reads_counts_beside_it() -> None:
    seen = Seen((), (line("?", confidence=0.3),))
    again = FirstEngine(*("LEFT LATERAL",) * 2)
    _, found = judged(seen, SecondEngine(("Xqztw", 0.9)), again=again)
    assert found == [(Category.UNKNOWN, "Xqztw")]


@pytest.mark.parametrize(
    ("gate", "elements", "asked"),
    [
        (GateSettings(), {}, False),
        (GateSettings(), {"BurnedInAnnotation": "NO"}, False),
        (GateSettings(), {"BurnedInAnnotation": "YES"}, True),
        (GateSettings(enabled=False), {}, True),
        (GateSettings(audit_share=1.0), {}, True),
    ],
)
def test_the_whole_frame_is_looked_at_where_there_is_reason(gate, elements, asked) -> None:
    engine = SecondEngine(("Xqztw", 0.9))
    _, found = judged(Seen(), engine, Settings(gate=gate), **elements)
    assert bool(engine.asked) is asked
    assert found == ([(Category.UNKNOWN, "Xqztw")] if asked else [])


def test_a_word_that_spells_a_clinical_one_as_likely_is_clinical() -> None:
    mox = line("SUV mox 11", others=(SecretStr("SUV mox 11"),) * 2)
    seen, found = judged(Seen((mox,)), SecondEngine())
    assert found == [(Category.UNKNOWN, "mox")]
    blurred = FirstEngine(sees=sight("SUV mox 11", at5_a=0.9))
    seen, found = judged(Seen((mox,)), SecondEngine(), again=blurred)
    assert found == []
    assert seen.lines[0].meant == SecretStr("SUV max 11")
    upright = replace(mox, box=Box(20, 40, 40, 160))
    assert judged(Seen((upright,)), SecondEngine(), again=blurred)[1] == []
    spelled = replace(mox, others=(SecretStr("SUV 12/03/2019"),))
    assert judged(Seen((spelled,)), SecondEngine(), again=blurred)[1] != []


def test_an_item_of_a_row_means_what_it_means_in_the_row() -> None:
    row = line("SUV mox 11", others=(SecretStr("SUV mox 11"),) * 2)
    blurred = FirstEngine(sees=sight("SUV mox 11", at5_a=0.9))
    item = replace(row, frames=(1,), text=SecretStr("mox "), box=Box(60, 40, 90, 60))
    seen, found = judged(Seen((row, item)), SecondEngine(), again=blurred, frames=2)
    assert found == []
    assert seen.lines[1].meant == SecretStr("max")
    for other in (
        replace(item, box=Box(60, 80, 90, 100)),
        replace(item, text=SecretStr("moxx")),
        replace(item, frames=(0,)),
    ):
        _, found = judged(Seen((row, other)), SecondEngine(), again=blurred, frames=2)
        assert found == [(Category.UNKNOWN, other.text.get_secret_value().strip())]


@pytest.mark.parametrize(
    ("box", "findings"), [(Box(20, 40, 80, 60), 0), (Box(20, 40, 40, 100), 1)]
)
def test_a_few_letters_that_are_tall_are_not_turned(box: Box, findings: int) -> None:
    lone = line("mox", box, confidence=0.99)
    certain = FirstEngine(sees=sight("max", at1_o=0.5))
    assert len(judged(Seen((lone,)), SecondEngine(), again=certain)[1]) == findings


def test_a_whole_frame_that_is_high_is_read_as_it_stands() -> None:
    shown = Box(10, 20, 60, 36)

    class Lying(SecondEngine):
        def read(self, _view: Any, places: Any, _heights: Any, **_: Any) -> list[Located]:
            self.asked += places
            upright = _view.shape[0] > _view.shape[1]
            return [Located(shown, SecretStr("XQZTW"), 0.9)] if upright else []

    ds = dataset(np.zeros((1, 400, 100), np.uint8) + np.arange(100, dtype=np.uint8))
    ds.BurnedInAnnotation = "YES"
    source = opened(ds)
    _, found, _ = second_opinion(
        source,
        Seen(),
        [],
        Eyes(FirstEngine(), Lying()),  # type: ignore[arg-type]
        Settings(),
        Shown(source.dataset, source.pixels),
    )
    assert [each.box for each in found] == [shown]


def test_a_few_letters_as_large_as_a_body_are_texture_if_nobody_else_sees_them() -> None:
    twice = (SecretStr("DQ"),) * 2
    large = line("DQ", Box(20, 40, 140, 110), 0.96, others=twice)
    assert judged(Seen((large,)), SecondEngine())[0].lines == ()
    assert judged(Seen((large,)), SecondEngine(("DQ", 0.9)))[0].lines
    small = line("DQ", Box(20, 40, 60, 64), 0.96, others=twice)
    assert judged(Seen((small,)), SecondEngine())[0].lines
    long = line("DQXW", Box(20, 40, 140, 110), 0.96, others=twice)
    assert judged(Seen((long,)), SecondEngine())[0].lines


def test_other_texture_in_the_same_place_tells_nothing() -> None:
    smaller = replace(line("R", Box(30, 45, 40, 52)), frames=(1,))
    lines = (read_again("LEE"), smaller)
    assert judged(Seen(lines), SecondEngine())[0].lines == (smaller,)


@pytest.mark.parametrize(
    ("rows", "sure", "kept"),
    [
        pytest.param(2, 0.97, 0, id="two rows"),
        pytest.param(2, 0.7, 1, id="not sure themselves"),
        pytest.param(1, 0.97, 1, id="one row"),
    ],
)
def test_a_doubtful_line_over_two_rows_that_were_read_is_a_block(rows, sure, kept) -> None:
    block = line("Xqzlem", Box(20, 30, 120, 90), 0.67)
    read = [
        line(text, Box(10, 32 + 26 * row, 130, 54 + 26 * row), sure)
        for row, text in enumerate(("Dist 76.5 mm", "SV Angle 60")[:rows])
    ]
    after, _ = judged(Seen((block, *read)), SecondEngine(("Xqzlem", 0.9)))
    assert sum(each.text.get_secret_value() == "Xqzlem" for each in after.lines) == kept


@pytest.mark.parametrize(
    ("text", "others", "sure", "kept"),
    [
        pytest.param("HQ", ("CHI", "CHI", "H"), 0.99, 1, id="said twice"),
        pytest.param("HQ", ("CHI", "H"), 0.99, 2, id="said once"),
        pytest.param("HQ", ("CHI", "CHI"), 0.9, 2, id="not surely"),
        pytest.param("Roe", ("LUNG", "LUNG"), 0.99, 2, id="a name"),
    ],
)
def test_a_reading_whose_others_say_what_a_surer_line_says_there_is_that_line(
    text, others, sure, kept
) -> None:
    surer = line(others[0], confidence=sure)
    doubted = line(text, confidence=0.85, others=tuple(map(SecretStr, others)))
    seen, _ = judged(Seen((surer, doubted)), SecondEngine(("QX", 0.9)))
    assert len(seen.lines) == kept


@pytest.mark.parametrize(("text", "frames"), [("Xqzlem", (0, 1, 2)), ("KOWALSKI", (0,))])
def test_a_line_of_other_frames_or_a_name_is_no_block(text, frames) -> None:
    block = replace(line(text, Box(20, 30, 120, 90), 0.67), frames=frames)
    rows = [
        line(each, Box(10, 32 + 26 * row, 130, 54 + 26 * row), 0.97)
        for row, each in enumerate(("Dist 76.5 mm", "SV Angle 60"))
    ]
    after, _ = judged(Seen((block, *rows)), SecondEngine((text, 0.9)), frames=3)
    assert block.text in [each.text for each in after.lines]


class ThirdEngine:
    """Spells what it is told to, and counts how often it was asked."""

    def __init__(self, said: str | None) -> None:
        self.said = None if said is None else SecretStr(said)
        self.asked = 0

    def spell(self, _picture: Any) -> SecretStr | None:
        self.asked += 1
        return self.said


@pytest.mark.parametrize(
    ("read", "third", "found"),
    [
        pytest.param("IH", "THI", [], id="letters that were lost"),
        pytest.param("Byn R 62 dB", "Dyn R 62 dB", [], id="a letter misread"),
        pytest.param("Baker cyat", "Baker cyst", [], id="an eponym that it reads too"),
        pytest.param("QUILLF", "QUILLF", ["QUILLF"], id="what nobody knows"),
        pytest.param("QUILLF", "LUNG", ["QUILLF"], id="something else"),
        pytest.param("Byn R 62 dB", "Dyn R 82 dB", ["Byn"], id="other figures"),
        pytest.param("IH", None, ["IH"], id="nothing"),
        pytest.param("GARCIA", "GAIN", ["GARCIA"], id="a name"),
        pytest.param("Lungu", "Lung", ["Lungu"], id="a letter less"),
        pytest.param("Pelvin", "Pelvis", ["Pelvin"], id="a letter that looks otherwise"),
        pytest.param("Listrancjoint", "Lisfranc joint", [], id="a letter that looks alike"),
        pytest.param("HEOD", "DOE HEAD", ["HEOD"], id="the header's name"),
    ],
)
def test_tesseract_acquits_only_what_it_spells_as_clinical(read, third, found) -> None:
    engine = ThirdEngine(third)
    seen = Seen((line(read),))
    second = SecondEngine(("~", 0.9))
    _, after = judged(seen, second, third=engine, PatientName="DOE^JOHN")
    assert [text for _, text in after] == found
    assert engine.asked


@pytest.mark.parametrize(("second", "found"), [("Byn R 62 dB", ["Byn"]), ("Djm", [])])
def test_tesseract_is_outvoted_where_the_others_agree(second, found) -> None:
    engine = SecondEngine((second, 0.9))
    _, after = judged(
        Seen((line("Byn R 62 dB"),)), engine, third=ThirdEngine("Dyn R 62 dB")
    )
    assert [text for _, text in after] == found


def test_tesseract_is_not_asked_of_what_is_certain_or_phi_by_its_form() -> None:
    engine = ThirdEngine("LUNG")
    lines = (line("LUNG"), line("12.03.1958", PLACE.grow(0, 30)))
    judged(Seen(lines), SecondEngine(), third=engine)
    assert engine.asked == 0


def test_tesseract_sees_a_line_that_stands_turned_to_either_side() -> None:
    pictures: list[tuple[int, ...]] = []

    class Looking(ThirdEngine):
        def spell(self, picture: Any) -> SecretStr | None:
            pictures.append(picture.shape[:2])
            return super().spell(picture)

    standing = line("QXZVW", Box(50, 40, 70, 160))
    judged(Seen((standing,)), SecondEngine(), third=Looking(None))
    assert pictures
    assert all(rows < columns for rows, columns in pictures)
    assert len(pictures) % 2 == 0


def test_easyocr_looks_behind_a_label_whose_value_was_not_read() -> None:
    label = line("SSN", Box(20, 40, 60, 60))
    engine = SecondEngine(("000-70-8719", 0.6))
    _, found = judged(Seen((label,)), engine)
    assert {text for _, text in found} == {"000-70-8719"}
    assert engine.asked
    assert all(each.x0 >= 40 for each in engine.asked)
    value = line("000-70-8719", Box(80, 40, 180, 60))
    there = SecondEngine(("LUNG", 0.6))
    judged(Seen((label, value)), there)
    assert not there.asked


@pytest.mark.parametrize(
    ("label", "value"), [("Patient ID:", "1234"), ("Name:", "Tan"), ("Operator:", "SE")]
)
def test_what_is_read_behind_a_label_is_what_it_says(label: str, value: str) -> None:
    engine = SecondEngine((value, 0.9))
    engine_box = line(label, Box(2, 40, 16, 54))
    _, found = judged(Seen((engine_box,)), engine)
    assert {text for _, text in found} == {value}
    _, alone = judged(Seen((line("Depth", engine_box.box),)), engine)
    assert not alone


def test_the_next_label_below_and_clinical_text_are_no_values() -> None:
    upper = line("Name:", Box(20, 20, 60, 40))
    for below, looks in (("MRN:", True), ("CHEST PA", True), ("OKONJWE", False)):
        engine = SecondEngine()
        judged(Seen((upper, line(below, Box(20, 44, 60, 64)))), engine)
        assert any(each.x0 > 40 and each.y0 < 40 for each in engine.asked) is looks


def test_what_another_view_shows_plainly_is_no_phi() -> None:
    read = line("Fal Sal", confidence=0.98)
    plain = FirstEngine(sees=sight("Fat Sat"))
    assert judged(Seen((read,)), SecondEngine(), again=plain)[1] == []
    agreed = SecondEngine(("Fal Sal", 0.9))
    assert judged(Seen((read,)), agreed, again=plain)[1]
    blind = FirstEngine(sees=sight("Fal Sal"))
    assert judged(Seen((read,)), SecondEngine(), again=blind)[1]


def test_slices_of_a_heart_in_a_row_are_no_text() -> None:
    slices = line("UUUUUUU", confidence=0.84)
    assert judged(Seen((slices,)), SecondEngine())[1] == []
    assert judged(Seen((slices,)), SecondEngine(("vU", 0.1)))[1] == []
    for read in ("UUUUUUU", "ULIANOVA"):
        assert judged(Seen((slices,)), SecondEngine((read, 0.9)))[1]
    for other in ("UUUUUUA", "1111111"):
        assert judged(Seen((line(other, confidence=0.84),)), SecondEngine())[1]


def test_teeth_that_look_like_zeros_are_no_text() -> None:
    teeth = line("00000", Box(0, 20, 390, 180), confidence=0.99)
    assert judged(Seen((teeth,)), SecondEngine())[1] == []
    assert judged(Seen((teeth,)), SecondEngine(("0000", 0.9)))[1] == []
    assert judged(Seen((teeth,)), SecondEngine(("SMITH", 0.9)))[1]
    assert judged(Seen((teeth,)), SecondEngine(("OTTO", 0.9)))[1]
    small = line("00000", Box(20, 40, 140, 60))
    assert judged(Seen((small,)), SecondEngine(("00000", 0.9)))[1]
    digits = line("40718", Box(0, 20, 390, 180), confidence=0.99)
    assert judged(Seen((digits,)), SecondEngine())[1]


def test_what_is_read_elsewhere_takes_no_label_from_a_value() -> None:
    label, value = line("Operator:", Box(20, 20, 110, 40)), line("AC", Box(20, 44, 50, 64))
    noise = line("?", PLACE, 0.3)
    quiet = judged(Seen((label, value)), SecondEngine())[1]
    loud = judged(Seen((label, value), (noise,)), SecondEngine(("lJxI", 0.3)))[1]
    assert (Category.OPERATOR, "AC") in quiet
    assert set(quiet) <= set(loud)


@pytest.mark.parametrize("value", [Box(40, 20, 54, 90), Box(40, 150, 54, 190)])
def test_easyocr_looks_behind_a_label_that_stands(value: Box) -> None:
    label = line("TEC", Box(40, 100, 54, 146))
    engine = SecondEngine()
    judged(Seen((label,)), engine)
    assert len(engine.asked) == 4  # above and below, turned to either side
    one_end = SecondEngine()
    judged(Seen((label, line("LUNG", value))), one_end)
    assert len(one_end.asked) == 2
