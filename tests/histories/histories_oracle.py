"""Who should be on which list, worked out in plain Python from the world and the definitions; no SQL of the engine is used.

Only what only a log can tell is read from the ledger: who entered an experiment with which arm, and who was in an audience
from when to when.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass, field

from histories_experiments import HELD_OUT, TREATED, Experiments, has_experiment, scope_of
from histories_places import Places
from histories_platform import BOARD

EMPTY_FIELDS = ",,,,,,"
COUNTRY = hashlib.sha256(b"us").hexdigest()
"""Every row for the noticeboard has it, because it takes a phone only with its country."""


@dataclass
class Wanted:
    """By list, each member's upload rows. `dropped` counts, by audience, who falls out and why; `reached` are the
    members of an audience before holdout and arms; `unassigned` those of the present who are not in its log yet;
    `present` are those who are in the audience, held out or not.
    """

    lists: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    dropped: dict[str, Counter] = field(default_factory=dict)
    reached: dict[str, set[str]] = field(default_factory=dict)
    unassigned: dict[str, set[str]] = field(default_factory=dict)
    present: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Records:
    """What is known of before, and the moment of the build.

    `arms` gives, by experiment and id, the arm of the log; `stays` by audience and id when somebody came and when they left,
    or None; `key_of` the member key of an id, as 32 hex digits.
    """

    platform: str
    as_of: dt.datetime
    experiments: Experiments
    places: Places
    arms: dict[tuple[str, str], str]
    stays: list[tuple[str, str, dt.datetime, dt.datetime | None]]
    key_of: object


class Oracle:
    """The definitions over one day's world."""

    def __init__(self, world, definitions, records):
        self.world, self.definitions, self.records = world, definitions, records
        self.arms = records.arms
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
        timed = self._out_of_time(customer, name, definition)
        if timed:
            return timed
        for excluded in definition.get("exclude", ()):
            if customer in self._excluded(excluded):
                return f"exclude {excluded}"
        for other in self._before(name, definition):
            if self.funnel(other).get(customer, "not in it") is None:
                return f"group {other}"
        return None

    def _out_of_time(self, customer, name, definition):
        """In for too long, or not out for long enough."""
        most = definition.get("max_days_in")
        rest = definition.get("rest_days", most)
        ids = {root.own_id for root in self.customers[customer].roots} | {customer}
        stays = [(came, left) for audience, one, came, left in self.records.stays if audience == name and one in ids]
        here = [came for came, left in stays if left is None]
        if here:
            is_over = most is not None and min(here) <= self.records.as_of - dt.timedelta(days=most)
            return "max_days_in" if is_over else None
        gone = max((left for _, left in stays), default=None)
        is_resting = rest is not None and gone is not None and gone > self.records.as_of - dt.timedelta(days=rest)
        return "rest_days" if is_resting else None

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
        return self._in_every_recipe(contacts) | self.forgotten()

    def forgotten(self):
        """The hashes of people who were erased, those that others have too among them."""
        return self._in_every_recipe(self.world.forgotten | self.world.half_forgotten)

    def _in_every_recipe(self, contacts):
        return {self.world.hashed(one, recipe) for one in contacts for recipe in self.world.recipes}

    def rows(self, customer, withheld=frozenset()):
        """The upload rows of a customer without withheld hashes; a row without an identifier is none."""
        found, others = set(), f",{COUNTRY}" if self.records.platform == BOARD else EMPTY_FIELDS
        for email, phone in self.world.pairs(self.customers[customer]):
            cells = [self.world.hashed(one) for one in (email, phone)]
            kept = ["" if one is None or one in withheld else one for one in cells]
            if any(kept):
                found.add(f"{kept[0]},{kept[1]}{others}")
        return frozenset(found)

    # lists --------------------------------------------------------------------------------------------------------

    def _place(self, name, definition, found):
        """Out before the gate, at the gate, or with nothing left beside stricter people; then the draw, then lists."""
        excluded = {one for text in definition.get("exclude", ()) for one in self._excluded(text)}
        withheld = self.barred() | {one for customer in excluded for one in self.hashes(customer)}
        reasons = {one: out or self._out_at_gate(one, withheld) for one, out in self.funnel(name).items()}
        reached = {one for one, reason in reasons.items() if reason is None}
        found.reached[name] = reached
        pushed = {one: self.rows(one, withheld) for one in reached}
        arms = {one: self.arm(name, definition, one) for one in reached}
        held_out = {one for one, arm in arms.items() if arm == HELD_OUT}
        if definition.get("role") != "exclude":
            withheld |= {
                one for customer in held_out | self._held_out(name, definition) for one in self.hashes(customer)
            }
        sent = {one: self.rows(one, withheld) for one, arm in arms.items() if arm not in (None, HELD_OUT)}
        reasons |= {one: HELD_OUT if one in held_out else "no arm" for one in reached - sent.keys()}
        reasons |= {one: "identifier withheld" for one, rows in sent.items() if not rows}
        found.present[name] = held_out | {one for one, rows in sent.items() if rows}
        found.unassigned[name] = {one for one in found.present[name] if self._is_unassigned(name, definition, one)}
        places = self._places(name, definition, found.present[name] - held_out)
        for customer in sorted(found.present[name] - held_out):
            place = self._place_of(definition, places, customer)
            if definition.get("split_by") and place is None:
                reasons[customer] = "no list of its own"
                continue
            list_id = self._list_of(name, definition, arms[customer], place)
            found.lists.setdefault(list_id, {})[customer] = sent[customer]
        if definition.get("push_exclusion"):
            list_id = self._list_of(name, definition, HELD_OUT, None)
            found.lists |= {list_id: {one: pushed[one] for one in sorted(held_out)}} if held_out else {}
        found.dropped[name] = Counter(reason for reason in reasons.values() if reason)

    def _places(self, name, definition, members):
        """The values with a list of their own; None without a split."""
        split = definition.get("split_by")
        if not split:
            return None
        sizes = Counter(getattr(self.customers[one], split["column"]) for one in members)
        sizes.pop(None, None)
        return self.records.places.kept(name, split, sizes, self.records.as_of)

    def _place_of(self, definition, places, customer):
        split = definition.get("split_by")
        if not split:
            return None
        value = getattr(self.customers[customer], split["column"])
        return value if value in places else split.get("rest", "other")

    def _list_of(self, name, definition, arm, place):
        """The list of a member: one per arm, and per value within it where the audience is split as well."""
        parts = [arm] if definition.get("arms") or arm == HELD_OUT else []
        parts += [place] if place is not None else []
        return "/".join([f"{name}@{self.records.platform}:main", *parts])

    def _out_at_gate(self, customer, withheld):
        if self.is_erased(customer):
            return "gate erased"
        return self.gate(customer) or (None if self.rows(customer, withheld) else "identifier withheld")

    def arm(self, name, definition, customer):
        """As the log has it for any part of the customer: held out if one of them was, or is by now, else as they
        entered first. Who is not in the log is drawn."""
        if not has_experiment(definition):
            return TREATED
        experiments, experiment = self.records.experiments, self.records.experiments.id_of(name, definition)
        parts = self._parts(customer)
        logged = [(one, arm) for (known, one), arm in self.arms.items() if known == experiment and one in parts]
        if HELD_OUT in dict(logged).values():
            return HELD_OUT
        if not logged:
            return experiments.draw(experiment, self._key(customer), definition)
        first, arm = logged[0]
        return HELD_OUT if experiments.is_held_out(experiment, self._key(first), definition) else arm

    def _held_out(self, name, definition):
        """Whom the log has as held out, whatever became of them; and whom an experiment of several audiences draws out of
        all of them, whether they are in one or not."""
        if not has_experiment(definition):
            return set()
        experiment = self.records.experiments.id_of(name, definition)
        logged = {
            one for one in self.customers
            if any(self.arms.get((experiment, part)) == HELD_OUT for part in self._parts(one))
        }  # fmt: skip
        if scope_of(name, definition) == f"audience:{name}":
            return logged
        asked = {one for one in self.customers if self.gate(one) in (None, "no identifier")}
        return logged | {one for one in asked if self.arm(name, definition, one) == HELD_OUT}

    def _is_unassigned(self, name, definition, customer):
        """Whether somebody who came to the draw is to be in the log and is not."""
        if not has_experiment(definition):
            return False
        experiment = self.records.experiments.id_of(name, definition)
        is_logged = any((experiment, part) in self.arms for part in self._parts(customer))
        return not is_logged and self.arm(name, definition, customer) is not None

    def _parts(self, customer):
        known = self.customers.get(customer)
        return {root.own_id for root in known.roots} | {customer} if known else {customer}

    def _key(self, customer):
        return uuid.UUID(self.records.key_of(customer))


def identifying(rows):
    """The hashes by which a platform finds somebody, of upload rows."""
    return {cell for row in rows for cell in row.split(",")[:2] if cell}
