"""Rectangles in the native pixel matrix of one frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Half-open rectangle in the native pixel matrix of one frame.

    Covers columns ``x0 <= x < x1`` and rows ``y0 <= y < y1``; the origin is the top-left
    pixel (0-based). Never empty. Whoever resizes a frame for a model converts back
    before making a box.

    Raises:
        ValueError: If the rectangle would cover no pixel.
    """

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise ValueError("a box covers at least one pixel")

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]]) -> Self:
        """The smallest box that holds all ``(x, y)`` points, whole pixels outwards."""
        xs, ys = zip(*points, strict=True)
        x0, y0 = int(min(xs) // 1), int(min(ys) // 1)
        x1, y1 = int(-(-max(xs) // 1)), int(-(-max(ys) // 1))
        return cls(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))

    @property
    def width(self) -> int:
        """Columns covered."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows covered."""
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        """Pixels covered."""
        return self.width * self.height

    @property
    def index(self) -> tuple[slice, slice]:
        """Slices for an array with axes (rows, columns, ...)."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def clip(self, rows: int, columns: int) -> "Box | None":
        """The part inside a frame of that size; ``None`` if there is none."""
        x0, y0 = max(self.x0, 0), max(self.y0, 0)
        x1, y1 = min(self.x1, columns), min(self.y1, rows)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def grow(self, dx: int, dy: int) -> "Box":
        """Larger by ``dx`` columns and ``dy`` rows on each side; not clipped."""
        return Box(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def shift(self, dx: int, dy: int) -> "Box":
        """Moved by ``dx`` columns and ``dy`` rows."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scale(self, factor: float) -> "Box":
        """Multiplied by ``factor``, whole pixels outwards."""
        return Box.around(
            [(self.x0 * factor, self.y0 * factor), (self.x1 * factor, self.y1 * factor)]
        )

    def join(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def overlap(self, other: "Box") -> int:
        """Pixels covered by both."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0) * max(height, 0)

    def covered_by(self, others: Iterable["Box"]) -> float:
        """Largest share (0 to 1) of this box's area that one of the others covers."""
        return max((self.overlap(other) for other in others), default=0) / self.area


def joined(boxes: Iterable[Box]) -> list[Box]:
    """The boxes, those that overlap made one, until none do."""
    apart: list[Box] = []
    for box in boxes:
        merged = box
        while touching := [each for each in apart if each.overlap(merged)]:
            for each in touching:
                apart.remove(each)
                merged = merged.join(each)
        apart.append(merged)
    return apart
