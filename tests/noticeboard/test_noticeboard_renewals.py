"""A platform that forgets members: they are renewed ahead of it and not all at once; who was forgotten comes back."""

from __future__ import annotations

import pytest

from audiences.errors import ConfigError

KEEP_DAYS = 30


def filled(shop, count=60, **definition):
    """A shop whose list was filled on the first day."""
    everybody = shop.crowd(count)
    shop.audience(keep_days=KEEP_DAYS, **definition)
    shop.publish(0)
    assert shop.sync() == 0
    shop.forget_requests()
    return everybody


def renewed_on(shop, day):
    """Plan and apply on a day; how many people the plan renews."""
    shop.publish(day)
    plan = shop.plan()
    (planned,) = plan.lists
    assert (planned.adds, planned.updates, planned.removes) == (0, 0, 0)
    shop.apply(plan)
    return planned.renews


def test_nobody_is_renewed_long_before_the_platform_forgets(shop):
    filled(shop)
    assert renewed_on(shop, 10) == 0
    assert shop.writes() == 0


def test_with_a_run_a_day_nobody_is_ever_forgotten_and_no_day_renews_them_all(shop):
    everybody = filled(shop, 200)
    renewals = []
    for day in range(20, 32):
        shop.publish(day)
        assert shop.people_on() == everybody, f"some were forgotten by day {day}"
        renewals.append(renewed_on(shop, day))
    assert sum(renewals) == len(everybody)
    assert max(renewals) <= 0.4 * len(everybody)
    assert sum(1 for count in renewals if count) >= 4


def test_the_second_time_they_are_spread_again(shop):
    everybody = filled(shop, 120)
    first = [renewed_on(shop, day) for day in range(20, 30, 3)]
    second = [renewed_on(shop, day) for day in range(40, 60, 3)]
    assert sum(first) == sum(second) == len(everybody)
    assert max(first + second) <= 0.65 * len(everybody)
    assert shop.people_on() == everybody


def test_a_renewal_takes_nobody_off_the_list_and_the_ledger_knows_how_long_it_holds(shop):
    everybody = filled(shop)
    renewed = sum(renewed_on(shop, day) for day in range(21, 30, 4))
    assert renewed == len(everybody)
    assert shop.writes("remove") == 0
    soonest = shop.value("select min(expires_at) from sync.memberships")
    assert (soonest - shop.now).days >= 10
    assert shop.on_ledger() == everybody


def test_a_run_that_comes_late_but_in_time_renews_who_is_due(shop):
    everybody = filled(shop)
    assert renewed_on(shop, 29) == len(everybody)
    shop.passes(days=2)
    assert shop.people_on() == everybody


def test_members_whom_the_platform_has_forgotten_are_sent_again(shop):
    everybody = filled(shop)
    shop.publish(40)
    assert shop.people_on() == set()
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.plan_of().changes == 0


def test_who_leaves_is_removed_and_not_renewed(shop):
    everybody = filled(shop)
    shop.leaves("crowd0000")
    shop.publish(29)
    planned = shop.plan_of()
    assert (planned.removes, planned.renews) == (1, len(everybody) - 1)
    assert shop.sync() == 0
    shop.passes(days=2)
    assert shop.people_on() == everybody - {"crowd0000"}


def test_a_renewal_that_fails_is_made_up_for_by_the_next_run(shop, fails):
    everybody = filled(shop)
    shop.publish(28)
    fails("cut_before", "add", times="always")
    assert shop.sync() == 6
    shop.sandbox.control(faults=[])
    shop.publish(29)
    assert shop.sync() == 0
    shop.passes(days=3)
    assert shop.people_on() == shop.on_ledger() == everybody


def test_whose_new_address_a_guard_holds_is_renewed_with_the_old_one(shop):
    everybody = filled(shop)
    sent = shop.hashes_of("crowd0000")
    shop.persons["crowd0000"].emails = ["moved@example.com"]
    shop.leaves("crowd0001")
    shop.audience(keep_days=KEEP_DAYS, guards={"min_members": 100})
    shop.publish(28)
    planned = shop.plan_of()
    assert planned.guard.held == {"update": 1, "remove": 1}
    assert (planned.renews, planned.unchanged) == (len(everybody) - 1, 0)
    assert shop.sync() == 3
    shop.passes(days=3)
    assert sent <= shop.held_hashes()
    assert shop.people_on() >= everybody - {"crowd0000", "crowd0001"}


def test_a_list_that_keeps_people_longer_than_the_platform_can_is_refused(shop):
    shop.crowd(60)
    shop.audience(keep_days=31)
    shop.publish(0)
    with pytest.raises(ConfigError, match="at most 30 days"):
        shop.plan()
