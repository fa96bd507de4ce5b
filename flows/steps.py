"""The steps of a run as Prefect tasks, and what of them may be tried again.

A step takes the settings file's path, never the settings: nothing that Prefect holds can reach a token. Only `Busy` is tried
again, because nothing was done when it is raised. No step has a timeout: a task that is timed out leaves dbt writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.events import emit_event
from prefect.states import Completed, Failed
from prefect.tasks import Task

from audiences.checking import checked_catalog
from audiences.errors import Busy
from audiences.extract import SourceLoad, extract
from audiences.settings import Settings, load_settings
from audiences.sync.apply import ApplyResult, ListResult, apply_plan
from audiences.sync.plan import chosen_audiences, make_plan
from audiences.sync.plan_record import Plan
from flows.artifacts import plan_text, publish, result_text
from flows.privacy import clean_errors

BUSY_WAITS = [30.0, 60.0, 120.0, 300.0, 600.0]  # seconds before each further try
HELD_EVENT = "boomerang.list.held"


def is_busy(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the step failed only because another process holds a file; asked by Prefect before a further try."""
    return isinstance(state.data, Busy)


def settings_of(config: str | None) -> Settings:
    """The settings at this path, or those that `load_settings` finds without one."""
    return load_settings(Path(config) if config else None)


@task(name="check", task_run_name="check", cache_policy=NO_CACHE)
def check(config: str | None, audiences: Sequence[str]) -> None:
    """Refuse wrong settings, definitions and names before the long steps begin."""
    with clean_errors():
        catalog, _ = checked_catalog(settings_of(config))
        chosen = chosen_audiences(catalog, audiences)
    get_run_logger().info("%d audiences to keep equal", len(chosen))


@task(
    name="extract", task_run_name="extract", cache_policy=NO_CACHE,
    retries=len(BUSY_WAITS), retry_delay_seconds=BUSY_WAITS, retry_condition_fn=is_busy,
)  # fmt: skip
def load_sources(config: str | None) -> list[SourceLoad]:
    """Load every source whole, or leave the warehouse as it was."""
    with clean_errors():
        loads = extract(settings_of(config))
    for load in loads:
        rows = ", ".join(f"{entity.entity} {entity.rows:,}" for entity in load.entities)
        get_run_logger().info("%s in %.1f s: %s", load.source, load.seconds, rows)
    return loads


@task(name="dbt node", task_run_name="{kind} {name}", cache_policy=NO_CACHE)
def show_node(kind: str, name: str, status: str, seconds: float, message: str) -> State[None]:  # noqa: ARG001
    """Show what dbt has just finished; dbt's own states that Prefect does not know keep their name.

    To be called from a flow, not from a task: when a task fails, Prefect calls all tasks within it rolled back.
    """
    text = f"{seconds:.2f} s" + (f": {message}" if message else "")
    if status == "skipped":
        return Completed(name="Skipped", message="not run, because something that it needs failed")
    if status in ("error", "fail", "runtime error"):
        return Failed(message=text)
    if status == "warn":
        return Completed(name="Warned", message=text)
    return Completed(message=text)


@task(name="plan", task_run_name="plan", cache_policy=NO_CACHE)
def plan_lists(config: str | None, audiences: Sequence[str], as_of: str | None) -> Plan:
    """Find out what must change on every list, and publish it; nothing is sent."""
    with clean_errors():
        settings = settings_of(config)
        plan = make_plan(settings, audiences, as_of=as_of)
        publish("plan", settings.environment, plan_text(plan))
    return plan


@task(name="apply", task_run_name="apply", cache_policy=NO_CACHE)
def send(config: str | None, plan_id: str) -> ApplyResult:
    """Carry out a plan once. It is never tried again as it is: what is then still open needs a new plan."""
    with clean_errors():
        return apply_plan(settings_of(config), plan_id)


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
def report(config: str | None, results: Sequence[ListResult]) -> None:
    """Publish what became of every list, and tell Prefect of each one that a guard holds."""
    with clean_errors():
        environment = settings_of(config).environment
        publish("result", environment, result_text(results))
        for item in results:
            if item.state == "held":
                _tell_held(environment, item)


def _tell_held(environment: str, item: ListResult) -> None:
    emit_event(
        event=HELD_EVENT,
        resource={
            "prefect.resource.id": f"boomerang.list.{environment}.{item.list}",
            "prefect.resource.name": item.list,
        },
        payload={"environment": environment, "list": item.list, "audience": item.audience, "why": item.message},
    )
