"""Orders, products, traits, wishlists and the gate of a small shop, as of the evening of 30 June 2026 in New York."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

AS_OF = "2026-07-01 03:59:59.999999"


def order(shop, ref, *lines, **columns):
    shop.add("orders", **{"order_ref": ref, "ordered_at": "2026-05-01 12:00:00", "currency": "USD", **columns})
    for number, (product, quantity, price) in enumerate(lines, start=1):
        shop.add(
            "order_lines", order_ref=ref, line_number=number, product_ref=product, quantity=quantity, unit_price=price
        )


def consent(shop, status, occurred_at="2026-01-01 12:00:00", purpose="ad_user_data", **who):
    shop.add("consents", status=status, occurred_at=occurred_at, purpose=purpose, **who)


@pytest.fixture(scope="module")
def shop(make_shop):
    shop = make_shop()
    add_products(shop)
    add_orders(shop)
    add_people(shop)
    add_consents(shop)
    add_newsletter(shop)
    add_wishlists(shop)
    shop.build(AS_OF)
    return shop


def add_products(shop):
    shop.add("products", product_ref="guitar", name="Old name", price=1, updated_at="2026-01-01 00:00:00")
    shop.add(
        "products", product_ref="guitar", name=" Guitar ", category_path="Guitars > Electric > Solid body", price="499.99",
        stock=0, is_durable=True, updated_at="2026-02-01 00:00:00",
    )  # fmt: skip
    shop.add("products", product_ref="voucher", is_product=False)
    shop.add("products", product_ref="next-year", launched_at="2027-01-01 00:00:00", stock=3)


def add_orders(shop):
    order(shop, "two-guitars", ("guitar", 2, "100.00"), ("voucher", 1, "50.00"), customer_ref="ann", discount_amount=20)
    order(shop, "late-evening", ("strings", 3, "5.00"), customer_ref="ann", ordered_at="2026-06-02 03:30:00")
    order(shop, "voucher-only", ("voucher", 1, "50.00"), customer_ref="ann")
    order(shop, "in-euros", ("guitar", 1, "80.00"), customer_ref="bob", currency="EUR")
    order(shop, "half-back", ("guitar", 2, "30.00"), customer_ref="cem")
    shop.add("returns", order_ref="half-back", line_number=1, quantity=1, returned_at="2026-06-01 12:00:00")
    order(shop, "all-back", ("guitar", 1, "30.00"), customer_ref="dee")
    shop.add("returns", order_ref="all-back", line_number=1, quantity=1, returned_at="2026-06-20 12:00:00")
    order(shop, "as-a-guest", ("guitar", 1, "30.00"), email="guest@example.com", country="uk", city="Leeds")


def add_people(shop):
    account = {"created_at": "2026-01-01 12:00:00"}
    shop.add("customers", customer_ref="ann", country="US", gender=" F ", email="ann@example.com", **account)
    shop.add("customers", customer_ref="bob", country="DE", email="bob@example.com", **account)
    shop.add("customers", customer_ref="cem", country="Germany", **account)
    shop.add("customers", customer_ref="staff", country="US", is_staff=True, **account)
    shop.add("customers", customer_ref="eighteen-today", country="US", birth_date=date(2008, 6, 30), **account)
    shop.add("customers", customer_ref="eighteen-tomorrow", country="US", birth_date=date(2008, 7, 1), **account)
    shop.add("customers", customer_ref="born-in-a-form", country="US", birth_date=date(1900, 1, 1), **account)
    shop.add("customers", customer_ref="born-one-day", country="US", birth_date=date(9999, 12, 31), **account)
    shop.add("loyalty", customer_ref="ann", tier="gold", enrolled_at="2026-02-01 12:00:00")
    shop.add("loyalty", customer_ref="bob", tier="gold", enrolled_at="2026-07-01 04:00:00")


def add_consents(shop):
    for ref in ("newest-wins", "tie", "takes-it-back-tomorrow", "by-email"):
        shop.add("customers", customer_ref=ref, country="FR", email=f"{ref}@example.com")
    consent(shop, "denied", "2026-01-01 12:00:00", customer_ref="newest-wins")
    consent(shop, "GRANTED", "2026-01-01 12:00:01", customer_ref="newest-wins")
    consent(shop, "granted", customer_ref="tie")
    consent(shop, "denied", customer_ref="tie")
    consent(shop, "granted", customer_ref="takes-it-back-tomorrow")
    consent(shop, "denied", "2026-07-01 04:00:00", customer_ref="takes-it-back-tomorrow")
    consent(shop, "granted", email=" By-Email@EXAMPLE.com")
    for number in range(4):
        shop.add("customers", customer_ref=f"club{number}", country="FR", email="club@example.com")
    consent(shop, "granted", customer_ref="club0")
    consent(shop, "granted", customer_ref="club1")
    consent(shop, "denied", "2026-02-01 12:00:00", email="club@example.com", purpose="ad_personalization")
    consent(shop, "granted", "2026-03-01 12:00:00", email="club@example.com", purpose="ad_personalization")


def add_newsletter(shop):
    for ref, columns in {
        "reads": {},
        "left": {"unsubscribed_at": "2026-06-01 12:00:00"},
        "leaves-tomorrow": {"unsubscribed_at": "2026-07-01 04:00:00"},
        "came-back": {"unsubscribed_at": "2025-06-01 12:00:00"},
        "bounced": {"bounced_at": "2026-06-01 12:00:00"},
    }.items():
        shop.add("customers", customer_ref=ref, country="FR", email=f"{ref}@example.com")
        shop.add("subscriptions", email=f"{ref}@example.com", subscribed_at="2026-01-01 12:00:00", **columns)


def add_wishlists(shop):
    item = {"customer_ref": "ann", "price_at_add": 500}
    shop.add(
        "wishlist_items", product_ref="guitar", added_at="2026-05-01 12:00:00", removed_at="2026-05-02 12:00:00", **item
    )
    shop.add(
        "wishlist_items", product_ref="guitar", added_at="2026-06-01 12:00:00", removed_at="2026-07-01 04:00:00", **item
    )
    shop.add("wishlist_items", product_ref="amp", added_at="2026-07-01 04:00:00", **item)
    wish = {"visitor_ref": "v1", "customer_ref": "ann", "consent_targeting": True, "event_type": "add_to_wishlist"}
    shop.add("events", event_ref="e1", product_ref="strap", occurred_at="2026-06-01 12:00:00", **wish)
    gone = {**wish, "event_type": "remove_from_wishlist", "consent_targeting": False}
    shop.add("events", event_ref="e2", product_ref="strap", occurred_at="2026-06-02 12:00:00", **gone)
    unasked = {**wish, "consent_targeting": None}
    shop.add("events", event_ref="e3", product_ref="pick", occurred_at="2026-06-01 12:00:00", **unasked)


def customer(ref):
    return f"(select customer_id from marts.customer_refs where ref = '{ref}')"


def gate(shop, ref, purpose="ad_user_data"):
    (found,) = shop.column(
        "select coalesce(why_not, 'addressable') from marts.dim_addressable "
        f"where customer_id = {customer(ref)} and purpose = '{purpose}'"
    )
    return found


def test_vouchers_are_no_goods_and_the_discount_of_the_order_counts_once(shop):
    amounts = shop.rows(
        "select goods_amount, discount_amount, net_amount from marts.fct_orders where order_id = 'files:two-guitars'"
    )
    assert amounts == [(Decimal(200), Decimal(20), Decimal(180))]


def test_what_came_back_is_taken_off_the_value(shop):
    amounts = shop.rows(
        "select is_valid, refunded_amount, net_amount from marts.fct_orders where order_id = 'files:half-back'"
    )
    assert amounts == [(True, Decimal(30), Decimal(30))]


def test_an_order_that_came_back_whole_is_invalid_but_still_keeps_its_buyer_out(shop):
    verdict = shop.rows(
        "select is_valid, invalid_reason, is_recent_exclusion from marts.fct_orders where order_id = 'files:all-back'"
    )
    assert verdict == [(False, "returned", True)]
    assert shop.column("select is_kept from marts.fct_order_lines where order_id = 'files:all-back'") == [False]


def test_days_are_the_days_of_the_shop(shop):
    assert shop.column("select ordered_date from marts.fct_orders where order_id = 'files:late-evening'") == [
        date(2026, 6, 1)
    ]


def test_an_order_in_an_unknown_currency_has_no_value(shop):
    assert shop.rows("select is_valid, net_amount from marts.fct_orders where order_id = 'files:in-euros'") == [
        (True, None)
    ]
    assert shop.rows(
        f"select order_count, lifetime_value, value_tier from marts.dim_customers where customer_id = {customer('bob')}"
    ) == [(1, Decimal(0), "none")]


def test_a_customer_carries_value_and_traits(shop):
    columns = "country, gender, order_count, last_ordered_at, lifetime_value, value_tier, loyalty_tier, has_account"
    assert shop.rows(f"select {columns} from marts.dim_customers where customer_id = {customer('ann')}") == [
        ("US", "f", 2, datetime(2026, 6, 2, 3, 30), Decimal(195), "top", "gold", True)
    ]


def test_a_guest_carries_the_place_of_the_order(shop):
    columns = "country, city, has_account, is_guest_only, loyalty_tier"
    assert shop.rows(f"select {columns} from marts.dim_customers where customer_id = {customer('as-a-guest')}") == [
        ("GB", "Leeds", False, True, None)
    ]


def test_a_product_is_its_newest_version(shop):
    columns = "name, category, leaf_category, price, is_durable, is_product, is_active, is_in_stock"
    assert shop.rows(f"select {columns} from marts.dim_products where product_id = 'guitar'") == [
        ("Guitar", "Guitars", "Solid body", Decimal("499.99"), True, True, True, False)
    ]


def test_a_product_before_its_launch_or_outside_the_catalogue_is_not_active(shop):
    assert shop.rows(
        "select product_id, is_active from marts.dim_products where product_id in ('next-year', 'strings') order by 1"
    ) == [("next-year", False), ("strings", False)]


def test_the_wishlist_is_what_was_put_there_last_and_not_taken_off(shop):
    items = shop.rows(
        "select product_id, added_at, removed_at, price_at_add from intermediate.int_wishlist_items order by 1"
    )
    assert items == [
        ("guitar", datetime(2026, 6, 1, 12), None, Decimal(500)),
        ("strap", datetime(2026, 6, 1, 12), datetime(2026, 6, 2, 12), None),
    ]


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ("ann", "addressable"),
        ("bob", "consent_unknown"),
        ("cem", "consent_unknown"),
        ("as-a-guest", "consent_unknown"),
        ("staff", "staff"),
        ("eighteen-today", "addressable"),
        ("eighteen-tomorrow", "minor"),
        ("born-in-a-form", "addressable"),
        ("born-one-day", "addressable"),
        ("newest-wins", "addressable"),
        ("tie", "consent_denied"),
        ("takes-it-back-tomorrow", "addressable"),
        ("by-email", "addressable"),
        ("left", "consent_unknown"),
        ("club0", "addressable"),
        ("club2", "consent_unknown"),
    ],
)
def test_who_may_be_sent_to_an_ad_platform(shop, who, verdict):
    assert gate(shop, who) == verdict


def test_a_shared_address_denies_for_all_its_holders_and_grants_for_none(shop):
    assert {gate(shop, f"club{number}", "ad_personalization") for number in range(4)} == {"consent_denied"}


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ("reads", "addressable"),
        ("left", "unsubscribed"),
        ("leaves-tomorrow", "addressable"),
        ("came-back", "addressable"),
        ("bounced", "bounced"),
        ("bob", "consent_unknown"),
        ("ann", "addressable"),
    ],
)
def test_who_may_be_written_to(shop, who, verdict):
    assert gate(shop, who, "email") == verdict


@pytest.mark.parametrize(
    ("who", "subscribed"), [("reads", True), ("left", False), ("came-back", True), ("bounced", False), ("ann", False)]
)
def test_who_is_subscribed(shop, who, subscribed):
    assert shop.column(f"select is_subscribed from marts.dim_customers where customer_id = {customer(who)}") == [
        subscribed
    ]
