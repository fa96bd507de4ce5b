"""Killed at points spread over asking and writing: the next time all is learnt, and nothing twice."""

from __future__ import annotations

import multiprocessing
import random
import signal

import pytest
from truth_killed import confirm_until

from audiences.ledger import open_ledger

POINTS = 6


@pytest.fixture(scope="module")
def processes():
    """Processes are forked from one that has imported the engine and nothing else, so that each starts at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["truth_killed"])
    return context


def run(processes, shop, deadly=None):
    """Asking in another process: the calls it made, or None when it was killed."""
    answers = processes.SimpleQueue()
    arguments = (shop.folder / "boomerang.yaml", shop.tick(), deadly, answers)
    process = processes.Process(target=confirm_until, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == (0 if deadly is None else -signal.SIGKILL)
    return answers.get() if deadly is None else None


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


def test_killed_at_any_point_the_next_time_everything_is_learnt(open_shop, processes):
    chance = random.Random(20261123)
    shop = open_shop(free_ledger=True, rows_per_request=25)
    shop.configure(guards={"from_members": 1_000_000, "max_build_age": "off"})
    shop.sandbox.control(processing_seconds=6 * 3600)
    with open_ledger(shop.settings):
        shop.filled(150)
        a_day_passes(shop, chance, 1)
    total = run(processes, shop)
    untouched = 0
    for number in range(POINTS):
        with open_ledger(shop.settings):
            a_day_passes(shop, chance, number + 2)
        before = learnt(shop)
        run(processes, shop, deadly=total * (2 * number + 1) // (2 * POINTS))
        untouched += learnt(shop) == before
        with open_ledger(shop.settings):
            shop.confirm()
            assert shop.sync() == 0
            shop.later()
            assert shop.people_on() == shop.on_ledger() == shop.segment_names(), f"killed at point {number}"
            assert (shop.levels(), shop.leaving()) == ({"confirmed": 150}, set())
            assert shop.plan_of().changes == 0
    assert 1 <= untouched <= POINTS
