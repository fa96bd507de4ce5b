"""What the ledger says of somebody on each list, and that asking leaves nothing in it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pytest
from explain_shop import customer_id

from audiences.addresses import hashes_of, read_contact
from audiences.errors import DataError
from audiences.ledger import open_ledger
from audiences.sync.forget import forget


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


def test_who_got_another_id_by_an_earlier_reference_keeps_lists_history_and_both_ids(shop, jane):
    shop.audience(holdout="5%", max_days_in=60)
    shop.sync()
    before = shop.told(jane)
    shop.becomes(jane, "jane of 2024")
    shop.publish()

    now = shop.told("jane of 2024")

    assert now.lists == before.lists
    assert now.stay.entered_at == before.stay.entered_at is not None
    (by_her_former_id,) = shop.asked(customer_id(jane))
    assert by_her_former_id.customer == customer_id("jane of 2024")[:12]
    assert [one.arm for one in by_her_former_id.experiments] == [before.placements[0].arm]


def test_whom_the_platform_refused_reads_the_reason(shop, jane):
    shop.sync()
    shop.rows(
        "insert into sync.quarantine select list_id, member_key, fingerprint, 'not a valid row', null, ? "
        "from sync.memberships where list_id = 'lapsed@meta:main'", shop.now,
    )  # fmt: skip
    shop.rows("delete from sync.memberships")

    (entry,) = shop.told(jane).lists
    assert (entry.level, entry.quarantined) == (None, "not a valid row")
    assert shop.told(jane).verdict.endswith("Refused by lapsed@meta:main: not a valid row")


def test_what_the_platform_forgets_confirms_or_lets_go_has_its_date(shop, jane):
    shop.sync()
    shop.rows("update sync.memberships set level = 'confirmed', confirmed_at = ?, expires_at = ?", shop.now, shop.now)
    confirmed = shop.told(jane).lists[0]
    shop.rows("update sync.memberships set leaving_at = ?, erasure_id = 'e1'", shop.now)
    leaving = shop.told(jane).lists[0]

    assert (confirmed.level, confirmed.is_on, confirmed.is_being_erased) == ("confirmed", True, False)
    assert confirmed.confirmed_at == confirmed.expires_at is not None
    assert (leaving.is_on, leaving.is_being_erased) == (False, True)
    assert leaving.leaving_at > confirmed.confirmed_at


def test_who_asked_to_be_forgotten_reads_since_when_as_long_as_the_shops_data_has_them(shop, jane):
    asked_at, canonical = dt.datetime(2026, 11, 20, 12), read_contact("jane@example.com").canonical
    shop.rows(
        "insert into sync.erasures by name select 'e1' as erasure_id, ?::timestamp as asked_at, 'open' as state",
        asked_at,
    )
    shop.rows("insert into sync.tombstones values ('email', ?::uuid, 'e1')", shop.tombstone(canonical))

    story = shop.story(jane)

    assert [(one.asked_at, one.state) for one in story.erasures] == [(asked_at, "open")]
    assert "asked to be forgotten" in story.audiences[0].verdict
    shop.build = {
        name: [row for row in rows if row["customer_id"] != customer_id(jane)] for name, rows in shop.build.items()
    }
    shop.publish()
    with pytest.raises(DataError, match="forgotten on 2026-11-20"):
        shop.asked("Jane@Example.com")


def test_whose_erasure_is_done_is_not_to_be_erased_and_has_no_days_left(shop, jane):
    shop.audience(max_days_in=30)
    shop.sync()
    assert shop.story(jane).audiences[0].stay.leaves_on is not None
    forget(shop.settings, customer_id(jane), clock=shop.tick)
    shop.publish()

    story = shop.story(jane)

    (entry,) = story.audiences[0].lists
    assert (entry.is_being_erased, entry.is_on, entry.is_leaving_for_good) == (True, False, True)
    assert (story.audiences[0].stay.leaves_on, story.audiences[0].stay.is_forgotten) == (None, True)
    command = [sys.executable, "-m", "audiences", "explain", "jane@example.com"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    shown = subprocess.run(command, cwd=shop.folder, capture_output=True, text=True, env=environment, check=True).stdout
    assert "to be erased ahead of everything" not in shown
    assert "at the latest" not in shown
    assert "asked to be forgotten" in shown


def test_who_was_forgotten_by_id_reads_so_with_other_addresses_and_when_gone_from_the_data(shop, jane):
    receipt = forget(shop.settings, customer_id(jane), clock=shop.tick)
    for row in shop.build["marts.dim_identifiers"]:
        if row["customer_id"] == customer_id(jane):
            row |= hashes_of("jane.anew@example.com")
    shop.publish()

    story = shop.story(jane)

    assert [(one.asked_at, one.state) for one in story.erasures] == [(receipt.asked_at, "done")]
    assert "asked to be forgotten" in story.audiences[0].verdict
    assert shop.story("other1").erasures == ()
    shop.build = {
        name: [row for row in rows if row["customer_id"] != customer_id(jane)] for name, rows in shop.build.items()
    }
    shop.publish()
    with pytest.raises(DataError, match="has that id; it was asked to be forgotten on 2026-11-24"):
        shop.asked(customer_id(jane))


def test_asking_changes_nothing_in_the_ledger(shop, jane):
    shop.sync()
    with open_ledger(shop.settings) as ledger:
        values = ["stopped", shop.now, shop.now]
        ledger.connection.execute(
            "insert into sync.builds (build_id, as_of, started_at, finished_at, state, node_count, failed_nodes) "
            "values (?, ?, ?, null, 'running', 0, [])",
            values,
        )
        ledger.connection.execute("update sync.batches set is_folded = false, state = 'open'")
    before = shop.ledger_rows()

    level = shop.told(jane).lists[0].level

    assert level == "sent"  # what a killed sync left is understood, and not written down here
    assert before["memberships"] and before["builds"]
    assert shop.ledger_rows() == before


def test_a_list_of_an_audience_that_got_another_name_is_told_under_it_before_any_sync(shop, jane):
    shop.sync()
    shop.forget_definition()
    shop.audience("quiet", renamed_from="lapsed")
    for _ in range(2):
        (story,) = shop.story(jane).audiences
        (entry,) = story.lists
        assert (story.audience, entry.list, entry.level) == ("quiet", "quiet@meta:main", "accepted")
        shop.plan()
    assert shop.rows("select list_id from sync.lists") == [("lapsed@meta:main",)]
