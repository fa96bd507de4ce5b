"""push_exclusion: one more list, of the people held out, for the ad manager to exclude."""

from __future__ import annotations

import datetime as dt

import pytest

LIST = "lapsed@meta:main"
HELD_OUT = f"{LIST}/holdout"
TODAY, TOMORROW = dt.date(2026, 11, 23), dt.date(2026, 11, 24)


def filled(shop, count=500, share="40%", **keys):
    everybody = shop.crowd(count)
    shop.audience("lapsed", holdout=share, push_exclusion=True, **keys)
    shop.publish(TODAY)
    assert shop.sync() == 0
    return everybody


def test_those_held_out_are_on_a_list_of_their_own_and_on_no_other(shop):
    everybody = filled(shop)
    held_out = shop.people_on(HELD_OUT)
    assert held_out == everybody - shop.people_on(LIST) == shop.on_ledger(HELD_OUT)
    assert 140 < len(held_out) < 260


def test_the_ad_manager_shows_it_by_the_label(shop):
    filled(shop)
    assert shop.sandbox.inspect("meta").list(shop.remote_id(HELD_OUT))["name"] == "Label of lapsed – holdout"


def test_who_said_no_was_erased_or_has_no_identifier_is_not_on_it(shop):
    shop.person("denies", consent="denied")
    shop.person("faceless", emails=[])
    shop.lapsed("denies", "faceless", "erased")
    shop.forgets("erased@example.com")
    everybody = filled(shop, share="60%")
    assert shop.people_on(HELD_OUT) <= everybody
    assert shop.on_ledger(HELD_OUT) | shop.on_ledger(LIST) == everybody


def test_who_says_no_later_leaves_it(shop):
    filled(shop)
    refuser = min(shop.people_on(HELD_OUT))
    shop.persons[refuser].consent = "denied"
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert refuser not in shop.on_ledger(HELD_OUT)
    assert f"{refuser}@example.com" not in shop.contacts_on(HELD_OUT)


def test_it_may_be_small_because_it_keeps_people_from_ads(shop):
    shop.crowd(200)
    shop.audience("lapsed", holdout="10%", push_exclusion=True)
    shop.publish()
    assert shop.sync() == 0
    assert 0 < len(shop.people_on(HELD_OUT)) < 40


def test_it_may_not_shrink_as_a_target_may(shop):
    """A third of the people leave: the target goes on, those to be excluded stay so until somebody looked."""
    everybody = filled(shop, 600)
    held_out = shop.people_on(HELD_OUT)
    gone = {*sorted(held_out)[: len(held_out) // 3], *sorted(everybody - held_out)[:100]}
    shop.leaves(*gone)
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.of_list(LIST).state == "applied"
    assert "would shrink" in shop.of_list(HELD_OUT).message
    assert shop.people_on(HELD_OUT) == held_out
    assert shop.people_on(LIST) == everybody - held_out - gone


def test_raising_the_share_moves_people_over(shop):
    everybody = filled(shop, share="30%")
    shop.audience("lapsed", holdout="45%", push_exclusion=True)
    assert shop.sync() == 0
    assert shop.people_on(HELD_OUT) == everybody - shop.people_on(LIST)
    assert len(shop.people_on(HELD_OUT)) > 180


def test_without_push_exclusion_it_is_emptied(shop):
    filled(shop)
    shop.audience("lapsed", holdout="40%")
    shop.forget_requests()
    assert shop.sync() == 0
    assert shop.people_on(HELD_OUT) == set()
    assert shop.writes("add") == 0


@pytest.mark.parametrize(
    "keys",
    [{"arms": {"a": "40%", "b": "30%", "holdout": "30%"}, "holdout": None}, {"split_by": {"column": "category"}}],
    ids=["arms", "split"],
)
def test_beside_arms_and_values_there_is_one_list_of_them(shop, keys):
    everybody = shop.crowd(500)
    shop.audience("lapsed", **{"holdout": "30%", "push_exclusion": True, **keys})
    shop.publish()
    assert shop.sync() == 0
    lists = {one.list for one in shop.plan().lists}
    assert [one for one in lists if "holdout" in one] == [HELD_OUT]
    assert set().union(*(shop.people_on(one) for one in lists)) == everybody
