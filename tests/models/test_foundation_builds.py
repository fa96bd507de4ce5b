"""What holds of every build: an empty shop, a missing as_of, later builds, and where contacts may stand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

FIRST = "2026-06-01 03:59:59.999999"
NEXT = "2026-06-02 03:59:59.999999"
SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_empty_shop_builds_and_every_unit_test_passes(make_shop):
    shop = make_shop()
    told = shop.build(FIRST, unit_tests=True)
    assert "unit tests" in told
    assert shop.column("select count(*) from marts.dim_customers") == [0]


@pytest.mark.parametrize("as_of", [None, "yesterday"])
def test_a_build_without_an_instant_says_so(make_shop, as_of):
    shop = make_shop()
    with pytest.raises(shop.failed, match="as_of"):
        shop.build(as_of, select="+fct_orders")


@pytest.fixture(scope="module")
def history(make_shop):
    """A guitar that gets cheaper, a strap that stays as it is: built at noon on two days, and the second day twice."""
    shop = make_shop()
    shop.add("products", product_ref="guitar", price=500, stock=None, is_active=True)
    shop.add("products", product_ref="strap", price=20, stock=4, is_active=True)
    shop.build(FIRST, select="+product_states")
    shop.run("update raw_files.products set price = 450, stock = 2 where product_ref = 'guitar'")
    shop.build(NEXT, select="+product_states")
    shop.run("update raw_files.products set price = 1")
    shop.build(NEXT, select="+product_states")
    return shop


def test_price_and_stock_are_kept_over_time(history):
    states = history.rows(
        "select price, stock, valid_from, valid_to from marts.product_states where product_id = 'guitar' order by valid_from"
    )
    first, following = datetime.fromisoformat(FIRST), datetime.fromisoformat(NEXT)
    assert states == [(Decimal(500), None, first, following), (Decimal(450), 2, following, None)]


def test_what_did_not_change_has_one_state_and_an_as_of_again_adds_none(history):
    states = history.rows("select price, valid_from, valid_to from marts.product_states where product_id = 'strap'")
    assert states == [(Decimal(20), datetime.fromisoformat(FIRST), None)]


@pytest.fixture(scope="module")
def marked(make_shop):
    """One person whose contacts are easy to find."""
    shop = make_shop()
    contact = {
        "email": "Marked.Person@Example.com",
        "phone": "(212) 555-0199",
        "first_name": "Zebulon",
        "last_name": "Quux",
    }
    shop.add(
        "customers", customer_ref="c1", country="US", postcode="10001", created_at="2026-01-01 12:00:00", **contact
    )
    shop.add("orders", order_ref="o1", ordered_at="2026-05-01 12:00:00", **contact)
    shop.add("order_lines", order_ref="o1", line_number=1, product_ref="p", quantity=1, unit_price=1)
    shop.add("subscriptions", email="marked.person@example.com", subscribed_at="2026-01-01 12:00:00")
    shop.add(
        "consents",
        email="marked.person@example.com",
        purpose="email",
        status="granted",
        occurred_at="2026-01-01 12:00:00",
    )
    shop.build(FIRST)
    return shop


def tables_with(shop, pattern):
    tables = shop.rows(
        "select table_schema, table_name from information_schema.tables where table_schema not in ('raw_files', 'staging')"
    )
    assert len(tables) > 20
    return {
        name
        for schema, name in tables
        if any(shop.column(f"select t::varchar ~ '{pattern}' from {schema}.{name} as t"))
    }


@pytest.mark.parametrize(
    "mark", ["(?is).*marked.?person.*", "(?is).*2125550199.*", "(?is).*zebulon.*", "(?is).*quux.*"]
)
def test_contacts_stand_in_one_model_after_staging(marked, mark):
    assert tables_with(marked, mark) == {"int_contacts_normalised"}


def test_hashes_for_platforms_stand_in_dim_identifiers_only(marked):
    plain = "customer_id, position, recipe_version, google_region, google_postcode"
    (row,) = marked.rows(f"select * exclude ({plain}) from marts.dim_identifiers")
    hashes = [value for value in row if value]
    assert len(hashes) > 5
    assert all(tables_with(marked, f".*{value}.*") == {"dim_identifiers"} for value in set(hashes))


def test_the_hash_of_nothing_or_a_raw_value_fails_the_build(marked):
    marked.run(
        "insert into marts.dim_identifiers (customer_id, position, meta_city, meta_state) "
        f"values ('x', 1, '{SHA256_OF_NOTHING}', 'boston')"
    )
    with pytest.raises(marked.failed) as failure:
        marked.build(FIRST, select="test_name:no_hash_of_nothing test_name:are_hashes_or_null")
    assert "FAIL 1 no_hash_of_nothing" in str(failure.value)
    assert "FAIL 1 are_hashes_or_null" in str(failure.value)
    assert "boston" not in str(failure.value)
