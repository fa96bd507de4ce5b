"""How long somebody stays in an audience, and how long out of it afterwards."""

from __future__ import annotations

import datetime as dt

FIRST = dt.date(2026, 11, 1)
FREE = {"max_shrink": "100%"}


def day(number):
    return FIRST + dt.timedelta(days=number)


def other_faces(shop, number):
    """Other people every day beside ann, so that the list keeps its size while her days run out."""
    shop.leaves(*(shop.segment_names() - {"ann"}))
    shop.crowd(110, prefix=f"day{number}_")


def test_somebody_leaves_after_max_days_in_and_comes_back_after_rest_days(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=3, rest_days=2, guards=FREE)
    found = []
    for number in range(8):
        other_faces(shop, number)
        shop.publish(day(number))
        assert shop.sync() == 0
        if "ann" in shop.people_on():
            found.append(number)
    assert found == [0, 1, 2, 5, 6, 7]


def test_rest_days_alone_keep_somebody_out_after_leaving(shop):
    shop.crowd(110)
    shop.lapsed("ann")
    shop.audience("lapsed", rest_days=2, guards=FREE)
    shop.publish(day(0))
    shop.sync()
    shop.leaves("ann")
    shop.publish(day(1))
    shop.sync()
    shop.lapsed("ann")
    seen = []
    for number in range(2, 5):
        shop.publish(day(number))
        assert shop.sync() == 0
        seen.append("ann" in shop.people_on())
    assert seen == [False, True, True]


def test_the_reason_is_counted(shop):
    shop.crowd(110)
    shop.audience("lapsed", max_days_in=1, guards=FREE)
    shop.publish(day(0))
    shop.sync()
    shop.lapsed("ann")
    shop.publish(day(1))
    assert shop.plan_of().dropped == {"max_days_in": 110}


def test_a_plan_that_is_not_applied_starts_nobodys_days(shop):
    shop.crowd(110)
    shop.audience("lapsed", max_days_in=1, guards=FREE)
    shop.publish(day(0))
    shop.plan()
    shop.publish(day(5))
    assert shop.plan_of().dropped == {}


def test_a_day_without_data_does_not_begin_everybodys_rest(shop):
    everybody = shop.crowd(600)
    shop.audience("lapsed", max_days_in=60, rest_days=120)
    shop.publish(day(0))
    assert shop.sync() == 0
    shop.leaves(*everybody)
    shop.crowd(150, prefix="other")
    shop.publish(day(1))
    assert shop.sync() == 3
    assert everybody <= shop.people_on()
    shop.lapsed(*everybody)
    shop.publish(day(2))
    assert shop.plan_of().members == 750


# everybody's days are over at once ---------------------------------------------------------------------------------------


def first_fill(shop, **keys):
    """600 people enter on one day; none of them may stay longer than three days."""
    everybody = shop.crowd(600)
    shop.audience("lapsed", max_days_in=3, rest_days=30, **keys)
    shop.publish(day(0))
    assert shop.sync() == 0
    return everybody


def test_everybody_of_the_first_fill_leaves_on_their_day_and_no_guard_minds(shop):
    first_fill(shop)
    later = shop.crowd(120, prefix="later")
    shop.publish(day(1))
    assert shop.sync() == 0
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == later


def test_they_leave_although_nobody_is_left_who_would_fill_the_list(shop):
    first_fill(shop)
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == set()


def test_the_day_after_the_list_is_expected_to_be_small(shop):
    first_fill(shop)
    later = shop.crowd(150, prefix="later")
    shop.publish(day(1))
    shop.sync()
    shop.publish(day(3))
    shop.sync()
    gone = min(later)
    shop.leaves(gone)
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == later - {gone}


def test_who_leaves_for_want_of_data_is_held_all_the_same_and_those_whose_days_are_over_go(shop):
    everybody = first_fill(shop)
    later = shop.crowd(600, prefix="later")
    shop.publish(day(1))
    assert shop.sync() == 0
    shop.leaves(*sorted(later)[:400])
    shop.publish(day(3))
    assert shop.sync() == 3
    assert shop.plan_of().guard.guards == ["shrink", "removals"]
    assert shop.people_on() == shop.on_ledger() == later
    assert not everybody & shop.people_on()


def test_whose_removal_the_platform_did_not_take_leaves_later_and_no_guard_minds(shop, fails):
    first_fill(shop)
    shop.publish(day(1))
    later = shop.crowd(120, prefix="later")
    shop.publish(day(2))
    assert shop.sync() == 0
    shop.publish(day(3))
    fails("server_error", "remove", times="always")
    assert shop.sync() == 6
    shop.sandbox.control(faults=[])
    shop.publish(day(4))
    assert shop.plan_of().guard.guards == []
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == later


# who merged meanwhile ----------------------------------------------------------------------------------------------------


def on_days(shop, name, numbers, before_day=lambda number: None):
    """The days on which somebody is on the list, or would be under an id of before."""
    found = []
    for number in numbers:
        before_day(number)
        shop.publish(day(number))
        assert shop.sync() == 0
        if f"{name}@example.com" in shop.contacts_on():
            found.append(number)
    return found


def takes_another_id(shop, name="ann", new="anna"):
    shop.person(new, emails=[])
    shop.lapsed(new)
    shop.merges(name, new)


def refreshed(shop, number):
    """Everybody but ann is new each day: the list stays as large as the platform wants it."""
    shop.leaves(*(name for name in shop.segment_names() if name not in ("ann", "anna")))
    shop.crowd(110, prefix=f"day{number}_")


def test_another_id_does_not_begin_somebodys_days_anew(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=3, rest_days=2, guards=FREE)

    def before_day(number):
        refreshed(shop, number)
        if number == 2:
            takes_another_id(shop)

    assert on_days(shop, "ann", range(8), before_day) == [0, 1, 2, 5, 6, 7]


def test_another_id_does_not_end_somebodys_rest(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=3, rest_days=3, guards=FREE)

    def before_day(number):
        refreshed(shop, number)
        if number == 4:
            takes_another_id(shop)

    assert on_days(shop, "ann", range(8), before_day) == [0, 1, 2, 6, 7]


def test_of_two_who_turn_out_to_be_one_the_longer_stay_counts(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=3, rest_days=30, guards=FREE)

    def before_day(number):
        refreshed(shop, number)
        if number == 2:
            shop.lapsed("anna")
        if number == 3:
            shop.merges("ann", "anna")

    assert on_days(shop, "ann", range(6), before_day) == [0, 1, 2]


def test_rest_days_default_to_max_days_in(shop):
    shop.lapsed("ann")
    shop.audience("lapsed", max_days_in=2, guards=FREE)
    assert on_days(shop, "ann", range(6), lambda number: refreshed(shop, number)) == [0, 1, 4, 5]


# active days -----------------------------------------------------------------------------------------------------------


ACTIVE = {"from": FIRST + dt.timedelta(days=5), "to": FIRST + dt.timedelta(days=7), "warm_up_days": 2}


def test_a_list_is_filled_while_it_warms_up_and_emptied_the_day_after_the_last(shop):
    shop.crowd(600)
    shop.audience("lapsed", active=ACTIVE)
    sizes = []
    for number in range(2, 10):
        shop.publish(day(number))
        assert shop.sync() == 0
        sizes.append(len(shop.people_on()) if shop.remote_id() else None)
    assert sizes == [None, 600, 600, 600, 600, 600, 0, 0]


def test_other_days_bring_the_people_back_to_the_same_list(shop):
    shop.crowd(600)
    shop.audience("lapsed", active=ACTIVE)
    for number in (5, 8):
        shop.publish(day(number))
        assert shop.sync() == 0
    there = shop.remote_id()
    shop.audience("lapsed", active={**ACTIVE, "to": day(20)})
    assert shop.sync() == 0
    assert (shop.remote_id(), len(shop.people_on())) == (there, 600)


def test_an_audience_out_of_its_days_leaves_its_people_to_the_next_of_its_group(shop):
    everybody = shop.crowd(150)
    shop.lapsed(*sorted(everybody), segment="recent")
    shop.audience("sale", segment="recent", active=ACTIVE, exclusive_group="winback", priority=10)
    shop.audience("lapsed", exclusive_group="winback", priority=20, guards=FREE)
    found = []
    for number in (2, 3, 8):
        shop.publish(day(number))
        shop.sync()
        found.append([one.members for one in sorted(shop.plan().lists, key=lambda one: one.audience)])
    assert found == [[150, 0], [0, 150], [150, 0]]


# whose days are over, and who is watched ---------------------------------------------------------------------------------


def test_whose_id_changed_leaves_on_their_day_and_no_guard_minds(shop):
    everybody = first_fill(shop)
    for name in sorted(everybody):
        takes_another_id(shop, name, f"new_{name}")
        shop.persons[f"new_{name}"].emails.append(f"new_{name}@example.com")
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == set()


def test_whose_days_are_over_leaves_though_they_are_in_the_segment_no_more(shop):
    everybody = first_fill(shop)
    shop.leaves(*sorted(everybody)[:400])
    shop.publish(day(2))
    assert shop.sync() == 3
    assert shop.people_on() == everybody
    shop.publish(day(3))
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == set()


def left(shop):
    names = shop.name_of_key()
    return {
        names[key] for (key,) in shop.rows("select member_key from sync.audience_history where left_at is not null")
    }


def test_the_rest_of_those_who_leave_begins_although_others_are_held(shop):
    everybody = first_fill(shop, holdout="10%")
    later = shop.crowd(600, prefix="later")
    shop.publish(day(1))
    assert shop.sync() == 0
    shop.leaves(*later)
    shop.publish(day(3))
    assert shop.sync() == 3
    assert left(shop) == everybody, "those held out too, on both sides alike"
    shop.publish(day(4))
    assert shop.sync() == 0
    assert left(shop) == everybody | later
    shop.lapsed(*later)
    shop.publish(day(33))
    assert shop.plan_of().dropped["rest_days"] == 600


def test_whose_only_identifier_is_somebody_elses_by_now_has_left(shop):
    shop.crowd(150)
    shop.person("ann", phones=["+491701234567"])
    shop.person("bob", emails=[], phones=["+491701234567"])
    shop.lapsed("ann", "bob")
    shop.audience("lapsed", rest_days=10)
    shop.publish(day(0))
    assert shop.sync() == 0
    assert {"ann", "bob"} <= shop.on_ledger()
    shop.person("bob", emails=[])
    shop.publish(day(1))
    assert shop.sync() == 0
    assert left(shop) == {"bob"}
    assert "ann" in shop.people_on()
