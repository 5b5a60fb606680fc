"""Boxes: an algebra of half-open rectangles, checked against sets of pixels."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskray.geometry import Box, joined

settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")

SMALL = st.integers(-6, 14)
SIZE = st.integers(1, 8)


@st.composite
def boxes(draw):
    x, y = draw(SMALL), draw(SMALL)
    return Box(x, y, x + draw(SIZE), y + draw(SIZE))


def pixels(box: Box | None) -> set[tuple[int, int]]:
    """The (x, y) a box covers, by its definition."""
    if box is None:
        return set()
    return set(itertools.product(range(box.x0, box.x1), range(box.y0, box.y1)))


@pytest.mark.parametrize(
    "edges", [(0, 0, 0, 1), (0, 0, 1, 0), (3, 0, 2, 9), (0, 5, 9, 4), (0, 0, 0, 0)]
)
def test_a_box_that_covers_nothing_is_an_error(edges):
    with pytest.raises(ValueError, match="at least one pixel"):
        Box(*edges)


def test_a_box_cannot_be_changed_and_equal_ones_are_one():
    box = Box(1, 2, 3, 4)
    with pytest.raises(AttributeError):
        box.x0 = 0  # type: ignore[misc]
    assert len({box, Box(1, 2, 3, 4)}) == 1
    assert sorted([Box(2, 0, 3, 1), Box(1, 9, 3, 10)])[0].x0 == 1


@given(boxes())
def test_sizes_count_pixels(box):
    assert box.area == len(pixels(box)) == box.width * box.height
    assert box.width == len({x for x, _ in pixels(box)})
    assert box.height == len({y for _, y in pixels(box)})


@given(boxes(), SIZE, SIZE)
def test_the_index_takes_rows_before_columns(box, rows, columns):
    clipped = box.clip(rows, columns)
    if clipped is None:
        return
    frame = np.zeros((rows, columns), bool)
    frame[clipped.index] = True
    marked = {(int(x), int(y)) for y, x in zip(*np.nonzero(frame), strict=True)}
    assert marked == pixels(clipped)


@given(boxes(), SIZE, SIZE)
def test_clipping_keeps_what_is_inside(box, rows, columns):
    frame = pixels(Box(0, 0, columns, rows))
    assert pixels(box.clip(rows, columns)) == pixels(box) & frame


@given(boxes(), SIZE, SIZE)
def test_clipping_twice_is_clipping_once(box, rows, columns):
    clipped = box.clip(rows, columns)
    assert clipped is None or clipped.clip(rows, columns) == clipped


@given(boxes(), boxes())
def test_the_overlap_counts_common_pixels(one, other):
    assert one.overlap(other) == other.overlap(one) == len(pixels(one) & pixels(other))


@given(boxes(), boxes())
def test_a_join_is_the_smallest_box_with_both(one, other):
    both = one.join(other)
    assert both == other.join(one)
    assert pixels(both) >= pixels(one) | pixels(other)
    for side in range(4):
        edges = [both.x0, both.y0, both.x1, both.y1]
        edges[side] += 1 if side < 2 else -1
        if edges[0] < edges[2] and edges[1] < edges[3]:
            assert not pixels(Box(*edges)) >= pixels(one) | pixels(other)


@given(boxes(), boxes(), boxes())
def test_joining_is_associative(one, two, three):
    assert one.join(two).join(three) == one.join(two.join(three))


@given(boxes(), st.integers(0, 5), st.integers(0, 5))
def test_growing_adds_on_each_side(box, dx, dy):
    grown = box.grow(dx, dy)
    assert (grown.width, grown.height) == (box.width + 2 * dx, box.height + 2 * dy)
    assert pixels(grown) >= pixels(box)
    assert grown.grow(-dx, -dy) == box


@given(boxes(), SMALL, SMALL)
def test_shifting_moves_every_pixel(box, dx, dy):
    assert pixels(box.shift(dx, dy)) == {(x + dx, y + dy) for x, y in pixels(box)}


@given(boxes(), st.sampled_from([0.25, 0.3, 0.5, 1.0, 1.7, 2.0, 3.0]))
def test_scaling_covers_all_that_the_scaled_edges_enclose(box, factor):
    scaled = box.scale(factor)
    assert scaled.x0 <= box.x0 * factor < scaled.x0 + 1
    assert scaled.x1 - 1 < box.x1 * factor <= scaled.x1 or scaled.width == 1
    assert scaled.y0 <= box.y0 * factor < scaled.y0 + 1
    assert scaled.y1 - 1 < box.y1 * factor <= scaled.y1 or scaled.height == 1


@given(boxes(), st.sampled_from([0.1, 0.37, 0.5, 0.9]))
def test_a_box_that_was_made_smaller_and_larger_still_covers_itself(box, factor):
    assert pixels(box.scale(factor).scale(1 / factor).grow(1, 1)) >= pixels(box)


POINTS = st.lists(
    st.tuples(
        st.floats(-9, 9, allow_subnormal=False), st.floats(-9, 9, allow_subnormal=False)
    ),
    min_size=1,
    max_size=6,
)


@given(POINTS)
def test_the_box_around_points_holds_them_and_no_row_or_column_more(points):
    box = Box.around(points)
    xs, ys = zip(*points, strict=True)
    assert box.x0 <= min(xs) < box.x0 + 1
    assert box.y0 <= min(ys) < box.y0 + 1
    assert box.x1 - 1 < max(xs) <= box.x1 or box.width == 1
    assert box.y1 - 1 < max(ys) <= box.y1 or box.height == 1


def test_the_box_around_no_points_is_an_error():
    with pytest.raises(ValueError):  # noqa: PT011 - zip's own words
        Box.around([])


@given(boxes(), st.lists(boxes(), max_size=4))
def test_the_share_covered_is_that_of_the_best_single_box(box, others):
    share = box.covered_by(iter(others))
    best = max((len(pixels(box) & pixels(each)) for each in others), default=0)
    assert share == pytest.approx(best / len(pixels(box)))
    assert 0.0 <= share <= 1.0


@given(st.lists(boxes(), max_size=7))
def test_joined_boxes_cover_all_and_do_not_overlap(several):
    apart = joined(several)
    covered = set().union(*(pixels(each) for each in apart))
    assert covered >= set().union(*(pixels(each) for each in several))
    for one, other in itertools.combinations(apart, 2):
        assert not one.overlap(other)
    assert len(apart) <= len(several)


@given(st.lists(boxes(), max_size=7))
def test_boxes_that_do_not_overlap_stay_as_they_are(several):
    apart = joined(several)
    assert joined(apart) == apart
    for box in several:
        if not any(each.overlap(box) for each in several if each is not box):
            assert any(pixels(each) >= pixels(box) for each in apart)


def test_only_boxes_that_overlap_become_one():
    far, near, over = Box(90, 90, 95, 95), Box(0, 0, 4, 4), Box(3, 3, 9, 9)
    assert sorted(joined([near, far, over])) == [Box(0, 0, 9, 9), far]
    # the join of two can reach a third that neither of them touched
    assert joined([Box(0, 0, 2, 9), Box(5, 0, 9, 2), Box(1, 8, 9, 9)]) == [Box(0, 0, 9, 9)]


@given(st.lists(boxes(), max_size=6), st.randoms(use_true_random=False))
def test_joining_does_not_depend_on_the_order(several, random):
    shuffled = list(several)
    random.shuffle(shuffled)
    assert sorted(joined(several)) == sorted(joined(shuffled))


def test_boxes_side_by_side_do_not_overlap():
    one, other = Box(0, 0, 4, 4), Box(4, 0, 8, 4)
    assert one.overlap(other) == 0
    assert len(joined([one, other])) == 2
