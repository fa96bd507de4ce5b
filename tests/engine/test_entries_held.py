"""Who is held on the way to a list is logged by the apply that sends them, and so is who would wait if they were not held out."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.sync.release import release

LIST = "lapsed@meta:main"
TODAY, TOMORROW = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}
SPLIT = {"column": "category", "min_members": 50, "rest": "other"}


def entries(shop, audience="lapsed"):
    """Arm and stratum of everybody in the log."""
    names = shop.name_of_key()
    rows = shop.rows("select member_key, arm, strata from sync.experiment_entries where audience = ?", audience)
    assert len({key for key, *_ in rows}) == len(rows)
    return {names[key]: (arm, stratum) for key, arm, stratum in rows}


def inside(shop, audience="lapsed"):
    names = shop.name_of_key()
    return {
        names[key] for (key,) in shop.rows("select member_key from sync.audience_history where audience = ?", audience)
    }


def logged(shop, *names):
    return {name for name in entries(shop) if name in {one for many in names for one in many}}


def split(shop, **keys):
    """Five hundred people of each of two values; then the list of amps is to become four times as large, which is held."""
    shop.strings, shop.amps = (shop.crowd(500, prefix=value, category=value) for value in ("Strings", "Amps"))
    shop.audience("lapsed", split_by=SPLIT, **keys)
    shop.publish(TODAY)
    assert shop.sync() == 0
    assert logged(shop, shop.strings, shop.amps) == shop.strings | shop.amps
    shop.new_strings = shop.crowd(40, prefix="more_strings", category="Strings")
    shop.flood = shop.crowd(2500, prefix="flood", category="Amps")
    shop.publish(TOMORROW)


@pytest.mark.parametrize(
    ("keys", "held"),
    [
        ({"holdout": "30%"}, ["Amps"]),
        ({"arms": {"a": "40%", "b": "30%", "holdout": "30%"}}, ["a/Amps", "b/Amps"]),
    ],
    ids=["holdout", "arms"],
)
def test_nobody_of_a_list_that_is_held_is_logged_in_any_arm_before_it_goes(shop, keys, held):
    shop.configure(guards={"max_growth": "200%", "from_members": 100})
    split(shop, **keys)
    before = entries(shop)
    assert shop.sync() == 3
    assert {one.list for one in shop.plan().lists if one.guard.held} == {f"{LIST}/{split}" for split in held}
    assert logged(shop, shop.flood) == set()
    assert inside(shop) & shop.flood == set()
    assert logged(shop, shop.new_strings) == shop.new_strings == inside(shop) & shop.new_strings
    assert {entries(shop)[name][0] for name in shop.new_strings} == {"holdout", *[one[0] for one in before.values()]}
    for one in held:
        release(shop.settings, f"{LIST}/{one}", reason="a campaign", now=shop.tick())
    assert shop.sync() == 0
    found = entries(shop)
    assert logged(shop, shop.flood) == shop.flood == inside(shop) & shop.flood
    assert 500 < len([name for name in shop.flood if found[name][0] == "holdout"]) < 1000
    sent = set().union(*(shop.on_ledger(one.list) for one in shop.plan().lists))
    assert {name for name in shop.flood if found[name][0] != "holdout"} == shop.flood & sent


def test_where_one_arm_is_held_the_other_is_logged_and_those_held_out_wait_for_both(shop):
    """Who is held out could have gone to either."""
    shop.crowd(600)
    shop.audience("lapsed", arms={"a": "10%", "b": "70%", "holdout": "20%"}, guards={"min_members": 100})
    shop.publish(TODAY)
    assert shop.sync() == 3
    assert {arm for arm, _ in entries(shop).values()} == {"b"}
    assert set(entries(shop)) == shop.on_ledger(f"{LIST}/b")
    shop.audience("lapsed", arms={"a": "10%", "b": "70%", "holdout": "20%"}, guards={"min_members": 10})
    shop.crowd(700, prefix="more")
    shop.publish(TOMORROW)
    shop.sync()
    assert {arm for arm, _ in entries(shop).values()} == {"a", "b", "holdout"}
    assert set(entries(shop)) == shop.segment_names()


def test_a_list_that_is_refused_as_stale_logs_nobody_and_the_others_do(shop):
    split(shop, holdout="30%", guards=FREE)
    plan = shop.plan()
    shop.rows("update sync.lists set version = version + 1 where list_id = ?", f"{LIST}/Amps")
    shop.apply(plan)
    assert logged(shop, shop.flood) == set()
    assert logged(shop, shop.new_strings) == shop.new_strings
    assert shop.sync() == 0
    assert set(entries(shop)) == shop.segment_names()


def test_the_strata_are_the_values_of_the_split_for_both_arms(shop):
    shop.crowd(45, prefix="picks", category="Picks")
    shop.crowd(160, prefix="none", category=None)
    split(shop, holdout="30%", guards=FREE)
    found = entries(shop)
    strata = {"Strings": "Strings", "Amps": "Amps", "picks": "other", "none": "other"}
    for prefix, stratum in strata.items():
        of_value = [entry for name, entry in found.items() if name.startswith(prefix)]
        assert {one for _, one in of_value} == {stratum}
        assert {arm for arm, _ in of_value} == {"treated", "holdout"}


def test_without_a_split_there_are_no_strata(shop):
    shop.crowd(300)
    shop.audience("lapsed", holdout="30%")
    shop.publish()
    shop.sync()
    assert set(entries(shop).values()) == {("treated", None), ("holdout", None)}


def test_who_waits_for_another_list_is_logged_when_they_go_and_so_is_who_is_held_out(shop):
    """Four hundred lapsed people become buyers, but their removal is held; whoever comes new is logged at once."""
    lapsed = shop.crowd(600)
    shop.crowd(250, prefix="buyer", segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20)
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10, holdout="30%", guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    movers = set(sorted(lapsed)[:400])
    new = shop.crowd(60, prefix="new", segment="recent")
    shop.lapsed(*sorted(movers), segment="recent")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    found = entries(shop, "buyers")
    assert new <= set(found)
    assert movers & set(found) == set() == movers & inside(shop, "buyers")
    release(shop.settings, LIST, reason="they bought", now=shop.tick())
    assert shop.sync() == 0
    found = entries(shop, "buyers")
    assert movers <= set(found)
    treated = {name for name in movers if found[name][0] == "treated"}
    assert treated == movers & shop.on_ledger("buyers@meta:main")
    assert 60 < len(movers - treated) < 180


def test_who_waits_because_a_sync_leaves_their_list_out_is_logged_when_they_go(shop):
    lapsed = shop.crowd(600)
    shop.crowd(250, prefix="buyer", segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20, guards=FREE)
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10, holdout="30%", guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    movers = set(sorted(lapsed)[:400])
    shop.lapsed(*sorted(movers), segment="recent")
    shop.publish(TOMORROW)
    assert shop.sync("buyers") == 3
    assert movers & set(entries(shop, "buyers")) == set() == movers & inside(shop, "buyers")
    assert shop.sync() == 0
    assert movers <= set(entries(shop, "buyers"))


def test_who_leaves_a_list_that_is_refused_has_not_left(shop):
    everybody = shop.crowd(150)
    shop.audience("lapsed", guards=FREE)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.leaves(*sorted(everybody)[:20])
    shop.publish(TOMORROW)
    plan = shop.plan()
    shop.rows("update sync.lists set version = version + 1")
    shop.apply(plan)
    left = "select count(*) from sync.audience_history where left_at is not null"
    assert shop.value(left) == 0
    assert shop.sync() == 0
    assert shop.value(left) == 20
