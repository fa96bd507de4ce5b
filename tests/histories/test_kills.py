"""Killed at any moment of a run: the next run makes people, lists and ledger equal to what is wanted by then."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import signal
import time
from collections import Counter

import pytest
from histories_checks import Check
from histories_events import EVENTS, happen
from histories_killed import run_until
from histories_shop import HistoryShop
from histories_story import PLAIN, SPLIT, clear
from histories_tally import KILLS, note
from histories_world import CATEGORIES, World

from audiences.sync.forget import drain_erasures

PRELOADED = [
    "audiences.ledger", "audiences.platforms.meta_wire", "audiences.sync.apply", "audiences.sync.plan",
    "audiences.sync.confirm", "audiences.sync.forget", "pyarrow",
]  # fmt: skip
AN_HOUR = dt.timedelta(hours=1)
GOLDEN = 0.6180339887498949
PEOPLE = 30
FEWEST = 5
FAULTS = ("throttle", "server_error", "html", "cut_before", "cut_after", "expired_token")
FORGET_EVERY = 4
EVENTS_A_DAY = 8
RARE = {"table_is_empty", "loses_everything", "disappears", "denies", "is_not_asked", "becomes_unknown"}


@pytest.fixture(scope="module")
def processes():
    """Processes are forked from one that has imported the engine and nothing else, so that each starts at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@pytest.fixture
def shop(sandbox, tmp_path):
    """A split and a holdout, and no guard in the way: what is held is another test's matter."""
    shop = HistoryShop(tmp_path / "shop", World(f"kills {tmp_path}", PEOPLE), sandbox)
    shop.configure(from_members=1_000_000)
    shop.define("split", split_by=SPLIT)
    shop.define("tested", holdout="30%", **PLAIN)
    yield shop
    clear(shop)


def a_day_passes(shop, chance):
    """Something happens to some; every list keeps more people than the platform's floor."""
    names = sorted(EVENTS)
    chosen = [chance.choice(names) for _ in range(EVENTS_A_DAY)]
    often = [name for name in chosen if name not in RARE or chance.random() < 0.3]
    happen(
        shop.world, [(name, chance.randrange(100), chance.randrange(100)) for name in often if name != "table_is_empty"]
    )
    while is_thin(shop.world):
        shop.world.arrives()
    with shop.looking():
        shop.publish()


def is_thin(world):
    """Whether too few are left, in all or on the list of one category: a guard would hold what this test wants to see done."""
    sizes = Counter(
        one.category
        for one in world.customers().values()
        if one.consent == "granted" and one.is_in("lapsed") and not one.is_in("recent") and one.contacts
    )
    return sizes.total() < PEOPLE or min(sizes[category] for category in (*CATEGORIES, None)) < FEWEST


def faults_of(chance):
    """Every third run has something go wrong as well."""
    if chance.random() < 0.67:
        return []
    return [{"do": chance.choice(FAULTS), "on": "write", "after": chance.randrange(8), "code": 100}]


def run(processes, shop, installed, forgotten=None, deadly=(None, 0)):
    """A run in another process: its moments by kind, or None when it was killed."""
    answers = processes.SimpleQueue()
    arguments = (str(installed), shop.file, shop.tick(), forgotten, deadly, answers)
    process = processes.Process(target=run_until, args=arguments)
    process.start()
    process.join()
    shop.now += AN_HOUR
    assert process.exitcode in (0, -signal.SIGKILL)
    return answers.get() if process.exitcode == 0 else None


def settle(sandbox):
    """Wait until the sandbox is done with a request that nobody waits for any more."""
    seen = -1
    while (now := sandbox.inspect("meta").requests()["total"]) != seen:
        seen = now
        time.sleep(0.03)


def next_moment(moments, attempt):
    """Another kind each time, and numbers that spread evenly over all of its moments."""
    turn, place = divmod(attempt, len(moments))
    kind = sorted(moments)[place]
    return kind, 1 + int(moments[kind] * ((0.5 + turn * GOLDEN) % 1))


def left_behind(shop):
    """What the killed run left: requests without an answer, and answers that are not in the memberships yet."""
    ((unanswered, unfolded),) = shop.rows(
        "select count(*) filter (where state = 'open'), count(*) from sync.batches where not is_folded"
    )
    return "an open request" if unanswered else "answers to be folded" if unfolded else "nothing half done"


def test_killed_at_any_moment_the_next_run_makes_everything_right(shop, processes, installed, sandbox):
    chance = random.Random(20261123)
    a_day_passes(shop, chance)
    first = somebody(shop, chance)
    moments = run(processes, shop, installed, first)
    a_look_at_the_body(shop, "none yet")
    erased_at_last(shop, first)
    deaths, leavings = Counter(), Counter()
    for attempt in range(2 * KILLS):
        if deaths.total() == KILLS:
            break
        kind, number = next_moment(moments, attempt)
        faults = faults_of(chance)
        a_day_passes(shop, chance)
        forgotten = somebody(shop, chance) if kind == "forget" or attempt % FORGET_EVERY == 0 else None
        finished = killed_run(shop, processes, installed, forgotten, (kind, number), faults)
        a_look_at_the_body(shop, attempt)
        if finished:
            moments |= {} if faults else finished
        else:
            deaths[kind] += 1
            with shop.looking():
                leavings[left_behind(shop)] += 1
        erased_at_last(shop, forgotten)
        a_day_passes(shop, chance)
        everything_is_right(shop, f"attempt {attempt}, killed at {kind} {number}")
    note(
        "kills",
        killed=deaths.total(),
        at=dict(deaths),
        left_behind=dict(leavings),
        moments=moments,
        people=len(shop.world.roots),
    )
    assert deaths.total() == KILLS
    assert len(leavings) == 3, "some ways to die were not met"


def somebody(shop, chance):
    """Somebody who is forgotten by the run: nobody may send them any more, whether it comes to that or not."""
    customers = sorted(one.id for one in shop.world.customers().values() if one.contacts)
    return chance.choice(customers)


def killed_run(shop, processes, installed, forgotten, deadly, faults):
    shop.sandbox.control(faults=faults)
    finished = run(processes, shop, installed, forgotten, deadly)
    settle(shop.sandbox)
    shop.sandbox.control(faults=[])
    return finished


def a_look_at_the_body(shop, attempt):
    """Even now nobody is on a list of whom the ledger has not at least an intent."""
    with shop.looking():
        assert Check(shop).after_a_death() == [], f"attempt {attempt}"


def erased_at_last(shop, forgotten):
    """Who asked is forgotten by now, or is asked for again: what the killed run began goes on from the ledger alone."""
    if forgotten is None:
        return
    with shop.looking():
        customer = shop.world.customers()[forgotten]
        begun = shop.rows("select erasure_id from sync.erasures order by asked_at desc limit 1")
        if begun and begun != shop.last_erasure:
            shop.world.forget(customer)
            drain_erasures(shop.settings, clock=shop.tick)
        else:
            shop.forget(customer)
        shop.last_erasure = shop.rows("select erasure_id from sync.erasures order by asked_at desc limit 1")
        assert Check(shop).after_an_erasure() == []


def everything_is_right(shop, when):
    with shop.looking():
        assert shop.sync() == 0, [one.message for one in shop.result.lists]
        assert Check(shop).after_a_run(explained=False) == [], when
