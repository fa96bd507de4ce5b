"""Meta's stand-in: the Graph API's custom audience edges, as strict as `docs/platforms/meta.md` says Meta is."""

from __future__ import annotations

import itertools
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from audiences.sandbox import meta_errors as refusals
from audiences.sandbox.faults import Fault, Subject
from audiences.sandbox.meta_errors import Refusal
from audiences.sandbox.meta_lists import MetaLists
from audiences.sandbox.meta_request import WRITING, form_fields, kind_of, read_fields
from audiences.sandbox.stand_in import Context, CutConnection, Seen

UPLOADS = ("add", "remove")
VERSIONS = range(21, 27)
MAX_URL = 8_192
HOUR = 3_600
CALLS_PER_HOUR = 5_000
CALLS_PER_LIST = 40
HTML = "<html><title>error</title><h1>{status} {words}</h1>Sorry, an error at the gateway.</html>"
ROWS_MARK = b"%22%5D%2C%5B%22"


class MetaControl(BaseModel):
    """What the stand-in believes of tokens, permissions and terms; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    permissions: list[str] = Field(default_factory=lambda: ["ads_management", "ads_read"])
    terms_accepted: bool = True
    accounts: list[str] | None = None
    """The ad accounts that there are; None lets any be."""
    usage_percent: int | None = Field(default=None, ge=0, le=100)
    """What the usage headers say; None has them count the calls of the hour."""
    calls_per_hour: int | None = Field(default=None, ge=1)
    samples_as_list: bool = False
    max_lists: int = 500
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to lists by id, done once: `{name: ...}`, `{flagged: true}`, `{deleted: true}`."""


@dataclass(frozen=True)
class Asked:
    """One Graph API request, read."""

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    token: str
    url_length: int
    body: bytes
    kind: str


@dataclass
class Answered:
    """What is sent back. `usage` is the percentage in the usage headers, `minutes` the wait in them."""

    content: str
    status: int = 200
    media_type: str = "application/json"
    usage: int = 0
    minutes: int = 0


class MetaStandIn:
    """Answers requests under `/meta/`."""

    name = "meta"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._control = MetaControl()
        self._lists = MetaLists(context, lambda: self._control)
        self._calls: dict[tuple[str, int], itertools.count[int]] = {}
        self._handlers: dict[str, Callable[[Asked], Any]] = {
            "account": self._account,
            "permissions": self._permissions,
            "terms": self._terms,
            "find": lambda asked: self._lists.find(asked.path[0], asked.params),
            "create": lambda asked: self._lists.create(asked.path[0], asked.params),
            "read_list": lambda asked: self._lists.read(asked.path[0], asked.params),
            "edit": lambda asked: self._lists.edit(asked.path[0], asked.params),
            "delete": lambda asked: self._lists.delete(asked.path[0]),
            "sessions": lambda asked: self._lists.sessions(asked.path[0], asked.params),
        }

    def control(self, values: Mapping[str, Any]) -> None:
        """Take over the given values; `lists` are changed at once. Raises ValueError for a wrong value."""
        changed = MetaControl.model_validate({**self._control.model_dump(), **values})
        self._control = changed.model_copy(update={"lists": {}})
        self._lists.change(changed.lists)

    def described(self) -> dict[str, Any]:
        """The beliefs without the tokens."""
        return self._control.model_dump(exclude={"tokens", "lists"})

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request."""
        body = await request.body()
        answered = await run_in_threadpool(self._answered, request, path, body)
        headers = self._headers(answered)
        return Response(answered.content, answered.status, headers, media_type=answered.media_type)

    def _answered(self, request: Request, path: str, body: bytes) -> Answered:
        url_length = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
        if url_length > MAX_URL:
            self._remember(Asked(request.method, "", (), {}, "", url_length, body, "too_long"), 414)
            return Answered(HTML.format(status=414, words="URI Too Long"), 414, "text/html")
        if self._context.null_sink and request.method == "POST" and path.endswith("/users"):
            return Answered(_counted(path, body))
        try:
            asked = _asked(request, path, body)
        except Refusal as refusal:
            return self._refused(refusal)
        answered = self._struck(asked)
        self._remember(asked, answered.status)
        return answered

    def _struck(self, asked: Asked) -> Answered:
        """The answer to a request, with the fault that the script has for it, if any."""
        faults = self._context.faults
        writing = asked.kind in WRITING
        fault = faults.strike("meta", asked.kind, writing=writing, body=asked.body, about=_about(asked))
        if fault is None:
            return self._handled(asked)
        if fault.do == "html":
            return _page(fault)
        if fault.do == "slow":
            time.sleep(fault.seconds)
        if fault.do in ("list_deleted", "list_renamed"):
            self._lists.meddle(asked.path[0], None if fault.do == "list_deleted" else fault.name)
        refusal = refusals.refusal_for(fault)
        if refusal is not None:
            return self._refused(refusal)
        if fault.do == "cut_before":
            raise CutConnection
        answered = self._handled(asked, fault)
        if fault.do == "cut_after":
            self._remember(asked, answered.status)
            raise CutConnection
        return answered

    def _handled(self, asked: Asked, fault: Fault | None = None) -> Answered:
        try:
            used = self._use(asked)
            self._allow(asked)
            with self._context.store.transaction() as store:
                store.settle(self._context.clock.now())
                if asked.kind in UPLOADS:
                    content = self._lists.upload(asked.path[0], asked.params, fault, adding=asked.kind == "add")
                else:
                    content = self._handlers[asked.kind](asked)
        except Refusal as refusal:
            return self._refused(refusal)
        return Answered(json.dumps(content), usage=used)

    def _refused(self, refusal: Refusal) -> Answered:
        refusal.__traceback__ = None
        usage = 100 if refusal.wait_minutes else 0
        body = refusal.body("A" + secrets.token_hex(6))
        return Answered(json.dumps(body), refusal.status, usage=usage, minutes=refusal.wait_minutes)

    def _use(self, asked: Asked) -> int:
        """Count the call; the percentage of the hour's budget that is used. Raises Refusal when there is none left."""
        hour = int(self._context.clock.now() // HOUR)
        calls = next(self._calls.setdefault((asked.token, hour), itertools.count(1)))
        lists = len(self._context.store.find_lists("meta"))
        budget = self._control.calls_per_hour or CALLS_PER_HOUR + CALLS_PER_LIST * lists
        if calls > budget:
            raise refusals.throttled(minutes=int(HOUR - self._context.clock.now() % HOUR) // 60 + 1)
        return self._control.usage_percent if self._control.usage_percent is not None else 100 * calls // budget

    def _allow(self, asked: Asked) -> None:
        major = re.fullmatch(r"v(\d+)\.\d", asked.version)
        if major is None or int(major[1]) not in VERSIONS:
            raise Refusal(2635, "(#2635) You are calling a deprecated version of the Ads API")
        if asked.token not in self._control.tokens:
            raise refusals.TOKEN_UNKNOWN
        if asked.kind == "permissions":
            return
        needed = {"ads_management"} if asked.kind in WRITING else {"ads_management", "ads_read"}
        if not needed & set(self._control.permissions):
            raise refusals.NO_PERMISSION
        known = self._control.accounts
        if asked.path[0].startswith("act_") and known is not None and asked.path[0] not in known:
            raise refusals.missing(asked.path[0])

    def _account(self, asked: Asked) -> dict[str, Any]:
        terms = {"custom_audience_tos": 1} if self._control.terms_accepted else {}
        values = {
            "id": asked.path[0],
            "account_id": asked.path[0].removeprefix("act_"),
            "name": "Sandbox",
            "account_status": 1,
            "tos_accepted": terms,
            "user_tos_accepted": terms,
        }
        return {name: values[name] for name in read_fields(asked.params, values)}

    def _permissions(self, asked: Asked) -> dict[str, Any]:  # noqa: ARG002 - all handlers take the request
        return {"data": [{"permission": name, "status": "granted"} for name in self._control.permissions]}

    def _terms(self, asked: Asked) -> dict[str, Any]:  # noqa: ARG002
        return {"data": [{"id": "custom_audience_tos", "type": "Custom Audience Terms"}]}

    def _headers(self, answered: Answered) -> dict[str, str]:
        used = {"call_count": answered.usage, "total_cputime": answered.usage // 2, "total_time": answered.usage // 2}
        business = {**used, "type": "custom_audience", "estimated_time_to_regain_access": answered.minutes}
        return {
            "x-business-use-case-usage": json.dumps({"1": [business]}),
            "x-app-usage": json.dumps({name: value // 4 for name, value in used.items()}),
            "x-fb-request-id": secrets.token_hex(8),
        }

    def _remember(self, asked: Asked, status: int) -> None:
        is_upload = asked.kind in UPLOADS
        seen = Seen(
            platform="meta",
            kind=asked.kind,
            method=asked.method,
            writing=asked.kind in WRITING,
            list=asked.path[0] if is_upload else None,
            rows=asked.body.count(ROWS_MARK) + 1 if is_upload and asked.body else 0,
            url_length=asked.url_length,
            body_length=len(asked.body),
            status=status,
        )
        self._context.log.add(seen)


def _about(asked: Asked) -> Subject:
    """What a fault can strike with this request."""
    if asked.kind in UPLOADS:
        return "rows"
    return "list" if asked.path[0].isdecimal() else "account"


def _page(fault: Fault) -> Answered:
    """A gateway's page instead of data."""
    status = fault.status if "status" in fault.model_fields_set else HTTPStatus.SERVICE_UNAVAILABLE.value
    words = fault.message or HTTPStatus(status).phrase
    return Answered(HTML.format(status=status, words=words), status, "text/html")


def _asked(request: Request, path: str, body: bytes) -> Asked:
    version, *parts = path.strip("/").split("/")
    params = {**form_fields(request.scope["query_string"]), **form_fields(body)}
    method = params.get("method", request.method).upper() if request.method == "POST" else request.method
    kind = kind_of(method, tuple(parts))
    if kind is None:
        raise Refusal(2500, "Unknown path components")
    header = request.headers.get("authorization", "")
    token = params.pop("access_token", "") or header.removeprefix("Bearer ").removeprefix("OAuth ")
    url_length = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
    return Asked(request.method, version, tuple(parts), params, token, url_length, body, kind)


def _counted(path: str, body: bytes) -> str:
    """The null sink's answer: rows counted by their separators, nothing read."""
    received = body.count(ROWS_MARK) + 1
    number = path.split("/")[-2]
    answer = {"audience_id": number, "session_id": "1", "num_received": received, "num_invalid_entries": 0}
    return json.dumps({**answer, "invalid_entry_samples": {}})


def open_stand_in(context: Context) -> MetaStandIn:
    """Open Meta's stand-in."""
    return MetaStandIn(context)
