"""TikTok: audiences filled by streaming segments over plain HTTP; by customer files where an account is set so.

A segment takes one e-mail and one phone a person. TikTok tells nothing of single rows and never what became of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from audiences.errors import Gone, RejectedRows, Unavailable
from audiences.log import get_logger
from audiences.platforms import tiktok_payload
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

if TYPE_CHECKING:
    from audiences.platforms.tiktok_lists import TikTokLists

NAME = "tiktok"
PURPOSES = ("ad_user_data", "ad_personalization")
MOST_STREAMED = 10_000
"""What an account may ask for in one streaming request at most; TikTok documents no bound."""

logger = get_logger("platforms.tiktok")


class TikTok:
    """One advertiser whose audiences are streaming segments. Meets `audiences.platforms.base.Platform`."""

    name: str = NAME
    fields: tuple[Field, ...] = tiktok_payload.FIELDS
    purposes: tuple[str, ...] = PURPOSES

    def __init__(self, lists: TikTokLists) -> None:
        self._lists, self._wire, self._account = lists, lists.wire, lists.account
        self.limits = limits_for(lists.account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it. Raises ConfigError for another ledger's."""
        is_ours = remote.external_id is not None and remote.external_id.isdecimal()  # no id given by customer files
        known = self._lists.look(remote.external_id) if is_ours and remote.external_id else None
        found = known or self._lists.find(remote)
        return self._lists.owned(found, remote) if found is not None else self._create(remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Map the people behind the rows to the audience."""
        return self._map(external_id, batch, "add")

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Take the mapping of the people behind the rows away."""
        return self._map(external_id, batch, "delete")

    def status(self, external_id: str) -> ListStatus:
        """The list as TikTok sees it now. Raises Gone."""
        return self._lists.status(external_id)

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:  # noqa: ARG002
        """Nothing: TikTok does not tell what became of a request."""
        return {}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another label. Raises Gone."""
        self._lists.relabel(external_id, name)

    def delete(self, external_id: str) -> None:
        """Delete the list; one that is gone already is no error."""
        try:
            self._wire.repeat(
                lambda: self._lists.post("segment/audience", action="delete", delete_audience_id=external_id)
            )
        except Gone:
            logger.info("a list to be deleted was not there any more")

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
        self._wire.close()

    def _map(self, external_id: str, batch: Batch, action: Literal["add", "delete"]) -> Outcome:
        from audiences.platforms.http_wire import about_rows

        rows = batch.rows
        if not rows:
            return Outcome(received=0)
        body, left_out = tiktok_payload.mapping_of(rows, self._account.id, external_id, action)
        sent = len(rows) - len(left_out)
        if not sent:
            return Outcome(len(rows), len(left_out), left_out)
        headers = {"content-type": "application/json"}
        try:
            reply = self._lists.send("segment/mapping", about_rows(sent), content=body, headers=headers)
        except RejectedRows as error:
            refused = error
        else:
            request_id = reply.body.get("request_id")
            return Outcome(len(rows), len(left_out), left_out, str(request_id) if request_id is not None else None)
        self._lists.read(external_id)  # Gone, when not the rows but the list is why TikTok refuses
        raise refused

    def _create(self, remote: RemoteList) -> str:
        """Create the list. After a failure that may have created it, look before trying again."""
        from audiences.platforms.list_marks import Found, mark_of

        tries = iter(range(self._account.tries))

        def create() -> str:
            if next(tries) > 0:
                self._lists.directory.forget()
                found = self._lists.find(remote)
                if found is not None:
                    return self._lists.owned(found, remote)
            name = self._lists.name_of(remote)
            body = self._lists.post("segment/audience", "account", action="create", custom_audience_name=name).body
            external_id = str((body.get("data") or {}).get("audience_id") or "")
            if not external_id:
                raise Unavailable("TikTok did not say the id of the audience that it created")
            self._lists.directory.add(Found(external_id, name, mark_of(remote)))
            return external_id

        return self._wire.repeat(create)


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Platform:
    """Open an advertiser account, without a request. Raises ConfigError for wrong settings.

    Args:
        endpoint: Where TikTok's API is; None for TikTok's own address.
        account: `id`, `access_token` and what else `tiktok_account.TikTokAccount` knows.
    """
    from audiences.platforms.http_wire import Tokens, Wire  # a plan does without
    from audiences.platforms.tiktok_account import read_account, read_endpoint
    from audiences.platforms.tiktok_errors import dialect
    from audiences.platforms.tiktok_files import TikTokFiles
    from audiences.platforms.tiktok_lists import TikTokLists

    settings, numbers = read_account(account), read_numbers(NAME)
    pause = (numbers["pause_milliseconds"].value or 0) / 1000
    wire = Wire(
        settings,
        read_endpoint(endpoint),
        dialect(settings.throttle_seconds, pause),
        Tokens(settings.access_token.get_secret_value()),
        in_flight=numbers["requests_in_flight"].value or 1,
    )
    lists = TikTokLists(settings, wire)
    return TikTokFiles(lists) if settings.upload == "files" else TikTok(lists)


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account: those of its way of sending, and fewer rows a request where its settings say so."""
    if account.get("upload") != "files":
        return read_limits(NAME, **own_limits(account, MOST_STREAMED))
    numbers = read_numbers(NAME)
    files = {"rows_per_request": "rows_per_file", "bytes_per_request": "bytes_per_file"}
    instead = {limit: numbers[name].value or 1 for limit, name in files.items()}
    return read_limits(NAME, **{**instead, "requests_in_flight": 1, **own_limits(account)})


KIND = PlatformKind(
    name=NAME,
    fields=tiktok_payload.FIELDS,
    purposes=PURPOSES,
    limits_for=limits_for,
    bytes_for=tiktok_payload.bytes_for,
    open=open_account,
)
