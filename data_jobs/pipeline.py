"""The batch job as one Ray Data pipeline.

::

    listing → Examine (actor pool) → [Ask (actor pool)] → Finish (actor pool) → account rows

Rows stream: an instance is released and accounted as soon as it is done. EasyOCR lives
in the last pool only, and runs only where text was seen. ``Ask`` is there if a vision
language model is configured; its actors host the engines.
"""

import logging
import os
from typing import Any

import pyarrow as pa
import ray
import ray.data

from data_jobs.asking import Ask
from data_jobs.config import JobSettings, PoolSettings
from data_jobs.stages import Examine, Finish
from maskray.endpoint import endpoint_key
from maskray.keys import Key


def build(
    listing: list[pa.Table], settings: JobSettings, output: str, key: Key, run: str
) -> ray.data.Dataset:
    """The pipeline over a listing, a table for each block; nothing runs yet.

    The blocks are given, not read: of many small Parquet files Ray Data makes one block,
    and nothing streams.
    """
    sources = ray.data.from_arrow(listing)
    shared = {"settings": settings, "output": output, "key": key}
    examined = sources.map_batches(
        Examine,
        fn_constructor_kwargs=shared,
        **_placed(settings.readers, len(listing)),
    )
    if settings.model_detectors:
        examined = examined.map_batches(
            Ask,
            fn_constructor_kwargs={
                **shared,
                "secret": endpoint_key(settings.model.endpoint),
            },
            **_placed(settings.askers, len(listing), calls=_calls(settings)),
        )
    return examined.map_batches(
        Finish,
        fn_constructor_kwargs={**shared, "run": run},
        **_placed(settings.maskers, len(listing), share=_MASKERS),
    )


def _calls(settings: JobSettings) -> int:
    """Blocks that one asker has at a time: enough to keep the model busy."""
    return max(settings.model.in_flight // settings.instances_per_block, 2)


def _placed(
    pool: PoolSettings, blocks: int, calls: int = 1, share: float = 1.0
) -> dict[str, Any]:
    """How a stage is placed; a pool does not outgrow the work there is.

    Actors of a stage whose calls are asynchronous get ``calls`` blocks at a time. The
    stage can use one actor for each CPU, or for a ``share`` of them.
    """
    cpus = max(int(ray.cluster_resources().get("CPU", 2) * share), 1)
    useful = min(cpus, blocks // _BLOCKS_PER_ACTOR + 1)
    most = pool.max_size or useful
    least = pool.min_size or (1 if pool.max_size else useful)
    return {
        "batch_size": 1,
        "batch_format": "pyarrow",
        "zero_copy_batch": True,
        "compute": ray.data.ActorPoolStrategy(
            min_size=min(least, most),
            max_size=max(least, most),
            max_tasks_in_flight_per_actor=max(calls, 2),
            max_concurrent_calls_per_actor=calls if calls > 1 else None,
        ),
        "num_cpus": pool.num_cpus,
        "num_gpus": pool.num_gpus or None,
    }


def start_ray(*, pictures: bool = False) -> None:
    """Joins the cluster this process belongs to, or starts Ray on this machine.

    Args:
        pictures: Whether rows will hold pictures for a model.
    """
    if ray.is_initialized():
        return
    # Ray would print what ended a worker, which may quote what it read.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    logging.getLogger("ray").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    if os.environ.get("RAY_ADDRESS"):
        ray.init(**quiet)
        return
    ray.init(
        num_cpus=os.cpu_count() or 1,
        object_store_memory=_OBJECT_STORE_BYTES * (4 if pictures else 1),
        include_dashboard=False,
        **quiet,
    )


_BLOCKS_PER_ACTOR = 8
"""An actor takes seconds to load its models; so much work is worth another one."""
_MASKERS = 0.5
"""Locating, masking and verifying takes a third of the time, and of what is clean none."""
_OBJECT_STORE_BYTES = 512 * 2**20
"""Rows hold text and boxes, not pixels: they need little. Pictures need more: what does
not fit goes to Ray's folder on disk."""


def tune_context() -> None:
    """Ray Data's own switches, for runs that last days."""
    context = ray.data.DataContext.get_current()
    context.execution_no_progress_timeout_s = -1  # a GPU node may take long to come
    context.enable_progress_bars = False  # ours says more, see redact.py
    context.max_errored_blocks = 0  # a lost block would be lost instances
    context.print_on_execution_start = False
