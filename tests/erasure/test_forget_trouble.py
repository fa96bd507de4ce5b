"""Erasures when something goes wrong: a platform down, a list gone, a process killed, two at once, an account that went."""

from __future__ import annotations

import contextlib
import json

import pytest
from erasure_shop import LIST
from killed_run import forget_one, hold, processes, run, start

from audiences.errors import Busy
from audiences.ledger import open_ledger
from audiences.sync import forget as module
from audiences.sync.status import read_status
from audiences.sync.write_off import write_off


def down(shop, times=8):
    shop.sandbox.control(faults=[{"on": "remove", "do": "server_error", "times": times}])


def up(shop):
    shop.sandbox.control(faults=[])


def test_while_the_platform_is_down_the_erasure_is_open_and_the_next_drain_finishes_it(shop):
    everybody = shop.filled("ann")
    down(shop)
    receipt = shop.forget("ann")
    assert receipt.is_open
    assert (receipt.lists[0].state, receipt.lists[0].level) == ("open", None)
    assert receipt.lists[0].why
    assert "OPEN" in receipt.as_text()
    up(shop)
    (drained,) = shop.drain()
    assert (drained.erasure_id, drained.state, drained.lists[0].state) == (receipt.erasure_id, "done", "removed")
    file = shop.settings.home / "receipts" / f"{receipt.erasure_id}.json"
    assert json.loads(file.read_text())["state"] == "done"
    assert shop.people_on() == everybody - {"ann"}
    assert shop.drain() == ()


def test_asked_again_while_open_it_is_the_same_erasure(shop):
    shop.filled("ann")
    down(shop)
    first = shop.forget("ann")
    up(shop)
    again = shop.forget(shop.mail("ann"))
    assert again.erasure_id == first.erasure_id
    assert again.state == "done"
    assert shop.value("select count(*) from sync.erasures") == 1


def test_a_sync_that_comes_before_the_drain_leaves_the_person_out_as_well(shop):
    everybody = shop.filled("ann")
    down(shop, times=1)
    assert shop.forget("ann").is_open
    up(shop)
    assert shop.sync() == 0
    assert shop.people_on() == everybody - {"ann"}
    (receipt,) = shop.drain()
    assert (receipt.state, receipt.lists[0].state) == ("done", "removed")
    assert receipt.lists[0].requests[0].request_id


def test_a_list_that_the_platform_does_not_have_any_more_is_gone(shop):
    shop.filled("ann")
    shop.sandbox.control(faults=[{"on": "remove", "do": "list_deleted"}])
    receipt = shop.forget("ann")
    assert (receipt.state, receipt.lists[0].state) == ("done", "gone")
    assert shop.sync() in (0, 6)
    assert shop.sync() == 0
    assert shop.people_on() == shop.segment_names() - {"ann"}


def test_an_account_that_is_not_in_the_settings_stays_open_until_it_is_put_back(shop):
    shop.filled("ann")
    platforms = shop.content["platforms"]
    shop.configure(platforms={"meta": {**platforms["meta"], "accounts": {}}})
    receipt = shop.forget("ann")
    assert receipt.is_open
    assert "put it back" in receipt.lists[0].why
    shop.configure(platforms=platforms)
    assert [one.state for one in shop.drain()] == ["done"]
    assert not shop.is_on("ann")


def test_a_removal_that_the_platform_took_and_did_not_carry_out_is_made_again(shop):
    everybody = shop.filled("ann")
    shop.sandbox.control(faults=[{"on": "remove", "do": "processing_fails"}], processing_seconds=60)
    receipt = shop.forget("ann")
    assert (receipt.state, receipt.lists[0].level) == ("done", "accepted")
    shop.sandbox.control(faults=[], clock_offset_seconds=3600)
    shop.confirm()
    (again,) = shop.drain()
    assert (again.erasure_id, again.state) == (receipt.erasure_id, "done")
    shop.sandbox.control(processing_seconds=0, clock_offset_seconds=7200)
    shop.confirm()
    assert shop.people_on() == everybody - {"ann"}
    assert shop.rows("select state, level from sync.erasure_lists") == [("removed", "confirmed")]
    assert shop.places_in_ledger(shop.all_hashes("ann")) == set()


# Other processes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def free_shop(open_shop):
    return open_shop(free_ledger=True)


def test_killed_at_any_point_the_next_drain_or_request_finishes_it(free_shop):
    shop = free_shop
    names = [f"ann{number}" for number in range(13)]
    everybody = shop.filled(*names)
    calls = run(forget_one, shop, names[0])
    opened = 0
    for number, name in enumerate(names[1:], start=1):
        run(forget_one, shop, name, deadly=max(calls * number // len(names), 1))
        shop.tick(hours=1)
        with open_ledger(shop.settings):
            is_known = shop.value("select count(*) from sync.erasures where state = 'open'") == 1
            receipts = shop.drain()
            assert len(receipts) == is_known
            opened += is_known
            if not receipts and shop.is_on(name):
                receipts = (shop.forget(name),)
            assert not any(one.is_open for one in receipts)
            assert not shop.is_on(name), f"killed at point {number}"
            assert shop.value("select count(*) from sync.plan_changes where cause = 'erased'") == 0
    assert shop.people_on() == everybody - set(names)
    assert 0 < opened < len(names)


@contextlib.contextmanager
def holding(shop):
    """Another process has the ledger."""
    is_held, may_go = processes().Event(), processes().Event()
    process = processes().Process(target=hold, args=(shop.folder / "boomerang.yaml", is_held, may_go))
    process.start()
    assert is_held.wait(60)
    yield
    may_go.set()
    process.join()


def test_two_at_once_the_second_waits_for_the_first(free_shop):
    shop = free_shop
    shop.filled("ann", "bob")
    both = [start(forget_one, shop, name) for name in ("ann", "bob")]
    for process, _ in both:
        process.join()
    assert [process.exitcode for process, _ in both] == [0, 0]
    assert not shop.is_on("ann")
    assert not shop.is_on("bob")


def test_a_ledger_that_stays_busy_means_nothing_is_written_down(free_shop, monkeypatch):
    shop = free_shop
    shop.filled("ann")
    monkeypatch.setattr(module, "LEDGER_WAIT", 0.3)
    with holding(shop), pytest.raises(Busy, match="nothing is written down"):
        shop.forget("ann")
    assert shop.value("select count(*) from sync.erasures") == 0
    assert shop.is_on("ann", LIST)


def test_a_list_of_a_platform_that_is_gone_loses_nobody_who_only_has_the_same_first_name(shop):
    """Which cell of its rows is an address, nothing tells any more."""
    shop.filled("ann")
    shop.rows("update sync.lists set platform = 'vanished'")
    for file in shop.settings.published.glob("*.duckdb"):
        file.unlink()
    shop.rows("delete from sync.builds")
    asked = shop.forget("ann")
    assert asked.is_open
    assert shop.value("select count(*) from sync.memberships where erasure_id is not null") == 1


@pytest.mark.parametrize("fault", [{"do": "error", "code": 100}, {"do": "invalid_rows", "rows": [0]}])
def test_a_removal_that_the_platform_does_not_take_leaves_the_erasure_open_and_forgets_nothing(shop, fault):
    everybody = shop.filled("ann")
    shop.sandbox.control(faults=[{"on": "remove", "times": "always", **fault}])
    receipt = shop.forget("ann")
    shop.confirm()
    again = shop.forget(shop.mail("ann"))
    for one in (receipt, again):
        assert one.is_open
        assert (one.lists[0].state, one.lists[0].requests) == ("open", ())
        assert "OPEN, still to be removed: the platform did not take off 1 person" in one.as_text()
        assert "boomerang forget --write-off" in one.as_text()
        assert "Done" not in one.as_text()
    assert again.erasure_id == receipt.erasure_id
    assert shop.on_ledger() == everybody
    (told,) = read_status(shop.settings, now=shop.tick()).lists
    assert (told.not_removed, told.erasing, told.is_complete) == (1, 1, False)
    assert f"`boomerang forget --write-off {LIST} --why '...'`" in told.todo[0]
    up(shop)
    (drained,) = shop.drain()
    assert drained.state == "done"
    assert shop.people_on() == everybody - {"ann"}
    shop.confirm()
    (told,) = read_status(shop.settings, now=shop.tick()).lists
    assert (told.not_removed, told.is_complete) == (0, True)
    assert shop.value("select count(*) from sync.quarantine") == 0


def test_a_removal_that_the_platform_never_takes_can_be_written_off(shop):
    shop.filled("ann")
    shop.sandbox.control(faults=[{"on": "remove", "times": "always", "do": "invalid_rows"}])
    assert shop.forget("ann").is_open
    (receipt,) = write_off(shop.settings, LIST, why="the platform does not take it", clock=shop.tick)
    assert receipt.state == "written_off"
    assert "NOT REMOVED" in receipt.as_text()
    assert shop.value("select count(*) from sync.quarantine") == 0
