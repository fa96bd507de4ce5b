"""A small demo shop with two finished builds, copied for each test, and the command line to run in it.

`shop.run("sync")` runs the real command in a process of its own. The template is made once: dbt takes its time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audiences.demo.shop import generate
from audiences.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
FIRST_DAY, SECOND_DAY = "2026-11-23", "2026-11-24"
TOKEN = "sandbox-token"
ENTITIES = {
    "customers": "parquet", "orders": "parquet", "order_lines": "parquet", "returns": "parquet", "products": "csv",
    "promotions": "jsonl", "events": "parquet", "wishlist_items": "parquet", "consents": "parquet",
    "subscriptions": "parquet", "loyalty": "parquet", "stores": "csv",
}  # fmt: skip

# People whose data must be found nowhere: each is written in its own way, so that a hit says where it comes from.
MARKED_CUSTOMERS = """customer_ref,email,phone,first_name,last_name,country,state,city,postcode,created_at
marked-lapsed, Marked.Lapsed.Zqx@Example.COM ,(212) 555-0147,Zqxfirstlapsed,Zqxlastlapsed,US,NY,New York,10001,2024-01-02 10:00:00
marked-wisher,marked+wisher.zqx@example.org,+1 646 555 0152,Zqxfirstwisher,Zqxlastwisher,US,NY,New York,10002,2024-01-03 10:00:00
"""
MARKED_ORDERS = """order_ref,customer_ref,email,ordered_at,currency,goods_amount
marked-order-1,marked-lapsed,Marked.Lapsed.Zqx@Example.COM,2026-03-02 12:00:00,USD,20
"""
MARKED_LINES = """order_ref,line_number,product_ref,quantity,unit_price
marked-order-1,1,{product},1,20
"""
MARKED_WISHES = """customer_ref,product_ref,added_at
marked-wisher,{product},2026-11-20 12:00:00
"""
MARKED_SUBSCRIPTIONS = """email,subscribed_at
Marked.Reader.Zqx@Example.com,2026-05-04 12:00:00
"""
MARKED_TEXTS = ("zqx", "2125550147", "555-0147", "6465550152", "646 555 0152")
SETTINGS = """
shop: {{name: Demo guitars, timezone: America/New_York, country: US, currency: USD}}
home: home
environment: test
dbt_project: dbt
definitions: definitions
guards: {{max_build_age: off}}
sources:
  files:
{entities}
platforms:
  meta: {{endpoint: '${{SANDBOX}}/meta', accounts: {{main: {{id: act_1000001, access_token: '${{META_ACCESS_TOKEN}}', tries: 2}}}}}}
"""


@dataclass(frozen=True)
class Ran:
    """What a command said: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


@dataclass
class Shop:
    """A folder with settings and a home, and the sandbox that its lists are in."""

    folder: Path
    sandbox: Sandbox
    token: str = TOKEN
    first_day: str = FIRST_DAY
    second_day: str = SECOND_DAY
    marked: tuple[str, ...] = MARKED_TEXTS

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def settings(self) -> Path:
        return self.folder / "boomerang.yaml"

    def run(self, *arguments: str, verbose: bool = True) -> Ran:
        """Run `boomerang` with these arguments in the shop's folder."""
        command = [sys.executable, "-m", "audiences", *(["--verbose"] if verbose else []), *arguments]
        environment = {
            **os.environ,
            "META_ACCESS_TOKEN": self.token,
            "SANDBOX": self.sandbox.url,
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        return Ran(done.returncode, done.stdout, done.stderr)

    def change(self, file: str, before: str, after: str) -> None:
        """Replace a text in one of the shop's files; it must be there."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def published(self, number: int) -> duckdb.DuckDBPyConnection:
        """The first (0) or second (1) published build, read-only."""
        return duckdb.connect(str(sorted((self.home / "published").glob("*.duckdb"))[number]), read_only=True)

    def writes(self) -> int:
        """How many requests that write the sandbox has seen."""
        return int(self.sandbox.inspect("meta").requests()["writes"])

    def people(self) -> dict[str, list[frozenset[str]]]:
        """The people that the sandbox holds for each list of this shop, as sets of hashes, by the list's label."""
        inspection = self.sandbox.inspect("meta")
        found = {}
        for item in inspection.lists():
            people = inspection.list(item["id"])["people"]
            found[item["name"]] = [frozenset(person) for person in people]
        return found

    def state(self) -> dict[str, str]:
        """A digest of what must not change when something goes wrong: warehouse, published builds, lists."""
        files = [self.home / "warehouse.duckdb", *sorted((self.home / "published").glob("*"))]
        digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}
        people = {name: sorted(map(sorted, members)) for name, members in self.people().items()}
        return {**digests, "lists": hashlib.sha256(repr(sorted(people.items())).encode()).hexdigest()}


def _entity(name: str, ending: str) -> str:
    marked = {"customers", "orders", "order_lines", "wishlist_items", "subscriptions"}
    if name not in marked:
        pattern = f"{name}.{ending}" if ending != "parquet" else f"{name}-*.parquet"
        return f"    {name}: {{path: 'demo/{pattern}'}}"
    return (
        f"    {name}: select * from read_parquet('demo/{name}-*.parquet') "
        f"union all by name select * from read_csv('marked/{name}.csv', all_varchar = true)"
    )


def _write_marked(folder: Path) -> None:
    folder.mkdir()
    products = f"{folder.parent}/demo/products.csv"
    product = duckdb.execute(
        "select min(product_ref) from read_csv(?) where is_product and is_active", [products]
    ).fetchone()[0]
    files = {
        "customers": MARKED_CUSTOMERS,
        "orders": MARKED_ORDERS,
        "order_lines": MARKED_LINES,
        "wishlist_items": MARKED_WISHES,
        "subscriptions": MARKED_SUBSCRIPTIONS,
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text.replace("{product}", product), encoding="utf-8")


def _drive(shop: Shop, *arguments: str) -> None:
    ran = shop.run(*arguments)
    assert ran.code == 0, ran.err


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """A shop that was extracted and built at two days, with nothing sent."""
    folder = tmp_path_factory.mktemp("shop") / "template"
    folder.mkdir()
    generate(folder / "demo", customers=4_000, until=date.fromisoformat(FIRST_DAY))
    _write_marked(folder / "marked")
    shutil.copytree(ROOT / "dbt", folder / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(ROOT / "audiences" / "definitions", folder / "definitions")
    entities = "\n".join(_entity(name, ending) for name, ending in ENTITIES.items())
    (folder / "boomerang.yaml").write_text(SETTINGS.format(entities=entities), encoding="utf-8")
    with Sandbox() as sandbox:
        shop = Shop(folder, sandbox)
        _drive(shop, "extract")
        _drive(shop, "build", "--as-of", FIRST_DAY)
        _drive(shop, "build", "--as-of", SECOND_DAY)
    return folder


@contextmanager
def _copy_of(template: Path, folder: Path) -> Iterator[Shop]:
    shutil.copytree(template, folder)
    with Sandbox() as sandbox:
        shop = Shop(folder, sandbox)
        with shop.published(0) as build:
            people = build.execute(
                "select list_distinct(list_filter(flatten(list([email_plain, phone_digits])), lambda v: v is not null)) "
                "from marts.dim_identifiers group by customer_id"
            ).fetchall()
        sandbox.register([row[0] for row in people])
        yield shop


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of the template and an empty sandbox that was told who is who."""
    with _copy_of(template, tmp_path / "shop") as shop:
        yield shop


@pytest.fixture(scope="module")
def module_shop(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The same, shared by the tests of a module that only look at it."""
    with _copy_of(template, tmp_path_factory.mktemp("module") / "shop") as shop:
        yield shop
