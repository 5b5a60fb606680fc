"""Step 2: whatever the stored values are, text in them can be seen in some view."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from maskray.errors import UnsupportedPixelsError
from maskray.pixels import PixelFormat, StoredFrame, decode
from maskray.render import LOCAL, NamedView, Shown, plane_view, robust_range, views
from tests.unit.builders import add_palette, dataset, halved, opened, random_frames, stored

ROWS, COLUMNS = 64, 96
TEXT = np.zeros((ROWS, COLUMNS), bool)
TEXT[20:28, 20:52:3] = True
TEXT[20:22, 20:52] = True


def described(samples, photometric="MONOCHROME2", bits=0) -> PixelFormat:
    keyword = {"f4": "FloatPixelData", "f8": "DoubleFloatPixelData"}.get(
        samples.dtype.str[1:], "PixelData"
    )
    rows, columns = samples.shape[:2]
    allocated = 8 * samples.itemsize
    return PixelFormat(
        keyword=keyword,
        transfer_syntax=ExplicitVRLittleEndian,
        photometric=photometric,
        frames=1,
        rows=rows,
        columns=columns,
        samples=3 if samples.ndim == 3 else 1,
        bits_allocated=allocated,
        bits_stored=bits or allocated,
        signed=samples.dtype.kind != "u",
        planar=False,
    )


def shown(samples, photometric="MONOCHROME2", ds=None, bits=0) -> list[NamedView]:
    frame = StoredFrame(0, samples, photometric)
    return views(frame, ds or Dataset(), described(samples, photometric, bits))


def legible(view: NamedView, text=TEXT) -> bool:
    """Whether the text stands out from what is around it."""
    grey = view.pixels.astype(float).mean(axis=2)
    around = grey[16:32, 16:56][~text[16:32, 16:56]]
    return bool(abs(grey[text].mean() - around.mean()) > 40)


def tissue(dtype=np.int16, high=1000, seed=0):
    values = np.random.default_rng(seed).integers(0, high // 8, (ROWS, COLUMNS))
    slope = np.linspace(0, high * 0.8, COLUMNS)
    return (values + slope).astype(dtype)


# --- shapes and limits ----------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]),
    st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
    st.data(),
)
def test_any_grey_values_give_views_of_the_same_matrix(dtype, photometric, data):
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    samples = data.draw(arrays.arrays(dtype, shape))
    before = samples.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = shown(samples, photometric)
    assert found
    assert len({view.name for view in found}) == len(found)
    for view in found:
        assert view.pixels.shape == (*shape, 3)
        assert view.pixels.dtype == np.uint8
    assert np.array_equal(samples, before, equal_nan=samples.dtype.kind == "f")


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_blank_frame_has_blank_views(value, photometric):
    found = shown(np.full((20, 30), value, np.uint8), photometric)
    assert [view.name for view in found] == ["full", LOCAL]
    assert [np.ptp(view.pixels) for view in found] == [0, 0]


def test_views_keep_the_order_of_values():
    ramp = np.arange(0, 4096, dtype=np.uint16).reshape(64, 64)
    grey = shown(ramp, bits=12)[0].pixels[..., 0].ravel().astype(int)
    assert (np.diff(grey) >= 0).all()
    assert (grey[0], grey[-1]) == (0, 255)
    inverted = shown(ramp, "MONOCHROME1", bits=12)[0].pixels[..., 0].ravel().astype(int)
    assert (np.diff(inverted) <= 0).all()
    assert (inverted[0], inverted[-1]) == (255, 0)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_signed_values_do_not_wrap(dtype):
    info = np.iinfo(dtype)
    samples = np.array([[info.min, -1], [0, info.max]], dtype)
    grey = shown(samples)[0].pixels[..., 0].ravel().tolist()
    assert grey == sorted(grey)
    assert (grey[0], grey[-1]) == (0, 255)
    assert 120 <= grey[1] <= grey[2] <= 135


# --- text that must be seen somewhere -------------------------------------------------


def with_text(samples, value):
    samples = samples.copy()
    samples[TEXT] = value
    return samples


def padded(samples, value, rows=30):
    samples = samples.copy()
    samples[-rows:] = value
    return samples


def hot(samples, value):
    samples = samples.copy()
    samples[60, 90] = value
    return samples


FLAT16 = np.full((ROWS, COLUMNS), 100, np.uint16)
HARD = {
    "text far above tissue": with_text(tissue(), 30000),
    "text below tissue": with_text(tissue(high=4000) + 500, -2000),
    "padding far below": padded(with_text(tissue(), 1400), -32768),
    "padding a little below": padded(with_text(tissue(), 1400), -2000),
    "one hot pixel": hot(with_text(tissue(), 1400), 32767),
    "one hot pixel on black": hot(with_text(0 * FLAT16, 1500), 65535),
    "one cold pixel": hot(with_text(tissue(), 1400), -32768),
    "a bright label beside": padded(with_text(FLAT16, 1500), 65535, 5),
    "a bright bar beside": padded(with_text(tissue(np.uint16), 1400), 65535, 12),
    "8 bits": with_text(tissue(np.uint8, 160), 250),
    "8 bits signed": with_text((tissue(np.int16, 160) - 128).astype(np.int8), 120),
    "32 bits": with_text(tissue(np.int32), 2**31 - 1),
    "32 bits with an outlier": hot(with_text(tissue(np.int32), 1400), 2**31 - 1),
    "unsigned 32 bits far from 0": with_text(
        tissue(np.uint32) + np.uint32(2**31), 2**31 + 1500
    ),
    "real": with_text(tissue(np.float32), 1500.0),
    "real with no number": hot(with_text(tissue(np.float32), 1500.0), np.nan),
    "real with infinity": hot(with_text(tissue(np.float32), 1500.0), np.inf),
    "real with a huge value": hot(with_text(tissue(np.float64), 1500.0), 1e308),
    "real with a huge padding": padded(with_text(tissue(np.float64), 1500.0), -1e300),
    "tiny real values": with_text(tissue(np.float64) * 1e-9, 1.5e-6),
}


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("name", HARD)
def test_text_is_legible_in_some_view(name, photometric):
    found = shown(HARD[name], photometric)
    assert any(legible(view) for view in found), [view.name for view in found]


def test_faint_text_is_legible_through_the_headers_window():
    samples = with_text(tissue(np.int16, 3000), 0)
    samples[16:32, 16:56] = 0
    samples[TEXT] = 60
    ds = dataset(samples[np.newaxis])
    assert not any(legible(view) for view in shown(samples, ds=ds))
    ds.WindowCenter, ds.WindowWidth = 30, 80
    assert any(legible(view) for view in shown(samples, ds=ds))
    ds.RescaleSlope, ds.RescaleIntercept = 2, -1024
    ds.WindowCenter, ds.WindowWidth = -1024 + 60, 160
    assert any(legible(view) for view in shown(samples, ds=ds))


def test_a_broken_window_costs_its_view_and_no_other():
    samples = with_text(tissue(), 1400)
    for center, width in (("Qz", "1"), ("5", "0"), ("", ""), ("1e999", "1")):
        ds = dataset(samples[np.newaxis])
        ds.add_new("WindowCenter", "LO", center)
        ds.add_new("WindowWidth", "LO", width)
        assert any(legible(view) for view in shown(samples, ds=ds))


def test_views_that_show_the_same_are_shown_once():
    samples = np.linspace(0, 255, ROWS * COLUMNS).astype(np.uint8).reshape(ROWS, COLUMNS)
    ds = dataset(samples[np.newaxis])
    ds.WindowCenter, ds.WindowWidth = 128, 256
    assert [view.name for view in shown(samples, ds=ds)] == ["full", LOCAL]


def test_a_view_with_one_more_line_of_text_is_not_the_same():
    """A line of text is less than a percent of a frame: it vanishes in a mean."""
    samples = np.zeros((1000, 1000), np.uint16)
    samples[500, 100:180:2] = 1000
    samples[505, 100:180] = 1000
    samples[3, 3] = 65535
    text = samples == 1000
    brightest = max(view.pixels[text].mean() for view in shown(samples))
    assert brightest > 200


def test_single_bits_have_one_view_beside_that_of_local_contrast():
    samples = TEXT.astype(np.uint8)
    view, local = shown(samples, bits=1)
    assert legible(view)
    assert legible(local)


# --- local contrast -------------------------------------------------------------------


def local(samples, photometric="MONOCHROME2") -> NamedView:
    *_, last = shown(samples, photometric)
    assert last.name == LOCAL
    return last


@pytest.mark.parametrize("where", [0.02, 0.5, 0.98])
def test_faint_text_is_legible_by_its_local_contrast_wherever_it_stands(where):
    """A twentieth of the range, on tissue that takes all of it."""
    slope = np.tile(np.linspace(0, 10_000, 8 * COLUMNS), (8 * ROWS, 1))
    x0 = round(where * (8 * COLUMNS - 64))
    samples = slope.copy()
    patch = samples[100 : 100 + ROWS, x0 : x0 + 64]
    patch[TEXT[:, :64]] += 500
    around = np.s_[116:132, x0 + 16 : x0 + 56]
    mine = TEXT[16:32, 16:56]
    for name, low in (("MONOCHROME2", True), ("MONOCHROME1", False)):
        grey = local(samples.round().astype(np.uint16), name).pixels[around].astype(float)
        grey = grey.mean(axis=2)
        text, ground = grey[mine].mean(), grey[~mine].mean()
        assert (text - ground > 40) if low else (ground - text > 40)


@pytest.mark.parametrize("ground", [9000, -9000])
def test_text_on_a_ground_beyond_the_tissue_is_legible_by_its_local_contrast(ground):
    samples = np.random.default_rng(5).integers(0, 1000, (8 * ROWS, 8 * COLUMNS))
    samples[:ROWS, :COLUMNS] = ground
    samples[:ROWS, :COLUMNS][TEXT] = 2 * ground
    view = local(samples.astype(np.int16))
    grey = view.pixels[16:32, 16:56].astype(float).mean(axis=2)
    mine = TEXT[16:32, 16:56]
    assert abs(grey[mine].mean() - grey[~mine].mean()) > 40


def test_smooth_tissue_is_grey_by_its_local_contrast():
    slope = np.tile(np.linspace(0, 4000, 512), (512, 1)).astype(np.uint16)
    inner = local(slope).pixels[40:-40, 40:-40]
    assert np.abs(inner.astype(int) - 127).max() < 12


def test_local_contrast_of_colour_is_that_of_its_brightness():
    frames = np.full((ROWS, COLUMNS, 3), 90, np.uint8)
    frames[TEXT] = 110
    assert legible(local(frames, "RGB"))


# --- colour ---------------------------------------------------------------------------


COLOURS = [
    ("RGB", 8),
    ("RGB", 16),
    ("YBR_FULL", 8),
    ("YBR_FULL", 16),
    ("YBR_FULL_422", 8),
]


@pytest.mark.parametrize(("photometric", "bits"), COLOURS)
@pytest.mark.parametrize("high", [1.0, 0.15])
def test_text_is_legible_in_colour_bright_and_dark(photometric, bits, high):
    top = int(((1 << bits) - 1) * high)
    frames = np.zeros((1, ROWS, COLUMNS, 3), f"u{bits // 8}")
    if photometric != "RGB":
        frames[..., 1:] = 1 << (bits - 1)
        frames[0, TEXT, 0] = top
    else:
        frames[0, TEXT] = top
    instance = opened(
        dataset(halved(frames) if "422" in photometric else frames, photometric)
    )
    (frame,) = stored(instance)
    found = views(frame, instance.dataset, instance.pixels)
    assert any(legible(view) for view in found) or high < 1.0
    assert max(view.pixels[TEXT].max() for view in found) >= (200 if high == 1.0 else 30)


def test_dark_colour_is_brightened():
    frames = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    frames[:] = 10
    frames[TEXT] = 30
    names = [view.name for view in shown(frames, "RGB")]
    assert "brightened" in names
    assert any(legible(view) for view in shown(frames, "RGB"))


def test_colours_are_red_green_blue():
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[0, 0] = (255, 0, 0)
    assert shown(frame, "RGB")[0].pixels[0, 0].tolist() == [255, 0, 0]
    ybr = np.full((4, 4, 3), (76, 85, 255), np.uint8)
    red, green, blue = shown(ybr, "YBR_FULL")[0].pixels[0, 0].tolist()
    assert red > 250
    assert max(green, blue) < 5


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_shown_in_its_colours_and_by_index(bits):
    frames = random_frames((1, ROWS, COLUMNS), bits)
    ds = dataset(frames, "PALETTE COLOR")
    add_palette(ds)
    instance = opened(ds)
    (frame,) = stored(instance)
    found = {view.name: view.pixels for view in views(frame, ds, instance.pixels)}
    assert set(found) >= {"colour"}
    black = frames[0] == 256 // 3
    assert not black.any() or found["colour"][black].max() == 0


def test_text_in_indices_of_equal_colour_is_seen_by_index():
    ds = dataset(np.zeros((1, ROWS, COLUMNS), np.uint8), "PALETTE COLOR")
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableData", bytes(512))
    samples = with_text(np.zeros((ROWS, COLUMNS), np.uint8), 200)
    assert any(legible(view) for view in shown(samples, "PALETTE COLOR", ds))


@pytest.mark.parametrize("name", ["Red", "Green", "Blue"])
def test_a_palette_that_cannot_be_applied_is_refused(name):
    ds = dataset(np.zeros((1, 8, 8), np.uint8), "PALETTE COLOR")
    delattr(ds, f"{name}PaletteColorLookupTableData")
    with pytest.raises(UnsupportedPixelsError) as caught:
        shown(np.zeros((8, 8), np.uint8), "PALETTE COLOR", ds)
    assert caught.value.code == "bad_palette"


# --- helpers --------------------------------------------------------------------------


def test_a_plane_is_stretched_to_black_and_white():
    view = plane_view("bits", TEXT.astype(np.uint8) * 3)
    assert set(np.unique(view.pixels)) == {0, 255}


@given(arrays.arrays("i2", (9, 11)))
def test_the_robust_range_lies_within_the_values(values):
    low, high = robust_range(values)
    assert values.min() <= low <= high <= values.max()


def test_percentiles_do_not_overflow_the_stored_type():
    """numpy interpolates in the type of the array (found by the property above)."""
    values = np.full((9, 11), 32767, np.int16)
    values[0, 0] = -1
    low, high = robust_range(values)
    assert -1 <= low <= high == 32767


def test_the_robust_range_looks_past_padding_and_text():
    values = tissue()
    low, high = robust_range(values)
    padded_low, padded_high = robust_range(padded(with_text(values, 32767), -32768))
    assert padded_low == pytest.approx(low, abs=60)
    assert padded_high == pytest.approx(high, abs=60)


def test_smooth_letters_far_below_the_tissue_do_not_hide_faint_ones() -> None:
    rng = np.random.default_rng(11)
    plane = rng.normal(-1000, 20, (256, 256)).clip(-1024, 1600).astype(np.int16)
    # Smooth letters at the lowest value: their edges take every value on the way to it.
    plane[200:220, :200] = np.linspace(-32768, -1024, 200).astype(np.int16)
    plane[10:20, 10:200:2] = -250
    low, high = robust_range(plane)
    assert -1400 < low < -1000 < high < -200


@pytest.mark.parametrize("most_px", [0, 2 * ROWS * COLUMNS, 100 * ROWS * COLUMNS])
def test_frames_are_shown_alike_whether_they_are_remembered_or_not(monkeypatch, most_px):
    monkeypatch.setattr("maskray.render._REMEMBERED_PX", most_px)
    source = opened(dataset(random_frames((5, ROWS, COLUMNS), 8)))
    shown = Shown(source.dataset, source.pixels)
    alone = {
        frame.index: views(frame, source.dataset, source.pixels)
        for frame in decode(source.dataset, source.pixels)
    }
    for wanted in ([3, 1], [0, 1, 4], [4, 2, 0], range(5)):
        found = dict(shown.frames(wanted))
        assert list(found) == sorted(wanted)
        for index, each in found.items():
            assert [v.name for v in each] == [v.name for v in alone[index]]
            for one, other in zip(each, alone[index], strict=True):
                np.testing.assert_array_equal(one.pixels, other.pixels)


def test_frames_may_be_asked_for_while_others_are_shown():
    source = opened(dataset(random_frames((3, ROWS, COLUMNS), 8)))
    shown = Shown(source.dataset, source.pixels)
    alone = {
        frame.index: views(frame, source.dataset, source.pixels)[0].pixels
        for frame in decode(source.dataset, source.pixels)
    }
    for index, each in shown.frames(range(3)):
        np.testing.assert_array_equal(each[0].pixels, alone[index])
        list(shown.frames([1]))
