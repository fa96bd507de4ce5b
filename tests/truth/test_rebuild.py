"""Repairing a list that somebody tampered with."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from truth_shop import LIST

from audiences.errors import ConfigError, gravest


def run(shop, *arguments):
    command = [sys.executable, "-m", "audiences", *arguments, "--config", str(shop.folder / "boomerang.yaml")]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ}, stdin=subprocess.DEVNULL, check=False
    )


def codes(done):
    return gravest([one.exit_code for one in done.lists])


def test_people_whom_somebody_took_off_are_put_back(shop):
    everybody = shop.filled()
    shop.later()
    shop.tamper(sorted(everybody)[:80])
    assert len(shop.people_on()) == 70
    assert shop.plan_of().changes == 0, "a sync knows nothing of it"
    done = shop.rebuild()
    assert codes(done) == 0
    assert shop.prepared.people == 150
    assert shop.people_on() == shop.on_ledger() == everybody
    shop.later()
    assert shop.levels() == {"confirmed": 150}
    assert shop.plan_of().changes == 0


def test_who_should_not_be_on_the_list_any_more_is_not_put_back(shop):
    everybody = shop.filled() - {"crowd0001"}
    shop.leaves("crowd0001")
    shop.publish(1)
    shop.sandbox.control(processing_seconds=0)
    shop.rebuild()
    assert shop.people_on() == shop.on_ledger() == everybody


def test_guards_that_look_at_sizes_do_not_hold_it_and_are_told(shop):
    shop.configure(guards={"max_build_age": "off", "from_members": 100})
    everybody = sorted(shop.filled())
    shop.leaves(*everybody[:140])
    shop.crowd(95, prefix="new")
    shop.publish(1)
    shop.sandbox.control(processing_seconds=0)
    done = shop.rebuild()
    assert codes(done) == 0
    assert [(name, "would be removed" in reason) for name, reason in shop.prepared.warnings] == [(LIST, True)]
    assert len(shop.people_on()) == 105


def test_while_a_newer_build_is_unfinished_people_are_put_back_but_nobody_else_comes_or_goes(shop):
    everybody = shop.filled()
    shop.leaves("crowd0001")
    shop.crowd(10, prefix="new")
    shop.publish(1)
    shop.publish(2, state="failed")
    shop.sandbox.control(processing_seconds=0)
    shop.tamper(["crowd0002", "crowd0003"])
    assert codes(shop.rebuild()) == 3
    assert shop.people_on() == everybody


def test_a_list_that_is_gone_is_made_anew_and_filled_in_one_go(shop):
    everybody = shop.filled()
    shop.believe(deleted=True)
    shop.sandbox.control(processing_seconds=0)
    done = shop.rebuild()
    assert [[one.state for one in result.lists] for result in done.results] == [["stale"], ["applied"]]
    assert codes(done) == 0
    assert shop.people_on() == shop.on_ledger() == everybody


def test_a_paused_audience_is_refused_with_what_to_do(shop):
    shop.filled()
    shop.audience("lapsed", paused=True)
    with pytest.raises(ConfigError, match="lapsed is paused"):
        shop.rebuild()


def test_begun_and_stopped_in_the_middle_it_can_be_run_again_and_a_sync_does_as_well(open_shop, fails):
    shop = open_shop(rows_per_request=50)
    everybody = shop.filled()
    for again in (shop.rebuild, shop.sync):
        fails("cut_before", "add", after=1, times="always")
        assert codes(shop.rebuild()) == 6
        assert shop.people_on() < everybody
        fails("slow", "find", seconds=0)
        again()
        assert shop.people_on() == shop.on_ledger() == everybody


def test_the_command_asks_first_and_says_what_it_did(open_shop):
    shop = open_shop(free_ledger=True)
    shop.filled()
    shop.sandbox.control(processing_seconds=0)
    refused = run(shop, "rebuild", "lapsed")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    shop.tamper(["crowd0001"])
    done = run(shop, "rebuild", "lapsed", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Everybody was removed and added again" in done.stdout
    assert "crowd0001" in shop.people_on()
