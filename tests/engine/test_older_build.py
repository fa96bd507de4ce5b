"""An older build may be followed; who has said no since is not sent by it."""

from __future__ import annotations

import datetime as dt

TODAY = dt.date(2026, 11, 23)
TOMORROW = dt.date(2026, 11, 24)
DENIED = "gate consent_denied"


def back_to(shop, day):
    """Plan and apply after the build of that day."""
    plan = shop.plan(as_of=str(day))
    shop.apply(plan)
    return next(one for one in plan.lists if one.audience == "lapsed")


def test_who_said_no_since_is_not_put_back_by_an_older_build(shop):
    everybody = shop.crowd()
    shop.audience("lapsed")
    shop.publish(TODAY)
    shop.persons["crowd0007"].consent = "denied"
    shop.persons["crowd0008"].consent = "unknown"
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    planned = back_to(shop, TODAY)
    assert planned.dropped == {DENIED: 1}, "the older build knows that the other may be sent"
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0007"}


def test_whoever_is_on_the_list_and_said_no_since_leaves_it_by_an_older_build_too(shop):
    everybody = shop.crowd()
    shop.audience("lapsed")
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.persons["crowd0007"].consent = "denied"
    shop.publish(TOMORROW)
    back_to(shop, TODAY)
    assert shop.people_on() == everybody - {"crowd0007"}


def test_a_no_counts_under_the_id_that_the_older_build_has(shop):
    everybody = shop.crowd()
    shop.person("kim", phones=["15551230001"])
    shop.person("kit", phones=["15551230002"])
    shop.lapsed("kim", "kit")
    shop.audience("lapsed")
    shop.publish(TODAY)
    shop.merges("kim", "kit")
    shop.persons["kit"].consent = "denied"
    shop.publish(TOMORROW)
    assert back_to(shop, TODAY).dropped == {DENIED: 2}
    assert shop.people_on() == everybody


def filled_by_the_older(shop):
    """A list of the older build, with kit on it, who has a phone."""
    everybody = shop.crowd()
    shop.person("kit", phones=["15551230001"])
    shop.lapsed("kit")
    shop.audience("lapsed")
    shop.publish(TODAY)
    return {f"{name}@example.com" for name in everybody} | {"kit@example.com"}


def test_a_phone_of_somebody_new_who_said_no_is_sent_for_nobody(shop):
    everybodys = filled_by_the_older(shop)
    shop.person("kim", phones=["15551230001"], consent="denied")
    shop.publish(TOMORROW)
    assert shop.plan_of().members == 111
    assert back_to(shop, TODAY).members == 111
    assert shop.contacts_on() == everybodys
    assert shop.sync() == 0
    assert shop.contacts_on() == everybodys


def test_a_phone_that_somebody_who_said_no_has_only_since_is_sent_for_nobody(shop):
    shop.lapsed("kim")
    everybodys = filled_by_the_older(shop)
    assert shop.sync() == 0
    shop.persons["kim"].consent = "denied"
    shop.persons["kim"].phones.append("15551230001")
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    back_to(shop, TODAY)
    assert shop.contacts_on() == everybodys


def test_a_phone_of_somebody_new_who_was_never_asked_is_no_reason(shop):
    everybodys = filled_by_the_older(shop)
    shop.person("kim", phones=["15551230001"], consent="unknown")
    shop.publish(TOMORROW)
    back_to(shop, TODAY)
    assert shop.contacts_on() == everybodys | {"15551230001"}


def test_it_counts_under_the_id_that_the_older_build_has(shop):
    shop.person("kim", phones=["15551230002"])
    shop.person("kai")
    shop.merges("kim", "kai")
    everybodys = filled_by_the_older(shop)
    del shop.former["kim"]
    shop.persons.pop("kai")
    shop.person("kim", phones=["15551230001"], consent="denied")
    shop.publish(TOMORROW)
    back_to(shop, TODAY)
    assert shop.contacts_on() == everybodys
