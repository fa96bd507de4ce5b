"""What a plan changes: nothing the second time, the difference the next day, and people rather than hashes."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.errors import ConfigError, DataError
from audiences.sync.release import release

TODAY = dt.date(2026, 11, 23)
TOMORROW = dt.date(2026, 11, 24)


def filled(shop, **definition):
    """A shop whose first sync is done: its crowd and ann are on the list."""
    everybody = shop.crowd() | {"ann"}
    shop.lapsed("ann")
    shop.audience("lapsed", **definition)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.forget_requests()
    return everybody


def changes(plan):
    return {name: getattr(plan, name) for name in ("adds", "updates", "removes") if getattr(plan, name)}


def test_a_second_sync_of_the_same_build_plans_nothing_and_writes_nothing(shop):
    everybody = filled(shop, holdout="5%")
    plan = shop.plan_of()
    assert changes(plan) == {}
    assert (plan.requests, plan.bytes, plan.unchanged) == (0, 0, plan.members)
    assert shop.sync() == 0
    assert shop.of_list("lapsed@meta:main").state == "unchanged"
    assert shop.writes() == 0
    assert len(shop.people_on()) == plan.members < len(everybody)


def test_the_next_day_sends_exactly_the_difference_of_the_members(shop):
    everybody = filled(shop)
    shop.leaves("ann", "crowd0000")
    shop.lapsed("bob", "eve", "joe")
    shop.publish(TOMORROW)
    plan = shop.plan_of()
    assert changes(plan) == {"adds": 3, "removes": 2}
    assert plan.unchanged == len(everybody) - 2
    assert shop.sync() == 0
    assert (shop.writes("add"), shop.writes("remove")) == (1, 1)
    assert shop.people_on() == shop.on_ledger() == everybody - {"ann", "crowd0000"} | {"bob", "eve", "joe"}


def test_a_new_address_takes_the_old_one_off_the_list(shop):
    everybody = filled(shop)
    shop.person("ann", emails=["ann@new.example.com"])
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"updates": 1}
    shop.sync()
    assert shop.people_on() == everybody
    assert shop.writes("remove") == 1


def test_a_further_address_is_added_without_removing_anybody(shop):
    everybody = filled(shop)
    shop.person("ann", emails=["ann@example.com", "ann@work.example.com"], phones=["15551234567"])
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"updates": 1}
    shop.sync()
    assert shop.people_on() == everybody
    assert shop.writes("remove") == 0


def test_a_name_that_changed_needs_no_removal_because_the_person_is_the_same(shop):
    filled(shop)
    shop.rename("ann")
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"updates": 1}
    shop.sync()
    assert (shop.writes("add"), shop.writes("remove")) == (1, 0)


def test_two_addresses_are_two_rows_and_one_person(shop):
    shop.crowd()
    shop.person("ann", emails=["ann@example.com", "ann@work.example.com"])
    shop.lapsed("ann")
    shop.sandbox.register([shop.hashes_of("ann")])
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    assert shop.plan_of().members == 111
    assert shop.of_list("lapsed@meta:main").sent == 112
    assert len(shop.sandbox.inspect("meta").list(shop.remote_id())["people"]) == 111


def test_an_address_and_a_phone_are_one_row_and_one_person(shop):
    shop.crowd()
    shop.person("ann", emails=["ann@example.com", "ann@work.example.com"], phones=["1555"])
    shop.lapsed("ann")
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    assert "ann" in shop.people_on()


def test_who_shares_a_phone_with_somebody_removed_is_added_again(shop):
    shop.person("ann", phones=["15551234567"])
    shop.person("bob", phones=["15551234567"])
    shop.lapsed("bob")
    everybody = filled(shop) | {"bob"}
    shop.leaves("bob")
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"updates": 1, "removes": 1}
    shop.sync()
    assert shop.writes("add") == 1
    assert shop.on_ledger() == everybody - {"bob"}
    assert "ann" in shop.people_on()


def test_who_shares_with_one_who_shares_is_added_again_too(shop):
    shop.person("ann", phones=["1", "2"])
    shop.person("bob", phones=["1"])
    shop.person("joe", phones=["2", "3"])
    shop.person("eve", phones=["3"])
    shop.lapsed("bob", "joe", "eve")
    filled(shop)
    shop.leaves("bob")
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"updates": 3, "removes": 1}
    shop.sync()
    assert {"ann", "joe", "eve"} <= shop.people_on()


def test_two_customers_who_turn_out_to_be_one_stay_on_the_list_once(shop):
    shop.lapsed("ann2")
    everybody = filled(shop) | {"ann2"}
    shop.leaves("ann2")
    del shop.persons["ann2"]
    shop.person("ann", emails=["ann@example.com", "ann2@example.com"])
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody - {"ann2"}


def test_a_customer_who_turns_out_to_be_two_is_both(shop):
    shop.person("ann", emails=["ann@example.com", "ann2@example.com"])
    everybody = filled(shop)
    shop.person("ann")
    shop.lapsed("ann2")
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody | {"ann2"}


def test_the_same_person_under_another_customer_id_stays_on_the_list(shop):
    everybody = filled(shop)
    shop.leaves("ann")
    shop.persons["first_seen_ann"] = shop.persons.pop("ann")
    shop.lapsed("first_seen_ann")
    shop.publish(TOMORROW)
    assert changes(shop.plan_of()) == {"adds": 1}
    assert shop.sync() == 0
    assert shop.writes("remove") == 0
    assert shop.people_on() == shop.on_ledger() == everybody - {"ann"} | {"first_seen_ann"}


def test_who_moves_to_another_split_is_removed_there_before_being_added_here(shop):
    strings, amps = shop.crowd(110, prefix="s", category="Strings"), shop.crowd(110, prefix="a", category="Amps")
    shop.audience("lapsed", split_by={"column": "category", "min_members": 100})
    shop.publish(TODAY)
    shop.sync()
    shop.forget_requests()
    shop.leaves("s0000")
    shop.lapsed("s0000", category="Amps")
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    order = [seen["kind"] for seen in shop.sandbox.inspect("meta").requests()["newest"] if seen["writing"]]
    assert order == ["remove", "add"]
    assert shop.people_on("lapsed@meta:main/Strings") == strings - {"s0000"}
    assert shop.people_on("lapsed@meta:main/Amps") == amps | {"s0000"}


def test_an_older_build_can_be_planned_by_its_date(shop):
    shop.configure(guards={"max_build_age": "off"})
    filled(shop)
    shop.lapsed("bob")
    shop.publish(TOMORROW)
    (old,), (new,) = shop.plan(as_of=str(TODAY)).lists, shop.plan().lists
    assert (old.adds, new.adds) == (0, 1)


def test_a_date_without_a_build_says_how_to_make_one(shop):
    filled(shop)
    with pytest.raises(DataError, match="boomerang build --as-of 2026-11-20"):
        shop.plan(as_of="2026-11-20")


def test_without_a_build_a_plan_says_what_to_do_first(shop):
    shop.audience("lapsed")
    with pytest.raises(DataError, match="boomerang extract"):
        shop.plan()


def test_a_build_whose_file_is_gone_is_said(shop):
    filled(shop)
    for file in shop.settings.published.iterdir():
        file.unlink()
    with pytest.raises(DataError, match="run `boomerang build` again"):
        shop.plan()


def test_named_audiences_are_planned_alone_with_those_that_they_depend_on_in_mind(shop):
    filled(shop, exclusive_group="winback", priority=20)
    shop.lapsed("ann", *shop.crowd(120, prefix="r", segment="recent"), segment="recent")
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10)
    shop.audience("others")
    shop.publish(TOMORROW)
    plan = shop.plan("lapsed")
    assert [one.audience for one in plan.lists] == ["lapsed"]
    assert changes(plan.lists[0]) == {"removes": 1}
    assert {one.audience for one in shop.plan("lapsed", "others").lists} == {"lapsed", "others"}


def test_an_unknown_audience_gets_the_nearest_name(shop):
    filled(shop)
    with pytest.raises(ConfigError, match="did you mean lapsed"):
        shop.plan("lapsd")


def test_a_paused_audience_keeps_its_list_as_it_is(shop):
    everybody = filled(shop)
    shop.leaves("ann")
    shop.audience("lapsed", paused=True)
    shop.publish(TOMORROW)
    (planned,) = shop.plan().lists
    assert (planned.state, planned.changes) == ("paused", 0)
    assert shop.sync() == 0
    assert shop.people_on() == everybody


def test_who_says_no_leaves_a_paused_list_too(shop):
    everybody = filled(shop)
    shop.person("ann", consent="denied")
    shop.audience("lapsed", paused=True)
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.people_on() == everybody - {"ann"}


def test_a_list_that_no_definition_asks_for_is_emptied_once_that_is_released(shop):
    everybody = filled(shop)
    shop.forget_definition()
    shop.audience("another")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    assert shop.people_on() == everybody
    release(shop.settings, "lapsed@meta:main", reason="the campaign ended", now=shop.tick())
    assert shop.sync() == 0
    assert shop.people_on() == set()
    assert shop.value("select state from sync.lists where list_id = 'lapsed@meta:main'") == "retired"


def test_the_plan_tells_requests_bytes_and_seconds(shop):
    shop.crowd(250)
    shop.content["platforms"]["meta"]["accounts"]["main"]["rows_per_request"] = 50
    shop.configure()
    shop.audience("lapsed")
    shop.publish()
    plan = shop.plan_of()
    assert plan.requests == 5
    assert 250 * 100 < plan.bytes < 250 * 1000
    assert plan.seconds > 0


def test_a_plan_as_json_has_the_documented_keys(shop):
    filled(shop)
    document = shop.plan().as_json()
    assert set(document) == {"plan_id", "as_of", "build_id", "lists"}
    assert set(document["lists"][0]) == {
        "list", "audience", "platform", "account", "split", "hash", "members", "adds", "updates", "removes", "renews",
        "unchanged", "dropped", "guard", "requests", "bytes", "seconds", "state", "waiting", "notes",
        "taken_over_from", "size", "overdue",
    }  # fmt: skip
    assert set(document["lists"][0]["guard"]) == {
        "verdict",
        "held",
        "reasons",
        "guards",
        "waits_for",
        "left_out",
        "holds",
    }
