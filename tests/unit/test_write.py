"""Step 11: a file that holds the picture, and nothing of what came beside it."""

import io
import random
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.PngImagePlugin
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from maskray import jpeg
from maskray.errors import MaskrayError, OutputError, RedactionError, UnsupportedPixelsError
from maskray.geometry import Box
from maskray.header import PixelWork, deidentify_header
from maskray.keys import Key
from maskray.mask import mask
from maskray.open import Instance, Kind
from maskray.settings import HeaderSettings, MaskSettings
from maskray.write import SUFFIX, encode, encode_image, strip_png
from tests.unit.builders import (
    CANARY,
    Frames,
    chunk,
    coded,
    dataset,
    image_file,
    opened,
    photo,
    random_frames,
    regions,
    released,
    samples_of,
    segment,
    written,
)

BOX = Box(17, 9, 30, 22)
BOXES = {0: [BOX]}
SECRET = CANARY.encode()
FILLS = ["black", "background"]


def masked_image(
    data: bytes, boxes: tuple[Box, ...] = (BOX,), fill: str = "black"
) -> bytes:
    instance = opened(data)
    settings_ = MaskSettings.model_validate({"fill": fill})
    return encode_image(mask(instance, regions({0: boxes}), settings_), boxes)


def picture(data: bytes, mode: str = "") -> Frames:
    with PIL.Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode) if mode else image).copy()


def spots(box: Box = BOX, rows: int = 48, columns: int = 64) -> Frames:
    held = np.zeros((rows, columns), bool)
    clipped = box.clip(rows, columns)
    assert clipped is not None
    held[clipped.index] = True
    return held


def exif(**more: int) -> PIL.Image.Exif:
    tags = PIL.Image.Exif()
    tags[0x010E] = tags[0x013B] = tags[0x0131] = f"{CANARY} Phoebe"
    tags[0x8769] = {0x9003: "1970:03:01 10:00:00", 0x9286: SECRET}
    tags[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    tags[0x927C] = SECRET
    for tag, value in more.items():
        tags[int(tag[1:])] = value
    return tags


def png_with_everything(samples: Frames, mode: str = "") -> bytes:
    """A PNG with text in every chunk that can hold some."""
    info = PIL.PngImagePlugin.PngInfo()
    info.add_text("Author", f"{CANARY} Phoebe")
    info.add_text("Comment", f"{CANARY} Phoebe" * 40, zip=True)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{CANARY}</x>", "en", CANARY)
    info.add(b"tIME", b"\x07\xb2\3\1\x0a\0\0")
    info.add(b"prVt", SECRET)
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    data = image_file(
        samples, "PNG", mode, pnginfo=info, exif=exif(), icc_profile=profile + SECRET
    )
    at = data.index(b"IDAT") - 4
    hidden = [(b"gAMA", SECRET), (b"sBIT", SECRET), (b"hIST", SECRET), (b"sPLT", SECRET)]
    extra = b"".join(chunk(kind, body) for kind, body in hidden)
    return data[:at] + extra + data[at:] + SECRET


def jpeg_with_everything(samples: Frames, **options: Any) -> bytes:
    """A JPEG with text, and a thumbnail, in every segment that can hold them."""
    thumbnail = image_file(photo(16, 16), "JPEG")
    data = image_file(
        samples, "JPEG", exif=exif(), comment=SECRET, icc_profile=SECRET, **options
    )
    more = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)
    more += segment(0xE1, b"Exif\0\0" + thumbnail)
    return data[:2] + more + data[2:] + SECRET + data


# --- PNG ------------------------------------------------------------------------------


def chunks(data: bytes) -> list[bytes]:
    kinds, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        assert (
            zlib.crc32(body).to_bytes(4, "big") == data[at + 8 + length : at + 12 + length]
        )
        kinds.append(body[:4])
        at += 12 + length
    assert at == len(data), "bytes after the last chunk"
    return kinds


MODES = ["L", "RGB", "P", "1", "LA", "RGBA"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boxes", [(), (BOX,)], ids=["clean", "masked"])
def test_a_png_is_released_without_metadata(mode, boxes):
    data = png_with_everything(photo(), mode)
    assert SECRET in data
    out = masked_image(data, boxes)
    assert SECRET not in out
    assert b"Phoebe" not in out
    allowed = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"cHRM", b"gAMA"}
    assert set(chunks(out)) <= allowed
    with PIL.Image.open(io.BytesIO(out)) as image:
        image.load()
        assert not image.getexif()
        assert not {"icc_profile", "exif", "Comment", "Author", "xmp"} & set(image.info)
        assert not getattr(image, "text", {})
    assert opened(out).kind is Kind.PNG


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", MODES)
def test_a_png_without_a_box_keeps_its_image_data(mode):
    data = png_with_everything(photo(), mode)
    out = masked_image(data, ())
    at = data.index(b"IDAT") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    assert data[at : at + 12 + length] in out
    assert np.array_equal(picture(data), picture(out))


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("mode", MODES)
def test_a_png_changes_inside_the_boxes_only(mode, fill):
    data = image_file(photo(), "PNG", mode)
    out = masked_image(data, (BOX,), fill)
    with PIL.Image.open(io.BytesIO(out)) as image:
        assert image.mode == mode
    before, after = picture(data, "RGBA"), picture(out, "RGBA")
    held = spots()
    assert np.array_equal(before[~held], after[~held])
    assert np.ptp(after[held], axis=0).max() == 0
    if fill == "black" and mode != "P":
        assert after[held][0].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("fill", FILLS)
def test_grey_of_16_bits_stays_exact(fill):
    samples = random_frames((48, 64), 16)
    out = masked_image(image_file(samples, "PNG"), (BOX,), fill)
    after = picture(out)
    assert after.dtype == np.uint16
    assert np.array_equal(after[~spots()], samples[~spots()])
    assert np.ptp(after[spots()]) == 0


@pytest.mark.parametrize("colours", [2, 7, 200, 256])
@pytest.mark.parametrize("transparent", [None, 1, bytes([0, 90, 255])])
def test_a_palette_keeps_its_indices_colours_and_transparency(colours, transparent):
    image = PIL.Image.fromarray(photo()).quantize(colours)
    buffer = io.BytesIO()
    options = {} if transparent is None else {"transparency": transparent}
    image.save(buffer, "PNG", **options)
    out = masked_image(buffer.getvalue())
    before, after = picture(buffer.getvalue(), "RGBA"), picture(out, "RGBA")
    assert np.array_equal(before[~spots()], after[~spots()])
    assert np.ptp(after[spots()], axis=0).max() == 0
    assert np.array_equal(picture(buffer.getvalue())[~spots()], picture(out)[~spots()])


def test_transparency_is_opaque_where_the_mask_is():
    alpha = random_frames((48, 64), 8)
    out = masked_image(image_file(np.dstack([photo(), alpha]), "PNG"))
    after = picture(out)
    assert (after[spots()][:, 3] == 255).all()
    assert np.array_equal(after[~spots()][:, 3], alpha[~spots()])


def test_chunks_longer_than_they_can_be_are_text():
    plain = image_file(photo(), "PNG")
    for kind in (b"gAMA", b"sBIT", b"sRGB", b"cHRM"):
        data = plain[:33] + chunk(kind, SECRET * 5) + plain[33:]
        assert strip_png(data) == plain
    good = chunk(b"gAMA", struct.pack(">I", 45455))
    assert strip_png(plain[:33] + good + plain[33:]) == plain[:33] + good + plain[33:]


def test_nothing_comes_after_the_end_of_a_png():
    plain = image_file(photo(), "PNG")
    assert strip_png(plain + SECRET) == plain
    assert strip_png(plain[:-12] + chunk(b"IEND", SECRET)) == plain
    assert strip_png(plain + plain[8:]) == plain


def test_a_png_cut_off_is_refused():
    plain = image_file(photo(), "PNG")
    for size in range(8, len(plain)):
        if size >= len(plain) - 4:
            continue  # the checksum of an empty chunk
        with pytest.raises(UnsupportedPixelsError):
            strip_png(plain[:size])


# --- JPEG -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("boxes", [(), (BOX,)], ids=["clean", "masked"])
def test_a_jpeg_is_released_without_metadata(samples, options, boxes):
    data = jpeg_with_everything(photo(samples=samples), **options)
    assert SECRET in data
    out = masked_image(data, boxes)
    assert SECRET not in out
    assert b"Phoebe" not in out
    assert b"Exif" not in out
    assert out.count(b"\xff\xd8") == 1
    assert out.endswith(b"\xff\xd9")
    with PIL.Image.open(io.BytesIO(out)) as image:
        image.load()
        assert set(image.info) <= {
            "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi",
            "progressive", "progression", "adobe", "adobe_transform",
        }  # fmt: skip
    assert opened(out).kind is Kind.JPEG


@pytest.mark.parametrize("samples", [1, 3])
def test_a_jpeg_without_a_box_keeps_its_scan(samples):
    data = image_file(photo(samples=samples), "JPEG")
    assert masked_image(data, ()) == data


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (1, {}),
        (3, {"subsampling": 0}),
        (3, {"subsampling": 2}),
        (3, {"keep_rgb": True}),
        (3, {"progressive": True}),
    ],
)
def test_a_jpeg_changes_in_the_blocks_of_the_boxes_only(samples, options, fill):
    data = image_file(photo(samples=samples), "JPEG", quality=95, **options)
    out = masked_image(data, (BOX,), fill)
    before, after = picture(data, "RGB").astype(int), picture(out, "RGB").astype(int)
    may_change = spots(jpeg.touched(BOX, samples == 3))
    assert np.array_equal(before[~may_change], after[~may_change])
    inner = after[BOX.grow(-1, -1).index]
    assert np.ptp(inner, axis=(0, 1)).max() <= 3
    around = before[spots(BOX.grow(3, 3)) & ~spots()]
    if fill == "black":
        assert inner.max() <= 3
    else:
        assert np.abs(inner[3, 3] - np.median(around, axis=0)).max() <= 8


def test_a_box_outside_a_jpeg_is_an_error():
    source = opened(image_file(photo(), "JPEG"))
    with pytest.raises(RedactionError):
        encode_image(source, (Box(64, 0, 70, 5),))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("boxes", [(), (BOX,)], ids=["clean", "masked"])
def test_the_orientation_of_a_jpeg_is_kept_and_nothing_else_of_exif(orientation, boxes):
    data = image_file(photo(), "JPEG", exif=exif(t274=orientation))
    out = masked_image(data, boxes)
    assert SECRET not in out
    with PIL.Image.open(io.BytesIO(out)) as image:
        kept = dict(image.getexif())
        assert image.size == (64, 48)
    assert kept == ({0x0112: orientation} if orientation > 1 else {})


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_orientation_that_is_none_is_not_kept(orientation):
    data = image_file(photo(), "JPEG", exif=exif(t274=orientation))
    assert b"Exif" not in masked_image(data, ())


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_exif_is_no_reason_to_fail(seed):
    generator = random.Random(seed)
    body = bytearray(exif(t274=6).tobytes())
    for _ in range(generator.randrange(1, 8)):
        body[generator.randrange(6, len(body))] = generator.randrange(256)
    body = body[: generator.randrange(6, len(body))]
    plain = image_file(photo(16, 16), "JPEG")
    data = plain[:2] + segment(0xE1, bytes(body)) + plain[2:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        out = encode_image(opened(data), ())
    assert SECRET not in out
    assert np.array_equal(picture(out), picture(plain))


def test_exif_that_is_no_tiff_is_no_reason_to_fail():
    plain = image_file(photo(), "JPEG", dpi=(72, 72))
    body = b"Exif\0\0M\xff\0*\0\0\0\x08\0\0" + SECRET  # Pillow raises SyntaxError
    data = plain[:2] + segment(0xE1, body) + plain[2:]
    assert encode_image(opened(data), ()) == plain


def test_a_picture_that_pillow_cannot_save_is_an_error_of_ours(monkeypatch):
    source = opened(image_file(photo(), "PNG"))

    def refuse(*_args, **_options):
        raise OSError(CANARY)

    monkeypatch.setattr(PIL.Image.Image, "save", refuse)
    with pytest.raises(OutputError) as caught:
        encode_image(source, (BOX,))
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_each_kind_has_its_suffix():
    assert set(SUFFIX) == set(Kind)
    assert all(suffix.startswith(".") for suffix in SUFFIX.values())


# --- DICOM ----------------------------------------------------------------------------


def cleaned(source: Instance) -> bytes:
    """Masked, and with the header as it would be released."""
    masked = mask(source, regions(BOXES), MaskSettings())
    header = deidentify_header(
        masked.dataset,
        Key(b"the key of this test module"),
        HeaderSettings(),
        PixelWork(examined=True, masked=True),
        source.identifiers.raw,
    )
    return encode(replace(masked, dataset=header))


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
    ],
    ids=lambda uid: uid.name,
)
def test_dicom_that_was_written_opens_again(syntax):
    frames = random_frames((2, 48, 64), 12)
    streams = coded(frames, syntax, 12) if syntax.is_encapsulated else None
    source = written(dataset(frames, bits=12, syntax=syntax, streams=streams))
    source = b"II*\0" + SECRET + bytes(124 - len(SECRET)) + source[128:]
    assert source[128:132] == b"DICM"
    out = cleaned(opened(source))
    assert out[:128] == bytes(128)
    assert out[128:132] == b"DICM"
    assert SECRET not in out
    assert SECRET.upper() not in out.upper()
    again = opened(out)
    assert again.pixels.transfer_syntax == syntax
    after = samples_of(again)
    held = np.stack([spots(), np.zeros((48, 64), bool)])
    assert np.array_equal(after[~held], frames[~held])
    assert not after[held].any()
    theirs = pydicom.dcmread(io.BytesIO(out))
    assert np.array_equal(theirs.pixel_array, after)
    assert theirs.file_meta.MediaStorageSOPInstanceUID == theirs.SOPInstanceUID
    assert UID(theirs.SOPInstanceUID).is_valid
    group_length = theirs.file_meta.FileMetaInformationGroupLength
    assert group_length > 0


def test_a_file_without_preamble_is_written_with_one():
    out = encode(opened(written(dataset(random_frames((1, 48, 64), 8)))[132:]))
    assert out[:132] == bytes(128) + b"DICM"


def test_what_comes_after_the_pixels_is_not_written():
    data = written(dataset(random_frames((1, 48, 64), 8)))
    try:
        out = cleaned(opened(data + SECRET * 50))
    except MaskrayError:
        return
    assert SECRET not in out


def test_padding_of_pixel_data_is_even():
    result = released(opened(dataset(random_frames((1, 47, 63), 8))), BOXES)
    assert len(result.dataset.PixelData) % 2 == 0


def test_a_dataset_that_cannot_be_written_is_an_error_that_says_nothing():
    source = opened(dataset(random_frames((1, 48, 64), 8)))
    broken = released(source, {}).dataset
    broken["Rows"]._value = f"{CANARY}^Phoebe"
    with pytest.raises(OutputError) as caught:
        encode(replace(source, dataset=broken))
    assert caught.value.code == "not_encodable"
    assert CANARY not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_dataset_without_a_name_cannot_be_written():
    source = opened(dataset(random_frames((1, 48, 64), 8)))
    del source.dataset.SOPInstanceUID
    source.dataset.file_meta.clear()
    with pytest.raises(OutputError):
        encode(source)
