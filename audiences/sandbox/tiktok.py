"""TikTok's stand-in: segments, mappings and customer files, as strict as `docs/platforms/tiktok.md` says TikTok is.

Every answer has HTTP status 200; the outcome is the `code` in its body.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from audiences.sandbox.faults import Fault
from audiences.sandbox.http_stand_in import Asked, HttpStandIn, Refusal, Row, is_hash
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import StoredList
from audiences.sandbox.tiktok_files import form_of, rows_in

FIRST_ID = 7_300_000_000_000_000
NO_PERMISSION, INVALID, MISSING, THROTTLED, BAD_TOKEN, BAD_FILE, INTERNAL = (
    40001,
    40002,
    40007,
    40100,
    40105,
    40908,
    50000,
)
CANNED = {
    "throttle": THROTTLED,
    "server_error": INTERNAL,
    "expired_token": BAD_TOKEN,
    "no_permission": NO_PERMISSION,
    "terms": NO_PERMISSION,
    "flagged": NO_PERMISSION,
}
PERSON_KEYS = ("EMAIL_SHA256", "PHONE_SHA256")
KEYS = (*PERSON_KEYS, "IDFA_SHA256", "AAID_SHA256", "IDFA_MD5", "AAID_MD5")
MAX_NAME, CUT_NAME, MAX_FILE_NAME = 70, 67, 128
MAX_PAGE, MAX_AT_ONCE, MAX_FILE_BYTES, MAX_FILES, MAX_DAYS = 100, 100, 50_000_000, 500, 365
FILE_ENDINGS, MD5 = (".csv", ".txt"), re.compile("[0-9a-f]{32}")
LIST_TYPES = {"streaming": "Partner Audience", "files": "Customer File Audience"}


class TikTokControl(BaseModel):
    """What the stand-in believes; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    may_write: bool = True
    advertisers: list[str] | None = None
    """The advertisers that there are; None lets any be."""
    max_lists: int = 400
    max_rows: int = 1_000
    """How many rows a mapping takes."""
    min_file_people: int = Field(default=1_000, ge=0)
    """A change by file that leaves fewer people is refused."""
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to lists by id, done once: `{name: ...}`, `{deleted: true}`."""


def refused(code: int, words: str) -> Refusal:
    """TikTok's refusal: HTTP 200 with a code."""
    return Refusal(200, {"code": code, "message": words, "request_id": _request_id(), "data": {}})


def require(true: object, words: str, code: int = INVALID) -> None:
    """Raise the refusal with these words unless it is true."""
    if not true:
        raise refused(code, words)


class TikTokStandIn(HttpStandIn):
    """Answers requests under `/tiktok/`."""

    name = "tiktok"
    routes: ClassVar = {
        ("POST", "open_api/v1.3/segment/audience"): "segment",
        ("POST", "open_api/v1.3/segment/mapping"): "mapping",
        ("GET", "open_api/v1.3/dmp/custom_audience/list"): "find",
        ("GET", "open_api/v1.3/dmp/custom_audience/get"): "read_list",
        ("POST", "open_api/v1.3/dmp/custom_audience/create"): "create_by_file",
        ("POST", "open_api/v1.3/dmp/custom_audience/update"): "update",
        ("POST", "open_api/v1.3/dmp/custom_audience/delete"): "delete",
        ("POST", "open_api/v1.3/dmp/custom_audience/file/upload"): "upload_file",
    }
    writing: ClassVar = HttpStandIn.writing | {"create_by_file", "upload_file"}
    uploads: ClassVar = HttpStandIn.uploads | {"create_by_file"}

    def __init__(self, context: Context) -> None:
        super().__init__(context, TikTokControl())
        self._files: dict[tuple[str, str], tuple[str, list[Row]]] = {}
        self._handlers: dict[str, Callable[[Asked, Fault | None], Any]] = {
            "create": self._create,
            "delete": self._delete,
            "find": self._find,
            "read_list": self._read,
            "edit": self._edit,
            "add": self._map,
            "remove": self._map,
            "create_by_file": self._create_by_file,
            "upload_file": self._upload_file,
        }

    def kind_of(self, kind: str, content: Mapping[str, Any]) -> str:
        """Segments, mappings and updates say in the body what they do."""
        if kind == "segment":
            return "delete" if content.get("action") == "delete" else "create"
        if kind == "mapping":
            return "remove" if content.get("action") == "delete" else "add"
        if kind == "update":
            if not content.get("file_paths"):
                return "edit"
            return "remove" if content.get("action") == "REMOVE" else "add"
        return kind

    def token_in(self, request: Request) -> str:
        """TikTok has a header of its own."""
        return request.headers.get("access-token", "")

    def no_such_request(self) -> Refusal:
        """No page there."""
        return Refusal(404, {"message": "no such address"})

    def refusal_for(self, fault: Fault) -> Refusal | None:
        """A code in the body; any code for the deed `error`."""
        if fault.do == "error":
            refusal = refused(fault.code, fault.message or "refused")
            refusal.status = fault.status if "status" in fault.model_fields_set else 200
            return refusal
        return refused(CANNED[fault.do], "refused") if fault.do in CANNED else None

    def allow(self, asked: Asked) -> None:
        """Token, permission, advertiser."""
        require(asked.token in self._control.tokens, "unknown access token", BAD_TOKEN)
        may = asked.kind not in self.writing or self._control.may_write
        require(may, "no permission to write", NO_PERMISSION)
        known = self._control.advertisers
        require(known is None or self._advertiser(asked) in known, "no such advertiser", NO_PERMISSION)

    def list_in(self, asked: Asked) -> str | None:
        """The audience that a request names, wherever it does."""
        content = asked.json
        if asked.kind == "read_list":
            return next(iter(_strings(asked.query.get("custom_audience_ids"))), None)
        cells = [cell for row in content.get("batch_data") or [] if isinstance(row, list) for cell in row if cell]
        if cells and isinstance(cells[0], dict):
            return next(iter(cells[0].get("audience_ids") or []), None)
        several = content.get("custom_audience_ids") or [None]
        return content.get("custom_audience_id") or content.get("delete_audience_id") or several[0]  # type: ignore[no-any-return]

    def handle(self, asked: Asked, fault: Fault | None) -> Mapping[str, Any]:
        """Answer in TikTok's envelope."""
        data = self._handlers[asked.kind](asked, fault)
        return {"code": 0, "message": "OK", "request_id": _request_id(), "data": data}

    def sunk(self, asked: Asked) -> Mapping[str, Any]:
        """The rows are counted by their places."""
        asked.seen["rows"] = len(asked.json.get("batch_data") or [])
        return {"code": 0, "message": "OK", "request_id": _request_id(), "data": {}}

    def _advertiser(self, asked: Asked) -> str:
        if asked.kind == "upload_file":
            return form_of(asked)[0].get("advertiser_id", "")
        several = asked.json.get("advertiser_ids") or [None]
        return str(asked.query.get("advertiser_id") or asked.json.get("advertiser_id") or several[0] or "")

    def _create(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        name: Any = asked.json.get("custom_audience_name")
        require(asked.json.get("action") == "create", "action is neither create nor delete")
        require(isinstance(name, str) and name, "no name")
        return {"audience_id": str(self._new(asked, name if len(name) <= MAX_NAME else name[:CUT_NAME] + "...").id)}

    def _new(self, asked: Asked, name: str, **options: Any) -> StoredList:
        advertiser = self._advertiser(asked)
        require(advertiser.isdecimal(), "advertiser_id is no number")
        has_room = len(self._store.find_lists(self.name, advertiser)) < self._control.max_lists
        require(has_room, "more audiences than an advertiser may have")
        number, now = (self._store.last_id(self.name) or FIRST_ID) + 1, self._context.clock.now()
        way = {"way": "streaming", **options}
        new = StoredList(number, self.name, advertiser, name, "", now, now, way)
        self._store.create(new)
        return new

    def _find(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        page, size = _number(asked.query.get("page"), 1), _number(asked.query.get("page_size"), 10)
        require(size <= MAX_PAGE, "page_size above 100")
        lists = self._store.find_lists(self.name, self._advertiser(asked))
        shown = lists[(page - 1) * size : page * size]
        info = {
            "page": page,
            "page_size": size,
            "total_number": len(lists),
            "total_page": max(-(-len(lists) // size), 1),
        }
        return {"list": [self._shown(kept) for kept in shown], "page_info": info}

    def _read(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        numbers = _strings(asked.query.get("custom_audience_ids"))
        require(1 <= len(numbers) <= MAX_AT_ONCE, "not from 1 to 100 audiences at once")
        kept = [self._kept(asked, number, MISSING) for number in numbers]
        return {"list": [{"audience_details": self._shown(one), "audience_history": []} for one in kept]}

    def _edit(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked, self.list_in(asked), MISSING)
        name: Any = asked.json.get("custom_audience_name")
        require(_is_name(name), "no name of 1 to 128 characters")
        self.keep(kept, name, kept.description)
        return {}

    def _delete(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        numbers = asked.json.get("custom_audience_ids", [self.list_in(asked)])
        is_list = isinstance(numbers, list) and 1 <= len(numbers) <= MAX_AT_ONCE
        require(is_list, "not from 1 to 100 audiences at once")
        for kept in [self._kept(asked, number, MISSING) for number in numbers]:
            self._store.delete(kept.id)
        return {}

    def _map(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        if asked.json.get("file_paths"):
            return self._change_by_file(asked, fault)
        asked.seen["list"] = self.list_in(asked)
        schema: Any = asked.json.get("id_schema")
        data: Any = asked.json.get("batch_data")
        require(asked.json.get("action") in ("add", "delete"), "action is neither add nor delete")
        lists = (schema, data, asked.json.get("advertiser_ids"))
        require(
            all(isinstance(one, list) for one in lists), "advertiser_ids, id_schema and batch_data are not all lists"
        )
        asked.seen["rows"] = len(data)
        require(schema and all(key in KEYS for key in schema), "unknown type in id_schema")
        require(len(set(schema)) == len(schema), "type twice in id_schema")
        require(1 <= len(data) <= self._control.max_rows, "no rows, or more than a mapping takes")
        kept = self._kept(asked, self.list_in(asked), INVALID)
        rows = [self._row(row, schema, str(kept.id)) for row in data]
        self.take(kept, rows, fault, adding=asked.kind == "add", schema=schema)
        return {}

    def _row(self, row: Any, schema: Sequence[str], number: str) -> Row:
        """A row's identifiers and text; one value of each type, `{}` for a missing one."""
        is_row = isinstance(row, list) and len(row) == len(schema)
        require(is_row and all(isinstance(cell, dict) for cell in row), "row does not fit id_schema")
        require(any(row), "row without any id")
        cells = []
        for key, cell in zip(schema, row, strict=True):
            require(not cell or set(cell) == {"id", "audience_ids"}, "id without audience_ids, or with more")
            require(not cell or _is_value(key, cell["id"]), "id is no hash of its type in lower case")
            require(not cell or cell["audience_ids"] == [number], "another audience in a row")
            cells.append(cell.get("id", ""))
        people = tuple(cell for key, cell in zip(schema, cells, strict=True) if cell and key in PERSON_KEYS)
        return people, ",".join(cells)

    def _upload_file(self, asked: Asked, _: Fault | None) -> dict[str, Any]:
        fields, content = form_of(asked)
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest()
        kind = fields.get("calculate_type")
        require(kind, "no calculate_type")
        require(
            fields.get("file_name", "").endswith(FILE_ENDINGS), "file_name ends neither in .csv nor in .txt", BAD_FILE
        )
        require(fields.get("file_signature") == signature, "file_signature is not the MD5 of the file")
        require(len(content) <= MAX_FILE_BYTES, "file above 50 MB")
        rows = rows_in(content)
        if rows is None:
            raise refused(BAD_FILE, "no header of known types, or a type more than three times")
        asked.seen["rows"] = len(rows)
        path = secrets.token_hex(12)
        self._files[fields.get("advertiser_id", ""), path] = str(kind), rows
        return {"file_path": path}

    def _create_by_file(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        name: Any = asked.json.get("custom_audience_name")
        kind: Any = asked.json.get("calculate_type")
        require(_is_name(name), "no name of 1 to 128 characters")
        require(kind, "no calculate_type")
        days = asked.json.get("retention_in_days", MAX_DAYS)
        require(type(days) is int and 1 <= days <= MAX_DAYS, "retention_in_days is not from 1 to 365")
        rows = self._rows_of(asked, kind)
        new = self._new(asked, name, way="files", calculate_type=kind, files=1)
        self.take(new, rows, fault, adding=True, schema=PERSON_KEYS)
        self._require_people(new)
        return {"custom_audience_id": str(new.id)}

    def _change_by_file(self, asked: Asked, fault: Fault | None) -> dict[str, Any]:
        kept = self._kept(asked, self.list_in(asked), MISSING)
        asked.seen["list"] = str(kept.id)
        require(kept.options["way"] == "files", "audience was not made of files")
        require(kept.options["files"] < MAX_FILES, "more than 500 files")
        rows = self._rows_of(asked, kept.options["calculate_type"])
        action = asked.json.get("action", "REPLACE")
        require(action in ("APPEND", "REMOVE", "REPLACE"), "action is none of APPEND, REMOVE and REPLACE")
        if action == "REPLACE":
            self._store.people.clear(kept.id)
        kept.options["files"] += 1
        self.take(kept, rows, fault, adding=action != "REMOVE", schema=PERSON_KEYS)
        self._require_people(kept)
        return {}

    def _require_people(self, kept: StoredList) -> None:
        """Raise Refusal, which undoes the change, when fewer people than TikTok allows would be left."""
        waiting = self._store.pending_rows(kept.id)["add"]
        left = self._store.people.count(kept.id) + waiting
        require(left >= self._control.min_file_people, "fewer people would be left than TikTok allows")

    def _rows_of(self, asked: Asked, kind: str) -> list[Row]:
        """The rows of the files that a request names; all of them are of the audience's type."""
        paths: Any = asked.json.get("file_paths")
        advertiser = self._advertiser(asked)
        is_known = isinstance(paths, list) and paths and all((advertiser, path) in self._files for path in paths)
        require(is_known, "file_paths that this advertiser has not uploaded")
        files = [self._files[advertiser, path] for path in paths]
        require({found for found, _ in files} == {kind}, "file of another calculate_type than the audience")
        return [row for _, rows in files for row in rows]

    def _kept(self, asked: Asked, number: str | None, code: int) -> StoredList:
        is_number = isinstance(number, str) and number.isdecimal() and len(number) < 19
        kept = self._store.find_list(self.name, int(number or 0)) if is_number else None
        if kept is None or kept.account != self._advertiser(asked):
            raise refused(code, "no such audience")
        return kept

    def _shown(self, kept: StoredList) -> dict[str, Any]:
        people = self._store.people.count(kept.id)
        is_flagged = bool(kept.options.get("flagged"))
        return {
            "audience_id": str(kept.id),
            "name": kept.name,
            "audience_type": LIST_TYPES[kept.options["way"]],
            "calculate_type": kept.options.get("calculate_type"),
            "cover_num": people,
            "is_valid": people >= 1_000 and not is_flagged,
            "is_expiring": False,
            "is_creator": True,
            "shared": False,
            "error_msg": None,
        }


def _request_id() -> str:
    return secrets.token_hex(12)


def _strings(text: str | None) -> list[str]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    require(text.isdecimal() and int(text) >= 1, "page or page_size is no number from 1")
    return int(text)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_FILE_NAME


def _is_value(key: str, cell: object) -> bool:
    """Whether it is a hash as its type has it: SHA-256, or MD5 for a device's id."""
    return is_hash(cell) if key.endswith("SHA256") else isinstance(cell, str) and MD5.fullmatch(cell) is not None


def open_stand_in(context: Context) -> TikTokStandIn:
    """Open TikTok's stand-in."""
    return TikTokStandIn(context)
