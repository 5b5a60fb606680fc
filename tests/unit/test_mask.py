"""Step 8: regions become boxes in frames; transparency and the argument are minded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskray.errors import RedactionError
from maskray.geometry import Box
from maskray.mask import boxes_by_frame, mask
from maskray.records import Category, Region
from maskray.settings import MaskSettings
from tests.unit.builders import (
    dataset,
    image_file,
    opened,
    photo,
    random_frames,
    samples_of,
    written,
)

BLACK, BACKGROUND = MaskSettings(fill="black"), MaskSettings(fill="background")
FRAMES, ROWS, COLUMNS = 3, 9, 11


def region(frames, box):
    return Region(tuple(frames), box, Category.NAME)


@st.composite
def some_regions(draw):
    def one():
        x, y = draw(st.integers(-2, COLUMNS - 1)), draw(st.integers(-2, ROWS - 1))
        box = Box(x, y, max(x + draw(st.integers(1, 9)), 1), y + draw(st.integers(3, 9)))
        frames = draw(st.sets(st.integers(0, FRAMES - 1), min_size=1))
        return region(sorted(frames), box)

    return [one() for _ in range(draw(st.integers(0, 4)))]


def held(regions):
    spots = np.zeros((FRAMES, ROWS, COLUMNS), bool)
    for each in regions:
        box = each.box.clip(ROWS, COLUMNS)
        for index in each.frames:
            spots[index][box.index] = True
    return spots


@settings(max_examples=60, deadline=None)
@given(some_regions(), st.sampled_from([BLACK, BACKGROUND]), st.sampled_from([8, 12]))
def test_values_change_inside_the_regions_only(regions, fill, bits):
    frames = random_frames((FRAMES, ROWS, COLUMNS), bits)
    source = opened(dataset(frames, bits=bits))
    masked = mask(source, regions, fill)
    spots = held(regions)
    after = samples_of(masked)
    assert np.array_equal(after[~spots], frames[~spots])
    if fill is BLACK:
        assert not after[spots].any()
    assert np.array_equal(samples_of(source), frames)
    assert masked.pixels == source.pixels


@given(some_regions())
def test_masking_twice_changes_nothing_more(regions):
    source = opened(dataset(random_frames((FRAMES, ROWS, COLUMNS), 8)))
    once = mask(source, regions, BLACK)
    twice = mask(once, regions, BLACK)
    assert twice.dataset.PixelData == once.dataset.PixelData


@given(some_regions(), st.randoms(use_true_random=False))
def test_the_order_of_regions_does_not_count(regions, random):
    shuffled = list(regions)
    random.shuffle(shuffled)
    assert boxes_by_frame(regions) == boxes_by_frame(shuffled)


@given(some_regions())
def test_every_region_is_in_every_frame_it_names(regions):
    boxes = boxes_by_frame(iter(regions))
    for each in regions:
        assert all(each.box in boxes[index] for index in each.frames)
    named = {index for each in regions for index in each.frames}
    assert set(boxes) == named
    assert list(boxes) == sorted(boxes)
    assert all(len(set(held)) == len(held) for held in boxes.values())


def test_nothing_to_mask_changes_no_byte():
    source = opened(dataset(random_frames((2, 9, 11), 8)))
    masked = mask(source, [], BLACK)
    assert written(masked.dataset) == written(source.dataset)


def test_a_region_that_misses_the_frame_is_an_error_and_not_passed_over():
    source = opened(dataset(random_frames((2, 9, 11), 8)))
    good, bad = Box(1, 1, 3, 3), Box(11, 0, 14, 3)
    with pytest.raises(RedactionError):
        mask(source, [region([0], good), region([1], bad)], BLACK)
    with pytest.raises(RedactionError):
        mask(source, [region([2], good)], BLACK)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_becomes_opaque_inside_a_region_and_stays_elsewhere(mode):
    alpha = random_frames((20, 30), 8)
    bands = photo(20, 30, 1 if mode == "LA" else 3).reshape(20, 30, -1)
    source = opened(image_file(np.dstack([bands, alpha]), "PNG"))
    box = Box(4, 5, 12, 11)
    masked = mask(source, [region([0], box)], BLACK)
    assert source.alpha is not None
    assert masked.alpha is not None
    assert (masked.alpha[box.index] == 255).all()
    outside = np.ones((20, 30), bool)
    outside[box.index] = False
    assert np.array_equal(masked.alpha[outside], alpha[outside])
    assert np.array_equal(source.alpha, alpha)
    assert not samples_of(masked)[0][box.index].any()


def test_the_pixel_format_is_read_anew():
    source = opened(dataset(random_frames((2, 8, 8), 16)))
    before = bytes(source.dataset.PixelData)
    masked = mask(source, [region([0], Box(0, 0, 4, 4))], BLACK, clear_unused_bits=True)
    assert masked.pixels == source.pixels
    assert source.dataset.PixelData == before
    assert masked.identifiers is source.identifiers
    assert masked.data is source.data
