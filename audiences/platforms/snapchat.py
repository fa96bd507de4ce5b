"""Snapchat: segments of ad accounts over plain HTTP, found by their descriptions.

A request takes one type of identifier: the e-mails of a batch go in one, its phones in another. Rows show nobody which of
them are one person's, so a removal sends every identifier that was sent, and any of them takes the person off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from audiences.errors import AuthError, Gone, RejectedRequest, Unavailable
from audiences.log import get_logger
from audiences.platforms import snapchat_payload
from audiences.platforms.base import (
    AccountState,
    Batch,
    Field,
    Limits,
    ListStatus,
    Outcome,
    Platform,
    PlatformKind,
    Processing,
    RemoteList,
)
from audiences.platforms.limits import own_limits, read_limits, read_numbers
from audiences.platforms.list_marks import (
    Directory,
    Found,
    found_by_words,
    is_other_ledgers,
    require_adopted,
    words_of,
)

if TYPE_CHECKING:
    from audiences.platforms.http_wire import Reply, Wire
    from audiences.platforms.snapchat_account import SnapchatAccount

NAME = "snapchat"
PURPOSES = ("ad_user_data", "ad_personalization")
FOR_EVER = 9999
"""The retention that Snapchat takes for a lifetime."""
NOTES = {
    "READY": "ready for use",
    "TOO_FEW_USERS": "too small to be used: Snapchat wants about 1,000 people whom it recognises",
    "NOT_READY": "not ready: Snapchat is still at work on this segment",
}

logger = get_logger("platforms.snapchat")


class Snapchat:
    """One ad account. Meets `audiences.platforms.base.Platform`."""

    name: str = NAME
    fields: tuple[Field, ...] = snapchat_payload.FIELDS
    purposes: tuple[str, ...] = PURPOSES

    def __init__(self, account: SnapchatAccount, wire: Wire) -> None:
        self._account, self._wire = account, wire
        self._directory = Directory(self._read_all)
        self.limits = limits_for(account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it; its retention becomes what is wanted.

        Raises ConfigError for another ledger's.
        """
        known = self._look(remote.external_id) if remote.external_id else None
        segment = known or self._find(remote)
        return self._owned(segment, remote) if segment is not None else self._create(remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add the people behind the rows."""
        return self._send("POST", external_id, batch)

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people behind the rows."""
        return self._send("DELETE", external_id, batch)

    def status(self, external_id: str) -> ListStatus:
        """The list as Snapchat sees it now. Raises Gone."""
        segment = self._read(external_id)
        size, state = segment.get("approximate_number_users"), str(segment.get("targetable_status"))
        count = int(size) if isinstance(size, int) and size >= 0 else None
        note = NOTES.get(state, "Snapchat tells a status that is not known")
        if segment.get("upload_status") == "PROCESSING":
            note = "Snapchat is still at work on what was sent last"
        is_usable = state == "READY"
        return ListStatus(external_id, str(segment.get("name", "")), count, count, usable=is_usable, note=note)

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:  # noqa: ARG002
        """Nothing: Snapchat does not tell what became of a request."""
        return {}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name. Raises Gone."""
        self._change(self._read(external_id), name=_cut(name))

    def delete(self, external_id: str) -> None:
        """Delete the list and who is on it; one that is gone already is no error."""
        try:
            self._wire.call("DELETE", f"v1/segments/{external_id}")
        except Gone:
            logger.info("a list to be deleted was not there any more")

    def check(self) -> list[str]:
        """One sentence when token, permission or ad account is not in order."""
        try:
            self._wire.call("GET", self._segments, "account")
        except (AuthError, RejectedRequest) as error:
            return [f"Snapchat: {error}."]
        return []

    def account_state(self) -> AccountState:
        """How many segments there are, and what time it is there."""
        return AccountState(self._directory.count(), clock_ahead=self._wire.clock.ahead)

    def bytes_for(self, rows: int) -> int:
        """How large the bodies that so many full rows become are together at most, in bytes."""
        return snapchat_payload.bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    @property
    def _segments(self) -> str:
        return f"v1/adaccounts/{self._account.id}/segments"

    def _send(self, method: Literal["POST", "DELETE"], external_id: str, batch: Batch) -> Outcome:
        """Send each type of identifier by itself. What went through before one was refused may be sent again."""
        from audiences.platforms.http_wire import about_rows

        if not batch.rows:
            return Outcome(received=0)
        bodies, empty = snapchat_payload.bodies_of(batch.rows)
        headers, missing, request_id = {"content-type": "application/json"}, 0, None
        for count, content in bodies:
            about = about_rows(len(batch.rows))
            reply = self._wire.call(method, f"v1/segments/{external_id}/users", about, content=content, headers=headers)
            request_id = str(reply.body.get("request_id") or "") or request_id
            missing += max(count - _uploaded(reply, count), 0)
        return Outcome(len(batch.rows), min(len(empty) + missing, len(batch.rows)), empty, request_id)

    def _read(self, external_id: str) -> Mapping[str, Any]:
        reply = self._wire.call("GET", f"v1/segments/{external_id}")
        segment = next(_segments_in(reply), None)
        if segment is None:
            raise Gone("this segment was deleted at Snapchat, or the token may not see it")
        return segment

    def _look(self, external_id: str) -> Mapping[str, Any] | None:
        try:
            return self._read(external_id)
        except Gone:
            return None

    def _find(self, remote: RemoteList) -> Mapping[str, Any] | None:
        """The account's segment that is marked as the wanted one and still there."""
        alive = (self._look(found.external_id) for found in self._directory.candidates(remote))
        return next((segment for segment in alive if segment is not None), None)

    def _owned(self, segment: Mapping[str, Any], remote: RemoteList) -> str:
        """The id of a list that is ours or may become ours."""
        found = _found(segment)
        changes: dict[str, Any] = {}
        if is_other_ledgers(found, remote):
            require_adopted(found, remote, self._account.adopt, f"ad account {self._account.id}")
            changes["description"] = words_of(remote)
        if int(segment.get("retention_in_days") or FOR_EVER) != (remote.keep_days or FOR_EVER):
            changes["retention_in_days"] = remote.keep_days or FOR_EVER
        if changes:
            self._change(segment, **changes)
        return found.external_id

    def _change(self, segment: Mapping[str, Any], **values: Any) -> None:
        """Change a segment; what is not to change is sent as it is, because Snapchat replaces the whole."""
        kept = {name: segment[name] for name in ("id", "name", "description", "retention_in_days") if name in segment}
        self._wire.call("PUT", self._segments, json={"segments": [{**kept, **values}]})

    def _read_all(self) -> Iterator[Found]:
        params: dict[str, str] = {}
        while True:
            reply = self._wire.call("GET", self._segments, "account", params=params)
            yield from map(_found, _segments_in(reply))
            after = dict(parse_qsl(urlsplit(str((reply.body.get("paging") or {}).get("next_link") or "")).query))
            if not after or after == params:
                return
            params = after

    def _create(self, remote: RemoteList) -> str:
        """Create the list. After a failure that may have created it, look before trying again."""
        tries = iter(range(self._account.tries))
        wanted = {
            "name": _cut(remote.name),
            "description": words_of(remote),
            "source_type": "FIRST_PARTY",
            "retention_in_days": remote.keep_days or FOR_EVER,
            "ad_account_id": self._account.id,
        }

        def create() -> str:
            if next(tries) > 0:
                self._directory.forget()
                segment = self._find(remote)
                if segment is not None:
                    return self._owned(segment, remote)
            reply = self._wire.once("POST", self._segments, "account", json={"segments": [wanted]})
            made = next(_segments_in(reply), None)
            if made is None:
                raise Unavailable("Snapchat did not say the id of the segment that it created")
            self._directory.add(_found({**wanted, **made}))
            return str(made["id"])

        return self._wire.repeat(create)


def _segments_in(reply: Reply) -> Iterator[Mapping[str, Any]]:
    """The segments of an answer, out of their envelopes."""
    for part in reply.body.get("segments") or []:
        segment = part.get("segment")
        if isinstance(segment, dict) and segment.get("id"):
            yield segment


def _found(segment: Mapping[str, Any]) -> Found:
    return found_by_words(str(segment["id"]), str(segment.get("name", "")), segment.get("description"))


def _uploaded(reply: Reply, count: int) -> int:
    """How many identifiers Snapchat says that it took; all where it does not say."""
    for part in reply.body.get("users") or []:
        number = (part.get("user") or {}).get("number_uploaded_users")
        if isinstance(number, int):
            return number
    return count


def _cut(name: str) -> str:
    return name[: read_numbers(NAME)["name_characters"].value]


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Platform:
    """Open an ad account, without a request. Raises ConfigError for wrong settings.

    Args:
        endpoint: Where Snapchat's API is; None for Snapchat's own address.
        account: `id`, `access_token` and what else `snapchat_account.SnapchatAccount` knows.
    """
    from audiences.platforms.http_wire import RenewedTokens, Wire  # a plan does without
    from audiences.platforms.snapchat_account import read_account, read_endpoint, token_address
    from audiences.platforms.snapchat_errors import dialect

    settings, address = read_account(account), read_endpoint(endpoint)
    in_flight = read_numbers(NAME)["requests_in_flight"].value or 1
    tokens = RenewedTokens(settings, token_address(settings, endpoint), "Snapchat")
    wire = Wire(settings, address, dialect(settings.throttle_seconds), tokens, in_flight=in_flight)
    return Snapchat(settings, wire)


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account; its settings may ask for fewer rows a request."""
    return read_limits(NAME, **own_limits(account))


KIND = PlatformKind(
    name=NAME,
    fields=snapchat_payload.FIELDS,
    purposes=PURPOSES,
    limits_for=limits_for,
    bytes_for=snapchat_payload.bytes_for,
    open=open_account,
)
