"""What the doctor says of an account beside its token: room for lists, the budget of calls, the clock."""

from __future__ import annotations

import pytest

from audiences.health import examine


@pytest.fixture
def shop(open_shop):
    shop = open_shop(max_lists=1)
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish()
    return shop


def told(shop, about):
    """What the doctor says of one thing of the account."""
    (found,) = [one for one in examine(shop.settings) if one.what.startswith(f"platform meta:main {about}")]
    return found


def test_an_account_with_room_is_well_and_says_how_much_there_is(shop):
    found = told(shop, "lists")
    assert (found.what, found.is_well) == ("platform meta:main lists: 0 of 1", True)


def test_an_account_without_room_says_what_to_do(shop):
    assert shop.sync() == 0
    found = told(shop, "lists")
    assert (found.what, found.is_well, found.exit_code) == ("platform meta:main lists: 1 of 1", False, 2)
    assert "max_lists" in found.advice


@pytest.mark.parametrize(("percent", "is_well"), [(40, True), (97, False)])
def test_a_budget_that_is_nearly_used_is_said(shop, percent, is_well):
    shop.sandbox.control(believe={"usage_percent": percent})
    found = told(shop, "budget")
    assert (found.what, found.is_well) == (f"platform meta:main budget of calls: {percent}% used", is_well)


@pytest.mark.parametrize(("hours", "words"), [(1, "60 minutes behind"), (-1, "60 minutes ahead of")])
def test_a_clock_that_goes_wrong_is_said(shop, hours, words):
    shop.sandbox.control(clock_offset_seconds=0)
    assert told(shop, "clock").is_well
    shop.sandbox.control(clock_offset_seconds=3600 * hours)
    found = told(shop, "clock")
    assert (found.is_well, found.exit_code) == (False, 2)
    assert f"this machine's clock is {words} the platform's" in found.advice
