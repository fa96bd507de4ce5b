"""What `boomerang status` says of each list, and what to do about it."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys

import pytest
from truth_shop import LIST

from audiences.sync.rebuild import plan_rebuild
from audiences.sync.release import release

HOLD = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(float(sys.argv[2]))"


def run(shop, *arguments, **kept):
    command = [sys.executable, "-m", "audiences", *arguments, "--config", str(shop.folder / "boomerang.yaml")]
    environment = {**os.environ, **kept}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_how_far_the_truth_goes_is_counted_level_by_level(open_shop, fails):
    shop = open_shop(rows_per_request=50)
    fails("processing_fails", "add", times=1)
    shop.filled()
    before = shop.state()
    assert (before.members, before.accepted, before.confirmed, before.requests_waiting) == (150, 150, 0, 3)
    shop.later()
    shop.leaves("crowd0001")
    shop.publish(1)
    shop.sandbox.control(processing_seconds=6 * 3600)
    shop.sync()
    shop.rows(
        "update sync.memberships set level = 'sent' where leaving_at is null and member_key = (select min(member_key) from sync.memberships where leaving_at is null)"
    )
    state = shop.state()
    lost = shop.value("select row_count from sync.batches where processing = 'failed'")
    assert (state.members, state.leaving) == (149, 1)
    assert state.unanswered == 1
    assert state.accepted == 148
    assert state.confirmed in (148 - lost, 149 - lost, 150 - lost)


def test_the_platforms_size_and_the_ages_of_sync_and_confirm_are_shown(shop):
    shop.filled()
    assert (shop.state().asked_at, shop.state().size_lower) == (None, None)
    shop.later()
    shop.passes(hours=3)
    state = shop.state()
    assert (state.size_lower, state.size_upper, state.match_rate, state.is_usable) == (150, 160, None, True)
    assert state.asked_hours_ago == pytest.approx(3, abs=0.3)
    assert state.synced_hours_ago == pytest.approx(10, abs=0.3)


def test_a_sync_without_changes_counts_as_a_sync(shop):
    shop.filled()
    sent = shop.state().applied_at
    shop.publish(1)
    shop.sync()
    assert shop.state().applied_at == sent
    assert shop.state().synced_hours_ago < 0.2


def test_who_asks_the_platform_too_rarely_is_told(shop):
    shop.filled()
    assert shop.state().todo == ()
    shop.passes(days=3)
    assert "run `boomerang confirm`" in shop.state().advice


def test_what_the_platform_is_still_at_work_on_is_told(shop):
    shop.sandbox.control(processing_seconds=90 * 86_400)
    shop.filled()
    shop.later(days=3)
    assert shop.state().advice == "wait: the platform has not processed 1 request yet"


def test_people_taken_off_behind_our_back_are_drift_until_a_rebuild(shop):
    everybody = shop.filled()
    for _ in range(5):
        shop.later(days=1)
    assert shop.state().drift == ""
    shop.tamper(sorted(everybody)[:80])
    assert len(shop.people_on()) == 70
    shop.later(days=1)
    assert "fell from 150–160 to 70–80" in shop.state().drift
    assert "boomerang rebuild lapsed" in shop.state().advice
    shop.rebuild()
    shop.later(hours=7)
    assert shop.state().drift == ""


def test_a_smaller_audience_is_no_drift(shop):
    everybody = sorted(shop.filled(300))
    for day in range(1, 8):
        shop.later(days=1)
        if day == 4:
            shop.leaves(*everybody[:100])
            shop.publish(day)
            assert shop.sync() == 0
        assert shop.state().drift == ""
    assert shop.people_on() == set(everybody[100:])


def test_what_a_guard_holds_since_when_and_why(shop):
    shop.configure(guards={"max_build_age": "off", "from_members": 100})
    everybody = sorted(shop.filled())
    shop.leaves(*everybody[:120])
    shop.crowd(75, prefix="new")
    shop.publish(1)
    shop.sync()
    since = shop.now
    shop.sync()
    state = shop.state()
    assert state.held == {"remove": 120}
    assert "would shrink" in state.reasons[0]
    assert since - dt.timedelta(minutes=10) < state.held_since < since
    assert f"boomerang release {LIST}" in state.advice
    plan_rebuild(shop.settings, "lapsed", clock=shop.tick)
    assert shop.state().held_since == state.held_since, "a rebuild that was not begun says nothing"
    assert release(shop.settings, LIST, reason="looked", now=shop.tick()).at_most == 120


def test_quarantine_and_expiry_are_counted(shop):
    shop.filled()
    shop.rows(
        "insert into sync.quarantine select list_id, member_key, fingerprint, 'refused', null, sent_at from sync.memberships limit 3"
    )
    shop.rows("update sync.memberships set expires_at = sent_at + interval 3 day")
    state = shop.state()
    assert (state.quarantined, state.expiring) == (3, 150)
    assert "3 people whom the platform refuses" in state.advice


def test_what_the_last_sync_left_over_is_said(open_shop, fails):
    shop = open_shop(rows_per_request=50)
    fails("error", "add", after=1, times="always", code=200)
    shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 4
    state = shop.state()
    assert not state.is_complete
    assert state.advice.startswith("run `boomerang sync`, it goes on where it stopped")


def test_paused_retiring_and_retired_lists_are_shown_as_such(shop):
    shop.filled()
    assert shop.state().state == "active"
    shop.audience("lapsed", paused=True)
    assert shop.state().state == "paused"
    shop.forget_definition()
    retiring = shop.state()
    assert retiring.state == "retiring"
    assert "no definition asks for these people" in retiring.advice
    shop.rows("update sync.lists set state = 'retired'")
    assert (shop.state().state, shop.state().todo) == ("retired", ())


def test_a_definition_with_a_mistake_does_not_make_its_list_look_deleted(shop):
    shop.filled()
    (shop.folder / "definitions" / "lapsed.yaml").write_text("label: [", encoding="utf-8")
    assert shop.state().state == "active"


def test_the_command_shows_all_of_it_for_people_and_for_programs(open_shop):
    shop = open_shop(free_ledger=True)
    shop.filled()
    shop.later()
    printed = run(shop, "status")
    assert printed.returncode == 0
    assert "what the platforms say" in printed.stdout
    assert "150–160" in printed.stdout
    (state,) = json.loads(run(shop, "status", "--json").stdout)["lists"]
    assert (state["list"], state["confirmed"], state["size_upper"], state["todo"]) == (LIST, 150, 160, [])
    asked = json.loads(run(shop, "confirm", "--json").stdout)
    assert [(one["list"], one["state"]) for one in asked] == [(LIST, "asked")]


@pytest.mark.parametrize(("seconds", "code"), [(2, 0), (30, 6)])
def test_a_ledger_in_use_is_waited_for_and_then_called_busy(open_shop, seconds, code):
    shop = open_shop(free_ledger=True)
    shop.filled()
    command = [sys.executable, "-c", HOLD, str(shop.settings.ledger_file), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holding:
        holding.stdout.readline()
        ran = run(shop, "status")
        holding.kill()
    assert ran.returncode == code
    assert ("another process holds ledger.duckdb" in ran.stderr) == (code == 6)


def test_people_put_on_behind_our_back_are_drift(shop):
    shop.filled()
    shop.later(days=1)
    shop.rows("update sync.list_status set size_lower = 290, size_upper = 300")
    assert "shows at least 290 people, and the members explain 150 at most" in shop.state().drift
    shop.rows("update sync.memberships set identifiers = list_concat(identifiers, identifiers)")
    assert shop.state().drift == "", "each row of a member may be another person there"


def test_where_all_is_well_or_nothing_is_there_it_says_so(open_shop):
    shop = open_shop(free_ledger=True)
    nothing = run(shop, "status")
    assert (nothing.returncode, "There is no list yet" in nothing.stdout) == (0, True)
    shop.filled()
    assert run(shop, "status").stdout.rstrip().endswith("No list needs anything.")
    shop.rows("update sync.memberships set level = 'sent'")
    troubled = run(shop, "status").stdout
    assert "150 are sent again" in troubled
    assert "No list needs anything." not in troubled


def test_a_list_that_could_not_be_made_is_said_with_what_to_do(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    right = shop.account["access_token"]
    shop.account["access_token"] = "wrong"
    shop.configure()
    assert shop.sync() == 4
    state = shop.state()
    assert (state.members, state.external_id, state.is_complete) == (0, None, False)
    assert state.advice.startswith(
        "mend what kept the list from being made, then run `boomerang sync`: the access token"
    )
    assert shop.result.lists[0].message in state.advice
    shop.plan()
    assert shop.state().advice == state.advice
    assert "No list needs anything" not in run(shop, "status").stdout
    shop.account["access_token"] = right
    shop.configure()
    assert shop.sync() == 0
    assert (shop.state().is_complete, shop.state().todo) == (True, ())


def test_terms_that_keep_a_list_from_being_made_are_said(shop, fails):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    fails("terms", "any")
    assert shop.sync() == 4
    assert shop.state().todo[0].endswith(shop.result.lists[0].message)
    assert "Terms are not accepted" in shop.state().advice


def test_a_plan_whose_first_sync_failed_goes_on_when_it_is_carried_out_again(shop, fails):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    plan = shop.plan()
    fails("terms", "any", times=1)
    (first,) = shop.apply(plan).lists
    assert first.state == "failed"
    shop.sandbox.control(faults=[])
    (second,) = shop.apply(plan).lists
    assert second.state == "applied"
    assert shop.state().is_complete


def test_an_exclusion_that_is_not_in_use_is_said_as_soon_as_the_platform_says_so(open_shop):
    shop = open_shop()
    shop.crowd(60, prefix="r", segment="recent")
    shop.audience("buyers", segment="recent", role="exclude")
    shop.publish(0)
    assert shop.sync() == 0
    assert shop.state("buyers@meta:main").todo == ()
    shop.tick(hours=2)
    shop.confirm()
    (said,) = shop.state("buyers@meta:main").todo
    assert said.startswith("stop the campaigns that leave this list out, or wait: 60 people may see them")


def test_a_target_that_is_not_in_use_a_day_after_it_was_filled_wants_a_look(shop):
    shop.filled()
    shop.tick(hours=2)
    shop.confirm()
    shop.rows("update sync.list_status set is_usable = false, note = 'still being made'")
    assert shop.state().todo == ()
    shop.rows("update sync.list_status set asked_at = asked_at + interval 1 day")
    shop.tick(days=1)
    (said,) = shop.state().todo
    assert said.endswith("filled a day ago and more, and the platform does not use it: still being made")
