"""Lists of one family have nobody in common: whoever is still on one of them is not added to another."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.errors import ConfigError
from audiences.sync.release import release
from audiences.sync.status import read_status

LIST = "lapsed@meta:main"
STRINGS, AMPS = f"{LIST}/Strings", f"{LIST}/Amps"
BUYERS, OUTLET = "buyers@meta:main", "buyers@meta:outlet"
TODAY, TOMORROW = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}


@pytest.fixture
def shop(open_shop):
    return open_shop(max_wait_seconds=0)


def with_outlet(shop):
    outlet = {**shop.account, "id": f"act_outlet{shop.salt}"}
    shop.content["platforms"]["meta"]["accounts"]["outlet"] = outlet
    shop.configure()


def split(shop):
    """Fifty people are to move from one split to another, and one comes."""
    shop.strings = shop.crowd(200, prefix="s", category="Strings")
    shop.amps = shop.crowd(200, prefix="a", category="Amps")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 50}, guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.movers = set(sorted(shop.strings)[:50])
    shop.leaves(*shop.movers)
    shop.lapsed(*sorted(shop.movers), "newcomer", category="Amps")
    shop.publish(TOMORROW)


def group(shop, account="main"):
    """A hundred people are to move from one audience of a group to another, whose list is on that account."""
    if account != "main":
        with_outlet(shop)
    shop.everybody = shop.crowd(300)
    shop.buyers = shop.crowd(150, prefix="buyer", segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20, guards=FREE)
    shop.audience(
        "buyers", segment="recent", exclusive_group="winback", priority=10, guards=FREE,
        platforms={"meta": {"account": account}},
    )  # fmt: skip
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.movers = set(sorted(shop.everybody)[:100])
    shop.lapsed(*sorted(shop.movers), "newcomer", segment="recent")
    shop.publish(TOMORROW)


def made_stale(shop, list_id):
    """Something else wrote to the list since the plan was made."""
    shop.rows("update sync.lists set version = version + 1 where list_id = ?", list_id)


def nobody_twice(shop, *lists):
    """Neither at the platform nor in the ledger is anybody on two of these lists."""
    for on in (shop.people_on, shop.on_ledger):
        found = [on(list_id) for list_id in lists]
        assert all(found)
        assert len(set.union(*found)) == sum(len(one) for one in found)


def heals(shop, expected, *lists):
    shop.sandbox.control(faults=[])
    assert shop.sync() == 0
    nobody_twice(shop, *lists)
    assert shop.people_on(lists[-1]) == shop.on_ledger(lists[-1]) == expected
    assert not any(one.changes for one in shop.plan().lists)


def test_who_moves_waits_where_the_list_that_they_are_on_is_refused_as_stale(shop):
    split(shop)
    plan = shop.plan()
    made_stale(shop, STRINGS)
    shop.result = shop.apply(plan)
    assert (shop.of_list(STRINGS).state, shop.of_list(AMPS).state) == ("stale", "partly")
    assert shop.people_on(AMPS) == shop.on_ledger(AMPS) == shop.amps | {"newcomer"}
    assert shop.of_list(AMPS).message == (
        f"50 people wait here: they are still on {STRINGS}, where a removal did not happen"
    )
    assert shop.of_list(AMPS).exit_code == 6
    heals(shop, shop.amps | shop.movers | {"newcomer"}, STRINGS, AMPS)


def test_a_list_that_nobody_moves_to_goes_on_beside_one_that_is_stale(shop):
    split(shop)
    plan = shop.plan()
    made_stale(shop, AMPS)
    shop.result = shop.apply(plan)
    assert (shop.of_list(AMPS).state, shop.of_list(STRINGS).state) == ("stale", "applied")
    assert shop.people_on(STRINGS) == shop.strings - shop.movers


def test_who_moves_under_another_id_waits_too(shop):
    """Strings has them under the id of before, and amps is to have them under the one of now."""
    split(shop)
    for name in sorted(shop.movers):
        shop.leaves(name)
        shop.person(f"{name}_of_now", emails=[])
        shop.lapsed(f"{name}_of_now", category="Amps")
        shop.merges(name, f"{name}_of_now")
    shop.publish(TOMORROW)
    plan = shop.plan()
    made_stale(shop, STRINGS)
    shop.result = shop.apply(plan)
    assert "50 people wait here" in shop.of_list(AMPS).message
    assert shop.people_on(AMPS) == shop.on_ledger(AMPS) == shop.amps | {"newcomer"}


def test_who_moves_waits_where_their_removal_fails(shop):
    group(shop)
    shop.sandbox.control(faults=[{"do": "error", "code": 2650, "on": "remove", "times": "always"}])
    shop.sync()
    assert shop.people_on(LIST) == shop.on_ledger(LIST) == shop.everybody
    assert shop.people_on(BUYERS) == shop.on_ledger(BUYERS) == shop.buyers | {"newcomer"}
    heals(shop, shop.buyers | shop.movers | {"newcomer"}, LIST, BUYERS)


def test_of_a_removal_that_was_accepted_in_part_only_the_others_wait(open_shop):
    shop = open_shop(rows_per_request=50, max_wait_seconds=0)
    group(shop)
    shop.sandbox.control(faults=[{"do": "error", "code": 2650, "on": "remove", "after": 1}])
    shop.sync()
    nobody_twice(shop, LIST, BUYERS)
    left = shop.movers & shop.people_on(LIST)
    assert 0 < len(left) < len(shop.movers)
    assert shop.people_on(BUYERS) == shop.buyers | shop.movers - left | {"newcomer"}
    assert f"{len(left)} people wait here" in shop.of_list(BUYERS).message
    heals(shop, shop.buyers | shop.movers | {"newcomer"}, LIST, BUYERS)


def test_who_cannot_be_removed_is_not_added_elsewhere_and_all_others_are(shop):
    group(shop)
    stuck = min(shop.movers)
    (bad,) = shop.hashes_of(stuck)
    shop.sandbox.control(faults=[{"do": "error", "code": 100, "on": "remove", "times": "always", "containing": [bad]}])
    shop.sync()
    assert shop.people_on(LIST) == shop.on_ledger(LIST) == shop.everybody - shop.movers | {stuck}
    assert shop.people_on(BUYERS) == shop.on_ledger(BUYERS) == shop.buyers | shop.movers - {stuck} | {"newcomer"}
    heals(shop, shop.buyers | shop.movers | {"newcomer"}, LIST, BUYERS)


def test_who_moves_to_another_account_waits_while_the_one_that_they_are_on_does_not_open(shop):
    group(shop, "outlet")
    plan = shop.plan()
    shop.content["platforms"]["meta"]["accounts"]["main"] = {**shop.account, "access_token": ""}
    shop.configure()
    shop.result = shop.apply(plan)
    assert shop.of_list(LIST).state == "failed"
    assert shop.people_on(OUTLET) == shop.on_ledger(OUTLET) == shop.buyers | {"newcomer"}
    shop.content["platforms"]["meta"]["accounts"]["main"] = shop.account
    shop.configure()
    heals(shop, shop.buyers | shop.movers | {"newcomer"}, LIST, OUTLET)


def test_who_moves_to_another_account_is_added_only_when_the_removal_from_the_first_is_answered(shop):
    group(shop, "outlet")
    shop.sandbox.control(faults=[{"do": "slow", "seconds": 1, "on": "remove"}])
    plan = shop.plan()
    shop.apply(plan)
    instants = "select max(closed_at) filter (where phase = 1) < min(opened_at) filter (where phase = 2)"
    assert shop.value(f"{instants} from sync.batches where plan_id = ?", plan.plan_id)
    nobody_twice(shop, LIST, OUTLET)


def test_what_waits_behind_a_list_that_stopped_goes_on(open_shop):
    """Most of its removals were never asked for; the other list's additions go all the same."""
    shop = open_shop(rows_per_request=20, max_wait_seconds=0)
    group(shop)
    shop.sandbox.control(faults=[{"do": "error", "code": 2650, "on": "remove", "times": "always"}])
    shop.forget_requests()
    shop.sync()
    assert shop.writes("remove") < 8
    assert shop.people_on(BUYERS) == shop.on_ledger(BUYERS) == shop.buyers | {"newcomer"}


def test_people_of_a_retired_list_wait_for_its_release_in_every_audience_of_the_group(shop):
    """Lapsed moves to another account; who becomes a buyer the same day is still on the list at the first one."""
    group(shop)
    with_outlet(shop)
    shop.audience(
        "lapsed", exclusive_group="winback", priority=20, guards=FREE, platforms={"meta": {"account": "outlet"}}
    )
    assert shop.sync() == 3
    assert shop.people_on(BUYERS) == shop.on_ledger(BUYERS) == shop.buyers | {"newcomer"}
    assert shop.of_list(BUYERS).message == f"100 people wait here: a guard holds their removal from {LIST}"


# a sync of some audiences only --------------------------------------------------------------------------------------------


def test_a_plan_of_one_audience_names_the_list_that_it_leaves_out(shop):
    group(shop)
    (plan,) = shop.plan("buyers").lists
    reason = f"100 people wait here: they are still on {LIST}, which this plan leaves out"
    assert (plan.guard.reasons, plan.guard.left_out, plan.guard.waits_for) == ([reason], [LIST], [])
    assert plan.guard.held == {"add": 100}
    assert plan.guard.releases(plan.list) == [(reason, [])]
    assert shop.sync("buyers") == 3
    nobody_twice(shop, LIST, BUYERS)
    (found,) = [one for one in read_status(shop.settings).lists if one.list == BUYERS]
    assert found.advice.startswith(f"run `boomerang sync` without names: people wait here who are still on {LIST}")
    assert len(found.todo) == 1
    with pytest.raises(ConfigError, match="run `boomerang sync` without names"):
        release(shop.settings, BUYERS, reason="a try", now=shop.tick())
    heals(shop, shop.buyers | shop.movers | {"newcomer"}, LIST, BUYERS)


def test_a_plan_of_one_audience_that_moved_to_another_account_leaves_its_old_list_out(shop):
    with_outlet(shop)
    everybody = shop.crowd(150)
    shop.audience("lapsed")
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.audience("lapsed", platforms={"meta": {"account": "outlet"}})
    assert shop.sync("lapsed") == 3
    assert shop.people_on(LIST) == shop.on_ledger(LIST) == everybody
    assert shop.on_ledger("lapsed@meta:outlet") == set()
