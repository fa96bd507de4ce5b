"""Platforms match people: an identifier of somebody who may not be sent is sent for nobody, of others whatever is left."""

from __future__ import annotations

import datetime as dt

import pytest

LIST = "lapsed@meta:main"
TOMORROW = dt.date(2026, 11, 24)
PHONE = "15551234567"
FREE = {"max_shrink": "100%", "max_growth": "10000%"}


def denies(shop):
    shop.person("dan", phones=[PHONE], consent="denied")


def is_forgotten(shop):
    shop.person("dan", phones=[PHONE])
    shop.forgets("dan@example.com")


def is_excluded(shop):
    shop.person("dan", phones=[PHONE])
    shop.lapsed("dan")
    shop.lapsed("dan", segment="recent")


def is_excluded_from_elsewhere(shop):
    """By a segment: dan is not in the audience's own."""
    shop.person("dan", phones=[PHONE])
    shop.lapsed("dan", segment="recent")


BECOMING = [denies, is_forgotten, is_excluded, is_excluded_from_elsewhere]
STRICTER = pytest.mark.parametrize("becomes", BECOMING, ids=lambda one: one.__name__)


def defined(shop, **keys):
    shop.audience("lapsed", exclude=["segment:recent"], **keys)


@STRICTER
def test_what_is_shared_with_somebody_stricter_is_sent_for_nobody_and_the_rest_is(shop, becomes):
    everybody = shop.crowd()
    shop.person("ann", phones=[PHONE])
    shop.lapsed("ann")
    becomes(shop)
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    assert {one for one in shop.contacts_on() if "crowd" not in one} == {"ann@example.com"}
    assert shop.on_ledger() == everybody | {"ann"}
    assert shop.plan_of().changes == 0


@STRICTER
def test_who_has_nothing_left_beside_somebody_stricter_is_counted(shop, becomes):
    everybody = shop.crowd()
    shop.person("ann", emails=[], phones=[PHONE])
    shop.lapsed("ann")
    becomes(shop)
    defined(shop)
    shop.publish()
    plan = shop.plan_of()
    assert (plan.members, plan.dropped["identifier withheld"]) == (len(everybody), 1)
    assert shop.sync() == 0
    assert shop.people_on() == everybody


@STRICTER
def test_who_is_on_the_list_with_it_already_stays_by_what_is_left(shop, becomes):
    everybody = shop.crowd() | {"ann"}
    shop.person("ann", phones=[PHONE])
    shop.lapsed("ann")
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    assert PHONE in shop.contacts_on()
    becomes(shop)
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert PHONE not in shop.contacts_on()
    assert "ann@example.com" in shop.contacts_on()
    assert shop.on_ledger() == everybody


@STRICTER
def test_who_has_only_what_is_shared_leaves_the_list(shop, becomes):
    everybody = shop.crowd()
    shop.person("ann", emails=[], phones=[PHONE])
    shop.lapsed("ann")
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    becomes(shop)
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody


@STRICTER
def test_what_is_shared_comes_back_when_nobody_stricter_has_it_any_more(shop, becomes):
    shop.crowd()
    shop.person("ann", phones=[PHONE])
    shop.lapsed("ann")
    becomes(shop)
    defined(shop)
    shop.publish()
    shop.sync()
    shop.persons["dan"].phones = []
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert PHONE in shop.contacts_on()


@pytest.mark.parametrize("consent", ["unknown", None], ids=["never answered", "the gate does not know them"])
def test_who_was_never_asked_keeps_nobody_else_from_an_identifier(shop, consent):
    shop.crowd()
    shop.person("ann", phones=[PHONE])
    shop.person("dan", phones=[PHONE], consent=consent)
    shop.lapsed("ann")
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    assert PHONE in shop.contacts_on()


def test_a_value_that_two_wanted_people_share_is_sent_for_both(shop):
    everybody = shop.crowd()
    shop.person("ann", phones=[PHONE])
    shop.person("bob", phones=[PHONE])
    shop.lapsed("ann", "bob")
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    assert shop.people_on() == everybody | {"ann", "bob"}
    assert shop.plan_of().changes == 0


def test_an_address_that_is_withheld_of_two_leaves_the_other(shop):
    shop.crowd()
    shop.person("ann", emails=["ann@example.com", "family@example.com"])
    shop.person("dan", emails=["family@example.com"], consent="denied")
    shop.lapsed("ann")
    defined(shop)
    shop.publish()
    assert shop.sync() == 0
    assert {one for one in shop.contacts_on() if "crowd" not in one} == {"ann@example.com"}


def couples(shop, count=300):
    """Each of so many people shares a phone with somebody else of the same segment."""
    for number in range(count):
        shop.person(f"her{number}", phones=[f"1{number:04}"])
        shop.person(f"him{number}", phones=[f"1{number:04}"])
        shop.lapsed(f"her{number}", f"him{number}")


def arms(shop):
    names = shop.name_of_key()
    return {names[key]: arm for key, arm in shop.rows("select member_key, arm from sync.experiment_entries")}


def partner(name):
    return name.replace("her", "him") if "her" in name else name.replace("him", "her")


def test_no_identifier_of_somebody_held_out_is_on_the_list(shop):
    couples(shop)
    defined(shop, holdout="30%")
    shop.publish()
    assert shop.sync() == 0
    drawn = arms(shop)
    held_out = {name for name, arm in drawn.items() if arm == "holdout"}
    torn = {name for name in drawn if name not in held_out and partner(name) in held_out}
    assert held_out
    assert torn
    untouchable = {one for name in held_out for one in shop.persons[name].contacts()}
    assert untouchable.isdisjoint(shop.contacts_on())
    assert {f"{name}@example.com" for name in torn} <= shop.contacts_on()


@pytest.mark.parametrize("scope", ["global", "group"])
def test_an_experiment_of_several_audiences_holds_people_out_of_all_of_them(shop, scope):
    """Couples of whom he is in the one audience, and she in the other or in none."""
    couples(shop)
    shop.crowd(200, segment="recent")  # so that no draw brings a list below the platform's floor
    shop.leaves(*(f"her{number}" for number in range(300)))
    shop.lapsed(*(f"her{number}" for number in range(150)), segment="recent")
    together = {"holdout": {"share": "30%", "scope": scope}}
    group = {"exclusive_group": "g"} if scope == "group" else {}
    shop.audience("lapsed", **together, **group, **({"priority": 1} if group else {}))
    shop.audience("buyers", segment="recent", **together, **group, **({"priority": 2} if group else {}))
    shop.publish()
    assert shop.sync() == 0
    held_out = {name for name, arm in arms(shop).items() if arm == "holdout"}
    assert any(name.startswith("her") for name in held_out)
    untouchable = {one for name in held_out for one in shop.persons[name].contacts()}
    on_lists = shop.contacts_on(LIST) | shop.contacts_on("buyers@meta:main")
    assert untouchable.isdisjoint(on_lists)
    shop.lapsed(*(f"her{number}" for number in range(150, 300)), segment="recent")
    shop.publish(TOMORROW)
    before = shop.contacts_on(LIST)
    assert shop.sync() == 0
    assert shop.contacts_on(LIST) == before, "who comes in later was kept out from the start"


def test_a_treated_person_with_nothing_left_beside_somebody_held_out_is_counted_as_withheld(shop):
    shop.crowd(200)
    for number in range(200):
        shop.person(f"her{number}", phones=[f"1{number:04}"])
        shop.person(f"him{number}", emails=[], phones=[f"1{number:04}"])
        shop.lapsed(f"her{number}", f"him{number}")
    defined(shop, holdout="30%")
    shop.publish()
    plan = shop.plan_of()
    assert plan.members + sum(plan.dropped.values()) == 600
    assert 20 < plan.dropped["identifier withheld"] < 70
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == plan.members


@STRICTER
def test_both_arms_are_filtered_alike(shop, becomes):
    """Who shares with somebody stricter is drawn as anybody else; who has nothing left is in neither arm."""
    names = [f"ann{number}" for number in range(200)]
    bare = [f"bare{number}" for number in range(200)]
    shop.crowd()
    for number, (ann, other) in enumerate(zip(names, bare, strict=True)):
        shop.person(ann, phones=[f"1{number:04}"])
        shop.person(other, emails=[], phones=[f"1{number:04}"])
    becomes(shop)
    shop.persons["dan"].phones = [f"1{number:04}" for number in range(200)]
    shop.lapsed(*names, *bare)
    defined(shop, holdout="30%")
    shop.publish()
    assert shop.sync() == 0
    drawn = arms(shop)
    assert set(names) <= drawn.keys()
    assert drawn.keys().isdisjoint(bare)
    assert 30 < sum(drawn[name] == "holdout" for name in names) < 90


def test_of_a_list_of_held_out_people_nothing_is_withheld_for_the_treated(shop):
    couples(shop)
    defined(shop, holdout="30%", push_exclusion=True, guards=FREE)
    shop.publish()
    assert shop.sync() == 0
    held_out = {name for name, arm in arms(shop).items() if arm == "holdout"}
    assert shop.people_on(f"{LIST}/holdout") >= held_out
    assert shop.on_ledger(f"{LIST}/holdout") == held_out


def test_an_audience_that_is_kept_out_of_campaigns_withholds_nothing_for_its_holdout(shop):
    couples(shop)
    defined(shop, holdout="30%", role="exclude")
    shop.publish()
    plan = shop.plan_of()
    assert "identifier withheld" not in plan.dropped
    assert plan.members + plan.dropped["holdout"] == 600
