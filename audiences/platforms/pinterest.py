"""Pinterest: customer lists of e-mail addresses over plain HTTP, each with an audience, since a list alone is not targetable.

There is no empty customer list: the first rows make it. Nobody is sent twice for that, and nobody is made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from audiences.errors import Gone, RejectedRequest
from audiences.log import get_logger
from audiences.platforms import pinterest_payload
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
from audiences.platforms.first_rows import FirstRows
from audiences.platforms.limits import own_limits, read_limits, read_numbers
from audiences.platforms.list_marks import label_in, mark_in, mark_of

if TYPE_CHECKING:
    from audiences.platforms.http_wire import Reply
    from audiences.platforms.pinterest_lists import PinterestLists

NAME = "pinterest"
PURPOSES = ("ad_user_data", "ad_personalization")
NOTES = {
    "READY": "ready for use",
    "TOO_SMALL": "too small to be used: Pinterest wants 100 people whom it recognises",
    "PROCESSING": "Pinterest is still at work on this list",
    "UPLOADING": "Pinterest is still at work on this list",
}
GONE = "this customer list was deleted at Pinterest, or the token may not see it"
CANNOT_DELETE = (
    "Pinterest's interface cannot delete a customer list: its audience is removed, so that no ads are aimed at it, "
    "but the list stays there with whoever is on it"
)

logger = get_logger("platforms.pinterest")


class Pinterest:
    """One ad account. Meets `audiences.platforms.base.Platform`."""

    name: str = NAME
    fields: tuple[Field, ...] = pinterest_payload.FIELDS
    purposes: tuple[str, ...] = PURPOSES

    def __init__(self, lists: PinterestLists) -> None:
        self._lists, self._account, self._wire = lists, lists.account, lists.wire
        self._first = FirstRows()
        self._words: dict[str, str] = {}
        self.limits = limits_for(lists.account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """The id of the list that this ledger owns, or is to own with its first rows.

        Raises ConfigError for another ledger's.
        """
        from audiences.platforms.list_marks import words_of

        key = mark_of(remote).ending
        self._words[key] = words_of(remote)
        found = self._lists.find(remote)
        if found is not None:
            self._lists.own(found, remote)
        elif remote.external_id is None:
            self._first.await_rows(key, remote.name)
        elif self._first.label_of(key) is None:
            self._first.note_missing(remote.external_id)
        return key

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add the people behind the rows; the first ones make the list."""
        records, left_out = self._records(batch)
        if not records:
            return Outcome(len(batch.rows), len(left_out), left_out)
        with self._first.making(external_id):
            number = self._number(external_id)
            if number is None:
                return _outcome(batch, left_out, self._create(external_id, records))
        return _outcome(batch, left_out, self._change(number, records, "ADD"))

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people behind the rows."""
        records, left_out = self._records(batch)
        if not records:
            return Outcome(len(batch.rows), len(left_out), left_out)
        return _outcome(batch, left_out, self._change(self._required(external_id), records, "REMOVE"))

    def status(self, external_id: str) -> ListStatus:
        """The list as Pinterest sees it now. Raises Gone."""
        label = self._first.label_of(external_id)
        number = self._number(external_id)
        if number is None and label is not None:
            return ListStatus(external_id, label, 0, 0, usable=False, note="Pinterest makes it with its first members")
        number = number or self._required(external_id)
        body, audience = self._lists.read(number), self._lists.audience(number)
        state = str(body.get("status"))
        note = NOTES.get(state, "Pinterest tells a status that is not known")
        if audience is None and state == "READY":
            note = "not targetable: there is no audience on this customer list"
        size = audience.get("size") if audience is not None else None
        count = int(size) if isinstance(size, int) and size >= 0 else None
        name = str(audience.get("name")) if audience is not None else label_in(str(body.get("name", "")))
        is_usable = state == "READY" and audience is not None
        return ListStatus(external_id, name, count, count, usable=is_usable, note=note)

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:  # noqa: ARG002
        """Nothing: Pinterest tells counts of a list, not of a request."""
        return {}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list's audience another name; that of the customer list cannot be changed. Raises Gone."""
        number = self._number(external_id)
        if number is None and self._first.is_to_be_renamed_later(external_id, name):
            return
        if not self._lists.edit(number or self._required(external_id), name=name):
            logger.info("a customer list without an audience keeps its name: Pinterest cannot change it")

    def delete(self, external_id: str) -> None:
        """Remove the list's audience; one that is gone already is no error.

        Raises RejectedRequest where the customer list stays, since Pinterest cannot delete it.
        """
        number = self._number(external_id)
        if number is None:
            return
        self._lists.edit(number, operation_type="REMOVE")
        self._lists.directory.forget()
        raise RejectedRequest(CANNOT_DELETE)

    def check(self) -> list[str]:
        """One sentence when token, permission or ad account is not in order."""
        return self._lists.check()

    def account_state(self) -> AccountState:
        """How many lists there are, and what time it is there."""
        return self._lists.account_state()

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        return pinterest_payload.bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _records(self, batch: Batch) -> tuple[list[str], tuple[int, ...]]:
        return pinterest_payload.records_of(batch.rows) if batch.rows else ([], ())

    def _number(self, external_id: str) -> str | None:
        mark = mark_in(external_id)
        return None if mark is None else self._lists.number(mark)

    def _required(self, external_id: str) -> str:
        number = self._number(external_id)
        if number is None:
            raise Gone(GONE)
        return number

    def _change(self, number: str, records: Sequence[str], operation: Literal["ADD", "REMOVE"]) -> Reply:
        from audiences.platforms.http_wire import about_rows

        content = pinterest_payload.body_of(records, {"operation_type": operation})
        path, headers = self._lists.path("customer_lists", number), {"content-type": "application/json"}
        return self._wire.call("PATCH", path, about_rows(len(records)), content=content, headers=headers)

    def _create(self, external_id: str, records: Sequence[str]) -> Reply:
        """Make the list with its first records. After a failure that may have made it, look before trying again."""
        from audiences.platforms.http_wire import about_rows

        label = self._first.label_of(external_id)
        if label is None:
            raise Gone(GONE)
        tries = iter(range(self._account.tries))
        content = pinterest_payload.body_of(records, {"name": f"{label} {external_id}", "list_type": "EMAIL"})
        path, headers = self._lists.path("customer_lists"), {"content-type": "application/json"}

        def create() -> Reply:
            if next(tries) > 0:
                self._lists.directory.forget()
                number = self._number(external_id)
                if number is not None:
                    return self._change(number, records, "ADD")
            return self._wire.once("POST", path, about_rows(len(records)), content=content, headers=headers)

        reply = self._wire.repeat(create)
        self._lists.directory.forget()
        self._first.note_made(external_id)
        if self._account.make_audience:
            self._lists.make_audience(str(reply.body.get("id")), label, self._words[external_id])
        return reply


def _outcome(batch: Batch, left_out: tuple[int, ...], reply: Reply) -> Outcome:
    from audiences.platforms.rest_errors import request_id_of

    return Outcome(len(batch.rows), len(left_out), left_out, request_id_of(reply))


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Platform:
    """Open an ad account, without a request. Raises ConfigError for wrong settings.

    Args:
        endpoint: Where Pinterest's API is; None for Pinterest's own address.
        account: `id`, `access_token` and what else `pinterest_account.PinterestAccount` knows.
    """
    from audiences.platforms.http_wire import RenewedTokens, Wire  # a plan does without
    from audiences.platforms.pinterest_account import read_account, read_endpoint, token_address
    from audiences.platforms.pinterest_errors import dialect
    from audiences.platforms.pinterest_lists import PinterestLists

    settings, address = read_account(account), read_endpoint(endpoint)
    in_flight = read_numbers(NAME)["requests_in_flight"].value or 1
    tokens = RenewedTokens(settings, token_address(settings, address), "Pinterest", is_basic=True)
    wire = Wire(settings, address, dialect(settings.throttle_seconds), tokens, in_flight=in_flight)
    return Pinterest(PinterestLists(settings, wire))


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account; its settings may ask for fewer rows a request."""
    return read_limits(NAME, **own_limits(account))


KIND = PlatformKind(
    name=NAME,
    fields=pinterest_payload.FIELDS,
    purposes=PURPOSES,
    limits_for=limits_for,
    bytes_for=pinterest_payload.bytes_for,
    open=open_account,
)
