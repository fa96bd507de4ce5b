"""Meta (Facebook, Instagram): customer-file custom audiences through Meta's own SDK.

One upload session per request, one schema for all lists, removals as POST with `method=delete`, because an HTTP DELETE
would put the rows into the address.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from audiences.domain import HashRow
from audiences.errors import AuthError, ConfigError, Gone, RejectedRequest, RejectedRows, Unavailable
from audiences.log import get_logger
from audiences.platforms import meta_payload, meta_sessions
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
from audiences.platforms.limits import own_limits, read_limits, read_numbers
from audiences.platforms.meta_account import MetaAccount, read_account, read_endpoint
from audiences.platforms.meta_errors import TERMS, TooMuchData, too_large
from audiences.platforms.meta_labels import label_params, labels_of, options_wrong
from audiences.platforms.meta_limited import Limited

if TYPE_CHECKING:
    from audiences.platforms.meta_wire import Answer, Wire

LIST_FIELDS = "id,name,description,audience_labels"
STATUS_FIELDS = "id,name,approximate_count_lower_bound,approximate_count_upper_bound,operation_status,delivery_status"
NORMAL, TOO_SMALL, FLAGGED = 200, 300, 471
CONFIRM_AFTER = timedelta(hours=1)
"""Meta says that an upload takes effect within 24 hours; asking at once would use up the budget for nothing."""
INVALID = "100"
FLAGGED_NOTE = (
    "Meta has flagged this list against its rules and takes no upload: see the ad manager, where one can appeal"
)
MARK = re.compile(r"boomerang:([^:\s]+):([^:\s]+):(.+)", re.DOTALL)
ONE_HASH = re.compile("[0-9a-f]{64}")

OF_FILES = "CUSTOM"
"""The subtype of the audiences that `max_lists` counts."""

logger = get_logger("platforms.meta")


@dataclass(frozen=True)
class Found:
    """A custom audience as Meta shows it, with the owner that its description names, if any."""

    external_id: str
    name: str
    environment: str | None
    ledger_id: str | None
    list_id: str | None
    labels: frozenset[str] = frozenset()

    @property
    def is_marked(self) -> bool:
        """Whether some ledger owns it."""
        return self.ledger_id is not None


def mark_of(remote: RemoteList) -> str:
    """What stands in the description of a list: whose it is, and which one."""
    return f"boomerang:{remote.environment}:{remote.ledger_id}:{remote.list_id}"


class Meta:
    """One ad account. Meets `audiences.platforms.base.Platform`."""

    name: str = "meta"
    fields: tuple[Field, ...] = meta_payload.FIELDS
    purposes: tuple[str, ...] = ("ad_user_data", "ad_personalization")

    def __init__(self, account: MetaAccount, wire: Wire) -> None:
        self._account, self._wire = account, wire
        self._limited = Limited(account.limited_data_use) if account.limited_data_use else None
        self.limits = limits_for(account.model_dump())
        self._finding = threading.RLock()
        self._known: dict[str, list[Found]] | None = None

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it; return its id. Twice gives one list.

        Raises ConfigError when another ledger, or another environment of this one, owns a list of that name.
        """
        known = self._read(remote.external_id) if remote.external_id else None
        if known is not None:
            return self._marked(self._owned(known, remote), known, remote)
        with self._finding:
            found = self._find(remote)
            return self._owned(found, remote) if found is not None else self._create(remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add the people behind the rows."""
        payload_of = self._limited.payload_of if self._limited else meta_payload.payload_of
        return self._upload(external_id, batch, payload_of, {})

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people behind the rows."""
        return self._upload(external_id, batch, meta_payload.payload_of, {"method": "delete"})

    def status(self, external_id: str) -> ListStatus:
        """The list as Meta sees it now. Raises Gone when it is not there."""
        body = self._wire.get(external_id, fields=STATUS_FIELDS)
        operation, delivery = _code(body, "operation_status"), _code(body, "delivery_status")
        return ListStatus(
            external_id=external_id,
            name=str(body.get("name", "")),
            size_lower=_size(body, "approximate_count_lower_bound"),
            size_upper=_size(body, "approximate_count_upper_bound"),
            usable=operation in (NORMAL, None) and delivery in (NORMAL, None),
            note=_note(operation, delivery),
            is_flagged=operation == FLAGGED,
        )

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:
        """What became of the uploads with these session ids; one that Meta does not list is missing. Raises Gone."""
        wanted = set(handles)
        found: dict[str, Processing] = {}
        numbers = read_numbers("meta")
        pages = self._pages(external_id, "sessions", meta_sessions.FIELDS, numbers["sessions_per_page"].value)
        for _, page in zip(range(numbers["session_pages"].value or 1), pages if wanted else (), strict=False):
            found.update((handle, state) for handle, state in meta_sessions.read_sessions(page) if handle in wanted)
            if len(found) == len(wanted):
                break
        return found

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name. Raises Gone when it is not there."""
        self._wire.repeat(lambda: self._wire.once("POST", (external_id,), {"name": name}))

    def delete(self, external_id: str) -> None:
        """Delete the list and who is on it; one that is gone already is no error."""
        try:
            self._wire.repeat(lambda: self._wire.once("DELETE", (external_id,), {}))
        except Gone:
            logger.info("a list to be deleted was not there any more")

    def check(self) -> list[str]:
        """One sentence for each of: token, permission, terms that is not in order; none if all is well."""
        try:
            account = self._wire.get(self._account.id, fields="id,user_tos_accepted")
            granted = self._permissions()
        except AuthError as error:
            return [f"Meta: {error}."]
        except RejectedRequest as error:
            return [f"Meta: {error}."]
        findings = []
        if granted is not None and "ads_management" not in granted:
            findings.append("Meta: the token lacks the permission ads_management: make one that has it.")
        if not (account.get("user_tos_accepted") or {}).get("custom_audience_tos"):
            findings.append(f"Meta: {TERMS}.")
        return findings

    def account_state(self) -> AccountState:
        """How many customer-file lists there are, how much of the hourly budget is used, and what time it is there."""
        size = read_numbers("meta")["lists_per_page"].value
        pages = self._pages(self._account.id, "customaudiences", "id,subtype", size)
        lists = sum(one.get("subtype", OF_FILES) == OF_FILES for page in pages for one in page)
        return AccountState(lists, self._wire.budget_used, self._wire.clock.ahead)

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        return self._limited.bytes_for(rows) if self._limited else meta_payload.bytes_for(rows)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _upload(
        self,
        external_id: str,
        batch: Batch,
        payload_of: Callable[[Sequence[HashRow]], meta_payload.EncodedPayload],
        params: Mapping[str, str],
    ) -> Outcome:
        rows = batch.rows
        if not rows:
            return Outcome(received=0)
        payload = payload_of(rows)

        def send() -> Outcome:
            number = meta_sessions.new_session_id()
            session = {
                "session_id": number,
                "batch_seq": 1,
                "last_batch_flag": True,
                "estimated_num_total": len(rows),
            }
            sent = {**params, "session": session, "payload": payload}
            return _outcome(self._wire.once("POST", (external_id, "users"), sent, rows=len(rows)), rows, str(number))

        try:
            return self._wire.repeat(send)
        except TooMuchData as error:
            refused = too_large(error.request_id) if len(rows) > 1 else error
        except RejectedRows as error:
            refused = error
        if refused.code == INVALID:
            self._require_in_order(external_id)
        raise refused

    def _require_in_order(self, external_id: str) -> None:
        """Raise Gone or RejectedRequest when not the rows but the list is why Meta refuses an upload."""
        if _code(self._wire.get(external_id, fields="id,operation_status"), "operation_status") == FLAGGED:
            raise RejectedRequest(FLAGGED_NOTE, code=INVALID)

    def _read(self, external_id: str) -> Found | None:
        """The list of that id; None when it is gone."""
        try:
            return _found(self._wire.get(external_id, fields=LIST_FIELDS))
        except Gone:
            return None

    def _find(self, remote: RemoteList) -> Found | None:
        """The account's list with that list_id: ours before another's, the oldest first."""
        if self._known is None:
            self._known = {}
            limit = read_numbers("meta")["lists_per_page"].value
            for page in self._pages(self._account.id, "customaudiences", LIST_FIELDS, limit):
                for found in map(_found, page):
                    if found.list_id is not None:
                        self._known.setdefault(found.list_id, []).append(found)
        candidates = [f for f in self._known.get(remote.list_id, []) if f.external_id not in remote.not_these]
        ours = sorted((f for f in candidates if _is_ours(f, remote)), key=lambda f: (len(f.external_id), f.external_id))
        if len(ours) > 1:
            logger.warning("Meta has %d lists for %s; the oldest is used", len(ours), remote.list_id)
        for found in [*ours, *candidates]:
            alive = self._read(found.external_id)
            if alive is not None:
                return alive
        return None

    def _pages(self, owner: str, edge: str, fields: str, limit: int | None) -> Iterator[list[dict[str, Any]]]:
        """The entries of an edge page by page. Small pages: large ones are refused at times."""
        params: dict[str, Any] = {"fields": fields, "limit": limit}
        while True:
            body = self._wire.get(owner, edge, **params)
            yield body.get("data", [])
            paging = body.get("paging", {})
            after = paging.get("cursors", {}).get("after")
            if "next" not in paging or after in (None, params.get("after")):
                return
            params["after"] = after

    def _owned(self, found: Found, remote: RemoteList) -> str:
        """The id of a list that is ours or may become ours. Raises ConfigError for another ledger's."""
        if not found.is_marked or _is_ours(found, remote):
            if labels_of(remote) not in (None, found.labels):
                self._edit(found.external_id, label_params(remote))
            return found.external_id
        if found.ledger_id not in self._account.adopt:
            raise ConfigError(
                f"the list {remote.list_id} in {self._account.id} belongs to ledger {found.ledger_id} (environment "
                f"{found.environment}), this is ledger {remote.ledger_id} (environment {remote.environment}): use "
                f"another ad account, or, if that ledger is given up, adopt its lists with adopt: "
                f"[{found.ledger_id}] in the account's settings"
            )
        self._edit(found.external_id, {"description": mark_of(remote), **label_params(remote)})
        logger.warning("took over the list %s from ledger %s", remote.list_id, found.ledger_id)
        return found.external_id

    def _marked(self, external_id: str, found: Found, remote: RemoteList) -> str:
        """The id of a list of ours; its mark gets the name that the list has by now."""
        if _is_ours(found, remote) and found.list_id != remote.list_id:
            self._edit(found.external_id, {"description": mark_of(remote)})
        return external_id

    def _edit(self, external_id: str, params: Mapping[str, str]) -> None:
        self._wire.repeat(lambda: self._wire.once("POST", (external_id,), dict(params)))

    def _create(self, remote: RemoteList) -> str:
        """Create the list. After a failure that may have created it, look before trying again."""
        tries = iter(range(self._account.tries))

        def create() -> str:
            if next(tries) > 0:
                self._known = None
                found = self._find(remote)
                if found is not None:
                    return self._owned(found, remote)
            return self._create_once(remote)

        return self._wire.repeat(create)

    def _create_once(self, remote: RemoteList) -> str:
        params = {
            "name": remote.name,
            "description": mark_of(remote),
            "subtype": "CUSTOM",
            "customer_file_source": "USER_PROVIDED_ONLY",
            **label_params(remote),
        }
        body = self._wire.once("POST", (self._account.id, "customaudiences"), params).body
        external_id = str(body.get("id", ""))
        if not external_id:
            raise Unavailable("Meta did not say the id of the list that it created")
        created = Found(external_id, remote.name, remote.environment, remote.ledger_id, remote.list_id)
        if self._known is None:
            self._known = {}
        self._known.setdefault(remote.list_id, []).append(created)
        return external_id

    def _permissions(self) -> set[str] | None:
        """What the token may do; None where Meta does not tell."""
        try:
            entries = self._wire.get("me", "permissions").get("data", [])
        except RejectedRequest:
            return None
        return {str(entry.get("permission")) for entry in entries if entry.get("status") == "granted"}


def _is_ours(found: Found, remote: RemoteList) -> bool:
    return (found.environment, found.ledger_id) == (remote.environment, remote.ledger_id)


def _found(body: Mapping[str, Any]) -> Found:
    mark = MARK.search(str(body.get("description") or ""))
    environment, ledger_id, list_id = mark.groups() if mark else (None, None, None)
    labels = frozenset(map(str, body.get("audience_labels") or ()))
    return Found(str(body["id"]), str(body.get("name", "")), environment, ledger_id, list_id, labels)


def _outcome(answer: Answer, rows: Sequence[HashRow], handle: str) -> Outcome:
    """The counts of an answer; the session has one batch, so its counts are the batch's."""
    body = answer.body
    if "num_received" not in body:
        raise Unavailable("Meta's answer to an upload has no count of rows", request_id=answer.request_id)
    invalid = int(body.get("num_invalid_entries") or 0)
    positions = _positions(body.get("invalid_entry_samples"), rows) if invalid else ()
    return Outcome(int(body["num_received"]), invalid, positions, answer.request_id, handle)


def _positions(samples: object, rows: Sequence[HashRow]) -> tuple[int, ...]:
    """Where the rows are that hold a sample of an invalid entry; samples come as a list or as a map."""
    hashes = set(ONE_HASH.findall(str(samples)))
    if not hashes:
        return ()
    return tuple(number for number, row in enumerate(rows) if not hashes.isdisjoint(row.split(",")))


def _code(body: Mapping[str, Any], name: str) -> int | None:
    status = body.get(name)
    code = status.get("code") if isinstance(status, dict) else None
    return int(code) if code is not None else None


def _size(body: Mapping[str, Any], name: str) -> int | None:
    size = body.get(name)
    return int(size) if size is not None and int(size) >= 0 else None


def _note(operation: int | None, delivery: int | None) -> str:
    if operation == FLAGGED:
        return FLAGGED_NOTE
    if operation not in (NORMAL, None):
        return f"Meta is still at work on this list (operation status {operation})"
    if delivery == TOO_SMALL:
        return "too small to be used: Meta wants about 100 people whom it recognises"
    if delivery not in (NORMAL, None):
        return f"ads cannot be shown to this list (delivery status {delivery})"
    return "ready for use"


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Meta:
    """Open an ad account, without a request. Raises ConfigError for wrong settings.

    Args:
        endpoint: Where the Graph API is; None for Meta's own address.
        account: `id`, `access_token` and what else `meta_account.MetaAccount` knows.
    """
    from audiences.platforms.meta_wire import Wire  # Meta's SDK takes long to import, and a plan does without

    settings = read_account(account)
    return Meta(settings, Wire(settings, read_endpoint(endpoint)))


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account; its settings may ask for fewer rows a request, and for more or fewer lists."""
    return read_limits("meta", **own_limits(account))


def bytes_of_account(account: Mapping[str, Any]) -> Callable[[int], int]:
    """How large a body is at most on an account: where data is used in a limited way, rows are longer."""
    states = account.get("limited_data_use")
    return Limited(states).bytes_for if isinstance(states, Mapping) and states else meta_payload.bytes_for


KIND = PlatformKind(
    name=Meta.name,
    fields=Meta.fields,
    purposes=Meta.purposes,
    limits_for=limits_for,
    bytes_for=meta_payload.bytes_for,
    open=open_account,
    bytes_of_account=bytes_of_account,
    confirms=frozenset({"add", "remove"}),
    confirm_after=CONFIRM_AFTER,
    options_wrong=options_wrong,
)
