"""A plan is a look: it writes itself to the ledger and nothing else. What it found is in force when it is applied."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import LIST, TODAY

from audiences.sync.preview import preview
from audiences.sync.release import release
from audiences.sync.status import read_status

TOMORROW = TODAY + dt.timedelta(days=1)
NEW = "quiet@meta:main"
FREE = {"max_shrink": "100%", "max_growth": "10000%"}
SPLIT = {"column": "category", "max_lists": 5, "min_members": 120, "rest": "other"}


def contents(shop):
    """How many rows each table of the ledger has and a sum over them, but for those that a plan is kept in."""
    names = [
        name
        for (name,) in shop.rows("select table_name from information_schema.tables where table_schema = 'sync'")
        if name not in ("plans", "plan_changes")
    ]
    assert {"lists", "memberships", "experiments", "split_values", "audience_history"} <= set(names)
    return {name: shop.rows(f"select count(*), sum(hash(one::varchar)) from sync.{name} as one")[0] for name in names}


def earlier(shop, plans):
    """The rows of these plans."""
    found = [("plans", "* exclude (entry)"), ("plan_changes", "*")]
    return [
        shop.rows(f"select {what} from sync.{table} where list_contains(?, plan_id) order by all", plans)
        for table, what in found
    ]


def everything(shop):
    """Lists of each kind: of an audience that gets another name, with a split and an experiment, paused, and retired."""
    for value in ("Strings", "Amps"):
        shop.crowd(300, prefix=value.lower(), category=value)
    for name in ("waits", "goes"):
        shop.audience(name, holdout="10%", guards=FREE)
    shop.audience("lapsed", split_by=SPLIT, holdout="20%", max_days_in=60, guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.forget_definition("goes")
    shop.audience("waits", holdout="10%", paused=True)
    renamed(shop, split_by=SPLIT, holdout="10%", max_days_in=60)
    shop.leaves(*[f"amps{number:04}" for number in range(250)])
    shop.lapsed("ann", category="Strings")
    shop.publish(TOMORROW)


def renamed(shop, **keys):
    shop.forget_definition()
    shop.audience("quiet", **{"label": "Label of lapsed", "renamed_from": "lapsed", "guards": FREE, **keys})


def named_as_before(shop, **keys):
    shop.forget_definition("quiet")
    shop.audience("lapsed", **{"guards": FREE, **keys})


@pytest.fixture
def quiet(open_shop):
    """Its one audience was filled under a name that it does not have any more."""
    shop = open_shop()
    shop.everybody = shop.crowd(600)
    shop.audience("lapsed", guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    renamed(shop)
    shop.lapsed("ann")
    shop.publish(TOMORROW)
    return shop


def test_a_plan_changes_nothing_in_the_ledger_but_itself(shop):
    """Folding what a killed run left, and noting that a killed build is over, would come before: both are done by then."""
    everything(shop)
    plans = [plan for (plan,) in shop.rows("select distinct plan_id from sync.plans")]
    before, planned_before = contents(shop), earlier(shop, plans)
    for _ in range(2):
        plan = shop.plan()
        assert any(one.taken_over_from == "lapsed" and one.changes for one in plan.lists)
        assert {one.state for one in plan.lists} == {"active", "paused", "retired"}
        assert contents(shop) == before
        assert earlier(shop, plans) == planned_before


def test_what_was_planned_is_done_when_it_is_applied(shop):
    everything(shop)
    plan = shop.plan()
    shop.plan()
    shop.apply(plan)
    assert shop.rows("select list_id from sync.lists where audience = 'lapsed'") == []
    assert shop.rows("select distinct audience from sync.audience_history order by all") == [
        ("goes",), ("quiet",), ("waits",),
    ]  # fmt: skip
    assert shop.rows("select distinct family, max(small_builds) from sync.split_values group by all") == [
        (f"{NEW} by category", 1)
    ]
    on_list = shop.people_on(f"{NEW}/Strings")
    assert on_list == shop.on_ledger(f"{NEW}/Strings")
    assert len(on_list) > 200


def test_after_a_look_at_a_rename_the_old_name_goes_on(quiet):
    """A branch is planned with the new name, then the main one without it."""
    there = quiet.remote_id()
    assert quiet.plan_of("quiet").adds == 1
    named_as_before(quiet)
    plan = quiet.plan_of()
    assert (plan.list, plan.adds, plan.notes) == (LIST, 1, [])
    assert quiet.sync() == 0
    assert quiet.remote_id() == there
    assert quiet.people_on() == quiet.on_ledger() == quiet.everybody | {"ann"}


def test_a_rename_that_was_looked_at_while_the_old_name_was_synced_is_planned_again(quiet):
    looked_at = quiet.plan()
    named_as_before(quiet)
    assert quiet.sync() == 0
    renamed(quiet)
    (result,) = quiet.apply(looked_at).lists
    assert (result.state, result.message) == ("stale", "the list moved since the plan was made: plan again")
    assert quiet.rows("select audience from sync.lists") == [("lapsed",)]
    assert quiet.sync() == 0
    assert quiet.people_on(NEW) == quiet.on_ledger(NEW) == quiet.everybody | {"ann"}


def test_a_plan_under_the_old_name_is_refused_once_the_list_has_the_new_one(quiet):
    named_as_before(quiet)
    under_old_name = quiet.plan()
    renamed(quiet)
    assert quiet.sync() == 0
    named_as_before(quiet)
    (result,) = quiet.apply(under_old_name).lists
    assert (result.state, quiet.rows("select audience from sync.lists")) == ("stale", [("quiet",)])


def test_of_two_looks_the_older_one_may_be_applied(quiet):
    older, newer = quiet.plan(), quiet.plan()
    assert [one.state for one in quiet.apply(older).lists] == ["applied"]
    assert [one.state for one in quiet.apply(newer).lists] == ["stale"]
    assert quiet.people_on(NEW) == quiet.on_ledger(NEW) == quiet.everybody | {"ann"}
    assert quiet.rows("select distinct list_id from sync.plans") == [(NEW,)]


def test_a_plan_that_is_refused_takes_nothing_over(quiet):
    plan = quiet.plan()
    quiet.audience("quiet", label="Label of lapsed", renamed_from="lapsed", where={"category": "Amps"})
    (result,) = quiet.apply(plan).lists
    assert (result.state, quiet.rows("select audience from sync.lists")) == ("stale", [("lapsed",)])


def test_a_list_of_another_name_that_could_not_be_reached_goes_on_with_the_next_sync(quiet, fails):
    fails("server_error", "add")
    assert quiet.sync() != 0
    assert quiet.rows("select audience from sync.lists") == [("quiet",)]
    assert quiet.sync() == 0
    assert quiet.people_on(NEW) == quiet.on_ledger(NEW) == quiet.everybody | {"ann"}


def test_what_is_held_under_a_new_name_is_released_under_it(quiet):
    quiet.leaves(*sorted(quiet.everybody)[:400])
    quiet.publish(TOMORROW)
    quiet.audience("quiet", label="Label of lapsed", renamed_from="lapsed")
    assert quiet.plan_of("quiet").guard.held == {"remove": 400}
    given = release(quiet.settings, NEW, reason="a branch", now=quiet.tick())
    assert given.at_most == 400
    assert quiet.plan_of("quiet").guard.held == {}
    assert quiet.sync() == 0
    assert len(quiet.people_on(NEW)) == 201
    assert quiet.value("select count(*) from sync.permits where used_by_plan is null") == 0


def test_a_release_under_the_old_name_holds_under_the_new_one(quiet):
    quiet.leaves(*sorted(quiet.everybody)[:400])
    named_as_before(quiet, guards={})
    quiet.publish(TOMORROW)
    assert quiet.plan_of().guard.held == {"remove": 400}
    release(quiet.settings, LIST, reason="on the main branch", now=quiet.tick())
    renamed(quiet, guards={})
    assert quiet.plan_of("quiet").guard.held == {}
    assert quiet.sync() == 0
    assert len(quiet.people_on(NEW)) == 201


def test_the_status_shows_a_list_by_its_new_name_once_and_changes_nothing(quiet):
    for looks in (0, 1):
        assert len(quiet.plan().lists) == 1 if looks else True
        before = contents(quiet)
        (found,) = read_status(quiet.settings).lists
        assert (found.list, found.state, found.members) == (NEW, "active", 600)
        assert contents(quiet) == before
        assert quiet.rows("select audience from sync.lists") == [("lapsed",)]


def test_a_preview_has_the_lists_of_an_audience_that_got_another_name(shop):
    everything(shop)
    assert shop.sync() == 3
    shop.forget_definition("quiet")
    shop.audience("calm", label="Label of lapsed", renamed_from=["lapsed", "quiet"], split_by=SPLIT, holdout="10%")
    (account,) = [one for found in preview(shop.settings, ("calm",)) for one in found.accounts]
    assert "calm@meta:main/Amps" in account.lists
    assert {one.list for one in shop.plan("calm").lists if one.members} == set(account.lists)


def test_who_renames_and_pauses_at_once_keeps_the_list_as_it_is(quiet):
    quiet.audience("quiet", label="Label of lapsed", renamed_from="lapsed", paused=True)
    quiet.audience("another", guards=FREE)
    (found,) = [one for one in quiet.plan().lists if one.list == NEW]
    assert (found.state, found.changes, found.members, found.guard.held) == ("paused", 0, 600, {})
    quiet.sync()
    assert quiet.people_on(NEW) == quiet.on_ledger(NEW) == quiet.everybody
