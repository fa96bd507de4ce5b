"""A tombstone holds: when ids merge, recipes change, platforms are added, and while the shop's data still has the person."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import TODAY
from erasure_shop import LIST

from audiences.platforms.registry import kind_of

TOMORROW = TODAY + dt.timedelta(days=1)


def erased(shop, list_id=LIST):
    """How many people the next plan leaves out as erased; it adds and updates none of them."""
    entry = next(one for one in shop.plan().lists if one.list == list_id)
    assert (entry.adds, entry.updates) == (0, 0)
    return entry.dropped.get("gate erased", 0)


def test_it_holds_while_the_shops_data_still_has_the_person(shop):
    everybody = shop.filled("ann")
    shop.forget(shop.mail("ann"))
    for day in (1, 2):
        shop.publish(TODAY + dt.timedelta(days=day))
        assert erased(shop) == 1
        assert shop.sync() == 0
        assert shop.people_on() == everybody - {"ann"}


def test_it_holds_in_another_audience(shop):
    shop.filled("ann")
    shop.forget(shop.mail("ann"))
    shop.crowd(segment="recent")
    shop.lapsed("ann", segment="recent")
    shop.audience("bought", segment="recent")
    shop.publish(TOMORROW)
    shop.sync()
    assert len(shop.people_on("bought@meta:main")) == 110
    assert not shop.is_on("ann", "bought@meta:main")


def test_it_holds_when_the_person_turns_out_to_be_another_account_as_well(shop):
    shop.filled("ann")
    shop.forget(shop.mail("ann"))
    ann = shop.persons.pop("ann")
    shop.leaves("ann")
    shop.person("anna", emails=[shop.mail("anna"), *ann.emails])
    shop.former = {"ann": "anna"}
    shop.lapsed("anna")
    shop.publish(TOMORROW)
    assert erased(shop) == 1


@pytest.mark.parametrize("is_merged", [False, True])
def test_it_holds_for_an_account_whose_every_address_is_another_by_now(shop, is_merged):
    shop.filled("ann")
    shop.forget(shop.mail("ann"))
    del shop.persons["ann"]
    shop.leaves("ann")
    name = "anna" if is_merged else "ann"
    shop.former = {"ann": "anna"} if is_merged else {}
    shop.person(name, emails=[shop.mail("brand.new")])
    shop.lapsed(name)
    shop.publish(TOMORROW)
    assert erased(shop) == 1


def test_a_new_phone_of_an_erased_account_is_sent_for_nobody_who_shares_it(shop):
    """Also while the erased person is in no segment."""
    shop.filled("ann", "bob")
    shop.forget(shop.mail("ann"))
    shop.leaves("ann")
    shop.person("ann", emails=[shop.mail("brand.new")], phones=[shop.phone(2)])
    shop.person("bob", phones=[shop.phone(2)])
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    on_it = {one for person in shop.sandbox.inspect("meta").list(shop.remote_id())["people"] for one in person}
    assert shop.hashed(shop.mail("bob")) in on_it
    assert shop.hashed(shop.phone(2)) not in on_it


def test_it_holds_for_another_spelling_and_for_a_guest_checkout_with_the_same_phone(shop):
    shop.person("ann", emails=[shop.mail("an.n", "gmail.com")], phones=[shop.phone(1)])
    shop.filled("ann")
    shop.forget("ann")
    del shop.persons["ann"]
    shop.leaves("ann")
    shop.person("guest 1", emails=[shop.mail("a.nn+new", "googlemail.com")])
    shop.person("guest 2", emails=[], phones=[shop.phone(1)])
    shop.lapsed("guest 1", "guest 2")
    shop.publish(TOMORROW)
    assert erased(shop) == 2


def test_it_holds_when_the_recipe_of_the_hashes_changes(shop):
    everybody = shop.filled("ann")
    shop.forget("ann")
    shop.recipe = 2
    shop.publish(TOMORROW)
    entry = shop.plan_of()
    assert (entry.adds, entry.updates, entry.dropped["gate erased"]) == (0, len(everybody) - 1, 1)
    assert shop.sync() == 0
    assert shop.people_on() == everybody - {"ann"}


def test_it_holds_on_a_platform_that_is_added_later(shop, installed_people):
    shop.filled("ann")
    shop.forget(shop.mail("ann"))
    shop.configure(platforms={**shop.content["platforms"], "people": {"accounts": {"main": {"id": installed_people}}}})
    shop.audience("lapsed", platforms={"meta": {"account": "main"}, "people": {"account": "main"}})
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    from engine_people import SHELVES

    rows = SHELVES[installed_people].lists["lapsed@people:main"]
    assert len(rows) == 110
    assert all(shop.all_hashes("ann").isdisjoint(row.split(",")) for row in rows)
    assert kind_of("people").fields[0].column == "email_plain"


def household(shop):
    """Ann and Bob have a phone in common, Bob and Carol an old address."""
    shop.person("ann", phones=[shop.phone(1)])
    shop.person("bob", emails=[shop.mail("bob"), shop.mail("bobs")], phones=[shop.phone(1)])
    shop.person("carol", emails=[shop.mail("carol"), shop.mail("bobs")])
    return shop.filled("ann", "bob", "carol")


def test_who_shares_a_phone_comes_back_without_it(shop):
    household(shop)
    receipt = shop.forget(shop.mail("ann"))
    assert (receipt.customers, receipt.lists[0].members) == (1, 2)
    assert not shop.is_on("ann")
    assert shop.on_ledger() == shop.segment_names() - {"ann", "bob"}
    assert shop.value("select count(*) from sync.memberships where level = 'sent'") == 1, "carol may be gone too"
    assert (shop.plan_of().adds, shop.plan_of().updates) == (1, 1)
    assert shop.sync() == 0
    on_it = {one for person in shop.sandbox.inspect("meta").list(shop.remote_id())["people"] for one in person}
    assert shop.hashed(shop.mail("bob")) in on_it
    assert shop.hashed(shop.mail("carol")) in on_it
    assert shop.hashed(shop.phone(1)) not in on_it
    assert shop.on_ledger() == shop.segment_names() - {"ann"}


def test_the_shared_phone_stays_withheld_when_the_shop_has_the_erased_person_no_more(shop):
    household(shop)
    shop.forget(shop.mail("ann"))
    phone = shop.hashed(shop.phone(1))
    del shop.persons["ann"]
    shop.leaves("ann")
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    shop.confirm()
    assert shop.on_ledger() == shop.segment_names()
    assert shop.places_in_ledger({phone}) == set()
    on_it = {one for person in shop.sandbox.inspect("meta").list(shop.remote_id())["people"] for one in person}
    assert shop.hashed(shop.mail("bob")) in on_it
    assert phone not in on_it


def test_who_asks_by_a_shared_phone_takes_everybody_along_who_has_it(shop):
    household(shop)
    receipt = shop.forget(shop.phone(1))
    assert receipt.customers == 2
    assert shop.sync() == 0
    assert not shop.is_on("ann")
    assert shop.on_ledger() == shop.segment_names() - {"ann", "bob"}


def test_who_withdraws_consent_is_removed_without_a_tombstone_and_may_come_back(shop):
    everybody = shop.filled("ann")
    shop.audience("lapsed", paused=True)
    shop.persons["ann"].consent = "denied"
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert not shop.is_on("ann")
    assert shop.value("select count(*) from sync.tombstones") == 0
    assert shop.rows("select distinct cause from sync.plan_changes where phase = 1") == [("denied",)]
    shop.persons["ann"].consent = "granted"
    shop.audience("lapsed")
    shop.publish(TOMORROW + dt.timedelta(days=1))
    assert shop.sync() == 0
    assert shop.people_on() == everybody
