"""Holdouts and arms: who is held out, that it stays so, and that both sides are logged once."""

from __future__ import annotations

import datetime as dt

TOMORROW = dt.date(2026, 11, 24)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}


def held_out(shop, share):
    """The names of those who are held out at this share, by who is on the list."""
    shop.audience("lapsed", holdout=share, guards=FREE)
    assert shop.sync() == 0
    return {*shop.segment_names()} - shop.people_on()


def entries(shop):
    names = shop.name_of_key()
    found = shop.rows("select experiment, member_key, arm from sync.experiment_entries")
    return {(experiment, names[key], arm) for experiment, key, arm in found}


def test_the_holdout_is_never_sent_and_about_as_large_as_asked(shop):
    everybody = shop.crowd(1000)
    shop.audience("lapsed", holdout="20%")
    shop.publish()
    plan = shop.plan_of()
    assert 150 < plan.dropped["holdout"] < 250
    assert plan.members + plan.dropped["holdout"] == len(everybody)


def test_the_same_people_are_held_out_every_day(shop):
    shop.crowd(200)
    shop.publish()
    first = held_out(shop, "30%")
    shop.publish(TOMORROW)
    shop.lapsed("newcomer")
    assert held_out(shop, "30%") - {"newcomer"} == first


def test_raising_the_share_only_adds_people_and_takes_them_off_the_list(shop):
    shop.crowd(200)
    shop.publish()
    small = held_out(shop, "10%")
    large = held_out(shop, "35%")
    assert small < large
    assert shop.on_ledger() == shop.people_on()


def test_two_audiences_with_one_experiment_hold_the_same_people_out(shop):
    shop.crowd(200)
    shop.lapsed(*sorted(shop.persons), segment="recent")
    holdout = {"share": "30%", "scope": "global"}
    shop.audience("lapsed", holdout=holdout)
    shop.audience("buyers", segment="recent", holdout=holdout)
    shop.publish()
    assert shop.sync() == 0
    assert shop.people_on("lapsed@meta:main") == shop.people_on("buyers@meta:main")


def test_two_audiences_with_an_experiment_each_hold_different_people_out(shop):
    shop.crowd(200)
    shop.lapsed(*sorted(shop.persons), segment="recent")
    shop.audience("lapsed", holdout="30%")
    shop.audience("buyers", segment="recent", holdout="30%")
    shop.publish()
    assert shop.sync() == 0
    assert shop.people_on("lapsed@meta:main") != shop.people_on("buyers@meta:main")


def test_both_arms_are_logged_at_the_first_entry_and_never_again(shop):
    everybody = shop.crowd(200)
    shop.audience("lapsed", holdout="30%")
    shop.publish()
    shop.sync()
    logged = entries(shop)
    treated = {name for _, name, arm in logged if arm == "treated"}
    shop.sync()
    shop.publish(TOMORROW)
    shop.sync()
    assert {experiment for experiment, _, _ in logged} == {"audience:lapsed"}
    assert {name for _, name, _ in logged} == everybody
    assert treated == shop.people_on()
    assert entries(shop) == logged
    assert shop.value("select count(*) from sync.experiment_entries") == len(everybody)


def test_who_falls_at_the_gate_is_in_neither_arm(shop):
    shop.crowd(150)
    shop.person("denies", consent="denied")
    shop.person("faceless", emails=[])
    shop.lapsed("denies", "faceless")
    shop.audience("lapsed", holdout="30%")
    shop.publish()
    shop.sync()
    assert {"denies", "faceless"}.isdisjoint(name for _, name, _ in entries(shop))


def test_who_comes_back_keeps_the_first_entry(shop):
    shop.crowd(150)
    shop.lapsed("ann")
    shop.audience("lapsed", holdout="20%", guards=FREE)
    shop.publish()
    shop.sync()
    shop.leaves("ann")
    shop.publish(TOMORROW)
    shop.sync()
    shop.lapsed("ann")
    shop.publish(TOMORROW + dt.timedelta(days=1))
    shop.sync()
    assert len([name for _, name, _ in entries(shop) if name == "ann"]) == 1


def test_an_experiment_that_begins_later_logs_those_who_are_on_the_list_already(shop):
    everybody = shop.crowd(200)
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    assert entries(shop) == set()
    shop.audience("lapsed", holdout="20%")
    assert shop.sync() == 0
    logged = entries(shop)
    assert {name for _, name, _ in logged} == everybody
    assert {name for _, name, arm in logged if arm == "treated"} == shop.people_on()


def test_named_arms_are_logged_by_their_names(shop):
    everybody = shop.crowd(400)
    shop.audience("lapsed", arms={"a": "40%", "b": "40%", "holdout": "20%"})
    shop.publish()
    assert shop.sync() == 0
    by_arm = {arm: {name for _, name, one in entries(shop) if one == arm} for arm in ("a", "b", "holdout")}
    assert by_arm["a"] == shop.people_on("lapsed@meta:main/a")
    assert by_arm["b"] == shop.people_on("lapsed@meta:main/b")
    assert by_arm["a"] | by_arm["b"] | by_arm["holdout"] == everybody


def test_a_plan_that_is_not_applied_logs_nothing(shop):
    shop.crowd(150)
    shop.audience("lapsed", holdout="20%")
    shop.publish()
    shop.plan()
    assert shop.value("select count(*) from sync.experiment_entries") == 0
    assert shop.value("select count(*) from sync.audience_history") == 0
