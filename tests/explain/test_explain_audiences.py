"""Why somebody is in an audience or not: one sentence, and what stands behind it."""

from __future__ import annotations

import datetime as dt

import pytest


@pytest.fixture
def jane(shop):
    shop.person("jane", "jane@example.com")
    shop.qualifies("jane", order_count=3, category="Basses", last_ordered_at=dt.datetime(2026, 4, 24, 2))
    return "jane"


def verdict_of(shop, name, audience="lapsed", **keys):
    shop.audience(audience, **keys)
    shop.publish()
    return shop.told(name, audience)


def test_who_is_in_reads_the_segments_reason(shop, jane):
    told = verdict_of(shop, jane)

    assert told.is_in
    assert told.verdict == 'in "Label of lapsed": last ordered 214 days ago'
    assert [(one.platform, one.out_reason, one.arm, one.list) for one in told.placements] == [
        ("meta", None, None, "lapsed@meta:main")
    ]


def test_who_is_not_in_the_segment_reads_so(shop, jane):
    shop.person("stranger", "stranger@example.com")

    told = verdict_of(shop, "stranger")

    assert (told.is_in, told.verdict) == (False, 'not in "Label of lapsed": not in the segment lapsed')


def test_a_filter_that_fails_is_named_with_the_customers_value_and_what_is_wanted(shop, jane):
    told = verdict_of(shop, jane, where={"order_count": {"gte": 5}, "country": "US"})

    assert told.verdict == 'not in "Label of lapsed": order_count is 3, wanted: at least 5'
    assert [(one.column, one.value, one.wanted, one.holds) for one in told.where.parts] == [
        ("order_count", "3", "at least 5", False), ("country", "US", "US", True),
    ]  # fmt: skip


def test_a_nested_tree_keeps_its_shape_and_says_what_each_part_makes_of_the_customer(shop, jane):
    where = {
        "any": [{"category": {"in": ["Guitars", "Drums"]}}, {"none": [{"order_count": 3}, {"country": "CA"}]}],
        "last_ordered_at": {"lt": dt.date(2026, 4, 24)},
    }

    told = verdict_of(shop, jane, where=where)

    either, day = told.where.parts
    assert (either.kind, either.holds, day.holds) == ("any", False, True)
    assert [part.kind for part in either.parts] == ["condition", "none"]
    assert [part.holds for part in either.parts[1].parts] == [True, False]
    assert day.value == "2026-04-23 22:00"  # by the shop's clock
    assert told.verdict.endswith(
        "none of these holds: category is Basses, wanted: one of Guitars, Drums / order_count is 3, which is not wanted"
    )


def test_of_several_rows_of_a_segment_the_one_that_the_audience_picks_is_shown(shop):
    shop.person("jane", "jane@example.com")
    shop.qualifies("jane", "hinted", "liked the blue one", rank=1, product_id="p1", price=9.5)
    shop.qualifies("jane", "hinted", "liked the red one", rank=2, product_id="p2", price=50.0)

    told = verdict_of(shop, "jane", segment="hinted", where={"price": {"gt": 10}})

    assert told.is_in
    assert [(one.value, one.holds) for one in [told.where]] == [("50", True)]
    assert {row.reason for row in told.rows} == {"liked the blue one", "liked the red one"}


def test_an_exclusion_reads_the_reason_of_the_segment_that_excludes(shop, jane):
    shop.qualifies("jane", "recent", "bought within the last 14 days")

    told = verdict_of(shop, jane, exclude=["segment:recent"])

    assert told.verdict == 'not in "Label of lapsed": bought within the last 14 days (segment recent)'
    assert [(one.what, one.has_customer) for one in told.exclusions] == [("segment:recent", True)]


def test_an_exclusion_by_another_audience_names_it(shop, jane):
    shop.audience("other")

    told = verdict_of(shop, jane, exclude=["audience:other"])

    assert told.verdict == 'not in "Label of lapsed": is in the audience other, which this one leaves out'


def test_of_a_group_the_winner_is_named_and_everybody_who_wanted_the_customer(shop, jane):
    shop.audience("first", exclusive_group="group", priority=10, paused=True)
    shop.audience("second", exclusive_group="group", priority=20)
    shop.audience("picky", exclusive_group="group", priority=30, where={"country": "CA"})

    told = verdict_of(shop, jane, exclusive_group="group", priority=40)

    assert told.verdict == 'not in "Label of lapsed": the audience second comes first in the group group'
    assert [(one.audience, one.is_paused, one.is_candidate, one.wins) for one in told.rivals] == [
        ("first", True, True, False), ("second", False, True, True), ("picky", False, False, False),
        ("lapsed", False, True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("why_not", "words"),
    [
        ("consent_denied", "said no (ad_personalization, ad_user_data, email)"),
        ("consent_unknown", "was never asked, or the answer is unknown, where a yes is needed first"),
        ("staff", "works for the shop"),
    ],
)
def test_the_gate_says_why_not_and_when(shop, why_not, words):
    shop.person("jane", "jane@example.com", why_not=why_not)
    shop.qualifies("jane")

    told = verdict_of(shop, "jane")

    assert words in told.verdict
    gate = shop.story("jane").gate
    assert [(one.purpose, one.is_addressable, one.why_not) for one in gate] == [
        (purpose, False, why_not) for purpose in ("ad_personalization", "ad_user_data", "email")
    ]


def test_somebody_without_an_identifier_reads_so(shop):
    shop.person("jane")
    shop.qualifies("jane")

    assert "there is no e-mail and no phone" in verdict_of(shop, "jane").verdict
    assert shop.story("jane").identifiers.emails == 0


def test_who_is_held_out_reads_so_with_the_arm_and_the_log_has_it_after_the_sync(shop):
    names = shop.others(300)
    shop.audience(holdout="50%")
    shop.publish()
    shop.sync()

    stories = {name: shop.story(name) for name in names[:12]}
    arms = {name: one.audiences[0].placements[0].arm for name, one in stories.items()}

    assert set(arms.values()) == {"treated", "holdout"}
    for name, story in stories.items():
        assert [(one.experiment, one.arm) for one in story.experiments] == [("audience:lapsed", arms[name])]
        assert story.audiences[0].is_in is (arms[name] == "treated")
        assert ("held out" in story.audiences[0].verdict) is (arms[name] == "holdout")


def test_an_audience_outside_its_days_says_which_they_are(shop, jane):
    told = verdict_of(shop, jane, active={"from": dt.date(2026, 12, 1), "to": dt.date(2026, 12, 24)})

    assert told.verdict == 'not in "Label of lapsed": it runs only from 2026-12-01 until 2026-12-24'
    assert not told.stay.is_active


def test_a_paused_audience_reads_so(shop, jane):
    told = verdict_of(shop, jane, paused=True)

    assert (told.is_in, told.is_paused) == (False, True)
    assert told.verdict == 'not in "Label of lapsed": the audience is paused'


def test_who_stays_long_reads_the_day_to_leave_and_who_left_the_day_to_return(shop, jane):
    shop.others()
    shop.audience(max_days_in=60, rest_days=120)
    shop.publish()
    shop.sync()
    stays = shop.told(jane).stay
    shop.others()  # who come later, so that the list does not fall below the platform's floor
    later = dt.date(2027, 1, 31)
    shop.publish(later)
    sixty_days_later = shop.told(jane).verdict
    shop.sync()
    shop.publish(later + dt.timedelta(days=1))
    rests = shop.told(jane)

    assert (stays.entered_at.date(), stays.leaves_on) == (dt.date(2026, 11, 24), dt.date(2027, 1, 22))
    assert "was in for 60 days, the most allowed" in sixty_days_later
    assert "rests until 2027-06-01" in rests.verdict  # summer time began meanwhile
    assert rests.stay.may_return_on == dt.date(2027, 6, 1)


def test_a_split_audience_says_on_which_of_its_lists_somebody_belongs(shop, jane):
    shop.others(category="Basses")
    shop.others(category="Drums")
    shop.person("loner", "loner@example.com")
    shop.qualifies("loner", category="Harps")

    shop.audience(split_by={"column": "category", "min_members": 100, "rest": "other"})
    shop.publish()

    assert shop.told(jane).placements[0].list == "lapsed@meta:main/Basses"
    assert shop.told("loner").placements[0].list == "lapsed@meta:main/other"
