"""While a guard holds a part of a list, the rest stays right: who is to stay is put back, nobody is on two lists."""

from __future__ import annotations

import datetime as dt

LIST = "lapsed@meta:main"
STRINGS, AMPS = f"{LIST}/Strings", f"{LIST}/Amps"
TODAY, TOMORROW = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
PHONE = "15551234567"


def filled(shop, count=600, **definition):
    everybody = shop.crowd(count) | shop.segment_names()
    shop.audience("lapsed", **definition)
    shop.publish(TODAY)
    assert shop.sync() == 0
    return everybody


def addresses_change(shop):
    for number in range(400):
        shop.person(f"crowd{number:04}", emails=[f"crowd{number:04}@new.example.com"])


def test_whose_update_is_held_is_put_back_as_sent_beside_a_removal(shop):
    """Ann's new address waits; bob, who has her phone, leaves: ann is added again by what the platform had of her."""
    shop.person("ann", phones=[PHONE])
    shop.person("bob", phones=[PHONE])
    shop.lapsed("ann", "bob")
    everybody = filled(shop)
    before = shop.held_hashes()
    addresses_change(shop)
    shop.person("ann", emails=["ann@new.example.com"], phones=[PHONE])
    shop.leaves("bob")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.plan_of().guard.held == {"update": 401}
    assert len(before - shop.held_hashes()) == 1  # bob's address
    assert len(shop.held_hashes() - before) == 0
    assert shop.on_ledger() == everybody - {"bob"}
    shop.audience("lapsed", guards={"max_updates": "100%"})
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody - {"bob"}
    assert shop.plan_of().changes == 0


def test_whose_update_is_held_but_has_an_identifier_of_somebody_who_said_no_goes_on_with_what_is_left(shop):
    shop.person("ann", phones=[PHONE])
    shop.lapsed("ann")
    everybody = filled(shop)
    addresses_change(shop)
    shop.person("dan", phones=[PHONE], consent="denied")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert PHONE not in shop.contacts_on()
    assert "ann@example.com" in shop.contacts_on()
    assert shop.on_ledger() == everybody


def test_who_shares_with_somebody_whose_removal_is_held_is_left_alone(shop):
    shop.person("ann", phones=[PHONE])
    shop.person("crowd0000", phones=[PHONE])
    shop.lapsed("ann")
    everybody = filled(shop)
    shop.leaves(*sorted(name for name in everybody if "crowd" in name)[:400])
    shop.publish(TOMORROW)
    shop.forget_requests()
    assert shop.sync() == 3
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.writes("remove") == 0


def split(shop):
    strings, amps = shop.crowd(600, prefix="s", category="Strings"), shop.crowd(600, prefix="a", category="Amps")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 50})
    shop.publish(TODAY)
    assert shop.sync() == 0
    return strings, amps


def test_who_is_kept_on_one_split_is_not_added_to_another_under_another_id(shop):
    strings, amps = split(shop)
    movers = sorted(strings)[:400]
    shop.leaves(*movers)
    for name in movers:
        shop.person(f"{name}_of_before", emails=[])
        shop.lapsed(f"{name}_of_before", category="Amps")
        shop.merges(name, f"{name}_of_before")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert len(shop.on_ledger(STRINGS)) == len(strings)
    assert shop.people_on(AMPS) == amps
    assert "400 people wait here" in shop.of_list(AMPS).message


def test_who_is_kept_on_an_arm_is_not_added_to_the_list_of_held_out_people(shop):
    everybody = shop.crowd(1500)
    shop.audience("lapsed", holdout="10%", push_exclusion=True)
    shop.publish(TODAY)
    assert shop.sync() == 0
    treated, held_out = shop.people_on(LIST), shop.people_on(f"{LIST}/holdout")
    shop.audience("lapsed", holdout="80%", push_exclusion=True)
    assert shop.sync() == 3
    assert shop.people_on(LIST) == treated
    assert shop.people_on(f"{LIST}/holdout") == held_out == everybody - treated


def test_who_said_no_leaves_every_split_whatever_is_held(shop):
    strings, _ = split(shop)
    movers = sorted(strings)[:400]
    shop.leaves(*movers)
    shop.lapsed(*movers, category="Amps")
    shop.persons[movers[0]].consent = "denied"
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.people_on(STRINGS) == strings - {movers[0]}
    assert movers[0] not in shop.on_ledger(AMPS)
