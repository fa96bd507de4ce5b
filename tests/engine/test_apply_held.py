"""What a guard holds stays held until it is released, and everything else goes."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.errors import ConfigError
from audiences.sync.release import release
from audiences.sync.status import read_status
from audiences.warehouse.duckdb import writing

LIST = "lapsed@meta:main"
TODAY = dt.date(2026, 11, 23)
TOMORROW = dt.date(2026, 11, 24)


def filled(shop, count=600, **definition):
    everybody = shop.crowd(count)
    shop.audience("lapsed", **definition)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.forget_requests()
    return everybody


def half_gone(shop, everybody):
    """Two thirds of the people leave, twenty come."""
    gone = set(sorted(everybody)[:400])
    shop.leaves(*gone)
    new = shop.crowd(20, prefix="new")
    shop.publish(TOMORROW)
    return gone, new


def test_a_list_that_would_shrink_too_much_keeps_its_people_while_additions_go(shop):
    everybody = filled(shop)
    _, new = half_gone(shop, everybody)
    plan = shop.plan()
    assert plan.is_held
    assert plan.lists[0].guard.held == {"remove": 400}
    (result,) = shop.apply(plan).lists
    assert (result.state, result.exit_code) == ("held", 3)
    assert "would shrink from 600 to 220" in result.message
    assert shop.people_on() == shop.on_ledger() == everybody | new
    assert shop.writes("remove") == 0


def test_who_said_no_leaves_a_list_whose_removals_are_held(shop):
    everybody = filled(shop)
    gone, new = half_gone(shop, everybody)
    refuser = max(everybody - gone)
    shop.person(refuser, consent="denied")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.people_on() == (everybody | new) - {refuser}


def test_who_shares_a_phone_with_somebody_removed_is_put_back_whatever_is_held(shop):
    shop.person("ann", phones=["1555"])
    shop.person("bob", phones=["1555"])
    shop.lapsed("ann", "bob")
    everybody = filled(shop)
    for name in sorted(everybody)[:400]:
        shop.person(name, emails=[f"{name}@new.example.com"])
    shop.leaves("bob")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.plan_of().guard.held == {"update": 400}
    assert "ann" in shop.people_on()


def test_a_list_below_the_platforms_floor_is_not_even_made(shop):
    shop.crowd(99)
    shop.audience("lapsed")
    shop.publish()
    assert shop.sync() == 3
    assert shop.writes() == 0
    assert shop.remote_id() is None


def test_an_audience_may_want_more_people_than_the_platform_does(shop):
    shop.crowd(150)
    shop.audience("lapsed", guards={"min_members": 200})
    shop.publish()
    assert shop.plan_of().guard.reasons == ["150 members are fewer than 200, which the platform or the audience needs"]


def test_an_old_build_is_not_sent(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.tick(days=2)
    assert shop.sync() == 3
    assert shop.writes() == 0


def test_after_a_failed_build_the_older_one_is_not_sent(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.publish(state="failed")
    assert shop.sync() == 3
    assert "a newer build did not finish" in shop.of_list(LIST).message


def test_while_a_build_runs_the_finished_one_is_sent(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.publish(state="running")
    with writing(shop.settings.home):
        assert shop.sync() == 0


def test_after_a_build_that_was_killed_the_older_one_is_not_sent(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.publish(state="running")
    assert shop.sync() == 3
    assert "a newer build did not finish" in shop.of_list(LIST).message
    assert read_status(shop.settings).builds[0].state == "failed"


def test_growth_that_was_held_yesterday_is_still_held_today(shop):
    everybody = filled(shop, 500)
    shop.crowd(2000, prefix="flood")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.sync() == 3
    assert shop.people_on() == everybody


def test_what_is_held_since_when_and_why_stands_in_the_status(shop):
    everybody = filled(shop)
    half_gone(shop, everybody)
    shop.sync()
    since = shop.now
    shop.sync()
    (found,) = read_status(shop.settings).lists
    assert found.held == {"remove": 400}
    assert "would shrink" in found.reasons[0]
    assert found.held_since < since
    assert f"boomerang release {LIST}" in found.advice


def let_go(shop, **how):
    return release(shop.settings, LIST, reason="looked at it", now=shop.tick(), **how)


def test_a_release_lets_the_next_sync_go_once(shop):
    everybody = filled(shop)
    gone, new = half_gone(shop, everybody)
    shop.sync()
    given = let_go(shop)
    assert shop.sync() == 0
    assert given.at_most == 400
    assert shop.people_on() == everybody - gone | new
    assert shop.value("select count(*) from sync.permits where used_by_plan is null") == 0
    shop.leaves(*sorted(everybody - gone)[:150])
    shop.crowd(100, prefix="more")
    shop.publish(TOMORROW)
    assert shop.sync() == 3


def test_a_release_has_a_ceiling(shop):
    everybody = filled(shop)
    gone, _ = half_gone(shop, everybody)
    shop.sync()
    let_go(shop, at_most=400)
    shop.leaves(min(everybody - gone))
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert "401 of 620 members would be removed" in shop.of_list(LIST).message
    assert shop.people_on() >= everybody


def test_a_release_of_one_guard_does_not_open_another(shop):
    everybody = filled(shop)
    half_gone(shop, everybody)
    shop.sync()
    let_go(shop, guards=["shrink"])
    assert shop.sync() == 3
    assert shop.of_list(LIST).message.startswith("400 of 620 members would be removed")


def test_a_release_expires(shop):
    everybody = filled(shop)
    half_gone(shop, everybody)
    shop.sync()
    let_go(shop, hours=1)
    shop.tick(hours=1)
    assert shop.sync() == 3


def test_a_release_is_kept_with_its_reason(shop):
    everybody = filled(shop)
    half_gone(shop, everybody)
    shop.sync()
    let_go(shop, guards=["shrink", "removals"])
    shop.sync()
    kept = shop.rows("select distinct list_id, at_most, reason, used_by_plan is not null from sync.permits")
    assert kept == [(LIST, 400, "looked at it", True)]


@pytest.mark.parametrize(
    ("list_id", "how", "message"),
    [
        ("lapsed@meta:mian", {}, "did you mean lapsed@meta:main"),
        (LIST, {}, "nothing is held"),
        (LIST, {"guards": ["shrnk"]}, "did you mean shrink"),
    ],
    ids=["unknown list", "nothing held", "unknown guard"],
)
def test_a_release_that_makes_no_sense_says_why(shop, list_id, how, message):
    filled(shop, 110)
    with pytest.raises(ConfigError, match=message):
        release(shop.settings, list_id, reason="why not", now=shop.tick(), **how)


def test_who_is_kept_on_one_split_by_a_guard_is_not_added_to_another(shop):
    strings, amps = shop.crowd(600, prefix="s", category="Strings"), shop.crowd(600, prefix="a", category="Amps")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 50})
    shop.publish(TODAY)
    shop.sync()
    movers = sorted(strings)[:400]
    shop.leaves(*movers)
    shop.lapsed(*movers, "newcomer", category="Amps")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.people_on(f"{LIST}/Strings") == strings
    assert shop.people_on(f"{LIST}/Amps") == amps | {"newcomer"}
    assert "400 people wait here" in shop.of_list(f"{LIST}/Amps").message
    release(shop.settings, f"{LIST}/Strings", reason="a new catalogue", now=shop.tick())
    assert shop.sync() == 0
    assert shop.people_on(f"{LIST}/Strings") == strings - set(movers)
    assert shop.people_on(f"{LIST}/Amps") == amps | {"newcomer", *movers}


@pytest.fixture
def many_move(shop):
    """Two audiences of a group; 400 of 600 people go to the one that comes first, so a guard holds their removal."""
    shop.everybody = shop.crowd(600)
    shop.buyers = shop.crowd(150, prefix="buyer", segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20)
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.lapsed(*sorted(shop.everybody)[:400], segment="recent")
    shop.publish(TOMORROW)
    return shop


def test_who_is_kept_in_one_audience_of_a_group_by_a_guard_is_not_added_to_another(many_move):
    assert many_move.sync() == 3
    assert many_move.people_on() == many_move.everybody
    assert many_move.people_on("buyers@meta:main") == many_move.buyers


def test_a_sync_of_one_audience_of_a_group_adds_nobody_who_is_still_on_the_list_of_another(many_move):
    assert many_move.sync("buyers") == 3
    assert many_move.people_on("buyers@meta:main") == many_move.buyers
    assert many_move.people_on() == many_move.everybody
