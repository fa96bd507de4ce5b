"""Removals that the platform refuses, or takes and calls invalid: who is still on the list stays known, is tried again and told."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from audiences.cli.lists import conclusion
from audiences.sync.apply import apply_plan
from audiences.sync.status import read_status

LIST = "lapsed@meta:main"


@pytest.fixture
def shop(open_shop):
    shop = open_shop()
    shop.crowd(200)
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 0
    return shop


def fails(shop, do, **how):
    shop.sandbox.control(faults=[{"do": do, "on": "remove", **how}])


def heals(shop):
    shop.sandbox.control(faults=[])


def refuses(shop, how, name):
    """The platform takes nobody off with these identifiers: it refuses each request of them, or calls the first row invalid."""
    if how == "refused":
        fails(shop, "error", times="always", containing=sorted(shop.hashes_of(name)), code=100)
    else:
        fails(shop, "invalid_rows", times="always", rows=[0])


def state(shop):
    (one,) = read_status(shop.settings, now=shop.tick()).lists
    return one


@pytest.mark.parametrize("how", ["refused", "invalid"])
def test_who_said_no_and_is_not_taken_off_is_told_every_time_until_it_is_done(shop, how):
    refuses(shop, how, "crowd0007")
    shop.person("crowd0007", consent="denied")
    shop.publish(1)
    for _ in range(2):
        plan = shop.plan()
        shop.forget_requests()
        result = shop.apply(plan)
        (one,) = result.lists
        assert (one.state, one.exit_code, one.not_removed) == ("partly", 1, 1)
        assert one.message == "the platform did not take off 1 person, still on the list"
        assert "needs a look" in conclusion(result, plan)
        assert shop.writes("remove") == 1
        assert "crowd0007" in shop.people_on()
        assert "crowd0007" in shop.on_ledger()
    heals(shop)
    assert shop.sync() == 0
    assert "crowd0007" not in shop.people_on()
    assert "crowd0007" not in shop.on_ledger()


@pytest.mark.parametrize("how", ["refused", "invalid"])
def test_status_says_that_a_removal_was_not_taken_and_what_to_do(shop, how):
    refuses(shop, how, "crowd0007")
    shop.person("crowd0007", consent="denied")
    shop.publish(1)
    assert shop.sync() == 1
    told = state(shop)
    assert (told.not_removed, told.quarantined, told.is_complete) == (1, 0, False)
    assert told.remainder == "the platform did not take off 1 person, still on the list"
    (todo,) = told.todo
    assert "look at the list in the ad manager" in todo
    assert "boomerang rebuild lapsed" in todo
    heals(shop)
    assert shop.sync() == 0
    told = state(shop)
    assert (told.not_removed, told.is_complete, told.remainder, told.todo) == (0, True, None, ())


def test_who_is_wanted_again_after_a_refused_removal_is_no_trouble_any_more(shop):
    refuses(shop, "invalid", "crowd0007")
    shop.person("crowd0007", consent="denied")
    shop.publish(1)
    assert shop.sync() == 1
    shop.person("crowd0007")
    shop.publish(2)
    assert shop.sync() == 0
    assert state(shop).not_removed == 0
    assert "crowd0007" in shop.people_on()


def test_an_address_that_was_not_taken_off_is_not_forgotten(shop):
    old = shop.hashes_of("crowd0007")
    refuses(shop, "invalid", "crowd0007")
    shop.person("crowd0007", emails=["other@example.com"])
    shop.publish(1)
    assert shop.sync() == 1
    assert old <= shop.held_hashes()
    assert "crowd0007" in shop.on_ledger()
    heals(shop)
    assert shop.sync() == 0
    assert old.isdisjoint(shop.held_hashes())
    assert shop.hashes_of("crowd0007") <= shop.held_hashes()
    assert shop.plan_of().changes == 0


def test_of_somebody_with_two_addresses_nothing_is_forgotten_while_one_was_not_taken_off(shop):
    shop.person("crowd0007", emails=["crowd0007@example.com", "second@example.com"])
    shop.publish(1)
    assert shop.sync() == 0
    fails(shop, "invalid_rows", rows=[1])
    shop.person("crowd0007", emails=["crowd0007@example.com", "second@example.com"], consent="denied")
    shop.publish(2)
    assert shop.sync() == 1
    assert shop.of_list(LIST).not_removed == 1
    assert "crowd0007" in shop.on_ledger()
    assert shop.sync() == 0
    assert "crowd0007" not in shop.on_ledger()


def test_rows_that_are_called_invalid_and_not_named_are_found(shop):
    shop.audience("lapsed", guards={"max_shrink": "100%", "max_growth": "1000%"})
    shop.crowd(150, prefix="more")
    shop.publish(1)
    assert shop.sync() == 0
    shop.forget_requests()
    shop.leaves(*sorted(shop.segment_names())[:120])
    shop.publish(2)
    fails(shop, "invalid_rows", rows=list(range(110)))  # Meta names a hundred at most
    assert shop.sync() == 0
    assert shop.writes("remove") == 3
    assert shop.people_on() == shop.on_ledger() == shop.segment_names()


def test_who_was_not_removed_from_one_list_is_not_added_to_another(open_shop):
    shop = open_shop()
    shop.crowd(200)
    shop.crowd(120, prefix="fan", segment="recent")
    shop.audience("lapsed", exclusive_group="buyers", priority=20)
    shop.audience("recent", segment="recent", exclusive_group="buyers", priority=10)
    shop.publish(0)
    assert shop.sync() == 0
    shop.lapsed("crowd0007", segment="recent")
    shop.publish(1)
    fails(shop, "invalid_rows", rows=[0], times="always")
    assert shop.sync() == 1
    assert "crowd0007" in shop.people_on(LIST)
    assert "crowd0007" not in shop.people_on("recent@meta:main")
    heals(shop)
    assert shop.sync() == 0
    assert "crowd0007" not in shop.people_on(LIST)
    assert "crowd0007" in shop.people_on("recent@meta:main")


def test_who_was_not_removed_before_the_run_was_killed_is_not_added_to_another_by_the_next_run_of_the_plan(open_shop):
    shop = open_shop(free_ledger=True, rows_per_request=1)
    shop.crowd(200)
    shop.crowd(120, prefix="fan", segment="recent")
    shop.audience("lapsed", exclusive_group="buyers", priority=20)
    shop.audience("recent", segment="recent", exclusive_group="buyers", priority=10)
    shop.publish(0)
    assert shop.sync() == 0
    moving = [f"crowd{number:04}" for number in range(1, 21)]
    shop.lapsed(*moving, segment="recent")
    shop.publish(1)
    fails(shop, "error", times="always", containing=sorted(shop.hashes_of("crowd0007")), code=100)
    plan = shop.plan()
    removed = []

    def die_after_the_last_removal(*_):
        removed.append(1)
        if len(removed) == len(moving) - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    def child():
        apply_plan(shop.settings, plan.plan_id, clock=lambda: shop.now, on_progress=die_after_the_last_removal)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    result = shop.apply(plan)
    assert "crowd0007" in shop.people_on(LIST)
    assert "crowd0007" not in shop.people_on("recent@meta:main")
    (told,) = [one for one in result.lists if one.list == LIST]
    assert (told.state, told.not_removed, told.exit_code) == ("partly", 1, 1)
    heals(shop)
    assert shop.sync() == 0
    assert "crowd0007" in shop.people_on("recent@meta:main") - shop.people_on(LIST)
