"""The guards at their edges, as pure decisions."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.guards import KINDS, GuardLimits, ListFacts, Permit, judge

LIMITS = GuardLimits(
    max_shrink=0.5,
    max_growth=3.0,
    max_updates=0.5,
    from_members=500,
    min_members=100,
    max_build_age=dt.timedelta(hours=48),
)


def facts(**values):
    usual = {"size": 1000, "largest": 1000, "wanted": 1000, "adds": 0, "changed": 0, "removes": 0, "exempt_removes": 0}
    usual |= {"build_age": dt.timedelta(hours=1), "newer_build_failed": False, "was_sent_before": True}
    return ListFacts(**{**usual, **values})


def held(permits=(), **values):
    """What is held, and the kinds of guards that tripped."""
    verdict = judge(facts(**values), LIMITS, permits)
    return verdict.held, [finding.kind for finding in verdict.findings]


def test_a_list_without_changes_trips_nothing():
    assert held(wanted=0, size=0, build_age=dt.timedelta(days=900), newer_build_failed=True) == ({}, [])


@pytest.mark.parametrize(("removes", "is_held"), [(500, False), (501, True)])
def test_a_list_may_shrink_by_half(removes, is_held):
    verdict, kinds = held(removes=removes, wanted=1000 - removes)
    assert verdict == ({"remove": removes} if is_held else {})
    assert kinds == (["shrink", "removals"] if is_held else [])


def test_shrinking_is_against_the_largest_size_of_the_week_so_that_it_cannot_go_by_in_slices():
    assert held(size=520, removes=30, wanted=490)[1] == ["shrink"]


@pytest.mark.parametrize(("removes", "is_held"), [(500, False), (501, True)])
def test_replacing_more_than_half_of_the_people_is_held_even_where_the_size_stays(removes, is_held):
    verdict, kinds = held(removes=removes, adds=removes)
    assert kinds == (["removals"] if is_held else [])
    assert verdict == ({"remove": removes} if is_held else {})


@pytest.mark.parametrize(("adds", "is_held"), [(3000, False), (3001, True)])
def test_a_list_may_grow_to_four_times_its_size(adds, is_held):
    assert held(adds=adds, wanted=1000 + adds) == (({"add": adds}, ["growth"]) if is_held else ({}, []))


def test_the_first_fill_is_not_growth():
    assert held(size=0, largest=0, adds=50_000, wanted=50_000, was_sent_before=False) == ({}, [])


@pytest.mark.parametrize(("changed", "is_held"), [(500, False), (501, True)])
def test_a_changed_recipe_is_held(changed, is_held):
    assert held(changed=changed) == (({"update": changed}, ["updates"]) if is_held else ({}, []))


@pytest.mark.parametrize(("largest", "is_held"), [(499, False), (500, True)])
def test_small_lists_may_change_as_they_like(largest, is_held):
    verdict, _ = held(size=largest, largest=largest, removes=largest - 120, wanted=120)
    assert bool(verdict) is is_held


@pytest.mark.parametrize(("wanted", "is_held"), [(100, False), (99, True)])
def test_a_list_below_the_platforms_floor_is_held_whole(wanted, is_held):
    verdict, kinds = held(size=110, largest=110, wanted=wanted, adds=5, removes=115 - wanted)
    assert verdict == ({"add": 5, "remove": 115 - wanted} if is_held else {})
    assert kinds == (["floor"] if is_held else [])


@pytest.mark.parametrize(("hours", "is_held"), [(48, False), (48.1, True), (-24, False), (-24.1, True)])
def test_an_old_build_and_one_of_days_to_come_hold_everything(hours, is_held):
    verdict, kinds = held(adds=1, changed=1, removes=1, build_age=dt.timedelta(hours=hours))
    assert verdict == ({"add": 1, "update": 1, "remove": 1} if is_held else {})
    assert kinds == (["stale_build"] if is_held else [])


def test_age_can_be_switched_off():
    ageless = GuardLimits(0.5, 3.0, 0.5, 500, 100, None)
    assert judge(facts(adds=1, build_age=dt.timedelta(days=5000)), ageless).held == {}


def test_a_newer_build_that_failed_holds_everything():
    assert held(adds=3, newer_build_failed=True) == ({"add": 3}, ["unfinished_build"])


def test_who_said_no_is_not_counted_against_any_guard():
    assert held(removes=900, exempt_removes=900, wanted=100) == ({}, [])
    assert held(removes=901, exempt_removes=400, wanted=99)[0] == {"remove": 501}


def test_an_audience_whose_days_are_over_may_empty_its_list_but_not_by_a_stale_build():
    assert held(removes=1000, wanted=0, is_over=True) == ({}, [])
    assert held(removes=1000, wanted=0, is_over=True, build_age=dt.timedelta(days=9))[1] == ["stale_build"]


def test_a_guard_says_why_with_numbers():
    reasons = judge(facts(removes=600, wanted=400), LIMITS).reasons
    assert reasons[0] == "the list would shrink from 1000 to 400, more than 50%"


def test_each_guard_has_a_reason_to_be_in_the_list_of_kinds():
    worst = facts(size=500, changed=400, removes=450, adds=10, wanted=60, newer_build_failed=True)
    grown = facts(adds=9000, build_age=dt.timedelta(days=9))
    kinds = {one.kind for each in (worst, grown) for one in judge(each, LIMITS).findings}
    assert kinds == set(KINDS)


@pytest.mark.parametrize(("at_most", "is_held"), [(600, False), (599, True)])
def test_a_permit_lets_through_up_to_its_ceiling(at_most, is_held):
    permits = [Permit("p1", "shrink", at_most), Permit("p2", "removals", at_most)]
    verdict = judge(facts(removes=600, wanted=400), LIMITS, permits)
    assert bool(verdict.held) is is_held
    assert verdict.used_permits == (() if is_held else ("p1", "p2"))


def test_a_permit_for_one_guard_does_not_open_another():
    assert held([Permit("p1", "shrink", 9999)], removes=600, wanted=400) == ({"remove": 600}, ["removals"])


def test_an_exclusion_has_no_floor_and_may_grow_but_not_shrink():
    small = facts(size=50, largest=50, wanted=60, adds=10, removes=0, is_exclusion=True)
    growing = facts(size=600, largest=600, wanted=6_000, adds=5_400, removes=0, is_exclusion=True)
    shrinking = facts(size=600, largest=600, wanted=100, adds=0, removes=500, is_exclusion=True)

    assert judge(small, LIMITS).held == {}
    assert judge(growing, LIMITS).held == {}
    assert judge(shrinking, LIMITS).held == {"remove": 500}


def test_an_exclusion_is_watched_from_the_platforms_floor_on_because_an_empty_table_would_show_ads_to_all():
    emptied = facts(size=150, largest=150, wanted=0, adds=0, removes=150, is_exclusion=True)

    assert judge(emptied, LIMITS).held == {"remove": 150}
