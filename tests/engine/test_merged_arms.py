"""Two people of one experiment who turn out to be one go on as whoever of them entered first, unless one was held out."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

LIST = "lapsed@meta:main"
TODAY = dt.date(2026, 11, 23)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}
ARMS = {"a": "50%", "b": "50%"}


def day(number):
    return TODAY + dt.timedelta(days=number)


def two_days(shop, **experiment):
    """Some people enter on the first day, some on the second."""
    shop.first = shop.crowd(300, prefix="first")
    shop.audience("lapsed", guards=FREE, **experiment)
    shop.publish(day(0))
    assert shop.sync() == 0
    shop.second = shop.crowd(150, prefix="second")
    shop.publish(day(1))
    assert shop.sync() == 0


def places(shop):
    """Where the experiment's draw puts each person, from 0 to 1."""
    with shop.ledger() as ledger:
        secret = ledger.key
    found = {}
    for key, name in shop.name_of_key().items():
        text = f"{secret}audience:lapsed:{key}"
        found[name] = int(hashlib.sha256(text.encode()).hexdigest()[:13], 16) / 2**52
    return found


@pytest.mark.parametrize("arms", [("a", "b"), ("b", "a")], ids=["a first", "b first"])
@pytest.mark.parametrize("stays", ["first", "second"], ids=["under the id of the first", "under the id of the second"])
def test_who_merges_from_two_arms_is_in_that_of_whoever_entered_first(shop, arms, stays):
    two_days(shop, arms=ARMS)
    on = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    parts = {"first": min(shop.first & on[arms[0]]), "second": min(shop.second & on[arms[1]])}
    kept = parts.pop(stays)
    (gone,) = parts.values()
    shop.merges(gone, kept)
    shop.publish(day(2))
    assert shop.sync() == 0
    assert kept in shop.on_ledger(f"{LIST}/{arms[0]}")
    assert kept not in shop.on_ledger(f"{LIST}/{arms[1]}")
    assert kept in shop.people_on(f"{LIST}/{arms[0]}")


@pytest.mark.parametrize("stays", ["first", "second"], ids=["under the id of the first", "under the id of the second"])
@pytest.mark.parametrize("is_first_low", [True, False], ids=["held out", "sent"])
def test_whether_a_larger_share_holds_a_merged_person_out_is_said_by_whoever_entered_first(shop, is_first_low, stays):
    two_days(shop, holdout="10%")
    place = places(shop)
    low = {name for name, where in place.items() if 0.1 < where < 0.38}
    high = {name for name, where in place.items() if where > 0.42}
    parts = {
        "first": min(shop.first & (low if is_first_low else high)),
        "second": min(shop.second & (high if is_first_low else low)),
    }
    assert set(parts.values()) <= shop.people_on()
    kept = parts.pop(stays)
    (gone,) = parts.values()
    shop.merges(gone, kept)
    shop.publish(day(2))
    assert shop.sync() == 0
    assert kept in shop.people_on()
    shop.audience("lapsed", guards=FREE, holdout="40%")
    assert shop.sync() == 0
    assert (kept in shop.on_ledger()) is not is_first_low
    assert shop.people_on() == shop.on_ledger()
