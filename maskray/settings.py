"""Every number and choice of the core, as frozen values with bounds and reasons."""

import functools
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from maskray.errors import ConfigError
from maskray.policy import Policy

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Dollars = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
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
    """Frames with a shorter side are enlarged to this before reading, long strips less;
    small frames hold small letters."""
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


class ModelProfile(Part):
    """What maskray must know of a model; files in ``maskray/models`` hold these."""

    model: str
    """Its name where weights are published, or a folder."""
    max_px: Annotated[int, Field(ge=64)]
    """Longest side the model sees unshrunk; larger frames are cut into pieces."""
    overlap_px: Count = 224
    """By how much neighbouring pieces overlap: text is whole in one of them."""
    min_px: Count = 1
    """Smaller pictures are padded with black to this width."""
    max_tokens: Count = 2048
    """Of one reply; one that is cut off here is unusable."""
    engine: dict[str, Any] = {}
    """Arguments of vLLM's engine (``AsyncEngineArgs``)."""

    @model_validator(mode="after")
    def _advances(self) -> "ModelProfile":
        if self.overlap_px >= self.max_px or self.min_px > self.max_px:
            raise ValueError("overlap_px and min_px must be below max_px")
        return self


class EndpointSettings(Part):
    """A service that speaks OpenAI's chat API: detector ``openai``."""

    base_url: str | None = None
    """Like ``https://host/v1``. No default: pictures of patients are sent there."""
    model: str | None = None
    """The model's name at that service; None: that of the profile."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key. Keys stand in no file."""
    retries: Annotated[int, Field(ge=0, le=20)] = 4
    """After 408, 409, 429, 5xx and lost connections, with growing, random pauses."""
    reply_format: Literal["json_schema", "json_object", "none"] = "json_schema"
    """What the service understands; the reply is checked all the same."""


class ModelSettings(Part):
    """The vision language model behind the detectors ``vllm`` and ``openai``."""

    profile: str = "llama4-scout"
    """One of ``maskray/models``, or the path of a YAML file like them."""
    prompt: str = "phi-1"
    """One of ``maskray/prompts``."""
    path: str | None = None
    """Weights to load instead of the profile's: a folder or a published name."""
    engine: dict[str, Any] = {}
    """Arguments of vLLM's engine that go before the profile's."""
    attempts: Annotated[int, Field(ge=1, le=5)] = 2
    """How often a picture is shown until the reply can be used; then REVIEW."""
    timeout_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 120.0
    """For one reply."""
    in_flight: Annotated[int, Field(ge=1, le=4096)] = 64
    """Pictures that one process has with the model at a time."""
    max_pictures: Annotated[int, Field(ge=1, le=100_000)] = 512
    """Of one instance; one that needs more goes to REVIEW."""
    dollars_per_million_tokens_in: Dollars = 0.0
    """For the cost in the report: prompt and pictures."""
    dollars_per_million_tokens_out: Dollars = 0.0
    """For the cost in the report: replies."""
    dollars_per_hour: Dollars = 0.0
    """For the cost in the report: of one process that hosts the model, all its GPUs."""
    endpoint: EndpointSettings = EndpointSettings()

    @property
    def loaded(self) -> ModelProfile:
        """The profile, with these settings' weights and engine arguments.

        Raises:
            ConfigError: If there is none of that name, or its file is wrong.
        """
        profile = load_profile(self.profile)
        return profile.model_copy(
            update={
                "model": self.path or profile.model,
                "engine": {**profile.engine, **self.engine},
            }
        )


@functools.cache
def load_profile(name: str) -> ModelProfile:
    """A model profile by its name in ``maskray/models``, or from a path.

    Raises:
        ConfigError: If there is none, or the file is wrong.
    """
    shipped = Path(__file__).parent / "models" / f"{name}.yaml"
    own = Path(name)
    return load_yaml(ModelProfile, shipped if shipped.is_file() else own, "model profile")


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


MODEL_DETECTORS = ("vllm", "openai")


class Settings(Part):
    """The core's settings. Defaults are the safe choice; see each part."""

    detectors: tuple[Literal["rules", "vllm", "openai"], ...] = ("rules",)
    """Findings of all of them are united. Empty needs redact_even_if_undetected."""
    redact_even_if_undetected: bool = False
    """Mask all text whatever the detectors say."""
    policy: Policy = Policy()
    limits: LimitSettings = LimitSettings()
    gate: GateSettings = GateSettings()
    read: ReadSettings = ReadSettings()
    locate: LocateSettings = LocateSettings()
    model: ModelSettings = ModelSettings()
    mask: MaskSettings = MaskSettings()
    verify: VerifySettings = VerifySettings()
    header: HeaderSettings = HeaderSettings()
    account: AccountSettings = AccountSettings()

    @property
    def model_detectors(self) -> tuple[str, ...]:
        """The detectors that show pictures to a model, each once."""
        return tuple(each for each in MODEL_DETECTORS if each in self.detectors)

    @property
    def digest(self) -> str:
        """Short hash of all that can change a result; goes into the manifest."""
        values: dict[str, object] = self.model_dump(exclude={"model": _WITHOUT_EFFECT})
        if self.model_detectors:
            values["model_profile"] = self.model.loaded.model_dump()
        text = json.dumps(values, sort_keys=True, default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_WITHOUT_EFFECT = {
    "in_flight",
    "timeout_s",
    "dollars_per_million_tokens_in",
    "dollars_per_million_tokens_out",
    "dollars_per_hour",
}
"""Settings of the model that change no result."""


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
