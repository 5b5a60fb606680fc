"""Small pictures of released files, for a report. Nothing else is ever opened."""

import base64
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import PIL.Image

from data_jobs.output import RELEASE, Output
from data_jobs.tally import MOST_SHOWN_PIXELS
from maskray.open import Instance, open_instance
from maskray.pixels import decode
from maskray.records import Verdict
from maskray.render import NamedView, views
from maskray.settings import LimitSettings

Row = dict[str, Any]

_SIDE_PX = 320
_JPEG_QUALITY = 80
_PREFERRED = ("robust", "colour")
_LIMITS = LimitSettings(
    max_file_bytes=2 * MOST_SHOWN_PIXELS,
    max_frame_pixels=2**26,
    max_instance_bytes=8 * MOST_SHOWN_PIXELS,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """The first frame of one released file, as a data URI, and what to say of it."""

    uri: str
    width: int
    height: int
    verdict: Verdict
    modality: str
    frames: int
    frames_masked: int
    name: str
    """The released file's."""


def choose(rows: Iterable[Row], most: int) -> list[Row]:
    """The rows to show: REDACTED before CLEAN, in turn from each modality.

    Args:
        rows: Rows of the manifest, in the order of preference.
        most: How many.
    """
    by_verdict: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        by_modality = by_verdict.setdefault(row["verdict"], {})
        by_modality.setdefault(row["modality"] or "", []).append(row)
    chosen: list[Row] = []
    for verdict in (Verdict.REDACTED, Verdict.CLEAN):
        queues = [queue for _, queue in sorted(by_verdict.get(verdict, {}).items())]
        chosen += _in_turn(queues)
    return chosen[:most]


def _in_turn(queues: Sequence[Sequence[Row]]) -> Iterator[Row]:
    for turn in itertools.zip_longest(*queues):
        yield from (row for row in turn if row is not None)


def picture(output: Output, row: Row) -> Picture | None:
    """The picture of one released instance; ``None`` if it cannot be shown."""
    name = str(row["released"])
    if not _is_released(name):
        return None
    try:
        instance = open_instance(output.read(name), _LIMITS)
        image = _image(_view(instance))
        return Picture(
            _data_uri(image),
            image.width,
            image.height,
            Verdict(row["verdict"]),
            row["modality"] or "",
            instance.pixels.frames,
            row["frames_masked"] or 0,
            PurePosixPath(name).name,
        )
    except Exception:  # noqa: BLE001 - a report is written whatever one file holds
        return None


def _is_released(name: str) -> bool:
    """Whether a name can only mean a file right in the release folder."""
    path = PurePosixPath(name)
    return path.parts == (RELEASE, path.name) and path.name != ".."


def _view(instance: Instance) -> NamedView:
    frame = next(decode(instance.dataset, instance.pixels, [0]))
    shown = views(frame, instance.dataset, instance.pixels)
    return next((view for view in shown if view.name in _PREFERRED), shown[0])


def _image(view: NamedView) -> PIL.Image.Image:
    image = PIL.Image.fromarray(view.pixels)
    if view.name not in ("colour", "brightened"):
        image = image.convert("L")
    image.thumbnail((_SIDE_PX, _SIDE_PX), PIL.Image.Resampling.LANCZOS)
    return image


def _data_uri(image: PIL.Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
