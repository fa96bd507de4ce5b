"""Pinterest's stand-in: customer lists and audiences, as strict as `docs/platforms/pinterest.md` says Pinterest is."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from audiences.sandbox import rest_refusals
from audiences.sandbox.faults import Fault
from audiences.sandbox.http_stand_in import Asked, HttpStandIn, Refusal, Row, is_hash
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import StoredList

FIRST_ID, FIRST_AUDIENCE = 680_000_000_000, 2_540_000_000_000
AUDIENCES = "pinterest audiences"
MAX_PAGE, DEFAULT_PAGE = 250, 25
MIN_PEOPLE = 100
LIST_TYPES = ("EMAIL", "IDFA", "MAID", "LR_ID", "DLX_ID", "HASHED_PINNER_ID")


class PinterestControl(BaseModel):
    """What the stand-in believes; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    refresh_tokens: list[str] = Field(default_factory=lambda: ["sandbox-refresh"])
    scopes: list[str] = Field(default_factory=lambda: ["ads:read", "ads:write"])
    accounts: list[str] | None = None
    """The ad accounts that there are; None lets any be."""
    max_records: int = 10_000
    max_bytes: int = 1_000_000
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to customer lists by id, done once: `{name: ...}`, `{deleted: true}`."""


def refused(status: int, words: str = "refused") -> Refusal:
    """Pinterest's refusal: a status, and in the body a code of its own with words."""
    return Refusal(status, {"code": 2 if status == 401 else 1, "message": words})


def require(true: object, words: str, status: int = 400) -> None:
    """Raise the refusal with these words unless it is true."""
    if not true:
        raise refused(status, words)


class PinterestStandIn(HttpStandIn):
    """Answers requests under `/pinterest/`."""

    name = "pinterest"
    routes: ClassVar = {
        ("POST", "v5/oauth/token"): "token",
        ("POST", "v5/ad_accounts/*/customer_lists"): "create",
        ("GET", "v5/ad_accounts/*/customer_lists"): "find",
        ("GET", "v5/ad_accounts/*/customer_lists/*"): "read_list",
        ("PATCH", "v5/ad_accounts/*/customer_lists/*"): "change",
        ("POST", "v5/ad_accounts/*/audiences"): "create_audience",
        ("GET", "v5/ad_accounts/*/audiences"): "find_audiences",
        ("GET", "v5/ad_accounts/*/audiences/*"): "read_audience",
        ("PATCH", "v5/ad_accounts/*/audiences/*"): "edit",
    }
    writing: ClassVar = HttpStandIn.writing | {"create_audience"}
    about_lists: ClassVar = frozenset({"read_list"})

    def __init__(self, context: Context) -> None:
        super().__init__(context, PinterestControl())
        self._handlers: dict[str, Callable[[Asked, Fault | None], Mapping[str, Any]]] = {
            "token": lambda asked, _: rest_refusals.new_token(
                asked, self._control.tokens, self._control.refresh_tokens
            ),
            "create": self._create,
            "find": lambda asked, _: self._page(asked, self.name, self._shown),
            "read_list": lambda asked, _: self._shown(self._kept(asked, self.name)),
            "add": self._change,
            "remove": self._change,
            "create_audience": self._create_audience,
            "find_audiences": lambda asked, _: self._page(asked, AUDIENCES, self._audience),
            "read_audience": lambda asked, _: self._audience(self._kept(asked, AUDIENCES)),
            "edit": self._edit,
            "delete": self._remove_audience,
        }

    def kind_of(self, kind: str, content: Mapping[str, Any]) -> str:
        """A change says in the body what it is."""
        if kind == "change":
            return "remove" if content.get("operation_type") == "REMOVE" else "add"
        if kind == "edit":
            return "delete" if content.get("operation_type") == "REMOVE" else "edit"
        return kind

    def no_such_request(self) -> Refusal:
        """Nothing there."""
        return refused(404, "no such address")

    def refusal_for(self, fault: Fault) -> Refusal | None:
        """By status."""
        return rest_refusals.refusal_for(fault, refused)

    def allow(self, asked: Asked) -> None:
        """Token, scope, ad account."""
        if asked.kind == "token":
            return
        require(asked.token in self._control.tokens, "unknown access token", 401)
        scope = "ads:write" if asked.kind in self.writing else "ads:read"
        require(scope in self._control.scopes, "scope is missing", 403)
        accounts = self._control.accounts
        require(accounts is None or asked.parts[0] in accounts, "no such ad account", 404)

    def handle(self, asked: Asked, fault: Fault | None) -> Mapping[str, Any]:
        """Answer."""
        return self._handlers[asked.kind](asked, fault)

    def sunk(self, asked: Asked) -> Mapping[str, Any]:
        """The records are counted."""
        asked.seen["rows"] = asked.body.count(b",") - 1
        return {"id": asked.parts[-1]}

    def _create(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        name: Any = asked.json.get("name")
        kind = asked.json.get("list_type", "EMAIL")
        require(isinstance(name, str) and name, "no name")
        require(kind in LIST_TYPES, "unknown list_type")
        rows = self._rows(asked)
        number, now = (self._store.last_id(self.name) or FIRST_ID) + 1, self._context.clock.now()
        options = {"list_type": kind, "batches": 1, "uploaded": len(rows), "removed": 0}
        new = StoredList(number, self.name, asked.parts[0], name, "", now, now, options)
        self._store.create(new)
        asked.seen["list"] = str(number)
        self.take(new, rows, fault, adding=True, schema=[kind])
        return self._shown(new)

    def _change(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked, self.name)
        asked.seen["list"] = str(kept.id)
        operation = asked.json.get("operation_type")
        require(operation in ("ADD", "REMOVE"), "operation_type is neither ADD nor REMOVE")
        rows = self._rows(asked)
        kept.options["batches"] += 1
        kept.options["uploaded" if operation == "ADD" else "removed"] += len(rows)
        self.take(kept, rows, fault, adding=operation == "ADD", schema=[kept.options["list_type"]])
        return self._shown(kept)

    def _rows(self, asked: Asked) -> list[Row]:
        """The records: hashes, joined by commas, of one family. There is no request without any."""
        require(len(asked.body) <= self._control.max_bytes, "body above the bound in bytes", 413)
        records = asked.json.get("records")
        cells = [cell for cell in records.split(",") if cell] if isinstance(records, str) else []
        asked.seen["rows"] = len(cells)
        require(cells, "no records")
        require(len(cells) <= self._control.max_records, "more records than a request takes")
        require(all(map(is_hash, cells)), "record is no SHA-256 in lower case")
        return [((cell,), cell) for cell in cells]

    def _create_audience(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        name, rule = asked.json.get("name"), asked.json.get("rule")
        require(isinstance(name, str) and name, "no name")
        require(asked.json.get("audience_type") == "CUSTOMER_LIST", "audience_type is not CUSTOMER_LIST")
        number = str(rule.get("customer_list_id", "")) if isinstance(rule, dict) else ""
        kept = self._store.find_list(self.name, int(number)) if number.isdecimal() else None
        if kept is None or kept.account != asked.parts[0]:
            raise refused(400, "rule names no customer list of the account")
        new, now = (self._store.last_id(AUDIENCES) or FIRST_AUDIENCE) + 1, self._context.clock.now()
        words = str(asked.json.get("description", ""))
        made = StoredList(new, AUDIENCES, asked.parts[0], str(name), words, now, now, {"of": kept.id})
        self._store.create(made)
        return self._audience(made)

    def _edit(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked, AUDIENCES)
        name = asked.json.get("name", kept.name)
        require(asked.json.get("operation_type") == "UPDATE", "operation_type is neither UPDATE nor REMOVE")
        require(isinstance(name, str) and name, "no name")
        self.keep(kept, str(name), str(asked.json.get("description", kept.description)))
        return self._audience(self._kept(asked, AUDIENCES))

    def _remove_audience(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked, AUDIENCES)
        self._store.delete(kept.id)
        return {"id": str(kept.id)}

    def _kept(self, asked: Asked, kind: str) -> StoredList:
        account, number = asked.parts
        is_number = number.isdecimal() and len(number) < 19
        kept = self._store.find_list(kind, int(number)) if is_number else None
        if kept is None or kept.account != account:
            raise refused(404, "no such list or audience")
        return kept

    def _page(self, asked: Asked, kind: str, shown: Callable[[StoredList], dict[str, Any]]) -> dict[str, Any]:
        size = asked.query.get("page_size", str(DEFAULT_PAGE))
        require(size.isdecimal() and 1 <= int(size) <= MAX_PAGE, "page_size is not from 1 to 250")
        lists = self._store.find_lists(kind, asked.parts[0])
        try:
            start = int(base64.urlsafe_b64decode(asked.query.get("bookmark", "") or b"MA=="))
        except ValueError:
            raise refused(400, "malformed bookmark") from None
        end = start + int(size)
        bookmark = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(lists) else None
        return {"items": [shown(kept) for kept in lists[start:end]], "bookmark": bookmark}

    def _shown(self, kept: StoredList) -> dict[str, Any]:
        people = self._store.people.count(kept.id)
        is_waiting = self._store.waiting(kept.id) > 0
        return {
            "id": str(kept.id),
            "ad_account_id": kept.account,
            "name": kept.name,
            "created_time": int(kept.created_at),
            "num_batches": kept.options["batches"],
            "num_uploaded_user_records": kept.options["uploaded"],
            "num_removed_user_records": kept.options["removed"],
            "status": "PROCESSING" if is_waiting else "READY" if people >= MIN_PEOPLE else "TOO_SMALL",
            "type": "customerlist",
            "updated_time": int(kept.changed_at),
        }

    def _audience(self, kept: StoredList) -> dict[str, Any]:
        people = self._store.people.count(kept.options["of"])
        return {
            "id": str(kept.id),
            "ad_account_id": kept.account,
            "name": kept.name,
            "description": kept.description,
            "audience_type": "CUSTOMER_LIST",
            "rule": {"customer_list_id": str(kept.options["of"])},
            "size": people,
            "status": "READY" if people >= MIN_PEOPLE else "TOO_SMALL",
            "type": "audience",
        }


def open_stand_in(context: Context) -> PinterestStandIn:
    """Open Pinterest's stand-in."""
    return PinterestStandIn(context)
