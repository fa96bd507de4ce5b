"""The command `sandbox`: the ad platforms' stand-ins on this machine."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from audiences.cli.app import Config, app, note

DEFAULT_PORT = 8787


@app.command()
def sandbox(
    config: Config = None,
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on; loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port to listen on.", min=0, max=65535)] = DEFAULT_PORT,
    faults: Annotated[Path | None, typer.Option("--faults", help="A YAML file of faults to play.")] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Keep nothing after it ends.")] = False,
) -> None:
    """Serve stand-ins for the ad platforms until Ctrl-C; what they hold stays in the home folder.

    Example: boomerang sandbox --port 8787
    """
    from audiences.sandbox.server import run
    from audiences.settings import load_settings
    from audiences.warehouse.duckdb import being_served

    settings = None if memory else load_settings(config)
    with being_served(settings.home) if settings else nullcontext():
        state = settings.home / "sandbox.sqlite" if settings else None
        note(f"Sandbox on http://{host}:{port}; see http://{host}:{port}/_inspect/meta/lists. Stop it with Ctrl-C.")
        run(host=host, port=port, state=state, faults=faults)
