"""The engine's test shop with addresses that somebody could type: they are hashed as the recipes do it.

A test's own domain and block of numbers make its people nobody else's; hashes of contacts come from `addresses.hashes_of`.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import duckdb
import pyarrow as pa
from engine_shop import TODAY, Shop

from audiences.addresses import hashes_of
from audiences.sync.confirm import confirm_lists
from audiences.sync.forget import drain_erasures, forget

LIST = "lapsed@meta:main"
COLUMNS = ("email_gmail", "email_stripped")
SENT = ("email_plain", "phone_digits")
CANONICAL = ("email_canonical", "phone_plus")
HEX = r"[0-9a-f]{64}"


class ErasureShop(Shop):
    """Persons are named; `mail` and `phone` give what belongs to a name in this test only."""

    def __init__(self, folder: Path, endpoint: str, sandbox, **account):
        super().__init__(folder, endpoint, sandbox, **account)
        self.numbers = secrets.randbelow(900_000) + 100_000

    def mail(self, name, domain=None):
        return f"{name}@{domain or f's{self.salt}.example.com'}"

    def phone(self, number):
        """A Belgian mobile number: long enough for every test to have some of its own."""
        return f"+324{70 + number % 30:02}{self.numbers}"

    def person(self, name, *, emails=None, **more):
        return super().person(name, emails=[self.mail(name)] if emails is None else emails, **more)

    # hashes -------------------------------------------------------------------------------------------------------

    def hashed(self, text):
        if text is None:
            return None
        hashes = hashes_of(text)
        return hashes.get("email_plain") or hashes.get("phone_digits") or super().hashed(text)

    def by_recipe(self, text):
        return self._by_recipe(self.hashed(text))

    def _by_recipe(self, value):
        return value if self.recipe == 1 or value is None else super().hashed(f"{value} by recipe {self.recipe}")

    def _identifiers(self, name, person):
        for position, row in enumerate(super()._identifiers(name, person)):
            email = person.emails[position] if position < len(person.emails) else None
            phone = person.phones[position] if position < len(person.phones) else None
            known = {**hashes_of(email or ""), **hashes_of(phone or "")}
            hashes = {column: self._by_recipe(known.get(column)) for column in (*SENT, *COLUMNS)}
            yield {**row, **hashes, **{column: known.get(column) for column in CANONICAL}}

    def _tables(self):
        tables = super()._tables()
        owners = [row for name, one in self.persons.items() for row in self._identifiers(name, one)]
        identifiers = tables["marts.dim_identifiers"]
        for column in COLUMNS:
            identifiers = identifiers.append_column(column, pa.array([row[column] for row in owners], pa.string()))
        return {**tables, "marts.dim_identifiers": identifiers}

    def all_hashes(self, name):
        """Every hash of a person's contacts by any recipe."""
        return {one for contact in self.persons[name].contacts() for one in hashes_of(contact).values()}

    # the engine ---------------------------------------------------------------------------------------------------

    def forget(self, typed, **how):
        return forget(self.settings, typed, clock=self.tick, **how)

    def drain(self):
        return drain_erasures(self.settings, clock=self.tick)

    def confirm(self):
        """A day later the platform is asked what became of the removals."""
        self.tick(days=1)
        return confirm_lists(self.settings, clock=self.tick)

    def open_build(self):
        """The newest published build, to be changed by hand."""
        return duckdb.connect(str(max(self.settings.published.glob("*.duckdb"))))

    def filled(self, *names, day=TODAY, **keys):
        """A list with a crowd and these persons on it."""
        everybody = self.crowd()
        self.lapsed(*names)
        self.audience("lapsed", **keys)
        self.publish(day)
        assert self.sync() == 0
        return everybody | set(names)

    # what became of it --------------------------------------------------------------------------------------------

    def places_in_ledger(self, hashes):
        """The tables of the ledger in which one of these hashes stands, in any column."""
        found = set()
        columns = self.rows(
            "select table_name, column_name from information_schema.columns where table_schema = 'sync'"
        )
        assert ("memberships", "identifiers") in columns
        for table, column in columns:
            count = self.value(
                f"""select count(*) from sync."{table}" where regexp_matches("{column}"::varchar, ?)""",
                "|".join(sorted(hashes)),
            )
            found |= {table} if count else set()
        return found

    def is_on(self, name, list_id=LIST):
        """Whether the sandbox finds the person by any contact on the list."""
        held = self.sandbox.inspect("meta").list(self.remote_id(list_id))["people"]
        return not self.all_hashes(name).isdisjoint({one for person in held for one in person})
