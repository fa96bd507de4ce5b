"""Who should be on which list, worked out in plain Python from the world and the definitions; no SQL of the engine is used.

Only who is in which arm is read from the ledger's log of entries: that draw is the engine's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from histories_platform import NAME

ONLY_THE_NEWEST_RECIPE = True
"""To become False: while a guard or the recipe's day holds somebody's update, a hash of before that they share with a denied
person stays on the list.
"""
TREATED, HELD_OUT = "treated", "holdout"
EMPTY_FIELDS = ",,,,,,"


@dataclass
class Wanted:
    """By list, each member's upload rows. `dropped` counts, by audience, who falls out and why; `reached` are the
    members of an audience before holdout and arms; `unassigned` those of them who have no arm in the log.
    """

    lists: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    dropped: dict[str, Counter] = field(default_factory=dict)
    reached: dict[str, set[str]] = field(default_factory=dict)
    unassigned: dict[str, set[str]] = field(default_factory=dict)


class Oracle:
    """The definitions over one day's world. `arms` gives, by experiment and customer, the arm of the log."""

    def __init__(self, world, definitions, arms):
        self.world, self.definitions, self.arms = world, definitions, arms
        self.customers = world.customers()
        self._funnels: dict[str, dict[str, str | None]] = {}

    def wanted(self):
        found = Wanted()
        for name, definition in self.definitions.items():
            if not definition.get("paused"):
                self._place(name, definition, found)
        return found

    # who may be in an audience ------------------------------------------------------------------------------------

    def funnel(self, name):
        """By customer of the audience's segment, why it is out, or None."""
        if name not in self._funnels:
            definition = self.definitions[name]
            members = self.world.members_of(definition["segment"])
            self._funnels[name] = {one: self._out(one, name, definition) for one in members}
        return self._funnels[name]

    def _out(self, customer, name, definition):
        for excluded in definition.get("exclude", ()):
            if customer in self._excluded(excluded):
                return f"exclude {excluded}"
        for other in self._before(name, definition):
            if self.funnel(other).get(customer, "not in it") is None:
                return f"group {other}"
        return None

    def _excluded(self, excluded):
        kind, _, name = excluded.partition(":")
        if kind == "segment":
            return set(self.world.members_of(name))
        return {customer for customer, out in self.funnel(name).items() if out is None}

    def _before(self, name, definition):
        group = definition.get("exclusive_group")
        return [
            other
            for other, one in self.definitions.items()
            if group and one.get("exclusive_group") == group and one["priority"] < definition["priority"]
            and not one.get("paused")
        ]  # fmt: skip

    def gate(self, customer):
        """Why the gate keeps a customer out, or None."""
        one = self.customers[customer]
        if one.consent is None:
            return "gate unknown customer"
        if one.consent != "granted":
            return f"gate consent_{one.consent}"
        return None if one.contacts else "no identifier"

    # identifiers --------------------------------------------------------------------------------------------------

    def hashes(self, customer):
        return {self.world.hashed(contact) for contact in self.customers[customer].contacts}

    def is_erased(self, customer):
        one = self.customers[customer]
        ids = {root.own_id for root in one.roots} | {one.id}
        return bool(one.contacts & self.world.forgotten or ids & self.world.erased_ids)

    def barred(self):
        """The hashes of people who may be on no list at all: by none of them may anybody be sent."""
        ended = [one for name, one in self.customers.items() if one.consent == "denied" or self.is_erased(name)]
        contacts = {contact for one in ended for contact in one.contacts}
        if ONLY_THE_NEWEST_RECIPE:
            return {self.world.hashed(one) for one in contacts} | self.forgotten()
        return self._in_every_recipe(contacts) | self.forgotten()

    def forgotten(self):
        """The hashes of people who were erased, those that others have too among them."""
        return self._in_every_recipe(self.world.forgotten | self.world.half_forgotten)

    def _in_every_recipe(self, contacts):
        return {self.world.hashed(one, recipe) for one in contacts for recipe in self.world.recipes}

    def rows(self, customer, withheld=frozenset()):
        """The upload rows of a customer without withheld hashes; a row without an identifier is none."""
        found = set()
        for email, phone in self.world.pairs(self.customers[customer]):
            cells = [self.world.hashed(one) for one in (email, phone)]
            kept = ["" if one is None or one in withheld else one for one in cells]
            if any(kept):
                found.add(f"{kept[0]},{kept[1]}{EMPTY_FIELDS}")
        return frozenset(found)

    # lists --------------------------------------------------------------------------------------------------------

    def _place(self, name, definition, found):
        """Out before the gate, at the gate, or with nothing left beside stricter people; then the draw, then lists."""
        excluded = {one for one, out in self.funnel(name).items() if out and out.startswith("exclude")}
        withheld = self.barred() | {one for customer in excluded for one in self.hashes(customer)}
        reasons = {one: out or self._out_at_gate(one, withheld) for one, out in self.funnel(name).items()}
        reached = {one for one, reason in reasons.items() if reason is None}
        found.reached[name] = reached
        arms = {one: self.arm(name, definition, one) for one in reached}
        found.unassigned[name] = {one for one, arm in arms.items() if arm is None}
        held_out = {one for one, arm in arms.items() if arm == HELD_OUT}
        if definition.get("role") != "exclude":
            withheld_too = withheld | {one for customer in held_out for one in self.hashes(customer)}
        else:
            withheld_too = withheld
        for customer in sorted(reached - found.unassigned[name]):
            is_held_out = customer in held_out
            if is_held_out:
                reasons[customer] = HELD_OUT
                if not definition.get("push_exclusion"):
                    continue
            rows = self.rows(customer, withheld if is_held_out else withheld_too)
            if not rows:
                reasons[customer] = "identifier withheld"
                continue
            list_id = list_of(name, definition, arms[customer], self.customers[customer].category)
            found.lists.setdefault(list_id, {})[customer] = rows
        found.dropped[name] = Counter(reason for reason in reasons.values() if reason)

    def _out_at_gate(self, customer, withheld):
        if self.is_erased(customer):
            return "gate erased"
        return self.gate(customer) or (None if self.rows(customer, withheld) else "identifier withheld")

    def arm(self, name, definition, customer):
        """As the log has it for any part of the customer: held out if one of them was, else as they entered first."""
        if not has_experiment(definition):
            return TREATED
        experiment = experiment_of(name, definition)
        known = self.customers.get(customer)
        parts = [root.own_id for root in known.roots] if known else [customer]
        logged = [self.arms[experiment, part] for part in parts if (experiment, part) in self.arms]
        return None if not logged else HELD_OUT if HELD_OUT in logged else logged[0]


def has_experiment(definition):
    return bool(definition.get("holdout") or definition.get("arms"))


def experiment_of(name, definition):
    holdout = definition.get("holdout")
    scope = holdout.get("scope", "audience") if isinstance(holdout, dict) else "audience"
    if scope == "group":
        return f"group:{definition['exclusive_group']}"
    return "global" if scope == "global" else f"audience:{name}"


def list_of(name, definition, arm, category):
    """The list of a member: one per arm, and per value within it where the audience is split as well."""
    parts = [arm] if definition.get("arms") or arm == HELD_OUT else []
    parts += [category or "other"] if definition.get("split_by") and arm != HELD_OUT else []
    return "/".join([f"{name}@{NAME}:main", *parts])


def identifying(rows):
    """The hashes by which a platform finds somebody, of upload rows."""
    return {cell for row in rows for cell in row.split(",")[:2] if cell}
