"""The noticeboard's lists in the sandbox: people who expire, tickets that are processed later, a quota of rows a day.

Runs inside a store's transaction. Tickets, quotas and when somebody was added live in memory only.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from audiences.sandbox.people import Identifiers
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import Store, StoredList
from noticeboard import refusals
from noticeboard.numbers import LIMITS, NAMES, TICKET_DAYS

if TYPE_CHECKING:
    from noticeboard.stand_in import Control

NAME = "noticeboard"
FIRST_ID = 700_000
DAY = 86_400
CELL = re.compile("(?:[0-9a-f]{64})?")
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True)
class Ticket:
    """One accepted request: its list, when it is processed, whether that fails, and how many rows it brought."""

    list_id: int
    adding: bool
    due_at: float
    fails: bool
    matched: int
    invalid: int


class Expiry:
    """When rows were put on lists, so that people go `keep_days` after the newest of theirs."""

    def __init__(self) -> None:
        self._added: dict[int, dict[Identifiers, float]] = {}

    def note(self, number: int, rows: Sequence[Identifiers], at: float) -> None:
        """These rows come onto the list at that time."""
        self._added.setdefault(number, {}).update(dict.fromkeys(rows, at))

    def expire(self, store: Store, number: int, before: float) -> None:
        """Take everybody off the list who was added last at `before` or earlier."""
        added = self._added.get(number, {})
        if not added or min(added.values()) > before:
            return
        owner = store.people.find(one for row in added for one in row)
        newest: dict[int, float] = {}
        for row, at in added.items():
            for person in {owner[one] for one in row if one in owner}:
                newest[person] = max(newest.get(person, at), at)
        gone = {person for person, at in newest.items() if at <= before}
        hashes = {person: one for one, person in owner.items() if person in gone}
        store.people.remove(number, [((one,), "") for one in hashes.values()])
        self._added[number] = {row: at for row, at in added.items() if at > before}


class Boards:
    """The boards and their lists. Methods take what stands in a request and give what stands in its answer."""

    def __init__(self, context: Context, control: Callable[[], Control]) -> None:
        self._context, self._store, self._control = context, context.store, control
        self._expiry = Expiry()
        self._tickets: dict[str, Ticket] = {}
        self._rows_of_day: Counter[tuple[str, int]] = Counter()

    def settle(self) -> None:
        """Process what is due, then let expire who is due."""
        now = self._context.clock.now()
        self._store.settle(now)
        for kept in self._store.find_lists(NAME):
            self._expiry.expire(self._store, kept.id, now - kept.options["keep_days"] * DAY)

    def find(self, board: str) -> dict[str, Any]:
        """All lists of a board."""
        return {"lists": [self._described(kept) for kept in self._store.find_lists(NAME, board)]}

    def create(self, board: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a list."""
        if not body.get("name"):
            raise refusals.WRONG
        if len(self._store.find_lists(NAME, board)) >= self._control().max_lists:
            raise refusals.FULL
        now, number = self._context.clock.now(), (self._store.last_id(NAME) or FIRST_ID) + 1
        options = {"keep_days": _keep_days(body), "schema": NAMES}
        self._store.create(StoredList(number, NAME, board, body["name"], body.get("owner", ""), now, now, options))
        return {"id": str(number)}

    def read(self, board: str, number: str) -> dict[str, Any]:
        """A list with what there is to tell of it; sizes in tens."""
        kept = self._kept(board, number)
        people = self._store.people.count(kept.id)
        flagged = bool(kept.options.get("flagged"))
        sizes = {"size_lower": people // 10 * 10, "size_upper": people // 10 * 10 + 10}
        usable = people >= LIMITS.min_members and not flagged
        rate = self._match_rate(kept.id)
        return {**self._described(kept), **sizes, "usable": usable, "is_flagged": flagged, "match_rate": rate}

    def edit(self, board: str, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change name, owner or keep_days."""
        kept = self._kept(board, number)
        if "keep_days" in body:
            kept.options["keep_days"] = _keep_days(body)
        name, owner = body.get("name", kept.name), body.get("owner", kept.description)
        self._store.change(replace(kept, name=name, description=owner, changed_at=self._context.clock.now()))
        return {"done": True}

    def delete(self, board: str, number: str) -> dict[str, Any]:
        """Delete a list."""
        self._store.delete(self._kept(board, number).id)
        return {"done": True}

    def tickets(self, board: str, number: str, ids: str) -> dict[str, Any]:
        """What became of a list's requests, by their tickets; of one that it never gave it says nothing."""
        kept, now = self._kept(board, number), self._context.clock.now()
        asked = {ticket: self._tickets[ticket] for ticket in ids.split(",") if ticket in self._tickets}
        return {"tickets": {name: _told(ticket, now) for name, ticket in asked.items() if ticket.list_id == kept.id}}

    def upload(self, board: str, number: str, body: bytes, *, adding: bool, declared: Sequence[int]) -> dict[str, Any]:
        """Take the rows of a request: all are refused for one that is malformed, one turned away is told by its place."""
        kept = self._kept(board, number)
        if kept.options.get("flagged"):
            raise refusals.FLAGGED
        rows = _rows(body)
        self._count(board, len(rows))
        away = set(self._control().turned_away) if adding else set()
        wrong = [place for place, row in enumerate(rows) if place in declared or not away.isdisjoint(row)]
        valid = [row for place, row in enumerate(rows) if place not in set(wrong)]
        ticket = self._ticket(kept.id, len(valid), len(wrong), adding=adding)
        if not ticket.fails:
            self._process(ticket, [(tuple(filter(None, row[:2])), ",".join(row)) for row in valid])
        name = secrets.token_hex(6)
        self._tickets[name] = ticket
        return {"ticket": name, "received": len(rows), "invalid": wrong}

    def change(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """What somebody does by hand: by id, `name`, `owner`, `flagged`, `deleted`. Raises ValueError without the list."""
        for number, values in changes.items():
            kept = self._store.find_list(NAME, int(number))
            if kept is None:
                raise ValueError("no such list")
            if values.get("deleted"):
                self._store.delete(kept.id)
                continue
            kept.options["flagged"] = values.get("flagged", kept.options.get("flagged", False))
            name, owner = values.get("name", kept.name), values.get("owner", kept.description)
            self._store.change(replace(kept, name=name, description=owner))

    def _kept(self, board: str, number: str) -> StoredList:
        kept = self._store.find_list(NAME, int(number)) if number.isdecimal() and len(number) < 18 else None
        if kept is None or kept.account != board:
            raise refusals.GONE
        return kept

    def _described(self, kept: StoredList) -> dict[str, Any]:
        keep_days = kept.options["keep_days"]
        return {"id": str(kept.id), "name": kept.name, "owner": kept.description, "keep_days": keep_days}

    def _match_rate(self, number: int) -> float | None:
        """The share of the processed rows that were matched; None before any was."""
        now = self._context.clock.now()
        done = [t for t in self._tickets.values() if (t.list_id, t.adding) == (number, True) and _is_done(t, now)]
        rows = sum(ticket.matched + ticket.invalid for ticket in done)
        return round(sum(ticket.matched for ticket in done) / rows, 4) if rows else None

    def _count(self, board: str, rows: int) -> None:
        """Raise Refusal when the day's quota does not hold the rows; a day ends at midnight UTC."""
        now, quota = self._context.clock.now(), self._control().rows_per_day
        day = (board, int(now // DAY))
        if quota is not None and self._rows_of_day[day] + rows > quota:
            raise refusals.throttled("quota", DAY - now % DAY)
        self._rows_of_day[day] += rows

    def _ticket(self, number: int, valid: int, wrong: int, *, adding: bool) -> Ticket:
        control, kind = self._control(), "add" if adding else "remove"
        fails = control.failing.get(kind, 0) > 0
        if fails:
            control.failing[kind] -= 1
        matched = round(valid * control.match_rate)
        due_at = self._context.clock.now() + self._context.processing_seconds
        return Ticket(number, adding, due_at, fails, matched, valid - matched + wrong)

    def _process(self, ticket: Ticket, rows: Sequence[tuple[Identifiers, str]]) -> None:
        if ticket.adding:
            self._expiry.note(ticket.list_id, [identifiers for identifiers, _ in rows], ticket.due_at)
        self._store.wait(ticket.list_id, rows, adding=ticket.adding, due_at=ticket.due_at)
        self._store.settle(self._context.clock.now())


def _keep_days(body: Mapping[str, Any]) -> int:
    days = body.get("keep_days")
    if type(days) is not int or not 1 <= days <= (LIMITS.max_keep_days or days):
        raise refusals.WRONG
    return days


def _rows(body: bytes) -> list[list[str]]:
    """The rows of an upload. Raises Refusal for too much, for another shape, and for one row that is malformed."""
    if len(body) > LIMITS.bytes_per_request:
        raise refusals.SIZE
    try:
        content = json.loads(body)
        rows = [row.split(",") for row in content["rows"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise refusals.WRONG from None
    if content.get("fields") != NAMES or not rows:
        raise refusals.WRONG
    if len(rows) > LIMITS.rows_per_request:
        raise refusals.SIZE
    if not all(map(_is_well_formed, rows)):
        raise refusals.ROWS
    return rows


def _is_well_formed(row: Sequence[str]) -> bool:
    """Three hashes or empty texts, an e-mail or a phone, and a phone alone only with its country."""
    if len(row) != len(NAMES) or not all(map(CELL.fullmatch, row)) or HASH_OF_NOTHING in row:
        return False
    email, phone, country = row
    return bool(email or (phone and country))


def _is_done(ticket: Ticket, now: float) -> bool:
    return ticket.due_at <= now and not ticket.fails


def _told(ticket: Ticket, now: float) -> dict[str, Any]:
    if now > ticket.due_at + TICKET_DAYS * DAY:
        return {"state": "unknown"}
    if now < ticket.due_at:
        return {"state": "working"}
    if ticket.fails:
        return {"state": "failed", "note": "the noticeboard lost the request"}
    return {"state": "processed", "matched": ticket.matched, "invalid": ticket.invalid}
