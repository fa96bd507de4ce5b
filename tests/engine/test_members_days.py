"""How long somebody stays in an audience, and how long out of it afterwards."""

from __future__ import annotations

import datetime as dt

FIRST = dt.date(2026, 11, 1)
FREE = {"max_shrink": "100%"}


def day(number):
    return FIRST + dt.timedelta(days=number)


def other_faces(shop, number):
    """Other people every day beside ann, so that the list keeps its size while her days run out."""
    shop.leaves(*(shop.segment_names() - {"ann"}))
    shop.crowd(110, prefix=f"day{number}_")


def test_somebody_leaves_after_max_days_in_and_comes_back_after_rest_days(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=3, rest_days=2, guards=FREE)
    found = []
    for number in range(8):
        other_faces(shop, number)
        shop.publish(day(number))
        assert shop.sync() == 0
        if "ann" in shop.people_on():
            found.append(number)
    assert found == [0, 1, 2, 5, 6, 7]


def test_rest_days_alone_keep_somebody_out_after_leaving(shop):
    shop.crowd(110)
    shop.lapsed("ann")
    shop.audience("lapsed", rest_days=2, guards=FREE)
    shop.publish(day(0))
    shop.sync()
    shop.leaves("ann")
    shop.publish(day(1))
    shop.sync()
    shop.lapsed("ann")
    seen = []
    for number in range(2, 5):
        shop.publish(day(number))
        assert shop.sync() == 0
        seen.append("ann" in shop.people_on())
    assert seen == [False, True, True]


def test_the_reason_is_counted(shop):
    shop.crowd(110)
    shop.audience("lapsed", max_days_in=1, guards=FREE)
    shop.publish(day(0))
    shop.sync()
    shop.lapsed("ann")
    shop.publish(day(1))
    assert shop.plan_of().dropped == {"max_days_in": 110}


def test_a_plan_that_is_not_applied_starts_nobodys_days(shop):
    shop.crowd(110)
    shop.audience("lapsed", max_days_in=1, guards=FREE)
    shop.publish(day(0))
    shop.plan()
    shop.publish(day(5))
    assert shop.plan_of().dropped == {}


def test_a_day_without_data_does_not_begin_everybodys_rest(shop):
    everybody = shop.crowd(600)
    shop.audience("lapsed", max_days_in=60, rest_days=120)
    shop.publish(day(0))
    assert shop.sync() == 0
    shop.leaves(*everybody)
    shop.crowd(150, prefix="other")
    shop.publish(day(1))
    assert shop.sync() == 3
    assert everybody <= shop.people_on()
    shop.lapsed(*everybody)
    shop.publish(day(2))
    assert shop.plan_of().members == 750
