"""Two in the morning, a sync is at work: what it is at since when, for whoever finds the ledger busy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from truth_shop import LIST

from audiences.ledger import open_ledger
from audiences.ledger.activity import FILE, read_activity

ROOT = Path(__file__).parents[2]
HOLD = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"


def started(shop, *arguments):
    command = [sys.executable, "-m", "audiences", *arguments, "--config", str(shop.folder / "boomerang.yaml")]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def ended(process):
    told, complained = process.communicate(timeout=60)
    return process.returncode, told, complained


@pytest.fixture
def slow_shop(open_shop):
    """Each request is answered after two seconds, and there are many; the ledger is free."""
    shop = open_shop(free_ledger=True, rows_per_request=1)
    shop.crowd(200)
    shop.audience("lapsed")
    shop.publish(0)
    shop.sandbox.control(faults=[{"on": "add", "do": "slow", "seconds": 2, "times": "always"}])
    return shop


@pytest.fixture
def syncing(slow_shop):
    """A sync that has its first answers."""
    process = started(slow_shop, "sync")
    deadline = time.monotonic() + 60
    try:
        while not (found := read_activity(slow_shop.settings.home)) or not found.requests_done:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_status_says_which_process_is_at_which_list_and_how_far_it_is(slow_shop, syncing):
    human, program = started(slow_shop, "status"), started(slow_shop, "status", "--json")
    code, told, complained = ended(human)
    assert (code, told) == (6, "")
    assert f"process {syncing.pid} has it since" in complained
    assert "of about 200 requests answered, the last one" in complained
    assert f"for {LIST})" in complained
    code, told, _ = ended(program)
    busy = json.loads(told)["busy"]
    assert (code, busy["pid"], busy["doing"], busy["list"]) == (6, syncing.pid, "sync", LIST)
    assert 0 < busy["requests_done"] < busy["requests_planned"] == 200


def test_what_a_killed_sync_left_counts_for_nothing(slow_shop, syncing):
    syncing.send_signal(signal.SIGKILL)
    syncing.wait()
    home = slow_shop.settings.home
    assert (home / FILE).is_file()
    assert read_activity(home) is None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(slow_shop.settings.ledger_file)], stdout=subprocess.PIPE, text=True
    ) as other:
        other.stdout.readline()
        code, told, complained = ended(started(slow_shop, "status", "--json"))
        other.kill()
    assert (code, json.loads(told)) == (6, {"busy": None})
    assert "another process holds ledger.duckdb" in complained
    assert "has it since" not in complained
    assert ended(started(slow_shop, "status"))[0] == 0
    assert not (home / FILE).exists()


def test_the_notice_goes_with_the_ledger_and_has_no_person_in_it(open_shop):
    shop = open_shop(free_ledger=True)
    home = shop.settings.home
    with open_ledger(shop.settings), open_ledger(shop.settings):
        assert read_activity(home).pid == os.getpid()
        with open_ledger(shop.settings):
            pass
        assert set(json.loads((home / FILE).read_text())) == {
            "pid", "since", "doing", "list", "requests_done", "requests_planned", "answered_at",
        }  # fmt: skip
    assert not (home / FILE).exists()


@pytest.mark.parametrize("left", ["", "[]", '{"pid": "x"}', '{"pid": 1, "since": "now", "more": 1}'])
def test_a_notice_that_cannot_be_read_is_none(open_shop, left):
    home = open_shop(free_ledger=True).settings.home
    home.mkdir(exist_ok=True)
    (home / FILE).write_text(left)
    assert read_activity(home) is None
