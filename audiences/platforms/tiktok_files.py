"""TikTok's customer files: the other way to fill an audience, for advertisers who may not use streaming segments.

TikTok makes such an audience only from a file, so `ensure` gives the mark behind its future name as the list's id, and the
first rows make it. REPLACE, TikTok's default, is never used: it would wipe the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from audiences.errors import Gone, RejectedRequest, Unavailable
from audiences.log import get_logger
from audiences.platforms import tiktok_payload
from audiences.platforms.base import AccountState, Batch, Field, ListStatus, Outcome, Processing, RemoteList
from audiences.platforms.first_rows import FirstRows
from audiences.platforms.http_wire import Reply
from audiences.platforms.limits import read_numbers
from audiences.platforms.list_marks import Mark, mark_in, mark_of, marked_name
from audiences.platforms.tiktok import NAME, PURPOSES, limits_for
from audiences.platforms.tiktok_errors import INVALID
from audiences.platforms.tiktok_lists import GONE, TikTokLists

TOO_FEW = (
    "TikTok refuses a change by customer file (code 40002): 1,000 people or more must be on the list after it, "
    "and calculate_type must be as before"
)

logger = get_logger("platforms.tiktok")


class TikTokFiles:
    """One advertiser whose audiences are customer files. Meets `audiences.platforms.base.Platform`."""

    name: str = NAME
    fields: tuple[Field, ...] = tiktok_payload.FIELDS
    purposes: tuple[str, ...] = PURPOSES

    def __init__(self, lists: TikTokLists) -> None:
        self._lists, self._account = lists, lists.account
        self._first = FirstRows()
        self.limits = limits_for(lists.account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """The id of the list that this ledger owns, or is to own with its first rows.

        Raises ConfigError for another ledger's.
        """
        found = self._lists.find(remote)
        key = mark_of(remote).ending
        if found is not None:
            self._lists.owned(found, remote)
            self._lists.directory.forget()
        elif remote.external_id is None:
            self._first.await_rows(key, remote.name)
        elif self._first.label_of(key) is None:
            self._first.note_missing(remote.external_id)
        return key

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Append a file with the rows; the first one makes the audience."""
        if not batch.rows:
            return Outcome(received=0)
        path = self._uploaded(batch)
        with self._first.making(external_id):
            number = self._number(external_id)
            if number is None:
                return _outcome(batch, self._create(external_id, path))
        return _outcome(batch, self._update(number, path, "APPEND"))

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people of a file."""
        if not batch.rows:
            return Outcome(received=0)
        number = self._required(external_id)
        return _outcome(batch, self._update(number, self._uploaded(batch), "REMOVE"))

    def status(self, external_id: str) -> ListStatus:
        """The list as TikTok sees it now. Raises Gone."""
        number = self._number(external_id)
        label = self._first.label_of(external_id)
        if number is None and label is not None:
            return ListStatus(external_id, label, 0, 0, usable=False, note="TikTok makes it with its first members")
        return replace(self._lists.status(number or self._required(external_id)), external_id=external_id)

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:  # noqa: ARG002
        """Nothing: TikTok does not tell what became of a file."""
        return {}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another label. Raises Gone."""
        number = self._number(external_id)
        if number is None and self._first.is_to_be_renamed_later(external_id, name):
            return
        self._lists.relabel(number or self._required(external_id), name)
        self._lists.directory.forget()

    def delete(self, external_id: str) -> None:
        """Delete the list; one that is gone already is no error."""
        number = self._number(external_id)
        if number is None:
            return
        try:
            self._lists.wire.repeat(
                lambda: self._lists.post("dmp/custom_audience/delete", custom_audience_ids=[number])
            )
        except Gone:
            logger.info("a list to be deleted was not there any more")
        self._lists.directory.forget()

    def check(self) -> list[str]:
        """One sentence when token, permission or advertiser is not in order."""
        return self._lists.check()

    def account_state(self) -> AccountState:
        """How many lists there are, and what time it is there."""
        return self._lists.account_state()

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        return tiktok_payload.bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._lists.wire.close()

    def _number(self, external_id: str) -> str | None:
        """TikTok's own id of the audience with that mark; None when there is none."""
        mark = _mark_in(external_id)
        of_list = self._lists.directory.marked(mark.listed)
        alive = (self._lists.look(found.external_id) for found in of_list if found.mark == mark)
        return next((found.external_id for found in alive if found is not None), None)

    def _required(self, external_id: str) -> str:
        number = self._number(external_id)
        if number is None:
            raise Gone(GONE)
        return number

    def _uploaded(self, batch: Batch) -> str:
        """Where TikTok has put the file with the rows."""
        content = tiktok_payload.file_of(batch.rows)
        form = {
            "advertiser_id": self._account.id,
            "calculate_type": self._account.calculate_type,
            "file_signature": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "file_name": "customers.csv",
        }
        files = {"file": ("customers.csv", content, "text/csv")}
        reply = self._lists.send("dmp/custom_audience/file/upload", "list", data=form, files=files)
        path = (reply.body.get("data") or {}).get("file_path")
        if not path:
            raise Unavailable("TikTok did not say where it put the customer file")
        return str(path)

    def _update(self, number: str, path: str, action: str) -> Reply:
        """Append or remove the people of a file: may be done twice."""
        values: dict[str, Any] = {"custom_audience_id": number, "action": action, "file_paths": [path]}
        return self._explained(lambda: self._lists.post("dmp/custom_audience/update", **values))

    def _create(self, external_id: str, path: str) -> Reply:
        """Make the audience from a file. After a failure that may have made it, look before trying again."""
        label = self._first.label_of(external_id)
        if label is None:
            raise Gone(GONE)
        tries = iter(range(self._account.tries))
        mark = _mark_in(external_id)
        name = marked_name(label, mark, read_numbers(NAME)["name_characters"].value or 0)
        values: dict[str, Any] = {
            "calculate_type": self._account.calculate_type,
            "audience_sub_type": "NORMAL",
            "file_paths": [path],
        }

        def create() -> Reply:
            if next(tries) > 0:
                self._lists.directory.forget()
                number = self._number(external_id)
                if number is not None:
                    return self._update(number, path, "APPEND")
            return self._lists.post("dmp/custom_audience/create", custom_audience_name=name, **values)

        reply = self._explained(create)
        self._lists.directory.forget()
        self._first.note_made(external_id)
        return reply

    def _explained(self, change: Callable[[], Reply]) -> Reply:
        """Make a change by file, saying what it most probably is when TikTok finds it wrong."""
        try:
            return self._lists.wire.repeat(change)
        except RejectedRequest as error:
            refused = error
        if refused.code == INVALID:
            raise RejectedRequest(TOO_FEW, code=refused.code, request_id=refused.request_id)
        raise refused


def _mark_in(external_id: str) -> Mark:
    mark = mark_in(external_id)
    if mark is None:
        raise Gone("the ledger's id of this list was not made for customer files: it is made anew")
    return mark


def _outcome(batch: Batch, reply: Reply) -> Outcome:
    request_id = reply.body.get("request_id")
    return Outcome(len(batch.rows), request_id=str(request_id) if request_id is not None else None)
