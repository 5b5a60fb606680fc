"""``python -m serve_app``: the service on one machine, and tokens for it."""

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from maskray.errors import ConfigError, RunError
from maskray.settings import load_yaml
from serve_app.config import Args, Scope

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False
)


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="To listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    config: Annotated[
        Path | None, typer.Option(help="YAML file with the arguments of the application.")
    ] = None,
    insecure_loopback: Annotated[
        bool,
        typer.Option("--insecure-loopback", help="Callers on this machine need no token."),
    ] = False,
) -> None:
    """Answer HTTP until interrupted. MASKRAY_KEY must be set."""
    if context.invoked_subcommand is not None:
        return
    from serve_app.auth import is_loopback

    args = load_yaml(Args, config, "config") if config is not None else Args()
    if insecure_loopback:
        args = args.model_copy(update={"insecure_loopback": True})
    if args.insecure_loopback and not is_loopback(host):
        raise ConfigError("insecure_loopback serves 127.0.0.1 only: leave --host away")
    from serve_app.local import serve_here

    done = threading.Event()
    with serve_here(args, host, port) as address:
        for number in (signal.SIGINT, signal.SIGTERM):  # Ray sets its own at its start
            signal.signal(number, lambda *_: done.set())
        typer.echo(f"maskray answers on {address}", err=True)
        done.wait()


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it allows; give it again for more.")
    ] = None,
) -> None:
    """Print a new token, and the lines for the configuration, which holds its hash."""
    import yaml

    from serve_app.auth import new_token

    secret, kept = new_token(name, scope or [Scope.REDACT])
    typer.echo(f"# The token; it is shown once, and kept nowhere:\n# {secret}")
    scopes = sorted(each.value for each in kept.scopes)
    shown = {"tokens": [{**kept.model_dump(mode="json"), "scopes": scopes}]}
    typer.echo(yaml.safe_dump(shown, sort_keys=False), nl=False)


def main() -> None:
    """Runs the command line; errors become one line and an exit code."""
    with contextlib.suppress(KeyboardInterrupt):
        try:
            app()
        except ConfigError as error:
            typer.echo(f"maskray: {error}", err=True)
            sys.exit(2)
        except RunError as error:
            typer.echo(f"maskray: {error}", err=True)
            sys.exit(3)


if __name__ == "__main__":
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    main()
