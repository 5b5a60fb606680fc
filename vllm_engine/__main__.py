"""``python -m vllm_engine serve MODEL ...``: vLLM's own command line, prepared.

The same as ``vllm serve MODEL ...``, also on a machine without GPU; the arguments are
vLLM's. See :mod:`vllm_engine.process`.
"""

from vllm_engine.process import prepare_process

if __name__ == "__main__":
    prepare_process()
    from vllm.entrypoints.cli.main import main

    main()  # type: ignore[no-untyped-call]
