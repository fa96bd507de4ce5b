"""One list per value, per arm, or both."""

from __future__ import annotations

import pytest

from audiences.sync.status import read_status


def lists_of(shop, audience="lapsed"):
    """Members by what stands behind the list's name."""
    return {one.split: one.members for one in shop.plan().lists if one.audience == audience}


def categories(shop, **sizes):
    for name, size in sizes.items():
        shop.crowd(size, prefix=name.lower(), category=name)


def test_the_largest_values_have_a_list_each_and_the_others_share_the_rest(shop):
    categories(shop, Strings=9, Amps=7, Straps=7, Picks=3)
    shop.crowd(2, prefix="unknown")
    shop.audience("lapsed", split_by={"column": "category", "max_lists": 2, "min_members": 4})
    shop.publish()
    assert lists_of(shop) == {"Strings": 9, "Amps": 7, "other": 12}


def test_a_value_below_min_members_goes_to_the_rest_under_the_name_that_the_definition_gives(shop):
    categories(shop, Strings=9, Amps=4, Picks=3)
    shop.audience("lapsed", split_by={"column": "category", "min_members": 4, "rest": "everything_else"})
    shop.publish()
    assert lists_of(shop) == {"Strings": 9, "Amps": 4, "everything_else": 3}


def test_with_nobody_in_the_audience_the_plan_says_when_its_lists_are_made(shop):
    shop.audience("lapsed", split_by={"column": "category", "min_members": 4})
    shop.publish()
    (shown,) = shop.plan().lists
    assert (shown.split, shown.members, shown.requests) == (None, 0, 0)
    assert list(shown.notes) == ["nobody is in the audience yet: its lists are made with their first members"]
    assert shop.sync() == 0
    assert read_status(shop.settings, now=shop.tick()).lists == ()


def test_without_a_rest_list_the_small_values_are_left_out_and_counted(shop):
    categories(shop, Strings=9, Picks=3)
    shop.audience("lapsed")
    definition = shop.folder / "definitions" / "lapsed.yaml"
    split = "split_by: {column: category, min_members: 4, rest: null}\n"
    definition.write_text(definition.read_text(encoding="utf-8") + split, encoding="utf-8")
    shop.publish()
    (plan,) = shop.plan().lists
    assert (plan.split, plan.members, plan.dropped) == ("Strings", 9, {"no list of its own": 3})


def test_a_split_by_a_column_of_the_customer(shop):
    shop.person("ann", country="US")
    shop.person("bob", country="CA")
    shop.lapsed("ann", "bob")
    shop.audience("lapsed", split_by={"column": "country", "min_members": 1})
    shop.publish()
    assert lists_of(shop) == {"CA": 1, "US": 1}


def test_every_arm_has_a_list_of_its_own(shop):
    everybody = shop.crowd(1000)
    shop.audience("lapsed", arms={"a": "45%", "b": "45%", "holdout": "10%"})
    shop.publish()
    lists = lists_of(shop)
    dropped = shop.plan_of_any("lapsed").dropped
    assert set(lists) == {"a", "b"}
    assert lists["a"] + lists["b"] + dropped["holdout"] == len(everybody)
    assert 380 < lists["a"] < 520
    assert 380 < lists["b"] < 520
    assert 60 < dropped["holdout"] < 140


def test_who_is_in_no_arm_is_on_no_list(shop):
    everybody = shop.crowd(1000)
    shop.audience("lapsed", arms={"a": "20%", "b": "20%"})
    shop.publish()
    lists = lists_of(shop)
    nobody = shop.plan_of_any("lapsed").dropped["no arm"]
    assert lists["a"] + lists["b"] + nobody == len(everybody)
    assert 530 < nobody < 670


def test_arms_whose_shares_round_to_all_leave_nobody_out(shop):
    shop.crowd(300)
    shop.audience("lapsed", arms={"a": 0.1, "b": 0.2, "c": 0.7})
    shop.publish()
    assert sum(lists_of(shop).values()) == 300


def test_arms_of_a_split_audience_have_a_list_per_value(shop):
    categories(shop, Strings=200, Amps=200)
    shop.audience("lapsed", arms={"a": "50%", "b": "50%"}, split_by={"column": "category", "min_members": 100})
    shop.publish()
    lists = lists_of(shop)
    assert set(lists) == {"a/Amps", "a/Strings", "b/Amps", "b/Strings"}
    assert lists["a/Amps"] + lists["b/Amps"] == 200


@pytest.mark.parametrize("lists", [{"split_by": {"column": "category"}}, {"arms": {"a": "50%", "b": "50%"}}], ids=str)
def test_status_shows_no_list_of_an_audience_with_several_lists_that_has_nobody(shop, lists):
    shop.audience("lapsed", **lists)
    shop.publish()
    assert lists_of(shop) == {None: 0}
    assert shop.sync() == 0
    assert read_status(shop.settings, now=shop.now).lists == ()
