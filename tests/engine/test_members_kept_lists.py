"""A split value keeps its list until it was small for seven builds; then the place goes to the next largest."""

from __future__ import annotations

import datetime as dt

from audiences.sync.preview import preview

LIST = "lapsed@meta:main"
DAY = dt.date(2026, 11, 23)
SPLIT = {"column": "category", "max_lists": 2, "min_members": 40}


def sized(shop, **sizes):
    """So many people of each category, and nobody else."""
    shop.segments["lapsed"] = []
    for name, size in sizes.items():
        shop.crowd(size, prefix=name.lower(), category=name)


def lists_of(shop, day):
    """Which values have a list by the sync of that day's build."""
    shop.publish(DAY + dt.timedelta(days=day))
    plan = shop.plan()
    shop.apply(plan)
    return with_members(plan)


def with_members(plan):
    return {one.split for one in plan.lists if one.members}


def started(shop):
    sized(shop, Strings=60, Amps=50, Picks=45)
    shop.audience("lapsed", split_by=SPLIT)
    assert lists_of(shop, 0) == {"Strings", "Amps", "other"}
    sized(shop, Strings=60, Amps=19, Picks=45)


def test_a_value_that_became_small_keeps_its_list_for_seven_builds(shop):
    started(shop)
    seen = ["Amps" in lists_of(shop, day) for day in range(1, 9)]
    assert seen == [True] * 6 + [False, False]


def test_the_place_goes_to_the_next_largest(shop):
    started(shop)
    found = [lists_of(shop, day) for day in range(1, 8)]
    assert found[5] == {"Strings", "Amps", "other"}
    assert found[6] == {"Strings", "Picks", "other"}


def test_a_build_counts_once_however_often_it_is_applied(shop):
    started(shop)
    shop.publish(DAY + dt.timedelta(days=1))
    for _ in range(9):
        shop.sync()
    assert [count for (count,) in shop.rows("select max(small_builds) from sync.split_values")] == [1]
    assert "Amps" in with_members(shop.plan())


def test_a_build_that_was_only_planned_does_not_count(shop):
    started(shop)
    for day in range(1, 9):
        shop.publish(DAY + dt.timedelta(days=day))
        assert "Amps" in with_members(shop.plan())


def test_a_plan_that_is_refused_counts_nothing(shop):
    started(shop)
    shop.publish(DAY + dt.timedelta(days=1))
    plan = shop.plan()
    shop.publish(DAY + dt.timedelta(days=2))
    assert {one.state for one in shop.apply(plan).lists} == {"stale"}
    assert shop.value("select max(small_builds) from sync.split_values") == 0


def test_of_two_plans_of_a_build_either_may_be_applied_or_both(shop):
    started(shop)
    shop.publish(DAY + dt.timedelta(days=1))
    for plan in (shop.plan(), shop.plan()):
        shop.apply(plan)
        assert shop.value("select max(small_builds) from sync.split_values") == 1


def test_one_build_at_half_of_min_members_begins_the_count_anew(shop):
    started(shop)
    for day in range(1, 7):
        lists_of(shop, day)
    sized(shop, Strings=60, Amps=20, Picks=45)
    lists_of(shop, 7)
    sized(shop, Strings=60, Amps=19, Picks=45)
    assert ["Amps" in lists_of(shop, day) for day in range(8, 15)] == [True] * 6 + [False]


def test_a_larger_value_takes_nobodys_place(shop):
    started(shop)
    sized(shop, Strings=60, Amps=50, Picks=90)
    assert lists_of(shop, 1) == {"Strings", "Amps", "other"}


def test_a_value_of_which_nobody_is_left_keeps_its_place_for_as_long(shop):
    started(shop)
    sized(shop, Strings=60, Picks=45)
    seen = ["Picks" in lists_of(shop, day) for day in range(1, 8)]
    assert seen == [False] * 6 + [True]


def test_a_preview_shows_the_lists_that_the_plan_has(shop):
    started(shop)
    lists_of(shop, 1)
    (found,) = preview(shop.settings)
    assert set(found.accounts[0].lists) == {f"{LIST}/Strings", f"{LIST}/Amps", f"{LIST}/other"}
    assert "Amps" in with_members(shop.plan())


def test_a_value_that_loses_its_list_empties_it_and_its_people_share_the_rest(shop):
    sized(shop, Strings=600, Amps=550)
    shop.audience("lapsed", split_by={**SPLIT, "min_members": 400})
    shop.publish(DAY)
    assert shop.sync() == 0
    sized(shop, Strings=600, Amps=150)
    shop.audience("lapsed", split_by={**SPLIT, "min_members": 400}, guards={"max_shrink": "90%"})
    for day in range(1, 8):
        shop.publish(DAY + dt.timedelta(days=day))
        assert shop.sync() == 0
    amps = {name for name in shop.segment_names() if "amps" in name}
    assert shop.people_on(f"{LIST}/Amps") == shop.on_ledger(f"{LIST}/Amps") == set()
    assert shop.people_on(f"{LIST}/other") == amps


def test_without_a_split_all_lists_are_emptied_and_one_is_made(shop):
    sized(shop, Strings=600, Amps=550)
    shop.audience("lapsed", split_by={**SPLIT, "min_members": 100})
    shop.publish(DAY)
    assert shop.sync() == 0
    shop.audience("lapsed")
    assert {one.list: one.changes for one in shop.plan().lists} == {
        LIST: 1150, f"{LIST}/Strings": 600, f"{LIST}/Amps": 550,
    }  # fmt: skip
    assert shop.sync() == 0
    assert len(shop.people_on()) == 1150
    assert shop.people_on(f"{LIST}/Strings") == shop.people_on(f"{LIST}/Amps") == set()
