"""The arguments of the application, as frozen values with bounds and reasons.

They come from ``args:`` in a Serve config, or from ``python -m serve_app --config``.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from maskray.policy import Policy
from maskray.settings import Count, LimitSettings, Part, Settings

Seconds = Annotated[float, Field(gt=0.0, le=86_400.0)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$")]


class Scope(StrEnum):
    """What a caller may do."""

    REDACT = "redact"
    """De-identify, and fetch the results."""
    DETECT = "detect"
    """Ask where text is, and of what category."""
    TEXT = "text"
    """Get the text that was read. It is PHI."""
    STOW = "stow"
    """Store through DICOMweb."""
    REVIEW = "review"
    """See pixels before they are released, and decide about them."""


class Token(Part):
    """A bearer token: whoever has it may do what the scopes say.

    ``python -m serve_app token NAME --scope redact`` makes one.
    """

    name: Name
    """Whose it is; goes into the ledger of decisions."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the token. The token itself is random and long, so a plain hash is enough."""
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]


class HttpLimits(Part):
    """What is refused, or has to wait, before it can hurt."""

    max_body_bytes: Count = 512 * 2**20
    """One request; 413 while it is read."""
    max_files: Count = 2_000
    """Files in one request, or members of its archives; 413."""
    max_expanded_bytes: Count = 4 * 2**30
    """All members of one zip archive together; they are expanded one at a time."""
    max_in_flight: Count = 32
    """Instances that one ingress lets wait or be worked at; further requests get 503."""
    max_in_flight_bytes: Count = 2 * 2**30
    """Bytes of requests that one ingress holds; further ones get 503. Never more than a
    third of the object store, so that nothing is spilled to a disk."""
    max_files_at_once: Count = 4
    """Instances of one request with many files that are worked at at once."""
    deadline_s: Seconds = 300.0
    """One instance, waiting included; 504. Work stops at the next step."""
    retry_after_s: Count = 5
    """What 503 tells clients."""
    max_shelf_bytes: Count = 2**30
    """Results that wait to be fetched and images under review, all together."""
    shelf_seconds: Seconds = 1800.0
    """After this long they are gone."""


class Pool(Part):
    """The replicas of one deployment."""

    min_replicas: Count = 1
    max_replicas: Count = 1
    num_cpus: Annotated[float, Field(gt=0.0, le=256.0)] = 1.0
    num_gpus: Annotated[float, Field(ge=0.0, le=8.0)] = 0.0
    """GPUs, or a share of one, that Ray reserves for a replica."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_replicas < self.min_replicas:
            raise ValueError("max_replicas is below min_replicas")
        return self


class Archive(Part):
    """Where DICOMweb stores what was released. One of the two."""

    folder: str | None = None
    """A folder, or ``s3://`` or ``gs://``."""
    upstream: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None
    """The address of a DICOMweb server, without ``/studies``. If it wants a token, that
    is taken from ``MASKRAY_UPSTREAM_TOKEN`` in the environment."""
    timeout_s: Seconds = 60.0
    """For one instance to be stored upstream."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.folder and self.upstream:
            raise ValueError("folder and upstream exclude each other")
        return self


ONLINE = Settings(
    limits=LimitSettings(
        max_file_bytes=512 * 2**20, max_frames=5_000, max_instance_bytes=4 * 2**30
    )
)
"""The core's settings for requests: tighter limits than those of a batch job."""


class Args(Part):
    """Arguments of :func:`serve_app.app.build`."""

    tokens: tuple[Token, ...] = ()
    """Without any, nothing starts, unless ``insecure_loopback`` is set."""
    insecure_loopback: bool = False
    """Callers on this machine need no token and may do everything."""
    settings: Settings = ONLINE
    """The core's settings."""
    policies: dict[Name, Policy] = Field(default_factory=dict)
    """Policies that a request may name instead of ``settings.policy``."""
    limits: HttpLimits = HttpLimits()
    ingress: Pool = Pool(num_cpus=0.2)
    """HTTP: reads and answers, never decodes."""
    readers: Pool = Pool(num_cpus=0.5)
    """Open, render, read and detect."""
    redactors: Pool = Pool(num_cpus=0.5)
    """Locate, mask, verify."""
    easyocr: Pool = Pool(num_cpus=0.5)
    """EasyOCR for all redactors; with ``num_gpus`` on a GPU, or on a share of one."""
    models: Pool = Pool(num_cpus=0.5)
    """Host the engine of the detector ``vllm``, if ``settings.detectors`` names it;
    ``num_gpus`` are as many as the engine's."""
    archive: Archive = Archive()
    """Where DICOMweb stores; without one, ``/dicomweb`` answers 503."""
    ledger: str | None = None
    """Private folder for decisions of people, who decided what and when; without one
    nothing can be approved. It may hold PHI."""

    metrics_port: Annotated[int, Field(ge=1024, le=65_535)] | None = None
    """Of Ray's Prometheus exporter, where this starts Ray; None: Ray chooses one. On a
    cluster ``ray start --metrics-export-port`` says it."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [token.name for token in self.tokens]
        if len(set(names)) < len(names):
            raise ValueError("two tokens have one name")
        return self
