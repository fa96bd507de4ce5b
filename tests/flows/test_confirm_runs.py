"""The flow `confirm`: deployed an hour after `daily`; it raises levels, and fails for a list that is not in order."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from prefect_runs import Prefect, wait_for

from audiences.sandbox.server import Sandbox

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # the shop of the engine's tests

LIST = "lapsed@meta:main"
SCRIPT = "from flows.confirm import confirm\nconfirm(config={config!r})"
ROUNDS = """
from prefect import flow
from flows.confirm import ask_all

@flow
def rounds():
    [result] = ask_all({config!r}, [], waits=[0.1])
    print(result.state, result.confirmed)

rounds()
"""


@pytest.fixture
def sandbox() -> Any:
    with Sandbox() as running:
        yield running


@pytest.fixture
def filled(tmp_path: Path, sandbox: Sandbox) -> Any:
    """A shop whose list was filled some days ago, and that nobody has asked about."""
    from engine_shop import Shop

    shop = Shop(tmp_path, sandbox.endpoint("meta"), sandbox, id=f"act_{uuid.uuid4().hex[:12]}")
    shop.configure(guards={"max_build_age": "off"})
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=3))
    assert shop.sync() == 0
    return shop


def run(server: Prefect, shop: Any, script: str = SCRIPT) -> Any:
    return server.script(script.format(config=str(shop.folder / "boomerang.yaml")), cwd=shop.folder)


def test_it_is_deployed_an_hour_after_daily(deployed: Prefect):
    deployment = deployed.ask("GET", "/deployments/name/confirm/confirm")
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 7 * * *"
    assert deployment["schedules"][0]["schedule"]["timezone"] == "America/New_York"
    assert set(deployment["parameter_openapi_schema"]["properties"]) == {"config", "audiences"}


def test_a_run_confirms_members_and_leaves_what_it_learnt(server: Prefect, filled: Any):
    ran = run(server, filled)
    assert ran.returncode == 0, ran.stderr
    assert filled.rows("select level, count(*) from sync.memberships group by level") == [("confirmed", 150)]
    kept = server.filtered("artifacts", artifacts={"key": {"any_": ["confirm-truth-test"]}})
    assert any(f"| {LIST} | asked | 150 |" in str(one["data"]) for one in kept)


def test_a_list_that_is_gone_fails_the_run_and_is_an_event_of_its_own(server: Prefect, filled: Any, sandbox: Sandbox):
    sandbox.control(believe={"lists": {filled.remote_id(): {"deleted": True}}})
    ran = run(server, filled)
    assert ran.returncode != 0
    assert f"{LIST} gone: somebody deleted it there" in ran.stderr
    asked = {"filter": {"event": {"name": ["boomerang.list.gone"]}}}
    events = wait_for(lambda: server.ask("POST", "/events/filter", asked)["events"])
    assert [event["payload"]["list"] for event in events] == [LIST]


def test_a_platform_that_is_down_is_asked_again(server: Prefect, filled: Any, sandbox: Sandbox):
    sandbox.control(faults=[{"do": "html", "on": "read_list"}])
    ran = run(server, filled, ROUNDS)
    assert "asking again" in ran.stderr + ran.stdout
    assert "asked 150" in ran.stdout
