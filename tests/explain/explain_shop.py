"""A shop for the tests of explain: persons with addresses, segments, a published build made by hand, a real ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from audiences.addresses import hashes_of
from audiences.ledger import open_ledger
from audiences.settings import load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.explain import explain
from audiences.sync.plan import make_plan

AS_OF = dt.datetime(2026, 11, 24, 4, 59, 59)
NOW = dt.datetime(2026, 11, 24, 9)
PURPOSES = ("ad_user_data", "ad_personalization", "email")
TEXT, WHOLE, INSTANT, YES = pa.string(), pa.int64(), pa.timestamp("us"), pa.bool_()
HASHES = (
    "email_plain", "email_gmail", "email_stripped", "email_canonical", "phone_digits", "phone_plus", "meta_first_name",
    "meta_last_name", "meta_city", "meta_state", "meta_postcode", "meta_country", "google_given_name", "google_family_name",
)  # fmt: skip
BASICS = {"customer_id": TEXT, "qualified_at": INSTANT, "reason": TEXT}
SEGMENTS = {
    "lapsed": {**BASICS, "order_count": WHOLE, "category": TEXT, "last_ordered_at": INSTANT},
    "recent": BASICS,
    "hinted": {**BASICS, "rank": WHOLE, "product_id": TEXT, "price": pa.float64()},
}
TABLES = {
    "marts.dim_customers": {"customer_id": TEXT, "country": TEXT, "is_staff": YES},
    "marts.customer_refs": {
        "customer_id": TEXT, "own_id": TEXT, "source": TEXT, "ref_kind": TEXT, "ref": TEXT, "linked_at": INSTANT,
    },
    "marts.dim_identifiers": {
        "customer_id": TEXT, "position": WHOLE, **dict.fromkeys(HASHES, TEXT), "recipe_version": WHOLE,
    },
    "marts.dim_addressable": {
        "customer_id": TEXT, "purpose": TEXT, "is_addressable": YES, "why_not": TEXT, "consent_status": TEXT,
        "decided_at": INSTANT,
    },
    **{f"segments.seg_{name}": columns for name, columns in SEGMENTS.items()},
}  # fmt: skip
CONTRACT = {TEXT: "string", WHOLE: "int64", INSTANT: "timestamp", YES: "bool", pa.float64(): "float64"}


def customer_id(name):
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class ExplainShop:
    """Every step takes the shop as it is now; `asked` explains somebody by what a person would type."""

    def __init__(self, folder: Path, endpoint: str, account: str):
        self.folder = folder
        self.rows: dict[str, list[dict]] = {name: [] for name in TABLES}
        content = {
            "shop": {"name": "Test guitars", "timezone": "America/New_York"},
            "home": "home", "environment": "test", "definitions": "definitions", "dbt_project": "dbt",
            "platforms": {
                "meta": {
                    "endpoint": endpoint, "accounts": {"main": {"id": account, "access_token": "sandbox-token", "tries": 1}},
                }
            },
        }  # fmt: skip
        (folder / "boomerang.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        (folder / "definitions").mkdir()
        self._write_contracts(folder / "dbt" / "models")
        self.settings = load_settings(folder / "boomerang.yaml")
        self.now = NOW
        self.crowd = 0

    def _write_contracts(self, models):
        (models / "segments").mkdir(parents=True)
        for name, columns in [("dim_customers", TABLES["marts.dim_customers"]), *SEGMENTS.items()]:
            model, file = (name, models) if name == "dim_customers" else (f"seg_{name}", models / "segments")
            described = [{"name": column, "data_type": CONTRACT[kind]} for column, kind in columns.items()]
            document = {"version": 2, "models": [{"name": model, "columns": described}]}
            (file / f"{model}.yml").write_text(yaml.safe_dump(document), encoding="utf-8")

    # who there is -----------------------------------------------------------------------------------------------

    def person(self, name, email=None, phone=None, *, ref=None, country="US", why_not=None):
        """Somebody with an account; `why_not` is what the gate says to every purpose."""
        one = {"customer_id": customer_id(name)}
        self.rows["marts.dim_customers"].append({**one, "country": country, "is_staff": False})
        self.reference(name, ref or f"account-of-{name}")
        hashes = {**(hashes_of(email) if email else {}), **(hashes_of(phone, country) if phone else {})}
        if hashes:
            self.rows["marts.dim_identifiers"].append({**one, "position": 1, "recipe_version": 1, **hashes})
        for purpose in PURPOSES:
            answer = {"is_addressable": why_not is None, "why_not": why_not, "decided_at": dt.datetime(2026, 2, 1, 17)}
            self.rows["marts.dim_addressable"].append(
                {**one, "purpose": purpose, "consent_status": "granted", **answer}
            )

    def reference(self, name, ref, kind="customer", linked_at=dt.datetime(2025, 3, 1, 15)):
        self.rows["marts.customer_refs"].append(
            {"customer_id": customer_id(name), "own_id": customer_id(name), "source": "web", "ref_kind": kind, "ref": ref,
             "linked_at": linked_at}
        )  # fmt: skip

    def qualifies(self, name, segment="lapsed", reason="last ordered 214 days ago", **columns):
        row = {
            "customer_id": customer_id(name),
            "qualified_at": dt.datetime(2026, 10, 22, 4),
            "reason": reason,
            **columns,
        }
        self.rows[f"segments.seg_{segment}"].append(row)

    def leaves(self, name, segment="lapsed"):
        table = f"segments.seg_{segment}"
        self.rows[table] = [row for row in self.rows[table] if row["customer_id"] != customer_id(name)]

    def becomes(self, name, earlier):
        """An earlier reference was found, so the customer has its id from now on."""
        self.reference(earlier, f"account-of-{earlier}", linked_at=dt.datetime(2024, 1, 1))
        for row in (row for rows in self.rows.values() for row in rows):
            if row["customer_id"] == customer_id(name):
                row["customer_id"] = customer_id(earlier)

    def others(self, count=120, segment="lapsed", **columns):
        """As many people as a list needs at least; their names."""
        names = [f"other{number}" for number in range(self.crowd, self.crowd + count)]
        self.crowd += count
        for name in names:
            self.person(name, f"{name}@example.net")
            self.qualifies(name, segment, **columns)
        return names

    def audience(self, name="lapsed", **keys):
        content = {"label": f"Label of {name}", "owner": "growth@example.com", "segment": "lapsed"}
        content |= {"platforms": {"meta": {"account": "main"}}, **keys}
        text = yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False)
        (self.folder / "definitions" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def forget_definition(self, name):
        (self.folder / "definitions" / f"{name}.yaml").unlink()

    # what is done -----------------------------------------------------------------------------------------------

    def publish(self, as_of=AS_OF):
        self.now = max(self.now, as_of + dt.timedelta(hours=4)) + dt.timedelta(minutes=1)
        build_id = f"{self.now:%Y%m%d-%H%M%S}-0000"
        self.settings.published.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.settings.published / f"{build_id}.duckdb")) as connection:
            for name, columns in TABLES.items():
                rows = [{column: row.get(column) for column in columns} for row in self.rows[name]]
                connection.register("arrived", pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items()))))
                connection.execute(f"create schema if not exists {name.split('.')[0]}")
                connection.execute(f"create table {name} as from arrived")
        with open_ledger(self.settings) as ledger:
            values = [build_id, as_of, self.now, self.now]
            ledger.connection.execute("insert into sync.builds values (?, ?, ?, ?, 'finished', 1, [])", values)

    def tick(self):
        self.now += dt.timedelta(minutes=1)
        return self.now

    def plan(self):
        return make_plan(self.settings, now=self.tick())

    def sync(self):
        return apply_plan(self.settings, self.plan().plan_id, clock=self.tick)

    def note(self, sql, *values):
        with open_ledger(self.settings) as ledger:
            ledger.connection.execute(sql, list(values))

    def tombstone(self, canonical):
        """The keyed hash that an erasure leaves."""
        with open_ledger(self.settings) as ledger:
            return hashlib.sha256(f"{ledger.key}tombstone {canonical}".encode()).hexdigest()[:32]

    # what is told -----------------------------------------------------------------------------------------------

    def asked(self, typed, **options):
        """Everybody who is known by that."""
        return explain(self.settings, typed, now=self.tick(), **options).customers

    def story(self, name):
        (found,) = self.asked(customer_id(name))
        return found

    def told(self, name, audience="lapsed"):
        """What is said of somebody and one audience."""
        return next(one for one in self.story(name).audiences if one.audience == audience)

    def ledger_rows(self):
        """Every row of every table of the ledger, by table."""
        with open_ledger(self.settings) as ledger:
            tables = ledger.connection.execute(
                "select table_name from information_schema.tables where table_schema = 'sync' and table_catalog = 'ledger'"
            ).fetchall()
            return {
                name: sorted(map(repr, ledger.connection.execute(f"select * from sync.{name}").fetchall()))
                for (name,) in tables
            }
