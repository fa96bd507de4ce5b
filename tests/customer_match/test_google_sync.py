"""The engine on Google: lists equal what is wanted, what Google names is quarantined, nothing is confirmed too early."""

from __future__ import annotations

import pytest

from audiences.sync.validating import validate_plan

pytestmark = pytest.mark.usefixtures("installed")


def filled(shop, count=60, **definition):
    everybody = shop.crowd(count) | {"ann"}
    shop.person("ann", emails=["ann@example.com", "ann@example.org"], phones=["+15551230001"])
    shop.lapsed("ann")
    shop.audience(**definition)
    shop.publish(0)
    assert shop.sync() == 0
    return everybody


def test_a_list_is_filled_and_then_left_alone(shop):
    everybody = filled(shop)
    assert shop.people_on() == everybody
    shop.forget_requests()
    assert shop.sync() == 0
    assert shop.writes() == 0


def test_who_has_two_addresses_is_sent_as_one_member(shop):
    everybody = filled(shop)
    (sent,) = shop.requests("add")
    assert sent["rows"] == len(everybody)


def test_who_leaves_is_removed_and_who_comes_is_added(shop):
    everybody = filled(shop)
    shop.leaves("ann")
    shop.person("bob", emails=["bob@example.com"])
    shop.lapsed("bob")
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.people_on() == everybody - {"ann"} | {"bob"}


def test_a_member_whom_google_names_is_quarantined_and_the_others_are_on_the_list(shop, fails):
    fails("error", "add", message="INVALID_FORMAT", subcode=0)
    everybody = shop.crowd(60)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    assert len(everybody & shop.people_on()) == 59
    assert shop.value("select count(*) from sync.quarantine") == 1
    assert [seen["status"] for seen in shop.requests("add")].count(400) == 1


def test_a_member_whom_google_refuses_without_naming_is_found_by_halving(shop, fails):
    shop.person("bob", emails=["bob@example.com"])
    fails("error", "add", message="INVALID_ARGUMENT", times="always", containing=[shop.hashed("bob@example.com")])
    shop.lapsed("bob")
    everybody = filled(shop)
    assert shop.people_on() == everybody - {"bob"}


def test_nothing_is_confirmed_before_google_says_so(shop):
    shop.sandbox.control(processing_seconds=6 * 3600)
    everybody = filled(shop)
    assert shop.levels() == {"accepted": len(everybody)}
    shop.passes(hours=1)
    shop.confirm()
    assert (shop.levels(), shop.people_on()) == ({"accepted": len(everybody)}, set())
    shop.passes(hours=6)
    shop.confirm()
    assert (shop.levels(), shop.people_on()) == ({"confirmed": len(everybody)}, everybody)


def test_a_removal_that_google_accepted_is_open_until_it_is_processed(shop):
    filled(shop)
    shop.sandbox.control(processing_seconds=6 * 3600)
    shop.leaves("ann")
    shop.publish(1)
    shop.sync()
    assert (shop.leaving(), "ann" in shop.people_on()) == ({"ann"}, True)
    shop.passes(hours=7)
    shop.confirm()
    assert (shop.leaving(), "ann" in shop.people_on()) == (set(), False)


def test_requests_and_bytes_are_those_of_the_plan(shop):
    shop.crowd(120)
    shop.audience()
    shop.publish(0)
    plan = shop.plan()
    shop.forget_requests()
    shop.apply(plan)
    sent = shop.requests("add", "remove")
    (planned,) = plan.lists
    assert len(sent) == planned.requests
    assert sum(one["body_length"] for one in sent) <= planned.bytes


def test_with_runs_google_forgets_nobody_and_without_them_everybody(shop):
    everybody = filled(shop, keep_days=30)
    for day in range(3, 64, 3):
        shop.publish(day)
        assert shop.sync() == 0
        assert shop.people_on() == everybody
    shop.passes(days=31)
    assert shop.people_on() == set()


def validated(shop):
    plan = shop.plan()
    (found,) = validate_plan(shop.settings, plan.plan_id, clock=shop.tick)
    return found


def test_google_looks_at_a_plan_and_keeps_nothing(shop):
    shop.crowd(60)
    shop.audience()
    shop.publish(0)
    first = validated(shop)
    assert (first.state, first.rows) == ("taken", 0), "the members can be looked at once the list is there"
    assert [one for one in shop.inspection.lists() if one["account"] == shop.account["id"]] == []
    assert shop.sync() == 0
    shop.person("ann")
    shop.lapsed("ann")
    shop.publish(1)
    again = validated(shop)
    assert (again.state, again.rows, again.invalid) == ("taken", 1, 0)
    assert "ann" not in shop.people_on()
    assert shop.sync() == 0
    assert "ann" in shop.people_on()


def test_what_google_would_refuse_is_said_before_anything_is_sent(shop, fails):
    filled(shop)
    shop.person("bob")
    shop.lapsed("bob")
    shop.publish(1)
    fails("error", "add", message="INVALID_FORMAT", subcode=0, times="always")
    found = validated(shop)
    assert (found.state, found.invalid) in [("invalid", 1), ("refused", 0)]
    fails("expired_token", "any", times="always")
    refused = validated(shop)
    assert (refused.state, refused.exit_code) == ("refused", 4)
