"""A Prefect server, a worker and a small shop as the tests of flows see them; `conftest.py` starts and stops them."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from audiences.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
DAY = "2026-11-23"
PATIENCE = 300.0
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

MARKED_MAIL = "marked.person.zqx@example.org"
MARKED = f"""customer_ref,email,phone,first_name,last_name,country,birth_date,created_at
marked-1,{MARKED_MAIL},(212) 555-0147,Zqxfirst,Zqxlast,US,1980-02-03,2024-01-02 10:00:00
"""
SETTINGS = """
shop: {{name: Demo guitars, timezone: America/New_York, country: US, currency: USD}}
home: home
environment: test_flows
dbt_project: {dbt}
definitions: {definitions}
guards: {{max_build_age: off}}
sources:
  files:
    customers: >-
      select * from read_parquet('demo/customers-*.parquet')
      union all by name select * from read_csv('{marked}', all_varchar = true)
    orders: {{path: 'demo/orders-*.parquet'}}
    order_lines: {{path: 'demo/order_lines-*.parquet'}}
    returns: {{path: 'demo/returns-*.parquet'}}
    products: {{path: demo/products.csv}}
    events: {{path: 'demo/events-*.parquet'}}
    consents: {{path: 'demo/consents-*.parquet'}}
    wishlist_items: {{path: 'demo/wishlist_items-*.parquet'}}
platforms:
  meta:
    endpoint: '{endpoint}'
    accounts:
      main: {{id: act_1000001, access_token: {token}}}
      second: {{id: act_1000002, access_token: {token}}}
"""
TOKEN = "sandbox-token"


@dataclass
class Prefect:
    """A running Prefect server. `environment` is what a process needs to reach it, and nothing of the user's own."""

    home: Path
    environment: dict[str, str]
    client: httpx.Client
    deployment: dict[str, Any] = field(default_factory=dict)

    def command(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command of docs/flows.md in the project's folder."""
        return subprocess.run(
            documented(line),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def script(self, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run Python that may use Prefect, in a process of its own."""
        environment = {**self.environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE)

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        """The API's answer; asked again while its database is busy, as Prefect's own client does."""

        def answer() -> httpx.Response | None:
            response = self.client.request(method, path, json=json)
            return None if response.status_code == httpx.codes.SERVICE_UNAVAILABLE else response

        response = wait_for(answer)
        assert response is not None, f"{path} stays unavailable"
        return response.raise_for_status().json()

    def filtered(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        """All logs, task_runs, flow_runs or artifacts that fit."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask("POST", f"/{kind}/filter", {**filters, "limit": 200, "offset": len(found)})
            found += page
            if len(page) < 200:
                return found


@dataclass(frozen=True)
class FlowRun:
    """A finished run of the deployment: its state, its message, and what Prefect shows of it and its subflow."""

    server: Prefect
    flow_run: dict[str, Any]

    @property
    def state(self) -> str:
        return str(self.flow_run["state"]["type"])

    @property
    def message(self) -> str:
        return str(self.flow_run["state"]["message"] or "")

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """The run's own task runs by name; the subflow counts as one."""
        return {task["name"]: task for task in self._tasks([self.flow_run["id"]])}

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The task runs of the subflow `build` that show what dbt did, by name."""
        subflows = [run["id"] for run in self._subflows()]
        return {task["name"]: task for task in self._tasks(subflows)} if subflows else {}

    def artifact(self, subject: str) -> str:
        """The Markdown that the run left under this subject."""
        runs = [self.flow_run["id"], *(run["id"] for run in self._subflows())]
        found = self.server.filtered(
            "artifacts", artifacts={"flow_run_id": {"any_": runs}, "key": {"any_": [f"daily-{subject}-test-flows"]}}
        )
        assert len(found) == 1
        return str(found[0]["data"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of this name that came out of this run; they take a moment to be stored."""
        asked = {
            "filter": {"event": {"name": [name]}, "any_resource": {"id": [f"prefect.flow-run.{self.flow_run['id']}"]}}
        }
        return wait_for(lambda: self.server.ask("POST", "/events/filter", asked)["events"])

    def _subflows(self) -> list[dict[str, Any]]:
        return self.server.filtered("flow_runs", flow_runs={"parent_flow_run_id": {"any_": [self.flow_run["id"]]}})

    def _tasks(self, flow_runs: list[str]) -> list[dict[str, Any]]:
        """Task runs are recorded a moment after they ended."""

        def ended() -> list[dict[str, Any]]:
            tasks = self.server.filtered("task_runs", task_runs={"flow_run_id": {"any_": flow_runs}})
            return tasks if all(task["state_type"] in FINAL for task in tasks) else []

        return wait_for(ended)


Run = Callable[..., FlowRun]


@dataclass(frozen=True)
class FlowShop:
    """A shop's folder with settings, and the sandbox that its lists are in."""

    folder: Path
    sandbox: Sandbox
    dbt: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def settings(
        self,
        name: str,
        *,
        dbt: Path | None = None,
        definitions: str | Path = ROOT / "audiences" / "definitions",
        marked: str = "marked.csv",
    ) -> Path:
        """A settings file of this shop; what is not said is as in the demo."""
        file = self.folder / f"{name}.yaml"
        text = SETTINGS.format(
            dbt=dbt or self.dbt,
            definitions=definitions,
            marked=marked,
            endpoint=self.sandbox.endpoint("meta"),
            token=TOKEN,
        )
        file.write_text(text, encoding="utf-8")
        return file

    def rows(self) -> dict[str, int]:
        """How many upload rows the sandbox holds, by the list's name."""
        inspection = self.sandbox.inspect("meta")
        return {item["name"]: len(inspection.list(item["id"])["rows"]) for item in inspection.lists()}

    def writes(self) -> int:
        """How many requests that write the sandbox has seen."""
        return int(self.sandbox.inspect("meta").requests()["writes"])


def wait_for(ask: Callable[[], Any], patience: float = 60.0) -> Any:
    """The first answer that is not empty, or the last one."""
    deadline = time.monotonic() + patience
    while True:
        answer = ask()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.3)


def documented(line: str) -> list[str]:
    """A command as docs/flows.md has it, to be run by this Python."""
    shown = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8").splitlines()
    assert line in [one.strip() for one in shown], f"docs/flows.md does not show: {line}"
    return [sys.executable, "-m", *shlex.split(line)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group of its own, and whatever it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
