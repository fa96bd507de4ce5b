"""Somebody's days in an audience begin with the first request that adds them, and may have been taken."""

from __future__ import annotations

import pytest
from killed_run import run, sync

FREE = {"max_build_age": "off", "from_members": 1_000_000}


@pytest.fixture
def shop(open_shop):
    shop = open_shop(free_ledger=True, rows_per_request=50)
    shop.configure(guards=FREE)
    return shop


def inside(shop):
    """Whoever has days in the audience that go on."""
    names = shop.name_of_key()
    return {names[key] for (key,) in shop.rows("select member_key from sync.audience_history where left_at is null")}


def held_out(shop):
    names = shop.name_of_key()
    rows = shop.rows("select member_key from sync.experiment_entries where arm = 'holdout'")
    return {names[key] for (key,) in rows}


def test_where_the_account_cannot_be_opened_nobodys_days_begin_and_later_they_are_whole(shop):
    everybody = shop.crowd(150)
    shop.audience("lapsed", max_days_in=5, rest_days=100, holdout="20%")
    shop.publish(0)
    token, shop.account["access_token"] = shop.account["access_token"], "wrong"
    shop.configure()
    assert shop.sync() == 4
    assert inside(shop) == set()
    assert len(held_out(shop)) > 10, "the log of the experiment has them before the requests all the same"
    shop.account["access_token"] = token
    shop.configure()
    shop.publish(6)
    assert shop.sync() == 0
    assert shop.people_on() == everybody - held_out(shop)
    assert inside(shop) == everybody, "those held out begin with the others"


def test_of_a_list_that_broke_off_only_those_sent_have_days(shop, fails):
    everybody = shop.crowd(150)
    shop.audience("lapsed", max_days_in=5)
    shop.publish(0)
    fails("error", "add", after=1, times="always", code=200)
    assert shop.sync() != 0
    sent = shop.on_ledger()
    assert 0 < len(sent) < 150
    assert inside(shop) == sent
    shop.sandbox.control(faults=[])
    shop.publish(4)
    assert shop.sync() == 0
    assert inside(shop) == everybody
    shop.publish(5)
    assert shop.plan_of().dropped == {"max_days_in": len(sent)}


def test_who_may_have_been_added_has_days(shop, fails):
    shop.crowd(150)
    shop.audience("lapsed", max_days_in=5)
    shop.publish(0)
    fails("cut_before", "add", times="always")
    assert shop.sync() != 0
    assert inside(shop) == shop.on_ledger() != set()


def test_a_run_that_is_killed_begins_the_days_of_those_whom_it_sent(shop):
    everybody = shop.crowd(250)
    shop.audience("lapsed", max_days_in=5)
    shop.publish(0)
    planned, total = run(sync, shop)
    assert inside(shop) == everybody
    more = shop.crowd(250, prefix="more")
    shop.publish(1)
    run(sync, shop, deadly=planned + (total - planned) * 2 // 3)
    shop.publish(3)
    shop.plan()
    sent = shop.on_ledger()
    assert everybody < sent
    assert inside(shop) == sent
    assert shop.sync() == 0
    assert inside(shop) == everybody | more
    shop.publish(6)
    assert shop.plan_of().dropped == {"max_days_in": len(sent)}
