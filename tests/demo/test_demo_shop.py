import hashlib
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from audiences.demo.shop import generate
from audiences.errors import ConfigError, DataError
from audiences.shop_model import DUCKDB_TYPES, ENTITIES, EVENT_TYPES, PURPOSES

UNTIL_ENDS = datetime(2026, 11, 24, 5)  # the end of 23 November in New York
HORIZON = datetime(2026, 11, 27, 5)
FIXED = {"promotions", "stores"}


def contents(open_shop, folder: Path) -> dict[str, str]:
    """Per entity a hash over all its rows in their order."""
    with open_shop(folder) as shop:
        return {name: digest(shop.execute(f"select {name} from {name}").fetchall()) for name in ENTITIES}


def digest(rows: list[tuple]) -> str:
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()


def count(shop: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(shop.execute(query).fetchone()[0])


def test_the_same_seed_gives_the_same_rows_with_another_number_of_threads_and_in_other_portions(
    open_shop, shop_folder, tmp_path
):
    generate(tmp_path / "one_thread", customers=2_000, threads=1)
    generate(tmp_path / "portions", customers=2_000, threads=4, chunk=700)

    expected = contents(open_shop, shop_folder)

    assert contents(open_shop, tmp_path / "one_thread") == expected
    assert contents(open_shop, tmp_path / "portions") == expected


def test_another_seed_gives_another_shop(open_shop, tmp_path):
    generate(tmp_path / "seven", customers=1_000, seed=7)
    generate(tmp_path / "eight", customers=1_000, seed=8)

    seven, eight = contents(open_shop, tmp_path / "seven"), contents(open_shop, tmp_path / "eight")

    assert {name for name in ENTITIES if seven[name] == eight[name]} == FIXED


def test_draws_are_md5_and_not_a_hash_that_the_engine_may_change():
    with duckdb.connect() as engine:
        engine.execute("set variable seed = 7")
        engine.execute((files("audiences.demo") / "sql" / "shop" / "1_draws.sql").read_text(encoding="utf-8"))

        drawn = count(engine, "select dice('person1')")

    assert drawn == int.from_bytes(hashlib.md5(b"7:person1").digest()[8:], "little")


@pytest.mark.parametrize("name", ENTITIES)
def test_an_entity_has_the_columns_of_the_shop_model_with_unique_keys_and_no_required_one_empty(shop, name):
    entity = ENTITIES[name]

    found = {row[0]: row[1] for row in shop.execute(f"describe {name}").fetchall()}
    rows = count(shop, f"select count(*) from {name}")
    keys = count(shop, f"select count(distinct ({', '.join(entity.key)},)) from {name}")
    gaps = [column for column in entity.required if count(shop, f"select count(*) - count({column}) from {name}")]

    assert rows > 0
    assert list(found) == list(entity.columns) or set(found) == set(entity.columns)
    assert keys == rows
    assert gaps == []
    if name not in {"products", "promotions", "stores"}:  # text files have no types
        assert found == {column: DUCKDB_TYPES[kind] for column, kind in entity.columns.items()}


def test_lines_events_wishes_and_returns_point_at_what_exists(shop):
    lost = {
        "lines without order": "select count(*) from order_lines anti join orders using (order_ref)",
        "orders without line": "select count(*) from orders anti join order_lines using (order_ref)",
        "lines without product": "select count(*) from order_lines anti join products using (product_ref)",
        "returns without line": "select count(*) from returns anti join order_lines using (order_ref, line_number)",
        "wishes without product": "select count(*) from wishlist_items anti join products using (product_ref)",
        "events without product": """select count(*) from events anti join products using (product_ref)
            where product_ref is not null""",
        "orders without customer": """select count(*) from orders anti join customers using (customer_ref)
            where customer_ref is not null""",
        "events without customer": """select count(*) from events anti join customers using (customer_ref)
            where customer_ref is not null""",
        "more returned than bought": """select count(*) from returns join order_lines using (order_ref, line_number)
            where returns.quantity > order_lines.quantity""",
        "bought before it was launched": """select count(*)
            from order_lines join orders using (order_ref) join products using (product_ref)
            where launched_at::date > ordered_at::date""",
    }

    assert {what: count(shop, query) for what, query in lost.items()} == dict.fromkeys(lost, 0)


def test_words_are_those_of_the_shop_model(shop):
    event_types = {row[0] for row in shop.execute("select distinct event_type from events").fetchall()}
    purposes = {row[0] for row in shop.execute("select distinct purpose from consents").fetchall()}
    statuses = {row[0] for row in shop.execute("select distinct status from consents").fetchall()}

    assert event_types == set(EVENT_TYPES)
    assert purposes == set(PURPOSES)
    assert statuses == {"granted", "denied", "unknown"}


def test_amounts_of_an_order_are_the_sum_of_its_lines(shop):
    wrong = count(
        shop,
        """select count(*) from orders join (
               select order_ref, sum(quantity * unit_price) as goods, sum(order_lines.discount_amount) as discount
               from order_lines group by order_ref
           ) using (order_ref) where goods <> goods_amount or discount <> discount_amount""",
    )

    assert wrong == 0


def test_the_next_three_days_bring_something_new_and_nothing_comes_after_them(shop):
    days = "select count(distinct ({0} - interval 5 hour)::date) from {1} where {0} >= $1"
    times = {
        name: [c for c, kind in entity.columns.items() if kind == "timestamp"] for name, entity in ENTITIES.items()
    }
    planned = {"promised_at", "points_expire_at", "starts_at", "ends_at"}

    for table, column in (("orders", "ordered_at"), ("events", "occurred_at"), ("wishlist_items", "added_at")):
        assert shop.execute(days.format(column, table), [UNTIL_ENDS]).fetchone()[0] == 3, table
    late = [
        f"{name}.{column}"
        for name, columns in times.items()
        for column in columns
        if column not in planned and count(shop, f"select count(*) from {name} where {column} >= '{HORIZON}'")
    ]
    assert late == []


def test_the_shop_moves_with_its_last_day(open_shop, tmp_path):
    generate(tmp_path / "demo", customers=1_000, until=date(2024, 2, 29))

    with open_shop(tmp_path / "demo") as shop:
        newest = shop.execute("select max(occurred_at) from events").fetchone()[0]
        gaps = count(
            shop, "select count(*) from orders where ordered_at < '2021-02-28' or ordered_at >= '2024-03-04 05:00'"
        )

    assert datetime(2024, 3, 3) < newest < datetime(2024, 3, 4, 5)
    assert gaps == 0


def test_rows_grow_with_the_customers(open_shop, shop_folder, tmp_path):
    told: list[str] = []

    rows = generate(tmp_path / "demo", customers=6_000, chunk=3_000, on_step=told.append)

    with open_shop(shop_folder) as shop:
        growing = [name for name in ENTITIES if name not in FIXED | {"products"}]
        growth = {name: rows[name] / count(shop, f"select count(*) from {name}") for name in growing}
    assert set(rows) == set(ENTITIES)
    assert {name: ratio for name, ratio in growth.items() if not 2.7 < ratio < 3.3} == {}
    assert told[-1] == "customers 3,001 to 6,000 of 6,000"


def test_the_counts_it_returns_are_those_of_the_files(open_shop, tmp_path):
    rows = generate(tmp_path / "demo", customers=1_000)

    with open_shop(tmp_path / "demo") as shop:
        assert rows == {name: count(shop, f"select count(*) from {name}") for name in ENTITIES}


def test_an_older_shop_is_replaced_whole(tmp_path):
    generate(tmp_path / "demo", customers=2_000, chunk=1_000)
    generate(tmp_path / "demo", customers=1_000)

    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert not list((tmp_path / "demo").glob("*-001.parquet"))


def test_a_shop_that_fails_half_way_leaves_the_older_one(open_shop, tmp_path):
    generate(tmp_path / "demo", customers=1_000)
    before = contents(open_shop, tmp_path / "demo")

    def fail(step: str) -> None:
        if step.startswith("customers"):
            raise OSError("no space left")

    with pytest.raises(DataError, match="no space left"):
        generate(tmp_path / "demo", customers=1_000, seed=8, on_step=fail)

    assert contents(open_shop, tmp_path / "demo") == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")

    with pytest.raises(ConfigError, match=r"thesis\.docx"):
        generate(tmp_path, customers=1_000)

    assert (tmp_path / "thesis.docx").read_text() == "years of work"


@pytest.mark.parametrize("customers", [0, 999, 10_000_001])
def test_a_number_of_customers_out_of_range_is_refused(tmp_path, customers):
    with pytest.raises(ConfigError, match="1,000 to 10,000,000"):
        generate(tmp_path / "demo", customers=customers)

    assert not (tmp_path / "demo").exists()
