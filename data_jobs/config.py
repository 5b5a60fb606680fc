"""The settings of a batch job: the core's, and how Ray Data places its stages."""

import math
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from maskray.settings import Part, Settings, load_yaml, validated

Size = Annotated[int, Field(ge=1, le=100_000)]


class PoolSettings(Part):
    """One actor pool."""

    min_size: Size | None = None
    """Actors that are started at once; None: one, or all of them if ``max_size`` is None.
    Ray Data ends and starts actors between the two, and each start loads the models."""
    max_size: Size | None = None
    """Actors that Ray Data may scale up to; None: one for each CPU of the cluster, of
    ``maskers`` one for two."""
    num_cpus: Annotated[float, Field(gt=0.0, le=256.0)] = 0.5
    """CPUs that Ray reserves for an actor. Both pools share the machines, so half."""
    num_gpus: Annotated[float, Field(ge=0.0, le=8.0)] = 0.0
    """GPUs that Ray reserves for an actor; EasyOCR may use a share of one."""

    @model_validator(mode="after")
    def _ordered(self) -> "PoolSettings":
        if self.max_size is not None and self.max_size < (self.min_size or 1):
            raise ValueError("max_size is below min_size")
        return self


class JobSettings(Settings):
    """All settings of ``maskray redact``; the file given with ``--config``."""

    readers: PoolSettings = PoolSettings()
    """Actors that open, render, read and detect."""
    maskers: PoolSettings = PoolSettings()
    """Actors with EasyOCR that locate, mask, verify and write."""
    askers: PoolSettings = PoolSettings(max_size=1, num_cpus=1.0)
    """Actors that ask vision language models. For ``vllm`` each hosts an engine, and
    ``num_gpus`` are that engine's; for ``openai`` one is enough."""
    instances_per_block: Size = 4
    """Instances that travel together; small blocks keep all actors busy."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """How often an instance may take its worker down with it before it has FAILED."""

    @model_validator(mode="after")
    def _engine_has_its_gpus(self) -> "JobSettings":
        if "vllm" in self.detectors:
            engine = self.model.loaded.engine
            sizes = ("tensor_parallel_size", "pipeline_parallel_size")
            gpus = math.prod(int(engine.get(name, 1)) for name in sizes)
            if gpus > 1 and self.askers.num_gpus != gpus:
                raise ValueError(f"askers.num_gpus must be {gpus}, as many as the engine's")
        return self

    @property
    def core(self) -> Settings:
        """The core's part."""
        names = Settings.model_fields
        return Settings.model_validate({name: getattr(self, name) for name in names})


def load_settings(path: Path | None, changes: dict[str, object]) -> JobSettings:
    """The settings in a YAML file, with changes from the command line.

    Raises:
        ConfigError: Names the key that is wrong.
    """
    base = JobSettings() if path is None else load_yaml(JobSettings, path, "config")
    values: dict[str, object] = {**base.model_dump(), **changes}
    return validated(JobSettings, values, "config")
