"""A Prefect server, a worker and a small shop of their own; a run goes the way of a real one: deployment, worker, process.

The tests speak to Prefect over its API only, as its web page does. The server takes 15 s and more to start: one a session.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect_runs import (
    DAY,
    FINAL,
    MARKED,
    PATIENCE,
    ROOT,
    FlowRun,
    FlowShop,
    Prefect,
    Run,
    documented,
    free_port,
    stop,
    wait_for,
)

from audiences.demo.shop import generate
from audiences.sandbox.server import Sandbox


def _environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BOOMERANG_"))}
    return {
        **kept,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """A Prefect server on loopback with a database of its own."""
    home, port = tmp_path_factory.mktemp("prefect"), free_port()
    environment = _environment(home, port)
    command = [*documented("prefect server start"), "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    with (home / "server.txt").open("wb") as told:
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=told, start_new_session=True)
    try:
        with httpx.Client(base_url=environment["PREFECT_API_URL"], timeout=180, trust_env=False) as client:
            wait_for(lambda: process.poll() is not None or _is_up(client), patience=120)
            assert process.poll() is None, (home / "server.txt").read_text()
            yield Prefect(home, environment, client)
    finally:
        stop(process)


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def deployed(server: Prefect) -> Prefect:
    """The server after `prefect deploy --all` in the project's folder."""
    made = server.command("prefect work-pool create boomerang --type process")
    assert made.returncode == 0, made.stderr
    told = server.command("prefect deploy --all")
    assert told.returncode == 0, told.stdout + told.stderr
    server.deployment = server.ask("GET", "/deployments/name/daily/daily")
    return server


@pytest.fixture(scope="session")
def run(deployed: Prefect) -> Iterator[Run]:
    """Run the deployment with these parameters, to its end, by a worker."""
    command = documented("prefect worker start --pool boomerang")
    with (deployed.home / "worker.txt").open("wb") as told:
        process = subprocess.Popen(
            command, cwd=deployed.home, env=deployed.environment, stdout=told, stderr=told, start_new_session=True
        )

    def run(**parameters: Any) -> FlowRun:
        asked = {
            "parameters": {name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()}
        }
        path = f"/deployments/{deployed.deployment['id']}/create_flow_run"
        made = deployed.ask("POST", path, asked)

        def ended() -> dict[str, Any] | None:
            assert process.poll() is None, (deployed.home / "worker.txt").read_text()
            found = deployed.ask("GET", f"/flow_runs/{made['id']}")
            return found if found["state"]["type"] in FINAL else None

        found = wait_for(ended, patience=PATIENCE)
        assert found is not None, (deployed.home / "worker.txt").read_text()
        return FlowRun(deployed, found)

    try:
        yield run
    finally:
        stop(process)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlowShop]:
    """A thousand customers and one marked person, with an empty sandbox."""
    folder = tmp_path_factory.mktemp("flow_shop")
    generate(folder / "demo", customers=1_000, until=date.fromisoformat(DAY))
    (folder / "marked.csv").write_text(MARKED, encoding="utf-8")
    with Sandbox() as sandbox:
        yield FlowShop(folder, sandbox, _copied_dbt(folder / "dbt"))


def _copied_dbt(folder: Path) -> Path:
    return shutil.copytree(ROOT / "dbt", folder, ignore=shutil.ignore_patterns("target", "logs"))


@pytest.fixture(scope="session")
def broken_dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project with two tests that fail: one on its rows, one with a database error that quotes a value."""
    folder = _copied_dbt(tmp_path_factory.mktemp("broken") / "dbt")
    customers = "{{ ref('stg_files__customers') }}"
    (folder / "tests" / "nobody_is_marked.sql").write_text(f"select email from {customers} where email like 'marked%'")
    (folder / "tests" / "mails_are_numbers.sql").write_text(
        f"select cast(email as integer) as n from {customers} where email is not null"
    )
    return folder
