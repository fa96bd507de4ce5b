"""Serving the sandbox: in the foreground for the command line, or as a process of its own for tests and the demo."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import httpx
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from audiences.errors import Busy, Unavailable
from audiences.sandbox.app import Transports, create_app
from audiences.sandbox.faults import load_faults

DEFAULT_PORT = 8787
START_SECONDS = 30.0
MAX_HEADER_BYTES = 64 * 1024 * 1024


def run(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    state: Path | None = None,
    faults: Path | None = None,
    *,
    null_sink: bool = False,
    on_ready: Callable[[str], None] | None = None,
    stop_with: IO[str] | None = None,
) -> None:
    """Serve until interrupted. Raises Busy when the port is taken, ConfigError for a wrong faults file.

    Args:
        host: The address to listen on. The sandbox asks nobody who they are: keep it on loopback.
        port: The port; 0 takes a free one.
        state: The SQLite file to keep lists and people in; in memory without one.
        faults: A YAML file that says what to do wrong.
        null_sink: Count uploaded rows and forget them.
        on_ready: Called with the address before serving begins; the port takes connections by then.
        stop_with: Stop when this stream ends.
    """
    script = load_faults(faults) if faults is not None else []
    listening = _listen(host, port)
    if on_ready is not None:
        on_ready(f"http://{host}:{listening.getsockname()[1]}")
    transports: Transports = {}
    config = uvicorn.Config(
        create_app(state, faults=script, null_sink=null_sink, transports=transports),
        http=_protocol(transports),
        date_header=False,  # the stand-ins tell the sandbox's time
        access_log=False,  # its lines carry addresses with tokens in them
        log_level="error",
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,  # so that an overlong address gets an answer, as from Meta
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    if stop_with is not None:
        threading.Thread(target=_stop_at_end, args=(server, stop_with), daemon=True).start()
    with listening:
        server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port))
    except OSError:
        raise Busy(f"port {port} on {host} is taken: stop what listens there, or choose another with --port") from None
    listening.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # else each answer waits 40 ms for an acknowledgement
    return listening


def _protocol(transports: Transports) -> type[H11Protocol]:
    """The HTTP protocol of uvicorn, keeping `transports` equal to the open connections."""

    class Remembering(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            transports[transport.get_extra_info("peername")[:2]] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.transport.get_extra_info("peername")[:2], None)
            super().connection_lost(exc)

    return Remembering


def _stop_at_end(server: uvicorn.Server, stream: IO[str]) -> None:
    while stream.readline():
        pass
    server.should_exit = True


class Sandbox:
    """A sandbox in a process of its own, from `with` to its end: `with Sandbox() as sandbox: sandbox.endpoint("meta")`.

    The process also ends when this one does, however that happens.
    """

    def __init__(
        self, state: Path | None = None, *, faults: Path | None = None, port: int = 0, null_sink: bool = False
    ) -> None:
        options = {"--port": str(port), "--state": state, "--faults": faults}
        self._arguments = [str(part) for name, value in options.items() if value is not None for part in (name, value)]
        self._arguments += ["--null-sink"] if null_sink else []
        self.url = ""

    def __enter__(self) -> Sandbox:
        """Start, and wait until it answers. Raises Unavailable when it does not come up."""
        command = [sys.executable, "-m", "audiences.sandbox.server", *self._arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = cast(IO[str], self._process.stdout).readline().strip()
        if not self.url:
            self.__exit__(None, None, None)
            raise Unavailable("the sandbox did not start; what it said stands above")
        self._client = httpx.Client(base_url=self.url, timeout=START_SECONDS, trust_env=False)
        self._client.get("/").raise_for_status()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the process and wait for its end."""
        if hasattr(self, "_client"):
            self._client.close()
        cast(IO[str], self._process.stdin).close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        cast(IO[str], self._process.stdout).close()

    def endpoint(self, platform: str) -> str:
        """What to write as the platform's `endpoint` in the settings."""
        return f"{self.url}/{platform}"

    def inspect(self, platform: str) -> Inspection:
        """Look at what the sandbox holds for a platform."""
        return Inspection(self._client, platform)

    def control(self, *, platform: str = "meta", believe: dict[str, Any] | None = None, **wanted: Any) -> None:
        """Move the clock, set faults, change what a stand-in believes: the fields of `app.Control`.

        Raises ValueError when the sandbox does not know what is wanted.
        """
        body = {**wanted, "platforms": {platform: believe} if believe else {}}
        answer = self._client.post("/_control", json=body)
        if answer.is_error:
            raise ValueError(f"the sandbox refuses: {answer.text}")

    def register(self, people: Sequence[Sequence[str]]) -> None:
        """Say who is who: one inner sequence of hashes a person."""
        self._client.post("/_people", json={"people": [list(person) for person in people]}).raise_for_status()


class Inspection:
    """What the sandbox holds for one platform, as it is at the time of the call."""

    def __init__(self, client: httpx.Client, platform: str) -> None:
        self._client, self._platform = client, platform

    def lists(self) -> list[dict[str, Any]]:
        """Of each list, newest first: id, name, description, account, number of `people`, and what is not processed yet.

        That is `waiting` batches, `pending_rows` to add and to remove, and `sessions` processed, pending and failed.
        """
        return cast(list[dict[str, Any]], self._get("lists"))

    def list(self, external_id: str) -> dict[str, Any]:
        """One list with `people` (identifying hashes of each), `schema`, `rows`, and `pending`: the batches to come.

        Raises LookupError when there is no such list.
        """
        return cast(dict[str, Any], self._get(f"lists/{external_id}"))

    def requests(self) -> dict[str, Any]:
        """`total`, `writes`, `counts` by method and kind, and the `newest` requests in order."""
        return cast(dict[str, Any], self._get("requests"))

    def _get(self, path: str) -> Any:
        answer = self._client.get(f"/_inspect/{self._platform}/{path}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise LookupError(f"the sandbox has no {path}")
        return answer.raise_for_status().json()


def main() -> None:
    """Serve as a process of its own; says its address on stdout and ends when stdin does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--faults", type=Path)
    parser.add_argument("--null-sink", action="store_true")
    options = parser.parse_args()

    def say(url: str) -> None:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()

    run(
        port=options.port,
        state=options.state,
        faults=options.faults,
        null_sink=options.null_sink,
        on_ready=say,
        stop_with=sys.stdin,
    )


if __name__ == "__main__":
    main()
