"""A shop's folder for tests: settings, definitions, contracts of models, published builds made by hand, the real engine.

No dbt: a published build is a DuckDB file with just the tables that the engine reads.
"""

from __future__ import annotations

import atexit
import datetime as dt
import uuid
from abc import ABC, abstractmethod
from contextlib import nullcontext
from functools import cache
from typing import ClassVar
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import yaml

from audiences.as_of import end_of_day
from audiences.errors import gravest
from audiences.ledger import open_ledger
from audiences.settings import load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.confirm import confirm_lists
from audiences.sync.plan import make_plan

TIMEZONE = "America/New_York"
TODAY = dt.date(2026, 11, 23)
TOKEN = "sandbox-token"
PURPOSES = ("ad_user_data", "ad_personalization", "email")

TYPES = {
    "string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "timestamp": pa.timestamp("us"), "bool": pa.bool_(),
}  # fmt: skip
HASHES = (
    "email_plain", "email_gmail", "email_stripped", "email_canonical", "phone_digits", "phone_plus", "meta_first_name",
    "meta_last_name", "meta_city", "meta_state", "meta_postcode", "meta_country", "google_given_name", "google_family_name",
    "google_region", "google_postcode",
)  # fmt: skip
BASICS = {"customer_id": "string", "qualified_at": "timestamp", "reason": "string"}
TABLES = {
    "marts.customer_refs": {
        **dict.fromkeys(("customer_id", "own_id", "source", "ref_kind", "ref"), "string"), "linked_at": "timestamp",
    },
    "marts.dim_identifiers": {
        "customer_id": "string", "position": "int64", **dict.fromkeys(HASHES, "string"), "recipe_version": "int64",
    },
    "marts.dim_addressable": {
        "customer_id": "string", "purpose": "string", "is_addressable": "bool", "why_not": "string",
        "consent_status": "string", "decided_at": "timestamp",
    },
}  # fmt: skip


class ShopFolder(ABC):
    """A shop whose audiences go to one account; every step moves its clock by a minute. `tables` is what a build has."""

    platform, account_kind, token_name = "meta", "act", "access_token"
    customer_columns: ClassVar[dict[str, str]]
    segment_columns: ClassVar[dict[str, dict[str, str]]]

    def __init__(self, folder, endpoint, sandbox, **account):
        self.folder, self.sandbox = folder, sandbox
        self.now, self.kept_ledger = dt.datetime(2026, 1, 1), None
        self.account = {
            "id": f"{self.account_kind}_{uuid.uuid4().hex[:12]}",
            self.token_name: TOKEN,
            "tries": 1,
            **account,
        }
        self.content = {
            "shop": {"name": "Test guitars", "timezone": TIMEZONE},
            "home": "home",
            "environment": "test",
            "definitions": "definitions",
            "dbt_project": "dbt",
            "platforms": {self.platform: {"endpoint": endpoint, "accounts": {"main": self.account}}},
        }
        (folder / "definitions").mkdir()
        self._write_contracts(folder / "dbt" / "models")
        self.configure()

    def _write_contracts(self, models):
        (models / "segments").mkdir(parents=True)
        _write_contract(models, "dim_customers", self.customer_columns)
        for name, columns in self.segment_columns.items():
            _write_contract(models / "segments", f"seg_{name}", columns)

    def configure(self, **content):
        self.content.update(content)
        file = self.folder / "boomerang.yaml"
        file.write_text(yaml.safe_dump(self.content), encoding="utf-8")
        self.settings = load_settings(file)

    def audience(self, name="lapsed", **keys):
        """Write a definition; None takes a key out."""
        content = {"label": f"Label of {name}", "owner": "growth@example.com", "segment": "lapsed"}
        content |= {"platforms": {self.platform: {"account": "main"}}, **keys}
        text = yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False)
        (self.folder / "definitions" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def forget_definition(self, name="lapsed"):
        (self.folder / "definitions" / f"{name}.yaml").unlink()

    def tick(self, **delta):
        self.now += dt.timedelta(**delta or {"minutes": 1})
        return self.now

    # builds -------------------------------------------------------------------------------------------------------

    @abstractmethod
    def tables(self):
        """The rows of a build as of now, by table; a column that a row does not have is null."""

    def publish(self, day=TODAY, *, state="finished"):
        """A build of the shop as it is now, at the end of that shop day, or so many days after the first."""
        as_of = end_of_day(TODAY + dt.timedelta(days=day) if isinstance(day, int) else day, ZoneInfo(TIMEZONE))
        self.now = max(self.now, as_of + dt.timedelta(hours=4))
        build_id = f"{self.tick():%Y%m%d-%H%M%S}-0000"
        if state == "finished":
            self.settings.published.mkdir(parents=True, exist_ok=True)
            _write_build(self.settings.published / f"{build_id}.duckdb", self._arrow_tables())
        finished_at = self.now if state == "finished" else None
        values = (build_id, as_of, self.now, finished_at, state)
        self.rows(
            "insert into sync.builds (build_id, as_of, started_at, finished_at, state, node_count, failed_nodes) "
            "values (?, ?, ?, ?, ?, 1, [])",
            *values,
        )
        return build_id

    def _arrow_tables(self):
        segments = {f"segments.seg_{name}": columns for name, columns in self.segment_columns.items()}
        tables = self.tables()
        for name, columns in {"marts.dim_customers": self.customer_columns, **TABLES, **segments}.items():
            schema = pa.schema([(column, TYPES[kind]) for column, kind in columns.items()])
            yield name, pa.Table.from_pylist(tables[name], schema=schema)

    def open_build(self):
        """The newest published build, to be changed by hand."""
        return duckdb.connect(str(max(self.settings.published.glob("*.duckdb"))))

    # the engine ---------------------------------------------------------------------------------------------------

    def plan(self, *names, as_of=None):
        return make_plan(self.settings, names, as_of=as_of, now=self.tick())

    def apply(self, plan):
        return apply_plan(self.settings, getattr(plan, "plan_id", plan), clock=self.tick)

    def sync(self, *names):
        """Plan and apply; the exit code that `boomerang sync` would end with."""
        self.result = self.apply(self.plan(*names))
        return gravest([one.exit_code for one in self.result.lists])

    def confirm(self, *names):
        """Ask the platforms what became of the requests, as `boomerang confirm` does."""
        return confirm_lists(self.settings, names, clock=self.tick)

    def ledger(self):
        """The ledger that is kept open for this shop, or else opened now."""
        return open_ledger(self.settings) if self.kept_ledger is None else nullcontext(self.kept_ledger)

    def rows(self, sql, *parameters):
        """The answer of the ledger."""
        with self.ledger() as ledger:
            return ledger.connection.execute(sql, list(parameters)).fetchall()

    def value(self, sql, *parameters):
        return self.rows(sql, *parameters)[0][0]


def _write_contract(folder, model, columns):
    described = [{"name": name, "data_type": kind} for name, kind in columns.items()]
    document = {"version": 2, "models": [{"name": model, "columns": described}]}
    (folder / f"{model}.yml").write_text(yaml.safe_dump(document), encoding="utf-8")


@cache
def _workshop():
    """One connection to make builds with: a new one for each would take longer than the build."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    atexit.register(_workshop.cache_clear)
    return connection


def _write_build(file, tables):
    workshop = _workshop()
    workshop.execute(f"attach '{file}' as build")
    workshop.begin()
    workshop.execute("create schema build.marts")
    workshop.execute("create schema build.segments")
    for name, table in tables:
        workshop.register("arrived", table)
        workshop.execute(f"create table build.{name} as from arrived")
        workshop.unregister("arrived")
    workshop.commit()
    workshop.execute("detach build")
