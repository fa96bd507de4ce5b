"""From the customers of a segment to members: each step, what falls out at it, and that the numbers add up."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.sync.preview import preview


def placed(shop, audience="lapsed"):
    """The audience's preview: members and what fell out, and that both together are the segment's customers."""
    (found,) = preview(shop.settings, (audience,))
    account = found.accounts[0]
    assert account.members + sum(account.dropped.values()) == found.segment_customers
    assert sum(account.lists.values()) == account.members
    return account


def test_everybody_of_the_segment_is_a_member_or_fell_out_for_one_counted_reason(shop):
    crowd = shop.crowd(20)
    shop.person("denies", consent="denied")
    shop.person("silent", consent="unknown")
    shop.person("unasked", consent=None)
    shop.person("faceless", emails=[])
    shop.lapsed("denies", "silent", "unasked", "faceless")
    shop.lapsed("picky", category="Amps")
    shop.lapsed("bought")
    shop.lapsed("bought", segment="recent")
    shop.audience("lapsed", where={"category": {"ne": "Amps"}}, exclude=["segment:recent"])
    shop.publish()
    account = placed(shop)
    assert account.members == len(crowd)
    assert account.dropped == {
        "where": 1,
        "exclude segment:recent": 1,
        "gate consent_denied": 1,
        "gate consent_unknown": 1,
        "gate unknown customer": 1,
        "no identifier": 1,
    }


def test_the_first_step_that_somebody_fails_is_the_one_that_counts(shop):
    shop.crowd(5)
    shop.person("hopeless", consent="denied", emails=[])
    shop.lapsed("hopeless", category="Amps")
    shop.lapsed("hopeless", segment="recent")
    shop.audience("lapsed", where={"category": {"ne": "Amps"}}, exclude=["segment:recent"])
    shop.publish()
    assert placed(shop).dropped == {"where": 1}


def test_where_reads_columns_of_the_segment_before_those_of_the_customer(shop):
    shop.person("loyal", order_count=9, country="US")
    shop.person("abroad", order_count=9, country="DE")
    shop.lapsed("loyal", "abroad", order_count=2)
    shop.audience("lapsed", where={"order_count": 2, "country": "US"})
    shop.publish()
    account = placed(shop)
    assert (account.members, account.dropped) == (1, {"where": 1})


def test_a_customer_whom_dim_customers_does_not_know_passes_only_what_an_unknown_value_passes(shop):
    shop.person("known", country="US")
    shop.lapsed("known")
    shop.segments["lapsed"].append({"customer_id": "ghost"})
    shop.audience("lapsed", where={"country": {"ne": "DE"}})
    shop.publish()
    assert placed(shop).dropped == {"gate unknown customer": 1}


def test_somebody_who_wants_two_things_is_one_member_with_the_better_ranked(shop):
    crowd = shop.crowd(3, segment="hinted", rank=1, product_id="p1", category="Strings")
    shop.lapsed("both", segment="hinted", rank=2, product_id="p1", category="Amps")
    shop.lapsed("both", segment="hinted", rank=1, product_id="p9", category="Straps")
    shop.audience("hinted", segment="hinted", split_by={"column": "category", "min_members": 1})
    shop.publish()
    account = placed(shop, "hinted")
    assert account.members == len(crowd) + 1
    assert account.lists == {"hinted@meta:main/Strings": 3, "hinted@meta:main/Straps": 1}


def test_of_two_equally_ranked_things_the_one_with_the_lower_key_counts(shop):
    for product, category in [("p2", "Amps"), ("p1", "Straps"), ("p3", "Picks")]:
        shop.lapsed("torn", segment="hinted", rank=1, product_id=product, category=category)
    shop.audience("hinted", segment="hinted", split_by={"column": "category", "min_members": 1})
    shop.publish()
    assert placed(shop, "hinted").lists == {"hinted@meta:main/Straps": 1}


def test_a_thing_that_where_leaves_out_does_not_hide_the_next_best(shop):
    shop.lapsed("both", segment="hinted", rank=1, product_id="p1", category="Amps")
    shop.lapsed("both", segment="hinted", rank=2, product_id="p2", category="Straps")
    shop.audience("hinted", segment="hinted", where={"category": {"ne": "Amps"}})
    shop.publish()
    assert placed(shop, "hinted").members == 1


def test_an_excluded_audience_counts_with_those_whom_its_own_gate_and_holdout_keep_back(shop):
    everybody = shop.crowd(40)
    shop.person("denies", consent="denied")
    shop.lapsed("denies")
    shop.lapsed("only_here")
    shop.lapsed(*everybody, "denies", segment="recent")
    shop.audience("buyers", segment="recent", holdout="50%")
    shop.audience("lapsed", exclude=["audience:buyers"])
    shop.publish()
    account = placed(shop)
    assert account.members == 1
    assert account.dropped == {"exclude audience:buyers": len(everybody) + 1}


def test_in_a_group_the_lower_priority_number_wins(shop):
    everybody = shop.crowd(10)
    shop.lapsed(*sorted(everybody)[:4], segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20)
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10)
    shop.publish()
    account = placed(shop)
    assert placed(shop, "buyers").members == 4
    assert (account.members, account.dropped) == (6, {"group buyers": 4})


def test_a_paused_audience_claims_nobody_in_its_group(shop):
    everybody = shop.crowd(10)
    shop.lapsed(*sorted(everybody)[:4], segment="recent")
    shop.audience("lapsed", exclusive_group="winback", priority=20)
    shop.audience("buyers", segment="recent", exclusive_group="winback", priority=10, paused=True)
    shop.publish()
    assert placed(shop).members == 10


def test_who_falls_out_of_a_better_placed_audience_is_free_for_the_next(shop):
    shop.crowd(10)
    shop.lapsed("wants_amps", category="Amps")
    shop.lapsed("wants_amps", segment="recent")
    shop.audience("buyers", segment="recent", where={"reason": "loud"}, exclusive_group="winback", priority=10)
    shop.audience("lapsed", exclusive_group="winback", priority=20)
    shop.publish()
    assert placed(shop).members == 11


@pytest.mark.parametrize(
    ("day", "members"),
    [
        (dt.date(2026, 11, 16), 0),
        (dt.date(2026, 11, 17), 10),
        (dt.date(2026, 11, 20), 10),
        (dt.date(2026, 11, 30), 10),
        (dt.date(2026, 12, 1), 0),
    ],
    ids=["before the warm-up", "warm-up", "first day", "last day", "day after"],
)
def test_an_audience_has_members_on_its_active_days_and_while_it_warms_up(shop, day, members):
    shop.crowd(10)
    active = {"from": dt.date(2026, 11, 20), "to": dt.date(2026, 11, 30), "warm_up_days": 3}
    shop.audience("lapsed", active=active)
    shop.publish(day)
    account = placed(shop)
    assert account.members == members
    assert account.dropped == ({} if members else {"not_active": 10})


def test_an_audience_whose_days_are_over_gives_its_people_back_without_a_guard(shop):
    shop.crowd(600)
    shop.audience("lapsed", active={"to": dt.date(2026, 11, 23)})
    shop.publish(dt.date(2026, 11, 23))
    shop.sync()
    shop.publish(dt.date(2026, 11, 24))
    assert shop.sync() == 0
    assert shop.people_on() == set()
