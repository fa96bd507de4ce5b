"""Pinterest's customer lists of one ad account, and the audience on each by which ads can be aimed at it.

The owner of a list stands behind its name, which cannot be changed, and in the description of its audience, which goes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from audiences.errors import AuthError, Gone, RejectedRequest, Unavailable
from audiences.log import get_logger
from audiences.platforms.base import AccountState, RemoteList
from audiences.platforms.http_wire import About, Reply, Wire
from audiences.platforms.limits import read_numbers
from audiences.platforms.list_marks import (
    Directory,
    Found,
    Mark,
    found_by_name,
    found_by_words,
    is_ledger_in,
    is_other_ledgers,
    label_in,
    require_adopted,
    words_of,
)
from audiences.platforms.pinterest_account import PinterestAccount

logger = get_logger("platforms.pinterest")


class PinterestLists:
    """Finds, reads and marks. Calls raise the errors of `audiences.errors`."""

    def __init__(self, account: PinterestAccount, wire: Wire) -> None:
        self.account, self.wire = account, wire
        self.directory = Directory(self._read_all)
        self._audiences: dict[str, str] = {}

    def number(self, mark: Mark) -> str | None:
        """Pinterest's own id of the customer list with that mark, or with that of an adopted ledger; None without one."""
        of_list = self.directory.marked(mark.listed)
        adopted = [one for one in of_list if one.mark and is_ledger_in(one.mark, self.account.adopt)]
        for found in [*(one for one in of_list if one.mark == mark), *adopted]:
            if self.is_there(found.external_id):
                return found.external_id
        return None

    def is_there(self, number: str) -> bool:
        """Whether the customer list is there."""
        try:
            self.read(number)
        except Gone:
            return False
        return True

    def read(self, number: str) -> Mapping[str, Any]:
        """What Pinterest tells of a customer list. Raises Gone."""
        return self.wire.call("GET", self.path("customer_lists", number)).body

    def audience(self, number: str) -> Mapping[str, Any] | None:
        """What Pinterest tells of the audience on a customer list; None where there is none."""
        self.directory.marked("")  # reads both if that was not done yet
        audience = self._audiences.get(number)
        if audience is None:
            return None
        try:
            return self.wire.call("GET", self.path("audiences", audience)).body
        except Gone:
            self._audiences.pop(number, None)
            return None

    def find(self, remote: RemoteList) -> Found | None:
        """The account's customer list that is marked as the wanted one and still there."""
        return next((one for one in self.directory.candidates(remote) if self.is_there(one.external_id)), None)

    def own(self, found: Found, remote: RemoteList) -> None:
        """See that the list is ours and has an audience. Raises ConfigError for another ledger's."""
        is_theirs = is_other_ledgers(found, remote)
        if is_theirs:
            require_adopted(found, remote, self.account.adopt, f"ad account {self.account.id}")
        if not self.account.make_audience:
            return
        if self.audience(found.external_id) is None:
            self.make_audience(found.external_id, remote.name, words_of(remote))
        elif is_theirs:
            self.edit(found.external_id, description=words_of(remote))
        if is_theirs:
            self.directory.forget()

    def make_audience(self, number: str, label: str, words: str) -> None:
        """Make a customer list targetable. After a failure that may have done so, look before trying again.

        Where Pinterest refuses, the list is kept equal all the same: it is tried again at the next run.
        """
        tries = iter(range(self.account.tries))
        values = {"name": label, "description": words, "audience_type": "CUSTOMER_LIST"}

        def make() -> str:
            if next(tries) > 0:
                self.directory.forget()
                known = self.audience(number)
                if known is not None:
                    return str(known["id"])
            rule = {"customer_list_id": number}
            body = self.post("audiences", {**values, "rule": rule}).body
            if not body.get("id"):
                raise Unavailable("Pinterest did not say the id of the audience that it made")
            return str(body["id"])

        try:
            self._audiences[number] = self.wire.repeat(make)
        except RejectedRequest as error:
            logger.warning("no audience could be made on a customer list: %s", error)

    def edit(self, number: str, **values: str) -> bool:
        """Change the audience on a customer list, or with `operation_type` REMOVE remove it; False where there is none."""
        audience = self.audience(number)
        if audience is None:
            return False
        path = self.path("audiences", str(audience["id"]))
        try:
            self.wire.call("PATCH", path, json={"operation_type": "UPDATE", **values})
        except Gone:
            return False
        return True

    def post(self, what: str, values: Mapping[str, Any]) -> Reply:
        """Make something, without trying again."""
        return self.wire.once("POST", self.path(what), "account", json=dict(values))

    def path(self, what: str, number: str | None = None) -> str:
        """Where something of the ad account is."""
        return f"v5/ad_accounts/{self.account.id}/{what}" + (f"/{number}" if number is not None else "")

    def account_state(self) -> AccountState:
        """How many lists there are, and what time it is there."""
        return AccountState(self.directory.count(), clock_ahead=self.wire.clock.ahead)

    def check(self) -> list[str]:
        """One sentence when token, permission or ad account is not in order."""
        try:
            self.wire.call("GET", self.path("customer_lists"), "account", params={"page_size": 1})
        except (AuthError, RejectedRequest) as error:
            return [f"Pinterest: {error}."]
        return []

    def _read_all(self) -> Iterator[Found]:
        """All customer lists with their owners; what the audience's description says goes before the name's ending."""
        self._audiences, marked = {}, {}
        for one in self._pages("audiences"):
            number = (one.get("rule") or {}).get("customer_list_id")
            found = found_by_words(str(number), str(one.get("name", "")), one.get("description"))
            if number is not None and found.mark is not None:
                self._audiences.setdefault(str(number), str(one["id"]))
                marked[str(number)] = found
        for one in self._pages("customer_lists"):
            by_name = found_by_name(str(one["id"]), str(one.get("name", "")))
            words = marked.get(by_name.external_id)
            yield by_name if words is None else replace(words, name=label_in(by_name.name))

    def _pages(self, what: str) -> Iterator[Mapping[str, Any]]:
        size = read_numbers("pinterest")["lists_per_page"].value or 25
        params: dict[str, Any] = {"page_size": size}
        about: About = "account"
        while True:
            body = self.wire.call("GET", self.path(what), about, params=params).body
            yield from body.get("items") or []
            bookmark = body.get("bookmark")
            if not bookmark or bookmark == params.get("bookmark"):
                return
            params["bookmark"] = bookmark
