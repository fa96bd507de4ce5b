"""The flow `daily` as Prefect runs it: deployed, picked up by a worker, seen through the API.

The runs build on one another: a first one, one of the same instant again, and ones that go wrong.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import duckdb
import pytest
from prefect_runs import DAY, MARKED_MAIL, ROOT, TOKEN, FlowRun, FlowShop, Prefect, Run, wait_for

from audiences.settings import load_settings
from audiences.warehouse.duckdb import writing

EVERYBODY = """
label: Everybody
description: All who could buy something that goes with what they own.
owner: tests@example.com
segment: complementary_prospects
platforms:
  meta: {account: second}
"""
ROUNDS = """
import json
from prefect import flow
from flows.daily import update_lists

@flow
def rounds():
    [result] = update_lists('{config}', ['everybody'], '{day}', waits=[0.1])
    print(json.dumps([result.state, result.sent, result.requests]))

rounds()
"""
EXTRACT = """
from prefect import flow
from flows.steps import load_sources

@flow
def extract():
    load_sources.with_options(retry_delay_seconds=1)('{config}')

extract()
"""
SENT = "complementary_prospects@meta:main"
LABEL = "Goes with what they own"


@pytest.fixture(scope="module")
def first(run: Run, shop: FlowShop) -> FlowRun:
    return run(config=shop.settings("shop"), audiences=["complementary_prospects"], as_of=DAY)


@pytest.fixture(scope="module")
def rows_after_first(first: FlowRun, shop: FlowShop) -> dict[str, int]:
    return shop.rows()


@pytest.fixture(scope="module")
def again(run: Run, shop: FlowShop, rows_after_first: dict[str, int]) -> FlowRun:
    """The same instant once more, with all audiences: those of under a hundred members are held."""
    return run(config=shop.settings("shop"), as_of=DAY)


@pytest.fixture(scope="module")
def rows_after_again(again: FlowRun, shop: FlowShop) -> dict[str, int]:
    return shop.rows()


@pytest.fixture(scope="module")
def writes_after_again(again: FlowRun, shop: FlowShop) -> int:
    return shop.writes()


@pytest.fixture(scope="module")
def unbuilt(run: Run, shop: FlowShop, writes_after_again: int, broken_dbt: Any) -> FlowRun:
    return run(config=shop.settings("broken", dbt=broken_dbt), as_of="2026-11-24")


@pytest.fixture(scope="module")
def unread(run: Run, shop: FlowShop, unbuilt: FlowRun) -> FlowRun:
    """A customer file whose birth date is an e-mail address."""
    (shop.folder / "wrong.csv").write_text(f"customer_ref,birth_date\nwrong-1,{MARKED_MAIL}\n", encoding="utf-8")
    return run(config=shop.settings("wrong", marked="wrong.csv"), as_of=DAY)


def test_the_deployment_runs_daily_in_the_shops_time_one_at_a_time(deployed: Prefect):
    schedule = deployed.deployment["schedules"][0]
    shop_zone = load_settings(ROOT / "boomerang.yaml").shop.timezone
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "0 6 * * *"
    assert schedule["schedule"]["timezone"] == shop_zone
    assert deployed.deployment["global_concurrency_limit"]["limit"] == 1
    assert set(deployed.deployment["parameter_openapi_schema"]["properties"]) == {"config", "audiences", "as_of"}


def test_a_run_goes_through_every_step(first: FlowRun):
    assert first.state == "COMPLETED", first.message
    assert sorted(first.steps) == ["apply", "build-0", "check", "extract", "plan", "report"]
    assert {task["state_name"] for task in first.steps.values()} == {"Completed"}


def test_every_model_and_test_is_a_task_run_with_its_state(first: FlowRun, shop: FlowShop):
    models = {f"model {file.stem}" for file in (shop.dbt / "models").rglob("*.sql")}
    assert len(models) > 30
    assert models <= first.nodes.keys()
    assert {f"seed {file.stem}" for file in (shop.dbt / "seeds").glob("*.csv")} <= first.nodes.keys()
    assert any(name.startswith("test unique_key_dim_customers") for name in first.nodes)
    assert {node["state_name"] for node in first.nodes.values()} <= {"Completed", "Warned"}


def test_the_plan_and_the_result_tell_what_went_to_the_list(first: FlowRun, rows_after_first: dict[str, int]):
    planned, result = cells(first.artifact("plan"), SENT), cells(first.artifact("result"), SENT)
    assert planned[1] == planned[2], "every member is new"
    assert int(planned[1]) > 100
    assert planned[3:7] == ["0", "0", "0", "0"]
    assert result[1:4] == ["applied", str(rows_after_first[LABEL]), str(rows_after_first[LABEL])]
    assert int(planned[1]) <= rows_after_first[LABEL]
    assert "| gate consent_denied |" in first.artifact("plan")
    assert "| model |" in first.artifact("build")


def test_a_second_run_of_the_same_instant_sends_nothing(
    first: FlowRun, again: FlowRun, rows_after_first, rows_after_again
):
    planned = cells(again.artifact("plan"), SENT)
    members = cells(first.artifact("plan"), SENT)[1]
    assert planned[1:7] == [members, "0", "0", "0", "0", members]
    assert cells(again.artifact("result"), SENT)[1:6] == ["unchanged", "0", "0", "0", "0"]
    assert rows_after_again[LABEL] == rows_after_first[LABEL]


def test_what_a_guard_holds_fails_the_run_and_is_an_event_of_its_own(again: FlowRun):
    held = again.events("boomerang.list.held")
    assert again.state == "FAILED"
    assert "GuardTripped" in again.message
    assert "wishlisters@meta:main held:" in again.message
    assert SENT not in again.message
    assert "wishlisters@meta:main" in {event["payload"]["list"] for event in held}
    assert SENT not in {event["payload"]["list"] for event in held}
    assert "boomerang release wishlisters@meta:main" in again.artifact("result")


def test_a_failed_dbt_test_stops_the_run_before_any_list(
    unbuilt: FlowRun, rows_after_again, writes_after_again, shop: FlowShop
):
    assert unbuilt.state == "FAILED", unbuilt.message
    assert "BuildFailed" in unbuilt.message
    assert "nobody_is_marked" in unbuilt.message
    assert unbuilt.nodes["test nobody_is_marked"]["state_name"] == "Failed"
    assert unbuilt.nodes["test mails_are_numbers"]["state_name"] == "Failed"
    assert "Skipped" in {node["state_name"] for node in unbuilt.nodes.values()}
    assert unbuilt.steps.keys().isdisjoint({"plan", "apply"})
    assert "| nobody_is_marked | fail |" in unbuilt.artifact("build")
    assert shop.writes() == writes_after_again
    assert shop.rows() == rows_after_again


def test_data_that_does_not_fit_stops_the_run_at_once(unread: FlowRun):
    assert unread.state == "FAILED", unread.message
    assert "DataError" in unread.message
    assert "birth_date" in unread.message
    assert unread.steps["extract"]["run_count"] == 1, "wrong data stays wrong: no further try"
    assert unread.nodes == {}


def test_lists_of_a_platform_that_asks_to_wait_are_planned_again(again: FlowRun, server: Prefect, shop: FlowShop):
    folder = shop.folder / "one_definition"
    folder.mkdir()
    (folder / "everybody.yaml").write_text(EVERYBODY, encoding="utf-8")
    config = shop.settings("rounds", definitions=folder)
    shop.sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 60}])
    told = server.script(ROUNDS.format(config=config, day=DAY), cwd=shop.folder)
    assert told.returncode == 0, told.stderr[-3000:]
    state, sent, requests = json.loads(told.stdout)
    assert "planning again" in told.stderr + told.stdout
    assert (state, requests) == ("applied", 2)  # the one that was refused, and the one of the second round
    assert sent == shop.rows()["Everybody"] > 100


def test_a_busy_warehouse_is_waited_for(server: Prefect, shop: FlowShop, unread: FlowRun):
    script = EXTRACT.format(config=shop.settings("busy"))
    environment = {**server.environment, "PYTHONPATH": str(ROOT)}
    with writing(shop.home):
        process = subprocess.Popen(
            [sys.executable, "-c", script], env=environment, cwd=shop.folder, stderr=subprocess.DEVNULL
        )
        waiting = {"task_runs": {"state": {"name": {"any_": ["AwaitingRetry"]}}}}
        seen = wait_for(lambda: process.poll() is not None or server.filtered("task_runs", **waiting))
    assert seen and seen is not True, "it must have met the lock"
    assert process.wait(timeout=120) == 0


def test_prefect_keeps_nothing_personal(first, again, unbuilt, unread, server: Prefect, shop: FlowShop):
    told = {kind: json.dumps(server.filtered(kind)) for kind in ("logs", "artifacts", "task_runs", "flow_runs")}
    assert "Finished in state Completed" in told["logs"]
    assert SENT in told["artifacts"]
    kept = b"".join(file.read_bytes() for file in server.home.rglob("*") if file.is_file()).lower()
    assert SENT.encode() in kept
    mails, others = personal_texts(shop)
    assert len(mails) > 500
    assert len(others) > 50
    assert len(mails.intersection(re.findall(rb"[\w.+%-]+@[\w.-]+\w", kept))) == 0
    assert sum(text in kept for text in others) == 0
    assert not any(re.search(r"\b[0-9a-f]{64}\b", told[kind]) for kind in ("logs", "artifacts"))


def cells(markdown: str, first_cell: str) -> list[str]:
    """The cells of the first table row that begins with this text."""
    row = next(line for line in markdown.splitlines() if line.startswith(f"| {first_cell} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def personal_texts(shop: FlowShop) -> tuple[set[bytes], set[bytes]]:
    """Every e-mail of the shop, and some long phone numbers, marked names and the token, in lower case."""
    customers = f"'{shop.folder}/demo/customers-*.parquet'"
    with duckdb.connect() as reader:
        mails = reader.execute(
            f"select distinct lower(trim(email)) from {customers} where email like '%@%.%'"
        ).fetchall()
        phones = reader.execute(
            f"select distinct lower(trim(phone)) from {customers} where length(phone) >= 10 limit 100"
        ).fetchall()
    others = {"zqxfirst", "zqxlast", TOKEN, *(row[0] for row in phones)}
    return {row[0].encode() for row in mails} | {MARKED_MAIL.encode()}, {text.encode() for text in others}
