"""A list that cannot be reached any more: somebody says so, and the erasure ends without it, never silently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from erasure_shop import LIST

from audiences.errors import Busy, ConfigError
from audiences.sync.status import read_status
from audiences.sync.write_off import write_off

ROOT = Path(__file__).parents[2]
WHY = "the ad account was closed in spring"


def give_up(shop, list_id=LIST, **how):
    return write_off(shop.settings, list_id, clock=shop.tick, **{"why": WHY, "said_by": "maria", **how})


def state(shop, list_id=LIST):
    return {one.list: one for one in read_status(shop.settings, now=shop.tick()).lists}[list_id]


def take_account_out(shop):
    platforms = shop.content["platforms"]
    shop.configure(platforms={"meta": {**platforms["meta"], "accounts": {}}})
    return platforms


@pytest.fixture
def stuck(shop):
    """Ann is forgotten, and the account of the list is not in the settings any more."""
    shop.filled("ann")
    shop.account_before = take_account_out(shop)
    shop.receipt = shop.forget("ann")
    assert shop.receipt.is_open
    assert [one.state for one in shop.drain()] == ["open"]
    return shop


def test_an_account_that_is_gone_for_good_keeps_no_erasure_open_once_somebody_says_so(stuck):
    (receipt,) = give_up(stuck)
    (entry,) = receipt.lists
    assert (receipt.erasure_id, receipt.state, receipt.is_open) == (stuck.receipt.erasure_id, "written_off", False)
    assert (entry.state, entry.level, entry.removed_at) == ("written_off", None, None)
    assert (entry.written_off_by, entry.why) == ("maria", WHY)
    assert entry.written_off_at == receipt.finished_at
    assert f"by maria: {WHY}" in receipt.as_text()
    assert "NOT REMOVED" in receipt.as_text()
    assert "not done: 1 of 1 list is written off" in receipt.as_text()
    assert stuck.drain() == ()


def test_the_receipts_file_says_it_and_the_ledger_has_nothing_of_the_person_any_more(stuck):
    assert stuck.places_in_ledger(stuck.all_hashes("ann")) == {"memberships"}
    give_up(stuck)
    file = stuck.settings.home / "receipts" / f"{stuck.receipt.erasure_id}.json"
    (entry,) = json.loads(file.read_text())["lists"]
    assert (entry["state"], entry["written_off_by"], entry["why"]) == ("written_off", "maria", WHY)
    assert stuck.places_in_ledger(stuck.all_hashes("ann")) == set()


def test_status_says_that_somebody_may_still_be_there_until_the_list_is_another(stuck):
    before = state(stuck)
    assert (before.erasing, before.written_off) == (1, 0)
    give_up(stuck)
    after = state(stuck)
    assert (after.erasing, after.written_off) == (0, 1)
    assert after.advice.startswith("delete the list there if you ever can: 1 request to be forgotten ended without it")
    assert f"by maria ({WHY})" in after.advice
    stuck.rows("update sync.lists set external_id = 'another'")
    assert state(stuck).written_off == 0


def test_should_the_account_come_back_the_person_stays_barred(stuck):
    give_up(stuck)
    stuck.configure(platforms=stuck.account_before)
    stuck.crowd(5, prefix="new")
    stuck.publish()
    assert stuck.sync() == 0
    assert stuck.value("select count(*) from sync.memberships where erasure_id is not null") == 0
    assert stuck.places_in_ledger(stuck.all_hashes("ann")) == set()
    assert "delete the list there" in state(stuck).advice


def test_what_can_be_reached_again_is_removed_and_not_written_off(stuck):
    stuck.configure(platforms=stuck.account_before)
    (receipt,) = give_up(stuck)
    assert (receipt.state, receipt.lists[0].state) == ("done", "removed")
    assert not stuck.is_on("ann")
    assert state(stuck).written_off == 0


def test_a_token_that_is_dead_for_good_can_be_written_off(shop):
    shop.filled("ann")
    shop.sandbox.control(believe={"tokens": ["another"]})
    assert shop.forget("ann").is_open
    (receipt,) = give_up(shop)
    assert (receipt.state, receipt.lists[0].state) == ("written_off", "written_off")


def test_a_platform_that_is_only_down_is_no_reason(shop):
    shop.filled("ann")
    shop.sandbox.control(faults=[{"on": "remove", "do": "server_error", "times": 9}])
    assert shop.forget("ann").is_open
    with pytest.raises(Busy, match="nothing was written off"):
        give_up(shop)
    shop.sandbox.control(faults=[])
    assert [one.state for one in shop.drain()] == ["done"]
    assert not shop.is_on("ann")


def test_only_the_named_list_and_the_named_erasure_are_given_up(stuck):
    second = stuck.forget("crowd0001")
    (receipt,) = give_up(stuck, erasure_id=second.erasure_id)
    assert receipt.erasure_id == second.erasure_id
    assert stuck.rows("select state from sync.erasures order by asked_at") == [("open",), ("written_off",)]
    assert stuck.value("select count(*) from sync.memberships where erasure_id is not null") == 1
    assert [one.erasure_id for one in give_up(stuck)] == [stuck.receipt.erasure_id]
    assert state(stuck).written_off == 2


@pytest.mark.parametrize(
    ("list_id", "how", "said"),
    [
        ("lapsd@meta:main", {}, "did you mean lapsed@meta:main"),
        (LIST, {"erasure_id": "20261123-000000-abcdef"}, "is not open on"),
        (LIST, {"why": "  "}, "say --why"),
        (LIST, {"why": "ann.smith@example.com has left"}, "must name nobody"),
        (LIST, {"why": "called +32 470 12 34 56"}, "must name nobody"),
    ],
)
def test_what_is_not_understood_is_refused_and_nothing_is_given_up(stuck, list_id, how, said):
    with pytest.raises(ConfigError, match=said):
        give_up(stuck, list_id, **how)
    assert [one.state for one in stuck.drain()] == ["open"]


# as it is typed -------------------------------------------------------------------------------------------------------


@pytest.fixture
def free_shop(open_shop):
    shop = open_shop(free_ledger=True)
    shop.filled("ann")
    take_account_out(shop)
    return shop


def run(shop, *arguments):
    command = [sys.executable, "-m", "audiences", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LOGNAME": "maria"}
    return subprocess.run(command, cwd=shop.folder, env=environment, capture_output=True, text=True, timeout=120)


def test_the_command_ends_what_is_open_and_the_receipt_says_how(free_shop):
    asked = run(free_shop, "forget", "ann")
    assert asked.returncode == 6
    assert "forget --write-off" in asked.stdout
    mute = run(free_shop, "forget", "--write-off", LIST)
    assert (mute.returncode, "--why" in mute.stderr) == (2, True)
    done = run(free_shop, "forget", "--write-off", LIST, "--why", WHY)
    assert done.returncode == 0, done.stderr
    assert f"by maria: {WHY}" in done.stdout
    assert "No request to be forgotten is open" in run(free_shop, "forget", "--drain").stdout
    told = run(free_shop, "status")
    assert "1 request to be forgotten ended without it" in told.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("ann", "--write-off", LIST, "--why", WHY),
        ("--drain", "--write-off", LIST, "--why", WHY),
        ("--drain", "--why", WHY),
        ("ann", "--erasure", "x"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_done(free_shop, arguments):
    refused = run(free_shop, "forget", *arguments)
    assert refused.returncode == 2
    assert "--write-off" in refused.stderr
    assert free_shop.value("select count(*) from sync.erasures") == 0
