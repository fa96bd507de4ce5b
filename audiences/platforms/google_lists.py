"""User lists of one Google Ads account: whose they are, found by integration code, made and changed.

The integration code holds environment, ledger and list, as far as it may be that long; beyond, the list as a digest.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.ads.datamanager_v1 import types
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from audiences.errors import ConfigError, Gone, RejectedRequest, Unavailable
from audiences.log import get_logger
from audiences.platforms.base import RemoteList
from audiences.platforms.google_account import GoogleAccount
from audiences.platforms.google_errors import NAME_TAKEN
from audiences.platforms.google_wire import Wire
from audiences.platforms.limits import read_numbers

MARK = re.compile(r"boomerang:([^:\s]+):([^:\s]+):(.+)", re.DOTALL)
DAY = 86_400

logger = get_logger("platforms.google")


@dataclass(frozen=True)
class Found:
    """A user list as Google shows it, with the owner that its integration code names, if any."""

    external_id: str
    name: str
    code: str
    keep_days: int | None
    environment: str | None
    ledger_id: str | None
    key: str | None

    @property
    def plain_name(self) -> str:
        """The name without the end that made it the only one of its kind."""
        return self.name.removesuffix(_end_of(self.code))


def code_of(remote: RemoteList, longest: int) -> str:
    """What stands in a list's integration code: whose it is, and which one."""
    owner = f"boomerang:{remote.environment}:{remote.ledger_id}:"
    return owner + key_of(remote, longest - len(owner))


def key_of(remote: RemoteList, longest: int) -> str:
    """The list's id, or a digest of it where the id is too long."""
    if len(remote.list_id) <= longest:
        return remote.list_id
    return "~" + hashlib.sha256(remote.list_id.encode()).hexdigest()[:24]


def other_name(name: str, code: str) -> str:
    """A name that no other list has, for an account that has the name already: names are unique there."""
    return name + _end_of(code)


def _end_of(code: str) -> str:
    return f" ({hashlib.sha256(code.encode()).hexdigest()[:6]})"


class UserLists:
    """The user lists of an account. Safe to use from several threads."""

    def __init__(self, account: GoogleAccount, wire: Wire) -> None:
        self._account, self._wire = account, wire
        self._finding = threading.RLock()
        self._known: dict[str, list[Found]] | None = None

    @property
    def parent(self) -> str:
        """The account's resource name."""
        return f"accountTypes/GOOGLE_ADS/accounts/{self._account.id}"

    def ensure(self, remote: RemoteList) -> str:
        """Find or create the list; return its id. Raises ConfigError when another ledger owns it."""
        with self._finding:
            found = self._read(remote.external_id) if remote.external_id else None
            found = found or self._find(remote)
            return self._owned(found, remote) if found is not None else self._create(remote)

    def get(self, external_id: str) -> Any:
        """The list's message. Raises Gone when it is not there."""
        return self._wire.get("get_user_list", types.GetUserListRequest(name=self.name_of(external_id)))

    def name_of(self, external_id: str) -> str:
        """The list's resource name."""
        return f"{self.parent}/userLists/{external_id}"

    def rename(self, external_id: str, name: str) -> None:
        """Give it another name, with an end of its own where another list has the name. Raises Gone."""
        try:
            self._change(external_id, display_name=name)
        except RejectedRequest as error:
            if error.code not in NAME_TAKEN:
                raise
            self._change(external_id, display_name=other_name(name, _found(self.get(external_id)).code))

    def delete(self, external_id: str) -> None:
        """Delete it; one that is gone already is no error."""
        request = types.DeleteUserListRequest(name=self.name_of(external_id))
        try:
            self._wire.get("delete_user_list", request)
        except Gone:
            logger.info("a list to be deleted was not there any more")

    def look(self) -> None:
        """Read one list of the account, whichever: raises what keeps these credentials from it."""
        self._wire.get("list_user_lists", types.ListUserListsRequest(parent=self.parent, page_size=1), "account")

    def count(self) -> int:
        """How many lists the account has now."""
        return sum(1 for _ in self._all())

    def validate(self, remote: RemoteList) -> None:
        """Have Google check, without making it, whether the list could be made."""
        code = code_of(remote, self._account.integration_code_length)
        self._wire.get("create_user_list", self._creation(remote, remote.name, code, validate_only=True), "account")

    def _read(self, external_id: str) -> Found | None:
        try:
            return _found(self.get(external_id))
        except Gone:
            return None

    def _find(self, remote: RemoteList) -> Found | None:
        """The account's list with that key: ours before another's, the oldest first."""
        if self._known is None:
            known: dict[str, list[Found]] = {}
            for found in map(_found, self._all()):
                if found.key is not None:
                    known.setdefault(found.key, []).append(found)
            self._known = known
        code = code_of(remote, self._account.integration_code_length)
        keys = {code.split(":", 3)[3], remote.list_id, key_of(remote, 0)}
        candidates = [found for key in sorted(keys) for found in self._known.get(key, [])]
        ours = sorted((f for f in candidates if _is_ours(f, remote)), key=lambda f: (len(f.external_id), f.external_id))
        if len(ours) > 1:
            logger.warning("Google has %d lists for %s; the oldest is used", len(ours), remote.list_id)
        return next(filter(None, (self._read(found.external_id) for found in [*ours, *candidates])), None)

    def _all(self) -> Iterator[Any]:
        """Every list of the account, page by page. How a filter compares codes is not documented, so there is none."""
        size = read_numbers("google")["lists_per_page"].value
        token = ""
        while True:
            request = types.ListUserListsRequest(parent=self.parent, page_size=size, page_token=token)
            page = next(iter(self._wire.get("list_user_lists", request, "account").pages))
            yield from page.user_lists
            if page.next_page_token in ("", token):
                return
            token = page.next_page_token

    def _owned(self, found: Found, remote: RemoteList) -> str:
        """The id of a list that is ours or may become ours. Raises ConfigError for another ledger's."""
        wanted: dict[str, Any] = {}
        if found.ledger_id is not None and not _is_ours(found, remote):
            if found.ledger_id not in self._account.adopt:
                raise ConfigError(
                    f"the list {remote.list_id} in account {self._account.id} belongs to ledger {found.ledger_id} "
                    f"(environment {found.environment}), this is ledger {remote.ledger_id} (environment "
                    f"{remote.environment}): use another Google Ads account, or, if that ledger is given up, adopt its "
                    f"lists with adopt: [{found.ledger_id}] in the account's settings"
                )
            wanted["integration_code"] = code_of(remote, self._account.integration_code_length)
            logger.warning("took over the list %s from ledger %s", remote.list_id, found.ledger_id)
        if remote.keep_days is not None and remote.keep_days != found.keep_days:
            wanted["membership_duration"] = Duration(seconds=remote.keep_days * DAY)
        if wanted:
            self._change(found.external_id, **wanted)
        return found.external_id

    def _create(self, remote: RemoteList) -> str:
        """Create the list. After a failure that may have created it, look before trying again."""
        code = code_of(remote, self._account.integration_code_length)
        tries = iter(range(self._account.tries))

        def create() -> str:
            if next(tries) > 0:
                self._known = None
                found = self._find(remote)
                if found is not None:
                    return self._owned(found, remote)
            return self._create_once(remote, code)

        return self._wire.repeat(create)

    def _create_once(self, remote: RemoteList, code: str) -> str:
        try:
            created = self._wire.once("create_user_list", self._creation(remote, remote.name, code), "account")
        except RejectedRequest as error:
            if error.code not in NAME_TAKEN:
                raise
            again = self._creation(remote, other_name(remote.name, code), code)
            created = self._wire.once("create_user_list", again, "account")
        found = _found(created)
        if not found.external_id:
            raise Unavailable("Google did not say the id of the list that it created")
        if self._known is not None and found.key is not None:
            self._known.setdefault(found.key, []).append(found)
        return found.external_id

    def _creation(self, remote: RemoteList, name: str, code: str, *, validate_only: bool = False) -> Any:
        kind = types.IngestedUserListInfo.UploadKeyType.CONTACT_ID
        source = types.ContactIdInfo(data_source_type=types.DataSourceType.DATA_SOURCE_TYPE_FIRST_PARTY)
        made = types.UserList(
            display_name=name,
            integration_code=code,
            membership_status=types.UserList.MembershipStatus.OPEN,
            ingested_user_list_info=types.IngestedUserListInfo(upload_key_types=[kind], contact_id_info=source),
        )
        if remote.keep_days is not None:
            made.membership_duration = Duration(seconds=remote.keep_days * DAY)
        return types.CreateUserListRequest(parent=self.parent, user_list=made, validate_only=validate_only)

    def _change(self, external_id: str, **values: Any) -> None:
        changed = types.UserList(name=self.name_of(external_id), **values)
        request = types.UpdateUserListRequest(user_list=changed, update_mask=FieldMask(paths=sorted(values)))
        self._wire.get("update_user_list", request)


def _is_ours(found: Found, remote: RemoteList) -> bool:
    return (found.environment, found.ledger_id) == (remote.environment, remote.ledger_id)


def _found(listed: Any) -> Found:
    mark = MARK.fullmatch(listed.integration_code)
    environment, ledger_id, key = mark.groups() if mark else (None, None, None)
    seconds = types.UserList.pb(listed).membership_duration.seconds
    external_id = str(listed.id) if listed.id else listed.name.rpartition("/")[2]
    days = seconds // DAY if seconds else None
    return Found(external_id, listed.display_name, listed.integration_code, days, environment, ledger_id, key)


def plain_name(listed: Any) -> str:
    """The name that a list was given."""
    return _found(listed).plain_name
