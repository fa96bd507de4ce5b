"""A shop for the tests of explain: persons with addresses as somebody types them, and what is told about them."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import ClassVar

from shop_folder import BASICS, PURPOSES, TABLES, ShopFolder

from audiences.addresses import hashes_of
from audiences.ledger import open_ledger
from audiences.sync.explain import explain


def customer_id(name):
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class ExplainShop(ShopFolder):
    """Every step takes the shop as it is now; `asked` explains somebody by what a person would type."""

    customer_columns: ClassVar = {"customer_id": "string", "country": "string", "is_staff": "bool"}
    segment_columns: ClassVar = {
        "lapsed": {**BASICS, "order_count": "int64", "category": "string", "last_ordered_at": "timestamp"},
        "recent": BASICS,
        "hinted": {**BASICS, "rank": "int64", "product_id": "string", "price": "float64"},
    }

    def __init__(self, *arguments, **account):
        super().__init__(*arguments, **account)
        tables = ["marts.dim_customers", *TABLES, *(f"segments.seg_{name}" for name in self.segment_columns)]
        self.build: dict[str, list[dict]] = {name: [] for name in tables}
        self.crowd = 0

    # who there is -----------------------------------------------------------------------------------------------

    def person(self, name, email=None, phone=None, *, ref=None, country="US", why_not=None):
        """Somebody with an account; `why_not` is what the gate says to every purpose."""
        one = {"customer_id": customer_id(name)}
        self.build["marts.dim_customers"].append({**one, "country": country, "is_staff": False})
        self.reference(name, ref or f"account-of-{name}")
        hashes = {**(hashes_of(email) if email else {}), **(hashes_of(phone, country) if phone else {})}
        if hashes:
            self.build["marts.dim_identifiers"].append({**one, "position": 1, "recipe_version": 1, **hashes})
        for purpose in PURPOSES:
            answer = {"is_addressable": why_not is None, "why_not": why_not, "decided_at": dt.datetime(2026, 2, 1, 17)}
            self.build["marts.dim_addressable"].append(
                {**one, "purpose": purpose, "consent_status": "granted", **answer}
            )

    def reference(self, name, ref, kind="customer", linked_at=dt.datetime(2025, 3, 1, 15)):
        self.build["marts.customer_refs"].append(
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
        self.build[f"segments.seg_{segment}"].append(row)

    def leaves(self, name, segment="lapsed"):
        table = f"segments.seg_{segment}"
        self.build[table] = [row for row in self.build[table] if row["customer_id"] != customer_id(name)]

    def becomes(self, name, earlier):
        """An earlier reference was found, so the customer has its id from now on."""
        self.reference(earlier, f"account-of-{earlier}", linked_at=dt.datetime(2024, 1, 1))
        for row in (row for rows in self.build.values() for row in rows):
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

    def tables(self):
        return self.build

    # what is done -----------------------------------------------------------------------------------------------

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
