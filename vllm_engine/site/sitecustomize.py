"""Python runs this first in every process that vLLM starts; see ``vllm_engine.process``."""

import sys
from typing import Any


class _BeforeTorchvision:
    """Finds nothing: it only knows when torchvision is about to be imported."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            from maskray.torch_cpu import prepare_torchvision

            prepare_torchvision()


sys.meta_path.insert(0, _BeforeTorchvision())
