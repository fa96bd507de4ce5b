"""A first fill that is killed, throttled or stopped goes on with the next sync; growing is what comes after it."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
from engine_shop import LIST

from audiences.sync.apply import apply_plan
from audiences.sync.release import release


@pytest.fixture
def stopped(open_shop, fails):
    """A list of 3,000 whose first fill ran into a quota after 600."""
    shop = open_shop(rows_per_request=600, max_wait_seconds=0)
    shop.crowd(3000)
    shop.audience()
    shop.publish(0)
    fails("throttle", "add", after=1, times="always", minutes=600)
    assert shop.sync() == 6
    assert len(shop.on_ledger()) == 600
    heal(shop)
    return shop


def heal(shop):
    shop.sandbox.control(faults=[])
    shop.tick(hours=12)


def held_by(shop, audience="lapsed"):
    return shop.plan_of(audience).guard.guards


def test_a_fill_that_ran_into_a_quota_has_the_rest_with_the_next_sync(stopped):
    assert stopped.sync() == 0
    assert len(stopped.people_on()) == 3000


def test_a_fill_that_runs_into_it_each_day_goes_on_each_day(stopped, fails):
    for day in (1, 2):
        fails("throttle", "add", after=1, times="always", minutes=600)
        stopped.publish(day)
        assert stopped.sync() == 6
        heal(stopped)
    assert len(stopped.on_ledger()) == 1800
    assert stopped.sync() == 0
    assert len(stopped.people_on()) == 3000


def test_a_fill_that_is_killed_is_finished_by_the_next_sync(open_shop, fails):
    shop = open_shop(free_ledger=True, rows_per_request=200)
    shop.crowd(6000)
    shop.audience()
    shop.publish(0)
    fails("slow", "add", after=1, times="always", seconds=30)
    plan = shop.plan()

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def child():
        apply_plan(shop.settings, plan.plan_id, clock=lambda: shop.now, on_progress=die)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    heal(shop)
    assert shop.sync() == 0
    assert shop.value("select max((entry ->> '$.size')::bigint) from sync.plans") < 1500, "which is little"
    assert len(shop.people_on()) == 6000


def test_once_it_is_filled_more_is_growth(stopped):
    assert stopped.sync() == 0
    stopped.crowd(9001, prefix="flood")
    stopped.publish(1)
    assert stopped.sync() == 3
    assert held_by(stopped) == ["growth"]
    assert len(stopped.on_ledger()) == 3000


def test_growth_that_is_held_is_no_fill_that_goes_on(stopped):
    assert stopped.sync() == 0
    stopped.crowd(9001, prefix="flood")
    for day in range(1, 10):
        stopped.publish(day)
        assert (day, stopped.sync()) == (day, 3)
    release(stopped.settings, LIST, reason="they are right", now=stopped.tick())
    assert stopped.sync() == 0
    assert len(stopped.on_ledger()) == 12_001


def test_a_list_taken_over_under_another_name_was_filled(stopped):
    assert stopped.sync() == 0
    stopped.forget_definition()
    stopped.audience("away", renamed_from=["lapsed"])
    stopped.crowd(9001, prefix="flood")
    stopped.publish(1)
    assert held_by(stopped, "away") == ["growth"]
    assert stopped.sync() == 3
    assert stopped.sync() == 3


def test_a_fill_goes_on_under_another_name(stopped):
    stopped.forget_definition()
    stopped.audience("away", renamed_from=["lapsed"])
    stopped.publish(1)
    assert held_by(stopped, "away") == []
    assert stopped.sync() == 0
    assert len(stopped.on_ledger("away@meta:main")) == 3000


def test_a_list_that_is_begun_anew_is_filled_anew(stopped, fails):
    assert stopped.sync() == 0
    stopped.lapsed("ann")
    stopped.publish(1)
    fails("list_deleted", "add")
    assert stopped.sync() != 0
    assert stopped.value("select generation from sync.lists") == 2
    fails("throttle", "add", after=1, times="always", minutes=600)
    assert stopped.sync() == 6
    assert len(stopped.on_ledger()) == 600
    heal(stopped)
    stopped.tick(days=9)
    stopped.publish(10)
    assert held_by(stopped) == []
    assert stopped.sync() == 0
    assert len(stopped.people_on()) == 3001


def test_a_small_list_that_may_grow_grows_though_it_is_stopped(open_shop, fails):
    shop = open_shop(rows_per_request=600, max_wait_seconds=0)
    shop.crowd(150)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    shop.crowd(6000, prefix="more")
    shop.publish(1)
    fails("throttle", "add", after=1, times="always", minutes=600)
    assert shop.sync() == 6
    heal(shop)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 6150
