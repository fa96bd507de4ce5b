"""Killed at points spread over plan and apply: the next run makes people and ledger equal to what is wanted by then."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from killed_run import run, sync

from audiences.ledger import open_ledger

POINTS = 10
FIRST = dt.date(2026, 11, 1)


@pytest.fixture
def shop(open_shop):
    shop = open_shop(free_ledger=True, rows_per_request=50)
    shop.configure(guards={"from_members": 1_000_000, "max_build_age": "off"})
    return shop


def households(shop, names):
    """Every two of the first twenty share a phone: removing one of them takes the other off the list as well."""
    pairs = sorted(names)[:20]
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        shop.persons[first].phones = shop.persons[second].phones = [f"1555{first}"]


def a_day_passes(shop, chance, number):
    """Some leave, some come, some have another address, some say no."""
    names = sorted(shop.segment_names())
    for name in chance.sample(names, 40):
        shop.persons[name].emails = [f"{name}.{number}@example.com"]
    for name in chance.sample([name for name in names if not shop.persons[name].phones], 10):
        shop.persons[name].consent = "denied"
    shop.leaves(*chance.sample(names, 40))
    households(shop, shop.crowd(50, prefix=f"day{number}_"))
    shop.publish(FIRST + dt.timedelta(days=number))


def wanted(shop):
    return {name for name in shop.segment_names() if shop.persons[name].consent == "granted"}


def test_killed_at_any_point_the_next_run_makes_everything_right(shop):
    chance = random.Random(20261123)
    households(shop, shop.crowd(250))
    shop.audience("lapsed")
    shop.publish(FIRST)
    assert run(sync, shop)
    a_day_passes(shop, chance, 1)
    planned, total = run(sync, shop)
    assert shop.people_on() >= wanted(shop)
    left_open = 0
    for number in range(POINTS):
        a_day_passes(shop, chance, 2 * number + 2)
        begin, end = (planned // 3, planned) if number % 3 == 0 else (planned, total)
        run(sync, shop, deadly=begin + (end - begin) * (2 * number + 1) // (2 * POINTS))
        with open_ledger(shop.settings):
            left_open += shop.value("select count(*) from sync.batches where state = 'open' and not is_folded")
            a_day_passes(shop, chance, 2 * number + 3)
            assert shop.sync() == 0
            assert shop.people_on() == shop.on_ledger() == wanted(shop), f"killed at point {number}"
    assert shop.plan_of().changes == 0
    assert left_open >= 1
