"""The noticeboard as an ad platform: JSON over HTTP, with tickets that tell later what became of a request."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from audiences.domain import HashRow
from audiences.errors import AuthError, ConfigError, Gone, RejectedRequest
from audiences.platforms.base import (
    Batch,
    Field,
    Limits,
    ListStatus,
    Outcome,
    PlatformKind,
    Processing,
    RemoteList,
)
from noticeboard.numbers import FIELDS, HASH_OF_NOTHING, KEEP_DAYS, LIMITS, NAMES, TICKETS_PER_REQUEST
from noticeboard.wire import Account, Answer, Wire, read_account

MARK = re.compile(r"boomerang:([^:\s]+):([^:\s]+):(.+)", re.DOTALL)
ROW = re.compile(",".join(["(?:[0-9a-f]{64})?"] * len(FIELDS)))
ROW_BYTES = 64 * len(FIELDS) + len(FIELDS) - 1 + len('"",')
OTHER_BYTES = len(json.dumps({"fields": NAMES, "rows": []}))


class Noticeboard:
    """One board. Meets `audiences.platforms.base.Platform`."""

    name: str = "noticeboard"
    fields: tuple[Field, ...] = FIELDS
    purposes: tuple[str, ...] = ("ad_user_data",)

    def __init__(self, account: Account, wire: Wire) -> None:
        self._account, self._wire = account, wire
        self.limits = dataclasses.replace(LIMITS, rows_per_request=account.rows_per_request)

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it; twice gives one list."""
        found = self._read(remote.external_id) if remote.external_id else None
        found = found or self._find(remote)
        return self._owned(found, remote) if found else self._create(remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Put the people behind the rows on the list."""
        return self._send(external_id, "add", batch)

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Take the people behind the rows off the list."""
        return self._send(external_id, "remove", batch)

    def status(self, external_id: str) -> ListStatus:
        """The list as the noticeboard sees it now. Raises Gone."""
        body = self._wire.call("GET", f"lists/{external_id}").body
        note = "against the noticeboard's rules" if body["is_flagged"] else "" if body["usable"] else "too small"
        return ListStatus(
            external_id=external_id,
            name=body["name"],
            size_lower=body["size_lower"],
            size_upper=body["size_upper"],
            usable=body["usable"],
            note=note,
            is_flagged=body["is_flagged"],
            match_rate=body["match_rate"],
        )

    def confirm(self, external_id: str, handles: Sequence[str]) -> Mapping[str, Processing]:
        """What the tickets tell."""
        told: dict[str, Processing] = {}
        for start in range(0, len(handles), TICKETS_PER_REQUEST):
            asked = ",".join(handles[start : start + TICKETS_PER_REQUEST])
            body = self._wire.call("GET", f"lists/{external_id}/tickets", params={"ids": asked}).body
            told |= {ticket: Processing(**values) for ticket, values in body["tickets"].items()}
        return told

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name. Raises Gone."""
        self._wire.call("PATCH", f"lists/{external_id}", json={"name": name})

    def delete(self, external_id: str) -> None:
        """Delete the list, if it is still there."""
        try:
            self._wire.call("DELETE", f"lists/{external_id}")
        except Gone:
            return

    def check(self) -> list[str]:
        """One sentence for what is not in order."""
        try:
            self._wire.call("GET", "")
        except (AuthError, RejectedRequest) as error:
            return [f"Noticeboard: {error}."]
        return []

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        return bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _send(self, external_id: str, kind: Literal["add", "remove"], batch: Batch) -> Outcome:
        if not batch.rows:
            return Outcome(received=0)
        content = _content(batch.rows)
        headers = {"content-type": "application/json"}
        answer = self._wire.call("POST", f"lists/{external_id}/{kind}", content=content, headers=headers)
        return _outcome(answer)

    def _read(self, external_id: str) -> dict[str, Any] | None:
        try:
            return self._wire.call("GET", f"lists/{external_id}").body
        except Gone:
            return None

    def _find(self, remote: RemoteList) -> dict[str, Any] | None:
        """The board's list of that list_id: ours before another's, the oldest first."""
        lists = self._wire.call("GET", "lists").body["lists"]
        candidates = [one for one in lists if (_owner(one) or ("", "", ""))[2] == remote.list_id]
        return min(candidates, key=lambda one: (not _is_ours(one, remote), int(one["id"])), default=None)

    def _owned(self, found: Mapping[str, Any], remote: RemoteList) -> str:
        """The id of a list that is ours or may become ours. Raises ConfigError for another ledger's."""
        external_id = str(found["id"])
        changes: dict[str, str | int] = {}
        owner = _owner(found)
        if owner is not None and not _is_ours(found, remote):
            if owner[1] not in self._account.adopt:
                raise ConfigError(
                    f"the list {remote.list_id} on {self._account.id} belongs to ledger {owner[1]} (environment "
                    f"{owner[0]}): use another board, or adopt: [{owner[1]}] in the account's settings"
                )
            changes["owner"] = mark_of(remote)
        if found["keep_days"] != _keep_days(remote):
            changes["keep_days"] = _keep_days(remote)
        if changes:
            self._wire.call("PATCH", f"lists/{external_id}", json=changes)
        return external_id

    def _create(self, remote: RemoteList) -> str:
        """Create the list. After a failure that may have created it, look before trying again."""
        tries = iter(range(self._account.tries))
        wanted = {"name": remote.name, "owner": mark_of(remote), "keep_days": _keep_days(remote)}

        def create() -> str:
            found = self._find(remote) if next(tries) > 0 else None
            if found is not None:
                return self._owned(found, remote)
            return str(self._wire.once("POST", "lists", json=wanted).body["id"])

        return self._wire.repeat(create)


def mark_of(remote: RemoteList) -> str:
    """What stands in the owner of a list: whose it is, and which one."""
    return f"boomerang:{remote.environment}:{remote.ledger_id}:{remote.list_id}"


def bytes_for(rows: int) -> int:
    """How large the body of a request with so many full rows is at most, in bytes."""
    return OTHER_BYTES + rows * ROW_BYTES


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of a board; its settings may ask for fewer rows a request."""
    rows = account.get("rows_per_request")
    return dataclasses.replace(LIMITS, rows_per_request=rows) if isinstance(rows, int) else LIMITS


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Noticeboard:
    """Open a board, without a request. Raises ConfigError for wrong settings."""
    settings = read_account(account)
    return Noticeboard(settings, Wire(settings, endpoint))


def _content(rows: Sequence[HashRow]) -> bytes:
    """The body of an upload. Raises RejectedRequest, without any content, when a row is not made of hashes."""
    if not all(map(ROW.fullmatch, rows)) or any(HASH_OF_NOTHING in row for row in rows):
        raise RejectedRequest("a row holds something that is no SHA-256 in lower case; nothing was sent")
    return json.dumps({"fields": NAMES, "rows": list(rows)}, separators=(",", ":")).encode()


def _outcome(answer: Answer) -> Outcome:
    body = answer.body
    wrong = tuple(body["invalid"])
    return Outcome(body["received"], len(wrong), wrong, request_id=answer.request_id, handle=body["ticket"])


def _keep_days(remote: RemoteList) -> int:
    return remote.keep_days or KEEP_DAYS


def _owner(found: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Environment, ledger and list that a list's owner names."""
    mark = MARK.fullmatch(str(found["owner"]))
    return (mark[1], mark[2], mark[3]) if mark else None


def _is_ours(found: Mapping[str, Any], remote: RemoteList) -> bool:
    return (_owner(found) or ("", ""))[:2] == (remote.environment, remote.ledger_id)


KIND = PlatformKind(
    name=Noticeboard.name,
    fields=Noticeboard.fields,
    purposes=Noticeboard.purposes,
    limits_for=limits_for,
    bytes_for=bytes_for,
    open=open_account,
    confirms=frozenset({"add", "remove"}),
    confirm_after=timedelta(minutes=5),
)
