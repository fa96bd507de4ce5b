"""Who is logged as held out is reached by no identifier that others have too, whatever becomes of them in the segment or at the gate."""

from __future__ import annotations

import pytest

COUPLES = 30


@pytest.fixture(params=["audience", "global"])
def held_out(request, shop):
    """The numbers of the couples of which one was sent to the draw alone, and is held out; the other comes a day later."""
    shop.crowd(300)
    for number in range(COUPLES):
        shop.person(f"kim{number}", phones=[phone_of(number)])
        shop.person(f"kit{number}", phones=[phone_of(number)])
        shop.lapsed(f"kim{number}")
    shop.audience("lapsed", holdout={"share": "30%", "scope": request.param})
    shop.publish()
    assert shop.sync() == 0
    names = shop.name_of_key()
    logged = {
        names[key] for (key,) in shop.rows("select member_key from sync.experiment_entries where arm = 'holdout'")
    }
    found = {number for number in range(COUPLES) if f"kim{number}" in logged}
    assert found
    shop.lapsed(*(f"kit{number}" for number in range(COUPLES)))
    return found


def phone_of(number):
    return f"1555000{number:04}"


def reached(shop, numbers):
    """By whose phone the platform finds somebody."""
    shop.publish(1)
    assert shop.sync() == 0
    return {number for number in numbers if phone_of(number) in shop.contacts_on()}


def test_while_they_are_in_the_segment(shop, held_out):
    assert reached(shop, held_out) == set()


def test_when_they_have_left_it(shop, held_out):
    shop.leaves(*(f"kim{number}" for number in held_out))
    assert reached(shop, held_out) == set()


def test_when_their_consent_is_not_known_any_more(shop, held_out):
    for number in held_out:
        shop.persons[f"kim{number}"].consent = "unknown"
    assert reached(shop, held_out) == set()


def test_under_another_id(shop, held_out):
    for number in held_out:
        shop.person(f"new{number}", emails=[], consent="unknown")
        shop.merges(f"kim{number}", f"new{number}")
    assert reached(shop, held_out) == set()


def test_who_was_sent_and_left_keeps_nobody_from_their_phone(shop, held_out):
    others = set(range(COUPLES)) - held_out
    shop.leaves(*(f"kim{number}" for number in others))
    assert reached(shop, others)
