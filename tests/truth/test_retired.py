"""A list that nobody asks for any more, and whose removal the platform takes and then does not carry out."""

from __future__ import annotations

import pytest
from truth_shop import LIST

from audiences.sync.release import release

STATE = "select state, retired_at is null from sync.lists where list_id = ?"


def let_go(shop):
    release(shop.settings, LIST, reason="it is meant so", now=shop.tick())


@pytest.fixture
def everybody(shop, fails):
    """The people of a list that was retired, released and emptied; the platform is about to fail at it."""
    names = shop.filled()
    shop.later()
    shop.forget_definition()
    shop.audience("another")
    shop.publish(1)
    assert shop.sync() == 3
    let_go(shop)
    fails("processing_fails", "remove")
    assert shop.sync() == 0
    assert shop.rows(STATE, LIST) == [("retired", False)]
    assert (shop.leaving(), shop.people_on(LIST)) == (names, names)
    return names


def test_people_whose_removal_failed_are_back_and_their_list_is_looked_after_again(shop, everybody):
    told = shop.later()
    assert (told.failed, told.sent_again) == (1, 150)
    assert "released again" in told.message
    assert shop.on_ledger() == everybody
    assert shop.rows(STATE, LIST) == [("active", True)]
    assert (shop.state().state, shop.state().members) == ("retiring", 150)
    assert f"boomerang release {LIST}" in shop.state().advice


def test_the_next_sync_plans_it_and_a_release_empties_it(shop, everybody):
    shop.later()
    shop.publish(2)
    assert shop.sync() == 3
    assert shop.people_on(LIST) == shop.on_ledger() == everybody
    assert f"boomerang release {LIST}" in shop.state().advice
    let_go(shop)
    assert shop.sync() == 0
    assert shop.later().removed == 150
    assert shop.people_on(LIST) == shop.on_ledger() == set()
    assert (shop.state().state, shop.state().todo) == ("retired", ())


def test_who_says_no_leaves_it(shop, everybody):
    shop.later()
    shop.persons["crowd0000"].consent = "denied"
    shop.publish(2)
    shop.sync()
    shop.later()
    assert shop.people_on(LIST) == shop.on_ledger() == everybody - {"crowd0000"}


def test_a_removal_that_is_carried_out_leaves_it_retired(shop):
    shop.filled()
    shop.later()
    shop.forget_definition()
    shop.audience("another")
    shop.publish(1)
    shop.sync()
    let_go(shop)
    assert shop.sync() == 0
    assert shop.later().removed == 150
    assert shop.rows(STATE, LIST) == [("retired", False)]
