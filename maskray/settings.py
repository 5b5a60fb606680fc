"""Every number and choice of the core, as frozen values with bounds and reasons."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from maskray.errors import ConfigError
from maskray.policy import Policy

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Model = TypeVar("Model", bound=BaseModel)


class Part(BaseModel):
    """A group of settings: frozen, unknown keys refused, values never echoed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LimitSettings(Part):
    """What is refused before it can hurt."""

    max_file_bytes: Count = 2 * 2**30
    """One source, after decompression."""
    max_frame_pixels: Count = 400_000_000
    """Rows x Columns of one frame. The largest digital mammogram has 30 million."""
    max_frames: Count = 20_000
    """NumberOfFrames of one instance."""
    max_instance_bytes: Count = 16 * 2**30
    """Decoded pixels of one instance."""
    max_archive_members: Count = 200_000
    """Files in one zip archive."""
    max_expansion: Annotated[int, Field(ge=2)] = 200
    """Decompressed over compressed size of one archive member or .gz file ..."""
    free_expansion_bytes: Count = 256 * 2**20
    """... that is larger than this: a black cine shrinks a thousandfold."""

    def most_expanded(self, compressed: int) -> int:
        """Bytes that so many compressed bytes may become."""
        free = max(compressed * self.max_expansion, self.free_expansion_bytes)
        return min(self.max_file_bytes, free)


class GateSettings(Part):
    """The text-presence test that spares the detectors."""

    enabled: bool = True
    """Off: EasyOCR looks at the first frame of every instance without text, too."""
    audit_share: Share = 0.0
    """Share of the instances without text that EasyOCR looks at anyway, drawn by their
    content."""


class ReadSettings(Part):
    """How RapidOCR reads frames."""

    threads: Count = 1
    """Threads of one reader; processes are the unit of parallelism."""
    upscale_below_px: Count = 480
    """Frames whose sides are shorter than this (their geometric mean) are enlarged to it
    before reading; small frames hold small letters."""
    tile_px: Count = 1100
    """Longest side read at once; larger frames are read in overlapping tiles."""
    min_confidence: Share = 0.5
    """Readings below are not text."""


class LocateSettings(Part):
    """How EasyOCR finds text."""

    threads: Count = 1
    """Threads of one EasyOCR reader."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto`` takes the GPU that the process sees, else the CPU."""
    models: Path | None = None
    """Folder with EasyOCR's weights; None: its own cache, then the packaged ones."""


class MaskSettings(Part):
    """Which pixels change, and to what."""

    extent: Literal["phi", "all_text"] = "phi"
    """``all_text`` masks every piece of text in a frame that holds PHI."""
    fill: Literal["black", "background"] = "black"
    """``background`` takes the median of the pixels around each region."""
    margin: Annotated[float, Field(ge=0.0, le=2.0)] = 0.25
    """Added on each side of a box, as a share of its height: OCR boxes clip letters."""


class VerifySettings(Part):
    """The proof before release."""

    rounds: Annotated[int, Field(ge=1, le=10)] = 3
    """How often text that was left over is masked again before REVIEW."""


class HeaderSettings(Part):
    """Options of the PS3.15 profile."""

    dates: Literal["remove", "shift"] = "remove"
    """``shift``: Retain Longitudinal Temporal Information With Modified Dates, by a
    keyed number of days per patient."""
    shift_days: Annotated[int, Field(ge=1, le=36_500)] = 3650
    """Dates are moved back by 1 to this many days."""


class AccountSettings(Part):
    """What the private ledger keeps."""

    keep_text: bool = False
    """Write the text of findings into the private ledger. It is PHI."""


class Settings(Part):
    """The core's settings. Defaults are the safe choice; see each part."""

    detectors: Annotated[tuple[Literal["rules"], ...], Field(min_length=0)] = ("rules",)
    """Findings of all of them are united. Empty needs redact_even_if_undetected."""
    redact_even_if_undetected: bool = False
    """Mask all text whatever the detectors say."""
    policy: Policy = Policy()
    limits: LimitSettings = LimitSettings()
    gate: GateSettings = GateSettings()
    read: ReadSettings = ReadSettings()
    locate: LocateSettings = LocateSettings()
    mask: MaskSettings = MaskSettings()
    verify: VerifySettings = VerifySettings()
    header: HeaderSettings = HeaderSettings()
    account: AccountSettings = AccountSettings()

    @property
    def digest(self) -> str:
        """Short hash of all that can change a result; goes into the manifest."""
        text = json.dumps(self.model_dump(), sort_keys=True, default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """For JSON; sets in one order, whatever the process's hash seed."""
    return sorted(value) if isinstance(value, frozenset) else str(value)


def load_yaml(model: type[Model], path: Path, what: str) -> Model:
    """An instance of ``model`` from a YAML mapping.

    Raises:
        ConfigError: If the file cannot be read, or with the key that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigError(f"cannot read the {what} file: {path}") from None
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"the {what} file is not YAML: {path}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"the {what} file holds no mapping: {path}")
    return validated(model, values, what)


def validated(model: type[Model], values: dict[str, object], what: str) -> Model:
    """An instance of ``model``.

    Raises:
        ConfigError: Names each wrong key and the rule it breaks, not the value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or what}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(f"{what}: {wrong}") from None
