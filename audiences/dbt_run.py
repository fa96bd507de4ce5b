"""Running dbt as a subprocess and reading its JSON log: which model or test is done, and how it went.

dbt is never imported. Its messages are cut to what a log may show: values that a database error quotes are taken out.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiences.errors import DataError
from audiences.log import redact

QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
RESULT_EVENTS = {
    "LogModelResult", "LogTestResult", "LogSnapshotResult", "LogSeedResult", "LogNodeNoOpResult", "SkippingDetails",
}  # fmt: skip
BROKEN = {"error", "fail", "runtime error", "skipped"}
MAX_MESSAGE = 300


@dataclass(frozen=True)
class NodeResult:
    """One model, test, seed or snapshot of a dbt run; `seconds` is its own time, `message` is safe to show."""

    name: str
    kind: str
    status: str
    seconds: float
    message: str

    @property
    def is_broken(self) -> bool:
        """Whether the build cannot be published because of it."""
        return self.status in BROKEN


def run_dbt(
    arguments: Sequence[str],
    *,
    project: Path,
    target: Path,
    variables: Mapping[str, Any],
    environment: Mapping[str, str],
    on_node: Callable[[NodeResult], None] | None = None,
) -> list[NodeResult]:
    """Run one dbt command to its end.

    Args:
        arguments: for example `["build", "--exclude-resource-type", "unit_test"]`.
        project: the dbt project's folder, with its profiles.yml.
        target: a folder for what dbt writes.
        variables: dbt vars.
        environment: added to this process's environment (the profile reads its paths from there).
        on_node: called as each node ends.

    Raises:
        DataError: dbt itself could not run (a model does not compile, a setting is unknown).
    """
    target.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-P", "-m", "dbt.cli.main", "--log-format", "json", "--log-level", "info",
        "--log-level-file", "none", "--log-path", str(target), "--no-write-json", "--no-use-colors",
        "--no-send-anonymous-usage-stats", "--no-version-check",
        *arguments, "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target),
        "--vars", json.dumps(variables, default=str),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=target, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    results: list[NodeResult] = []
    problems: list[str] = []
    try:
        for event in _events(process):
            result = _result(event)
            if result is not None:
                results.append(result)
                if on_node:
                    on_node(result)
            elif event.get("info", {}).get("level") == "error":
                problems.append(shown(event["info"].get("msg", "")))
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    if code != 0 and not any(result.is_broken for result in results):
        detail = next((problem for problem in problems if problem), "no message")
        raise DataError(f"dbt could not run: {detail}")
    return results


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"info": {"level": "error", "msg": line}}
            if isinstance(event, dict):
                yield event


def _result(event: Mapping[str, Any]) -> NodeResult | None:
    info = event.get("info", {})
    if info.get("name") not in RESULT_EVENTS:
        return None
    data = event.get("data", {})
    node = data.get("node_info", {})
    status = str(node.get("node_status") or data.get("status", "")).lower()
    message = shown(str(info.get("msg", ""))) if status in BROKEN else ""
    seconds = float(data.get("execution_time") or 0.0)
    return NodeResult(node.get("node_name", "?"), node.get("resource_type", "?"), status, seconds, message)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def shown(message: str) -> str:
    """A message of dbt or a database without the values that it quotes, in one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return redact(QUOTED.sub("'…'", " ".join(lines)))[:MAX_MESSAGE]
