"""A ledger that is years old: what nobody needs any more is gone, and what anybody reads is still there."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import LIST

from audiences.ledger.pruning import prune
from audiences.sync.forget import forget
from audiences.sync.status import read_status

YEARS = 3 * 365
OLD_BATCHES = "select count(*) from sync.batches where plan_id like 'old %'"
OLD_STATUSES = "select count(*) from sync.list_status"


def lived(shop, days=YEARS):
    """Every day of the last years a plan, two requests of it and two answers of the platform, as the ledger keeps them."""
    shop.rows(
        """insert into sync.plans
           select plan.* replace (
               'old ' || day as plan_id, plan.created_at - to_days(day::integer) as created_at, -day as sequence_number
           )
           from (from sync.plans where list_id = ? limit 1) as plan, range(1, ?) as days(day)""",
        LIST,
        days,
    )
    shop.rows(
        """insert into sync.batches
           select batch.* replace (
               'old ' || day as plan_id, 'old ' || day || ' ' || kind as batch_id, kind as phase, 'processed' as processing,
               kind - 3 * day as sequence_number,
               batch.opened_at - to_days(day::integer) as opened_at, batch.closed_at - to_days(day::integer) as closed_at
           )
           from (from sync.batches where list_id = ? limit 1) as batch, range(1, ?) as days(day), range(1, 3) as kinds(kind)""",
        LIST,
        days,
    )
    shop.rows(
        """insert into sync.list_status
           select told.* replace (
               told.asked_at - to_days(day::integer) - to_hours(hour::integer) as asked_at, -2 * day - hour as sequence_number
           )
           from (from sync.list_status where list_id = ? limit 1) as told, range(1, ?) as days(day), range(2) as hours(hour)""",
        LIST,
        days,
    )


@pytest.fixture
def aged(open_shop):
    """A list that was filled and confirmed today, with a past of three years."""
    shop = open_shop()
    shop.everybody = shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 0
    shop.tick(hours=2)
    shop.confirm()
    lived(shop)
    assert shop.value(OLD_BATCHES) == 2 * (YEARS - 1)
    return shop


def test_requests_that_nothing_comes_of_any_more_go_and_those_of_the_last_week_stay(aged):
    aged.plan()
    assert 14 <= aged.value(OLD_BATCHES) <= 20
    assert aged.value("select count(*) from sync.plans where plan_id like 'old %'") <= 184


def test_what_the_platforms_said_is_kept_once_a_day_for_half_a_year(aged):
    newest = aged.value("select max(asked_at) from sync.list_status")
    aged.plan()
    days = "select count(*), count(distinct asked_at::date), min(asked_at), max(asked_at) from sync.list_status"
    month = aged.now - dt.timedelta(days=30)
    ((count, distinct, first, last),) = aged.rows(f"{days} where asked_at <= ?", month)
    assert count == distinct == pytest.approx(183 - 30, abs=1)
    assert (aged.now - first).days <= 183
    ((count, distinct, _, last),) = aged.rows(f"{days} where asked_at > ?", month)
    assert count > 1.9 * distinct
    assert last == newest


def test_the_only_answer_about_a_list_stays_however_old(aged):
    aged.rows("delete from sync.list_status where asked_at < (select max(asked_at) from sync.list_status)")
    aged.tick(days=400)
    aged.publish(430)
    aged.plan()
    assert aged.value(OLD_STATUSES) == 1


def test_the_request_that_somebody_on_a_list_came_with_stays_however_old(aged):
    aged.rows("update sync.memberships set batch_id = 'old 900 2' where list_id = ?", LIST)
    aged.plan()
    assert aged.value("select count(*) from sync.batches where batch_id = 'old 900 2'") == 1


def test_a_request_without_an_outcome_in_the_ledger_stays(aged):
    aged.rows("update sync.batches set is_folded = false where batch_id in ('old 700 1', 'old 700 2')")
    aged.rows("delete from sync.plan_changes")
    with aged.ledger() as ledger:
        prune(ledger.connection, aged.tick())
    assert aged.value("select count(*) from sync.batches where plan_id = 'old 700'") == 2


def test_the_last_requests_of_a_list_that_rests_stay(aged):
    aged.rows("update sync.batches set list_id = 'resting@meta:main' where plan_id in ('old 800', 'old 801')")
    aged.plan()
    rest = aged.rows("select batch_id from sync.batches where list_id = 'resting@meta:main' order by batch_id")
    assert rest == [("old 800 1",), ("old 800 2",)]


def test_a_ledger_that_is_years_old_works_on_and_says_the_same(aged):
    before = read_status(aged.settings, now=aged.now)
    person = min(aged.everybody)
    forgotten = forget(aged.settings, person, clock=aged.tick)
    aged.plan()
    (now,) = read_status(aged.settings, now=aged.now).lists
    (then,) = before.lists
    assert (now.confirmed, now.asked_at, now.applied_at) == (then.confirmed - 1, then.asked_at, now.applied_at)
    assert len(forgotten.lists[0].requests) == 1
    aged.tick(hours=3)
    (told,) = aged.confirm()
    assert (told.state, told.removed) == ("asked", 1)
    aged.tick(days=200)
    aged.publish(220)
    assert aged.sync() == 0
    assert aged.people_on() == aged.on_ledger() == aged.everybody - {person}
    assert aged.value("select count(*) from sync.erasure_requests where level = 'confirmed'") == 1
