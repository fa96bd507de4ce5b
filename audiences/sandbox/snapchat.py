"""Snapchat's stand-in: segments and their users, as strict as `docs/platforms/snapchat.md` says Snapchat is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from audiences.sandbox import rest_refusals
from audiences.sandbox.faults import Fault
from audiences.sandbox.http_stand_in import Asked, HttpStandIn, Refusal, Row, is_hash
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import StoredList

FIRST_ID = 5_400_000_000_000
MAX_NAME, FOR_EVER = 375, 9999
PAGE, MIN_PEOPLE = 50, 1_000
KEYS = ("EMAIL_SHA256", "PHONE_SHA256", "MOBILE_AD_ID_SHA256")


class SnapchatControl(BaseModel):
    """What the stand-in believes; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    refresh_tokens: list[str] = Field(default_factory=lambda: ["sandbox-refresh"])
    may_write: bool = True
    accounts: list[str] | None = None
    """The ad accounts that there are; None lets any be."""
    max_users: int = 100_000
    refuses_in_envelope: bool = False
    """Whether users are refused with HTTP 200, and with an envelope that says so."""
    partial: bool = False
    """Whether the request is a success, and what is in it is not."""
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to segments by id, done once: `{name: ...}`, `{description: ...}`, `{deleted: true}`."""


def refused(status: int, words: str = "refused") -> Refusal:
    """Snapchat's refusal: a status, and an envelope with words."""
    told = {"debug_message": words, "display_message": words, "error_code": f"E{status}0"}
    return Refusal(status, {"request_status": "ERROR", "request_id": secrets.token_hex(8), **told})


def require(true: object, words: str, status: int = 400) -> None:
    """Raise the refusal with these words unless it is true."""
    if not true:
        raise refused(status, words)


class SnapchatStandIn(HttpStandIn):
    """Answers requests under `/snapchat/`."""

    name = "snapchat"
    routes: ClassVar = {
        ("POST", "login/oauth2/access_token"): "token",
        ("GET", "v1/adaccounts/*/segments"): "find",
        ("POST", "v1/adaccounts/*/segments"): "create",
        ("PUT", "v1/adaccounts/*/segments"): "edit",
        ("GET", "v1/segments/*"): "read_list",
        ("DELETE", "v1/segments/*"): "delete",
        ("POST", "v1/segments/*/users"): "add",
        ("DELETE", "v1/segments/*/users"): "remove",
        ("DELETE", "v1/segments/*/all_users"): "empty",
    }
    writing: ClassVar = HttpStandIn.writing | {"empty"}

    def __init__(self, context: Context) -> None:
        super().__init__(context, SnapchatControl())
        self._handlers: dict[str, Callable[[Asked, Fault | None], Mapping[str, Any]]] = {
            "token": lambda asked, _: rest_refusals.new_token(
                asked, self._control.tokens, self._control.refresh_tokens
            ),
            "find": self._find,
            "create": self._create,
            "edit": self._edit,
            "read_list": lambda asked, _: self._segments([self._kept(asked.parts[0])]),
            "delete": self._delete,
            "add": self._users,
            "remove": self._users,
            "empty": self._empty,
        }

    def no_such_request(self) -> Refusal:
        """Nothing there."""
        return refused(404, "no such address")

    def refusal_for(self, fault: Fault) -> Refusal | None:
        """By status."""
        return rest_refusals.refusal_for(fault, refused)

    def allow(self, asked: Asked) -> None:
        """Token, permission, ad account."""
        if asked.kind == "token":
            return
        require(asked.token in self._control.tokens, "unknown access token", 401)
        require(asked.kind not in self.writing or self._control.may_write, "no permission to write", 403)
        if asked.kind in ("find", "create", "edit"):
            require(self._is_known(asked.parts[0]), "no such ad account", 404)

    def _is_known(self, account: str) -> bool:
        return self._control.accounts is None or account in self._control.accounts

    def list_in(self, asked: Asked) -> str | None:
        """The segment stands in the path, or in the body of an edit."""
        if asked.kind == "edit":
            return str(_only(asked.json, "segments").get("id", ""))
        return asked.parts[0] if asked.parts else None

    def handle(self, asked: Asked, fault: Fault | None) -> Mapping[str, Any]:
        """Answer."""
        return self._handlers[asked.kind](asked, fault)

    def sunk(self, asked: Asked) -> Mapping[str, Any]:
        """The identifiers are counted."""
        asked.seen["rows"] = asked.body.count(b"],[") + 1
        return _enveloped("users", [{"user": {"number_uploaded_users": asked.seen["rows"]}}])

    def _find(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        lists = self._store.find_lists(self.name, asked.parts[0])
        cursor = asked.query.get("cursor", "0")
        require(cursor.isdecimal(), "malformed cursor")
        end = int(cursor) + PAGE
        answer = self._segments(lists[int(cursor) : end])
        link = f"https://adsapi.snapchat.com/v1/adaccounts/{asked.parts[0]}/segments?cursor={end}"
        return {**answer, "paging": {"next_link": link} if end < len(lists) else {}}

    def _create(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        wanted = _only(asked.json, "segments")
        name, days = wanted.get("name"), wanted.get("retention_in_days", FOR_EVER)
        require(wanted.get("source_type") == "FIRST_PARTY", "source_type is not FIRST_PARTY")
        require(wanted.get("ad_account_id") == asked.parts[0], "ad_account_id is not the address's")
        _require_words(name, days)
        number, now = (self._store.last_id(self.name) or FIRST_ID) + 1, self._context.clock.now()
        words = str(wanted.get("description", ""))
        options = {"retention_in_days": days, "has_uploads": False}
        new = StoredList(number, self.name, asked.parts[0], str(name), words, now, now, options)
        self._store.create(new)
        return self._segments([new])

    def _edit(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        wanted = _only(asked.json, "segments")
        kept = self._kept(str(wanted.get("id", "")))
        require(kept.account == asked.parts[0], "segment of another ad account", 404)
        days = wanted.get("retention_in_days", kept.options["retention_in_days"])
        _require_words(wanted.get("name"), days)
        kept.options["retention_in_days"] = days
        self.keep(kept, str(wanted["name"]), str(wanted.get("description", "")))
        return self._segments([self._kept(str(kept.id))])

    def _delete(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        self._store.delete(self._kept(asked.parts[0]).id)
        return _enveloped("segments", [{}])

    def _empty(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        self._store.people.clear(self._kept(asked.parts[0]).id)
        return _enveloped("users", [{}])

    def _users(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked.parts[0])
        asked.seen["list"] = str(kept.id)
        require("application/json" in asked.content_type, "body is not JSON by its content type")
        schema, rows = self._rows(asked)
        if self._control.refuses_in_envelope or self._control.partial:
            return self._refused_users()
        kept.options["has_uploads"] = True
        bad = set(fault.rows) if fault is not None and fault.do == "invalid_rows" else set()
        self.take(kept, rows, fault, adding=asked.kind == "add", schema=[schema])
        number = len(rows) - len([place for place in bad if place < len(rows)])
        return _enveloped("users", [{"user": {"number_uploaded_users": number}}])

    def _refused_users(self) -> dict[str, Any]:
        status = "PARTIAL" if self._control.partial else "ERROR"
        part = {"sub_request_status": "ERROR", "sub_request_error_reason": "told to refuse users in the envelope"}
        whole = {"request_status": "SUCCESS" if self._control.partial else status, "request_id": secrets.token_hex(8)}
        return {**whole, "users": [part]}

    def _rows(self, asked: Asked) -> tuple[str, list[Row]]:
        """The identifiers: of one type, hashed, not too many."""
        wanted = _only(asked.json, "users")
        schema: Any = wanted.get("schema")
        data: Any = wanted.get("data")
        is_one = isinstance(schema, list) and len(schema) == 1
        require(is_one and schema[0] in KEYS, "schema is not one known type")
        require(isinstance(data, list) and data, "no users")
        asked.seen["rows"] = len(data)
        require(len(data) <= self._control.max_users, "more users than a request takes")
        require(all(isinstance(row, list) and len(row) == 1 for row in data), "row is not one identifier")
        require(all(is_hash(row[0]) for row in data), "identifier is no SHA-256 in lower case")
        return schema[0], [((row[0],), row[0]) for row in data]

    def _kept(self, number: str) -> StoredList:
        is_number = number.isdecimal() and len(number) < 19
        kept = self._store.find_list(self.name, int(number)) if is_number else None
        if kept is None or not self._is_known(kept.account):
            raise refused(404, "no such segment")
        return kept

    def _segments(self, lists: list[StoredList]) -> dict[str, Any]:
        return _enveloped("segments", [{"segment": self._shown(kept)} for kept in lists])

    def _shown(self, kept: StoredList) -> dict[str, Any]:
        people = self._store.people.count(kept.id)
        is_waiting = self._store.waiting(kept.id) > 0
        uploads = "PROCESSING" if is_waiting else "COMPLETE" if kept.options["has_uploads"] else "NO_UPLOAD"
        return {
            "id": str(kept.id),
            "name": kept.name,
            "description": kept.description,
            "ad_account_id": kept.account,
            "source_type": "FIRST_PARTY",
            "retention_in_days": kept.options["retention_in_days"],
            "approximate_number_users": people,
            "status": "ACTIVE",
            "upload_status": uploads,
            "targetable_status": "READY" if people >= MIN_PEOPLE else "TOO_FEW_USERS" if people else "NOT_READY",
        }


def _enveloped(name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {"request_status": "SUCCESS", "request_id": secrets.token_hex(8)}
    return {**whole, name: [{"sub_request_status": "SUCCESS", **part} for part in parts]}


def _only(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The one object of a list in the body."""
    parts = content.get(name)
    if not isinstance(parts, list) or len(parts) != 1 or not isinstance(parts[0], dict):
        raise refused(400, "body has not exactly one object in its list")
    return parts[0]


def _require_words(name: object, days: object) -> None:
    require(isinstance(name, str) and 0 < len(name) <= MAX_NAME, "no name of 1 to 375 characters")
    require(type(days) is int and 1 <= days <= FOR_EVER, "retention_in_days is not from 1 to 9999")


def open_stand_in(context: Context) -> SnapchatStandIn:
    """Open Snapchat's stand-in."""
    return SnapchatStandIn(context)
