"""The report of an output folder. Being written."""


def write_report(output: str) -> None:
    """Writes ``report.html``."""
