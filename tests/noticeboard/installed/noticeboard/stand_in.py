"""The noticeboard's stand-in in the sandbox: JSON over HTTP, as strict as the numbers say."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from audiences.sandbox.faults import Fault, Subject
from audiences.sandbox.stand_in import Context, CutConnection, Seen
from noticeboard import refusals
from noticeboard.boards import NAME, Boards
from noticeboard.numbers import LIMITS
from noticeboard.refusals import Refusal

KINDS = {
    ("GET", ""): "account",
    ("GET", "lists"): "find",
    ("POST", "lists"): "create",
    ("GET", "lists/*"): "read_list",
    ("PATCH", "lists/*"): "edit",
    ("DELETE", "lists/*"): "delete",
    ("GET", "lists/*/tickets"): "tickets",
    ("POST", "lists/*/add"): "add",
    ("POST", "lists/*/remove"): "remove",
}
UPLOADS = ("add", "remove")
WRITING = frozenset({"create", "edit", "delete", *UPLOADS})
HTML = "<html><title>error</title>Sorry, an error at the gateway.</html>"
HOUR = 3_600


class Control(BaseModel):
    """What the stand-in believes; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    may_write: bool = True
    terms_accepted: bool = True
    max_lists: int = LIMITS.max_lists
    match_rate: float = Field(default=1.0, ge=0, le=1)
    rows_per_day: int | None = Field(default=None, ge=1)
    """The quota of rows that each board has a day, added or removed."""
    requests_per_hour: int | None = Field(default=None, ge=1)
    turned_away: list[str] = Field(default_factory=list)
    """Hashes that make an added row invalid."""
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to lists by id, done once: `{name: ...}`, `{owner: ...}`, `{flagged: true}`, `{deleted: true}`."""


@dataclass(frozen=True)
class Asked:
    """One request, read."""

    kind: str
    method: str
    board: str
    list: str
    ids: str
    token: str
    url_length: int
    body: bytes


class NoticeboardStandIn:
    """Answers requests under `/noticeboard/`."""

    name = NAME

    def __init__(self, context: Context) -> None:
        self._context = context
        self._control = Control()
        self._boards = Boards(context, lambda: self._control)
        self._lock, self._calls = threading.Lock(), Counter[tuple[str, int]]()
        self._at_once, self._most_at_once = Counter[str](), Counter[str]()
        self._request_ids = itertools.count(1)
        boards = self._boards
        self._handlers: dict[str, Callable[[Asked], Any]] = {
            "account": lambda asked: {"board": asked.board},
            "find": lambda asked: boards.find(asked.board),
            "create": lambda asked: boards.create(asked.board, _object(asked.body)),
            "read_list": lambda asked: boards.read(asked.board, asked.list),
            "edit": lambda asked: boards.edit(asked.board, asked.list, _object(asked.body)),
            "delete": lambda asked: boards.delete(asked.board, asked.list),
            "tickets": lambda asked: boards.tickets(asked.board, asked.list, asked.ids),
        }

    def control(self, values: Mapping[str, Any]) -> None:
        """Take over the given values; `lists` are changed at once. Raises ValueError for a wrong value."""
        changed = Control.model_validate({**self._control.model_dump(), **values})
        self._control = changed.model_copy(update={"lists": {}})
        with self._context.store.transaction():
            self._boards.change(changed.lists)

    def described(self) -> dict[str, Any]:
        """The beliefs without secrets and hashes, and how many requests each board had at once at most.

        It is asked for whenever the clock was moved, so who is due expires here.
        """
        with self._context.store.transaction():
            self._boards.settle()
        beliefs = self._control.model_dump(exclude={"tokens", "lists", "turned_away"})
        return {**beliefs, "most_at_once": dict(self._most_at_once)}

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request."""
        body = await request.body()
        return await run_in_threadpool(self._answered, request, path, body)

    def _answered(self, request: Request, path: str, body: bytes) -> Response:
        asked = _asked(request, path, body)
        if asked is None:
            return self._refused(refusals.WRONG)
        with self._counted_at_once(asked.board):
            answered = self._struck(asked)
        self._remember(asked, answered.status_code)
        return answered

    @contextmanager
    def _counted_at_once(self, board: str) -> Iterator[None]:
        with self._lock:
            self._at_once[board] += 1
            self._most_at_once[board] = max(self._most_at_once[board], self._at_once[board])
        try:
            yield
        finally:
            with self._lock:
                self._at_once[board] -= 1

    def _struck(self, asked: Asked) -> Response:
        """The answer to a request, with the fault that the script has for it, if any."""
        about: Subject = "rows" if asked.kind in UPLOADS else "list" if asked.list else "account"
        writing = asked.kind in WRITING
        fault = self._context.faults.strike(NAME, asked.kind, writing=writing, body=asked.body, about=about)
        if fault is None:
            return self._handled(asked)
        if fault.do == "html":
            return Response(HTML, 503, media_type="text/html")
        if fault.do == "slow":
            time.sleep(fault.seconds)
        if fault.do in ("list_deleted", "list_renamed"):
            self._meddle(asked.list, {"deleted": True} if fault.do == "list_deleted" else {"name": fault.name})
        refusal = refusals.refusal_for(fault)
        if refusal is not None:
            return self._refused(refusal)
        if fault.do == "cut_before":
            raise CutConnection
        answered = self._handled(asked, fault)
        if fault.do == "cut_after":
            self._remember(asked, answered.status_code)
            raise CutConnection
        return answered

    def _meddle(self, number: str, values: Mapping[str, Any]) -> None:
        """What somebody does to a list by hand; one that is gone already stays gone."""
        with self._context.store.transaction(), suppress(ValueError):
            self._boards.change({number: values})

    def _handled(self, asked: Asked, fault: Fault | None = None) -> Response:
        try:
            self._allow(asked)
            with self._context.store.transaction():
                self._boards.settle()
                if asked.kind in UPLOADS:
                    adding = asked.kind == "add"
                    content = self._boards.upload(asked.board, asked.list, asked.body, fault, adding=adding)
                else:
                    content = self._handlers[asked.kind](asked)
        except Refusal as refusal:
            return self._refused(refusal)
        return self._response(content, 202 if asked.kind in UPLOADS else 200)

    def _allow(self, asked: Asked) -> None:
        if asked.token not in self._control.tokens:
            raise refusals.TOKEN
        if asked.kind in WRITING and not self._control.may_write:
            raise refusals.PERMISSION
        if asked.kind in WRITING and not self._control.terms_accepted:
            raise refusals.TERMS
        if self._at_once[asked.board] > LIMITS.requests_in_flight:
            raise refusals.throttled("at_once", 1)
        now = self._context.clock.now()
        with self._lock:
            self._calls[asked.board, int(now // HOUR)] += 1
            calls = self._calls[asked.board, int(now // HOUR)]
        if self._control.requests_per_hour is not None and calls > self._control.requests_per_hour:
            raise refusals.throttled("hour", HOUR - now % HOUR)

    def _refused(self, refusal: Refusal) -> Response:
        refusal.__traceback__ = None
        headers = {} if refusal.wait is None else {"retry-after": str(refusal.wait)}
        return self._response({"error": refusal.word}, refusal.status, headers)

    def _response(self, content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
        request_id = f"nb{next(self._request_ids)}-{secrets.token_hex(3)}"
        known = {**(headers or {}), "x-request-id": request_id}
        return Response(json.dumps(content), status, known, media_type="application/json")

    def _remember(self, asked: Asked, status: int) -> None:
        is_upload = asked.kind in UPLOADS
        seen = Seen(
            platform=NAME,
            kind=asked.kind,
            method=asked.method,
            writing=asked.kind in WRITING,
            list=asked.list if is_upload else None,
            rows=len(_object(asked.body).get("rows", [])) if is_upload else 0,
            url_length=asked.url_length,
            body_length=len(asked.body),
            status=status,
        )
        self._context.log.add(seen)


def _asked(request: Request, path: str, body: bytes) -> Asked | None:
    """The request, or None for one that the noticeboard does not have."""
    board, *parts = path.strip("/").split("/")
    number = parts[1] if len(parts) > 1 else ""
    kind = KINDS.get((request.method, "/".join([*parts[:1], "*", *parts[2:]] if number else parts)))
    if kind is None:
        return None
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    url_length = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
    return Asked(kind, request.method, board, number, request.query_params.get("ids", ""), token, url_length, body)


def _object(body: bytes) -> dict[str, Any]:
    """A body that is to be a JSON object; an empty one for anything else."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def open_stand_in(context: Context) -> NoticeboardStandIn:
    """Open the noticeboard's stand-in."""
    return NoticeboardStandIn(context)
