"""Bad input: one message with the entity, the column and the file, what to do, and never a value."""

from __future__ import annotations

import pytest

from audiences.errors import ConfigError, DataError

LINES = "order_ref,line_number,product_ref,quantity\n1,1,S1,2\n"


def test_a_missing_file(shop):
    message = shop.fault(DataError, products={"path": "data/products.csv"})

    assert "products: there is no file data/products.csv" in message
    assert "sources.files.products" in message


def test_a_glob_without_a_match(shop):
    assert "there is no file data/*.parquet" in shop.fault(DataError, products={"path": "data/*.parquet"})


def test_a_missing_file_in_a_select(shop):
    message = shop.fault(DataError, products="select product_ref from read_csv('gone.csv')")

    assert "products: there is no file gone.csv" in message


def test_a_missing_required_column_names_the_one_that_is_like_it(shop):
    shop.write("lines.csv", LINES.replace("product_ref", "product_id"))

    message = shop.fault(DataError, order_lines={"path": "lines.csv"})

    assert "order_lines: column product_ref is missing in lines.csv; did you mean product_id?" in message


def test_a_missing_required_column_of_a_select(shop):
    shop.write("lines.csv", LINES)

    message = shop.fault(DataError, orders="select order_ref from read_csv('lines.csv')")

    assert "orders: column ordered_at is missing in its SELECT over lines.csv" in message


def test_a_cursor_that_the_file_does_not_have(shop):
    shop.write("orders.csv", "order_ref,ordered_at,updated\n1,2026-01-01,2026-01-01\n")

    message = shop.fault(DataError, orders={"path": "orders.csv", "cursor": "updated_at"})

    assert "column updated_at is missing in orders.csv; did you mean updated?" in message


def test_files_whose_types_do_not_go_together(shop):
    shop.copy("select 1 as product_ref, 5 as price", "p/1.parquet")
    shop.copy("select 2 as product_ref, {'marker': 1} as price", "p/2.parquet")

    assert "products: " in shop.fault(DataError, products={"path": "p/*.parquet"})


def test_a_missing_required_column_in_one_file_of_several(shop):
    shop.write("l/1.csv", LINES)
    shop.write("l/2.csv", "order_ref,line_number,product_ref\n2,1,S1\n")

    assert "column quantity is missing in l/2.csv" in shop.fault(DataError, order_lines={"path": "l/*.csv"})


def test_a_file_without_a_header_does_not_show_its_first_row(shop):
    shop.write("customers.csv", "anna.marker@example.com,Anna\nbert.marker@example.com,Bert\n")

    assert "column customer_ref is missing in customers.csv" in shop.fault(
        DataError, customers={"path": "customers.csv"}
    )


def test_a_key_of_which_at_least_one_column_must_be_there(shop):
    shop.write("wishes.csv", "product_ref,added_at\nS1,2026-01-01\n")

    message = shop.fault(DataError, wishlist_items={"path": "wishes.csv"})

    assert "none of the columns customer_ref, visitor_ref" in message


@pytest.mark.parametrize(
    ("entity", "column", "text"),
    [
        ("order_lines", "quantity", LINES + "2,1,S1,anna.marker@example.com\n3,1,S1,two marker\n"),
        ("orders", "ordered_at", "order_ref,ordered_at\n1,2026-01-01\n2,marker of June\n3,31.12.2026 marker\n"),
        ("products", "price", "product_ref,price\n1,2\n2,marker 3\n3,marker 4\n"),
        ("customers", "is_staff", "customer_ref,is_staff\n1,true\n2,marker\n3,marker\n"),
        ("customers", "birth_date", "customer_ref,birth_date\n1,1990-01-01\n2,marker\n3,marker\n"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_column_file_and_row(shop, entity, column, text):
    shop.write("given.csv", text)

    message = shop.fault(DataError, **{entity: {"path": "given.csv"}})

    assert f"{entity}: column {column} of given.csv holds 2 rows (the first is row 2, a header not counted)" in message


def test_a_value_that_does_not_fit_in_one_file_of_several(shop):
    shop.write("l/1.csv", LINES)
    shop.write("l/2.csv", LINES.replace(",2\n", ",marker\n"))

    assert "column quantity of l/2.csv holds 1 row (the first is row 1," in shop.fault(
        DataError, order_lines={"path": "l/*.csv"}
    )


def test_a_value_that_does_not_fit_in_json_lines(shop):
    shop.write(
        "s.jsonl", '{"email": "a@example.com"}\n{"email": "anna.marker@example.com", "subscribed_at": "marker"}\n'
    )

    message = shop.fault(DataError, subscriptions={"path": "s.jsonl"})

    assert "subscriptions: column subscribed_at of s.jsonl holds 1 row (the first is row 2," in message


def test_a_value_that_does_not_fit_in_a_select(shop):
    shop.write("s.csv", "mail,said\nanna.marker@example.com,marker\n")

    message = shop.fault(DataError, subscriptions="select mail as email, said as subscribed_at from read_csv('s.csv')")

    assert (
        "subscriptions: column subscribed_at of its SELECT over s.csv holds 1 row that cannot become timestamp"
        in message
    )
    assert "strptime" in message


def test_a_column_of_a_type_that_can_never_fit(shop):
    shop.copy("select 'S1' as product_ref, {'marker': 1} as price", "p.parquet")

    message = shop.fault(DataError, products={"path": "p.parquet"})

    assert "products: column price of p.parquet is STRUCT and cannot become decimal" in message


@pytest.mark.parametrize("missing", ["", "null", "  "])
def test_a_required_value_that_is_missing(shop, missing):
    literal = missing if missing == "null" else f"'{missing}'"
    shop.copy(f"select * from (values ('1', 'marker'), ({literal}, 'marker')) t(customer_ref, email)", "c.parquet")

    message = shop.fault(DataError, customers={"path": "c.parquet"})

    assert "customers: column customer_ref of c.parquet is empty in 1 row (the first is row 2," in message


def test_a_required_value_that_is_missing_in_csv(shop):
    shop.write("orders.csv", "order_ref,ordered_at,email\n1,2026-01-01,\n2,,anna.marker@example.com\n")

    assert "column ordered_at of orders.csv is empty in 1 row" in shop.fault(DataError, orders={"path": "orders.csv"})


def test_a_truncated_parquet_file(shop):
    path = shop.copy("select i as product_ref, 'marker' as name from range(50000) t(i)", "p.parquet")
    path.write_bytes(path.read_bytes()[:2000])

    message = shop.fault(DataError, products={"path": "p.parquet"})

    assert "products: p.parquet cannot be read as Parquet: it is truncated or damaged" in message


def test_a_truncated_parquet_file_among_good_ones(shop):
    shop.copy("select 1 as product_ref", "p/1.parquet")
    path = shop.copy("select 2 as product_ref", "p/2.parquet")
    path.write_bytes(path.read_bytes()[:-20])

    assert "products: p/2.parquet cannot be read" in shop.fault(DataError, products={"path": "p/*.parquet"})


def test_a_truncated_parquet_file_in_a_select(shop):
    path = shop.copy("select 2 as product_ref", "p.parquet")
    path.write_bytes(path.read_bytes()[:-20])

    message = shop.fault(DataError, products="select product_ref from read_parquet('p.parquet')")

    assert "products: p.parquet cannot be read as Parquet" in message


def test_a_csv_line_with_too_many_fields(shop):
    shop.write("c.csv", "customer_ref,email\n1,a@example.com\n2,anna.marker@example.com,Anna,x\n")

    message = shop.fault(DataError, customers={"path": "c.csv"})

    assert "customers: c.csv cannot be read as CSV: line 3 has 4 fields, the header has 2" in message


def test_a_csv_line_with_too_many_fields_far_down(shop):
    shop.write("c.csv", "customer_ref,email\n" + "1,a@example.com\n" * 60_000 + "2,anna.marker@example.com,Anna,x\n")

    assert "line 60002 has 4 fields" in shop.fault(DataError, customers={"path": "c.csv"})


def test_a_csv_file_that_is_not_utf_8(shop):
    shop.write("c.csv", "customer_ref,first_name\n1,Zoë marker\n", encoding="latin-1")

    assert "customers: c.csv cannot be read as CSV: it is not UTF-8" in shop.fault(
        DataError, customers={"path": "c.csv"}
    )


def test_a_csv_file_that_is_a_folder_packed_or_empty(shop):
    shop.write("c.csv", "")
    shop.write("c.csv.gz", "no gzip marker")

    assert "column customer_ref is missing in c.csv" in shop.fault(DataError, customers={"path": "c.csv"})
    assert "customers: c.csv.gz cannot be read as CSV" in shop.fault(DataError, customers={"path": "c.csv.gz"})


def test_a_broken_line_of_json(shop):
    shop.write("c.jsonl", '{"customer_ref": 1}\n{"customer_ref": anna.marker@example.com}\n')

    message = shop.fault(DataError, customers={"path": "c.jsonl"})

    assert "customers: c.jsonl cannot be read as JSON Lines: line" in message


def test_a_select_whose_guess_of_a_type_was_wrong(shop):
    shop.write("c.csv", "id,n\n" + "1,2\n" * 30_000 + "2,marker\n")

    message = shop.fault(DataError, customers="select id as customer_ref, n as city from read_csv('c.csv')")

    assert "customers: its SELECT over c.csv stops at line 30002 at column n" in message
    assert "all_varchar" in message


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("selec product_ref from read_csv('p.csv')", "syntax error"),
        ("select product_rf from read_csv('p.csv')", '"product_rf" not found'),
        ("select product_ref from products", "products does not exist"),
        ("select nope(product_ref) as product_ref from read_csv('p.csv')", "nope does not exist"),
        ("select 1 as product_ref; select 2 as product_ref", "exactly one SELECT"),
        ("create table x (i int)", "exactly one SELECT"),
        ("copy (select 1) to 'x.csv'", "exactly one SELECT"),
        ("--", "exactly one SELECT"),
    ],
)
def test_a_select_that_is_wrong_is_the_settings_fault(shop, select, expected):
    shop.write("p.csv", "product_ref\nanna.marker@example.com\n")

    message = shop.fault(ConfigError, products=select)

    assert message.startswith("sources.files.products")
    assert expected in message


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "names no entity"),
        ({"order": "select 1"}, "there is no entity 'order'; did you mean orders?"),
        ({"orders": 5}, "sources.files.orders: write a SELECT, or a mapping"),
        ({"orders": {"path": "o.csv", "cursr": "x"}}, "there is no option 'cursr'; did you mean cursor?"),
        ({"orders": {"cursor": "updated_at"}}, "give either `path` or `select`"),
        ({"orders": {"path": "o.csv", "select": "select 1"}}, "give either `path` or `select`"),
        ({"orders": {"path": ["a.csv"]}}, "sources.files.orders.path: write text"),
        ({"orders": {"path": "o.xlsx"}}, "add `format: csv`"),
        ({"orders": {"path": "o.dat", "format": "parket"}}, "there is no format 'parket'; did you mean parquet?"),
        ({"orders": {"path": "o.csv", "cursor": "updatd_at"}}, "did you mean updated_at?"),
        ({"orders": {"path": "o.csv", "cursor": "order_ref"}}, "'order_ref' is no time column of orders"),
        ({"order_lines": {"path": "o.csv", "cursor": "line_number"}}, "order_lines have no time column"),
        ({"orders": {"path": "o.csv", "timezone": "Mars/Base"}}, "'Mars/Base' is no time zone"),
        ({"orders": {"path": "o.csv", "delimiter": "||"}}, "sources.files.orders.delimiter: write one character"),
        ({"orders": {"path": "s3://bucket/o.csv"}}, "only files on this machine"),
    ],
)
def test_options_that_are_wrong(shop, options, expected):
    message = shop.fault(ConfigError, **options)

    assert expected in message
    assert not shop.home.exists()
