"""What a guard compares with: what was on the list, and what was good, whatever became of the plans since."""

from __future__ import annotations

import pytest
from engine_shop import LIST

from audiences.sync.release import release


def leave(shop, everybody, share):
    """A share of those who are in the segment leave it."""
    inside = sorted(set(everybody) & shop.segment_names())
    shop.leaves(*inside[: int(len(inside) * share)])


@pytest.mark.parametrize("is_broken", [False, True], ids=["all_goes", "additions_run_into_a_quota"])
def test_a_list_may_not_shrink_in_slices_whatever_became_of_its_plans(open_shop, fails, is_broken):
    shop = open_shop(max_wait_seconds=0)
    everybody = shop.crowd(1000)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    if is_broken:
        fails("throttle", "add", times="always", minutes=600)
    shop.lapsed("eve")
    shop.publish(8)
    assert shop.sync() == (6 if is_broken else 0)
    leave(shop, everybody, 0.45)
    shop.lapsed("ann")
    shop.publish(9)
    assert shop.sync() == (6 if is_broken else 0)
    assert len(shop.on_ledger() & everybody) == 550
    leave(shop, everybody, 0.45)
    shop.lapsed("bob")
    shop.publish(10)
    assert shop.plan_of().guard.guards == ["shrink"]
    shop.sync()
    assert len(shop.on_ledger() & everybody) == 550


def test_after_a_week_the_list_is_measured_by_what_it_is_now(open_shop):
    shop = open_shop()
    everybody = shop.crowd(1000)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.publish(1)
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.publish(9)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 303


def test_what_was_released_is_the_size_to_measure_by_from_then_on(open_shop):
    shop = open_shop()
    everybody = shop.crowd(1500)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    leave(shop, everybody, 0.6)
    shop.publish(1)
    assert shop.sync() == 3
    release(shop.settings, LIST, reason="the segment is narrower now", now=shop.tick())
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.publish(2)
    assert shop.sync() == 0, "330 of 600 is more than the half"
    leave(shop, everybody, 0.45)
    shop.publish(3)
    assert "would shrink from 600 to 182" in shop.plan_of().guard.reasons[0], "slices since then are seen as before"


def test_what_was_released_and_did_not_go_sets_no_standard(open_shop, fails):
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    leave(shop, everybody, 0.6)
    shop.publish(1)
    assert shop.sync() == 3
    release(shop.settings, LIST, reason="the segment is narrower now", hours=1, now=shop.tick())
    fails("no_permission", "remove")
    assert shop.sync() != 0
    shop.tick(hours=2)
    assert "would shrink from 600 to 240" in shop.plan_of().guard.reasons[0]


def test_a_release_of_shrinking_does_not_narrow_what_a_list_may_grow_to(open_shop):
    """Released by mistake: everybody may come back at once."""
    shop = open_shop()
    everybody = shop.crowd(3000)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    gone = sorted(everybody)[:2400]
    shop.leaves(*gone)
    shop.publish(1)
    assert shop.sync() == 3
    release(shop.settings, LIST, reason="looked at it", now=shop.tick())
    assert shop.sync() == 0
    shop.lapsed(*gone)
    shop.publish(2)
    assert shop.sync() == 0
    assert shop.on_ledger() == everybody


# days that are over ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arms", [None, {"a": "50%", "b": "50%"}], ids=["one_list", "two_arms"])
def test_who_left_because_their_days_were_over_is_missed_on_their_own_list_only(open_shop, arms):
    shop = open_shop()
    lists = 2 if arms else 1
    shop.audience(max_days_in=5, rest_days=100, arms=arms)
    shop.crowd(400 * lists, prefix="first")
    shop.publish(0)
    assert shop.sync() == 0
    late = sorted(shop.crowd(600 * lists, prefix="late"))
    shop.publish(3)
    assert shop.sync() == 0
    shop.publish(5)
    assert shop.sync() == 0
    assert shop.value("select count(*) from sync.memberships where leaving_at is null") == 600 * lists
    shop.leaves(*late[: 250 * lists])
    shop.publish(6)
    assert shop.sync() == 0
    shop.leaves(*late[: 350 * lists])
    shop.publish(7)
    assert [one.guard.guards for one in shop.plan().lists] == [["shrink"]] * lists
    assert shop.sync() == 3
    assert shop.value("select count(*) from sync.memberships where leaving_at is null") == 350 * lists


def test_who_left_so_is_not_missed_though_the_plan_ran_into_a_quota(open_shop, fails):
    shop = open_shop(max_wait_seconds=0)
    shop.audience(max_days_in=5, rest_days=100)
    shop.crowd(800, prefix="first")
    shop.publish(0)
    assert shop.sync() == 0
    late = sorted(shop.crowd(600, prefix="late"))
    shop.publish(3)
    assert shop.sync() == 0
    shop.lapsed("ann")
    fails("throttle", "add", times="always", minutes=600)
    shop.publish(5)
    assert shop.sync() == 6
    assert len(shop.on_ledger()) == 600
    shop.leaves(*late[:100])
    shop.lapsed("bob")
    shop.publish(6)
    assert shop.plan_of().guard.guards == []


def test_where_people_come_and_go_by_their_days_slices_are_seen(open_shop):
    """Each day 200 come and 200 leave because their days are over: 1,000 people, of whom most are still expected."""
    shop = open_shop()
    shop.audience(max_days_in=5, rest_days=100)
    crowds = []
    for day in range(10):
        crowds.append(sorted(shop.crowd(200, prefix=f"day{day}x")))
        shop.publish(day)
        assert shop.sync() == 0
    assert len(shop.on_ledger()) == 1000
    shop.leaves(*[name for crowd in crowds[6:] for name in crowd[:80]])
    shop.publish(10)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 480
    shop.leaves(*[name for crowd in crowds[7:] for name in crowd[:110]])
    shop.publish(11)
    assert shop.plan_of().guard.guards == ["shrink"]


# addresses that are gone ------------------------------------------------------------------------------------------------


def without_addresses(shop, count):
    for name in sorted(shop.segment_names())[:count]:
        shop.persons[name].emails = []


def test_addresses_that_stay_away_open_the_guard_on_no_day(open_shop):
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    without_addresses(shop, 240)
    for day in range(1, 11):
        shop.publish(day)
        assert (day, shop.sync()) == (day, 3)
    assert shop.on_ledger() == everybody
    release(shop.settings, LIST, reason="the addresses are gone for good", now=shop.tick())
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 360
    shop.leaves(max(everybody))
    shop.publish(11)
    assert shop.sync() == 0, "what was released is the standard from then on"


def test_a_release_of_missing_addresses_is_given_once(open_shop):
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    without_addresses(shop, 240)
    shop.publish(1)
    assert shop.sync() == 3
    release(shop.settings, LIST, reason="the addresses are gone for good", now=shop.tick())
    assert shop.sync() == 0
    shop.leaves(max(everybody))
    shop.publish(2)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 359


def test_the_standard_is_that_of_a_week_where_nothing_is_held(open_shop):
    """No sync for eight days: as nothing waits, the share of today is the first."""
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    without_addresses(shop, 240)
    shop.publish(8)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == len(everybody) - 240


def test_a_plan_that_ran_into_a_quota_sets_the_standard_too(open_shop, fails):
    shop = open_shop(max_wait_seconds=0)
    everybody = shop.crowd(600)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    fails("throttle", "add", times="always", minutes=600)
    for day in (5, 8):
        shop.lapsed(f"late{day}")
        shop.publish(day)
        assert shop.sync() == 6
    without_addresses(shop, 240)
    shop.publish(9)
    assert shop.plan_of().guard.guards == ["coverage"]
    assert shop.on_ledger() == everybody
