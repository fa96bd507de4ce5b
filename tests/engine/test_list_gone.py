"""A list that a platform says is not there: gone, or only out of sight; and what was sent to it before."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import LIST, TODAY

from audiences.sync.status import read_status

TOMORROW, DAY_AFTER = TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=2)
NOT_THERE = {"code": 100, "subcode": 33}


def filled(shop, **definition):
    everybody = shop.crowd(150)
    shop.audience("lapsed", **definition)
    shop.publish()
    assert shop.sync() == 0
    assert shop.people_on() == everybody
    return everybody


def one_more(shop, name="newbie"):
    shop.lapsed(name)
    shop.publish(TOMORROW)


# only out of sight ---------------------------------------------------------------------------------------------------


def test_one_upload_that_does_not_see_its_list_makes_nobody_forgotten(open_shop, fails):
    shop = open_shop()
    everybody, there = filled(shop), shop.remote_id()
    one_more(shop)
    fails("error", "add", **NOT_THERE)
    assert shop.sync() == 1
    (result,) = shop.result.lists
    assert (result.state, "and it is" in result.message) == ("failed", True)
    assert shop.on_ledger() == shop.people_on() == everybody
    shop.persons["crowd0000"].consent = "denied"
    shop.publish(DAY_AFTER)
    assert shop.sync() == 0
    assert shop.remote_id() == there
    assert shop.on_ledger() == shop.people_on() == everybody - {"crowd0000"} | {"newbie"}


def test_credentials_that_turn_out_to_be_no_good_make_nobody_forgotten(open_shop, sandbox):
    shop = open_shop()
    everybody = filled(shop)
    one_more(shop)
    faults = [{"do": "error", "on": "add", **NOT_THERE}, {"do": "no_permission", "on": "account"}]
    sandbox.control(faults=[{"platform": "meta", **one} for one in faults])
    assert shop.sync() == 4
    assert shop.on_ledger() == shop.people_on() == everybody
    assert shop.rows("select generation from sync.lists") == [(1,)]


def test_a_list_that_is_found_again_by_its_mark_is_no_new_one(open_shop, sandbox):
    shop = open_shop()
    everybody, there = filled(shop), shop.remote_id()
    one_more(shop)
    faults = [
        {"do": "error", "on": "add", **NOT_THERE},
        {"do": "error", "on": "read_list", "after": 1, "times": 2, **NOT_THERE},
    ]
    sandbox.control(faults=[{"platform": "meta", **one} for one in faults])
    assert shop.sync() == 1
    assert (shop.remote_id(), shop.on_ledger()) == (there, everybody)
    assert shop.sync() == 0
    assert shop.on_ledger() == shop.people_on() == everybody | {"newbie"}


def test_a_paused_list_out_of_sight_keeps_who_is_on_it(open_shop, fails):
    shop = open_shop()
    everybody = filled(shop)
    shop.audience("lapsed", paused=True)
    shop.persons["crowd0000"].consent = "denied"
    shop.publish(TOMORROW)
    fails("error", "remove", **NOT_THERE)
    assert shop.sync() == 1
    assert shop.on_ledger() == everybody
    assert shop.sync() == 0
    assert shop.on_ledger() == shop.people_on() == everybody - {"crowd0000"}


# deleted in the middle -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 3, 7])
def test_a_list_that_is_deleted_in_the_middle_of_a_sync_has_nobody_on_it_until_the_next(open_shop, fails, after):
    shop = open_shop(rows_per_request=20)
    everybody = shop.crowd(150)
    shop.audience("lapsed")
    shop.publish()
    fails("list_deleted", "add", after=after)
    assert shop.sync() == 6
    assert shop.result.lists[0].state == "stale"
    assert shop.on_ledger() == shop.people_on() == set()
    assert shop.rows("select generation from sync.lists") == [(2,)]
    assert shop.sync() == 0
    assert shop.on_ledger() == shop.people_on() == everybody
    (state,) = read_status(shop.settings, now=shop.tick()).lists
    assert (state.members, state.unanswered) == (150, 0)


def test_what_was_accepted_for_a_deleted_list_is_not_asked_for_at_the_next(open_shop, fails):
    shop = open_shop(rows_per_request=20)
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish()
    fails("list_deleted", "add", after=7)  # of eight requests, some of them in flight side by side
    shop.sync()
    waiting = "select count(*) from sync.batches where state = 'accepted' and handle is not null and processing is null"
    assert shop.value("select count(*) from sync.batches where state = 'accepted'") >= 3
    assert shop.value(waiting) == 0


def test_a_plan_whose_list_was_replaced_is_not_gone_on_with(open_shop, fails):
    shop = open_shop(rows_per_request=20)
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish()
    plan = shop.plan()
    fails("list_deleted", "add", after=3)
    shop.apply(plan)
    assert [one.state for one in shop.apply(plan).lists] == ["stale"]
    assert shop.on_ledger() == shop.people_on(LIST) == set()


def test_a_paused_list_that_is_deleted_while_people_leave_it_is_empty(open_shop, fails):
    shop = open_shop(rows_per_request=20)
    filled(shop)
    shop.audience("lapsed", paused=True)
    for number in range(60):
        shop.persons[f"crowd{number:04}"].consent = "denied"
    shop.publish(TOMORROW)
    fails("list_deleted", "remove", after=1)
    shop.sync()
    assert shop.value("select count(*) from sync.memberships") == 0
