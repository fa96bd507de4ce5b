"""Messages name one person as one, and say how long a platform asks to wait."""

from __future__ import annotations

import pytest
from engine_shop import LIST

from audiences.amounts import amount, minutes
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
