"""Google's stand-in: the Data Manager API's member and list requests, as strict as `docs/platforms/google.md` says."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from audiences.sandbox.faults import Fault, Subject
from audiences.sandbox.google_errors import PER_DAY, PER_MINUTE, PERMISSION, TOKEN, Refusal, exhausted, refusal_for
from audiences.sandbox.google_lists import GoogleLists
from audiences.sandbox.google_request import UPLOADS, WRITING, Asked, place_of
from audiences.sandbox.google_uploads import GoogleUploads
from audiences.sandbox.stand_in import Context, CutConnection, Seen

HTML = "<html><title>error</title><h1>{status} {words}</h1>Sorry, an error at the gateway.</html>"
MEMBER_MARK = b'"userIdentifiers"'
LIST_MARK = b'"productDestinationId"'
DAY_ENDS_IN = ZoneInfo("America/Los_Angeles")


class GoogleControl(BaseModel):
    """What the stand-in believes of tokens, access, terms and quotas; all of it can be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    tokens: list[str] = Field(default_factory=lambda: ["sandbox-token"])
    may_write: bool = True
    terms_accepted: bool = True
    """Whether the advertiser has; the flag in each request is asked for besides."""
    accounts: list[str] | None = None
    """The Google Ads accounts that there are for these credentials; None lets any be."""
    managers: list[str] | None = None
    """The manager accounts that may be named; None lets any be."""
    missing_consent: Literal["drop", "refuse"] = "drop"
    """What becomes of a member without both consents: dropped when it is processed, or the request refused."""
    match_rate_percent: int = Field(default=80, ge=0, le=100)
    requests_per_minute: int | None = Field(default=300, ge=1)
    requests_per_day: int | None = Field(default=100_000, ge=1)
    """Quotas of member requests, counted for each account by itself."""
    max_lists: int = Field(default=500, ge=1)
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Changes to lists by id, done once: `{name: ...}`, `{integration_code: ...}`, `{closed: true}`, `{deleted: true}`."""


@dataclass
class Answered:
    """What is sent back."""

    content: str
    status: int = 200
    media_type: str = "application/json"


class GoogleStandIn:
    """Answers requests under `/google/`."""

    name = "google"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._control = GoogleControl()
        self._lists = GoogleLists(context, lambda: self._control)
        self._uploads = GoogleUploads(context, lambda: self._control)
        self._lock, self._calls = threading.Lock(), Counter[tuple[str, str]]()
        self._handlers: dict[str, Callable[[Asked], str]] = {
            "find": self._lists.find,
            "create": self._lists.create,
            "read_list": self._lists.read,
            "edit": self._lists.edit,
            "delete": self._lists.delete,
            "remove_all": self._uploads.remove_all,
            "request_status": self._uploads.status,
        }

    def control(self, values: Mapping[str, Any]) -> None:
        """Take over the given values; `lists` are changed at once. Raises ValueError for a wrong value."""
        changed = GoogleControl.model_validate({**self._control.model_dump(), **values})
        self._control = changed.model_copy(update={"lists": {}})
        self._lists.change(changed.lists)

    def described(self) -> dict[str, Any]:
        """The beliefs without the tokens. It is asked for whenever the clock was moved, so who is due expires here."""
        with self._context.store.transaction() as store:
            store.settle(self._context.clock.now())
            self._uploads.expire()
        return self._control.model_dump(exclude={"tokens", "lists"})

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request."""
        body = await request.body()
        answered = await run_in_threadpool(self._answered, request, path, body)
        return Response(answered.content, answered.status, media_type=answered.media_type)

    def _answered(self, request: Request, path: str, body: bytes) -> Answered:
        asked = _asked(request, path, body)
        if asked is None:
            return Answered(HTML.format(status=404, words="Not Found"), 404, "text/html")
        if self._context.null_sink and asked.kind in UPLOADS:
            return Answered(f'{{"requestId": "{secrets.token_hex(8)}"}}')
        answered = self._struck(asked)
        self._remember(asked, answered.status)
        return answered

    def _struck(self, asked: Asked) -> Answered:
        """The answer to a request, with the fault that the script has for it, if any."""
        faults, about = self._context.faults, _about(asked)
        fault = faults.strike("google", asked.kind, writing=asked.is_writing, body=asked.body, about=about)
        if fault is None:
            return self._handled(asked)
        if fault.do == "html":
            return _page(fault)
        if fault.do == "slow":
            time.sleep(fault.seconds)
        if fault.do in ("list_deleted", "list_renamed"):
            self._lists.meddle(_list_of(asked), None if fault.do == "list_deleted" else fault.name)
        refusal = refusal_for(fault)
        if refusal is not None:
            return _refused(refusal)
        if fault.do == "cut_before":
            raise CutConnection
        answered = self._handled(asked, fault)
        if fault.do == "cut_after":
            self._remember(asked, answered.status)
            raise CutConnection
        return answered

    def _handled(self, asked: Asked, fault: Fault | None = None) -> Answered:
        try:
            self._allow(asked)
            with self._context.store.transaction() as store:
                store.settle(self._context.clock.now())
                self._uploads.expire()
                is_upload = asked.kind in UPLOADS
                content = self._uploads.upload(asked, fault) if is_upload else self._handlers[asked.kind](asked)
        except Refusal as refusal:
            return _refused(refusal)
        return Answered(content)

    def _allow(self, asked: Asked) -> None:
        control = self._control
        if asked.token not in control.tokens:
            raise TOKEN
        if asked.kind in WRITING and not control.may_write:
            raise PERMISSION
        if asked.account and control.accounts is not None and asked.account not in control.accounts:
            raise PERMISSION
        if asked.login and control.managers is not None and asked.login not in control.managers:
            raise Refusal(403, "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH", "The login account is no manager")
        if asked.account_type not in ("", "GOOGLE_ADS"):
            raise Refusal(400, "INVALID_RESOURCE_NAME", "The sandbox has accounts of Google Ads only")
        if asked.kind in ("remove_all", *UPLOADS):
            self._use(_list_of(asked))

    def _use(self, number: str) -> None:
        """Count a member request. Raises Refusal when the account's quota of the minute or the day is used up."""
        kept = self._context.store.find_list("google", int(number)) if number.isdecimal() else None
        account, now = "" if kept is None else kept.account, self._context.clock.now()
        day = datetime.fromtimestamp(now, DAY_ENDS_IN).date().isoformat()
        limits = (
            (self._control.requests_per_day, (account, day), PER_DAY, None),
            (self._control.requests_per_minute, (account, f"minute {now // 60}"), PER_MINUTE, 60 - now % 60),
        )
        with self._lock:
            for most, key, name, wait in limits:
                if most is not None and self._calls[key] >= most:
                    raise exhausted(name, wait)
            self._calls.update(key for _, key, _, _ in limits)

    def _remember(self, asked: Asked, status: int) -> None:
        is_upload = asked.kind in UPLOADS
        seen = Seen(
            platform="google",
            kind=asked.kind,
            method=asked.method,
            writing=asked.is_writing,
            list=_list_of(asked) if is_upload else None,
            rows=asked.body.count(MEMBER_MARK) if is_upload else 0,
            url_length=asked.url_length,
            body_length=len(asked.body),
            status=status,
        )
        self._context.log.add(seen)


def _asked(request: Request, path: str, body: bytes) -> Asked | None:
    """The request, or None for one that the sandbox lacks."""
    place = place_of(request.method, path)
    if place is None:
        return None
    headers = request.headers
    token = headers.get("authorization", "").removeprefix("Bearer ")
    login = headers.get("login-account", "").rpartition("/")[2]
    length = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
    kind, account_type, account, number = place
    return Asked(kind, request.method, account_type, account, number, request.query_params, token, login, length, body)


def _list_of(asked: Asked) -> str:
    """The list that a request is about: in its path, or the first that its body names."""
    if asked.list:
        return asked.list
    _, _, rest = asked.body.partition(LIST_MARK)
    number = rest[:40].partition(b'"')[2].partition(b'"')[0].decode(errors="replace")
    return number if number.isdecimal() else ""


def _about(asked: Asked) -> Subject:
    """What a fault can strike with this request."""
    if asked.kind in UPLOADS:
        return "rows"
    return "list" if asked.list or asked.kind == "remove_all" else "account"


def _page(fault: Fault) -> Answered:
    """A gateway's page instead of data."""
    status = fault.status if "status" in fault.model_fields_set else HTTPStatus.SERVICE_UNAVAILABLE.value
    words = fault.message or HTTPStatus(status).phrase
    return Answered(HTML.format(status=status, words=words), status, "text/html")


def _refused(refusal: Refusal) -> Answered:
    refusal.__traceback__ = None
    return Answered(json.dumps(refusal.body(secrets.token_hex(8))), refusal.status)


def open_stand_in(context: Context) -> GoogleStandIn:
    """Open Google's stand-in."""
    return GoogleStandIn(context)
