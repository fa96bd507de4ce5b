"""Reading a Data Manager API request: which kind it is, and its body as the SDK's own message.

The SDK takes long to import and not every installation of the sandbox needs it, so it is imported with the first request.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from starlette.datastructures import QueryParams

from audiences.sandbox.google_errors import Refusal, invalid

UPLOADS = ("add", "remove")
MEMBER_PATHS = {
    "v1/audienceMembers:ingest": "add",
    "v1/audienceMembers:remove": "remove",
    "v1/audienceMembers:removeAll": "remove_all",
}
MESSAGES = {
    "add": "IngestAudienceMembersRequest",
    "remove": "RemoveAudienceMembersRequest",
    "remove_all": "RemoveAllAudienceMembersRequest",
    "create": "UserList",
    "edit": "UserList",
}
LISTS = re.compile(r"v1/accountTypes/([A-Z_]+)/accounts/(\d+)/userLists(?:/(\d{1,18}))?")
ONE, ALL = {"GET": "read_list", "PATCH": "edit", "DELETE": "delete"}, {"GET": "find", "POST": "create"}
PLACE = re.compile(r' at "?([A-Za-z]+(?:[\w.\[\]]*\w\]?)?)"?')
UNKNOWN_FIELD = re.compile(r'has no field named "(\w+)"')
WRITING = frozenset({"create", "edit", "delete", "remove_all", *UPLOADS})
VALIDATED, TAIL = re.compile(rb'"validateOnly"\s*:\s*true'), 2_000


@dataclass(frozen=True)
class Asked:
    """One request, read. `account` and `list` are empty where the body names them."""

    kind: str
    method: str
    account_type: str
    account: str
    list: str
    query: QueryParams
    token: str
    login: str
    url_length: int
    body: bytes

    @property
    def is_writing(self) -> bool:
        """Whether it is to change anything; what is only to be validated is not."""
        is_validated = self.query.get("validateOnly") == "true" or VALIDATED.search(self.body[-TAIL:]) is not None
        return self.kind in WRITING and not is_validated


def place_of(method: str, path: str) -> tuple[str, str, str, str] | None:
    """Kind, account type, account and list of a request; None for one that the sandbox lacks."""
    path = path.strip("/")
    if method == "POST" and path in MEMBER_PATHS:
        return MEMBER_PATHS[path], "", "", ""
    if (method, path) == ("GET", "v1/requestStatus:retrieve"):
        return "request_status", "", "", ""
    found = LISTS.fullmatch(path)
    if found is None:
        return None
    account_type, account, number = found.groups()
    kind = (ONE if number else ALL).get(method)
    return None if kind is None else (kind, account_type, account, number or "")


@cache
def sdk() -> Any:
    """The types of Google's client."""
    return import_module("google.ads.datamanager_v1.types")


@cache
def json_format() -> Any:
    """The reader and writer of protobuf's JSON."""
    return import_module("google.protobuf.json_format")


def message_of(asked: Asked) -> Any:
    """The request's body as the SDK's protobuf message. Raises Refusal with the path of what is malformed."""
    kind = getattr(sdk(), MESSAGES[asked.kind])
    message = kind.pb(kind())
    try:
        if not isinstance(json.loads(asked.body), dict):
            raise ValueError
    except ValueError:
        raise Refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received.") from None
    try:
        json_format().Parse(asked.body, message)
    except json_format().ParseError as error:
        raise _malformed(str(error)) from None
    return message


def _malformed(words: str) -> Refusal:
    """The refusal of what is no such message; the reader's words hold the place, and values, which are not told."""
    place, unknown = PLACE.search(words), UNKNOWN_FIELD.search(words)
    path = place[1].partition(".")[2] if place is not None else ""
    if unknown is not None:
        return invalid(".".join(filter(None, (path, unknown[1]))), "INVALID_ARGUMENT", "Cannot find field.")
    reason = "INVALID_ENUM_VALUE" if "Invalid enum value" in words else "INVALID_FORMAT"
    return invalid(path, reason, "Invalid value at a field.")


def as_json(message: Any) -> str:
    """A message as the API writes it: camelCase, enums as numbers, 64-bit numbers as text."""
    text: str = json_format().MessageToJson(message, use_integers_for_enums=True, indent=None)
    return text
