"""Step 9, verify: the bytes that would be released are opened again and doubted.

Three proofs. Outside the regions every stored value is the source's, inside each region
one value stands. The header holds none of the source's own identifiers. And what can
still be read beside the regions, by RapidOCR in every view and by EasyOCR, is no PHI;
what is, is masked in another round. A proof that cannot be made is a failure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit

from maskray import jpeg, rules
from maskray.detect import read_sightings
from maskray.errors import MaskrayError, VerificationError
from maskray.gate import find_text
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.locate import NAME as EASYOCR
from maskray.locate import Locator
from maskray.mask import boxes_by_frame
from maskray.open import Instance, Kind
from maskray.pixels import Samples, StoredFrame, decode
from maskray.policy import Policy
from maskray.read import Reader
from maskray.records import Category, Finding, Region, TextLine
from maskray.render import NamedView, views
from maskray.text import fold, letters, tokens

_SURE = 0.35
"""EasyOCR's confidence from which a name or number it reads counts."""
_NEIGHBOURHOOD = 1.5
"""How far around a region, in its heights, is read again."""


@dataclass(frozen=True, slots=True)
class Readers:
    """The two engines, and what they look for."""

    reader: Reader
    locator: Locator | None
    identifiers: Identifiers
    policy: Policy


# --- pixels ---------------------------------------------------------------------------


def prove_pixels(source: Instance, released: Instance, regions: Iterable[Region]) -> None:
    """That pixels changed inside the regions, and only there.

    Frames of JPEG are compared outside the blocks that had to be rewritten.

    Raises:
        VerificationError: If a value outside has changed, or a region is not covered.
    """
    boxes = boxes_by_frame(regions)
    if not boxes and _same_pixel_bytes(source.dataset, released.dataset):
        return
    try:
        pairs = zip(
            decode(source.dataset, source.pixels),
            decode(released.dataset, released.pixels),
            strict=True,
        )
        for before, after in pairs:
            _prove_frame(source, before, after, boxes.get(before.index, ()))
    except VerificationError:
        raise
    except (MaskrayError, ValueError):
        raise VerificationError("the result cannot be read", stage="verify") from None


def _same_pixel_bytes(one: Dataset, other: Dataset) -> bool:
    return all(
        one.get(keyword) == other.get(keyword)
        for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    )


def _prove_frame(
    source: Instance, before: StoredFrame, after: StoredFrame, boxes: Sequence[Box]
) -> None:
    rows, columns = before.samples.shape[:2]
    outside = np.ones((rows, columns), bool)
    for box in boxes:
        _prove_covered(source, after.samples, box)
        inside = _touched(source, box).clip(rows, columns)
        if inside is not None:
            outside[inside.index] = False
    one, other = before.samples, after.samples
    if not boxes and np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        return
    if one.shape != other.shape or not _equal(one[outside], other[outside], source):
        raise VerificationError("a value outside changed", "outside_changed", "verify")


def _touched(source: Instance, box: Box) -> Box:
    """All pixels that masking a box may change in this encoding."""
    if source.kind is Kind.JPEG or source.pixels.transfer_syntax == JPEGBaseline8Bit:
        return jpeg.touched(box, source.pixels.samples > 1)
    if source.pixels.photometric == "YBR_FULL_422":
        return box.grow(1, 0)
    return box


def _equal(one: Samples, other: Samples, source: Instance) -> bool:
    if one.dtype.kind == "f":
        return bool(np.array_equal(one, other, equal_nan=True))
    wide_one, wide_other = one.astype(np.int64), other.astype(np.int64)
    top = 1 << (source.pixels.bits_stored - int(source.pixels.signed))
    low = -top if source.pixels.signed else 0
    # A lossy decoder may overshoot what the stored bits can hold.
    return bool(np.array_equal(wide_one.clip(low, top - 1), wide_other))


def _prove_covered(source: Instance, samples: Samples, box: Box) -> None:
    inside = box.clip(*samples.shape[:2])
    if inside is None:
        return
    lossy = source.kind is Kind.JPEG or source.pixels.transfer_syntax == JPEGBaseline8Bit
    if lossy and source.pixels.samples > 1 and min(inside.width, inside.height) > 4:
        inside = inside.grow(-2, -2)  # decoders blend subsampled colours into the edge
    values = samples[inside.index].astype(np.float64)
    values = values.reshape(inside.area, -1)
    spread = float((values.max(axis=0) - values.min(axis=0)).max())
    allowed = 8.0 if source.kind is Kind.JPEG or source.pixels.encapsulated else 0.0
    if spread > allowed and not source.pixels.keyword != "PixelData":
        raise VerificationError("a region is not covered", "not_covered", "verify")


# --- header ---------------------------------------------------------------------------


def prove_header(released: Instance, identifiers: Identifiers) -> None:
    """That no text of the released header holds one of the source's identifiers.

    Raises:
        VerificationError: ``header_identifier``.
    """
    known = {fold(value).strip() for value in identifiers.raw}
    known = {value for value in known if len(value) > 3}
    if released.kind is Kind.DICOM and _holds_any(released.dataset, known):
        raise VerificationError(
            "the header still identifies", "header_identifier", "verify"
        )


def _holds_any(dataset: Dataset, known: set[str]) -> bool:
    for element in dataset:
        if element.tag.is_private or element.tag.group & 0xFF00 == 0x6000:
            return True
        if element.VR == "SQ":
            if any(_holds_any(item, known) for item in element.value):
                return True
        elif element.VR in ("PN", "LO", "SH", "ST", "LT", "UT", "UC", "AE"):
            values = element.value if element.VM > 1 else [element.value]
            if any(fold(str(value)).strip() in known for value in values if value):
                return True
    return False


# --- text -----------------------------------------------------------------------------


def left_over(
    released: Instance,
    regions: Sequence[Region],
    kept: Sequence[TextLine],
    readers: Readers,
) -> list[Finding]:
    """PHI that can still be read beside the regions.

    Args:
        released: The reopened result.
        regions: What was masked; each is looked at in the first frame it is in.
        kept: Lines whose text stays: unknown text in their place is a misreading.
        readers: The engines.
    """
    found: list[Finding] = []
    by_frame: dict[int, list[Region]] = {}
    for region in regions:
        by_frame.setdefault(region.frames[0], []).append(region)
    for frame in decode(released.dataset, released.pixels, sorted(by_frame)):
        shown = views(frame, released.dataset, released.pixels)
        here = by_frame[frame.index]
        same = [line for line in kept if frame.index in line.frames]
        lines = [
            *_by_rapidocr(readers, shown, here, frame.index, same),
            *_by_easyocr(readers, shown[0], here, frame.index, same),
        ]
        found += [
            _in_all_frames(finding, here) for finding in _suspicious(lines, same, readers)
        ]
    return found


def _by_rapidocr(
    readers: Readers,
    shown: Sequence[NamedView],
    regions: Iterable[Region],
    index: int,
    kept: Sequence[TextLine],
) -> list[TextLine]:
    """The neighbourhoods of the regions, read in every view.

    Kept text is as it was read, unless it stands in one line with a region, close by.
    Doubts about other text in its place were resolved when it was read first.
    """
    reader, identifiers = readers.reader, readers.identifiers
    rows, columns = shown[0].pixels.shape[:2]
    places: list[Box] = []
    for region in regions:
        reach = round(_NEIGHBOURHOOD * min(region.box.height, region.box.width)) + 8
        place = region.box.grow(reach, reach).clip(rows, columns)
        if place is None:
            continue
        for other in [each for each in places if each.overlap(place)]:
            places.remove(other)
            place = place.join(other)
        places.append(place)
    near = [_along(region.box) for region in regions]
    same = [line.box for line in kept if not any(line.box.overlap(box) for box in near)]

    def known(box: Box) -> bool:
        return box.covered_by(same) > _UNCHANGED

    found = find_text(reader, shown, places, known, thorough=False)
    lines, _ = read_sightings(
        reader, found, [index], shown, identifiers, lambda line: _was_read(line, kept)
    )
    return lines


def _along(box: Box) -> Box:
    """The box made longer, to where its line goes on."""
    low = min(box.width, box.height)
    return box.grow(low, 0) if box.width >= box.height else box.grow(0, low)


def _by_easyocr(
    readers: Readers,
    shown: NamedView,
    regions: Iterable[Region],
    index: int,
    kept: Sequence[TextLine],
) -> list[TextLine]:
    """The ends of the regions, read by EasyOCR for the header's identifiers."""
    if readers.locator is None or not readers.identifiers.raw:
        return []

    def known(box: Box) -> bool:
        return box.covered_by(each.box for each in kept) > _SAME

    places = [place for region in regions for place in _ends(region.box)]
    heights = [min(box.height, box.width) for box in places]
    return [
        TextLine(
            (index,),
            located.box,
            located.text,
            located.confidence,
            view=shown.name,
            reader=EASYOCR,
        )
        for located in readers.locator.read(
            shown.pixels, places, heights, quickly=True, skip=known
        )
        if located.confidence >= _SURE
    ]


def _ends(box: Box) -> list[Box]:
    """The two ends of a region, where a letter may look out; all of a short one."""
    low = min(box.width, box.height)
    around = box.grow(low, low // 2) if box.width >= box.height else box.grow(low // 2, low)
    if max(box.width, box.height) <= _SHORT * low:
        return [around]
    if box.width >= box.height:
        return [
            Box(around.x0, around.y0, around.x0 + 2 * low, around.y1),
            Box(around.x1 - 2 * low, around.y0, around.x1, around.y1),
        ]
    return [
        Box(around.x0, around.y0, around.x1, around.y0 + 2 * low),
        Box(around.x0, around.y1 - 2 * low, around.x1, around.y1),
    ]


_SHORT = 3
"""A region is looked at whole up to so many times its height."""


def _suspicious(
    lines: Iterable[TextLine], kept: Sequence[TextLine], readers: Readers
) -> Iterator[Finding]:
    for line in lines:
        if line.reader == EASYOCR:
            yield from _known_identifiers(line, readers.identifiers)
            continue
        for finding in rules.findings([line], readers.identifiers, readers.policy):
            unsure = finding.category in (Category.UNKNOWN, Category.OTHER_ID)
            if not (unsure and _was_read(line, kept)) and not _was_judged(
                finding, kept, readers.identifiers
            ):
                yield finding


def _was_judged(
    finding: Finding, kept: Sequence[TextLine], identifiers: Identifiers
) -> bool:
    """Whether kept text says the same in that place: it was judged with its whole line.

    A line that a region has cut says less; words stand alone that were no names in it.
    """
    assert finding.box is not None  # noqa: S101 - lines have boxes
    text = finding.text.get_secret_value()
    if any(True for _ in identifiers.find(list(tokens(text)))):
        return False
    there = (each for each in kept if finding.box.covered_by([each.box]) > _SAME)
    return any(letters(text) in letters(each.text.get_secret_value()) for each in there)


def _was_read(line: TextLine, kept: Sequence[TextLine]) -> bool:
    return line.box.covered_by(each.box for each in kept) > _SAME


_UNCHANGED = 0.9
_SAME = 0.5
"""Share of a box that kept text must cover to be the text that is read there."""


def _known_identifiers(line: TextLine, identifiers: Identifiers) -> Iterator[Finding]:
    """EasyOCR misreads too often to judge unknown text: only the header's own count."""
    for _, _, category in identifiers.find(list(tokens(line.text.get_secret_value()))):
        yield Finding(
            line.frames,
            line.text,
            category,
            EASYOCR,
            line.box,
            line.view,
            line.box.height,
        )
        return


def _in_all_frames(finding: Finding, regions: Iterable[Region]) -> Finding:
    """What is left beside a region is masked in all frames the region is in."""
    assert finding.box is not None  # noqa: S101 - lines have boxes
    near = [
        region.frames
        for region in regions
        if region.box.grow(2 * region.box.height, 2 * region.box.height).overlap(
            finding.box
        )
    ]
    frames = tuple(sorted({index for each in near for index in each})) or finding.frames
    return Finding(
        frames,
        finding.text,
        finding.category,
        finding.source,
        finding.box,
        finding.view,
        finding.line_height,
    )
