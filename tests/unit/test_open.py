"""Step 1: what is an image is recognised by content; all else is an error that is mute.

Every source here holds a canary, and no error may show it: not in ``str`` or ``repr``,
not in a traceback, not in its arguments.
"""

import gzip
import io
import logging
import pickle
import struct
import subprocess
import sys
import traceback
import warnings
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RTStructureSetStorage,
)

from maskray.errors import InputError, MaskrayError, UnsupportedPixelsError
from maskray.open import Instance, Kind, gunzip, open_instance, read_dicom
from maskray.settings import LimitSettings
from tests.unit.builders import (
    CANARY,
    LIMITS,
    add_palette,
    chunk,
    coded,
    dataset,
    image_file,
    opened,
    photo,
    random_frames,
    samples_of,
    segment,
    written,
)

FRAMES = random_frames((2, 12, 14), 8)


def refused(data: bytes, limits: LimitSettings = LIMITS) -> MaskrayError:
    """The error that opening raises, proven to say nothing of the source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(MaskrayError) as caught:
            samples_of(open_instance(data, limits))
    prove_mute(caught.value)
    return caught.value


def prove_mute(error: MaskrayError) -> None:
    shown = [
        str(error),
        repr(error),
        repr(error.args),
        "".join(traceback.format_exception(error)),
        repr(pickle.loads(pickle.dumps(error))),
    ]
    assert not [each for each in shown if CANARY.lower() in each.lower()]
    assert error.code
    assert error.code == error.code.lower().replace(" ", "_")
    assert error.__suppress_context__ or error.__context__ is None


def image() -> Dataset:
    return dataset(FRAMES)


def without_preamble(ds: Dataset) -> bytes:
    return written(ds)[132:]


def without_meta(ds: Dataset, syntax: UID) -> bytes:
    """The data set alone, as old modalities and some networks store it."""
    buffer = io.BytesIO()
    buffer_ds = Dataset()
    buffer_ds.SpecificCharacterSet = "ISO_IR 100"
    buffer_ds.update(ds)
    pydicom.dcmwrite(
        buffer,
        buffer_ds,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return buffer.getvalue()


# --- what is opened -------------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=lambda uid: uid.name,
)
@pytest.mark.parametrize("make", [written, without_preamble], ids=["whole", "no preamble"])
def test_dicom_is_opened_with_and_without_preamble(syntax, make):
    instance = opened(make(dataset(FRAMES, syntax=syntax)))
    assert instance.kind is Kind.DICOM
    assert instance.pixels.transfer_syntax == syntax
    assert np.array_equal(samples_of(instance), FRAMES)
    assert CANARY.lower() in {each.lower() for each in instance.identifiers.names}


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian],
    ids=lambda uid: uid.name,
)
def test_dicom_is_opened_without_file_meta_information(syntax):
    data = without_meta(dataset(FRAMES, syntax=syntax), syntax)
    assert data[:2] in (b"\x08\0", b"\0\x08")
    instance = opened(data)
    assert instance.pixels.transfer_syntax == syntax
    assert np.array_equal(samples_of(instance), FRAMES)


def test_what_lies_in_the_preamble_does_not_count():
    tiff_like = b"II*\0" + bytes(124) + written(image())[128:]
    assert opened(tiff_like).kind is Kind.DICOM
    png_like = b"\x89PNG\r\n\x1a\n" + bytes(120) + written(image())[128:]
    assert refused(png_like).code == "not_decodable"  # never half of each


def test_encapsulated_frames_without_a_transfer_syntax_are_refused():
    encoded = coded(random_frames((2, 40, 48), 8), JPEG2000Lossless, 8)
    ds = dataset(FRAMES, syntax=JPEG2000Lossless, streams=encoded)
    data = without_meta(ds, ExplicitVRLittleEndian)
    assert refused(data).code == "unknown_transfer_syntax"


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.840.10008.1.1", "", "Qzcanary"])
def test_an_unknown_transfer_syntax_is_refused(uid):
    ds = image()
    data = written(ds)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    old = str(ExplicitVRLittleEndian).encode()
    data = data.replace(old, uid.encode().ljust(len(old), b"\0"), 1)
    assert refused(data).code in ("unknown_transfer_syntax", "unreadable")


@pytest.mark.parametrize("kind", ["DICOM", "PNG", "JPEG"])
def test_gzip_is_taken_off_and_the_hash_is_of_what_was_in_it(kind):
    plain = written(image()) if kind == "DICOM" else image_file(photo(), kind)
    instance, zipped = opened(plain), opened(gzip.compress(plain))
    assert zipped.kind == instance.kind
    assert zipped.data == plain
    assert zipped.sha256 == instance.sha256
    assert opened(gzip.compress(plain[:99]) + gzip.compress(plain[99:])).data == plain


PNGS = {
    "L": ("MONOCHROME2", 8, None),
    "I;16": ("MONOCHROME2", 16, None),
    "RGB": ("RGB", 8, None),
    "P": ("PALETTE COLOR", 8, None),
    "1": ("MONOCHROME2", 8, None),
    "LA": ("MONOCHROME2", 8, 255),
    "RGBA": ("RGB", 8, 255),
}


@pytest.mark.parametrize("mode", PNGS)
def test_a_png_is_a_one_frame_instance(mode):
    photometric, bits, alpha = PNGS[mode]
    if mode == "I;16":
        picture = PIL.Image.fromarray(random_frames((21, 17), 16))
    else:
        picture = PIL.Image.fromarray(photo(21, 17)).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    instance = opened(buffer.getvalue())
    assert instance.kind is Kind.PNG
    assert instance.pixels.photometric == photometric
    assert instance.pixels.bits_stored == bits
    assert (instance.pixels.frames, instance.pixels.rows, instance.pixels.columns) == (
        1,
        21,
        17,
    )
    assert (instance.alpha is None) == (alpha is None)
    shown = np.asarray(picture.convert("RGB" if "RGB" in mode else mode[:4]))
    if mode == "LA":
        shown = shown[..., 0]
    if mode == "1":
        shown = shown.astype(np.uint8) * 255
    assert np.array_equal(samples_of(instance)[0], shown)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_png_with_few_grey_levels_is_opened_as_it_looks(bits):
    rows = np.random.default_rng(0).integers(0, 256, (9, 4), np.uint8)
    data = raw_png(bits, 0, 32 // bits, [row.tobytes() for row in rows])
    with PIL.Image.open(io.BytesIO(data)) as picture:
        shown = np.asarray(picture.convert("L"))
    assert np.array_equal(samples_of(opened(data))[0], shown)


def raw_png(bits: int, kind: int, columns: int, rows: list[bytes], *more: bytes) -> bytes:
    import zlib

    header = struct.pack(">IIBBBBB", columns, len(rows), bits, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *more,
            chunk(b"IDAT", body),
            chunk(b"IEND", b""),
        ]
    )


def test_a_palette_with_transparency_keeps_both():
    picture = PIL.Image.fromarray(photo(20, 20)).convert("P")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=bytes(range(256)))
    instance = opened(buffer.getvalue())
    assert instance.alpha is not None
    assert np.array_equal(instance.alpha, np.asarray(picture))


def test_a_jpeg_with_exif_is_opened_and_its_text_is_no_part_of_the_dataset():
    exif = PIL.Image.Exif()
    exif[0x010E] = f"{CANARY} Phoebe"
    exif[0x0112] = 6
    data = image_file(photo(), "JPEG", exif=exif, comment=f"{CANARY}".encode())
    instance = opened(data)
    assert instance.kind is Kind.JPEG
    assert (instance.pixels.rows, instance.pixels.columns) == (48, 64)  # as stored
    assert CANARY not in str(instance.dataset)


def test_a_png_with_text_is_opened_and_its_text_is_no_part_of_the_dataset():
    data = raw_png(8, 0, 8, [bytes(8)] * 5, chunk(b"tEXt", b"Author\0" + CANARY.encode()))
    assert CANARY not in str(opened(data).dataset)


def test_an_instance_does_not_show_its_identifiers():
    assert "Phoebe" not in repr(opened(image()).identifiers)


# --- what is refused ------------------------------------------------------------------


def canary_text(size: int = 4000) -> bytes:
    return (CANARY.encode() + b" Phoebe Harrington 1970-03-01\n") * (size // 38)


def encrypted(size: int = 4096) -> bytes:
    return np.random.default_rng(3).integers(0, 256, size, np.uint8).tobytes()


NO_IMAGES = {
    "empty": b"",
    "one byte": b"\0",
    "zeros": bytes(4096),
    "text": canary_text(),
    "utf-16": canary_text().decode().encode("utf-16"),
    "csv": b"PatientName,PatientID\r\n" + canary_text(),
    "json": b'{"name": "' + canary_text() + b'"}',
    "xml": b"<?xml version='1.0'?>" + canary_text(),
    "pdf": b"%PDF-1.7\n" + canary_text(),
    "random": encrypted(),
    "gif": b"GIF89a" + canary_text(),
    "tiff": b"II*\0" + canary_text(),
    "bmp": b"BM" + canary_text(),
    "webp": b"RIFF\0\0\0\0WEBP" + canary_text(),
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + canary_text(),
    "nifti": struct.pack("<i", 348) + canary_text(),
    "elf": b"\x7fELF" + canary_text(),
    "bzip2": b"BZh9" + canary_text(),
    "almost dicm": bytes(128) + b"DICN" + canary_text(),
    "short preamble": bytes(100) + b"DICM" + canary_text(),
}


@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_no_image_is_refused(name):
    error = refused(NO_IMAGES[name])
    assert isinstance(error, InputError)
    assert error.code == "not_an_image"
    assert error.stage == "open"


BROKEN = {
    "dicm and text": bytes(128) + b"DICM" + canary_text(),
    "dicm and noise": bytes(128) + b"DICM" + encrypted(),
    "dicm alone": bytes(128) + b"DICM",
    "group 2 and text": b"\x02\0\0\0UL\4\0" + canary_text(),
    "group 8 and text": b"\x08\0\x05\0CS\x0a\0" + canary_text(),
    "group 8 and noise": b"\x08\0\x05\0CS\x0a\0" + encrypted(),
    "png signature": b"\x89PNG\r\n\x1a\n",
    "png and text": b"\x89PNG\r\n\x1a\n" + canary_text(),
    "jpeg start": b"\xff\xd8\xff",
    "jpeg and text": b"\xff\xd8\xff\xe0\0\x10" + canary_text(),
    "jpeg 2000 stream": b"\xff\x4f\xff\x51" + canary_text(),
    "gzip header": b"\x1f\x8b",
    "gzip and text": b"\x1f\x8b\x08\0" + canary_text(),
    "gzip of text": gzip.compress(canary_text()),
    "gzip cut off": gzip.compress(written(image()))[:-30],
    "gzip with a tail": gzip.compress(written(image())) + canary_text(),
    "gzip with a wrong sum": gzip.compress(written(image()))[:-8] + bytes(8),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(name):
    assert isinstance(refused(BROKEN[name]), InputError)


@pytest.mark.parametrize("kind", ["DICOM", "RLE", "PNG", "JPEG"])
def test_a_file_cut_off_anywhere_is_refused(kind):
    if kind == "DICOM":
        data = written(image())
    elif kind == "RLE":
        from pydicom.uid import RLELossless

        data = written(
            dataset(FRAMES, syntax=RLELossless, streams=coded(FRAMES, RLELossless, 8))
        )
    else:
        data = image_file(photo(), kind)
    end = len(data) - (16 if kind == "RLE" else 1)
    complete = samples_of(opened(data))
    for size in range(0, end, max(1, len(data) // 60)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = samples_of(open_instance(data[:size], LIMITS))
            except MaskrayError as error:
                prove_mute(error)
                continue
        # checksums and IEND alone are missing: writing the image will refuse it
        assert kind == "PNG"
        assert size >= len(data) - 20
        assert np.array_equal(found, complete)


def test_bytes_after_the_image_do_not_hide_in_it():
    exact = opened(image_file(photo(), "PNG"))
    longer = opened(image_file(photo(), "PNG") + canary_text())
    assert np.array_equal(samples_of(exact), samples_of(longer))


def sop(uid: UID, **elements: object) -> bytes:
    """A DICOM file of another kind, with a canary in it."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = uid, "1.2.3"
    ds.PatientName = f"{CANARY}^Phoebe"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return written(ds)


@pytest.mark.parametrize(
    "data",
    [
        sop(BasicTextSRStorage, ContentSequence=[Dataset()]),
        sop(RTStructureSetStorage, StructureSetLabel=CANARY),
        sop(GrayscaleSoftcopyPresentationStateStorage, ContentLabel=CANARY),
        sop(EncapsulatedPDFStorage, EncapsulatedDocument=b"%PDF " + canary_text(400)),
    ],
    ids=["SR", "RT", "PR", "PDF"],
)
def test_dicom_without_pixels_is_refused(data):
    assert refused(data).code == "no_pixels"


@pytest.mark.parametrize("holds_pixels", [False, True])
def test_a_dicomdir_is_refused(holds_pixels):
    record = Dataset()
    record.PatientName = CANARY
    ds = image()
    ds.DirectoryRecordSequence = [record]
    if not holds_pixels:
        del ds.PixelData
    assert refused(written(ds)).code == "no_pixels"


def test_pixels_in_a_sequence_are_no_pixels():
    ds = image()
    icon = Dataset()
    icon.PixelData = b"\0\0"
    icon["PixelData"].VR = "OB"
    ds.IconImageSequence = [icon]
    del ds.PixelData
    assert refused(written(ds)).code == "no_pixels"


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"Rows": 65535, "Columns": 65535}, "too_large"),
        ({"NumberOfFrames": 2147483647}, "too_large"),
        ({"NumberOfFrames": 10**11}, "too_large"),
        ({"NumberOfFrames": -5}, "bad_pixel_description"),
        ({"Rows": 0}, "bad_pixel_description"),
        ({"SamplesPerPixel": 65535}, "bad_pixel_description"),
        ({"BitsAllocated": 65528}, "bad_pixel_description"),
    ],
)
def test_absurd_numbers_are_refused_before_memory_is_taken(elements, code):
    ds = image()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    assert refused(written(ds)).code == code


@pytest.mark.parametrize(
    "value", [b"Qzcanary", b"1\\2 ", b"1e400 ", b"nan ", b"inf ", b"12.5"]
)
@pytest.mark.parametrize("keyword", ["NumberOfFrames"])
def test_numbers_that_are_none_are_refused(keyword, value):
    data = written(image())
    tag = struct.pack("<HH", 0x28, 0x08) + b"IS"
    at = data.index(tag)
    length = struct.unpack("<H", data[at + 6 : at + 8])[0]
    data = data[: at + 6] + struct.pack("<H", len(value)) + value + data[at + 8 + length :]
    assert refused(data).code in ("bad_pixel_description", "not_decodable")


@pytest.mark.parametrize("vr", [b"FD", b"LT", b"\0\0", b"Qz", b"SQ", b"UN", b"U\x01"])
def test_a_wrong_value_representation_is_refused_or_read(vr):
    data = written(image())
    for element in (0x04, 0x10, 0x100):
        at = data.index(struct.pack("<HH", 0x28, element))
        broken = data[: at + 4] + vr + data[at + 6 :]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                open_instance(broken, LIMITS)
            except MaskrayError as error:
                prove_mute(error)


def test_files_beyond_the_size_limit_are_refused_zipped_or_not():
    data = written(image())
    exact = LimitSettings(max_file_bytes=len(data))
    tight = LimitSettings(max_file_bytes=len(data) - 1)
    open_instance(data, exact)
    open_instance(gzip.compress(data), exact)
    assert refused(data, tight).code == "too_large"
    assert refused(gzip.compress(data), tight).code == "too_large"


def test_a_zip_bomb_is_not_expanded(monkeypatch):
    bomb = gzip.compress(bytes(50_000_000))
    read = 0
    original = gzip.GzipFile.read

    def counting(self, size=-1):
        nonlocal read
        chunk = original(self, size)
        read += len(chunk)
        return chunk

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    limits = LimitSettings(free_expansion_bytes=1_000_000, max_expansion=10)
    assert refused(bomb, limits).code == "too_large"
    assert read <= 3_000_000


def test_expansion_has_a_free_allowance_and_then_a_factor():
    limits = LimitSettings(free_expansion_bytes=1000, max_expansion=10)
    assert len(gunzip(gzip.compress(bytes(1000)), limits)) == 1000
    with pytest.raises(InputError) as caught:
        gunzip(gzip.compress(bytes(1001)), limits)
    assert caught.value.code == "too_large"
    noise = encrypted(9000)
    assert gunzip(gzip.compress(noise), limits) == noise


def test_archives_in_archives_are_refused():
    plain = written(image())
    assert refused(gzip.compress(gzip.compress(plain))).code == "nested_archive"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{CANARY}.dcm", plain)
    assert refused(buffer.getvalue()).code == "nested_archive"
    assert refused(gzip.compress(buffer.getvalue())).code == "nested_archive"


def test_an_animated_png_is_refused():
    first, second = (PIL.Image.fromarray(photo()[::step]) for step in (1, -1))
    buffer = io.BytesIO()
    first.save(buffer, "PNG", save_all=True, append_images=[second])
    error = refused(buffer.getvalue())
    assert isinstance(error, UnsupportedPixelsError)
    assert error.code == "animated"


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_colour_of_16_bits_is_refused_because_it_would_be_cut(kind):
    samples = {2: 3, 4: 2, 6: 4}[kind]
    rows = [bytes(8 * 2 * samples)] * 4
    assert refused(raw_png(16, kind, 8, rows)).code == "bit_depth"


@pytest.mark.parametrize("mode", ["CMYK", "YCCK"])
def test_four_colours_are_refused(mode):
    data = image_file(photo(), "JPEG", "CMYK")
    if mode == "YCCK":
        data = data[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\x02") + data[2:]
    assert refused(data).code == "photometric"


def test_a_transparent_colour_is_refused():
    rows = [bytes(24)] * 4
    data = raw_png(8, 2, 8, rows, chunk(b"tRNS", bytes(6)))
    assert refused(data).code == "transparency"


def test_images_larger_than_a_frame_may_be_are_refused():
    for kind in ("PNG", "JPEG"):
        data = image_file(photo(), kind)
        open_instance(data, LimitSettings(max_frame_pixels=48 * 64))
        tight = LimitSettings(max_frame_pixels=48 * 64 - 1)
        assert refused(data, tight).code == "too_large"


def test_a_png_that_says_it_is_huge_is_refused():
    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x")
    assert isinstance(refused(data), InputError)


def test_compressed_text_in_a_png_is_no_bomb():
    import zlib

    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(30_000_000)))
    data = raw_png(8, 0, 8, [bytes(8)] * 5, text)
    assert refused(data).code == "not_decodable"


# --- what breaks inside libraries -----------------------------------------------------


def whole(data: bytes) -> None:
    """Opens and decodes."""
    instance: Instance = open_instance(data, LIMITS)
    samples_of(instance)


def palette() -> Dataset:
    ds = dataset(FRAMES, "PALETTE COLOR")
    add_palette(ds)
    return ds


SOURCES = {
    "explicit": written(image()),
    "implicit": written(dataset(FRAMES, syntax=ImplicitVRLittleEndian)),
    "palette": written(palette()),
    "png": image_file(photo(16, 20), "PNG"),
    "png palette": image_file(photo(16, 20), "PNG", "P"),
    "jpeg": image_file(photo(16, 24), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
}


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_anywhere_is_an_error_of_ours_and_mute(name, data):
    damaged = bytearray(SOURCES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        limit = data.draw(st.sampled_from([len(damaged), min(len(damaged), 400)]))
        at = data.draw(st.integers(0, limit - 1))
        damaged[at] = data.draw(st.sampled_from([0, 1, 0xFF, 0x7F, 0x41, 0x80]))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(1, len(damaged))) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            whole(bytes(damaged))
        except MaskrayError as error:
            prove_mute(error)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_an_error_of_ours(data):
    for prefix in (b"", bytes(128) + b"DICM", b"\x08\0\x05\0CS\x02\0", b"\xff\xd8\xff"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(MaskrayError) as caught:
                whole(prefix + data)
        prove_mute(caught.value)


@pytest.mark.parametrize("place", ["open", "decode"])
def test_what_a_library_says_is_not_passed_on(monkeypatch, place):
    def loud(*_args, **_options):
        raise RuntimeError(f"cannot treat {CANARY}^Phoebe")

    ds = written(image())
    if place == "open":
        monkeypatch.setattr(pydicom, "dcmread", loud)
        assert refused(ds).code == "unreadable"
        monkeypatch.setattr(PIL.Image, "open", loud)
        assert refused(image_file(photo(), "PNG")).code == "not_decodable"
    else:
        instance = opened(ds)
        monkeypatch.setattr("maskray.pixels.get_decoder", loud)
        with pytest.raises(UnsupportedPixelsError) as caught:
            samples_of(instance)
        prove_mute(caught.value)


def test_malformed_values_are_not_warned_about(caplog):
    ds = image()
    data = written(ds)
    at = data.index(b"1.2.3.4")
    data = data[:at] + CANARY[:7].encode() + data[at + 7 :]
    with warnings.catch_warnings(record=True) as told, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        instance = open_instance(data, LIMITS)
        str(instance.dataset)
    assert not [each for each in told if CANARY[:7] in str(each.message)]
    assert CANARY[:7] not in caplog.text


def test_a_quiet_process_prints_nothing_of_broken_sources(tmp_path):
    for name, data in {**NO_IMAGES, **BROKEN, **SOURCES}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "charset").write_bytes(
        written(image())
        .replace(b"ISO_IR 100", b"Qzcanary  ")
        .replace(b"1.2.3.4", b"Qzcanar")
    )
    code = """
import sys, pathlib
from maskray.errors import MaskrayError
from maskray.open import open_instance
from maskray.pixels import decode
from maskray.quiet import keep_quiet
from maskray.settings import LimitSettings
keep_quiet()
for path in pathlib.Path(sys.argv[1]).iterdir():
    try:
        instance = open_instance(path.read_bytes(), LimitSettings())
        list(decode(instance.dataset, instance.pixels))
    except MaskrayError as error:
        print(error.code, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "not_an_image" in done.stdout
    assert CANARY.lower()[:7] not in (done.stdout + done.stderr).lower()


def test_a_dataset_can_be_read_without_looking_at_its_pixels():
    assert read_dicom(sop(BasicTextSRStorage)).PatientName == f"{CANARY}^Phoebe"


SHIPPED = Path(pydicom.__file__).parent / "data"
FILES = sorted(
    path
    for folder in ("test_files", "charset_files")
    for path in (SHIPPED / folder).rglob("*")
    if path.is_file() and path.stat().st_size < 400_000
)


def test_every_shipped_file_is_opened_or_refused_with_a_code():
    codes = {"opened": 0}
    for path in FILES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                open_instance(path.read_bytes(), LIMITS)
                codes["opened"] += 1
            except MaskrayError as error:
                prove_mute(error)
                codes[error.code] = codes.get(error.code, 0) + 1
    assert codes["opened"] > 100
    assert "internal" not in codes
