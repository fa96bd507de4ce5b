"""Google Ads: Customer Match lists through the Data Manager API, by Google's own client over REST.

Google refuses a whole request for one wrong member; where it names the member, the others are sent again without it. To
replace a list: remember the time, add everybody, wait until `confirm` says processed, then `remove_all` before that time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from audiences.domain import HashRow, ListId
from audiences.errors import AuthError, Gone, RejectedRequest
from audiences.platforms import google_payload
from audiences.platforms.base import (
    AccountState,
    Batch,
    Field,
    Limits,
    ListStatus,
    Outcome,
    PlatformKind,
    Processing,
    RemoteList,
)
from audiences.platforms.google_account import GoogleAccount, read_account, read_endpoint
from audiences.platforms.google_errors import TERMS, NamedRows
from audiences.platforms.limits import own_limits, read_limits

if TYPE_CHECKING:
    from audiences.platforms.google_lists import UserLists
    from audiences.platforms.google_members import Members
    from audiences.platforms.google_wire import Wire

CONFIRM_AFTER = timedelta(minutes=30)
"""Google says nothing of a request before."""
MOST_ROUNDS = 5
"""So often a request is sent again without the members that Google names; after that it is halved."""

Pieces = Sequence[Sequence[HashRow]]
Send = Callable[[str, Pieces], str]


class Google:
    """One Google Ads account. Meets `audiences.platforms.base.Platform`."""

    name: str = "google"
    fields: tuple[Field, ...] = google_payload.FIELDS
    purposes: tuple[str, ...] = ("ad_user_data", "ad_personalization")

    def __init__(self, account: GoogleAccount, wire: Wire, lists: UserLists, members: Members) -> None:
        self._account, self._wire, self._lists, self._members = account, wire, lists, members
        self.limits = limits_for(account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it; return its id. Twice gives one list.

        Raises ConfigError when another ledger, or another environment of this one, owns it.
        """
        return self._lists.ensure(remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add the people behind the rows; those whom Google calls wrong are counted as invalid."""
        self._require_terms()
        return self._sent(external_id, batch, validate_only=False)

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people behind the rows. None of them is left out: a wrong one refuses the whole request."""
        rows = batch.rows
        if not rows:
            return Outcome(received=0)
        answered = self._asked(self._members.remove, external_id, google_payload.pieces_of(batch))
        if isinstance(answered, RejectedRequest):
            raise answered
        return Outcome(len(rows), request_id=answered, handle=answered)

    def validate(self, remote: RemoteList, batch: Batch) -> Outcome:
        """Have Google check list and members without keeping anything. Members need a list that is there already."""
        self._require_terms()
        if remote.external_id is None:
            self._lists.validate(remote)
            return Outcome(received=0)
        return self._sent(remote.external_id, batch, validate_only=True)

    def remove_all(self, external_id: str, before: datetime) -> Outcome:
        """Remove everybody who was last added before that time; sent again with the same time, it is done once."""
        request_id = self._members.remove_all(external_id, before)
        return Outcome(received=0, request_id=request_id, handle=request_id)

    def status(self, external_id: str) -> ListStatus:
        """The list as Google sees it now. Raises Gone when it is not there."""
        from audiences.platforms.google_status import list_status

        return list_status(self._lists.get(external_id), external_id, self.limits.min_members)

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:
        """What became of the requests with these ids: one question each."""
        return {handle: self._members.processing(external_id, handle) for handle in handles}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name. Raises Gone when it is not there."""
        self._lists.rename(external_id, name)

    def delete(self, external_id: str) -> None:
        """Delete the list and who is on it; one that is gone already is no error."""
        self._lists.delete(external_id)

    def check(self) -> list[str]:
        """One sentence for each of: credentials, access, terms that is not in order; none if all is well."""
        findings = [] if self._account.terms_accepted else [f"Google: {TERMS}."]
        try:
            self._lists.look()
            if not findings:
                self._lists.validate(CHECKED)
        except (AuthError, RejectedRequest) as error:
            findings.append(f"Google: {error}.")
        return findings

    def account_state(self) -> AccountState:
        """How many lists there are, and what time it is there; Google tells nothing of its quota."""
        return AccountState(self._lists.count(), clock_ahead=self._wire.clock.ahead)

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        return google_payload.bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _require_terms(self) -> None:
        if not self._account.terms_accepted:
            raise AuthError(TERMS)

    def _sent(self, external_id: str, batch: Batch, *, validate_only: bool) -> Outcome:
        """Send the members, without those that Google names as wrong."""
        rows, pieces = batch.rows, google_payload.pieces_of(batch)
        if not rows:
            return Outcome(received=0)
        good, call = list(range(len(pieces))), partial(self._members.add, validate_only=validate_only)
        answered = self._asked(call, external_id, pieces)
        for _ in range(MOST_ROUNDS - 1):
            left = _without(good, answered.positions) if isinstance(answered, NamedRows) else []
            if not left or len(left) == len(good):
                break
            good = left
            answered = self._asked(call, external_id, [pieces[place] for place in good])
        if isinstance(answered, RejectedRequest):
            raise answered
        bad = _rows_beside(pieces, good)
        return Outcome(len(rows), len(bad), bad, answered, None if validate_only else answered)

    def _asked(self, call: Send, external_id: str, pieces: Pieces) -> str | RejectedRequest:
        """The id of the request, or its refusal as a value, so that one raised later does not carry another with it."""
        try:
            return call(external_id, pieces)
        except Gone as error:
            refused: RejectedRequest = error
        except RejectedRequest as error:
            return error
        try:
            self._lists.get(external_id)
        except Gone as error:
            return error
        sentence = "the list is there, and Google does not take members for it: see it in Google Ads"
        return RejectedRequest(sentence, code=refused.code, request_id=refused.request_id)


CHECKED = RemoteList(ListId("check"), "Boomerang check", "none", "check", keep_days=30)
"""A list that is never made: Google is only asked whether it could be."""


def _rows_beside(pieces: Pieces, good: Sequence[int]) -> tuple[int, ...]:
    """The places, among all rows, of the rows of the pieces that are not among the good ones."""
    if len(good) == len(pieces):
        return ()
    kept, ends = set(good), list(accumulate(len(piece) for piece in pieces))
    return tuple(
        row for place, end in enumerate(ends) if place not in kept for row in range(end - len(pieces[place]), end)
    )


def _without(places: Sequence[int], positions: Sequence[int]) -> list[int]:
    """The places but for those at the positions."""
    dropped = set(positions)
    return [place for number, place in enumerate(places) if number not in dropped]


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Google:
    """Open a Google Ads account, without a request. Raises ConfigError for wrong settings.

    Args:
        endpoint: Where the Data Manager API is; None for Google's own address.
        account: `id`, credentials and what else `google_account.GoogleAccount` knows.
    """
    from audiences.platforms.google_wire import Wire  # Google's client takes long to import, and a plan does without

    settings = read_account(account)
    return opened(settings, Wire(settings, read_endpoint(endpoint)))


def opened(account: GoogleAccount, wire: Wire) -> Google:
    """An account over a connection of one's own."""
    from audiences.platforms.google_lists import UserLists
    from audiences.platforms.google_members import Members

    return Google(account, wire, UserLists(account, wire), Members(account, wire))


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account; its settings may ask for fewer rows a request, and for another least size."""
    return read_limits("google", **own_limits(account))


KIND = PlatformKind(
    name=Google.name,
    fields=Google.fields,
    purposes=Google.purposes,
    limits_for=limits_for,
    bytes_for=google_payload.bytes_for,
    open=open_account,
    confirms=frozenset({"add", "remove"}),
    confirm_after=CONFIRM_AFTER,
)
