"""One opened account, called from several threads at once."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from audiences.domain import ListId
from audiences.errors import RateLimited
from audiences.platforms.base import Batch
from audiences.platforms.meta_usage import Pace, Usage


@pytest.fixture
def external_id(meta, remote):
    return meta.ensure(remote())


def at_once(call, arguments, *, threads):
    """Call with each of the arguments, all threads beginning together; the results, or the errors, in order."""
    barrier = threading.Barrier(threads)

    def one(argument):
        barrier.wait(timeout=10)
        try:
            return call(argument)
        except RateLimited as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, arguments))


def test_uploads_from_many_threads_all_arrive_each_in_a_session_of_its_own(
    meta, external_id, row_of, people_on, sandbox, caplog
):
    caplog.set_level(logging.DEBUG, logger="urllib3")
    threads = meta.limits.requests_in_flight
    outcomes = at_once(
        lambda number: meta.add(external_id, Batch([row_of(f"person{number}@example.com")], 1)),
        range(threads * 10),
        threads=threads,
    )
    assert threads > 1
    assert people_on(external_id) == threads * 10
    assert len({outcome.handle for outcome in outcomes}) == threads * 10
    counts = {entry["kind"]: entry["count"] for entry in sandbox.inspect("meta").requests()["counts"]}
    assert counts["add"] == threads * 10
    assert not any("pool is full" in record.getMessage() for record in caplog.records)


def test_one_list_asked_for_by_many_threads_is_one_list(meta, remote, sandbox, account_id):
    made = at_once(lambda _: meta.ensure(remote()), range(4), threads=4)
    assert len(set(made)) == 1
    assert [kept["id"] for kept in sandbox.inspect("meta").lists() if kept["account"] == account_id] == made[:1]


def test_many_lists_asked_for_at_once_are_looked_for_once(meta, remote, sandbox):
    ids = [ListId(f"list{number}@meta:main") for number in range(4)]
    made = at_once(lambda list_id: meta.ensure(remote(list_id=list_id)), ids, threads=4)
    counts = {entry["kind"]: entry["count"] for entry in sandbox.inspect("meta").requests()["counts"]}
    assert len(set(made)) == 4
    assert counts == {"find": 1, "create": 4}


def test_when_meta_asks_to_stay_away_every_thread_does(meta, external_id, row_of, sandbox):
    sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 45, "times": "always"}], reset_requests=True)
    threads = meta.limits.requests_in_flight
    answers = at_once(
        lambda number: meta.add(external_id, Batch([row_of(f"person{number}@example.com")], 1)),
        range(threads * 5),
        threads=threads,
    )
    assert all(isinstance(answer, RateLimited) for answer in answers)
    assert sandbox.inspect("meta").requests()["total"] <= threads


def test_threads_that_slow_down_take_turns(time):
    waits = []
    pace = Pace(slow_from=75, max_wait=300, clock=time.clock, sleep=waits.append)
    pace.note(Usage(percent=80))
    at_once(lambda _: pace.await_turn(), range(4), threads=4)
    assert sorted(waits) == pytest.approx([2, 4, 6, 8])


def test_a_block_that_begins_while_a_thread_slows_down_is_obeyed(time):
    pace = Pace(slow_from=75, max_wait=300, clock=time.clock, sleep=lambda seconds: sleep(seconds))
    pace.note(Usage(percent=80))

    def sleep(seconds):
        if not time.slept:
            pace.block(60)  # another thread was told to stay away meanwhile
        time.sleep(seconds)

    pace.await_turn()
    assert time.slept == pytest.approx([2, 58])
