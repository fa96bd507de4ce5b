"""What a file holds becomes what the shop model asks for, or is refused: each pair of types."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from audiences.shop_model import ENTITIES
from flows.sources.casting import cast_column

COLUMNS = {
    "string": ("orders", "city"),
    "reference": ("orders", "customer_ref"),
    "int64": ("products", "stock"),
    "double": ("events", "seconds"),
    "decimal": ("products", "price"),
    "bool": ("products", "is_active"),
    "timestamp": ("orders", "delivered_at"),
    "date": ("customers", "birth_date"),
}


def read_as(kind: str, literal: str, zone: str = "UTC"):
    """The value as the model would hold it; `refused` when the file gives something that does not fit."""
    entity, column = COLUMNS[kind]
    with closing(duckdb.connect()) as connection:
        connection.execute("set timezone = ?", [zone])
        connection.execute(f'create view v as select {literal} as "{column}"')
        found = connection.execute("describe v").fetchall()[0][1]
        cast = cast_column(ENTITIES[entity], column, found, zone)
        if cast is None:
            return "refused"
        value, given = connection.execute(f"select {cast.value}, {cast.given} is not null from v").fetchall()[0]
        return "refused" if value is None and given else value


@pytest.mark.parametrize(
    ("kind", "literal", "expected"),
    [
        ("string", "' Ås '", " Ås "),
        ("string", "12345.0::double", "12345"),
        ("string", "1.5::double", "1.5"),
        ("string", "12.50::decimal(10,2)", "12.5"),
        ("string", "100::decimal(10,0)", "100"),
        ("string", "7::hugeint", "7"),
        ("string", "true", "true"),
        ("string", "date '2026-01-02'", "2026-01-02"),
        ("string", "null", None),
        ("string", "['a', 'b']", "refused"),
        ("string", "'a'::blob", "refused"),
        ("reference", "'12345.0'", "12345"),
        ("reference", "'12345'", "12345"),
        ("reference", "'A-1.0'", "A-1.0"),
        ("reference", "' 17 '", "17"),
        ("reference", "''", None),
        ("reference", "12345.0::double", "12345"),
        ("reference", "'nan'::double", None),
        ("int64", "'3'", 3),
        ("int64", "'3.0'", 3),
        ("int64", "'3.7'", "refused"),
        ("int64", "'three'", "refused"),
        ("int64", "''", None),
        ("int64", "3.0::double", 3),
        ("int64", "3.7::double", "refused"),
        ("int64", "'nan'::double", None),
        ("int64", "3.00::decimal(10,2)", 3),
        ("int64", "5::utinyint", 5),
        ("int64", "99999999999999999999::hugeint", "refused"),
        ("int64", "9007199254740993", 9007199254740993),
        ("int64", "'9007199254740993'", 9007199254740993),
        ("int64", "true", "refused"),
        ("double", "'1.5'", 1.5),
        ("double", "'inf'", "refused"),
        ("double", "2", 2.0),
        ("decimal", "'12.345'", Decimal("12.3450")),
        ("decimal", "'12,50'", "refused"),
        ("decimal", "'1e20'", "refused"),
        ("decimal", "12.5::float", Decimal("12.5000")),
        ("decimal", "'nan'::double", None),
        ("decimal", "3", Decimal("3.0000")),
        ("bool", "'yes'", True),
        ("bool", "'0'", False),
        ("bool", "'maybe'", "refused"),
        ("bool", "1", True),
        ("bool", "0.0::double", False),
        ("bool", "2", "refused"),
        ("timestamp", "'2026-01-05 10:00:00'", datetime(2026, 1, 5, 10)),
        ("timestamp", "'2026-01-05T10:00:00Z'", datetime(2026, 1, 5, 10)),
        ("timestamp", "'2026-01-05T10:00:00.123456+02:00'", datetime(2026, 1, 5, 8, 0, 0, 123456)),
        ("timestamp", "'2026-01-05'", datetime(2026, 1, 5)),
        ("timestamp", "'05.01.2026'", "refused"),
        ("timestamp", "'0000-00-00 00:00:00'", "refused"),
        ("timestamp", "timestamp '2026-01-05 10:00'", datetime(2026, 1, 5, 10)),
        ("timestamp", "'2026-01-05 10:00'::timestamp_ns", datetime(2026, 1, 5, 10)),
        ("timestamp", "timestamptz '2026-01-05 10:00+02'", datetime(2026, 1, 5, 8)),
        ("timestamp", "date '2026-01-05'", datetime(2026, 1, 5)),
        ("timestamp", "1767607200", "refused"),
        ("date", "'1990-05-01'", date(1990, 5, 1)),
        ("date", "'1990-05-01 00:00:00'", date(1990, 5, 1)),
        ("date", "timestamp '1990-05-01 12:00'", date(1990, 5, 1)),
        ("date", "'01/05/1990'", "refused"),
    ],
)
def test_a_value_becomes_the_models_or_is_refused(kind, literal, expected):
    assert read_as(kind, literal) == expected


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("'2026-07-05 10:00:00'", datetime(2026, 7, 5, 14)),
        ("'2026-01-05 10:00:00'", datetime(2026, 1, 5, 15)),
        ("'2026-01-05 10:00:00Z'", datetime(2026, 1, 5, 10)),
        ("timestamp '2026-07-05 10:00'", datetime(2026, 7, 5, 14)),
        ("date '2026-07-05'", datetime(2026, 7, 5, 4)),
        ("timestamptz '2026-07-05 10:00+00'", datetime(2026, 7, 5, 10)),
    ],
)
def test_times_without_a_zone_are_the_zones_that_the_settings_name(literal, expected):
    assert read_as("timestamp", literal, "America/New_York") == expected


def test_shop_time_is_turned_into_utc(shop):
    shop.write("orders.csv", "order_ref,ordered_at\n1,2026-07-05 20:30:00\n")

    shop.load(orders={"path": "orders.csv", "timezone": "shop"})
    in_shop_time = shop.rows("select ordered_at from raw_files.orders")
    shop.load(orders={"path": "orders.csv"})

    assert in_shop_time == [(datetime(2026, 7, 6, 0, 30),)]
    assert shop.rows("select ordered_at from raw_files.orders") == [(datetime(2026, 7, 5, 20, 30),)]


def test_customers_of_two_files_meet_though_one_program_wrote_them_as_broken_numbers(shop):
    shop.write("customers.csv", "customer_ref\n12345\n")
    shop.write("orders.csv", "order_ref,customer_ref,ordered_at\n1,12345.0,2026-01-01\n2,,2026-01-01\n")

    shop.load(customers={"path": "customers.csv"}, orders={"path": "orders.csv"})

    assert shop.rows("select count(*) from raw_files.orders join raw_files.customers using (customer_ref)") == [(1,)]
