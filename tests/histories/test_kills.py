"""Killed at any moment of a run: the next run makes people, lists and ledger equal to what is wanted by then."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter

import pytest
from histories_checks import Check
from histories_events import EVENTS, happen
from histories_killed import run_until
from histories_platform import FLOOR
from histories_shop import HistoryShop
from histories_story import FAULTS, PLAIN, SPLIT, clear
from histories_world import World

POINTS = int(os.environ.get("BOOMERANG_KILLS", "200" if os.environ.get("BOOMERANG_SOAK") else "50"))
PRELOADED = ["audiences.ledger", "audiences.platforms.meta_wire", "audiences.sync.apply", "audiences.sync.plan", "pyarrow"]
GOLDEN = 0.6180339887498949
PEOPLE = 30
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
    shop = HistoryShop(tmp_path / "shop", World(f"kills {tmp_path}", PEOPLE), sandbox, f"act_{os.getpid()}kills")
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
    happen(shop.world, [(name, chance.randrange(100), chance.randrange(100)) for name in often if name != "table_is_empty"])
    for root in shop.world.roots[: 5 * FLOOR]:  # these keep lists alive
        root.segments = {"lapsed"}
    with shop.looking():
        shop.publish()


def faults_of(chance):
    """Every third run has something go wrong as well."""
    if chance.random() < 0.67:
        return []
    return [{"do": chance.choice(FAULTS), "on": "write", "after": chance.randrange(8), "code": 100}]


def run(processes, shop, installed, deadly=(None, 0)):
    """A run in another process: its moments by kind, or None when it was killed."""
    answers = processes.SimpleQueue()
    arguments = (str(installed), shop.file, shop.tick(), deadly, answers)
    process = processes.Process(target=run_until, args=arguments)
    process.start()
    process.join()
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
    kind = sorted(moments)[attempt % len(moments)]
    return kind, 1 + int(moments[kind] * (attempt * GOLDEN % 1))


def left_behind(shop):
    """What the killed run left: requests without an answer, and answers that are not in the memberships yet."""
    ((unanswered, unfolded),) = shop.rows(
        "select count(*) filter (where state = 'open'), count(*) from sync.batches where not is_folded"
    )
    return "an open request" if unanswered else "answers to be folded" if unfolded else "nothing half done"


def test_killed_at_any_moment_the_next_run_makes_everything_right(shop, processes, installed, sandbox):
    chance = random.Random(20261123)
    a_day_passes(shop, chance)
    moments = run(processes, shop, installed)
    a_look_at_the_body(shop, "none yet")
    deaths, leavings = Counter(), Counter()
    for attempt in range(2 * POINTS):
        if deaths.total() == POINTS:
            break
        kind, number = next_moment(moments, attempt)
        faults = faults_of(chance)
        a_day_passes(shop, chance)
        finished = killed_run(shop, processes, installed, (kind, number), faults)
        a_look_at_the_body(shop, attempt)
        if finished:
            moments |= {} if faults else finished
        else:
            deaths[kind] += 1
            with shop.looking():
                leavings[left_behind(shop)] += 1
        a_day_passes(shop, chance)
        everything_is_right(shop, f"attempt {attempt}, killed at {kind} {number}")
    print(f"\n{deaths.total()} runs killed: {dict(deaths)}; left behind: {dict(leavings)}; moments of a run: {moments}")
    assert deaths.total() == POINTS
    assert len(leavings) == 3, "some ways to die were not met"


def killed_run(shop, processes, installed, deadly, faults):
    shop.sandbox.control(faults=faults)
    finished = run(processes, shop, installed, deadly)
    settle(shop.sandbox)
    shop.sandbox.control(faults=[])
    return finished


def a_look_at_the_body(shop, attempt):
    """Even now nobody is on a list of whom the ledger has not at least an intent."""
    with shop.looking():
        assert Check(shop).after_a_death() == [], f"attempt {attempt}"


def everything_is_right(shop, when):
    with shop.looking():
        assert shop.sync() == 0, [one.message for one in shop.result.lists]
        assert Check(shop).after_a_run(explained=False) == [], when
