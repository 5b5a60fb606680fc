"""placeholder"""


def write_report(output: str) -> None:
    return
