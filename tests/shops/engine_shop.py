"""A small shop for the engine's tests: persons by name, and who of them the ledger and the sandbox hold.

Whatever the sandbox holds is told by name again, so that no test compares or prints a hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import ClassVar

from shop_folder import BASICS, PURPOSES, TODAY, TOKEN, ShopFolder

from audiences.ledger import open_ledger
from audiences.sql import statements

__all__ = ["LIST", "STRANGER", "TODAY", "TOKEN", "ClockedShop", "Shop"]

LIST = "lapsed@meta:main"
STRANGER = "somebody unknown"


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


class Shop(ShopFolder):
    """A shop of persons; `main_list` is the list of its first audience."""

    main_list = LIST
    customer_columns: ClassVar = {
        "customer_id": "string",
        "country": "string",
        "order_count": "int64",
        "value_tier": "string",
    }
    segment_columns: ClassVar = {
        "lapsed": {**BASICS, "category": "string", "order_count": "int64"},
        "hinted": {**BASICS, "rank": "int64", "product_id": "string", "category": "string"},
        "recent": BASICS,
    }

    def __init__(self, *arguments, **account):
        self.salt = secrets.token_hex(4)  # nobody is the same person in two tests
        self.persons: dict[str, Person] = {}
        self.segments: dict[str, list[dict]] = {name: [] for name in self.segment_columns}
        self.former: dict[str, str] = {}
        self.recipe = 1
        super().__init__(*arguments, **account)

    # who there is ---------------------------------------------------------------------------------------------------

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
            ledger.connection.execute(statements("attached_build")["define_tombstone"])
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

    # builds ---------------------------------------------------------------------------------------------------------

    def tables(self):
        references = [(name, name) for name in self.persons] + list(self.former.items())
        stays = {"qualified_at": dt.datetime(2026, 1, 1), "reason": "quiet"}
        return {
            "marts.dim_customers": [{"customer_id": name, **one.traits} for name, one in self.persons.items()],
            "marts.dim_identifiers": [row for name in self.persons for row in self.identifiers(name)],
            "marts.dim_addressable": [row for name in self.persons for row in self._gate(name)],
            "marts.customer_refs": [
                {"customer_id": name, "own_id": own, "source": "files", "ref_kind": "customer", "ref": own}
                for own, name in references
            ],
            **{f"segments.seg_{name}": [{**stays, **row} for row in rows] for name, rows in self.segments.items()},
        }

    def _gate(self, name):
        consent = self.persons[name].consent
        answer = {
            "is_addressable": consent == "granted",
            "why_not": None if consent == "granted" else f"consent_{consent}",
        }
        return [{"customer_id": name, "purpose": purpose, **answer} for purpose in PURPOSES if consent]

    def identifiers(self, name):
        """The rows of `dim_identifiers` of somebody."""
        person = self.persons[name]
        common = {"recipe_version": self.recipe, "meta_first_name": self.hashed(person.first_name)}
        for position, (email, phone) in enumerate(zip_longest(person.emails, person.phones), start=1):
            yield {"customer_id": name, "position": position, **common, **self.contact_hashes(email, phone)}

    def contact_hashes(self, email, phone):
        """Hashes of an address and a number, either may be None, by column."""
        return {
            "email_plain": self.by_recipe(email), "phone_digits": self.by_recipe(phone),
            "email_canonical": self.hashed(email), "phone_plus": self.hashed(phone),
        }  # fmt: skip

    def hashed(self, text):
        return hashlib.sha256(f"{self.salt} {text}".encode()).hexdigest() if text else None

    def by_recipe(self, text):
        """The hash that platforms get, by the recipe of now."""
        return self.hashed(text if self.recipe == 1 or not text else f"{text} by recipe {self.recipe}")

    def hashes_of(self, name):
        return {self.by_recipe(contact) for contact in self.persons[name].contacts()}

    # what is planned and done ---------------------------------------------------------------------------------------

    def plan_of(self, audience="lapsed"):
        """The plan's only list of an audience."""
        (found,) = [one for one in self.plan().lists if one.audience == audience]
        return found

    def plan_of_any(self, audience):
        """The plan of one of an audience's lists: what fell out is the same on all of them."""
        return next(one for one in self.plan().lists if one.audience == audience)

    def refused(self, plan):
        """Why the plan's only list is refused; nothing of it may be sent."""
        self.forget_requests()
        (result,) = self.apply(plan).lists
        assert (result.state, result.exit_code) == ("stale", 5)
        assert self.writes() == 0
        return result.message

    def of_list(self, list_id):
        (found,) = [one for one in self.result.lists if one.list == list_id]
        return found

    # what the ledger knows ------------------------------------------------------------------------------------------

    def name_of_key(self):
        """Member keys, by the names of the persons behind them."""
        with self.ledger() as ledger:
            return {_member_key(ledger.key, name): name for name in (*self.former, *self.persons)}

    def _members(self, condition, list_id):
        sql = f"select member_key from sync.memberships where list_id = ? and {condition}"
        names = self.name_of_key()
        return {names.get(key, STRANGER) for (key,) in self.rows(sql, list_id or self.main_list)}

    def on_ledger(self, list_id=None):
        """The names of the members that the ledger believes to be on a list; who is leaving is not."""
        return self._members("leaving_at is null", list_id)

    def leaving(self, list_id=None):
        """The names of those whose removal was accepted and is not confirmed yet."""
        return self._members("leaving_at is not null", list_id)

    def levels(self, list_id=None):
        """How many members of a list are at each level of truth; who is leaving is at none."""
        sql = "select level, count(*) from sync.memberships where list_id = ? and leaving_at is null group by level"
        return dict(self.rows(sql, list_id or self.main_list))

    def remote_id(self, list_id=None):
        found = self.rows("select external_id from sync.lists where list_id = ?", list_id or self.main_list)
        return found[0][0] if found else None

    # what the sandbox holds -----------------------------------------------------------------------------------------

    @property
    def inspection(self):
        return self.sandbox.inspect(self.platform)

    def held_hashes(self, list_id=None):
        held = self.inspection.list(self.remote_id(list_id))["people"]
        return {one for person in held for one in person}

    def people_on(self, list_id=None):
        """The names of the persons whom the sandbox holds with every contact, and STRANGER for any other hash."""
        return self.named(self.held_hashes(list_id))

    def contacts_on(self, list_id=None):
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
        counts = self.inspection.requests()["counts"]
        return sum(one["count"] for one in counts if one["writing"] and (not kinds or one["kind"] in kinds))


class ClockedShop(Shop):
    """A shop whose clock is the platform's clock too; no guard minds how old a build is.

    The sandbox's clock is set when a step begins, not at each tick, so a step may take some minutes more here than there.
    """

    def __init__(self, *arguments, **account):
        super().__init__(*arguments, **account)
        self.configure(guards={"max_build_age": "off"})

    def set_clock(self):
        offset = self.now.replace(tzinfo=dt.UTC).timestamp() - time.time()
        self.sandbox.control(clock_offset_seconds=offset)

    def passes(self, **delta):
        """So much time, for the shop and for the platform."""
        self.tick(**delta)
        self.set_clock()

    def publish(self, day=0, **how):
        build_id = super().publish(day, **how)
        self.set_clock()
        return build_id

    def sync(self, *names):
        self.set_clock()
        return super().sync(*names)

    def confirm(self, *names):
        self.set_clock()
        return super().confirm(*names)


def _member_key(key, customer_id):
    inner = hashlib.sha256((key + customer_id).encode()).hexdigest()
    return uuid.UUID(hashlib.sha256((key + inner).encode()).hexdigest()[:32])
