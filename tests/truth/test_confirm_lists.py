"""Lists that somebody deleted, flagged or renamed, accounts that cannot be asked, and people who asked to be forgotten."""

from __future__ import annotations

import json

from truth_shop import LIST

from audiences.errors import gravest
from audiences.sync.forget import drain_erasures, forget

GONE = "select is_gone from sync.list_status order by asked_at desc limit 1"


def with_another_account(shop, **account):
    """Half of the audiences go to another ad account."""
    platforms = shop.content["platforms"]
    other = {**shop.account, "id": f"{shop.account['id']}2"}
    platforms["meta"]["accounts"]["other"] = other
    shop.configure(platforms=platforms)
    shop.crowd(150)
    shop.audience("lapsed")
    shop.audience("another", platforms={"meta": {"account": "other"}})
    shop.publish(0)
    assert shop.sync() == 0
    other.update(account)
    shop.configure(platforms=platforms)
    shop.passes(hours=7)
    return shop.confirm()


def test_a_list_that_somebody_deleted_is_said_and_made_anew_by_the_next_sync(shop):
    everybody = shop.filled()
    shop.later()
    shop.believe(deleted=True)
    told = shop.later()
    assert (told.state, told.exit_code) == ("gone", 1)
    assert shop.value(GONE) is True
    assert shop.rows("select external_id, generation from sync.lists") == [(None, 2)]
    assert shop.value("select count(*) from sync.memberships") == 0
    assert "somebody deleted the list there" in shop.state().advice
    assert shop.confirm() == {}
    assert shop.sync() == 0
    assert shop.later().exit_code == 0
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.state().todo == ()


def test_a_plan_made_before_a_list_was_found_gone_is_stale(shop):
    shop.filled()
    shop.crowd(10, prefix="new")
    shop.publish(1)
    plan = shop.plan()
    shop.believe(deleted=True)
    shop.later()
    assert [one.state for one in shop.apply(plan).lists] == ["stale"]


def test_a_list_that_these_credentials_may_not_see_is_not_called_gone(shop):
    shop.filled()
    shop.later()
    shop.believe(deleted=True)
    shop.sandbox.control(believe={"permissions": ["ads_read"]})
    told = shop.later()
    assert (told.state, told.exit_code) == ("failed", 4)
    assert "ads_management" in told.message
    assert shop.levels() == {"confirmed": 150}


def test_a_retired_list_that_was_deleted_there_is_only_marked(shop):
    shop.filled()
    shop.later()
    shop.rows("update sync.lists set state = 'retired', retired_at = now()::timestamp")
    shop.rows("update sync.memberships set leaving_at = sent_at + interval 1 day")
    shop.believe(deleted=True)
    told = shop.later()
    assert (told.state, told.exit_code) == ("gone", 0)
    assert shop.rows("select state, generation from sync.lists") == [("deleted", 1)]
    assert shop.confirm() == {}
    assert shop.state().todo == ()


def test_an_empty_retired_list_is_not_asked_about(shop):
    shop.filled()
    shop.later()
    shop.rows("update sync.lists set state = 'retired', retired_at = now()::timestamp")
    shop.rows("delete from sync.memberships")
    assert shop.confirm() == {}


def test_a_flagged_list_fails_the_command_until_it_is_mended(shop):
    shop.filled()
    shop.believe(flagged=True)
    told = shop.later()
    assert (told.is_flagged, told.exit_code) == (True, 1)
    assert shop.state().is_flagged
    assert "appeal in the ad manager" in shop.state().advice
    shop.believe(flagged=False)
    assert shop.later().exit_code == 0
    assert shop.state().todo == ()


def test_a_list_that_was_renamed_is_said_and_keeps_its_name_until_a_rebuild(shop):
    shop.filled()
    shop.believe(name="Spring campaign")
    told = shop.later()
    assert (told.is_renamed, told.name_there, told.exit_code) == (True, "Spring campaign", 0)
    assert "'Spring campaign'" in shop.state().advice
    shop.passes(hours=1)
    assert shop.rebuild().renamed == (LIST,)
    assert not shop.later().is_renamed
    assert shop.state().todo == ()


def test_one_accounts_trouble_does_not_stop_the_other(shop):
    told = with_another_account(shop, access_token="not-this-one")
    assert (told[LIST].state, told[LIST].confirmed) == ("asked", 150)
    assert (told["another@meta:other"].state, told["another@meta:other"].exit_code) == ("failed", 4)
    assert gravest([one.exit_code for one in told.values()]) == 4


def test_a_token_that_is_not_set_fails_its_lists_only(shop):
    told = with_another_account(shop, access_token="${NO_SUCH_TOKEN_HERE}")
    assert told[LIST].confirmed == 150
    assert told["another@meta:other"].exit_code == 2
    assert "NO_SUCH_TOKEN_HERE" in told["another@meta:other"].message


def test_lists_of_an_account_that_is_not_in_the_settings_are_said_and_left_out(shop):
    shop.filled()
    platforms = {"meta": {**shop.content["platforms"]["meta"], "accounts": {}}}
    shop.configure(platforms=platforms)
    told = shop.later()
    assert (told.state, told.exit_code) == ("unset", 0)
    assert "meta.main" in told.message
    assert "put the account meta.main back" in shop.state().advice


def test_a_platform_that_is_down_changes_nothing_and_says_to_try_again(shop, fails):
    shop.filled()
    fails("html", "sessions", times="always")
    told = shop.later()
    assert (told.state, told.exit_code) == ("failed", 6)
    assert shop.levels() == {"accepted": 150}
    assert shop.value("select count(*) from sync.list_status") == 0
    fails("slow", "find", seconds=0)
    assert shop.later().confirmed == 150


def test_an_erasure_is_confirmed_when_the_removal_is(shop):
    everybody = shop.filled()
    shop.later()
    receipt = forgotten(shop)
    assert [one.level for one in receipt.lists] == ["accepted"]
    shop.later(hours=2)
    assert levels_of(shop) == [("removed", "accepted")]
    shop.later()
    assert levels_of(shop) == [("removed", "confirmed")]
    kept = json.loads((shop.settings.home / "receipts" / f"{receipt.erasure_id}.json").read_text(encoding="utf-8"))
    assert [one["level"] for one in kept["lists"]] == ["confirmed"]
    assert shop.people_on() == everybody - {"crowd0001"}
    assert shop.value("select count(*) from sync.memberships where erasure_id is not null") == 0


def test_an_erasure_whose_removal_failed_is_open_again(shop, fails):
    everybody = shop.filled()
    shop.later()
    fails("processing_fails", "remove")
    forgotten(shop)
    assert shop.later().sent_again == 1
    assert levels_of(shop) == [("open", None)]
    assert "asked to be forgotten" in shop.state().advice
    drain_erasures(shop.settings, clock=shop.tick)
    shop.later()
    assert levels_of(shop) == [("removed", "confirmed")]
    assert shop.people_on() == everybody - {"crowd0001"}


def test_an_erasure_that_was_never_told_of_is_not_called_confirmed(shop):
    shop.filled()
    shop.later()
    shop.sandbox.control(processing_seconds=90 * 86_400)
    forgotten(shop)
    shop.later(days=8)
    assert shop.value("select count(*) from sync.memberships where erasure_id is not null") == 0
    assert levels_of(shop) == [("removed", "accepted")]


def forgotten(shop):
    """Somebody of the list asks to be forgotten, by the customer's id."""
    shop.set_clock()
    return forget(shop.settings, "crowd0001", clock=shop.tick)


def levels_of(shop):
    return shop.rows("select state, level from sync.erasure_lists")
