"""A platform that processes requests later: nothing is confirmed before it says so, and what failed is sent again."""

from __future__ import annotations

import pytest

HOURS = 6


@pytest.fixture
def slow_shop(shop):
    """A shop whose platform takes six hours for each request."""
    shop.sandbox.control(processing_seconds=HOURS * 3600)
    return shop


def confirmed(shop):
    """The platform's time has passed, and it was asked."""
    shop.passes(hours=HOURS + 1)
    shop.confirm()


def filled(shop, count=60):
    everybody = shop.crowd(count) | {"ann"}
    shop.lapsed("ann")
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    return everybody


def test_what_the_platform_took_is_accepted_and_only_what_it_processed_confirmed(slow_shop):
    everybody = filled(slow_shop)
    assert slow_shop.levels() == {"accepted": len(everybody)}
    slow_shop.passes(hours=1)
    slow_shop.confirm()
    assert slow_shop.levels() == {"accepted": len(everybody)}
    assert slow_shop.people_on() == set()
    confirmed(slow_shop)
    assert slow_shop.levels() == {"confirmed": len(everybody)}
    assert slow_shop.people_on() == everybody


def test_confirming_writes_nothing_and_asks_no_more_once_all_is_known(slow_shop):
    filled(slow_shop)
    slow_shop.forget_requests()
    confirmed(slow_shop)
    assert slow_shop.writes() == 0
    assert len(slow_shop.requests("tickets")) == 1
    slow_shop.passes(hours=1)
    slow_shop.confirm()
    assert len(slow_shop.requests("tickets")) == 1


def test_a_plan_while_the_platform_is_at_work_changes_nothing(slow_shop):
    filled(slow_shop)
    assert slow_shop.plan_of().changes == 0


def test_members_of_a_request_that_failed_are_sent_again(open_shop, fails):
    shop = open_shop(rows_per_request=30)
    shop.sandbox.control(processing_seconds=HOURS * 3600)
    fails("processing_fails", "add", after=1)
    everybody = filled(shop, 120)
    confirmed(shop)
    lost = shop.value("select sum(row_count) from sync.batches where processing = 'failed'")
    assert 0 < lost < len(everybody)
    assert shop.levels()["confirmed"] == len(everybody) - lost
    assert shop.plan_of().changes == lost
    assert shop.sync() == 0
    confirmed(shop)
    assert shop.levels() == {"confirmed": len(everybody)}
    assert shop.people_on() == shop.on_ledger() == everybody


def test_who_leaves_is_kept_in_the_ledger_until_the_removal_is_confirmed(slow_shop):
    everybody = filled(slow_shop)
    confirmed(slow_shop)
    slow_shop.leaves("ann")
    slow_shop.publish(1)
    assert slow_shop.sync() == 0
    assert slow_shop.leaving() == {"ann"}
    assert slow_shop.on_ledger() == everybody - {"ann"}
    assert "ann" in slow_shop.people_on()
    assert slow_shop.plan_of().changes == 0
    confirmed(slow_shop)
    assert slow_shop.leaving() == set()
    assert slow_shop.value("select count(*) from sync.memberships") == len(everybody) - 1
    assert slow_shop.people_on() == everybody - {"ann"}


def test_a_removal_that_failed_is_made_again(slow_shop, fails):
    everybody = filled(slow_shop)
    confirmed(slow_shop)
    slow_shop.leaves("ann")
    slow_shop.publish(1)
    fails("processing_fails", "remove")
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert "ann" in slow_shop.people_on()
    assert slow_shop.plan_of().removes == 1
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert slow_shop.people_on() == slow_shop.on_ledger() == everybody - {"ann"}
    assert slow_shop.leaving() == set()


def test_who_comes_back_while_leaving_is_on_the_list_in_the_end(slow_shop):
    everybody = filled(slow_shop)
    confirmed(slow_shop)
    slow_shop.leaves("ann")
    slow_shop.publish(1)
    assert slow_shop.sync() == 0
    slow_shop.lapsed("ann")
    slow_shop.publish(2)
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert slow_shop.people_on() == slow_shop.on_ledger() == everybody
    assert slow_shop.leaving() == set()
    assert slow_shop.plan_of().changes == 0


def test_a_new_address_whose_addition_failed_is_sent_again(slow_shop, fails):
    everybody = filled(slow_shop)
    confirmed(slow_shop)
    slow_shop.person("ann", emails=["ann@new.example.com"])
    slow_shop.publish(1)
    fails("processing_fails", "add")
    slow_shop.sync()
    confirmed(slow_shop)
    assert "ann" not in slow_shop.people_on()
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert slow_shop.people_on() == slow_shop.on_ledger() == everybody


def test_who_shares_a_phone_with_somebody_leaving_stays_though_an_addition_failed(slow_shop, fails):
    slow_shop.person("ann", phones=["1555"], country="us")
    slow_shop.person("bob", phones=["1555"], country="us")
    slow_shop.lapsed("bob")
    filled(slow_shop)
    confirmed(slow_shop)
    slow_shop.leaves("bob")
    slow_shop.publish(1)
    fails("processing_fails", "add")
    slow_shop.sync()
    confirmed(slow_shop)
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert "ann" in slow_shop.people_on()
    assert "bob" not in slow_shop.on_ledger()
    assert slow_shop.plan_of().changes == 0


def test_requests_that_the_platform_does_not_know_any_more_are_never_called_confirmed(slow_shop):
    everybody = filled(slow_shop)
    slow_shop.passes(days=9)
    slow_shop.confirm()
    assert slow_shop.value("select count(*) from sync.batches where processing = 'unknown'") == 1
    assert "confirmed" not in slow_shop.levels()
    slow_shop.publish(10)
    assert slow_shop.sync() == 0
    confirmed(slow_shop)
    assert slow_shop.people_on() == everybody


def test_size_and_match_rate_are_kept_as_a_series(slow_shop, believe):
    believe(match_rate=0.5)
    filled(slow_shop, 99)
    for _ in range(2):
        confirmed(slow_shop)
    sql = "select match_rate, size_lower, size_upper, member_count from sync.list_status order by asked_at"
    assert slow_shop.rows(sql)[-2:] == [(0.5, 100, 110, 100)] * 2


def test_a_list_that_somebody_deleted_or_flagged_is_said(slow_shop, believe):
    filled(slow_shop)
    believe(lists={slow_shop.remote_id(): {"flagged": True}})
    confirmed(slow_shop)
    newest = "select is_flagged, is_gone from sync.list_status order by asked_at desc limit 1"
    assert slow_shop.rows(newest) == [(True, False)]
    believe(lists={slow_shop.remote_id(): {"deleted": True}})
    confirmed(slow_shop)
    assert slow_shop.value("select is_gone from sync.list_status order by asked_at desc limit 1")
