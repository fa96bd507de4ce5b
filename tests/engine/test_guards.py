"""The guards at their edges, as pure decisions."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.definition import Guards
from audiences.guards import KINDS, GuardLimits, ListFacts, Permit, judge, limits_for
from audiences.settings import GuardDefaults

LIMITS = GuardLimits(
    max_shrink=0.5,
    max_growth=3.0,
    max_updates=0.5,
    from_members=500,
    min_members=100,
    max_build_age=dt.timedelta(hours=48),
    max_lists=500,
)


def facts(**values):
    usual = {"size": 1000, "largest": 1000, "wanted": 1000, "adds": 0, "changed": 0, "removes": 0, "exempt_removes": 0}
    usual |= {"build_age": dt.timedelta(hours=1), "newer_build_failed": False, "was_filled": True}
    usual["shrinks_from"] = values.get("largest", usual["largest"])
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
    assert held(size=0, largest=0, adds=50_000, wanted=50_000, was_filled=False) == ({}, [])


@pytest.mark.parametrize(("changed", "is_held"), [(500, False), (501, True)])
def test_changed_identifiers_of_more_than_half_are_held(changed, is_held):
    assert held(changed=changed) == (({"update": changed}, ["updates"]) if is_held else ({}, []))


def test_what_a_new_recipe_changes_goes_by_its_budget_and_is_held_only_with_what_changed_in_the_data():
    assert held(recipe_updates=1000) == ({}, [])
    assert held(recipe_updates=300, changed=500) == ({}, [])
    assert held(recipe_updates=300, changed=501) == ({"update": 801}, ["updates"])


@pytest.mark.parametrize(("coverage", "is_held"), [(0.7, False), (0.69, True)])
def test_a_fall_in_coverage_holds_who_leaves_and_who_loses_an_identifier_but_nobody_new(coverage, is_held):
    verdict, kinds = held(adds=5, changed=20, removes=30, exempt_removes=4, coverage=coverage, best_coverage=0.9)
    assert verdict == ({"update": 20, "remove": 26} if is_held else {})
    assert kinds == (["coverage"] if is_held else [])


@pytest.mark.parametrize(("coverage", "best"), [(None, 0.9), (0.1, None), (0.9, 0.1)])
def test_coverage_that_is_unknown_or_rose_holds_nothing(coverage, best):
    assert held(changed=20, removes=30, coverage=coverage, best_coverage=best) == ({}, [])


def test_a_fall_in_coverage_is_no_matter_where_only_new_people_come():
    assert held(adds=5, removes=3, exempt_removes=3, coverage=0.1, best_coverage=0.9) == ({}, [])


@pytest.mark.parametrize(("lost", "is_held"), [(200, False), (201, True)])
def test_consents_that_turned_unknown_hold_these_removals_and_no_others(lost, is_held):
    verdict = judge(facts(removes=lost + 50, consent_lost=lost, wanted=750), LIMITS)
    assert verdict.held == ({"remove": lost} if is_held else {})
    assert verdict.holds_only_lost_consent is is_held


def test_all_removals_wait_when_another_guard_holds_them_beside_the_consents():
    verdict = judge(facts(removes=600, consent_lost=300, wanted=400), LIMITS)
    assert verdict.held == {"remove": 600}
    assert not verdict.holds_only_lost_consent


def test_a_permit_for_the_consents_lets_them_go():
    verdict = judge(facts(removes=300, consent_lost=300, wanted=700), LIMITS, [Permit("p1", "consent", 300)])
    assert (verdict.held, verdict.used_permits, verdict.holds_only_lost_consent) == ({}, ("p1",), False)


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


BAD_DAYS = {
    "shrink": ({"removes": 600}, "the list would shrink from 1,000 to 400, more than 50%"),
    "removals": (
        {"removes": 600, "adds": 600}, "600 of 1,000 members would be removed (60%), more than 50%"
    ),
    "growth": ({"adds": 5000}, "the list would grow from 1,000 to 6,000, more than 300%"),
    "updates": (
        {"changed": 600},
        "600 of 1,000 members would be sent anew with other e-mails or phones (60%), more than 50%",
    ),
    "floor": (
        {"size": 120, "largest": 120, "wanted": 90, "removes": 30},
        "90 members are fewer than 100, which the platform or the audience needs",
    ),
    "coverage": (
        {"removes": 300, "coverage": 0.61, "best_coverage": 0.92},
        "only 61% of the people who may be addressed have an e-mail or a phone, "
        "92% had before: 31 points less, more than 20",
    ),
    "consent": (
        {"removes": 300, "consent_lost": 300},
        "300 of 1,000 members would be removed because their consent, once granted, is now unknown (30%), more than 20%",
    ),
    "retired": (
        {"removes": 1000, "is_retired": True}, "no definition asks for this list any more, and 1,000 people are on it"
    ),
    "lists": (
        {"adds": 600, "list_number": 501},
        "it would be list 501 of ours on this account, which takes 500: make fewer lists of a split, or delete there what "
        "no definition asks for, or set the account's `max_lists`",
    ),
    "stale_build": (
        {"adds": 1, "build_age": dt.timedelta(hours=60)},
        "the build is as of 60 hours ago, at most 48 hours are allowed",
    ),
    "unfinished_build": (
        {"adds": 1, "newer_build_failed": True}, "a newer build did not finish; this plan follows an older one"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_DAYS)
def test_a_guard_says_in_a_sentence_what_happens_with_numbers_and_the_limit(kind):
    values, sentence = BAD_DAYS[kind]
    found = {finding.kind: finding.reason for finding in judge(facts(**values), LIMITS).findings}
    assert found[kind] == sentence


def test_each_kind_of_guard_has_its_bad_day_above():
    assert set(BAD_DAYS) == set(KINDS)


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


def test_an_exclusion_may_shrink_by_half_of_what_a_target_may_unless_its_audience_says_so():
    said = Guards(max_shrink=0.5)

    assert limits_for(Guards(), GuardDefaults(), floor=100, is_exclusion=False).max_shrink == 0.5
    assert limits_for(Guards(), GuardDefaults(), floor=100, is_exclusion=True).max_shrink == 0.25
    assert limits_for(said, GuardDefaults(), floor=100, is_exclusion=True).max_shrink == 0.5


def test_what_an_audience_says_wins_over_the_settings_and_the_platforms_floor_over_a_lower_one():
    own = Guards(max_growth=9.0, max_updates=0.1, max_coverage_fall=0.05, max_consent_loss=0.07, min_members=20)

    limits = limits_for(own, GuardDefaults(from_members=7, max_build_age="2h"), floor=100, is_exclusion=False)

    assert limits == GuardLimits(0.5, 9.0, 0.1, 7, 100, dt.timedelta(hours=2), 0.05, 0.07)
    assert limits_for(Guards(min_members=300), GuardDefaults(), floor=100, is_exclusion=False).min_members == 300


@pytest.mark.parametrize(
    "values", [{"removes": 60, "coverage": 0.5, "best_coverage": 0.9}, {"removes": 60, "consent_lost": 60}]
)
def test_an_exclusion_is_watched_for_addresses_and_consents_too_from_the_platforms_floor_on(values):
    assert judge(facts(size=150, largest=150, **values), LIMITS).held == {}
    assert judge(facts(size=150, largest=150, is_exclusion=True, **values), LIMITS).held == {"remove": 60}


# days that are over ------------------------------------------------------------------------------------------------------


def test_who_leaves_because_the_days_are_over_trips_no_guard_that_looks_at_people():
    assert held(removes=950, overdue_removes=950, wanted=50) == ({}, [])


def test_the_others_are_watched_as_if_those_had_never_been_on_the_list():
    assert held(removes=800, overdue_removes=700, wanted=200) == ({}, [])
    told, kinds = held(removes=900, overdue_removes=700, wanted=100)
    assert (told, kinds) == ({"remove": 200}, ["shrink", "removals"])


def test_what_the_days_took_off_within_the_week_is_not_missed_afterwards():
    assert held(size=200, largest=1000, removes=10, wanted=190)[1] == ["shrink"]
    assert held(size=200, largest=1000, removes=10, wanted=190, overdue_before=800) == ({}, [])
    assert held(size=800, largest=1000, removes=350, adds=0, wanted=450, overdue_before=900) == ({}, [])
    assert held(size=800, largest=1000, removes=401, adds=0, wanted=399, overdue_before=900)[1] == [
        "shrink",
        "removals",
    ]


@pytest.mark.parametrize(
    "guard", [{"newer_build_failed": True}, {"build_age": dt.timedelta(days=3)}, {"is_retired": True}]
)
def test_guards_of_the_build_hold_them_too(guard):
    verdict = judge(facts(removes=950, overdue_removes=950, wanted=50, **guard), LIMITS)
    assert verdict.held == {"remove": 950}
    assert not verdict.frees_overdue


def test_beside_a_list_that_is_too_small_they_leave():
    verdict = judge(facts(removes=950, overdue_removes=930, adds=5, wanted=55), LIMITS)
    assert verdict.held == {"add": 5, "remove": 20}
    assert verdict.frees_overdue
