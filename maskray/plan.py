"""Step 7, plan: findings and boxes → regions. One pure function.

What a detector calls PHI is hidden where it is: in the finding's own box, widened to
the boxes that EasyOCR draws around the same text. A finding without a box, of a model, is
matched to the lines that were read (see ``match``); one that matches nothing hides all
text of its frames.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import SecretStr

from maskray.errors import DetectionError
from maskray.geometry import Box
from maskray.match import Match, find, merged
from maskray.records import Category, Finding, Region, TextLine, merge_frames
from maskray.settings import MaskSettings
from maskray.text import letters, tokens

_INSIDE = 0.6
"""Share of a located box that must lie in a finding's for it to count whole."""
_TOUCHES = 0.15
_TIGHT = 0.5
"""Share of their height that the boxes of two lines may have in common."""
_MOST_GROWTH = 0.35
"""How far, in line heights, a located box may widen a finding's up and down."""


_PEOPLE = frozenset({Category.NAME, Category.PHYSICIAN, Category.OPERATOR})
_NAME = 4
"""A part of a name of so many letters is hidden wherever it stands alone, too."""


def placed(findings: Iterable[Finding], lines: Iterable[TextLine]) -> list[Finding]:
    """The findings, those without a box in the places where their text was read.

    A finding becomes one for each place, over all frames in which that line stands. It
    keeps no box where its text was not found as a whole in one of its frames.
    """
    lines = list(lines)
    return [each for finding in findings for each in _placed(finding, lines)]


def _placed(finding: Finding, lines: Sequence[TextLine]) -> list[Finding]:
    if finding.box is not None:
        return [finding]
    frames = set(finding.frames)
    here = [line for line in lines if not frames.isdisjoint(line.frames)]
    matches = find(finding.text.get_secret_value(), here)
    left = frames.difference(*(match.line.frames for match in matches))
    if matches and finding.category in _PEOPLE:
        matches += _parts_of_the_name(finding, here)
    there = [_there(finding, match) for match in merged(matches)]
    if left:
        there.append(replace(finding, frames=tuple(sorted(left))))
    return there


def _parts_of_the_name(finding: Finding, lines: Sequence[TextLine]) -> list[Match]:
    words = [letters(each.text) for each in tokens(finding.text.get_secret_value())]
    return [match for word in words if len(word) >= _NAME for match in find(word, lines)]


def _there(finding: Finding, match: Match) -> Finding:
    line = match.line
    text = line.text.get_secret_value()
    return replace(
        finding,
        frames=line.frames,
        text=SecretStr(text if match.span is None else text[slice(*match.span)]),
        box=match.box,
        view=line.view,
        line_height=min(line.box.width, line.box.height),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where to let EasyOCR look: a box in one frame, as one view shows it."""

    frame: int
    view: str
    box: Box
    line_height: int


def places_to_locate(
    findings: Iterable[Finding], located: Mapping[int, Sequence[Box]]
) -> list[Place]:
    """The surroundings of every finding's box in the first frame that shows it.

    But of those where EasyOCR was asked before and drew boxes, ``located``.
    """
    places: dict[tuple[int, Box], Place] = {}
    for finding in findings:
        if finding.box is None:
            continue
        if finding.box.covered_by(located.get(finding.frames[0], ())) >= _INSIDE:
            continue
        margin = max(finding.line_height // 2, 4)
        place = Place(
            finding.frames[0],
            finding.view,
            finding.box.grow(margin, margin),
            finding.line_height,
        )
        places.setdefault((place.frame, place.box), place)
    return list(places.values())


def plan_regions(
    findings: Sequence[Finding],
    lines: Sequence[TextLine],
    located: Mapping[int, Sequence[Box]],
    settings: MaskSettings,
    kept: Sequence[TextLine] = (),
) -> tuple[Region, ...]:
    """The regions to mask.

    Args:
        findings: What the policy hides.
        lines: All text that was read, for ``extent: all_text`` and for findings
            without a box.
        located: EasyOCR's boxes by frame, in native pixels.
        settings: Extent and margin.
        kept: Text that stays. Where its lines are printed tightly above or below, a
            region ends half-way.

    Raises:
        DetectionError: ``unlocated`` if a finding has no box and its frames no text:
            somebody must look.
    """
    regions: list[Region] = []
    for finding in findings:
        if finding.box is None:
            regions.extend(_everywhere(finding, lines, settings))
        else:
            region = _region(finding, located, settings)
            regions.append(replace(region, box=_clear_of(region.box, finding, kept)))
    if settings.extent == "all_text" and findings:
        frames = set(merge_frames(*(finding.frames for finding in findings)))
        regions.extend(
            Region(line.frames, _with_margin(line.box, line.box.height, settings), _ANY)
            for line in lines
            if not frames.isdisjoint(line.frames)
        )
    return tuple(sorted(_merged(regions)))


_ANY = Category.UNKNOWN


def _everywhere(
    finding: Finding, lines: Sequence[TextLine], settings: MaskSettings
) -> list[Region]:
    """All text of the finding's frames: it said what, but nobody can tell where."""
    frames = set(finding.frames)
    regions = [
        Region(line.frames, _with_margin(line.box, line.box.height, settings), _ANY)
        for line in lines
        if not frames.isdisjoint(line.frames)
    ]
    covered = {index for region in regions for index in region.frames}
    if not frames <= covered:
        raise DetectionError("a finding has no place", "unlocated", "plan")
    return regions


def _region(
    finding: Finding, located: Mapping[int, Sequence[Box]], settings: MaskSettings
) -> Region:
    assert finding.box is not None  # noqa: S101 - narrowed by the caller
    box = finding.box
    height = finding.line_height or box.height
    limit = box.grow(height, round(_MOST_GROWTH * height))
    for other in located.get(finding.frames[0], ()):
        shared = finding.box.overlap(other)
        if shared >= _INSIDE * other.area:
            box = box.join(other)
        elif shared >= _TOUCHES * finding.box.area:
            # It holds a neighbour too: take only how high the text stands.
            box = box.join(Box(box.x0, other.y0, box.x1, other.y1))
    return Region(
        finding.frames,
        _with_margin(_within(box, limit), height, settings),
        finding.category,
    )


def _clear_of(box: Box, finding: Finding, kept: Iterable[TextLine]) -> Box:
    """A region's box without what it takes of lines that lie above and below and stay.

    Readers draw boxes wider than letters are: where those of two lines overlap a little,
    or nearly touch, each line has what is on its side of the middle.
    """
    own = finding.box
    if own is None or own.height > own.width:
        return box
    y0, y1 = box.y0, box.y1
    for line in kept:
        there = line.box
        apart = not set(finding.frames) <= set(line.frames)
        along = min(own.x1, there.x1) - max(own.x0, there.x0)
        beside = 2 * along < min(own.width, there.width)
        if apart or beside or there.height > there.width:
            continue
        shared = min(own.y1, there.y1) - max(own.y0, there.y0)
        if shared > _TIGHT * min(own.height, there.height):
            continue
        if there.y0 > own.y0:
            y1 = min(y1, -(-(own.y1 + there.y0) // 2))
        else:
            y0 = max(y0, (own.y0 + there.y1) // 2)
    most = round(_TOUCHES * own.height)
    return Box(box.x0, min(y0, own.y0 + most), box.x1, max(y1, own.y1 - most))


def _within(box: Box, limit: Box) -> Box:
    return Box(
        max(box.x0, limit.x0),
        max(box.y0, limit.y0),
        min(box.x1, limit.x1),
        min(box.y1, limit.y1),
    )


def _with_margin(box: Box, height: int, settings: MaskSettings) -> Box:
    margin = max(round(settings.margin * height), 1)
    return box.grow(margin, max(margin // 2, 1))


def _merged(regions: Iterable[Region]) -> list[Region]:
    """Regions with one box and reason made one over their frames."""
    frames: dict[tuple[Box, Category], list[tuple[int, ...]]] = {}
    for region in regions:
        frames.setdefault((region.box, region.reason), []).append(region.frames)
    return [
        Region(merge_frames(*each), box, reason) for (box, reason), each in frames.items()
    ]
