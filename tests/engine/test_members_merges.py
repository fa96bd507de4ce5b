"""Customers merge and come apart, and get other ids: nobody who stays is removed, nobody who goes stays."""

from __future__ import annotations

import datetime as dt

import pytest

LIST = "lapsed@meta:main"
DAY = dt.date(2026, 11, 23)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}


def day(number):
    return DAY + dt.timedelta(days=number)


def synced(shop, number, code=0):
    shop.publish(day(number))
    shop.forget_requests()
    assert shop.sync() == code


def started(shop, *names, count=110, **definition):
    everybody = shop.crowd(count) | set(names)
    shop.lapsed(*names)
    shop.audience("lapsed", **definition)
    synced(shop, 0)
    return everybody


def settled(shop, expected):
    """People and ledger are as expected, and nothing is left to do."""
    assert shop.people_on() == expected
    assert shop.on_ledger() == expected
    assert shop.plan_of().changes == 0


def takes_another_id(shop, name, new):
    """An earlier reference of the same person turned up: the id is made of the earliest."""
    shop.person(new, emails=[])
    shop.lapsed(new)
    shop.merges(name, new)


def test_who_only_gets_another_id_is_sent_once_more_and_never_removed(shop):
    everybody = started(shop, "ann")
    takes_another_id(shop, "ann", "anna")
    synced(shop, 1)
    assert (shop.writes("remove"), shop.writes("add")) == (0, 1)
    settled(shop, everybody - {"ann"} | {"anna"})


def test_the_plan_says_who_was_joined(shop):
    started(shop, "ann")
    takes_another_id(shop, "ann", "anna")
    shop.publish(day(1))
    plan = shop.plan_of()
    assert (plan.adds, plan.updates, plan.removes) == (1, 0, 0)
    assert plan.notes == ["1 was joined with other members, or got another id: nothing to send for them"]


def test_who_gets_another_id_and_another_address_loses_the_old_one(shop):
    everybody = started(shop, "ann")
    takes_another_id(shop, "ann", "anna")
    shop.persons["anna"].emails = ["anna@new.example.com"]
    synced(shop, 1)
    settled(shop, everybody - {"ann"} | {"anna"})


def test_two_members_who_turn_out_to_be_one_are_on_the_list_once_without_a_removal(shop):
    everybody = started(shop, "ann", "bob")
    shop.merges("bob", "ann")
    synced(shop, 1)
    assert shop.writes("remove") == 0
    settled(shop, everybody - {"bob"})


def test_two_members_who_turn_out_to_be_one_who_goes_are_both_gone(shop):
    everybody = started(shop, "ann", "bob")
    shop.merges("bob", "ann")
    shop.leaves("ann")
    synced(shop, 1)
    settled(shop, everybody - {"ann", "bob"})


def test_of_two_members_who_turn_out_to_be_one_who_said_no_nothing_stays(shop):
    everybody = started(shop, "ann", "bob")
    shop.merges("bob", "ann")
    shop.persons["ann"].consent = "denied"
    synced(shop, 1)
    settled(shop, everybody - {"ann", "bob"})
    assert {"ann@example.com", "bob@example.com"}.isdisjoint(shop.contacts_on())


def test_a_member_who_turns_out_to_be_two_is_both_or_the_one_who_stays(shop):
    everybody = started(shop, "ann", "bob")
    shop.merges("bob", "ann")
    synced(shop, 1)
    shop.former.clear()
    shop.person("ann")
    shop.lapsed("bob")
    synced(shop, 2)
    settled(shop, everybody)
    shop.merges("bob", "ann")
    synced(shop, 3)
    shop.former.clear()
    shop.person("ann")
    shop.person("bob")
    synced(shop, 4)
    settled(shop, everybody - {"bob"})


# while a guard holds something ---------------------------------------------------------------------------------------


def many_leave(shop, everybody):
    gone = set(sorted(one for one in everybody if "crowd" in one)[:400])
    shop.leaves(*gone)
    return gone


def many_change(shop):
    for number in range(400):
        shop.person(f"crowd{number:04}", emails=[f"crowd{number:04}@new.example.com"])


def test_while_removals_are_held_two_who_are_one_now_stay_on_the_list(shop):
    everybody = started(shop, "ann", "bob", count=600)
    many_leave(shop, everybody)
    shop.merges("bob", "ann")
    synced(shop, 1, code=3)
    assert {"ann@example.com", "bob@example.com"} <= shop.contacts_on()
    assert "ann" in shop.on_ledger()
    assert everybody - {"bob"} <= shop.people_on()


def test_while_removals_are_held_the_new_id_is_told_and_the_old_row_goes_when_they_are_let_go(shop):
    everybody = started(shop, "ann", count=600)
    gone = many_leave(shop, everybody)
    takes_another_id(shop, "ann", "anna")
    synced(shop, 1, code=3)
    assert "anna" in shop.people_on()
    shop.audience("lapsed", guards=FREE)
    assert shop.sync() == 0
    settled(shop, everybody - gone - {"ann"} | {"anna"})


def test_while_updates_are_held_two_who_are_one_now_stay_as_they_were_sent(shop):
    everybody = started(shop, "ann", "bob", count=600)
    many_change(shop)
    shop.merges("bob", "ann")
    synced(shop, 1, code=3)
    assert {"ann@example.com", "bob@example.com"} <= shop.contacts_on()
    assert shop.on_ledger() == everybody
    shop.audience("lapsed", guards={"max_updates": "100%"})
    assert shop.sync() == 0
    settled(shop, everybody - {"bob"})


def test_while_updates_are_held_one_who_is_two_now_keeps_who_stays(shop):
    everybody = started(shop, "ann", "bob", count=600)
    shop.merges("bob", "ann")
    synced(shop, 1)
    many_change(shop)
    shop.former.clear()
    shop.person("ann")
    shop.person("bob")
    synced(shop, 2, code=3)
    assert "ann@example.com" in shop.contacts_on()
    shop.audience("lapsed", guards={"max_updates": "100%"})
    assert shop.sync() == 0
    settled(shop, everybody - {"bob"})


def test_while_growth_is_held_who_gets_another_id_stays_on_the_list(shop):
    everybody = started(shop, "ann", count=600)
    shop.crowd(3000, prefix="flood")
    takes_another_id(shop, "ann", "anna")
    synced(shop, 1, code=3)
    assert "ann@example.com" in shop.contacts_on()
    assert len(shop.on_ledger()) == len(everybody)


# held out --------------------------------------------------------------------------------------------------------------


def arms(shop):
    names = shop.name_of_key()
    return {names[key]: arm for key, arm in shop.rows("select member_key, arm from sync.experiment_entries")}


def drawn(shop, share="30%"):
    everybody = shop.crowd(300)
    shop.audience("lapsed", holdout=share, guards=FREE)
    synced(shop, 0)
    found = arms(shop)
    by_arm = {arm: sorted(name for name in everybody if found[name] == arm) for arm in ("holdout", "treated")}
    return everybody, by_arm


@pytest.mark.parametrize("stays", ["holdout", "treated"])
def test_a_merged_person_is_held_out_if_any_part_was(shop, stays):
    _, by_arm = drawn(shop)
    other = "treated" if stays == "holdout" else "holdout"
    kept, gone = by_arm[stays][0], by_arm[other][0]
    shop.merges(gone, kept)
    synced(shop, 1)
    assert shop.people_on() == shop.on_ledger() == set(by_arm["treated"]) - {kept, gone}
    assert {f"{kept}@example.com", f"{gone}@example.com"}.isdisjoint(shop.contacts_on())


def test_two_treated_people_who_merge_stay_treated_and_two_held_out_stay_held_out(shop):
    _, by_arm = drawn(shop)
    shop.merges(by_arm["treated"][1], by_arm["treated"][0])
    shop.merges(by_arm["holdout"][1], by_arm["holdout"][0])
    synced(shop, 1)
    assert shop.people_on() == set(by_arm["treated"]) - {by_arm["treated"][1]}


def test_who_gets_another_id_keeps_the_arm(shop):
    _, by_arm = drawn(shop, "50%")
    movers = {name: f"{name}_of_before" for name in by_arm["holdout"][:20] + by_arm["treated"][:20]}
    for name, new in movers.items():
        takes_another_id(shop, name, new)
    synced(shop, 1)
    assert shop.people_on() == {movers.get(name, name) for name in by_arm["treated"]}
    assert shop.writes("remove") == 0


def test_who_gets_another_id_keeps_the_named_arm(shop):
    everybody = shop.crowd(400)
    shop.audience("lapsed", arms={"a": "50%", "b": "50%"})
    synced(shop, 0)
    before = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    movers = sorted(everybody)[:40]
    for name in movers:
        takes_another_id(shop, name, f"{name}_of_before")
    synced(shop, 1)
    renamed = {name: f"{name}_of_before" for name in movers}
    for arm in "ab":
        assert shop.people_on(f"{LIST}/{arm}") == {renamed.get(name, name) for name in before[arm]}


def test_the_log_of_entries_survives_a_merge_and_nobody_enters_twice(shop):
    everybody, by_arm = drawn(shop)
    logged = shop.rows("select * from sync.experiment_entries order by member_key")
    shop.merges(by_arm["treated"][1], by_arm["treated"][0])
    takes_another_id(shop, by_arm["treated"][2], "earlier")
    synced(shop, 1)
    synced(shop, 2)
    assert shop.rows("select * from sync.experiment_entries order by member_key") == logged
    assert len(logged) == len(everybody)


def test_who_comes_apart_from_somebody_held_out_is_drawn_as_who_they_are(shop):
    _, by_arm = drawn(shop)
    kept, gone = by_arm["holdout"][0], by_arm["treated"][0]
    shop.merges(gone, kept)
    synced(shop, 1)
    shop.former.clear()
    shop.person(kept)
    shop.lapsed(gone)
    synced(shop, 2)
    assert shop.people_on() == set(by_arm["treated"])
    assert len(arms(shop)) == 300


def test_of_two_who_merge_the_one_who_goes_stays_known_while_the_other_is_in_quarantine(shop):
    shop.crowd(150)
    shop.lapsed("ann", "bob")
    shop.audience("lapsed")
    shop.publish(0)
    assert shop.sync() == 0
    shop.merges("bob", "ann")
    shop.publish(1)
    shop.sandbox.control(faults=[{"do": "invalid_rows", "on": "add", "rows": [0, 1]}])
    assert shop.sync() == 0
    shop.sandbox.control(faults=[])
    shop.publish(2)
    assert shop.sync() == 0
    assert "bob" in shop.on_ledger(), "the platform has bob's address, and nothing else of the ledger would say so"
    shop.persons["ann"].consent = "denied"
    shop.publish(3)
    assert shop.sync() == 0
    assert shop.contacts_on() & {"ann@example.com", "bob@example.com"} == set()
    assert shop.on_ledger() & {"ann", "bob"} == set()
