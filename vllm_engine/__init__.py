"""vLLM's engine: the one room that imports vLLM, for batch and online alike.

The core must not know vLLM, and neither ``data_jobs`` nor ``serve_app`` may import the
other; both host this.
"""

from vllm_engine.engine import Engine

__all__ = ["Engine"]
