"""Erasures on a platform that removes later: accepted at first, confirmed when it says so, and only then the row goes."""

from __future__ import annotations

import json

import pytest
from noticeboard_shop import LIST

from audiences.sync.forget import drain_erasures, forget

HOURS = 6


@pytest.fixture
def slow_shop(shop):
    """A shop whose platform takes six hours for each request."""
    shop.sandbox.control(processing_seconds=HOURS * 3600)
    shop.lapsed("ann")
    shop.crowd(60)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    confirmed(shop)
    return shop


def confirmed(shop):
    shop.passes(hours=HOURS + 1)
    shop.confirm()


def forgotten(shop):
    shop.set_clock()
    return forget(shop.settings, "ann", clock=shop.tick)


def states(shop):
    return shop.rows("select state, level from sync.erasure_lists where list_id = ?", LIST)


def test_an_erasure_is_accepted_first_and_confirmed_when_the_platform_has_done_it(slow_shop):
    receipt = forgotten(slow_shop)
    assert (receipt.state, receipt.lists[0].level) == ("done", "accepted")
    assert slow_shop.leaving() == {"ann"}
    assert "ann" in slow_shop.people_on()
    assert slow_shop.plan_of().changes == 0
    confirmed(slow_shop)
    assert states(slow_shop) == [("removed", "confirmed")]
    assert slow_shop.value("select count(*) from sync.memberships where erasure_id is not null") == 0
    assert "ann" not in slow_shop.people_on()
    file = slow_shop.settings.home / "receipts" / f"{receipt.erasure_id}.json"
    assert json.loads(file.read_text())["lists"][0]["level"] == "confirmed"


def test_a_removal_that_failed_there_opens_the_erasure_again(slow_shop, fails):
    fails("processing_fails", "remove")
    receipt = forgotten(slow_shop)
    confirmed(slow_shop)
    assert "ann" in slow_shop.people_on()
    assert states(slow_shop) == [("open", None)]
    slow_shop.set_clock()
    (again,) = drain_erasures(slow_shop.settings, clock=slow_shop.tick)
    assert (again.erasure_id, again.state) == (receipt.erasure_id, "done")
    confirmed(slow_shop)
    assert states(slow_shop) == [("removed", "confirmed")]
    assert "ann" not in slow_shop.people_on()


def test_who_was_leaving_already_is_removed_as_far_as_can_be(slow_shop):
    slow_shop.leaves("ann")
    slow_shop.publish(1)
    assert slow_shop.sync() == 0
    slow_shop.forget_requests()
    receipt = forgotten(slow_shop)
    assert (receipt.state, receipt.lists[0].state, receipt.lists[0].level) == ("done", "removed", "accepted")
    assert slow_shop.writes("remove") == 0
    confirmed(slow_shop)
    assert states(slow_shop) == [("removed", "confirmed")]
