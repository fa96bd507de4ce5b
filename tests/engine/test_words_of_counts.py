"""Messages name one person as one, and say how long a platform asks to wait."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import LIST

from audiences.amounts import amount, minutes
from audiences.cli.lists import conclusion
from audiences.sync.drift import Size, drift
from audiences.sync.status import read_status


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 people wait"), (1, "1 person waits"), (1200, "1,200 people wait")], ids=str
)
def test_a_count_goes_with_its_noun_and_verb(count, words):
    assert amount(count, "person waits", "people wait") == words


@pytest.mark.parametrize(("seconds", "words"), [(5, "1 minute"), (61, "2 minutes"), (1200, "20 minutes")], ids=str)
def test_a_wait_is_told_in_whole_minutes(seconds, words):
    assert minutes(seconds) == words


def test_what_a_platform_asks_to_wait_is_in_the_message_of_the_list_and_in_the_advice(open_shop):
    shop = open_shop()
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish()
    shop.sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 20}])
    assert shop.sync() == 6
    found = shop.of_list(LIST)
    assert f"(it asked to wait {minutes(found.wait)})" in found.message
    (state,) = read_status(shop.settings, now=shop.now).lists
    assert f"(it asked to wait {minutes(found.wait)})" in " ".join(state.todo)


def test_drift_names_one_person_as_one():
    sizes = [Size(dt.datetime(2026, 1, 1), 101, 101, 0)]
    told = drift(sizes, most_people=0, confirmed=0, filled_at=dt.datetime(2026, 1, 1))
    assert told.startswith("the platform shows at least 101 people, and")
    few = [Size(dt.datetime(2026, 1, 9), 1, 1, 1200)]
    told = drift(few, most_people=1200, confirmed=1200, filled_at=dt.datetime(2026, 1, 1))
    assert told.startswith("the platform confirmed 1,200 members and shows 1 person at most")


def test_a_list_equals_its_audience_only_where_nobody_waits(open_shop):
    shop = open_shop()
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 0
    assert conclusion(shop.result) == "150 rows sent."
    plan = shop.plan()
    assert conclusion(shop.apply(plan), plan) == "Nothing to send: every list equals its audience."


def test_a_sync_that_sends_nothing_says_who_is_in_quarantine(open_shop):
    shop = open_shop()
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(0)
    shop.sandbox.control(faults=[{"do": "invalid_rows", "on": "add", "rows": [0]}])
    assert shop.sync() == 0
    plan = shop.plan()
    told = conclusion(shop.apply(plan), plan)
    assert told == "Nothing was sent. Waiting: 1 in quarantine, until their addresses change."


def test_a_sync_that_sends_nothing_says_what_is_held(open_shop):
    shop = open_shop()
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 0
    shop.leaves(*(f"crowd{number:04}" for number in range(140)))
    shop.publish(1)
    plan = shop.plan()
    assert conclusion(shop.apply(plan), plan) == "Nothing was sent. 1 of 1 list needs a look: see above."
