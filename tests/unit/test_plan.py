"""From findings and boxes to regions: nothing found may stay outside one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from maskray.errors import DetectionError
from maskray.geometry import Box
from maskray.plan import Place, places_to_locate, plan_regions
from maskray.records import Category, Finding, Region, TextLine
from maskray.settings import MaskSettings

SETTINGS = MaskSettings()
TIGHT = MaskSettings(margin=0.0)
ALL_TEXT = MaskSettings(extent="all_text")
NAME = Category.NAME


def finding(box=None, frames=(0,), category=NAME, *, view="full", height=0):
    return Finding(frames, SecretStr("DOE"), category, "rules", box, view, height)


def line(box, frames=(0,), view="full"):
    return TextLine(frames, box, SecretStr("LEFT"), 0.9, (), view, "rapidocr")


def inside(inner, outer):
    return inner.overlap(outer) == inner.area


# --- Where to look --------------------------------------------------------------------


def test_a_finding_is_located_in_the_first_frame_that_shows_it():
    each = finding(Box(50, 50, 90, 70), frames=(3, 4, 9), view="window", height=20)
    assert places_to_locate([each], {}) == [Place(3, "window", Box(40, 40, 100, 80), 20)]


def test_small_text_gets_a_margin_too():
    (place,) = places_to_locate([finding(Box(50, 50, 90, 54), height=4)], {})
    assert place.box == Box(46, 46, 94, 58)


def test_a_finding_without_a_box_is_looked_for_nowhere():
    assert places_to_locate([finding(), finding(frames=(1, 2))], {}) == []


def test_a_place_is_looked_at_once():
    box = Box(50, 50, 90, 70)
    same = [finding(box), finding(box, category=Category.DATE), finding(box, frames=(0, 5))]
    assert len(places_to_locate(same, {})) == 1
    assert len(places_to_locate([*same, finding(box, frames=(5,))], {})) == 2


def test_text_that_easyocr_drew_already_is_not_looked_at_again():
    each, drawn = finding(Box(50, 50, 90, 70), frames=(3, 4)), Box(48, 48, 80, 72)
    assert places_to_locate([each], {3: [drawn]}) == []
    assert places_to_locate([each], {4: [drawn]}) != []
    assert places_to_locate([each], {3: [drawn.shift(30, 0)]}) != []


# --- Findings with a box --------------------------------------------------------------


def test_no_findings_need_no_regions():
    assert plan_regions([], [line(Box(0, 0, 9, 9))], {0: [Box(0, 0, 9, 9)]}, ALL_TEXT) == ()


def test_a_finding_is_hidden_in_all_its_frames_with_a_margin():
    found = finding(Box(50, 50, 90, 70), (2, 5, 6), Category.DATE, height=20)
    (region,) = plan_regions([found], [], {}, MaskSettings(margin=0.25))
    assert region == Region((2, 5, 6), Box(45, 48, 95, 72), Category.DATE)


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        (0.0, Box(49, 49, 91, 71)),  # never less than a pixel
        (0.25, Box(45, 48, 95, 72)),
        (1.0, Box(30, 40, 110, 80)),
        (2.0, Box(10, 30, 130, 90)),
    ],
)
def test_the_margin_is_a_share_of_the_height(margin, expected):
    (region,) = plan_regions(
        [finding(Box(50, 50, 90, 70), height=20)], [], {}, MaskSettings(margin=margin)
    )
    assert region.box == expected


def test_a_finding_without_a_line_height_is_as_high_as_its_box():
    box = Box(50, 50, 90, 70)
    assert plan_regions([finding(box)], [], {}, SETTINGS) == plan_regions(
        [finding(box, height=20)], [], {}, SETTINGS
    )


def test_the_same_box_of_several_frames_is_one_region():
    box = Box(50, 50, 90, 70)
    found = [finding(box, (0, 1)), finding(box, (7,)), finding(box, (1, 2))]
    (region,) = plan_regions(found, [], {}, SETTINGS)
    assert region.frames == (0, 1, 2, 7)


def test_other_reasons_make_other_regions():
    box = Box(50, 50, 90, 70)
    found = [finding(box), finding(box, category=Category.DATE)]
    assert len(plan_regions(found, [], {}, SETTINGS)) == 2


@pytest.mark.parametrize(
    ("kept", "rows"),
    [
        (Box(50, 64, 90, 84), (46, 67)),  # boxes overlap: each has up to the middle
        (Box(50, 71, 90, 91), (46, 71)),  # nearly touch
        (Box(50, 36, 90, 56), (53, 74)),  # above
        (Box(50, 58, 90, 78), (46, 74)),  # most of the same line
        (Box(120, 64, 160, 84), (46, 74)),  # not above nor below
        (Box(60, 64, 70, 94), (46, 74)),  # stands
        (Box(85, 64, 300, 84), (46, 74)),  # hardly below
    ],
)
def test_a_line_that_stays_keeps_its_side_of_what_is_tight(kept, rows):
    found = finding(Box(50, 50, 90, 70), height=20)
    settings = MaskSettings(margin=0.4)
    (region,) = plan_regions([found], [], {}, settings, [line(kept)])
    assert (region.box.y0, region.box.y1) == rows
    (alone,) = plan_regions([found], [], {}, settings, [line(kept, frames=(3,))])
    assert (alone.box.y0, alone.box.y1) == (46, 74)


# --- What EasyOCR's boxes add ---------------------------------------------------------


def region_with(located, frames=(0,)):
    found = finding(Box(50, 50, 90, 70), frames, height=20)
    (region,) = plan_regions([found], [], located, TIGHT)
    return region.box


def test_a_located_box_of_the_same_text_widens_the_region():
    assert region_with({0: [Box(46, 48, 95, 73)]}) == Box(45, 47, 96, 74)


def test_a_located_box_inside_changes_nothing():
    assert region_with({0: [Box(55, 52, 80, 68)]}) == region_with({})


def test_a_located_box_elsewhere_changes_nothing():
    assert region_with({0: [Box(200, 50, 240, 70), Box(50, 71, 90, 95)]}) == region_with({})


def test_a_located_box_that_holds_a_neighbour_lends_its_height_only():
    box = region_with({0: [Box(52, 47, 300, 72)]})
    assert (box.x0, box.x1) == (49, 91)
    assert (box.y0, box.y1) == (46, 73)


def test_a_located_box_of_another_frame_does_not_count():
    assert region_with({1: [Box(46, 48, 95, 73)]}) == region_with({})
    assert region_with({0: [Box(46, 48, 95, 73)]}, frames=(1, 2)) == region_with({})


def test_a_located_box_cannot_blow_a_region_up():
    box = region_with({0: [Box(0, 0, 400, 400), Box(50, 40, 90, 110)]})
    assert box.y0 >= 50 - 7 - 1
    assert box.y1 <= 70 + 7 + 1
    assert box.x0 >= 50 - 20 - 1
    assert box.x1 <= 90 + 20 + 1


# --- Findings without a box -----------------------------------------------------------


def test_a_finding_without_a_place_hides_all_text_of_its_frames():
    lines = [
        line(Box(10, 10, 50, 30), (0, 1)),
        line(Box(10, 100, 50, 120), (1,)),
        line(Box(10, 200, 50, 220), (2,)),
    ]
    regions = plan_regions([finding(frames=(0, 1))], lines, {}, SETTINGS)
    assert [region.frames for region in regions] == [(0, 1), (1,)]
    assert all(
        inside(each.box, region.box) for each, region in zip(lines, regions, strict=False)
    )


@pytest.mark.parametrize(
    ("lines", "frames"),
    [
        ([], (0,)),
        ([line(Box(10, 10, 50, 30), (0,))], (0, 1)),
        ([line(Box(10, 10, 50, 30), (0, 1))], (0, 1, 2)),
        ([line(Box(10, 10, 50, 30), (4,))], (0,)),
    ],
)
def test_a_finding_with_neither_place_nor_text_is_for_a_person(lines, frames):
    with pytest.raises(DetectionError) as caught:
        plan_regions([finding(frames=frames)], lines, {}, SETTINGS)
    assert caught.value.code == "unlocated"
    assert caught.value.stage == "plan"


def test_one_finding_without_a_place_is_not_saved_by_the_others():
    found = [finding(Box(10, 10, 50, 30)), finding(frames=(0,))]
    with pytest.raises(DetectionError):
        plan_regions(found, [], {0: [Box(10, 10, 50, 30)]}, SETTINGS)


# --- All text -------------------------------------------------------------------------


def test_all_text_of_frames_with_a_finding_can_be_hidden():
    lines = [
        line(Box(10, 10, 50, 30)),
        line(Box(10, 100, 50, 120), (0, 3)),
        line(Box(0, 0, 9, 9), (5,)),
    ]
    regions = plan_regions([finding(Box(200, 200, 240, 220))], lines, {}, ALL_TEXT)
    covered = {region.box for region in regions}
    assert any(inside(lines[0].box, box) for box in covered)
    assert any(inside(lines[1].box, box) for box in covered)
    assert {index for region in regions for index in region.frames} == {0, 3}


def test_by_default_other_text_stays():
    (region,) = plan_regions(
        [finding(Box(200, 200, 240, 220))], [line(Box(10, 10, 50, 30))], {}, SETTINGS
    )
    assert region.box.overlap(Box(10, 10, 50, 30)) == 0


# --- Properties -----------------------------------------------------------------------

FRAMES = st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True).map(
    lambda each: tuple(sorted(each))
)
BOXES = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(1, 200),
    st.integers(1, 60),
)
FINDINGS = st.lists(
    st.builds(
        finding,
        BOXES,
        FRAMES,
        st.sampled_from(list(Category)),
        height=st.integers(0, 60),
    ),
    max_size=6,
)
LINES = st.lists(st.builds(line, BOXES, FRAMES), max_size=4)
LOCATED = st.dictionaries(st.integers(0, 9), st.lists(BOXES, max_size=4), max_size=4)
MASKS = st.builds(
    MaskSettings,
    extent=st.sampled_from(["phi", "all_text"]),
    margin=st.floats(0, 2, allow_nan=False),
)


@given(FINDINGS, LINES, LOCATED, MASKS)
def test_every_finding_lies_inside_a_region_in_each_of_its_frames(
    found, lines, located, settings
):
    regions = plan_regions(found, lines, located, settings)
    for each in found:
        for frame in each.frames:
            assert any(
                frame in region.frames
                and inside(each.box, region.box)
                and region.reason is each.category
                for region in regions
            )


@given(FINDINGS, LOCATED, MASKS)
def test_no_region_lies_far_from_the_findings(found, located, settings):
    for region in plan_regions(found, [], located, settings):
        near = []
        for each in found:
            height = each.line_height or each.box.height
            margin = max(round(settings.margin * height), 1)
            reach = each.box.grow(height + margin, round(0.35 * height) + margin)
            near.append(
                inside(region.box, reach) and set(each.frames) <= set(region.frames)
            )
        assert any(near)


@given(FINDINGS, LINES, LOCATED, MASKS)
def test_regions_name_only_frames_that_something_was_found_in(
    found, lines, located, settings
):
    named = {index for each in found for index in each.frames}
    if settings.extent == "all_text":
        named |= {index for each in lines for index in each.frames}
    for region in plan_regions(found, lines, located, settings):
        assert region.frames
        assert set(region.frames) <= named
        assert list(region.frames) == sorted(set(region.frames))


@given(FINDINGS, LINES, LOCATED, MASKS)
def test_the_plan_is_sorted_and_holds_nothing_twice(found, lines, located, settings):
    regions = plan_regions(found, lines, located, settings)
    assert list(regions) == sorted(set(regions))
    assert len({(region.box, region.reason) for region in regions}) == len(regions)


@given(FINDINGS.flatmap(st.permutations), LINES, LOCATED, MASKS, st.randoms())
def test_the_order_of_findings_does_not_matter(found, lines, located, settings, rng):
    other = list(found)
    rng.shuffle(other)
    assert plan_regions(found, lines, located, settings) == plan_regions(
        other, lines, located, settings
    )


@given(FINDINGS, LINES, LOCATED)
def test_all_text_hides_no_less(found, lines, located):
    fewer = plan_regions(found, lines, located, SETTINGS)
    more = plan_regions(found, lines, located, ALL_TEXT)
    for region in fewer:
        assert any(
            inside(region.box, other.box) and set(region.frames) <= set(other.frames)
            for other in more
        )
