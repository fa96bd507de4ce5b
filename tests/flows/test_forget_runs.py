"""The flow `forget` as Prefect runs it: it finishes what is open, and neither takes nor shows an identifier."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from pathlib import Path

import pytest
from prefect_runs import FlowShop, Prefect

TESTS = Path(__file__).parents[1]
sys.path.extend([str(TESTS / "engine"), str(TESTS / "erasure")])  # the shops of those tests

FORGET = """
from flows.forget import forget
forget('{config}')
"""


@pytest.fixture
def erasures(tmp_path: Path, shop: FlowShop):
    """A shop with a list on the sandbox, whose one erasure is open because the platform was down."""
    from erasure_shop import ErasureShop

    sandbox = shop.sandbox
    found = ErasureShop(tmp_path, sandbox.endpoint("meta"), sandbox, id=f"act_{uuid.uuid4().hex[:12]}")
    found.filled("ann", day=dt.date(2026, 1, 5))  # before the clock of the run
    sandbox.control(faults=[{"on": "remove", "do": "server_error"}])
    assert found.forget(found.mail("ann")).is_open
    sandbox.control(faults=[])
    return found


def test_the_deployment_takes_no_identifier_and_runs_every_hour(deployed: Prefect):
    deployment = deployed.ask("GET", "/deployments/name/forget/forget")
    assert set(deployment["parameter_openapi_schema"]["properties"]) == {"config"}
    assert deployment["schedules"][0]["schedule"]["cron"] == "20 * * * *"
    assert deployment["global_concurrency_limit"]["limit"] == 1


def test_a_run_finishes_what_is_open_and_leaves_the_receipt(erasures, deployed: Prefect):
    told = deployed.script(FORGET.format(config=erasures.folder / "boomerang.yaml"), erasures.folder)
    assert told.returncode == 0, told.stderr
    assert not erasures.is_on("ann")
    receipts = deployed.filtered("artifacts", artifacts={"key": {"any_": ["forget-receipts-test"]}})
    assert len(receipts) == 1
    text = str(receipts[0]["data"])
    assert "lapsed@meta:main" in text
    assert "removed" in text
    shown = told.stdout + told.stderr + text
    assert erasures.salt not in shown
    assert not [one for one in erasures.all_hashes("ann") if one in shown]


def test_while_the_platform_stays_down_the_run_names_the_list_and_nobody(erasures, deployed: Prefect):
    erasures.sandbox.control(faults=[{"on": "remove", "do": "server_error", "times": 3}])
    code = f"""
from prefect import flow
from flows.forget import drain, open_error
from flows.steps import settings_of

@flow
def rounds():
    print(open_error(drain(settings_of('{erasures.folder / "boomerang.yaml"}'), [0.1])))

rounds()
"""
    told = deployed.script(code, erasures.folder)
    erasures.sandbox.control(faults=[])
    assert told.returncode == 0, told.stderr
    assert "still on these lists" in told.stdout
    assert "lapsed@meta:main" in told.stdout
    assert erasures.salt not in told.stdout + told.stderr
