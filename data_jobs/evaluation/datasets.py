"""The labelled sets that ``maskray evaluate`` takes.

::

    folder with truth.json     what maskray synthesize makes
    labels.csv                 path,has_phi        (other columns are ignored)
    folder with FILE.json      beside each image: {"boxes": [{"box": [x0, y0, x1, y1],
                               "category": "name", "text": "...", "frames": [0]}]}

``has_phi`` is ``yes``, ``no`` or ``soft`` (shows nothing but an institution, an operator or
a time); with any other word the file is left out, and counted. Paths are relative to the
CSV's folder, or to the one given with ``--images``. Categories are those of a policy, and
``clinical``; ``text`` and ``frames`` (0-based; all, if left out) need not be given.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data_jobs.sources import list_sources, read_source
from maskray.compare import Spot
from maskray.errors import ConfigError
from maskray.geometry import Box
from maskray.records import Category
from maskray.settings import LimitSettings, validated
from maskray.synthesize import TRUTH_FILE

_WORDS = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
_WORDS["soft"] = "soft"
_COLUMNS = ("path", "has_phi")
_SIDECAR = ".json"
Index = Annotated[int, Field(ge=0)]


class Label(BaseModel):
    """One piece of text of an image, as its labels say."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    box: tuple[Index, Index, Index, Index]
    category: Category
    text: str = ""
    frames: tuple[Index, ...] = ()
    where: str = "pixels"
    phi: bool = True

    @model_validator(mode="before")
    @classmethod
    def _default_phi(cls, values: Any) -> Any:
        if isinstance(values, dict) and "phi" not in values:
            clinical = values.get("category") in (Category.CLINICAL, Category.UNKNOWN)
            return {**values, "phi": not clinical}
        return values

    @model_validator(mode="after")
    def _not_empty(self) -> "Label":
        if self.box[2] <= self.box[0] or self.box[3] <= self.box[1]:
            raise ValueError("a box covers at least one pixel")
        return self

    @property
    def spot(self) -> Spot:
        """Where to look for it."""
        return Spot(self.frames, Box(*self.box), self.where)


class Labels(BaseModel):
    """All pieces of text of one image."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    boxes: tuple[Label, ...]


@dataclass(frozen=True)
class Labelled:
    """One image: its name in the set, where it lies, and what it shows.

    ``boxes`` is ``None`` where only ``has_phi`` is known.
    """

    name: str
    source: str
    has_phi: str
    boxes: tuple[Label, ...] | None = None

    @property
    def truth(self) -> dict[str, Any]:
        """As :func:`maskray.score.score` takes it."""
        boxes = self.boxes
        dumped = None if boxes is None else [each.model_dump() for each in boxes]
        return {"file": self.name, "boxes": dumped, "has_phi": self.has_phi}

    @property
    def digest(self) -> str:
        """Of the labels and the image."""
        data = read_source(self.source, LimitSettings())
        text = json.dumps(self.truth, sort_keys=True, default=str)
        return hashlib.sha256(text.encode() + data).hexdigest()[:16]


@dataclass(frozen=True)
class Dataset:
    """A labelled set. ``left_out`` files have no usable label."""

    form: str
    images: tuple[Labelled, ...]
    left_out: int = 0

    @property
    def with_boxes(self) -> bool:
        """Whether it is known where text is."""
        return any(each.boxes is not None for each in self.images)


def load_dataset(path: Path, images: Path | None = None) -> Dataset:
    """The set at a path, in whichever of the three forms.

    Raises:
        ConfigError: If it is none of them, a label is wrong, or an image is missing.
    """
    if path.is_file():
        found = _from_csv(path, images or path.parent)
    elif (path / TRUTH_FILE).is_file():
        found = _from_truth(path)
    elif path.is_dir():
        found = _from_sidecars(path)
    else:
        raise ConfigError(f"no such dataset: {path}")
    if not found.images:
        raise ConfigError(f"no labelled images in: {path}")
    missing = sum(not _archive(each.source).is_file() for each in found.images)
    if missing:
        raise ConfigError(f"{missing} of the labelled images are not there")
    return found


def _archive(source: str) -> Path:
    path = Path(source)
    return path if path.exists() else Path(source.partition("!")[0])


def _from_truth(folder: Path) -> Dataset:
    content = _json(folder / TRUTH_FILE, TRUTH_FILE)
    instances = content.get("instances")
    if not isinstance(instances, list):
        raise ConfigError(f"{TRUTH_FILE} holds no list of instances")
    found: list[Labelled] = []
    for number, each in enumerate(instances):
        what = f"instance {number} of {TRUTH_FILE}"
        if not isinstance(each, dict) or not isinstance(each.get("file"), str):
            raise ConfigError(f"{what} names no file")
        boxes = validated(Labels, each, what).boxes
        found.append(_labelled(each["file"], folder / each["file"], boxes))
    return Dataset("truth.json", tuple(found))


def _from_sidecars(folder: Path) -> Dataset:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    names = {str(each) for each in files}
    found: list[Labelled] = []
    left_out = 0
    for path in files:
        sidecar = Path(f"{path}{_SIDECAR}")
        if str(sidecar) in names:
            what = f"the label file of image {len(found)}"
            boxes = validated(Labels, _json(sidecar, what), what).boxes
            found.append(_labelled(str(path.relative_to(folder)), path, boxes))
        elif path.suffix != _SIDECAR:
            left_out += 1
    return Dataset("boxes", tuple(found), left_out)


def _labelled(name: str, path: Path, boxes: tuple[Label, ...]) -> Labelled:
    phi = "yes" if any(each.phi for each in boxes) else "no"
    return Labelled(name, str(path.absolute()), phi, boxes)


def _from_csv(path: Path, folder: Path) -> Dataset:
    found: list[Labelled] = []
    left_out = 0
    for row in _rows(path):
        label = _WORDS.get(row["has_phi"].strip().lower())
        sources = _sources(folder / row["path"]) if label else []
        if label is None or len(sources) != 1:
            left_out += 1  # of an archive nobody says which image is meant
        else:
            found.append(Labelled(row["path"], sources[0], label))
    if len({each.name for each in found}) != len(found):
        raise ConfigError("the labels name an image twice")
    return Dataset("csv", tuple(found), left_out)


def _sources(path: Path) -> list[str]:
    if not path.is_file():
        return [str(path.absolute())]  # counted as missing
    return [each.name for each in list_sources([str(path)], LimitSettings())]


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            if not set(_COLUMNS) <= set(rows.fieldnames or ()):
                raise ConfigError(f"the labels need the columns {' and '.join(_COLUMNS)}")
            for number, row in enumerate(rows, 2):
                if any(row[each] is None for each in _COLUMNS):
                    raise ConfigError(f"line {number} of the labels is cut off")
                yield row
    except (OSError, ValueError, csv.Error):
        raise ConfigError(f"the labels cannot be read: {path}") from None


def _json(path: Path, what: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise ConfigError(f"{what} cannot be read, or is no JSON") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{what} holds no JSON object")
    return content
