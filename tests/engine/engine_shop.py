"""A small shop for the engine's tests: persons, published builds made by hand, the real engine, the sandbox's people.

No dbt: a published build is a DuckDB file with just the tables that the engine reads. Persons have names; whatever the
sandbox holds is told by name again, so that no test compares or prints a hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import yaml

from audiences.as_of import end_of_day
from audiences.errors import gravest
from audiences.ledger import open_ledger
from audiences.settings import load_settings
from audiences.sql import statements
from audiences.sync.apply import apply_plan
from audiences.sync.plan import make_plan

TIMEZONE = "America/New_York"
TODAY = dt.date(2026, 11, 23)
TOKEN = "sandbox-token"
PURPOSES = ("ad_user_data", "ad_personalization", "email")
STRANGER = "somebody unknown"

BASICS = {"customer_id": "string", "qualified_at": "timestamp", "reason": "string"}
SEGMENTS = {
    "lapsed": {**BASICS, "category": "string", "order_count": "int64"},
    "hinted": {**BASICS, "rank": "int64", "product_id": "string", "category": "string"},
    "recent": BASICS,
}
CUSTOMERS = {"customer_id": "string", "country": "string", "order_count": "int64", "value_tier": "string"}
ARROW = {"string": pa.string(), "int64": pa.int64(), "timestamp": pa.timestamp("us")}
HASHES = (
    "email_plain", "email_canonical", "phone_digits", "phone_plus", "meta_first_name", "meta_last_name", "meta_city", "meta_state", "meta_postcode",
    "meta_country",
)  # fmt: skip


@dataclass
class Person:
    """One customer: `consent` is granted, denied, unknown, or None for somebody whom the gate does not know."""

    emails: list[str]
    phones: list[str] = field(default_factory=list)
    consent: str | None = "granted"
    traits: dict = field(default_factory=dict)

    first_name: str = "first"

    def contacts(self):
        return {*self.emails, *self.phones}


class Shop:
    """A shop's home with its definitions and builds; every step moves its own clock by a minute."""

    def __init__(self, folder: Path, endpoint: str, sandbox, **account):
        self.folder, self.sandbox = folder, sandbox
        self.salt = secrets.token_hex(4)  # nobody is the same person in two tests
        self.persons: dict[str, Person] = {}
        self.segments: dict[str, list[dict]] = {name: [] for name in SEGMENTS}
        self.former: dict[str, str] = {}
        self.recipe = 1
        self.now = dt.datetime(2026, 1, 1)
        self.account = {"id": "act_1", "access_token": TOKEN, "tries": 1, **account}
        self.content = {
            "shop": {"name": "Test guitars", "timezone": TIMEZONE},
            "home": "home",
            "environment": "test",
            "definitions": "definitions",
            "dbt_project": "dbt",
            "platforms": {"meta": {"endpoint": endpoint, "accounts": {"main": self.account}}},
        }
        (folder / "definitions").mkdir()
        _write_contracts(folder / "dbt" / "models")
        self.configure()

    # what there is ----------------------------------------------------------------------------------------------

    def configure(self, **content):
        self.content.update(content)
        file = self.folder / "boomerang.yaml"
        file.write_text(yaml.safe_dump(self.content), encoding="utf-8")
        self.settings = load_settings(file)

    def person(self, name, *, emails=None, phones=(), consent="granted", **traits):
        emails = [f"{name}@example.com"] if emails is None else list(emails)
        self.persons[name] = Person(emails, list(phones), consent, traits)
        return name

    def rename(self, name):
        self.persons[name].first_name = "another"

    def merges(self, name, into):
        """Two customers turn out to be one: contacts, and the id as one of before, go to the one who stays."""
        gone, kept = self.persons.pop(name), self.persons[into]
        kept.emails += [one for one in gone.emails if one not in kept.emails]
        kept.phones += [one for one in gone.phones if one not in kept.phones]
        for segment in self.segments:
            self.leaves(name, segment=segment)
        self.former = {own: into if now == name else now for own, now in self.former.items()} | {name: into}

    def forgets(self, *contacts):
        """Tombstones for addresses and numbers, as an erasure leaves them."""
        with open_ledger(self.settings) as ledger:
            ledger.connection.execute("set variable ledger_key = $key", {"key": ledger.key})
            ledger.connection.execute(statements("members")["define_tombstone"])
            for contact in contacts:
                kind = "email" if "@" in contact else "phone"
                values = [kind, self.hashed(contact)]
                ledger.connection.execute("insert into sync.tombstones values (?, tombstone(?), 'erasure')", values)

    def lapsed(self, *names, segment="lapsed", **columns):
        """Put persons into a segment, made on the way where they are new."""
        for name in names:
            if name not in self.persons:
                self.person(name)
            self.segments[segment].append({"customer_id": name, **columns})

    def crowd(self, count=110, *, prefix="crowd", segment="lapsed", **columns):
        """As many people as a platform wants on a list at least, and nobody in particular."""
        names = [f"{prefix}{number:04}" for number in range(count)]
        self.lapsed(*names, segment=segment, **columns)
        return set(names)

    def leaves(self, *names, segment="lapsed"):
        self.segments[segment] = [row for row in self.segments[segment] if row["customer_id"] not in names]

    def segment_names(self, segment="lapsed"):
        return {row["customer_id"] for row in self.segments[segment]}

    def audience(self, name, **keys):
        content = {"label": f"Label of {name}", "owner": "growth@example.com", "segment": "lapsed"}
        content |= {"platforms": {"meta": {"account": "main"}}, **keys}
        text = yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False)
        (self.folder / "definitions" / f"{name}.yaml").write_text(text, encoding="utf-8")

    # builds -----------------------------------------------------------------------------------------------------

    def publish(self, day=TODAY, *, state="finished"):
        """A build of the persons and segments as they are now, at the end of that shop day."""
        as_of = end_of_day(day, ZoneInfo(TIMEZONE))
        self.now = max(self.now, as_of + dt.timedelta(hours=4))
        build_id = f"{self.tick():%Y%m%d-%H%M%S}-0000"
        if state == "finished":
            self.settings.published.mkdir(parents=True, exist_ok=True)
            with duckdb.connect(str(self.settings.published / f"{build_id}.duckdb")) as connection:
                for name, table in self._tables().items():
                    connection.register("arrived", table)
                    connection.execute(f"create schema if not exists {name.split('.')[0]}")
                    connection.execute(f"create table {name} as from arrived")
                    connection.unregister("arrived")
        with open_ledger(self.settings) as ledger:
            ledger.connection.execute(
                "insert into sync.builds values (?, ?, ?, ?, ?, 1, [])",
                [build_id, as_of, self.now, self.now if state == "finished" else None, state],
            )
        return build_id

    def tick(self, **delta):
        self.now += dt.timedelta(**delta or {"minutes": 1})
        return self.now

    def _tables(self):
        customers = [{"customer_id": name, **one.traits} for name, one in self.persons.items()]
        tables = {"marts.dim_customers": _table(CUSTOMERS, customers)}
        tables["marts.dim_identifiers"] = _table(
            {
                "customer_id": "string",
                "position": "int64",
                **dict.fromkeys(HASHES, "string"),
                "recipe_version": "int64",
            },
            [row for name, one in self.persons.items() for row in self._identifiers(name, one)],
        )
        gate = [
            {
                "customer_id": name, "purpose": purpose, "is_addressable": one.consent == "granted",
                "why_not": None if one.consent == "granted" else f"consent_{one.consent}",
            }
            for name, one in self.persons.items() if one.consent
            for purpose in PURPOSES
        ]  # fmt: skip
        tables["marts.dim_addressable"] = _table(
            {"customer_id": "string", "purpose": "string", "is_addressable": None, "why_not": "string"}, gate
        )
        refs = [(name, name) for name in self.persons] + list(self.former.items())
        tables["marts.customer_refs"] = _table(
            dict.fromkeys(("customer_id", "own_id", "source", "ref_kind", "ref"), "string"),
            [
                {"customer_id": name, "own_id": own, "source": "files", "ref_kind": "customer", "ref": own}
                for own, name in refs
            ],
        )
        for name, columns in SEGMENTS.items():
            rows = [{"qualified_at": dt.datetime(2026, 1, 1), "reason": "quiet", **row} for row in self.segments[name]]
            tables[f"segments.seg_{name}"] = _table(columns, rows)
        return tables

    def _identifiers(self, name, person):
        for position in range(max(len(person.emails), len(person.phones))):
            email = person.emails[position] if position < len(person.emails) else None
            phone = person.phones[position] if position < len(person.phones) else None
            yield {
                "customer_id": name, "position": position + 1, "email_plain": self.by_recipe(email),
                "phone_digits": self.by_recipe(phone), "meta_first_name": self.hashed(person.first_name),
                "email_canonical": self.hashed(email), "phone_plus": self.hashed(phone), "recipe_version": self.recipe,
            }  # fmt: skip

    def hashed(self, text):
        return hashlib.sha256(f"{self.salt} {text}".encode()).hexdigest() if text else None

    def by_recipe(self, text):
        """The hash that platforms get, by the recipe of now."""
        return self.hashed(text if self.recipe == 1 or not text else f"{text} by recipe {self.recipe}")

    def hashes_of(self, name):
        return {self.by_recipe(contact) for contact in self.persons[name].contacts()}

    # the engine -------------------------------------------------------------------------------------------------

    def plan(self, *names, as_of=None):
        return make_plan(self.settings, names, as_of=as_of, now=self.tick())

    def plan_of(self, audience="lapsed"):
        """The plan's only list of an audience."""
        (found,) = [one for one in self.plan().lists if one.audience == audience]
        return found

    def plan_of_any(self, audience):
        """The plan of one of an audience's lists: what fell out is the same on all of them."""
        return next(one for one in self.plan().lists if one.audience == audience)

    def apply(self, plan):
        return apply_plan(self.settings, getattr(plan, "plan_id", plan), clock=self.tick)

    def sync(self, *names):
        """Plan and apply; the exit code that `boomerang sync` would end with."""
        self.result = self.apply(self.plan(*names))
        return gravest([one.exit_code for one in self.result.lists])

    def of_list(self, list_id):
        (found,) = [one for one in self.result.lists if one.list == list_id]
        return found

    # what became of it ------------------------------------------------------------------------------------------

    def rows(self, sql, *parameters):
        with open_ledger(self.settings) as ledger:
            return ledger.connection.execute(sql, list(parameters)).fetchall()

    def value(self, sql, *parameters):
        return self.rows(sql, *parameters)[0][0]

    def name_of_key(self):
        """Member keys, by the names of the persons behind them."""
        with open_ledger(self.settings) as ledger:
            return {_member_key(ledger.key, name): name for name in (*self.former, *self.persons)}

    def on_ledger(self, list_id="lapsed@meta:main"):
        """The names of the members that the ledger believes to be on a list."""
        names = self.name_of_key()
        keys = self.rows("select member_key from sync.memberships where list_id = ? and leaving_at is null", list_id)
        return {names.get(key, STRANGER) for (key,) in keys}

    def remote_id(self, list_id="lapsed@meta:main"):
        found = self.rows("select external_id from sync.lists where list_id = ?", list_id)
        return found[0][0] if found else None

    def held_hashes(self, list_id="lapsed@meta:main"):
        held = self.sandbox.inspect("meta").list(self.remote_id(list_id))["people"]
        return {one for person in held for one in person}

    def people_on(self, list_id="lapsed@meta:main"):
        """The names of the persons whom the sandbox holds with every contact, and STRANGER for any other hash."""
        return self.named(self.held_hashes(list_id))

    def contacts_on(self, list_id="lapsed@meta:main"):
        """Whatever contacts the sandbox holds, as the tests write them."""
        written = {self.by_recipe(one): one for person in self.persons.values() for one in person.contacts()}
        return {written.get(one, STRANGER) for one in self.held_hashes(list_id)}

    def named(self, hashes):
        found = {name for name, one in self.persons.items() if one.contacts() and self.hashes_of(name) <= hashes}
        explained = {one for name in found for one in self.hashes_of(name)}
        return found | ({STRANGER} if hashes - explained else set())

    def forget_requests(self):
        self.sandbox.control(reset_requests=True)

    def writes(self, *kinds):
        """How many writing requests the sandbox got since `forget_requests`, of all kinds or the named ones."""
        counts = self.sandbox.inspect("meta").requests()["counts"]
        return sum(one["count"] for one in counts if one["writing"] and (not kinds or one["kind"] in kinds))


def _member_key(key, customer_id):
    inner = hashlib.sha256((key + customer_id).encode()).hexdigest()
    return uuid.UUID(hashlib.sha256((key + inner).encode()).hexdigest()[:32])


def _table(columns, rows):
    fields = [(name, ARROW.get(kind, pa.bool_())) for name, kind in columns.items()]
    return pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=pa.schema(fields))


def _write_contracts(models):
    (models / "segments").mkdir(parents=True)
    for name, columns in SEGMENTS.items():
        (models / "segments" / f"seg_{name}.yml").write_text(_contract(f"seg_{name}", columns), encoding="utf-8")
    (models / "dim_customers.yml").write_text(_contract("dim_customers", CUSTOMERS), encoding="utf-8")


def _contract(model, columns):
    described = [{"name": name, "data_type": kind} for name, kind in columns.items()]
    return yaml.safe_dump({"version": 2, "models": [{"name": model, "columns": described}]})
