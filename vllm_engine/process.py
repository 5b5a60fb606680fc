"""What must be so in a process, and in those it starts, before vLLM is imported."""

import logging
import os
from pathlib import Path

from maskray.quiet import keep_quiet
from maskray.torch_cpu import prepare_torchvision

_SITE = Path(__file__).parent / "site"
_ROOT = Path(__file__).parents[1]


def prepare_process() -> None:
    """Keeps vLLM quiet, and lets torchvision import beside a torch without CUDA.

    vLLM starts processes that import torchvision before any plugin of vLLM runs. They
    inherit ``PYTHONPATH``, and on it a ``sitecustomize`` that prepares them.
    """
    import torch

    keep_quiet()
    prepare_torchvision()
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "CRITICAL")
    logging.getLogger("vllm").setLevel(logging.CRITICAL)
    if torch.version.cuda is not None:
        return
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = [each for each in (str(_SITE), str(_ROOT)) if each not in paths]
    os.environ["PYTHONPATH"] = os.pathsep.join([*own, *filter(None, paths)])
