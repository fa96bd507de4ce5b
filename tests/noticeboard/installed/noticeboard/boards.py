"""The noticeboard's lists in the sandbox: people who expire, tickets that are processed later, a quota of rows a day.

Runs inside a store's transaction. A ticket is an upload session of one request. Quotas, and when somebody was added, live in
memory only.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audiences.sandbox.faults import Fault
from audiences.sandbox.people import Identifiers
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import Session, Store, StoredList
from noticeboard import refusals
from noticeboard.numbers import HASH_OF_NOTHING, LIMITS, NAMES, TICKET_DAYS

if TYPE_CHECKING:
    from noticeboard.stand_in import Control

NAME = "noticeboard"
FIRST_ID = 700_000
DAY = 86_400
CELL = re.compile("(?:[0-9a-f]{64})?")


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
        kept = self._kept(board, number)
        asked = [self._store.session(board, ticket) for ticket in ids.split(",")]
        return {
            "tickets": {one.session: self._told(one) for one in asked if one is not None and one.list_id == kept.id}
        }

    def upload(self, board: str, number: str, body: bytes, fault: Fault | None, *, adding: bool) -> dict[str, Any]:
        """Take the rows of a request: all are refused for one that is malformed, one turned away is told by its place."""
        kept = self._kept(board, number)
        if kept.options.get("flagged"):
            raise refusals.FLAGGED
        rows = _rows(body)
        self._count(board, len(rows))
        away = set(self._control().turned_away) if adding else set()
        declared = fault.rows if fault is not None and fault.do == "invalid_rows" else ()
        wrong = [place for place, row in enumerate(rows) if place in declared or not away.isdisjoint(row)]
        valid = [
            (tuple(filter(None, row[:2])), ",".join(row)) for place, row in enumerate(rows) if place not in set(wrong)
        ]
        fails = fault is not None and fault.do == "processing_fails"
        ticket = self._ticket(kept, len(rows), len(wrong), adding=adding, fails=fails)
        self._process(ticket, valid)
        return {"ticket": ticket.session, "received": len(rows), "invalid": wrong}

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

    def _matched(self, ticket: Session) -> int:
        return round((ticket.received - ticket.invalid) * self._control().match_rate)

    def _match_rate(self, number: int) -> float | None:
        """The share of the processed rows that were matched; None before any was."""
        now = self._context.clock.now()
        done = [one for one in self._store.sessions(number) if one.adding and one.due_at <= now and not one.fails]
        rows = sum(one.received for one in done)
        return round(sum(map(self._matched, done)) / rows, 4) if rows else None

    def _count(self, board: str, rows: int) -> None:
        """Raise Refusal when the day's quota does not hold the rows; a day ends at midnight UTC."""
        now, quota = self._context.clock.now(), self._control().rows_per_day
        day = (board, int(now // DAY))
        if quota is not None and self._rows_of_day[day] + rows > quota:
            raise refusals.throttled("quota", DAY - now % DAY)
        self._rows_of_day[day] += rows

    def _ticket(self, kept: StoredList, rows: int, wrong: int, *, adding: bool, fails: bool) -> Session:
        """A new ticket, due after those before it."""
        now = self._context.clock.now()
        due_at = max(now + self._context.processing_seconds, self._store.last_due(kept.id))
        ticket = Session(secrets.token_hex(6), kept.id, now, True, rows, wrong, adding, due_at, fails)
        self._store.keep_session(kept.account, ticket)
        return ticket

    def _process(self, ticket: Session, rows: Sequence[tuple[Identifiers, str]]) -> None:
        number, adding, due_at = ticket.list_id, ticket.adding, ticket.due_at
        if adding and not ticket.fails:
            self._expiry.note(number, [identifiers for identifiers, _ in rows], due_at)
        self._store.wait(number, rows, adding=adding, due_at=due_at, session=ticket.session, fails=ticket.fails)
        self._store.settle(self._context.clock.now())

    def _told(self, ticket: Session) -> dict[str, Any]:
        now = self._context.clock.now()
        if now > ticket.due_at + TICKET_DAYS * DAY:
            return {"state": "unknown"}
        if now < ticket.due_at:
            return {"state": "working"}
        if ticket.fails:
            return {"state": "failed", "note": "the noticeboard lost the request"}
        matched = self._matched(ticket)
        return {"state": "processed", "matched": matched, "invalid": ticket.received - matched}


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
