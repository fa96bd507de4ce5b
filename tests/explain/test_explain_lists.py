"""What the ledger says of somebody on each list, and that asking leaves nothing in it."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.ledger import open_ledger


@pytest.fixture
def jane(shop):
    shop.person("jane", "jane@example.com")
    shop.qualifies("jane", order_count=3)
    shop.others()
    shop.audience()
    shop.publish()
    return "jane"


def test_before_the_first_sync_there_is_no_list(shop, jane):
    assert shop.told(jane).lists == ()


def test_a_plan_that_was_not_applied_is_said(shop, jane):
    shop.plan()

    (entry,) = shop.told(jane).lists
    assert (entry.list, entry.level, entry.waiting, entry.is_held) == ("lapsed@meta:main", None, "add", False)
    assert "being added is planned" in shop.told(jane).verdict


def test_what_was_accepted_has_its_dates(shop, jane):
    shop.sync()

    (entry,) = shop.told(jane).lists
    assert (entry.level, entry.waiting, entry.is_on) == ("accepted", None, True)
    assert dt.datetime(2026, 11, 24, 9) < entry.sent_at <= entry.accepted_at < shop.now
    assert shop.told(jane).verdict.endswith("On lapsed@meta:main, accepted")


def test_who_is_out_and_still_on_the_list_reads_both(shop, jane):
    shop.sync()
    shop.leaves(jane)
    shop.publish()
    before_the_plan = shop.told(jane).verdict
    shop.plan()

    assert before_the_plan.endswith("not in the segment lapsed. On lapsed@meta:main, accepted")
    assert shop.told(jane).verdict.endswith("On lapsed@meta:main, accepted; being taken off is planned")


def test_what_a_guard_holds_reads_so_with_the_guards_reason(shop):
    names = shop.others(600)
    shop.audience()
    shop.publish()
    shop.sync()
    for name in names[:400]:
        shop.leaves(name)
    shop.publish()
    shop.sync()

    held, stays = shop.told(names[0]), shop.told(names[-1])

    (entry,) = held.lists
    assert (entry.waiting, entry.is_held, entry.level) == ("remove", True, "accepted")
    assert entry.held_reasons[0].startswith("the list would shrink from 600 to 200")
    assert held.verdict.endswith("a guard holds being taken off")
    assert not stays.lists[0].is_held


def test_a_list_whose_audience_is_gone_is_shown_apart(shop, jane):
    shop.audience("gone")
    shop.publish()
    shop.sync()
    shop.forget_definition("gone")

    story = shop.story(jane)

    assert [one.audience for one in story.audiences] == ["lapsed"]
    assert [(one.list, one.level) for one in story.other_lists] == [("gone@meta:main", "accepted")]


def test_asking_changes_nothing_in_the_ledger(shop, jane):
    shop.sync()
    with open_ledger(shop.settings) as ledger:
        values = ["stopped", shop.now, shop.now]
        ledger.connection.execute("insert into sync.builds values (?, ?, ?, null, 'running', 0, [])", values)
        ledger.connection.execute("update sync.batches set is_folded = false, state = 'open'")
    before = shop.ledger_rows()

    level = shop.told(jane).lists[0].level

    assert level == "sent"  # what a killed sync left is understood, and not written down here
    assert before["memberships"] and before["builds"]
    assert shop.ledger_rows() == before
