"""A value of a split that has the name of the list of those held out, beside that list; a value with a slash beside arms."""

from __future__ import annotations

import pytest
from test_members_splits import categories, lists_of

SPLIT = {"column": "category", "min_members": 4}


@pytest.mark.parametrize("push_exclusion", [True, False])
def test_a_category_called_holdout_goes_to_the_rest_and_never_to_those_held_out(shop, push_exclusion):
    categories(shop, holdout=200, Amps=200)
    shop.audience("lapsed", split_by=SPLIT, holdout="10%", push_exclusion=push_exclusion)
    shop.publish()

    lists = lists_of(shop)
    held_out = shop.plan_of_any("lapsed").dropped["holdout"]

    assert lists.pop("holdout", held_out) == held_out
    assert set(lists) == {"Amps", "other"}
    assert sum(lists.values()) + held_out == 400


def test_an_empty_category_goes_to_the_rest(shop):
    shop.crowd(9, prefix="blank", category="")
    categories(shop, Amps=9)
    shop.audience("lapsed", split_by=SPLIT)
    shop.publish()

    assert lists_of(shop) == {"Amps": 9, "other": 9}


def test_categories_with_a_slash_keep_a_list_per_arm(shop):
    shop.crowd(200, prefix="tube", category="Amps/Tubes")
    shop.crowd(200, prefix="b", category="b")
    shop.audience("lapsed", split_by=SPLIT, arms={"a": "50%", "b": "50%"})
    shop.publish()

    lists = lists_of(shop)

    assert set(lists) == {"a/Amps/Tubes", "b/Amps/Tubes", "a/b", "b/b"}
    assert sum(lists.values()) == 400
