"""Each format, by path and by glob, by SELECT, and what stands in the warehouse afterwards."""

from __future__ import annotations

import gzip
from datetime import datetime

import pytest

from audiences.shop_model import DUCKDB_TYPES, ENTITIES

STRINGS = "product_ref,name,price\nS1,Strings 10-46,12.50\nG1,Red guitar,899\n"


def test_csv_by_path_becomes_the_entity(shop):
    shop.write("data/products.csv", STRINGS)

    loads = shop.load(products={"path": "data/products.csv"})

    assert (loads["products"].rows, loads["products"].mode) == (2, "full")
    found = shop.rows("select product_ref, name, price::varchar, cost from raw_files.products order by 1")
    assert found == [("G1", "Red guitar", "899.0000", None), ("S1", "Strings 10-46", "12.5000", None)]


def test_every_entity_is_there_with_exactly_the_columns_of_the_shop_model(shop):
    shop.write("products.csv", STRINGS)

    loads = shop.load(products={"path": "products.csv"})

    assert list(loads) == list(ENTITIES)
    assert {name for name, one in loads.items() if one.mode == "empty"} == ENTITIES.keys() - {"products"}
    for name, entity in ENTITIES.items():
        columns = [row[:2] for row in shop.rows(f"describe raw_files.{name}")]
        expected = [(column, DUCKDB_TYPES[kind]) for column, kind in entity.columns.items()]
        assert columns == [*expected, ("_loaded_at", "TIMESTAMP")]
    assert shop.rows("select count(*) from raw_files.orders") == [(0,)]
    assert shop.rows("select distinct schema_name from duckdb_tables()") == [("raw_files",)]


@pytest.mark.parametrize(
    "text", [STRINGS.replace(",", ";"), STRINGS.replace(",", "\t"), "\ufeff" + STRINGS, STRINGS.replace("\n", "\r\n")]
)
def test_csv_of_other_programs_is_read_too(shop, text):
    shop.write("products.csv", text)

    assert shop.load(products={"path": "products.csv"})["products"].rows == 2
    assert shop.rows("select name from raw_files.products where product_ref = 'G1'") == [("Red guitar",)]


def test_a_delimiter_may_be_named(shop):
    shop.write("products.csv", STRINGS.replace(",", "~"))

    assert shop.load(products={"path": "products.csv", "delimiter": "~"})["products"].rows == 2


def test_packed_csv_is_read(shop):
    (shop.base / "products.csv.gz").write_bytes(gzip.compress(STRINGS.encode()))

    assert shop.load(products={"path": "products.csv.gz"})["products"].rows == 2


def test_a_glob_unites_files_whose_columns_stand_in_another_order(shop):
    shop.write("data/a.csv", "product_ref,name\nS1,Strings\n")
    shop.write("data/b.csv", "name,product_ref,brand\nGuitar,G1,Luthier\n")

    shop.load(products={"path": "data/*.csv"})

    found = shop.rows("select product_ref, name, brand from raw_files.products order by 1")
    assert found == [("G1", "Guitar", "Luthier"), ("S1", "Strings", None)]


def test_fields_with_line_breaks_quotes_and_hashes_stay_whole(shop):
    shop.write("products.csv", 'product_ref,name\n#1,"two\nlines"\n2,"5"" amp, small"\n')

    shop.load(products={"path": "products.csv"})

    assert shop.rows("select product_ref, name from raw_files.products order by 1") == [
        ("#1", "two\nlines"),
        ("2", '5" amp, small'),
    ]


def test_json_lines_by_glob(shop):
    shop.write(
        "e/1.jsonl",
        '{"event_ref": 1, "occurred_at": "2026-01-05T10:00:00+02:00", "event_type": "search", "value": 3}\n',
    )
    shop.write(
        "e/2.jsonl",
        '{"event_type": "purchase", "occurred_at": "2026-01-05 10:00", "event_ref": "b", "consent_targeting": true}\n',
    )

    shop.load(events={"path": "e/*.jsonl"})

    assert shop.rows(
        "select event_ref, occurred_at, event_type, value::double, consent_targeting from raw_files.events order by 1"
    ) == [
        ("1", datetime(2026, 1, 5, 8), "search", 3.0, None),
        ("b", datetime(2026, 1, 5, 10), "purchase", None, True),
    ]


def test_json_whose_names_are_written_otherwise_and_that_is_one_list(shop):
    shop.write("c.json", '[{"Customer_Ref": 7, "EMAIL": "a@example.com"}, {"Customer_Ref": 8.5, "city": "Ulm"}]')

    shop.load(customers={"path": "c.json"})

    found = shop.rows("select customer_ref, email, city from raw_files.customers order by 1")
    assert found == [("7", "a@example.com", None), ("8.5", None, "Ulm")]


def test_a_format_may_be_named(shop):
    shop.write("products.dat", STRINGS)

    assert shop.load(products={"path": "products.dat", "format": "csv"})["products"].rows == 2


def test_absolute_paths_are_taken_as_they_are(shop, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "products.csv"
    elsewhere.write_text(STRINGS)

    assert shop.load(products={"path": str(elsewhere)})["products"].rows == 2
    assert shop.load(products=f"select product_ref from read_csv('{elsewhere}')")["products"].rows == 2


def test_parquet_by_glob(shop):
    shop.copy("select 'o' || i as order_ref, timestamp '2026-01-01' as ordered_at from range(3) t(i)", "o/1.parquet")
    shop.copy("select 'p' || i as order_ref, timestamp '2026-01-02' as ordered_at from range(2) t(i)", "o/2.parquet")

    assert shop.load(orders={"path": "o/*.parquet"})["orders"].rows == 5


def test_orders_are_derived_from_the_file_of_their_lines_by_a_select(shop):
    shop.copy(
        "select * from (values ('1', 7.0, timestamp '2026-01-01 10:05', 2, 5.0),"
        " ('1', 7.0, timestamp '2026-01-01 10:00', 1, 2.5),"
        " ('2', null, timestamp '2026-01-02', 1, 9.0)) t(invoice, customer, sold, n, price)",
        "lines.parquet",
    )

    shop.load(
        orders="select invoice as order_ref, any_value(customer) as customer_ref, min(sold) as ordered_at,"
        " sum(n * price) as goods_amount from read_parquet('lines.parquet') group by 1",
        order_lines={
            "select": "select invoice as order_ref, row_number() over (partition by invoice order by sold)"
            " as line_number, 'P' as product_ref, n as quantity from 'lines.parquet'; -- the lines"
        },
    )

    orders = shop.rows(
        "select order_ref, customer_ref, ordered_at, goods_amount::double from raw_files.orders order by 1"
    )
    assert orders == [("1", "7", datetime(2026, 1, 1, 10), 12.5), ("2", None, datetime(2026, 1, 2), 9.0)]
    assert shop.rows("select count(*) from raw_files.order_lines") == [(3,)]


def test_a_file_with_a_header_only_gives_no_rows(shop):
    shop.write("products.csv", "product_ref,name\n")

    loads = shop.load(products={"path": "products.csv"})

    assert (loads["products"].rows, loads["products"].mode) == (0, "full")


def test_a_second_load_is_the_same_as_the_first(shop):
    shop.write("products.csv", STRINGS)

    first = (
        shop.load(products={"path": "products.csv"}),
        shop.rows("select * exclude _loaded_at from raw_files.products"),
    )
    second = (
        shop.load(products={"path": "products.csv"}),
        shop.rows("select * exclude _loaded_at from raw_files.products"),
    )

    assert first == second


def test_what_the_files_no_longer_hold_is_gone(shop):
    shop.write("products.csv", STRINGS)
    shop.load(products={"path": "products.csv"})

    shop.write("products.csv", "product_ref\nP9\n")
    shop.load(products={"path": "products.csv"})

    assert shop.rows("select product_ref from raw_files.products") == [("P9",)]


def test_a_doubled_key_stays_for_staging_to_decide(shop):
    shop.write("products.csv", "product_ref,name\nS1,old\nS1,new\n")

    assert shop.load(products={"path": "products.csv"})["products"].rows == 2


def test_columns_the_model_does_not_know_are_left_out_and_said(shop, caplog):
    shop.write("products.csv", "product_ref,colour,anna.marker@example.com\nS1,red,x\n")

    shop.load(products={"path": "products.csv"})

    assert "2 columns of products.csv" in caplog.text
    assert "colour" in caplog.text
    assert "marker" not in caplog.text
