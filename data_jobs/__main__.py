"""The command line: ``maskray`` and ``python -m data_jobs``."""

import os
import sys
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from maskray import __version__
from maskray.errors import ConfigError, RunError

if TYPE_CHECKING:
    from data_jobs.report import Prices

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="De-identifies medical images: header and burned-in text.",
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes of every command."""

    RELEASED = 0
    """All went well; of redact: every instance was released."""
    NOT_ALL = 1
    """Some instances are in REVIEW or FAILED."""
    CONFIGURATION = 2
    """An option or a configuration value is wrong."""
    SERVICE_DOWN = 3
    """A model or a service that is needed is missing."""


def _version(shown: bool) -> None:
    if shown:
        console.print(f"maskray {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """De-identifies medical images: header and burned-in text."""


Config = Annotated[
    Path | None, typer.Option(help="YAML file with settings.", dir_okay=False)
]
TokensIn = Annotated[
    float | None,
    typer.Option("--dollars-per-million-tokens-in", min=0.0, help="For the cost."),
]
TokensOut = Annotated[
    float | None,
    typer.Option("--dollars-per-million-tokens-out", min=0.0, help="For the cost."),
]
Hour = Annotated[
    float | None,
    typer.Option("--dollars-per-hour", min=0.0, help="Of one busy worker."),
]


@app.command()
def redact(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT... OUTPUT",
            help="Files, folders, zip archives, globs, s3:// or gs://; OUTPUT comes last.",
        ),
    ],
    config: Config = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(help="Detector to ask; give it again to unite several."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="YAML file that says what counts as PHI.", dir_okay=False),
    ] = None,
    redact_even_if_undetected: Annotated[
        bool,
        typer.Option(
            "--redact-even-if-undetected", help="Mask all text, whatever is detected."
        ),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Treat so many instances at most.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with new files until interrupted.")
    ] = False,
) -> None:
    """De-identify INPUT... into OUTPUT. An OUTPUT that exists is continued.

    Exit code: 0 all released, 1 some in REVIEW or FAILED, 2 configuration, 3 a model or
    service is missing.
    """
    from data_jobs.config import load_settings
    from data_jobs.redact import redact as run
    from data_jobs.redact import summary
    from data_jobs.report import Prices, write_report
    from maskray.policy import Policy
    from maskray.settings import load_yaml

    if len(paths) < 2:
        raise ConfigError("give at least one INPUT, and OUTPUT last")
    changes: dict[str, object] = {}
    if detector:
        changes["detectors"] = tuple(detector)
    if policy is not None:
        changes["policy"] = load_yaml(Policy, policy, "policy").model_dump()
    if redact_even_if_undetected:
        changes["redact_even_if_undetected"] = True
    settings = load_settings(config, changes)
    totals = run(paths[:-1], paths[-1], settings, console, limit=limit, watch=watch)
    if totals.files or totals.skipped:
        write_report(paths[-1], Prices.of(settings.model))
    console.print(summary(totals))
    if not totals.all_released:
        raise typer.Exit(Exit.NOT_ALL)


@app.command()
def report(
    output: Annotated[
        str, typer.Argument(metavar="OUTPUT", help="An output of maskray redact.")
    ],
    tokens_in: TokensIn = None,
    tokens_out: TokensOut = None,
    hour: Hour = None,
    model_hour: Annotated[
        float | None,
        typer.Option("--dollars-per-model-hour", min=0.0, help="Of one model's GPUs."),
    ] = None,
) -> None:
    """Write OUTPUT/report.html: counts, speed, cost, and pictures of the released side."""
    from data_jobs.report import write_report

    prices = _prices(tokens_in, tokens_out, hour, model_hour)
    written = write_report(output, prices)
    console.print(written, markup=False)


def _prices(
    tokens_in: float | None,
    tokens_out: float | None,
    hour: float | None,
    model_hour: float | None = None,
) -> "Prices | None":
    """The prices given; ``None`` if there is none."""
    from data_jobs.report import Prices
    from maskray.settings import validated

    prices = {
        "dollars_per_million_tokens_in": tokens_in,
        "dollars_per_million_tokens_out": tokens_out,
        "dollars_per_hour": hour,
        "dollars_per_model_hour": model_hour,
    }
    given: dict[str, object] = {k: v for k, v in prices.items() if v is not None}
    return validated(Prices, given, "prices") if given else None


@app.command()
def synthesize(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder.")],
    n: Annotated[int, typer.Option("--n", help="Instances to make.")] = 70,
    seed: Annotated[
        int, typer.Option(help="Another seed gives other people, texts and places.")
    ] = 0,
    phi_share: Annotated[
        float, typer.Option(help="Share of the instances that show PHI.")
    ] = 0.5,
    base: Annotated[
        Path | None,
        typer.Option(help="Folder of text-free DICOM images to use as backgrounds too."),
    ] = None,
) -> None:
    """Make labelled test instances with burned-in text in OUT, and OUT/truth.json."""
    from maskray.synthesize import synthesize as make

    make(out, n=n, seed=seed, phi_share=phi_share, base=base)
    console.print(f"{n} instances and truth.json in {out}", markup=False)


@app.command()
def evaluate(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET",
            help="A folder with truth.json or FILE.json beside each image, or a CSV.",
        ),
    ],
    solution: Annotated[
        list[str] | None,
        typer.Option(
            help="rules or other detectors (joined by +), easyocr-all-text, presidio; "
            "give it again to compare several."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for page and JSON; patients' data.")
    ] = Path("evaluation"),
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images that a CSV names.")
    ] = None,
    config: Config = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option(help="YAML file; give it again. Default: banner and everything."),
    ] = None,
    tokens_in: TokensIn = None,
    tokens_out: TokensOut = None,
    hour: Hour = None,
) -> None:
    """Compare detectors and other tools on your own labelled images."""
    from data_jobs.config import load_settings
    from data_jobs.evaluation.evaluate import POLICIES
    from data_jobs.evaluation.evaluate import evaluate as compare
    from data_jobs.evaluation.solutions import make_solution
    from maskray.policy import Policy
    from maskray.settings import load_yaml

    settings = load_settings(config, {})
    names = dict.fromkeys(solution or ["rules"])  # each once
    policies = [load_yaml(Policy, path, "policy") for path in policy or ()]
    compare(
        dataset,
        [make_solution(name, settings) for name in names],
        out,
        settings,
        console,
        images=images,
        policies=policies or POLICIES,
        prices=_prices(tokens_in, tokens_out, hour),
    )


@app.command()
def check(
    config: Config = None,
) -> None:
    """Try everything a run needs on this machine. Exit code 3 if something is missing.

    Models that the settings name are started and shown a name.
    """
    from data_jobs.check import checks
    from data_jobs.config import load_settings

    missing = False
    for each in checks(load_settings(config, {})):
        sign = "ok" if each.works else "MISSING" if each.needed else "-"
        console.print(f"{sign:8}{each.name:18}{each.says}", markup=False)
        missing |= each.needed and not each.works
    if missing:
        raise typer.Exit(Exit.SERVICE_DOWN)


@app.command()
def demo(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new folder, or that of a demo.")
    ] = Path("demo-output"),
    n: Annotated[int, typer.Option("--n", help="Synthesized instances.")] = 16,
    seed: Annotated[int, typer.Option(help="Of the synthesized set.")] = 0,
) -> None:
    """De-identify the shipped examples and a synthesized set, and show what came of it.

    Exit code 1 if a synthesized instance that shows PHI was called CLEAN, or is not
    accounted for. Some examples are broken on purpose and end in FAILED.
    """
    from data_jobs.demo import demo as show

    if not show(out, n, seed, console):
        raise typer.Exit(Exit.NOT_ALL)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="To listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file: tokens, limits, replicas.", dir_okay=False),
    ] = None,
    insecure_loopback: Annotated[
        bool,
        typer.Option("--insecure-loopback", help="Callers on this machine need no token."),
    ] = False,
) -> None:
    """Answer HTTP and DICOMweb on this machine until interrupted.

    MASKRAY_KEY must be set. Exit code: 2 configuration, 3 it does not start.
    """
    # A process of its own: the job and the service do not know each other.
    words = [sys.executable, "-m", "serve_app", "--port", str(port), "--host", host]
    words += ["--config", str(config)] if config is not None else []
    words += ["--insecure-loopback"] if insecure_loopback else []
    os.execv(sys.executable, words)  # noqa: S606 - no shell is wanted


def run_app(command: Callable[[], None] = app) -> None:
    """Runs the command line; errors become one line and an exit code."""
    from maskray.quiet import keep_quiet

    keep_quiet()
    try:
        command()
    except ConfigError as error:
        errors.print(f"maskray: {error}", markup=False)
        sys.exit(Exit.CONFIGURATION)
    except RunError as error:
        errors.print(f"maskray: {error}", markup=False)
        sys.exit(Exit.SERVICE_DOWN)
    except Exception as error:
        if os.environ.get("MASKRAY_DEBUG"):
            raise
        # A message may quote what was read; the class's name does not.
        errors.print(
            f"maskray: internal error ({type(error).__name__}); with MASKRAY_DEBUG=1 "
            "the traceback is shown, which may hold patients' data",
            markup=False,
        )
        sys.exit(Exit.SERVICE_DOWN)


if __name__ == "__main__":
    run_app()
