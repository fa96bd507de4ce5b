"""A recipe that changes version is spread over days; whom the platform refuses waits, and is counted."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.sync.changes import FEWEST_OF_A_RECIPE

DAY = dt.date(2026, 11, 23)
PHONE = "15551234567"


def day(number):
    return DAY + dt.timedelta(days=number)


@pytest.fixture
def everybody(shop):
    everybody = shop.crowd(2500)
    shop.audience("lapsed")
    shop.publish(day(0))
    assert shop.sync() == 0
    assert FEWEST_OF_A_RECIPE == 1000
    return everybody


def with_new_recipe(shop):
    """How many of the list have the hashes of now."""
    return len(shop.held_hashes() & {one for name in shop.persons for one in shop.hashes_of(name)})


def test_a_new_recipe_reaches_a_part_of_the_list_each_day_and_no_guard_trips(shop, everybody):
    shop.recipe = 2
    found = []
    for number in range(1, 5):
        shop.publish(day(number))
        plan = shop.plan_of()
        assert shop.sync() == 0
        found.append((plan.updates, plan.waiting.get("recipe", 0), with_new_recipe(shop)))
    assert found == [(1000, 1500, 1000), (1000, 500, 2000), (500, 0, 2500), (0, 0, 2500)]
    assert shop.people_on() == shop.on_ledger() == everybody


def test_a_second_sync_of_the_day_has_no_budget_of_its_own(shop, everybody):
    shop.recipe = 2
    shop.publish(day(1))
    shop.sync()
    plan = shop.plan_of()
    assert (plan.updates, plan.waiting) == (0, {"recipe": 1500})
    assert plan.notes == ["1,500 wait for a later day: a new recipe is spread over days"]


def test_the_share_per_day_is_a_setting(shop, everybody):
    shop.configure(guards={"recipe_share_per_day": "60%"})
    shop.recipe = 2
    shop.publish(day(1))
    assert shop.plan_of().updates == 1500


def test_who_waits_for_the_new_recipe_still_leaves_by_the_hashes_that_were_sent(shop, everybody):
    shop.recipe = 2
    shop.publish(day(1))
    shop.sync()
    shop.leaves("crowd0000", "crowd0001", "crowd0002", "crowd0003", "crowd0004", "crowd0005")
    shop.publish(day(2))
    assert shop.sync() == 0
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == shop.segment_names()


def test_who_comes_meanwhile_is_sent_by_the_new_recipe(shop, everybody):
    shop.recipe = 2
    shop.lapsed("ann")
    shop.publish(day(1))
    shop.sync()
    assert "ann@example.com" in shop.contacts_on()


def test_a_recipe_whose_hashes_are_the_same_sends_nothing(shop, everybody):
    shop.by_recipe = shop.hashed
    shop.recipe = 2
    shop.publish(day(1))
    assert shop.plan_of().changes == 0


def test_who_shares_with_somebody_who_says_no_does_not_wait_for_the_budget(shop):
    """The phone keeps its hash; the one of the person who says no may not stay on the list for days."""
    names = [f"ann{number}" for number in range(60)]
    for number, name in enumerate(names):
        shop.person(name, phones=[f"{PHONE}{number}"])
    shop.lapsed(*names)
    shop.crowd(2500)
    shop.audience("lapsed")
    shop.publish(day(0))
    assert shop.sync() == 0
    phones = [f"{PHONE}{number}" for number in range(60)]
    shop.person("dan", phones=phones, consent="denied")
    old = {shop.hashed(one) for one in phones}
    shop.by_recipe = lambda text: shop.hashed(text if not text or "@" not in text else f"{text} anew")
    shop.recipe = 2
    shop.publish(day(1))
    assert shop.sync() == 0
    assert len(old & shop.held_hashes()) == 0
    assert shop.on_ledger() == {*names, *shop.segment_names()}


# quarantine --------------------------------------------------------------------------------------------------------------


def test_whom_the_platform_refuses_is_counted_and_neither_member_nor_change(open_shop):
    shop = open_shop(rows_per_request=50)
    everybody = shop.crowd(200)
    bad = {"crowd0005", "crowd0077"}
    rows = [next(iter(shop.hashes_of(name))) for name in sorted(bad)]
    faults = [{"do": "error", "on": "add", "code": 100, "times": "always", "containing": [one]} for one in rows]
    shop.sandbox.control(faults=faults)
    shop.audience("lapsed")
    shop.publish(day(0))
    assert shop.sync() == 0
    plan = shop.plan_of()
    assert (plan.changes, plan.waiting, plan.unchanged) == (0, {"quarantine": 2}, 198)
    assert plan.notes == ["2 are in quarantine: the platform refuses their identifiers"]
    assert shop.people_on() == shop.on_ledger() == everybody - bad
