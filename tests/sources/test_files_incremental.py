"""A cursor: only what is new is read, nothing is lost, and a changed row replaces the old one."""

from __future__ import annotations

from audiences.errors import DataError

HEADER = "order_ref,ordered_at,updated_at,status\n"
MONDAY = "1,2026-01-05 10:00,2026-01-05 10:00,new\n2,2026-01-05 11:00,2026-01-05 11:00,new\n"
ORDERS = {"path": "orders.csv", "cursor": "updated_at"}


def states(shop):
    return dict(shop.rows("select order_ref, status from raw_files.orders order by 1"))


def test_the_first_load_takes_all(shop):
    shop.write("orders.csv", HEADER + MONDAY)

    loads = shop.load(orders=ORDERS)

    assert (loads["orders"].mode, loads["orders"].rows) == ("full", 2)


def test_the_second_load_takes_what_is_new_and_the_newest_instant_again(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER + MONDAY + "3,2026-01-06 09:00,2026-01-06 09:00,new\n")
    loads = shop.load(orders=ORDERS)

    assert (loads["orders"].mode, loads["orders"].rows) == ("incremental", 2)
    assert states(shop) == {"1": "new", "2": "new", "3": "new"}
    assert shop.rows("select count(*), count(distinct order_ref) from raw_files.orders") == [(3, 3)]


def test_a_changed_row_replaces_the_old_one(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER + "1,2026-01-05 10:00,2026-01-07 08:00,cancelled\n")
    shop.load(orders=ORDERS)

    assert states(shop) == {"1": "cancelled", "2": "new"}


def test_a_late_row_of_the_newest_instant_is_not_missed(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER + "9,2026-01-05 11:00,2026-01-05 11:00,late\n")
    shop.load(orders=ORDERS)

    assert states(shop) == {"1": "new", "2": "new", "9": "late"}


def test_a_row_without_a_value_in_the_cursor_is_always_taken(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER + "7,2026-01-01 11:00,,old\n6,2026-01-01 11:00,2026-01-01 11:00,too old\n")
    shop.load(orders=ORDERS)

    assert states(shop) == {"1": "new", "2": "new", "7": "old"}


def test_nothing_new_changes_nothing(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER)
    loads = shop.load(orders=ORDERS)

    assert (loads["orders"].mode, loads["orders"].rows) == ("incremental", 0)
    assert len(states(shop)) == 2


def test_a_key_with_missing_parts_is_replaced_too(shop):
    wishes = {"path": "w.csv", "cursor": "added_at"}
    shop.write("w.csv", "visitor_ref,product_ref,added_at,price_at_add\nv1,S1,2026-01-05,5\n")
    shop.load(wishlist_items=wishes)

    shop.write("w.csv", "visitor_ref,product_ref,added_at,price_at_add\nv1,S1,2026-01-05,6\n")
    shop.load(wishlist_items=wishes)

    assert shop.rows("select price_at_add::int from raw_files.wishlist_items") == [(6,)]


def test_entities_without_a_cursor_are_replaced_beside_one_that_has_it(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.write("products.csv", "product_ref\nS1\nS2\n")
    shop.load(orders=ORDERS, products={"path": "products.csv"})

    shop.write("orders.csv", HEADER)
    shop.write("products.csv", "product_ref\nS3\n")
    loads = shop.load(orders=ORDERS, products={"path": "products.csv"})

    assert (loads["orders"].mode, loads["products"].mode) == ("incremental", "full")
    assert len(states(shop)) == 2
    assert shop.rows("select product_ref from raw_files.products") == [("S3",)]


def test_a_select_may_have_a_cursor_and_times_in_shop_time(shop):
    mapped = {
        "select": "select id as order_ref, sold as ordered_at, sold as updated_at, state as status from 'o.csv'",
        "cursor": "updated_at",
        "timezone": "shop",
    }
    shop.write("o.csv", "id,sold,state\n1,2026-01-05 20:00:00,new\n2,2026-01-05 21:00:00,new\n")
    shop.load(orders=mapped)

    shop.write("o.csv", "id,sold,state\n1,2026-01-05 20:59:59,too old\n2,2026-01-05 21:00:00,same instant\n")
    loads = shop.load(orders=mapped)

    assert loads["orders"].rows == 1
    assert states(shop) == {"1": "new", "2": "same instant"}


def test_a_bad_value_in_the_cursor_is_an_error_and_a_bad_old_row_is_none(shop):
    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)

    shop.write("orders.csv", HEADER + "3,2026-01-06,soon marker,new\n")
    assert "column updated_at of orders.csv holds 1 row" in shop.fault(DataError, orders=ORDERS)

    shop.write("orders.csv", HEADER + "3,marker,2026-01-01,new\n4,2026-01-08,2026-01-08,new\n")
    assert shop.load(orders=ORDERS)["orders"].rows == 1


def test_a_warehouse_of_another_shape_is_loaded_in_full(shop):
    import duckdb

    shop.write("orders.csv", HEADER + MONDAY)
    shop.load(orders=ORDERS)
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("alter table raw_files.orders drop column channel")

    loads = shop.load(orders=ORDERS)

    assert loads["orders"].mode == "full"
