"""What Meta says became of uploads decides how far the truth goes, and what is sent again."""

from __future__ import annotations

import datetime as dt
import json
import re


def test_members_are_confirmed_when_meta_has_processed_them(shop):
    everybody = shop.filled()
    assert shop.levels() == {"accepted": 150}
    early = shop.later(hours=2)
    assert (early.working, early.confirmed, shop.levels()) == (1, 0, {"accepted": 150})
    told = shop.later()
    assert (told.state, told.processed, told.confirmed, told.exit_code) == ("asked", 1, 150, 0)
    assert shop.levels() == {"confirmed": 150}
    assert shop.value("select count(*) from sync.memberships where confirmed_at is null") == 0
    assert shop.people_on() == everybody


def test_meta_is_not_asked_within_the_first_hour_and_not_again_once_all_is_known(shop):
    shop.filled()
    shop.forget_requests()
    early = shop.later(minutes=30)
    assert shop.asked("sessions") == 0
    (accepted_at,) = shop.rows("select closed_at from sync.batches")[0]
    assert (early.early, early.ask_again_at) == (1, accepted_at + dt.timedelta(hours=1))
    asked = shop.later(minutes=31)
    assert (asked.early, asked.ask_again_at, asked.working) == (0, None, 1)
    shop.forget_requests()
    shop.later()
    shop.later()
    assert (shop.asked("sessions"), shop.writes()) == (1, 0)
    assert shop.value("select count(*) from sync.list_status") == 4


def test_who_leaves_goes_from_the_ledger_when_meta_says_so(shop):
    everybody = shop.filled()
    shop.later()
    shop.leaves("crowd0001")
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.leaving() == {"crowd0001"}
    assert shop.later(hours=2).removed == 0
    assert shop.later().removed == 1
    assert shop.value("select count(*) from sync.memberships") == 149
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0001"}


def test_people_of_uploads_that_failed_are_sent_again(open_shop, fails):
    shop = open_shop(rows_per_request=50)
    fails("processing_fails", "add", times=2)
    everybody = shop.filled()
    told = shop.later()
    lost = shop.value("select sum(row_count)::bigint from sync.batches where processing = 'failed'")
    assert (told.failed, told.confirmed, told.sent_again) == (2, 150 - lost, lost)
    assert "2 requests failed there: the next sync sends these people again" in told.message
    assert shop.levels() == {"confirmed": 150 - lost, "sent": lost}
    assert f"{lost} are sent again" in shop.state().advice
    assert shop.sync() == 0
    shop.later()
    assert shop.levels() == {"confirmed": 150}
    assert shop.people_on() == shop.on_ledger() == everybody


def test_a_removal_that_failed_is_made_again(shop, fails):
    everybody = shop.filled()
    shop.later()
    shop.leaves("crowd0001")
    shop.publish(1)
    fails("processing_fails", "remove")
    shop.sync()
    assert shop.later().sent_again == 1
    assert shop.leaving() == set()
    assert "crowd0001" in shop.on_ledger() & shop.people_on()
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0001"}


def one_moves(shop, fails):
    """Everybody on a list; one of them has another address, and the removal of the old one is going to fail."""
    everybody = shop.filled()
    shop.later()
    shop.person("crowd0001", emails=["another@example.com"])
    shop.publish(1)
    fails("processing_fails", "remove")
    shop.sync()
    return everybody


def one_moves_and_leaves(shop, fails):
    """The same, and the next day that one leaves; everybody else."""
    everybody = one_moves(shop, fails)
    shop.leaves("crowd0001")
    shop.publish(2)
    shop.sync()
    return everybody - {"crowd0001"}


def test_an_old_address_that_could_not_be_removed_goes_with_the_next_sync(shop, fails):
    everybody = one_moves(shop, fails)
    assert shop.later().sent_again == 1
    assert shop.people_on() == everybody | {"somebody unknown"}
    assert shop.levels() == {"confirmed": 149, "sent": 1}
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.levels() == {"confirmed": 150}
    assert shop.plan_of().changes == 0


def test_who_left_by_a_new_address_also_goes_by_the_old_one_that_could_not_be_removed(shop, fails):
    everybody = one_moves_and_leaves(shop, fails)
    told = shop.later()
    assert (told.failed, told.sent_again) == (1, 1)
    assert shop.people_on() == everybody | {"somebody unknown"}
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.value("select count(*) from sync.memberships") == 149


def test_a_removal_told_as_failed_when_a_later_one_was_confirmed_already_is_made_once_more(shop, fails):
    """The first is told late: somebody asked while the first was at work and the second was done."""
    everybody = one_moves_and_leaves(shop, fails)
    hide = "update sync.batches set handle = reverse(handle) where phase = 1 and batch_id = (select arg_min(batch_id, opened_at) from sync.batches where phase = 1)"
    shop.rows(hide)
    assert shop.later().removed == 1
    shop.rows(hide)
    assert shop.later().sent_again == 1
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody


def test_a_plan_made_before_a_failure_was_told_is_stale(shop, fails):
    fails("processing_fails", "add")
    shop.filled()
    shop.crowd(20, prefix="new")
    shop.publish(1)
    plan = shop.plan()
    shop.later()
    shop.result = shop.apply(plan)
    assert [one.state for one in shop.result.lists] == ["stale"]
    assert shop.sync() == 0
    shop.later()
    assert shop.levels() == {"confirmed": 170}


def test_what_is_never_told_is_unknown_after_a_week_additions_stay_and_removals_are_final(shop):
    shop.filled()
    shop.later()
    shop.sandbox.control(processing_seconds=90 * 86_400)
    shop.leaves("crowd0001")
    shop.crowd(10, prefix="new")
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.later(days=6).working == 2
    assert shop.leaving() == {"crowd0001"}
    last = shop.later(days=2)
    assert (last.working, last.unknown) == (0, 2)
    assert shop.leaving() == set()
    assert shop.levels() == {"confirmed": 149, "accepted": 10}
    assert shop.plan_of().changes == 0
    shop.forget_requests()
    shop.later()
    assert shop.asked("sessions") == 0


def test_a_sync_that_was_killed_before_its_outcome_was_written_is_confirmed_too(shop):
    shop.filled()
    shop.rows("update sync.batches set is_folded = false")
    shop.rows("delete from sync.memberships")
    shop.later()
    assert shop.levels() == {"confirmed": 150}


def test_only_lists_of_the_named_audiences_are_asked(shop):
    shop.filled()
    shop.audience("another")
    assert shop.sync("another") == 0
    shop.passes(hours=7)
    assert list(shop.confirm("another")) == ["another@meta:main"]
    assert shop.levels() == {"accepted": 150}


def test_nothing_about_a_person_is_in_what_is_told(shop, fails):
    fails("processing_fails", "add")
    shop.filled()
    shop.later()
    told = json.dumps([vars(one) for one in shop.confirmed], default=str) + json.dumps(vars(shop.state()), default=str)
    assert "request failed there" in told
    assert re.search(r"[0-9a-f]{32}", told) is None
    assert "example.com" not in told


def test_an_old_address_goes_though_many_plans_were_made_before_the_failure_was_told(shop, fails):
    everybody = one_moves(shop, fails)
    for _ in range(7):
        shop.sync()
    assert shop.later().sent_again == 1
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody
    for _ in range(7):
        shop.sync()
    assert shop.value("select count(*) from sync.plan_changes where phase in (1, 2)") == 0
