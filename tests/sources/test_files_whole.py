"""Loading is whole: a bad entity, a killed process or a second one at work leaves everything as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from audiences.errors import Busy, ConfigError, DataError

PRODUCTS = {"path": "products.csv"}
LOADER = """
import sys
from pathlib import Path
from audiences.extract import SourceContext
from flows.sources import files
base = Path(sys.argv[1])
options = {"products": {"path": "products.csv"}, "order_lines": {"path": "lines.parquet"}}
files.load(SourceContext("files", options, base, base / ".boomerang/warehouse.duckdb", base / ".boomerang", "UTC"))
"""
HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def start(script: str, *arguments: object, **streams: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, **streams)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Until the path is there or the process is over."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.005)


def content(shop):
    return shop.rows("select product_ref from raw_files.products order by 1")


def test_a_bad_entity_leaves_the_good_ones_before_it_as_they_were(shop):
    shop.write("products.csv", "product_ref\nS1\n")
    shop.write("stores.csv", "store_ref,latitude\nA,1.5\n")
    shop.load(products=PRODUCTS, stores={"path": "stores.csv"})

    shop.write("products.csv", "product_ref\nS2\n")
    shop.write("stores.csv", "store_ref,latitude\nA,north marker\n")
    shop.fault(DataError, products=PRODUCTS, stores={"path": "stores.csv"})

    assert content(shop) == [("S1",)]
    assert shop.rows("select latitude from raw_files.stores") == [(1.5,)]
    assert shop.rows("select distinct schema_name from duckdb_tables()") == [("raw_files",)]
    assert not (shop.home / "landing" / "files").exists()


@pytest.mark.parametrize(
    "moment",
    ["landing/files/products.parquet", "landing/files/loader", "landing/files/loader/boomerang_files/load/new"],
)
def test_a_killed_load_leaves_the_warehouse_as_it_was_and_the_next_one_works(shop, moment):
    shop.write("products.csv", "product_ref\nS1\n")
    shop.load(products=PRODUCTS)
    shop.write("products.csv", "product_ref\nS2\n")
    shop.copy(
        "select i as order_ref, 1 as line_number, 'S2' as product_ref, 1 as quantity from range(2000000) t(i)",
        "lines.parquet",
    )

    process = start(LOADER, shop.base)
    wait_for(shop.home / moment, process)
    process.send_signal(signal.SIGKILL)
    ended = process.wait()

    assert ended == -signal.SIGKILL, "it was over before it could be killed"
    assert content(shop) == [("S1",)]
    assert shop.load(products=PRODUCTS)["products"].rows == 1
    assert content(shop) == [("S2",)]
    assert shop.rows("select distinct schema_name from duckdb_tables()") == [("raw_files",)]
    assert not (shop.home / "landing" / "files").exists()


def test_busy_while_another_process_holds_the_warehouse(shop):
    shop.write("products.csv", "product_ref\nS1\n")
    shop.load(products=PRODUCTS)
    shop.write("products.csv", "product_ref\nS2\n")

    holder = start(HOLDER, shop.warehouse, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == "held\n"
        message = shop.fault(Busy, products=PRODUCTS)
    finally:
        holder.communicate()

    assert "another process holds warehouse.duckdb" in message
    assert content(shop) == [("S1",)]


def test_a_warehouse_that_is_none_is_said_and_left_alone(shop):
    shop.write("products.csv", "product_ref\nS1\n")
    shop.write(".boomerang/warehouse.duckdb", "not a database")

    message = shop.fault(DataError, products=PRODUCTS)

    assert "warehouse.duckdb cannot be opened" in message
    assert shop.warehouse.read_text() == "not a database"


def test_other_schemas_of_the_warehouse_are_not_touched(shop):
    shop.write("products.csv", "product_ref\nS1\n")
    shop.home.mkdir()
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("create schema marts; create table marts.kept as select 1 as one")

    shop.load(products=PRODUCTS)

    assert shop.rows("select one from marts.kept") == [(1,)]


def test_nothing_of_a_person_stays_beside_the_warehouse(shop):
    shop.write("customers.csv", "customer_ref,email\n1,anna.marker@example.com\n")

    shop.load(customers={"path": "customers.csv"})

    beside = [path.name for path in shop.home.rglob("*") if path.is_file()]
    assert beside == ["warehouse.duckdb"]


@pytest.mark.parametrize("folder", ["a shop #1", "Ünïcode", "a[1]b"])
def test_odd_folder_names_do_no_harm(shop, folder):
    shop.base = shop.base / folder
    shop.write("products.csv", "product_ref\nS1\n")

    shop.load(products="select product_ref from read_csv('products.csv')")

    assert content(shop) == [("S1",)]


@pytest.mark.parametrize("folder", ["O'Brien", "100%", "what?", "y=1"])
def test_a_folder_name_that_the_loader_cannot_take_is_said(shop, folder):
    shop.base = shop.base / folder
    shop.write("products.csv", "product_ref\nS1\n")

    assert "choose another" in shop.fault(ConfigError, products=PRODUCTS)
