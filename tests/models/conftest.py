"""A shop in raw form, built by dbt: what the tests of models start from.

    @pytest.fixture(scope="module")
    def shop(make_shop):
        shop = make_shop()
        shop.add("orders", order_ref="o1", customer_ref="ann", ordered_at="2026-01-05 12:00:00")
        shop.build(as_of="2026-06-30 23:59:59.999999", lapsed_days=90)     # keywords are dbt vars
        return shop

    def test_it(shop):
        assert shop.rows("select customer_id from marts.dim_customers") == [...]

dbt takes seconds to start: build once per module, put all persons of the module into that shop.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audiences.shop_model import DUCKDB_TYPES, ENTITIES

ROOT = Path(__file__).parents[2]
LOADED_AT = "2020-01-01 00:00:00"


class BuildFailed(AssertionError):
    """dbt ended with an error; the message is the end of what it said."""


class Shop:
    """A warehouse file with the raw tables of the source `files`, all of them, empty at first."""

    failed = BuildFailed  # pytest.raises(shop.failed): test modules cannot import this file by name

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target = folder, target
        self.warehouse = folder / "warehouse.duckdb"
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("create schema raw_files")
            for entity in ENTITIES.values():
                columns = ", ".join(f"{name} {DUCKDB_TYPES[kind]}" for name, kind in entity.columns.items())
                connection.execute(f"create table raw_files.{entity.name} ({columns}, _loaded_at timestamp)")

    def add(self, entity: str, **columns: Any) -> None:
        """One row; columns that are not named are null."""
        self.add_all(entity, [columns])

    def add_all(self, entity: str, rows: list[dict[str, Any]]) -> None:
        """Many rows, all with the columns of the first."""
        names = list(rows[0])
        holes = ", ".join("?" for _ in names)
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.executemany(
                f"insert into raw_files.{entity} ({', '.join(names)}, _loaded_at) values ({holes}, '{LOADED_AT}')",
                [[row[name] for name in names] for row in rows],
            )

    def run(self, sql: str) -> None:
        """Any statement against the warehouse, for what `add` cannot say."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(sql)

    def build(self, as_of: str, select: str | None = None, *, unit_tests: bool = False, **variables: Any) -> str:
        """Run dbt, return what it said; raise BuildFailed when a model or test fails.

        `select` is dbt's selection, e.g. "+fct_orders"; by default everything is built, without the unit tests.
        """
        selection = ["--select", *select.split(), "--indirect-selection", "buildable"] if select else []
        selection += [] if unit_tests else ["--exclude-resource-type", "unit_test"]
        told = subprocess.run(
            [
                *[str(Path(sys.executable).with_name("dbt")), "build", *selection],
                *["--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(ROOT / "dbt")],
                *["--target-path", str(self.target), "--log-path", str(self.folder / "logs")],
                *["--vars", json.dumps(variables), "--no-use-colors"],
            ],
            env={**os.environ, "BOOMERANG_WAREHOUSE": str(self.warehouse), "BOOMERANG_AS_OF": as_of or ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode != 0:
            raise self.failed(told.stdout[-6000:] + told.stderr[-2000:])
        return told.stdout

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, read-only."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def column(self, sql: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.rows(sql)]


@pytest.fixture(scope="session")
def make_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Shop]:
    """Each call gives an empty shop of its own; all share what dbt has parsed."""
    target = tmp_path_factory.mktemp("target")
    return lambda: Shop(tmp_path_factory.mktemp("shop"), target)
