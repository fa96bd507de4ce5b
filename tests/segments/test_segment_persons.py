"""Who is in each segment, and who is just outside each of its edges, as of the end of 23 November 2026 in New York.

One shop holds all persons; they are called by their story. Days are the shop's: noon of a day unless a clock is given.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2026, 11, 23)
AS_OF = "2026-11-24 04:59:59.999999"
CROWD_BASKETS = 10 * [("guitar", "strings")] + 10 * [("guitar", "strap")] + 10 * [("guitar", "amp")]
CROWD_BASKETS += 10 * [("guitar", "case")] + 10 * [("guitar", "red guitar")] + 10 * [("guitar", "last year's cable")]
CROWD_BASKETS += 60 * [("mug",)]


def moment(days_ago: int, clock: str = "12:00:00") -> datetime:
    """An instant of a shop day, as naive UTC."""
    local = datetime.combine(TODAY - timedelta(days=days_ago), time.fromisoformat(clock), NEW_YORK)
    return local.astimezone(UTC).replace(tzinfo=None)


def buy(shop, person, days_ago, *products, clock="12:00:00", **order):
    """One order of a person with an account; the amount falls from product to product."""
    ref = f"{person} {days_ago} {clock}"
    who = {} if "email" in order else {"customer_ref": person}
    shop.add("orders", **{"order_ref": ref, "ordered_at": moment(days_ago, clock), **who, **order})
    for number, product in enumerate(products, start=1):
        shop.add(
            "order_lines", order_ref=ref, line_number=number, product_ref=product, quantity=1, unit_price=50 - number
        )
    return ref


def give_back(shop, order_ref, days_ago, *line_numbers):
    for number in line_numbers:
        shop.add("returns", order_ref=order_ref, line_number=number, quantity=1, returned_at=moment(days_ago))


def wish(shop, person, product, days_ago, clock="12:00:00", **item):
    shop.add(
        "wishlist_items", customer_ref=person, product_ref=product, added_at=moment(days_ago, clock), **item
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop(make_shop):
    shop = make_shop()
    add_products(shop)
    add_crowd(shop)
    add_lapsed(shop)
    add_recent(shop)
    add_prospects(shop)
    add_wishlisters(shop)
    shop.build(AS_OF, affinity_min_count=10)
    return shop


def add_products(shop):
    durable = {"category_path": "Guitars > Electric", "is_durable": True}
    shop.add("products", product_ref="guitar", name="Blue Stratos", price=500, product_group="stratos", **durable)
    shop.add("products", product_ref="red guitar", name="Red Lightning", price=90, product_group="stratos", **durable)
    shop.add("products", product_ref="amp", name="Tube amp", price=301, category_path="Amps > Tube")
    shop.add("products", product_ref="strings", name="Nickel strings", price=12, category_path="Strings > Electric")
    shop.add("products", product_ref="strap", name="Leather strap", price=25, category_path="Straps")
    shop.add("products", product_ref="case", name="Flight case", price=99, stock=0, category_path="Cases")
    shop.add("products", product_ref="last year's cable", name="Old cable", price=9, is_active=False)
    shop.add("products", product_ref="mug", name="Mug", price=8)


def add_crowd(shop):
    """Strangers of years ago: who bought a guitar often bought something with it."""
    for number, basket in enumerate(CROWD_BASKETS):
        buy(shop, f"stranger {number}", 900, *basket)


def add_lapsed(shop):
    buy(shop, "silent for 180 days", 180, "mug")
    buy(shop, "silent since the last second of day 181", 181, "mug", clock="23:59:59")
    buy(shop, "silent since the first second of day 180", 180, "mug", clock="00:00:00")
    buy(shop, "silent for a year", 365, "mug")
    buy(shop, "silent for a year and a day", 366, "mug")
    buy(shop, "ordered again, cancelled it", 214, "mug")
    buy(shop, "ordered again, cancelled it", 10, "mug", status="cancelled", cancelled_at=moment(9))
    buy(shop, "ordered again, sent it back", 214, "mug")
    give_back(shop, buy(shop, "ordered again, sent it back", 60, "mug"), 31, 1)
    buy(shop, "gets a box of strings every month", 214, "mug")
    buy(shop, "gets a box of strings every month", 20, "strings", is_subscription=True)
    buy(shop, "came every month, then no more", 340, "mug")
    for days_ago in (310, 280, 250):
        buy(shop, "came every month, then no more", days_ago, "strap", "mug")
    buy(shop, "wants no ads", 214, "mug")
    shop.add("customers", customer_ref="wants no ads", country="DE", created_at=moment(500))
    shop.add("consents", customer_ref="wants no ads", purpose="ad_user_data", status="denied", occurred_at=moment(100))
    shop.add("customers", customer_ref="came back as a guest", email="Guest@Example.com ", created_at=moment(500))
    buy(shop, "came back as a guest", 214, "mug")
    buy(shop, "the guest", 100, "mug", email="guest@example.com")
    shop.add("customers", customer_ref="was a guest before", email="before@example.com", created_at=moment(300))
    buy(shop, "the guest before", 320, "mug", email="before@example.com")
    buy(shop, "was a guest before", 214, "mug")


def add_recent(shop):
    buy(shop, "bought today", 0, "mug")
    buy(shop, "bought in the first second of day 13", 13, "mug", clock="00:00:00")
    buy(shop, "bought in the last second of day 14", 14, "mug", clock="23:59:59")
    give_back(shop, buy(shop, "bought and sent back", 5, "mug"), 1, 1)
    buy(shop, "bought, then cancelled", 5, "mug", status="cancelled", cancelled_at=moment(4))
    buy(shop, "bought a second after as_of", -1, "mug", clock="00:00:00")


def add_prospects(shop):
    buy(shop, "guitar of day 729", 729, "guitar")
    buy(shop, "guitar of day 730", 730, "guitar")
    buy(shop, "strings of day 89", 89, "strings")
    buy(shop, "strings of day 90", 90, "strings")
    buy(shop, "guitar came 3 days ago", 10, "guitar", delivered_at=moment(3, "23:59:59"))
    buy(shop, "guitar came 2 days ago", 10, "guitar", delivered_at=moment(2, "00:00:00"))
    give_back(shop, buy(shop, "sent the guitar back", 100, "guitar"), 50, 1)
    buy(shop, "has strings from years ago", 100, "guitar")
    buy(shop, "has strings from years ago", 1000, "strings")


def add_wishlisters(shop):
    wish(shop, "wished on day 29", "strap", 29, "00:00:00")
    wish(shop, "wished on day 30", "strap", 30, "23:59:59")
    wish(shop, "took it off again", "strap", 5, removed_at=moment(1))
    wish(shop, "bought it since", "strap", 5)
    buy(shop, "bought it since", 4, "strap")
    wish(shop, "had bought it before", "strap", 5)
    buy(shop, "had bought it before", 6, "strap")
    wish(shop, "wants it all", "case", 1)
    wish(shop, "wants it all", "strap", 3, price_at_add=25)
    wish(shop, "wants it all", "strings", 2)
    wish(shop, "wants it all", "guitar", 4, price_at_add=625)
    for person in ("wished on day 29", "wished on day 30", "took it off again", "wants it all"):
        shop.add("customers", customer_ref=person, created_at=moment(50))


def persons_in(shop, segment):
    """The account names of a segment's customers; a guest without an account shows as the order."""
    rows = shop.rows(
        f"""select distinct refs.ref from segments.seg_{segment} as segment
        inner join marts.customer_refs as refs using (customer_id) where refs.ref_kind = 'customer'"""
    )
    return {ref for (ref,) in rows}


def of_person(shop, segment, person, columns):
    return shop.rows(
        f"""select {columns} from segments.seg_{segment} as segment
        inner join marts.customer_refs as refs using (customer_id)
        where refs.ref_kind = 'customer' and refs.ref = '{person}' order by all"""
    )


def test_lapsed_buyers_are_silent_for_more_than_180_and_at_most_365_days(shop):
    assert persons_in(shop, "lapsed_buyers") == {
        "silent since the last second of day 181",
        "silent for a year",
        "ordered again, cancelled it",
        "ordered again, sent it back",
        "came every month, then no more",
        "wants no ads",
        "was a guest before",
    }


def test_a_lapsed_buyer_says_how_long_and_what_was_last(shop):
    columns = "days_since_last_order, order_count, is_late, last_product_id, last_category, reason, qualified_at"

    rows = of_person(shop, "lapsed_buyers", "came every month, then no more", columns)

    midnight_of_day_181 = moment(250 - 181, "00:00:00")
    assert rows == [(250, 4, True, "strap", "Straps", "last ordered 250 days ago", midnight_of_day_181)]


def test_orders_as_a_guest_count_for_the_account(shop):
    assert of_person(shop, "lapsed_buyers", "was a guest before", "order_count, days_since_last_order") == [(2, 214)]


def test_who_wants_no_ads_is_in_the_segment_and_stopped_at_the_gate(shop):
    gate = shop.rows(
        """select is_addressable, why_not from marts.dim_addressable
        inner join marts.customer_refs as refs using (customer_id)
        where refs.ref = 'wants no ads' and purpose = 'ad_user_data'"""
    )

    assert gate == [(False, "consent_denied")]


def test_recent_buyers_ordered_within_14_days_even_if_it_came_back(shop):
    recent = persons_in(shop, "recent_buyers")

    assert {"bought today", "bought in the first second of day 13", "bought and sent back"} <= recent
    assert recent.isdisjoint(
        {"bought in the last second of day 14", "bought, then cancelled", "bought a second after as_of"}
    )


def test_days_are_said_in_words(shop):
    assert of_person(shop, "recent_buyers", "bought today", "reason") == [("last ordered today",)]


def test_durable_anchors_hold_for_730_days_others_for_90(shop):
    prospects = persons_in(shop, "complementary_prospects")

    assert {"guitar of day 729", "strings of day 89"} <= prospects
    assert prospects.isdisjoint({"guitar of day 730", "strings of day 90"})


def test_what_is_not_here_for_3_days_or_went_back_is_no_anchor(shop):
    prospects = persons_in(shop, "complementary_prospects")

    assert "guitar came 3 days ago" in prospects
    assert prospects.isdisjoint({"guitar came 2 days ago", "sent the guitar back"})


def test_offers_leave_out_substitutes_dear_things_and_what_cannot_be_bought(shop):
    rows = of_person(shop, "complementary_prospects", "guitar of day 729", "rank, recommended_product_id, reason")

    assert rows == [
        (1, "strap", "bought Blue Stratos 729 days ago, goes with Leather strap"),
        (2, "strings", "bought Blue Stratos 729 days ago, goes with Nickel strings"),
    ]


def test_what_was_ever_bought_is_not_offered(shop):
    rows = of_person(shop, "complementary_prospects", "has strings from years ago", "rank, recommended_product_id")

    assert rows == [(1, "strap")]


def test_wishes_hold_for_30_days_until_removed_or_bought(shop):
    wishing = persons_in(shop, "wishlisters")

    assert wishing == {"wished on day 29", "had bought it before", "wants it all"}


def test_wishes_are_ranked_by_stock_then_price_drop_then_newest(shop):
    rows = of_person(shop, "wishlisters", "wants it all", "rank, product_id, in_stock, reason")

    assert rows == [
        (1, "guitar", True, "put Blue Stratos on the wishlist 4 days ago, now 20 % cheaper"),
        (2, "strings", True, "put Nickel strings on the wishlist 2 days ago"),
        (3, "strap", True, "put Leather strap on the wishlist 3 days ago"),
        (4, "case", False, "put Flight case on the wishlist 1 day ago"),
    ]


def test_why_a_pair_is_no_complement_is_in_the_affinity(shop):
    rows = shop.rows(
        "select product_b_id, is_substitute, substitute_reason, is_complement from marts.product_affinity "
        "where product_a_id = 'guitar' order by 1"
    )

    assert rows == [
        ("amp", False, None, False),  # costs more than 0.6 guitars
        ("case", False, None, True),
        ("last year's cable", False, None, True),
        ("red guitar", True, "same_group", False),
        ("strap", False, None, True),
        ("strings", False, None, True),
    ]
