"""What stand-ins of platforms over plain HTTP and JSON share: faults, the memory of requests, refusals.

A platform's own module says which requests there are, what they do, and how it refuses.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from audiences.sandbox.faults import Fault, Subject
from audiences.sandbox.people import Identifiers
from audiences.sandbox.stand_in import Context, CutConnection, Seen
from audiences.sandbox.store import Session, StoredList

HTML = "<html><title>error</title><h1>{status} {words}</h1>Sorry, an error at the gateway.</html>"
HASH = re.compile("[0-9a-f]{64}")
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
Row = tuple[Identifiers, str]


class Refusal(Exception):
    """An answer that refuses; `headers` are those that only it has."""

    def __init__(self, status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.status, self.content, self.headers = status, content, dict(headers or {})
        super().__init__(status)


@dataclass(frozen=True)
class Asked:
    """One request, read. `parts` are the pieces of the path that the route leaves open."""

    kind: str
    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    token: str
    body: bytes
    content_type: str
    url_length: int
    json: Mapping[str, Any]
    seen: dict[str, Any] = field(default_factory=dict)
    """What is to be remembered of it beside sizes: the list that it is about, and how many rows it brings."""

    @property
    def about(self) -> Subject:
        """What a fault can strike with this request."""
        return self.seen.get("about", "account")  # type: ignore[no-any-return]


class HttpStandIn:
    """A stand-in of one platform. Subclasses say `name`, `routes`, `uploads`, `writing` and the methods without a body."""

    name: str
    routes: ClassVar[Mapping[tuple[str, str], str]]
    """The kind of request by method and path; `*` in the path is left open."""
    uploads: ClassVar[frozenset[str]] = frozenset({"add", "remove"})
    writing: ClassVar[frozenset[str]] = frozenset({"create", "edit", "delete", "add", "remove"})
    about_lists: ClassVar[frozenset[str]] = frozenset({"read_list", "edit", "delete"})

    def __init__(self, context: Context, control: BaseModel) -> None:
        self._context, self._store = context, context.store
        self._control: Any = control

    # What a platform says of itself -----------------------------------------------------------------------------------

    def handle(self, asked: Asked, fault: Fault | None) -> Mapping[str, Any]:
        """Do what is asked, inside a transaction. Raises Refusal."""
        raise NotImplementedError

    def allow(self, asked: Asked) -> None:
        """Raise Refusal when the token may not ask this."""
        raise NotImplementedError

    def refusal_for(self, fault: Fault) -> Refusal | None:
        """How the platform refuses for a fault; None for a fault of another sort."""
        raise NotImplementedError

    def no_such_request(self) -> Refusal:
        """How the platform answers what it does not have."""
        raise NotImplementedError

    def token_in(self, request: Request) -> str:
        """The token that a request shows."""
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def kind_of(self, kind: str, content: Mapping[str, Any]) -> str:  # noqa: ARG002 - for platforms that look into it
        """The kind of request, where the body has a say in it."""
        return kind

    # What all share ---------------------------------------------------------------------------------------------------

    def control(self, values: Mapping[str, Any]) -> None:
        """Take over the given values; `lists` are changed at once. Raises ValueError for a wrong value."""
        changed = type(self._control).model_validate({**self._control.model_dump(), **values})
        self._control = changed.model_copy(update={"lists": {}})
        with self._store.transaction():
            for number, wanted in changed.lists.items():
                self.change(number, wanted)

    def described(self) -> dict[str, Any]:
        """The beliefs without secrets."""
        return self._control.model_dump(exclude={"tokens", "lists", "refresh_tokens"})  # type: ignore[no-any-return]

    def change(self, number: str, values: Mapping[str, Any]) -> None:
        """What somebody does to a list by hand: `name`, `description`, `flagged`, `deleted`. Raises ValueError without it."""
        kept = self._store.find_list(self.name, int(number)) if number.isdecimal() else None
        if kept is None:
            raise ValueError("no such list")
        if values.get("deleted"):
            self._store.delete(kept.id)
            return
        kept.options["flagged"] = values.get("flagged", kept.options.get("flagged", False))
        self.keep(kept, values.get("name", kept.name), values.get("description", kept.description))

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request."""
        body = await request.body()
        return await run_in_threadpool(self._answered, request, path, body)

    def keep(self, kept: StoredList, name: str, description: str) -> None:
        """Keep a list with these words and its options as they are now."""
        values = {**vars(kept), "name": name, "description": description, "changed_at": self._context.clock.now()}
        self._store.change(StoredList(**values))

    def take(
        self, kept: StoredList, rows: Sequence[Row], fault: Fault | None, *, adding: bool, schema: Sequence[str]
    ) -> None:
        """Put people on a list or take them off, now or when the sandbox processes it, as far as a fault lets it."""
        kept.options["schema"] = list(schema)
        self.keep(kept, kept.name, kept.description)
        bad = set(fault.rows) if fault is not None and fault.do == "invalid_rows" else set()
        good = [row for place, row in enumerate(rows) if place not in bad]
        now = self._context.clock.now()
        due_at = max(now + self._context.processing_seconds, self._store.last_due(kept.id))
        fails = fault is not None and fault.do == "processing_fails"
        number = f"{kept.id}-{int(now * 1_000_000)}-{len(self._store.sessions(kept.id))}"
        session = Session(number, kept.id, now, True, len(rows), len(bad), adding, due_at, fails)
        self._store.keep_session(kept.account, session)
        self._store.wait(kept.id, good, adding=adding, due_at=due_at, session=number, fails=fails)
        self._store.settle(now)

    def _answered(self, request: Request, path: str, body: bytes) -> Response:
        try:
            asked = self._asked(request, path, body)
        except Refusal as refusal:
            return self._refused(refusal)
        answered = self._struck(asked)
        self._remember(asked, answered.status_code)
        return answered

    def _asked(self, request: Request, path: str, body: bytes) -> Asked:
        kind, parts = self._route(request.method, path)
        content = _object(body)
        kind = self.kind_of(kind, content)
        about: Subject = "rows" if kind in self.uploads else "list" if kind in self.about_lists else "account"
        url_length = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
        return Asked(
            kind=kind,
            method=request.method,
            parts=parts,
            query=dict(request.query_params),
            token=self.token_in(request),
            body=body,
            content_type=request.headers.get("content-type", ""),
            url_length=url_length,
            json=content,
            seen={"about": about},
        )

    def _route(self, method: str, path: str) -> tuple[str, tuple[str, ...]]:
        for (wanted, pattern), kind in self.routes.items():
            match = re.fullmatch(re.escape(pattern).replace(r"\*", "([^/]+)"), path.strip("/"))
            if wanted == method and match is not None:
                return kind, match.groups()
        raise self.no_such_request()

    def _struck(self, asked: Asked) -> Response:
        """The answer to a request, with the fault that the script has for it, if any."""
        writing = asked.kind in self.writing
        strike = self._context.faults.strike
        fault = strike(self.name, asked.kind, writing=writing, body=asked.body, about=asked.about)
        if fault is None:
            return self._handled(asked)
        if fault.do == "html":
            status = fault.status if "status" in fault.model_fields_set else HTTPStatus.SERVICE_UNAVAILABLE.value
            words = fault.message or HTTPStatus(status).phrase
            return Response(HTML.format(status=status, words=words), status, media_type="text/html")
        if fault.do == "slow":
            time.sleep(fault.seconds)
        if fault.do in ("list_deleted", "list_renamed"):
            self._meddle(asked, {"deleted": True} if fault.do == "list_deleted" else {"name": fault.name})
        refusal = self.refusal_for(fault)
        if refusal is not None:
            return self._refused(refusal)
        if fault.do == "cut_before":
            raise CutConnection
        answered = self._handled(asked, fault)
        if fault.do == "cut_after":
            self._remember(asked, answered.status_code)
            raise CutConnection
        return answered

    def list_in(self, asked: Asked) -> str | None:
        """The number of the list that a request is about."""
        return asked.parts[-1] if asked.parts else None

    def _meddle(self, asked: Asked, values: Mapping[str, Any]) -> None:
        number = self.list_in(asked)
        with self._store.transaction() as store:
            if number is not None and number.isdecimal() and store.find_list(self.name, int(number)) is not None:
                self.change(number, values)

    def _handled(self, asked: Asked, fault: Fault | None = None) -> Response:
        try:
            self.allow(asked)
            if self._context.null_sink and asked.kind in self.uploads:
                return self._response(self.sunk(asked), 200)
            with self._store.transaction() as store:
                store.settle(self._context.clock.now())
                content = self.handle(asked, fault)
        except Refusal as refusal:
            return self._refused(refusal)
        return self._response(content, 200)

    def sunk(self, asked: Asked) -> Mapping[str, Any]:  # noqa: ARG002
        """The answer to rows that are only counted."""
        return {}

    def _refused(self, refusal: Refusal) -> Response:
        refusal.__traceback__ = None
        return self._response(refusal.content, refusal.status, refusal.headers)

    def _response(self, content: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
        return Response(json.dumps(content), status, dict(headers or {}), media_type="application/json")

    def _remember(self, asked: Asked, status: int) -> None:
        seen = Seen(
            platform=self.name,
            kind=asked.kind,
            method=asked.method,
            writing=asked.kind in self.writing,
            list=asked.seen.get("list"),
            rows=asked.seen.get("rows", 0),
            url_length=asked.url_length,
            body_length=len(asked.body),
            status=status,
        )
        self._context.log.add(seen)


def is_hash(cell: object) -> bool:
    """Whether it is a SHA-256 in lower case, and not that of an empty text."""
    return isinstance(cell, str) and HASH.fullmatch(cell) is not None and cell != HASH_OF_NOTHING


def _object(body: bytes) -> Mapping[str, Any]:
    """A body that is to be a JSON object; an empty one for anything else."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
