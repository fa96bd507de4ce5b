"""`boomerang forget` as it is typed: receipt, exit codes, and nothing said of whom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from erasure_shop import HEX

ROOT = Path(__file__).parents[2]


@pytest.fixture
def free_shop(open_shop):
    shop = open_shop(free_ledger=True)
    shop.configure(guards={"max_build_age": "off"})
    return shop


@pytest.fixture
def boomerang(free_shop):
    def run(*arguments, stdin=""):
        command = [sys.executable, "-m", "audiences", "--verbose", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=free_shop.folder, env=environment, input=stdin, capture_output=True, text=True, timeout=120
        )

    return run


def said(*runs):
    return "".join(run.stdout + run.stderr for run in runs)


def test_named_on_stdin_the_person_goes_and_the_receipt_is_printed(free_shop, boomerang):
    everybody = free_shop.filled("ann")
    done = boomerang("forget", stdin=f"{free_shop.mail('ann')}\n")
    again = boomerang("forget", free_shop.mail("ann"), "--json")
    assert (done.returncode, again.returncode) == (0, 0)
    assert "1 customer found" in done.stdout
    assert "removed" in done.stdout
    document = json.loads(again.stdout)
    assert (document["state"], document["lists"]) == ("done", [])
    assert free_shop.mail("ann") not in said(done, again)
    assert re.search(HEX, said(done, again)) is None
    assert free_shop.people_on() == everybody - {"ann"}


def test_somebody_unknown_is_no_error_and_what_nobody_is_called_is_one(free_shop, boomerang):
    free_shop.filled()
    unknown, nonsense = boomerang("forget", "nobody@nowhere.example.com"), boomerang("forget", "Zebedee Quux")
    assert unknown.returncode == 0
    assert "Nobody was found" in unknown.stdout
    assert nonsense.returncode == 2
    assert "nothing was done" in nonsense.stderr
    assert "nowhere" not in said(unknown)
    assert "Zebedee" not in said(nonsense)


def test_an_open_list_is_exit_code_6_until_it_is_drained(free_shop, boomerang):
    free_shop.filled("ann")
    free_shop.sandbox.control(faults=[{"on": "remove", "do": "server_error", "times": 4}])
    first, second = boomerang("forget", "ann"), boomerang("forget", "--drain")
    assert (first.returncode, second.returncode) == (6, 6)
    assert "forget --drain" in first.stdout
    free_shop.sandbox.control(faults=[])
    third, fourth = boomerang("forget", "--drain", "--json"), boomerang("forget", "--drain")
    assert (third.returncode, fourth.returncode) == (0, 0)
    assert [one["state"] for one in json.loads(third.stdout)] == ["done"]
    assert "No request to be forgotten is open" in fourth.stdout
    assert not free_shop.is_on("ann")


def test_a_sync_finishes_open_erasures_before_anything_else(free_shop, boomerang):
    everybody = free_shop.filled("ann")
    free_shop.sandbox.control(faults=[{"on": "remove", "do": "server_error"}])
    assert boomerang("forget", "ann").returncode == 6
    (free_shop.folder / "definitions" / "broken.yaml").write_text("label: 1\n", encoding="utf-8")
    broken = boomerang("sync")
    assert broken.returncode == 2
    assert "Erasure" in broken.stderr
    assert free_shop.people_on() == everybody - {"ann"}
