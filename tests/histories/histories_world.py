"""The world of a history: people, their contacts and consents, segments; and what a shop's published build says of them.

A root is an account of the shop. A customer is one root, or several that were found to be one person; its id is that of its
earliest root. The ad platform knows personas: to each root belongs one, with every contact made for it. Who shares a contact
holds one that belongs to somebody else's persona.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

STRICTNESS = {"granted": 0, "unknown": 1, "denied": 2}
CATEGORIES = ("Strings", "Amps", "Picks")
TOWNS = ("Albany", "Boston")
SEGMENTS = ("lapsed", "recent")


@dataclass
class Root:
    """One account: `consent` is granted, denied, unknown, or None for somebody whom the gate does not know."""

    number: int
    emails: list[str]
    phones: list[str]
    consent: str | None = "granted"
    category: str | None = None
    segments: set[str] = field(default_factory=set)
    is_there: bool = True

    @property
    def own_id(self):
        return f"c{self.number:03}"


@dataclass(frozen=True)
class Customer:
    """One customer as the models see it: its roots, contacts in their order, consent and segments joined."""

    id: str
    roots: tuple[Root, ...]

    @property
    def emails(self):
        return list(dict.fromkeys(one for root in self.roots for one in root.emails))

    @property
    def phones(self):
        return list(dict.fromkeys(one for root in self.roots for one in root.phones))

    @property
    def contacts(self):
        return {*self.emails, *self.phones}

    @property
    def consent(self):
        """The strictest of its roots' answers; None when no root has one."""
        answers = [root.consent for root in self.roots if root.consent]
        return max(answers, key=STRICTNESS.__getitem__) if answers else None

    @property
    def category(self):
        return next((root.category for root in self.roots if root.category), None)

    @property
    def town(self):
        return TOWNS[self.roots[0].number % 2]

    def is_in(self, segment):
        return any(segment in root.segments for root in self.roots)


class World:
    """Everybody, day by day. Events change it in place; `forgotten` holds the contacts of people who were
    erased, `half_forgotten` those of theirs that others had as well."""

    def __init__(self, salt, count):
        self.salt, self.recipe = salt, 1
        self.recipes = {1}
        self.made = 0
        self.roots: list[Root] = []
        self.head: dict[int, int] = {}
        self.owners: dict[str, int] = {}
        self.forgotten: set[str] = set()
        self.half_forgotten: set[str] = set()
        self.erased_ids: set[str] = set()
        self.lenders: set[int] = set()
        self.is_empty_day = False
        for _ in range(count):
            self.arrives()

    # who there is -------------------------------------------------------------------------------------------------

    def arrives(self, segment="lapsed"):
        number = len(self.roots)
        root = Root(number, [], [], category=(*CATEGORIES, None)[number % 4], segments={segment})
        self.roots.append(root)
        self.head[number] = number
        root.emails.append(self.new_contact(number))
        return root

    def new_contact(self, number):
        self.made += 1
        contact = f"contact {self.made}"
        self.owners[contact] = number
        return contact

    def root(self, number):
        return self.roots[number % len(self.roots)]

    def family(self, root):
        """All roots of the root's customer."""
        head = self.head[root.number]
        return [one for one in self.roots if self.head[one.number] == head]

    def customers(self):
        """By id, every customer whom the shop knows today; the id is that of the earliest root that is there."""
        families: dict[int, list[Root]] = {}
        for root in self.roots:
            if root.is_there:
                families.setdefault(self.head[root.number], []).append(root)
        return {family[0].own_id: Customer(family[0].own_id, tuple(family)) for family in families.values()}

    def members_of(self, segment):
        """The customers of a segment as the build has it: nobody on a day on which the table is empty."""
        everybody = {} if self.is_empty_day and segment == "lapsed" else self.customers()
        return {name: one for name, one in everybody.items() if one.is_in(segment)}

    # identifiers --------------------------------------------------------------------------------------------------

    def forget(self, customer):
        """Somebody was erased: by every id of theirs, and by every contact, but for those that others have too."""
        others = {contact for one in self.customers().values() if one.id != customer.id for contact in one.contacts}
        self.erased_ids |= {root.own_id for root in customer.roots} | {customer.id}
        self.forgotten |= customer.contacts - others
        self.half_forgotten |= customer.contacts & others

    def change_recipe(self):
        """Every hash is another one from now on."""
        self.recipe += 1
        self.recipes.add(self.recipe)

    def hashed(self, contact, recipe=None):
        text = f"{self.salt} {recipe or self.recipe} {contact}"
        return hashlib.sha256(text.encode()).hexdigest() if contact else None

    def canonical(self, contact):
        """A hash that no recipe changes, as tombstones need it."""
        return hashlib.sha256(f"{self.salt} canonical {contact}".encode()).hexdigest() if contact else None

    def pairs(self, customer):
        """The rows of a customer: the nth e-mail beside the nth phone."""
        emails, phones = customer.emails, customer.phones
        for position in range(max(len(emails), len(phones))):
            yield (
                emails[position] if position < len(emails) else None,
                phones[position] if position < len(phones) else None,
            )

    def settle_owners(self):
        """Somebody who holds a contact owns it on the platform; nobody's contact stays with its last owner. Who ever had
        one in common with others is among the lenders.
        """
        for contact, owner in self.owners.items():
            holders = [root.number for root in self.roots if contact in root.emails or contact in root.phones]
            if holders and owner not in holders:
                self.owners[contact] = holders[0]
            if len(holders) > 1:
                self.lenders.add(self.owners[contact])

    def owner_of_hash(self):
        """Whose persona each hash points to, by any recipe that was ever in use."""
        return {
            self.hashed(contact, recipe): owner for contact, owner in self.owners.items() for recipe in self.recipes
        }

    def personas(self):
        """The groups of hashes that a platform takes for one person each."""
        found: dict[int, list[str]] = {}
        for one, owner in self.owner_of_hash().items():
            found.setdefault(owner, []).append(one)
        return list(found.values())
