"""Google's user lists in the sandbox: create, find, read, change. Runs inside a store's transaction."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audiences.sandbox.google_errors import invalid, missing_list
from audiences.sandbox.google_request import Asked, as_json, json_format, message_of, sdk
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import StoredList

if TYPE_CHECKING:
    from audiences.sandbox.google import GoogleControl

FIRST_ID = 7_000_000_000
DAY = 86_400
MAX_DAYS = 540
CONTACT_ID, FIRST_PARTY, OPEN = 1, 1, 1
DEFAULT_PAGE, MAX_PAGE = 50, 1_000
FILTER = re.compile(r'\s*(integration_code|integrationCode|display_name|displayName)\s*=\s*"([^"]*)"\s*')
CHANGEABLE = ("display_name", "description", "integration_code", "membership_duration", "membership_status")


class GoogleLists:
    """The user lists. Every method takes and gives what stands in the API's requests and answers."""

    def __init__(self, context: Context, control: Callable[[], GoogleControl]) -> None:
        self._context, self._store, self._control = context, context.store, control

    def create(self, asked: Asked) -> str:
        """Create a list that takes contact data."""
        wanted = message_of(asked)
        self._check_name(asked.account, wanted.display_name, None)
        _check_duration(wanted)
        info = wanted.ingested_user_list_info
        kinds = list(info.upload_key_types)
        path = "userList.ingestedUserListInfo"
        if not kinds:
            raise invalid(f"{path}.uploadKeyTypes", "REQUIRED_FIELD_MISSING")
        if kinds != [CONTACT_ID]:
            raise invalid(f"{path}.uploadKeyTypes", "UNSUPPORTED_USER_LIST_UPLOAD_KEY_TYPES")
        if info.contact_id_info.data_source_type not in (0, FIRST_PARTY):
            raise invalid(f"{path}.contactIdInfo.dataSourceType", "UNSUPPORTED_INGESTED_USER_LIST_INFO_CONFIG")
        if len(self._store.find_lists("google", asked.account)) >= self._control().max_lists:
            raise invalid("parent", "TOO_MANY_ELEMENTS")
        if asked.query.get("validateOnly") == "true":
            return as_json(wanted)
        new = (self._store.last_id("google") or FIRST_ID) + 1
        now = self._context.clock.now()
        wanted.membership_status = wanted.membership_status or OPEN
        if not wanted.HasField("membership_duration"):
            wanted.membership_duration.seconds = MAX_DAYS * DAY
        kept = StoredList(new, "google", asked.account, wanted.display_name, wanted.integration_code, now, now, {})
        self._store.create(_with(kept, wanted))
        return self._shown(self.of(asked.account, str(new)))

    def find(self, asked: Asked) -> str:
        """One page of the account's lists, newest first."""
        size, start = _number(asked.query.get("pageSize"), DEFAULT_PAGE), _cursor(asked.query.get("pageToken"))
        lists = [kept for kept in self._store.find_lists("google", asked.account) if _matches(asked, kept)]
        end = start + min(size or DEFAULT_PAGE, MAX_PAGE)
        answer = sdk().ListUserListsResponse.pb(sdk().ListUserListsResponse())
        for kept in lists[start:end]:
            answer.user_lists.append(self._message(kept))
        if len(lists) > end:
            answer.next_page_token = base64.urlsafe_b64encode(str(end).encode()).decode()
        return as_json(answer)

    def read(self, asked: Asked) -> str:
        """One list."""
        return self._shown(self.of(asked.account, asked.list))

    def edit(self, asked: Asked) -> str:
        """Change what the mask names."""
        kept, changes = self.of(asked.account, asked.list), message_of(asked)
        mask = [_snake(path) for path in asked.query.get("updateMask", "").split(",") if path]
        if any(path.startswith("ingested_user_list_info") for path in mask):
            raise invalid("userList.ingestedUserListInfo", "IMMUTABLE_FIELD_FOR_UPDATE")
        if not mask or not set(mask) <= set(CHANGEABLE):
            raise invalid("updateMask", "INVALID_UPDATE_MASK")
        changed = self._message(kept)
        for path in mask:
            changed.ClearField(path)
            if changes.HasField(path):
                self._copy(changed, changes, path)
        self._check_name(asked.account, changed.display_name, kept.id)
        _check_duration(changed)
        if asked.query.get("validateOnly") != "true":
            self._store.change(replace(_with(kept, changed), changed_at=self._context.clock.now()))
        return self._shown(self.of(asked.account, asked.list))

    def delete(self, asked: Asked) -> str:
        """Delete a list and who is on it."""
        kept = self.of(asked.account, asked.list)
        if asked.query.get("validateOnly") != "true":
            self._store.delete(kept.id)
        return "{}"

    def of(self, account: str, number: str) -> StoredList:
        """One list of an account. Raises Refusal when it is not there."""
        kept = self._store.find_list("google", int(number)) if number.isdecimal() and len(number) < 19 else None
        if kept is None or kept.account != account:
            raise missing_list()
        return kept

    def meddle(self, number: str, new_name: str | None) -> None:
        """Delete a list behind everybody's back, or rename it; one that is not there stays as it is."""
        with self._store.transaction() as store:
            is_there = number.isdecimal() and store.find_list("google", int(number)) is not None
        if is_there:
            self.change({number: {"deleted": True} if new_name is None else {"name": new_name}})

    def change(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """What somebody does to lists in Google Ads: by id, `name`, `integration_code`, `closed`, `sensitive`, `deleted`.

        Raises ValueError for a list that is not there.
        """
        if not changes:
            return
        with self._store.transaction() as store:
            for number, values in changes.items():
                kept = store.find_list("google", int(number))
                if kept is None:
                    raise ValueError("no such list")
                if values.get("deleted"):
                    store.delete(kept.id)
                    continue
                for name in ("closed", "sensitive"):
                    kept.options[name] = values.get(name, kept.options.get(name, False))
                message = self._message(kept)
                message.display_name = values.get("name", kept.name)
                message.integration_code = values.get("integration_code", kept.description)
                store.change(_with(kept, message))

    def _check_name(self, account: str, name: str, number: int | None) -> None:
        if not name.strip():
            raise invalid("userList.displayName", "REQUIRED_FIELD_MISSING")
        if any(kept.name == name and kept.id != number for kept in self._store.find_lists("google", account)):
            raise invalid("userList.displayName", "DISPLAY_NAME_ALREADY_USED")

    def _copy(self, changed: Any, changes: Any, path: str) -> None:
        if path == "membership_duration":
            changed.membership_duration.CopyFrom(changes.membership_duration)
        else:
            setattr(changed, path, getattr(changes, path))

    def _message(self, kept: StoredList) -> Any:
        message = sdk().UserList.pb(sdk().UserList())
        json_format().Parse(kept.options["list"], message)
        message.name = f"accountTypes/GOOGLE_ADS/accounts/{kept.account}/userLists/{kept.id}"
        message.id = kept.id
        if kept.options.get("closed"):
            message.membership_status, message.closing_reason = 2, 1
        return message

    def _shown(self, kept: StoredList) -> str:
        """A list with its sizes, in two digits; the networks do not differ here."""
        message = self._message(kept)
        people = self._store.people.count(kept.id)
        step = 10 ** max(len(str(people)) - 2, 1)
        for network in ("display_network", "search_network", "youtube", "gmail"):
            setattr(message.size_info, f"{network}_members_count", people // step * step)
        rate = self._control().match_rate_percent if people else 0
        message.ingested_user_list_info.contact_id_info.match_rate_percentage = rate
        return as_json(message)


def _with(kept: StoredList, message: Any) -> StoredList:
    options = {**kept.options, "list": as_json(message)}
    return replace(kept, name=message.display_name, description=message.integration_code, options=options)


def _check_duration(wanted: Any) -> None:
    if not wanted.HasField("membership_duration"):
        return
    seconds, path = wanted.membership_duration.seconds, "userList.membershipDuration"
    if seconds < 0 or seconds % DAY or wanted.membership_duration.nanos:
        raise invalid(path, "INVALID_ARGUMENT")
    if seconds > MAX_DAYS * DAY:
        raise invalid(path, "MEMBERSHIP_DURATION_TOO_LONG")


def _matches(asked: Asked, kept: StoredList) -> bool:
    text = asked.query.get("filter", "")
    if not text:
        return True
    found = FILTER.fullmatch(text)
    if found is None:
        raise invalid("filter", "INVALID_FILTER")
    return (kept.description if "ode" in found[1] and "ntegration" in found[1] else kept.name) == found[2]


def _snake(path: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), path.strip())


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdecimal():
        raise invalid("pageSize", "INVALID_NUMBER_FORMAT")
    return int(text)


def _cursor(text: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(text)) if text else 0
    except ValueError:
        raise invalid("pageToken", "INVALID_PAGE_TOKEN") from None
