"""Killed at points spread over asking and writing: the next time all is learnt, and nothing twice."""

from __future__ import annotations

import random

from killed_run import confirm, run

from audiences.ledger import open_ledger

POINTS = 6


def a_day_passes(shop, chance, number):
    """Some leave, some come, some have another address; of the uploads one that adds and one that removes fail later."""
    names = sorted(shop.segment_names())
    for name in chance.sample(names, 20):
        shop.persons[name].emails = [f"{name}.{number}@example.com"]
    shop.leaves(*chance.sample(names, 20))
    shop.crowd(20, prefix=f"day{number}_")
    shop.publish(number)
    shop.sandbox.control(faults=[{"do": "processing_fails", "on": "add"}, {"do": "processing_fails", "on": "remove"}])
    assert shop.sync() == 0
    shop.sandbox.control(faults=[])
    shop.passes(hours=7)


def learnt(shop):
    """What the ledger has learnt: requests by what became of them, members by level, and who is leaving."""
    with open_ledger(shop.settings):
        became = shop.rows("select processing, count(*) from sync.batches group by processing order by processing")
        return became, shop.levels(), len(shop.leaving())


def test_killed_at_any_point_the_next_time_everything_is_learnt(open_shop):
    chance = random.Random(20261123)
    shop = open_shop(free_ledger=True, rows_per_request=25)
    shop.configure(guards={"from_members": 1_000_000, "max_build_age": "off"})
    shop.sandbox.control(processing_seconds=6 * 3600)
    with open_ledger(shop.settings):
        shop.filled(150)
        a_day_passes(shop, chance, 1)
    total = run(confirm, shop)
    untouched = 0
    for number in range(POINTS):
        with open_ledger(shop.settings):
            a_day_passes(shop, chance, number + 2)
        before = learnt(shop)
        run(confirm, shop, deadly=total * (2 * number + 1) // (2 * POINTS))
        untouched += learnt(shop) == before
        with open_ledger(shop.settings):
            shop.confirm()
            assert shop.sync() == 0
            shop.later()
            assert shop.people_on() == shop.on_ledger() == shop.segment_names(), f"killed at point {number}"
            assert (shop.levels(), shop.leaving()) == ({"confirmed": 150}, set())
            assert shop.plan_of().changes == 0
    assert 1 <= untouched <= POINTS
