"""What becomes of lists when an audience is paused, deleted, moved, relabelled, or a second ledger comes: shown first."""

from __future__ import annotations

import datetime as dt

from audiences.ledger import open_ledger
from audiences.sync.release import release

LIST = "lapsed@meta:main"
OUTLET = "lapsed@meta:outlet"
TODAY, TOMORROW = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}


def filled(shop, count=150, **keys):
    everybody = shop.crowd(count)
    shop.audience("lapsed", **keys)
    shop.publish(TODAY)
    assert shop.sync() == 0
    shop.forget_requests()
    return everybody


def planned(shop, list_id=LIST):
    return next(one for one in shop.plan().lists if one.list == list_id)


def delete(shop, name="lapsed"):
    shop.forget_definition(name)
    shop.audience("another")
    shop.publish(TOMORROW)


def let_go(shop, list_id=LIST):
    release(shop.settings, list_id, reason="it is meant so", now=shop.tick())


# paused ------------------------------------------------------------------------------------------------------------------


def test_a_paused_list_waits_and_catches_up_when_it_goes_on(shop):
    everybody = filled(shop)
    shop.leaves("crowd0000")
    shop.lapsed("ann")
    shop.audience("lapsed", paused=True)
    shop.publish(TOMORROW)
    plan = planned(shop)
    assert (plan.state, plan.changes, plan.members) == ("paused", 0, 150)
    assert plan.notes == ["paused: only people who said no or were erased are removed"]
    assert shop.sync() == 0
    assert shop.people_on() == everybody
    shop.audience("lapsed")
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0000"} | {"ann"}


def test_who_was_erased_leaves_a_paused_list(shop):
    everybody = filled(shop)
    shop.audience("lapsed", paused=True)
    shop.forgets("crowd0000@example.com")
    shop.publish(TOMORROW)
    assert planned(shop).removes == 1
    assert shop.sync() == 0
    assert shop.people_on() == everybody - {"crowd0000"}


def test_an_identifier_of_somebody_who_says_no_leaves_a_paused_list_with_whoever_has_it(shop):
    shop.person("ann", phones=["15551234567"])
    shop.lapsed("ann")
    everybody = filled(shop) | {"ann"}
    shop.person("dan", phones=["15551234567"], consent="denied")
    shop.audience("lapsed", paused=True)
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert "15551234567" not in shop.contacts_on()
    assert everybody - {"ann"} <= shop.people_on()


# deleted -----------------------------------------------------------------------------------------------------------------


def test_a_deleted_audiences_list_is_held_until_it_is_released_and_says_so(shop):
    everybody = filled(shop)
    delete(shop)
    plan = planned(shop)
    assert (plan.state, plan.removes, plan.guard.held) == ("retired", 150, {"remove": 150})
    assert plan.guard.reasons == ["no definition asks for this list any more, and 150 people are on it"]
    assert shop.sync() == 3
    assert shop.people_on() == shop.on_ledger() == everybody


def test_a_definition_that_comes_back_before_the_release_finds_everything_as_it_was(shop):
    everybody = filled(shop, holdout="20%")
    people, entries = shop.people_on(), shop.rows("select * from sync.experiment_entries order by all")
    delete(shop)
    shop.sync()
    shop.forget_requests()
    shop.audience("lapsed", holdout="20%")
    assert planned(shop).changes == 0
    assert shop.sync() == 0
    assert shop.people_on() == people < everybody
    assert shop.rows("select * from sync.experiment_entries where audience = 'lapsed' order by all") == entries


def test_a_definition_that_comes_back_after_the_release_finds_its_list_and_its_experiment(shop):
    filled(shop, holdout="20%")
    people, there = shop.people_on(), shop.remote_id()
    delete(shop)
    shop.sync()
    let_go(shop)
    assert shop.sync() == 0
    assert shop.people_on() == set()
    assert shop.rows("select state, retired_at is null from sync.lists where list_id = ?", LIST) == [("retired", False)]
    shop.audience("lapsed", holdout="20%")
    plan = planned(shop)
    assert (plan.state, plan.adds, plan.guard.held) == ("active", len(people), {})
    assert shop.sync() == 0
    assert (shop.people_on(), shop.remote_id()) == (people, there)
    assert shop.rows("select state, retired_at is null from sync.lists where list_id = ?", LIST) == [("active", True)]


def test_a_retired_list_is_planned_no_more(shop):
    filled(shop)
    delete(shop)
    shop.sync()
    let_go(shop)
    shop.sync()
    assert [one.list for one in shop.plan().lists] == ["another@meta:main"]


def test_who_says_no_leaves_a_list_that_is_held_because_its_audience_is_gone(shop):
    everybody = filled(shop)
    shop.persons["crowd0000"].consent = "denied"
    delete(shop)
    assert shop.sync() == 3
    assert shop.people_on() == everybody - {"crowd0000"}


def test_a_named_sync_leaves_lists_alone_that_nobody_asks_for(shop):
    filled(shop)
    delete(shop)
    assert [one.list for one in shop.plan("another").lists] == ["another@meta:main"]


def test_a_list_that_somebody_deleted_there_is_not_made_again_for_an_audience_that_is_gone(shop):
    filled(shop)
    shop.sandbox.control(believe={"lists": {shop.remote_id(): {"deleted": True}}})
    delete(shop)
    assert shop.sync() == 3
    let_go(shop)
    shop.forget_requests()
    shop.sync()
    assert shop.writes("create") == 0
    assert shop.on_ledger() == set()


# moved, relabelled ---------------------------------------------------------------------------------------------------------


def with_outlet(shop):
    outlet = {**shop.account, "id": f"act_outlet{shop.salt}"}
    shop.content["platforms"]["meta"]["accounts"]["outlet"] = outlet
    shop.configure()


def test_another_account_gets_its_people_once_the_old_list_is_released(shop):
    with_outlet(shop)
    everybody = filled(shop)
    shop.audience("lapsed", platforms={"meta": {"account": "outlet"}})
    assert {one.list: (one.state, one.adds, one.removes) for one in shop.plan().lists} == {
        LIST: ("retired", 0, 150),
        OUTLET: ("active", 150, 0),
    }
    assert shop.sync() == 3
    assert shop.of_list(OUTLET).message == f"150 people wait here: a guard holds their removal from {LIST}"
    assert shop.people_on(LIST) == everybody
    let_go(shop)
    assert shop.sync() == 0
    assert shop.people_on(LIST) == shop.on_ledger(LIST) == set()
    assert shop.people_on(OUTLET) == shop.on_ledger(OUTLET) == everybody


def test_another_account_keeps_arms_and_enters_nobody_twice(shop):
    with_outlet(shop)
    filled(shop, holdout="20%")
    people, logged = shop.people_on(), shop.value("select count(*) from sync.experiment_entries")
    shop.audience("lapsed", holdout="20%", platforms={"meta": {"account": "outlet"}})
    shop.sync()
    let_go(shop)
    assert shop.sync() == 0
    assert shop.people_on(OUTLET) == people
    assert shop.value("select count(*) from sync.experiment_entries") == logged


def test_an_account_that_is_out_of_the_settings_is_left_alone(shop):
    with_outlet(shop)
    everybody = filled(shop, platforms={"meta": {"account": "outlet"}})
    del shop.content["platforms"]["meta"]["accounts"]["outlet"]
    shop.configure()
    shop.audience("lapsed")
    assert [one.list for one in shop.plan().lists] == [LIST]
    assert shop.people_on(OUTLET) == shop.on_ledger(OUTLET) == everybody


def test_a_changed_filter_is_a_change_of_members_and_guarded_as_one(shop):
    filled(shop, 600)
    shop.audience("lapsed", where={"category": "Amps"})
    assert planned(shop).guard.held == {"remove": 600}


def test_another_role_faces_the_guards_the_other_way(shop):
    everybody = filled(shop, 600)
    shop.leaves(*sorted(everybody)[:200])
    shop.publish(TOMORROW)
    assert planned(shop).guard.held == {}
    shop.audience("lapsed", role="exclude")
    assert planned(shop).guard.held == {"remove": 200}


# a second ledger -----------------------------------------------------------------------------------------------------------


def second_ledger(open_shop, first, **account):
    second = open_shop("second", id=first.account["id"], **account)
    second.salt, second.persons = first.salt, first.persons
    second.lapsed(*sorted(first.segment_names()))
    second.audience("lapsed")
    second.publish()
    return second


def test_a_second_ledger_is_refused_and_told_whose_the_list_is(open_shop):
    first = open_shop("first")
    everybody = filled(first)
    second = second_ledger(open_shop, first)
    assert second.sync() == 2
    with open_ledger(first.settings) as ledger:
        assert ledger.ledger_id in second.of_list(LIST).message
    assert first.people_on() == everybody


def test_a_ledger_that_adopts_the_lists_of_another_takes_them_over(open_shop):
    first = open_shop("first")
    everybody = filled(first)
    with open_ledger(first.settings) as ledger:
        given_up = ledger.ledger_id
    second = second_ledger(open_shop, first, adopt=[given_up])
    assert second.plan_of().adds == len(everybody)
    assert second.sync() == 0
    assert second.remote_id() == first.remote_id()
    assert second.people_on() == second.on_ledger() == everybody
    first.lapsed("ann")
    first.publish(TOMORROW)
    assert first.sync() == 2
    assert first.people_on() == everybody
