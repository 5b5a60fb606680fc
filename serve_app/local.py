"""The service on this machine: Ray and Serve started, and ended with it."""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

import ray
from ray import serve
from ray.serve.schema import LoggingConfig

from maskray.errors import MaskrayError, ServiceDownError
from serve_app.app import build
from serve_app.config import Args

_STORE_BYTES = 512 * 2**20
"""Of the object store, if the machine has little memory ..."""
_STORE_SHARE = 0.15
"""... or this share of its memory. A third of it bounds what is let in."""


@contextlib.contextmanager
def serve_here(args: Args, host: str, port: int) -> Iterator[str]:
    """The service's address, while the block lasts.

    Raises:
        ConfigError: If the arguments do not fit together.
        ServiceDownError: If it does not start.
    """
    application = build(args)
    started = not ray.is_initialized()
    if started:
        _start_ray(args)
    try:
        serve.start(
            proxy_location="HeadOnly",
            http_options={"host": host, "port": port, "request_timeout_s": None},
            logging_config=_QUIET,
        )
        serve.run(application, name="maskray", logging_config=_QUIET)
        yield f"http://{host}:{port}"
    except (RuntimeError, OSError) as error:
        if isinstance(error, MaskrayError):
            raise
        # Ray's message may be long and quote a worker; its class's name says enough.
        raise ServiceDownError(
            f"the service does not start ({type(error).__name__}): see `maskray check`"
        ) from None
    finally:
        serve.shutdown()
        if started:
            ray.shutdown()


_QUIET: Any = LoggingConfig(enable_access_log=False, log_level="WARNING")


def _start_ray(args: Args) -> None:
    pools = (args.ingress, args.readers, args.redactors, args.easyocr, args.models)
    least = sum(pool.max_replicas * pool.num_cpus for pool in pools) + 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # On a busy machine the proxy needs longer to start than Serve waits.
    os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "30")
    logging.getLogger("ray").setLevel(logging.ERROR)
    ray.init(
        address="local",
        # Logical CPUs: replicas that wait need a place, not a processor.
        num_cpus=max(os.cpu_count() or 1, int(least) + 1),
        object_store_memory=max(int(memory * _STORE_SHARE), _STORE_BYTES),
        include_dashboard=False,
        _metrics_export_port=args.metrics_port,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
