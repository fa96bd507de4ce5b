"""The sandbox's web application: the stand-ins, and what only a sandbox has (inspection, control, people)."""

from __future__ import annotations

import asyncio
from asyncio import BaseTransport, Transport
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audiences.sandbox.faults import Fault, FaultScript
from audiences.sandbox.stand_in import Context, CutConnection, StandIn, open_stand_ins
from audiences.sandbox.store import Store, StoredList

Transports = dict[tuple[str, int], BaseTransport]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Control(BaseModel):
    """What `POST /_control` takes; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    clock_offset_seconds: float | None = None
    """How far the sandbox's clock is ahead of the machine's."""
    processing_seconds: float | None = Field(default=None, ge=0)
    """How long a batch takes until it shows on its list, by the sandbox's clock."""
    faults: list[Fault] | None = None
    """Replaces the faults there are."""
    reset_requests: bool = False
    platforms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By platform, what its stand-in is to believe; see `docs/sandbox.md`."""


def create_app(
    state: Path | None = None,
    *,
    faults: Sequence[Fault] = (),
    null_sink: bool = False,
    transports: Transports | None = None,
) -> FastAPI:
    """Make the application.

    Args:
        state: The SQLite file that lists and people live in; in memory without one.
        faults: What to do wrong from the start.
        null_sink: Count uploaded rows and forget them, for measuring clients.
        transports: The server's open connections by client address, so that a fault can break one.
    """
    context = Context(Store(state), FaultScript(faults), null_sink=null_sink)
    stand_ins = open_stand_ins(context)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        context.store.close()

    app = FastAPI(title="Boomerang sandbox", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    _add_front(app, context, stand_ins)
    _add_inspection(app, context, stand_ins)
    _add_platforms(app, context, stand_ins, {} if transports is None else transports)
    return app


def _add_front(app: FastAPI, context: Context, stand_ins: Mapping[str, StandIn]) -> None:
    @app.get("/")
    def front() -> dict[str, Any]:
        return {
            "name": "Boomerang sandbox",
            "platforms": {name: f"/{name}" for name in stand_ins},
            "look": [f"/_inspect/{name}/lists" for name in stand_ins],
        }

    @app.get("/_control")
    def control() -> dict[str, Any]:
        return {
            "clock_offset_seconds": context.clock.offset,
            "processing_seconds": context.processing_seconds,
            "platforms": {name: stand_in.described() for name, stand_in in stand_ins.items()},
        }

    @app.post("/_control")
    def change(wanted: Control) -> dict[str, Any]:
        _apply(wanted, context, stand_ins)
        return control()

    @app.post("/_people")
    def people(people: Annotated[list[list[str]], Body(embed=True)]) -> dict[str, int]:
        with context.store.transaction() as store:
            store.people.register(people)
        return {"people": len(people)}


def _apply(wanted: Control, context: Context, stand_ins: Mapping[str, StandIn]) -> None:
    for name, values in wanted.platforms.items():
        try:
            _known(stand_ins, name).control(values)
        except ValidationError as error:
            places = [".".join(map(str, problem["loc"])) for problem in error.errors()]
            raise HTTPException(422, f"{name}: wrong {', '.join(places)}") from None
        except ValueError as error:
            raise HTTPException(422, f"{name}: {error}") from None
    if wanted.clock_offset_seconds is not None:
        context.clock.offset = wanted.clock_offset_seconds
    if wanted.processing_seconds is not None:
        context.processing_seconds = wanted.processing_seconds
    if wanted.faults is not None:
        context.faults.set(wanted.faults)
    if wanted.reset_requests:
        context.log.reset()


def _add_inspection(app: FastAPI, context: Context, stand_ins: Mapping[str, StandIn]) -> None:
    @app.get("/_inspect/{platform}/lists")
    def lists(platform: str) -> list[dict[str, Any]]:
        _known(stand_ins, platform)
        with context.store.transaction() as store:
            store.settle(context.clock.now())
            return [_shown(store, kept, context.clock.now()) for kept in store.find_lists(platform)]

    @app.get("/_inspect/{platform}/lists/{number}")
    def one(platform: str, number: str) -> dict[str, Any]:
        _known(stand_ins, platform)
        with context.store.transaction() as store:
            store.settle(context.clock.now())
            kept = store.find_list(platform, int(number)) if number.isdecimal() else None
            if kept is None:
                raise HTTPException(404, "no such list")
            people, rows = store.people.on(kept.id), store.people.rows_on(kept.id)
            return {
                **_shown(store, kept, context.clock.now()),
                "people": people,
                "schema": kept.options.get("schema", []),
                "rows": rows,
                "pending": [vars(batch) for batch in store.pending(kept.id)],
            }

    @app.get("/_inspect/{platform}/requests")
    def requests(platform: str) -> dict[str, Any]:
        _known(stand_ins, platform)
        return context.log.summary(platform)


def _shown(store: Store, kept: StoredList, now: float) -> dict[str, Any]:
    """A list: `people` are those of what is processed; the rest says what is still to come, or failed."""
    return {
        "id": str(kept.id),
        "name": kept.name,
        "description": kept.description,
        "account": kept.account,
        "people": store.people.count(kept.id),
        "waiting": store.waiting(kept.id),
        "pending_rows": store.pending_rows(kept.id),
        "sessions": store.session_counts(kept.id, now),
    }


def _add_platforms(app: FastAPI, context: Context, stand_ins: Mapping[str, StandIn], transports: Transports) -> None:
    @app.api_route("/{platform}/{path:path}", methods=METHODS)
    async def answer(platform: str, path: str, request: Request) -> Response:
        try:
            answered = await _known(stand_ins, platform).answer(request, path)
        except CutConnection:
            await _cut(request, transports)
            return Response(status_code=500)
        answered.headers["date"] = formatdate(context.clock.now(), usegmt=True)
        return answered


async def _cut(request: Request, transports: Transports) -> None:
    """Break the connection that the request came by."""
    client = request.scope.get("client")
    transport = transports.get(tuple(client)) if client else None
    if isinstance(transport, Transport):
        transport.abort()
        await asyncio.sleep(0.01)


def _known(stand_ins: Mapping[str, StandIn], name: str) -> StandIn:
    if name not in stand_ins:
        raise HTTPException(404, f"the sandbox has {', '.join(sorted(stand_ins))}")
    return stand_ins[name]
