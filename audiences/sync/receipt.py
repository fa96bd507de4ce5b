"""The receipt of an erasure: what became of it, list by list. Counts, names and times; no identifier, raw or hashed.

It is kept in the ledger, and as `receipts/<erasure_id>.json` in the home folder for whoever answers the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from audiences.amounts import amount
from audiences.settings import Settings
from audiences.sql import statements


@dataclass(frozen=True)
class Request:
    """One request that took the person off a list: when the platform accepted it, as what it names it, and how far it got."""

    at: datetime
    request_id: str | None
    level: str


@dataclass(frozen=True)
class ErasedFrom:
    """One list. `members` counts rows of the ledger: the person's, and of who shares an identifier with them.

    `state`: removed, gone (the platform has no such list any more), open (not removed yet; `why`, and `is_passing` where
    waiting may help), written_off (not removed, and given up by somebody; `why`). `level` says how far the platform is known
    to have done it: accepted, confirmed.
    """

    list: str
    platform: str
    external_id: str | None
    state: str
    level: str | None
    members: int
    removed_at: datetime | None
    why: str = ""
    is_passing: bool = False
    written_off_at: datetime | None = None
    written_off_by: str | None = None
    requests: tuple[Request, ...] = ()


@dataclass(frozen=True)
class Earlier:
    """A request of before, by its receipt."""

    asked_at: datetime
    erasure_id: str


@dataclass(frozen=True)
class Erasure:
    """One request to be forgotten. Times are naive UTC; `state` is open until no list is, then done or written_off.

    `customers` are those of the build whom it was about, `barred` the addresses and numbers that were newly barred, and
    `asked_before` is when the same person was forgotten first, `under_way` the request of before whose removals the platforms
    took and did not confirm yet.
    """

    erasure_id: str
    asked_at: datetime
    asked_by: str | None
    state: str
    finished_at: datetime | None
    customers: int
    barred: int
    lists: tuple[ErasedFrom, ...]
    asked_before: datetime | None = None
    under_way: Earlier | None = None
    had_build: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the person is still on a list, as far as is known."""
        return self.state == "open"

    def as_json(self) -> dict[str, Any]:
        """The receipt for programs; times in ISO 8601, UTC."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def as_text(self) -> str:
        """The receipt for people, in lines."""
        return "\n".join(_lines(self))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _lines(erasure: Erasure) -> Iterator[str]:
    by = f" by {erasure.asked_by}" if erasure.asked_by else ""
    yield f"Erasure {erasure.erasure_id}, asked for {_told(erasure.asked_at)}{by}"
    yield f"  {_found(erasure)}"
    yield f"  {_barred(erasure)}"
    for one in erasure.lists:
        yield f"  {_list_line(one)}"
        if len(one.requests) > 1:
            yield from (f"    {_request_line(request)}" for request in one.requests)
    if erasure.under_way is not None:
        yield (
            f"  The request of {_told(erasure.under_way.asked_at)} is under way: a platform took its removal and has yet to "
            f"confirm it. See its receipt, {erasure.under_way.erasure_id}."
        )
    if not erasure.lists and erasure.under_way is not None:
        yield "  Nothing more is to be removed."
    elif not erasure.lists:
        yield "  Nothing was left to remove: no list has anything of this person."
    elif erasure.is_open:
        yield f"  {_share(erasure, 'open')} still open. Run `boomerang forget --drain`; every sync does it too."
    elif erasure.state == "written_off":
        yield f"  Ended {_told(erasure.finished_at)}, but not done: {_share(erasure, 'written_off')} written off."
    else:
        yield f"  Done {_told(erasure.finished_at)}."


def _share(erasure: Erasure, state: str) -> str:
    count = sum(one.state == state for one in erasure.lists)
    return f"{count:,} of {amount(len(erasure.lists), 'list')} {'is' if count == 1 else 'are'}"


def _found(erasure: Erasure) -> str:
    if erasure.customers:
        return f"{amount(erasure.customers, 'customer')} found in the shop's data."
    where = "not in the newest build" if erasure.had_build else "there is no build to look in"
    if erasure.lists or erasure.under_way is not None:
        return f"Not found among the shop's customers ({where}), but something of this person was sent before."
    return f"Nobody was found: {where}, and nothing was ever sent of this person."


def _barred(erasure: Erasure) -> str:
    if erasure.asked_before is not None and not erasure.barred:
        return f"Forgotten before, {_told(erasure.asked_before)}: what is known of this person stays barred."
    what = (
        amount(erasure.barred, "address or number", "addresses and numbers") if erasure.barred else "the customer's id"
    )
    return f"Barred from now on: {what}. That holds for whatever the shop's data says later."


def _list_line(one: ErasedFrom) -> str:
    where = f"{one.list} ({one.platform} {one.external_id or 'without id'})"
    if one.state == "open":
        return f"{where}: OPEN, still to be removed{f': {one.why}' if one.why else ''}"
    if one.state == "written_off":
        by = f" by {one.written_off_by}" if one.written_off_by else ""
        given_up = f"written off {_told(one.written_off_at)}{by}: {one.why}"
        return f"{where}: NOT REMOVED, {given_up}. Delete the list there if you ever can"
    if one.state == "gone":
        return f"{where}: the platform does not have this list any more"
    return f"{where}: removed {_told(one.removed_at)}, {one.level} by the platform{_by(one.requests)}"


def _by(requests: Sequence[Request]) -> str:
    if len(requests) > 1:
        return f", by {amount(len(requests), 'request')}:"
    return f", request {requests[0].request_id}" if requests and requests[0].request_id else ""


def _request_line(request: Request) -> str:
    return f"{_told(request.at)}, {request.level}, request {request.request_id or 'without an id'}"


def _told(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else "at an unknown time"


def read_receipt(connection: duckdb.DuckDBPyConnection, erasure_id: str) -> Erasure:
    """The receipt as the ledger has it now."""
    named, which = statements("forget"), {"erasure_id": erasure_id}
    row = connection.execute(named["erasure"], which).fetchone()
    assert row is not None
    barred = connection.execute(named["barred"], which).fetchone() or (0,)
    requests: dict[str, list[Request]] = {}
    for list_id, *request in connection.execute(named["receipt_requests"], which).fetchall():
        requests.setdefault(list_id, []).append(Request(*request))
    found = (ErasedFrom(*one) for one in connection.execute(named["receipt_lists"], which).fetchall())
    lists = tuple(replace(one, requests=tuple(requests.get(one.list, ()))) for one in found)
    by_name = dict(zip(("erasure_id", "asked_at", "asked_by", "state", "finished_at", "customers"), row, strict=True))
    return Erasure(**by_name, barred=int(barred[0]), lists=lists)


def write_receipt(settings: Settings, erasure: Erasure) -> Path:
    """Keep the receipt as a file of the home folder, in the place of an earlier one; never half of it.

    What only the request itself knew (a build to look in, forgotten before) stays as the earlier one has it.
    """
    file = settings.home / "receipts" / f"{erasure.erasure_id}.json"
    document = erasure.as_json()
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        document["asked_before"] = document["asked_before"] or kept["asked_before"]
        document["under_way"] = document["under_way"] or kept.get("under_way")
        document["had_build"] = erasure.had_build and kept["had_build"]
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return draft.replace(file)
