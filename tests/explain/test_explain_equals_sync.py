"""What explain says of somebody is what the sync did with them, whatever the reason."""

from __future__ import annotations

import random

import pytest

GATE = [None, None, None, None, "consent_denied", "consent_unknown", "staff"]


@pytest.fixture(scope="module")
def dice():
    return random.Random(7)


@pytest.fixture
def names(shop, dice):
    """A varied crowd; some share an address with a neighbour, some have none."""
    names = [f"p{number}" for number in range(1000)]
    for number, name in enumerate(names):
        email = f"p{number - 1 if dice.random() < 0.05 else number}@example.com"
        shop.person(
            name, None if dice.random() < 0.15 else email, country=dice.choice(["US", "CA"]), why_not=dice.choice(GATE)
        )
        if dice.random() < 0.9:
            category = dice.choice(["Basses", "Basses", "Drums", "Harps"])
            shop.qualifies(name, order_count=dice.randint(1, 4), category=category)
        if dice.random() < 0.3:
            shop.qualifies(name, "recent", "bought within the last 14 days")
        for rank in range(dice.randint(0, 2)):
            shop.qualifies(name, "hinted", "liked it", rank=rank, product_id=f"p{rank}", price=dice.random() * 100)
    return names


def test_who_explain_says_is_in_is_on_the_list_and_nobody_else(shop, names, dice):
    shop.audience(
        "hinted", segment="hinted", where={"price": {"lt": 60}}, exclusive_group="all", priority=1, holdout="20%"
    )
    shop.audience("split", where={"order_count": {"gte": 2}}, exclude=["segment:recent"], exclusive_group="all", priority=2,
                  split_by={"column": "category", "min_members": 80, "rest": "other"})  # fmt: skip
    shop.audience("arms", segment="recent", arms={"a": "85%", "holdout": "5%"})
    shop.publish()
    shop.sync()

    reasons = set()
    for name in dice.sample(names, 35):
        for told in shop.story(name).audiences:
            belongs = [one.list for one in told.placements if one.list]
            assert [one.list for one in told.lists] == belongs, told.verdict
            assert [one.is_on for one in told.lists] == [not one.is_held for one in told.lists]
            assert told.is_in is bool(belongs)
            reasons.add(told.placements[0].out_reason if told.placements else "not in the segment")
    assert "applied" in {one.state for one in shop.result.lists} <= {"applied", "held"}  # a floor may hold a small one
    assert {None, "where", "no identifier", "exclude segment:recent", "group hinted"} <= reasons
    assert {"gate consent_denied", "gate consent_unknown", "gate staff", "not in the segment"} <= reasons
