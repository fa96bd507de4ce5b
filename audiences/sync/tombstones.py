"""Who is meant by a request to be forgotten, what of theirs stands in the ledger, and what keeps them out from now on.

What was typed becomes hashes in temporary tables; it is in no message, no exception and no row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from audiences.addresses import Contact, read_contact
from audiences.errors import ConfigError
from audiences.settings import Settings
from audiences.sql import has_rows, statements
from audiences.sync.kinds import fields_in

MOST_PLACES = 64
"""Upload rows of a platform that is not installed any more have so many values at most."""
NOBODY = (
    "that is neither an e-mail nor a phone, and no customer has such an id or reference: nothing was done. Check the "
    "spelling; give a phone with plus and calling code, or with --country"
)
SEVERAL = "that fits {count} customers: nothing was done. Give the whole id, or an e-mail, or a phone with plus"


@dataclass(frozen=True)
class Asked:
    """One person in the temporary tables `asked_*` and `matched`, and how many customers of the build they are."""

    connection: duckdb.DuckDBPyConnection
    customers: int
    pattern: str | None

    def execute(self, statement: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
        """One named statement of `queries/forget.sql`."""
        return self.connection.execute(statements("forget")[statement], parameters or None)


def prepare_without_build(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """What attaching a build would have made, as far as the ledger alone is concerned."""
    connection.execute("set variable ledger_key = $key", {"key": key})
    for name in ("define_member_key", "define_tombstone"):
        connection.execute(statements("attached_build")[name])


def find_asked(
    settings: Settings, connection: duckdb.DuckDBPyConnection, typed: str, country: str | None, *, has_build: bool
) -> Asked:
    """Find everything of one person in the build and in the ledger.

    Args:
        settings: the shop.
        connection: the ledger's, with the newest build attached, or after `prepare_without_build`.
        typed: an id, a shop's reference, an e-mail or a phone.
        country: where a phone without plus may have been dialled; after it the shop's own is thought of.
        has_build: whether one is attached.

    Raises:
        ConfigError: it is no address and nobody's id, or fits several customers; without what was typed.
    """
    search = _Search(connection, has_build)
    search.prepare(settings)
    text = typed.strip().encode("utf-8", "replace").decode()
    customers = search.name(text, read_contact(text, country, settings.shop.country))
    search.follow()
    pattern = search.pattern("values")
    if pattern is not None:
        search.match(pattern)
    return Asked(connection, customers, search.pattern("values"))


@dataclass(frozen=True)
class _Search:
    connection: duckdb.DuckDBPyConnection
    has_build: bool

    def run(self, statement: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(statements("forget")[statement], parameters or None)

    def prepare(self, settings: Settings) -> None:
        """Empty tables, and where in the rows of which account identifiers stand."""
        self.run("create_asked")
        self.run("create_recipes")
        for account in self.run("accounts").fetchall():
            fields = fields_in(settings, *account)
            places: list[tuple[str, str, int, str | None]] = (
                [(*account, place, None) for place in range(1, MOST_PLACES + 1)]
                if fields is None
                else [(*account, place, one.column) for place, one in enumerate(fields, start=1) if one.identifies]
            )
            self.connection.executemany(statements("forget")["add_place"], places)

    def name(self, text: str, contact: Contact | None) -> int:
        """Put whoever is meant into the tables; returns how many customers of the build they are."""
        named = self._customers("by_name", text=text) if self.has_build and text else set()
        by_contact = self._by_contact(contact)
        is_sure = contact is not None and (contact.kind == "email" or text.startswith("+"))
        if named and not is_sure:
            if len(named | by_contact) > 1:
                raise ConfigError(SEVERAL.format(count=len(named | by_contact)))
            contact = None  # a reference of digits is no phone
        customers = named | by_contact
        self._add(customers, contact)
        if contact is None and not customers:
            if text:
                self.run("key_of_text", text=text)
            if not has_rows(self.connection, "asked_keys"):
                raise ConfigError(NOBODY)
        return len(customers)

    def _by_contact(self, contact: Contact | None) -> set[str]:
        if contact is None or not self.has_build:
            return set()
        return self._customers(f"by_{contact.kind}", hash=contact.canonical)

    def _customers(self, statement: str, **parameters: Any) -> set[str]:
        """What a statement of `queries/whom.sql` finds in the build."""
        return {str(row[0]) for row in self.connection.execute(statements("whom")[statement], parameters).fetchall()}

    def _add(self, customers: Iterable[str], contact: Contact | None) -> None:
        if contact is not None:
            self.run("add_contact", kind=contact.kind, hash=contact.canonical)
            self.connection.executemany(statements("forget")["add_hash"], list(contact.hashes.items()))
        found = sorted(customers)
        if found:
            self.run("add_customers", customers=found)
            for step in ("keys_of_customers", "hashes_of_customers", "contacts_of_customers"):
                self.run(step)

    def follow(self) -> None:
        """From the person's rows to what was ever sent for them; and what somebody else has as well."""
        for step in ("rows_by_key", "cells", "contacts_of_cells", "hashes_of_cells"):
            self.run(step)
        if self.has_build:
            self.run("share_contacts")

    def match(self, pattern: str) -> None:
        """Whose rows have one of the person's identifiers, under whatever key."""
        self.run("rows_by_value", pattern=pattern)
        self.run("cells")
        self.run("match")
        if self.run("strangers").fetchone() is not None:
            self.run("keys_of_strangers" if self.has_build else "keys_without_build")

    def pattern(self, values: str) -> str | None:
        return pattern_of(row[0] for row in self.run(values).fetchall())


def pattern_of(values: Iterable[str]) -> str | None:
    """What finds any of these hashes in upload rows; None for no hash at all."""
    return "|".join(sorted(set(values))) or None
