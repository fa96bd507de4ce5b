"""TikTok's audiences of one advertiser: found by the mark behind their names, read, renamed, whichever way they are filled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audiences.errors import AuthError, Gone, RejectedRequest
from audiences.platforms.base import AccountState, ListStatus, RemoteList
from audiences.platforms.http_wire import About, Reply, Wire
from audiences.platforms.limits import read_numbers
from audiences.platforms.list_marks import (
    Directory,
    Found,
    found_by_name,
    is_other_ledgers,
    label_in,
    mark_of,
    marked_name,
    require_adopted,
)
from audiences.platforms.tiktok_account import TikTokAccount

GONE = "this audience was deleted at TikTok, or the token may not see it"


class TikTokLists:
    """What both ways of sending share. Calls raise the errors of `audiences.errors`."""

    def __init__(self, account: TikTokAccount, wire: Wire) -> None:
        self.account, self.wire = account, wire
        self.directory = Directory(self._read_all)

    def post(self, path: str, about: About = "list", **values: Any) -> Reply:
        """Make one call with a JSON body, without trying again."""
        return self.wire.once("POST", self._path(path), about, json={"advertiser_id": self.account.id, **values})

    def send(self, path: str, about: About, **request: Any) -> Reply:
        """Make a call that may be made twice."""
        return self.wire.call("POST", self._path(path), about, **request)

    def read(self, external_id: str) -> Mapping[str, Any]:
        """What TikTok tells of an audience. Raises Gone."""
        params = {"advertiser_id": self.account.id, "custom_audience_ids": json.dumps([external_id])}
        reply = self.wire.call("GET", self._path("dmp/custom_audience/get"), params=params)
        found = [one.get("audience_details") or {} for one in (reply.body.get("data") or {}).get("list") or []]
        if not found or str(found[0].get("audience_id")) != external_id:
            raise Gone(GONE, request_id=_request_id(reply))
        return found[0]

    def find(self, remote: RemoteList) -> Found | None:
        """The advertiser's audience that is marked as the wanted one and still there."""
        for found in self.directory.candidates(remote):
            alive = self.look(found.external_id)
            if alive is not None:
                return alive
        return None

    def look(self, external_id: str) -> Found | None:
        """An audience with its mark; None when it is gone."""
        try:
            details = self.read(external_id)
        except Gone:
            return None
        return found_by_name(external_id, str(details.get("name", "")))

    def owned(self, found: Found, remote: RemoteList) -> str:
        """The id of a list that is ours or may become ours. Raises ConfigError for another ledger's."""
        if is_other_ledgers(found, remote):
            require_adopted(found, remote, self.account.adopt, f"advertiser {self.account.id}")
            self.rename(found.external_id, self.name_of(remote))
        return found.external_id

    def name_of(self, remote: RemoteList) -> str:
        """The name with the mark behind it, no longer than TikTok leaves it whole."""
        return marked_name(remote.name, mark_of(remote), read_numbers("tiktok")["name_characters"].value or 0)

    def relabel(self, external_id: str, label: str) -> None:
        """Give an audience another label and leave its mark. Raises Gone."""
        found = found_by_name(external_id, str(self.read(external_id).get("name", "")))
        most = read_numbers("tiktok")["name_characters"].value or 0
        self.rename(external_id, label[:most] if found.mark is None else marked_name(label, found.mark, most))

    def rename(self, external_id: str, name: str) -> None:
        """Give an audience another name. Raises Gone."""
        self.wire.repeat(
            lambda: self.post("dmp/custom_audience/update", custom_audience_id=external_id, custom_audience_name=name)
        )

    def status(self, external_id: str) -> ListStatus:
        """The audience as TikTok sees it now. Raises Gone."""
        details = self.read(external_id)
        size, is_valid = details.get("cover_num"), details.get("is_valid") is True
        count = int(size) if isinstance(size, int | str) and str(size).isdecimal() else None
        return ListStatus(
            external_id=external_id,
            name=label_in(str(details.get("name", ""))),
            size_lower=count,
            size_upper=count,
            usable=is_valid,
            note=_note(details, is_valid=is_valid),
        )

    def account_state(self) -> AccountState:
        """How many lists there are, and what time it is there."""
        return AccountState(self.directory.count(), clock_ahead=self.wire.clock.ahead)

    def check(self) -> list[str]:
        """One sentence when token, permission or advertiser is not in order."""
        try:
            self._page(1, 1)
        except (AuthError, RejectedRequest) as error:
            return [f"TikTok: {error}."]
        return []

    def _read_all(self) -> Iterator[Found]:
        size, number, pages = read_numbers("tiktok")["lists_per_page"].value or 100, 1, 1
        while number <= pages:
            data = self._page(number, size).body.get("data") or {}
            for one in data.get("list") or []:
                yield found_by_name(str(one.get("audience_id", "")), str(one.get("name", "")))
            pages = int((data.get("page_info") or {}).get("total_page") or 1)
            number += 1

    def _page(self, number: int, size: int) -> Reply:
        params = {"advertiser_id": self.account.id, "page": number, "page_size": size}
        return self.wire.call("GET", self._path("dmp/custom_audience/list"), "account", params=params)

    def _path(self, path: str) -> str:
        return f"open_api/{self.account.api_version}/{path}/"


def _request_id(reply: Reply) -> str | None:
    request_id = reply.body.get("request_id")
    return str(request_id) if request_id is not None else None


def _note(details: Mapping[str, Any], *, is_valid: bool) -> str:
    if details.get("is_expiring") is True:
        return "TikTok deletes this audience soon unless a campaign uses it or it changes"
    if details.get("error_msg"):
        return "TikTok could not carry out the last change of this audience: see the ads manager"
    if not is_valid:
        return "not ready: TikTok is still counting, or matches fewer than 1,000 people"
    return "ready for use"
