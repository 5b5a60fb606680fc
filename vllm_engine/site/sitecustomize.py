"""Python runs this first in every process that vLLM starts; see ``vllm_engine.process``."""

import os
import sys
import threading
import time
from typing import Any


class _BeforeTorchvision:
    """Finds nothing: it only knows when torchvision is about to be imported."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            from maskray.torch_cpu import prepare_torchvision

            prepare_torchvision()


def _end_with(parent: int) -> None:
    """Ends this process when its parent is gone: vLLM's own would keep their memory."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


sys.meta_path.insert(0, _BeforeTorchvision())
if not any("resource_tracker" in each for each in sys.orig_argv):  # it ends by itself
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
