"""A plan that was looked at long ago is not carried out: what it was judged by does not hold any more."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import LIST, TODAY

from audiences.sync.release import release

TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def shop(open_shop):
    shop = open_shop()
    shop.crowd(600)
    shop.audience("lapsed")
    shop.publish()
    return shop


@pytest.fixture
def released(shop):
    """400 of 600 leave; the removals are released, for an hour, and planned once more."""
    assert shop.sync() == 0
    shop.leaves(*sorted(shop.segment_names())[:400])
    shop.publish(TOMORROW)
    assert shop.plan().is_held
    release(shop.settings, LIST, reason="looked at it", hours=1, now=shop.tick())
    return shop


def test_a_plan_whose_build_grew_too_old_is_refused(shop):
    plan = shop.plan()
    shop.tick(days=60)
    assert shop.refused(plan) == "the build grew too old since the plan was made: plan again"


def test_a_plan_of_yesterday_is_carried_out(shop):
    plan = shop.plan()
    shop.tick(hours=20)
    assert [one.state for one in shop.apply(plan).lists] == ["applied"]


def test_a_shop_that_minds_no_age_applies_an_old_plan(shop):
    shop.configure(guards={"max_build_age": "off"})
    plan = shop.plan()
    shop.tick(days=60)
    assert [one.state for one in shop.apply(plan).lists] == ["applied"]


def test_who_said_no_leaves_although_the_build_was_too_old_when_it_was_planned(shop):
    assert shop.sync() == 0
    refuser = min(shop.segment_names())
    shop.person(refuser, consent="denied")
    shop.publish(TOMORROW)
    shop.tick(days=10)
    shop.sync()
    assert refuser not in shop.people_on()


def test_a_plan_is_refused_after_a_newer_build_failed(shop):
    plan = shop.plan()
    shop.publish(state="failed")
    assert shop.refused(plan) == "a newer build did not finish since the plan was made: plan again"


def test_a_plan_is_refused_after_a_newer_build_was_killed(shop):
    plan = shop.plan()
    shop.publish(state="running")
    assert shop.refused(plan) == "a newer build did not finish since the plan was made: plan again"


def test_a_plan_is_refused_after_its_release_ran_out(released):
    plan = released.plan()
    assert not plan.is_held
    released.tick(hours=2)
    assert released.refused(plan) == "the release that it rests on ran out since the plan was made: plan again"


def test_a_plan_with_a_release_that_still_holds_is_carried_out_and_may_be_applied_again(released):
    plan = released.plan()
    assert [one.state for one in released.apply(plan).lists] == ["applied"]
    released.tick(hours=2)
    assert [(one.state, one.sent) for one in released.apply(plan).lists] == [("applied", 0)]
