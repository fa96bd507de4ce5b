"""The typer application, its common options, and what becomes of an error."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from audiences.cli.output import outlive_readers
from audiences.errors import BoomerangError, ConfigError
from audiences.printable import printable

STOPPED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="boomerang",
    help="Retargeting audiences as code: segments in dbt, custom audiences on ad platforms kept equal to them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

Config = Annotated[Path | None, typer.Option("--config", help="The settings file [default: boomerang.yaml].")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="A date (its last instant in the shop's time) or a timestamp.")
]
Names = Annotated[list[str] | None, typer.Argument(help="Names of audiences [default: all].")]


@app.callback()
def options(
    config: Config = None,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is being done.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Options before the command hold for all commands."""
    from audiences.log import configure

    configure(verbose=verbose)
    if config is not None:
        os.environ["BOOMERANG_CONFIG"] = str(config)
    if version:
        from audiences import __version__

        typer.echo(__version__)
        raise typer.Exit


def print_json(document: Any) -> None:
    """Print a document as JSON on stdout."""
    typer.echo(json.dumps(document, indent=2, default=str, ensure_ascii=False))


def say(text: str = "") -> None:
    """Print a result line on stdout."""
    typer.echo(printable(text))


def note(text: str) -> None:
    """Print what is going on, on stderr."""
    typer.echo(printable(text), err=True)


def load_commands() -> None:
    """Add all commands to `app`, in the order of their modules in the help, whichever of these was imported before."""
    modules = [f"audiences.cli.{name}" for name in ("shop", "lists", "truth", "person", "sandbox")]
    for module in modules:
        import_module(module)
    app.registered_commands.sort(key=lambda command: modules.index(getattr(command.callback, "__module__", "")))


def main() -> None:
    """Run the command line; exit with the code that says what the reader must do."""
    signal.signal(signal.SIGTERM, _stop)
    outlive_readers()
    load_commands()
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == STOPPED:
            note("Stopped. Nothing is half-written; run the same command again to go on.")
        raise
    except BoomerangError as error:
        note(f"Error: {error}")
        sys.exit(error.exit_code)
    except OSError as error:
        note(f"Error: {_told(error)}")
        sys.exit(ConfigError.exit_code)
    except Exception as error:  # noqa: BLE001 - the last net: places only, for a message could quote a value
        for frame in traceback.extract_tb(error.__traceback__)[-8:]:
            note(f"  {frame.filename}:{frame.lineno} in {frame.name}")
        note(f"Error: {type(error).__name__}. This is a bug in Boomerang; please report it with the lines above.")
        sys.exit(1)


def _stop(_signal: int, _frame: object) -> None:
    """A request to end is taken like Ctrl-C, so that dbt ends too and what was begun is taken back."""
    raise KeyboardInterrupt


def _told(error: OSError) -> str:
    """What the system refused, and where; it quotes paths, never a file's content."""
    what = (error.strerror or type(error).__name__).lower()
    if error.filename is None:
        return f"the system refused: {what}. Look at disk space and permissions, then try again"
    return f"{error.filename}: {what}. Correct the path or its permissions (the setting `home` says where files go)"
