"""Who is meant: by id, reference, e-mail or phone, in any spelling, and never repeated."""

from __future__ import annotations

import datetime as dt

import pytest
from explain_shop import customer_id

from audiences.errors import DataError


@pytest.fixture
def jane(shop):
    shop.person("jane", "j.doe@gmail.com", "(212) 555-0147", ref="c-4711")
    shop.person("joan", "joan@example.com", "+1 212 555 0147")
    shop.audience()
    shop.publish()
    return customer_id("jane")[:12]


@pytest.mark.parametrize(
    "typed",
    [
        customer_id("jane"),
        customer_id("jane")[:12].upper(),
        "c-4711",
        " JDoe+news@GoogleMail.com ",
        "Jane <j.doe@gmail.com>",
    ],
)
def test_somebody_is_found_by_id_reference_and_any_spelling_of_the_mailbox(shop, jane, typed):
    assert [one.customer for one in shop.asked(typed)] == [jane]


@pytest.mark.parametrize("typed", ["+1 (212) 555-0147", "212.555.0147", "00 1 212 555 0147", "12125550147"])
def test_everybody_who_shares_a_phone_is_shown(shop, jane, typed):
    assert {one.customer for one in shop.asked(typed)} == {jane, customer_id("joan")[:12]}


def test_a_phone_of_another_country_is_found_with_its_country(shop):
    shop.person("jan", "jan@example.de", "030 1234567", country="DE")
    shop.audience()
    shop.publish()

    assert len(shop.asked("030 1234567", country="DE")) == 1
    with pytest.raises(DataError, match="--country"):
        shop.asked("030 1234567")


@pytest.mark.parametrize(
    "typed",
    [
        customer_id("jane")[:11],
        "nobody@example.com",
        "+1 212 555 9999",
        "c-9999",
        "0" * 32,
        "",
        "%",
        "'; drop table x",
        "\udcff",
    ],
)
def test_who_is_not_known_gets_a_clear_message_that_does_not_repeat_what_was_typed(shop, jane, typed):
    with pytest.raises(DataError, match="nobody is known by that") as refused:
        shop.asked(typed)

    assert refused.value.exit_code == 5
    assert not typed or typed not in str(refused.value)
    assert refused.value.__cause__ is None


def test_what_fits_many_is_refused_with_their_number(shop):
    for number in range(11):
        shop.person(f"p{number}", "one@example.com")
    shop.audience()
    shop.publish()

    with pytest.raises(DataError, match="fits 11 customers"):
        shop.asked("one@example.com")


def test_references_say_what_became_the_customer_and_when_without_an_address_among_them(shop, jane):
    shop.reference("jane", "J.Doe@gmail.com", "guest_order", dt.datetime(2026, 3, 1, 15))
    shop.reference("jane", "212-555-0147", "customer", dt.datetime(2026, 4, 1, 15))
    shop.reference("jane", "v1", "visitor", dt.datetime(2026, 5, 1, 15))
    shop.publish()

    (story,) = shop.asked("c-4711")

    assert [(one.source, one.kind, one.reference, one.linked_at.year) for one in story.references] == [
        ("web", "customer", "(an address: hidden)", 2026),
        ("web", "guest_order", "(an address: hidden)", 2026),
        ("web", "customer", "(the one asked for)", 2025),
        ("web", "visitor", "v1", 2026),
    ]


def test_of_many_visits_the_newest_are_shown_and_all_counted(shop, jane):
    for number in range(30):
        shop.reference("jane", f"v{number}", "visitor", dt.datetime(2026, 5, 1) + dt.timedelta(days=number))
    shop.publish()

    story = shop.story("jane")

    assert (len(story.references), story.reference_count) == (12, 31)
    assert [one.reference for one in story.references][:2] == ["c-4711", "v29"]


def test_identifiers_are_counted_never_shown(shop, jane):
    story = shop.story("jane")

    assert (story.identifiers.emails, story.identifiers.phones, story.identifiers.has_name) == (1, 1, False)
    hashes = [value for row in shop.build["marts.dim_identifiers"] for value in row.values()]
    assert not any(str(value) in repr(story) for value in hashes if len(str(value)) == 64)
