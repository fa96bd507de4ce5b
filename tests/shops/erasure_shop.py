"""The engine's test shop with addresses that somebody could type: they are hashed as the recipes do it.

A test's own domain and block of numbers make its people nobody else's; hashes of contacts come from `addresses.hashes_of`.
"""

from __future__ import annotations

import secrets

from engine_shop import LIST, TODAY, Shop

from audiences.addresses import hashes_of
from audiences.sync.forget import drain_erasures, forget

CANONICAL = ("email_canonical", "phone_plus")
HEX = r"[0-9a-f]{64}"


class ErasureShop(Shop):
    """Persons are named; `mail` and `phone` give what belongs to a name in this test only."""

    def __init__(self, *arguments, **account):
        super().__init__(*arguments, **account)
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

    def contact_hashes(self, email, phone):
        known = {**hashes_of(email or ""), **hashes_of(phone or "")}
        return {column: one if column in CANONICAL else self._by_recipe(one) for column, one in known.items()}

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
        return super().confirm()

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
        return not self.all_hashes(name).isdisjoint(self.held_hashes(list_id))
