"""Who is one customer: accounts, guests, newsletter addresses and visitor ids, as of the evening of 30 June 2026."""

from __future__ import annotations

import hashlib

import pytest

AS_OF = "2026-07-01 03:59:59.999999"


def account(shop, ref, created_at="2026-01-01 12:00:00", **columns):
    shop.add("customers", customer_ref=ref, created_at=created_at, **columns)


def guest_order(shop, ref, ordered_at="2026-03-01 12:00:00", **columns):
    shop.add("orders", order_ref=ref, ordered_at=ordered_at, **columns)


def event(shop, ref, occurred_at="2026-04-01 12:00:00", **columns):
    shop.add("events", event_ref=ref, occurred_at=occurred_at, event_type="view_product", **columns)


@pytest.fixture(scope="module")
def shop(make_shop):
    shop = make_shop()
    add_guests_and_accounts(shop)
    add_shared_contacts(shop)
    add_visitors(shop)
    add_newsletter(shop)
    shop.build(
        AS_OF, select="+customer_refs +int_customer_refs +fct_events +fct_orders +dim_identifiers +dim_customers"
    )
    return shop


def add_guests_and_accounts(shop):
    account(shop, "ann", email="Ann@Example.com", created_at="2026-02-01 12:00:00")
    guest_order(shop, "ann-before-her-account", email=" ann@example.COM ", ordered_at="2026-01-05 12:00:00")
    guest_order(shop, "ann-by-phone", email="ann@work.example", phone="(212) 555-0123", country="US")
    account(shop, "ann-again", phone="+1 212 555 0123", created_at="2026-05-01 12:00:00")
    shop.add(
        "orders",
        order_ref="ann-from-work",
        customer_ref="ann",
        email="ann@work.example",
        ordered_at="2026-04-01 12:00:00",
    )
    guest_order(shop, "nobody", email="n/a", phone="")
    guest_order(shop, "shop-tries-the-till", email="till@example.com", is_test=True)
    guest_order(shop, "comes-tomorrow", email="tomorrow@example.com", ordered_at="2026-07-01 04:00:00")
    account(shop, "joins-tomorrow", created_at="2026-07-01 04:00:00")
    account(shop, "undated", created_at=None)


def add_shared_contacts(shop):
    for number in range(4):
        account(shop, f"club{number}", email="club@example.com", phone=f"212 555 010{number}")
    for number in range(3):
        account(shop, f"family{number}", email="family@example.com")
    guest_order(shop, "for-the-club", email="club@example.com")


def add_visitors(shop):
    account(shop, "vera")
    event(shop, "vera-looks-around", visitor_ref="v1", occurred_at="2026-03-01 12:00:00")
    event(shop, "vera-signs-in", visitor_ref="v1", customer_ref="vera")
    event(shop, "a-stranger", visitor_ref="v2")
    event(shop, "vera-on-her-phone", visitor_ref="v3", customer_ref="vera", occurred_at="2026-07-01 04:00:00")
    event(shop, "on-the-phone-before", visitor_ref="v3")
    for number in range(4):
        event(shop, f"library{number}", visitor_ref="library", customer_ref=f"club{number}")
    event(shop, "somebody-in-the-library", visitor_ref="library")


def add_newsletter(shop):
    shop.add("subscriptions", email="ANN@example.com", subscribed_at="2026-01-01 12:00:00")
    shop.add("subscriptions", email="reader@example.com", subscribed_at="2026-06-01 12:00:00")
    shop.add("subscriptions", email="Reader@Example.com", subscribed_at="2026-06-02 12:00:00")


def customer(shop, ref, ref_kind="customer"):
    (found,) = shop.column(
        f"select customer_id from intermediate.int_customer_refs where ref = '{ref}' and ref_kind = '{ref_kind}'"
    )
    return found


def test_a_guest_is_the_account_with_the_same_email(shop):
    assert customer(shop, "ann-before-her-account", "guest_order") == customer(shop, "ann")


def test_a_chain_of_email_and_phone_is_one_customer(shop):
    assert customer(shop, "ann-by-phone", "guest_order") == customer(shop, "ann") == customer(shop, "ann-again")


def test_the_customer_is_named_after_the_earliest_reference(shop):
    (address,) = shop.column(
        f"select ref from intermediate.int_customer_refs where ref_kind = 'subscriber' and customer_id = '{customer(shop, 'ann')}'"
    )
    earliest = f"files|subscriber|{address}"
    assert customer(shop, "ann") == hashlib.sha256(earliest.encode()).hexdigest()[:32]


def test_a_newsletter_address_is_never_written_out(shop):
    assert shop.column("select count(*) from intermediate.int_customer_refs where ref like '%@%'") == [0]
    shown = shop.column("select ref = own_id from marts.customer_refs where ref_kind = 'subscriber'")
    assert shown
    assert all(shown), "a newsletter address is shown by the id that it alone gives"


def test_two_spellings_of_a_newsletter_address_are_one_reader(shop):
    assert shop.column(
        "select count(distinct customer_id) from intermediate.int_customer_refs where ref_kind = 'subscriber'"
    ) == [2]


def test_an_email_of_four_accounts_joins_nobody(shop):
    assert len({customer(shop, f"club{number}") for number in range(4)}) == 4


def test_an_email_of_three_accounts_joins_them(shop):
    assert len({customer(shop, f"family{number}") for number in range(3)}) == 1


def test_an_email_of_four_accounts_is_no_identifier(shop):
    identified = shop.rows(
        "select count(email_plain), count(phone_digits) from marts.dim_identifiers "
        "join intermediate.int_customer_refs using (customer_id) where ref like 'club%'"
    )
    assert identified == [(0, 4)]


@pytest.mark.parametrize("order", ["nobody", "for-the-club", "shop-tries-the-till"])
def test_an_order_without_a_contact_of_its_own_has_no_customer(shop, order):
    assert shop.column(f"select customer_id from marts.fct_orders where order_id = 'files:{order}'") == [None]


@pytest.mark.parametrize("ref", ["comes-tomorrow", "joins-tomorrow", "v3", "v2", "library"])
def test_what_is_not_known_yet_or_not_anybody_is_no_reference(shop, ref):
    assert shop.column(f"select count(*) from intermediate.int_customer_refs where ref = '{ref}'") == [0]


def test_an_account_without_dates_is_a_customer(shop):
    assert customer(shop, "undated")


@pytest.mark.parametrize(
    ("seen", "who"),
    [
        ("vera-looks-around", "vera"),
        ("vera-signs-in", "vera"),
        ("a-stranger", None),
        ("on-the-phone-before", None),
        ("library2", "club2"),
        ("somebody-in-the-library", None),
    ],
)
def test_an_event_belongs_to_who_was_signed_in_or_to_whom_the_visitor_id_led(shop, seen, who):
    expected = customer(shop, who) if who else None
    assert shop.column(f"select customer_id from marts.fct_events where event_id = 'files:{seen}'") == [expected]


def test_every_reference_is_a_customer_once(shop):
    assert shop.column("select count(*) from marts.dim_customers") == shop.column(
        "select count(distinct customer_id) from intermediate.int_customer_refs"
    )


def test_the_newest_email_stands_first_beside_the_newest_phone(shop):
    who = customer(shop, "ann")
    rows = shop.rows(
        f"select position, email_plain, phone_plus from marts.dim_identifiers where customer_id = '{who}' order by 1"
    )
    sha = [hashlib.sha256(text).hexdigest() for text in (b"ann@work.example", b"+12125550123", b"ann@example.com")]
    assert rows == [(1, sha[0], sha[1]), (2, sha[2], None)]


def test_a_chain_longer_than_the_rounds_fails_the_build(make_shop):
    shop = make_shop()
    for number in range(8):  # each shares the e-mail with one neighbour and the phone with the other
        guest_order(
            shop, f"link{number}", email=f"chain{number // 2}@example.com", phone=f"212 555 010{(number + 1) // 2}"
        )
    with pytest.raises(shop.failed, match="identity_is_converged"):
        shop.build(AS_OF, select="+int_customer_refs", identity_rounds=2)
