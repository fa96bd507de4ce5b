"""Sending: several requests in flight per account, one thread that writes the ledger.

An intent is durable before its request leaves; the outcome is written when the answer comes. Within an account every list
is ensured first, then all removals go, then, when they are accepted, the additions. Accounts go side by side.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from audiences.domain import HashRow
from audiences.errors import (
    AuthError,
    BoomerangError,
    ConfigError,
    Gone,
    PlatformError,
    RateLimited,
    RejectedRequest,
    RejectedRows,
    Unavailable,
)
from audiences.platforms.base import Batch, Outcome, Platform, RemoteList
from audiences.platforms.registry import kind_of, open_platform
from audiences.sql import statements
from audiences.sync.asking import renewed, require_gone
from audiences.sync.works import Run, Work

ENSURE, REMOVALS, ADDITIONS = 0, 1, 2
MOST_HALVINGS = 500
"""So many requests of a list are halved in one run at most; a platform that refuses more has another reason."""
REFUSED = "the platform refuses this member's identifiers"
INVALID = "the platform calls this member's identifiers invalid"


@dataclass
class _Request:
    """One request in flight, or one that waits for its turn."""

    work: Work
    phase: int
    number: int
    batch_id: str = ""
    members: list[str] = field(default_factory=list)


@dataclass
class _Lane:
    """One account: its lists, what waits, and what is in flight."""

    account: tuple[str, str]
    works: list[Work]
    in_flight: int
    platform: Platform
    phase: int = ENSURE
    waiting: deque[_Request] = field(default_factory=deque)
    flying: dict[Future[Any], _Request] = field(default_factory=dict)
    is_over: bool = False
    looking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def open_works(self) -> list[Work]:
        """Its lists for which requests may still be made."""
        return [work for work in self.works if work.is_open]


def carry_out(run: Run, works: Sequence[Work]) -> None:
    """Make the requests of all lists that are open; failures are in their results, nothing is raised for a platform."""
    with ExitStack() as stack:
        lanes = _lanes(run, works, stack)
        if not lanes:
            return
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=sum(lane.in_flight for lane in lanes)))
        for lane in lanes:
            _begin(run, lane)
        while True:
            _launch(run, pool, lanes)
            flying = [future for lane in lanes for future in lane.flying]
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            with run.ledger.transaction():
                for lane in lanes:
                    for future in done & lane.flying.keys():
                        _settle(run, lane, lane.flying.pop(future), future)


def _lanes(run: Run, works: Sequence[Work], stack: ExitStack) -> list[_Lane]:
    """A lane for each account with anything to send; where it cannot be opened its lists fail."""
    lanes = []
    for account in sorted({work.account for work in works}):
        busy = [work for work in works if work.account == account and work.is_open and _has_requests(run, work)]
        if not busy:
            continue
        try:
            endpoint, options = run.settings.account(*account)
            platform = open_platform(account[0], endpoint=endpoint, account=options)
        except BoomerangError as error:
            for work in busy:
                work.fail(error)
            continue
        stack.callback(platform.close)
        in_flight = kind_of(account[0]).limits_for(options).requests_in_flight
        lanes.append(_Lane(account, busy, in_flight, platform))
    return lanes


def _has_requests(run: Run, work: Work) -> bool:
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    return any(run.execute("pending_batches", **ids, phase=phase).fetchone() for phase in (REMOVALS, ADDITIONS))


def _begin(run: Run, lane: _Lane) -> None:
    """Queue what the lane's phase asks for."""
    lane.waiting.clear()
    for work in lane.open_works:
        if lane.phase == ENSURE:
            lane.waiting.append(_Request(work, ENSURE, 0))
            continue
        ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "phase": lane.phase}
        numbers = run.execute("pending_batches", **ids).fetchall()
        lane.waiting.extend(_Request(work, lane.phase, number) for (number,) in numbers)


def _advance(run: Run, lane: _Lane) -> None:
    """Go on to the next phase when this one is done; additions wait where a removal of their family failed."""
    while not lane.waiting and not lane.flying and not lane.is_over:
        if lane.phase == ADDITIONS:
            lane.is_over = True
            return
        if lane.phase == REMOVALS:
            _stop_families(lane)
        lane.phase += 1
        _begin(run, lane)


def _stop_families(lane: _Lane) -> None:
    failed = {work.family for work in lane.works if not work.is_open and work.plan.removes + work.plan.updates > 0}
    for work in lane.open_works:
        if work.family in failed:
            work.fail(Unavailable("people are to be removed from a list of the same audience or group first"))


def _launch(run: Run, pool: ThreadPoolExecutor, lanes: Sequence[_Lane]) -> None:
    """Fill every lane: all intents become durable together, then the requests leave."""
    chosen: list[tuple[_Lane, _Request]] = []
    for lane in lanes:
        _advance(run, lane)
        most = 1 if lane.phase == ENSURE else lane.in_flight
        while lane.waiting and len(lane.flying) + sum(1 for other, _ in chosen if other is lane) < most:
            request = lane.waiting.popleft()
            if request.work.is_open and not request.work.is_gone:
                chosen.append((lane, request))
    if not chosen:
        return
    calls: list[tuple[_Lane, _Request, Callable[[], Any]]] = []
    with run.ledger.transaction():
        for lane, request in chosen:
            calls.append((lane, request, _intent(run, lane, request)))
    for lane, request, call in calls:
        lane.flying[pool.submit(call)] = request


def _intent(run: Run, lane: _Lane, request: _Request) -> Callable[[], Any]:
    """Write down what is about to be asked; returns the call that asks it."""
    work = request.work
    if request.phase == ENSURE:
        return _ensuring(run, lane, work)
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    which = {**ids, "phase": request.phase, "batch_number": request.number}
    table = run.connection.sql(statements("apply")["batch_rows"], params=which).to_arrow_table()
    request.members = table.column("member_key").to_pylist()
    rows = [HashRow(row) for row in table.column("upload_row").to_pylist()]
    request.batch_id, session = secrets.token_hex(8), secrets.randbits(62) + 1
    run.execute("touch_list", list_id=work.plan.list, plan_id=run.plan_id)
    run.execute("plan_state", **ids, state="applying", now=run.clock())
    run.execute(
        "open_batch", **ids, batch_id=request.batch_id, phase=request.phase, batch_number=request.number,
        session=session, row_count=len(rows), now=run.clock(),
    )  # fmt: skip
    send = lane.platform.remove if request.phase == REMOVALS else lane.platform.add
    return _sending(run, lane, work, lambda external_id: send(external_id, Batch(rows, session)))


def _sending(run: Run, lane: _Lane, work: Work, send: Callable[[str], Outcome]) -> Callable[[], Outcome | str]:
    """A request for members. Where its list is gone indeed and asked for, it is made anew and its id the answer."""
    external_id = work.external_id
    assert external_id is not None
    remote = _remote(run, work, external_id)

    def call() -> Outcome | str:
        try:
            return send(external_id)
        except Gone:
            with lane.looking:
                if work.audience is None:
                    require_gone(lane.platform, external_id)
                    raise
                return renewed(lane.platform, remote)

    return call


def _remote(run: Run, work: Work, external_id: str | None) -> RemoteList:
    return RemoteList(
        list_id=work.plan.list,
        name=work.stored.name,
        ledger_id=run.ledger.ledger_id,
        environment=run.ledger.environment,
        keep_days=work.stored.keep_days,
        external_id=external_id,
    )


def _ensuring(run: Run, lane: _Lane, work: Work) -> Callable[[], str]:
    listed = run.execute("list", list_id=work.plan.list).fetchone()
    remote = _remote(run, work, listed[0] if listed else None)
    if work.audience is None and remote.external_id is not None:
        return lambda: str(remote.external_id)  # nobody asks for the list: it is not made again when it is gone
    known_name = listed[4] if listed else remote.name

    def ensure() -> str:
        external_id = lane.platform.ensure(remote)
        if remote.external_id is not None and external_id != remote.external_id:
            require_gone(lane.platform, remote.external_id)
        if known_name != remote.name and external_id == remote.external_id:
            lane.platform.rename(external_id, remote.name)
        return external_id

    return ensure


def _settle(run: Run, lane: _Lane, request: _Request, future: Future[Any]) -> None:
    """Write down what the platform answered to one request."""
    error = future.exception()
    if error is None:
        answer = future.result()
        if request.phase == ENSURE:
            _ensured(run, request.work, answer)
        elif isinstance(answer, Outcome):
            _accepted(run, request, answer)
        else:
            _replaced(run, request, answer)
    elif isinstance(error, BoomerangError):
        _refused(run, lane, request, error)
    else:
        raise error


def _ensured(run: Run, work: Work, external_id: str) -> None:
    """Note the remote list; one that was replaced behind our back begins a new generation, filled by the next plan."""
    plan = work.plan
    other = run.execute("other_owner", list_id=plan.list, external_id=external_id, platform=plan.platform).fetchone()
    if other is not None:
        work.fail(ConfigError(_is_of_another(plan.audience, other[0])))
        return
    listed = run.execute("list", list_id=plan.list).fetchone()
    known = listed[0] if listed else None
    if listed is None:
        run.execute(
            "create_list", list_id=plan.list, audience=plan.audience, platform=plan.platform, account=plan.account,
            split=plan.split, label=work.stored.name, now=run.clock(),
        )  # fmt: skip
    if known is not None and known != external_id:
        _begin_generation(run, work, external_id)
        return
    run.execute(
        "set_external", list_id=plan.list, external_id=external_id, label=work.stored.name,
        is_asked=work.audience is not None,
    )  # fmt: skip
    work.external_id = external_id
    work.result = replace(work.result, external_id=external_id)


def _is_of_another(audience: str, owner: str) -> str:
    return (
        f"its list at the platform is the one of the audience {owner} by now: "
        f"write `renamed_from: [{audience}, {owner}]` into its definition, so that list and experiment go on"
    )


def _replaced(run: Run, request: _Request, external_id: str) -> None:
    """The list was gone when the request came, and is another one now; of several that found it so the first counts."""
    _close_batch(run, request, "rejected", error=Gone.__name__)
    request.work.add(requests=1)
    if not request.work.is_gone:
        _begin_generation(run, request.work, external_id)


def _begin_generation(run: Run, work: Work, external_id: str) -> None:
    """The remote list is another one now, and empty."""
    run.execute("new_generation", list_id=work.plan.list, external_id=external_id)
    _forget_members(run, work)
    work.result = replace(work.result, external_id=external_id)
    if work.is_open:
        work.fail(
            Unavailable("the remote list was gone and is made anew: run `boomerang sync` again to fill it"), "stale"
        )


def _forget_members(run: Run, work: Work) -> None:
    """Nobody is on a list that is gone, whatever the platform took for it before."""
    work.is_gone = True
    for statement in ("forget_members", "leave_generation", "leave_requests"):
        run.execute(statement, list_id=work.plan.list)


def _accepted(run: Run, request: _Request, outcome: Outcome) -> None:
    work = request.work
    _close_batch(run, request, "accepted", outcome)
    refused = [] if work.is_gone else _wholly_invalid(request.members, outcome.invalid_rows)
    if refused and request.phase == ADDITIONS:
        _quarantine(run, request, refused, INVALID, outcome.request_id)
    work.accepted += 1
    work.add(
        sent=len(request.members), received=outcome.received, invalid=outcome.invalid, requests=1,
        quarantined=len(refused) if request.phase == ADDITIONS else 0,
    )  # fmt: skip
    if run.on_progress:
        run.on_progress(work.plan.list, len(request.members))


def _wholly_invalid(members: Sequence[str], invalid_rows: Sequence[int]) -> list[str]:
    """Members none of whose rows the platform took."""
    bad = set(invalid_rows)
    if not bad:
        return []
    taken = {member for number, member in enumerate(members) if number not in bad}
    return sorted({members[number] for number in bad if number < len(members)} - taken)


def _refused(run: Run, lane: _Lane, request: _Request, error: BoomerangError) -> None:
    """A failure stops this list, and one of the whole account all of its lists; bad rows are looked for."""
    work = request.work
    if request.phase != ENSURE and not isinstance(error, Unavailable):
        # where nothing can be known of the outcome, the request stays open
        request_id = error.request_id if isinstance(error, PlatformError) else None
        _close_batch(run, request, "rejected", error=type(error).__name__, request_id=request_id)
        work.add(requests=1)
    if isinstance(error, RejectedRows) and work.is_open and _look_for_bad_rows(run, lane, request, error):
        return
    if isinstance(error, Gone) and request.phase != ENSURE and work.audience is None:
        _forget_members(run, work)
        return
    if isinstance(error, AuthError | RateLimited | Unavailable):
        for sibling in lane.open_works:
            sibling.fail(error)
        lane.waiting.clear()
    elif work.is_open:
        work.fail(error)


def _look_for_bad_rows(run: Run, lane: _Lane, request: _Request, error: RejectedRows) -> bool:
    """Halve the request, or put its only member into quarantine. False when too much was refused already."""
    work = request.work
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "phase": request.phase}
    work.halvings += 1
    members = sorted(set(request.members))
    if work.halvings > MOST_HALVINGS or (work.result.quarantined >= 3 and not work.accepted):
        work.fail(RejectedRequest(f"{error}; so many rows are refused that it cannot be the rows"))
        return True
    if len(members) > 1:
        row = run.execute("next_batch", **ids).fetchone()
        next_number = int(row[0]) if row else 0
        run.execute("halve", **ids, batch_number=request.number, next=next_number)
        lane.waiting.extendleft(_Request(work, request.phase, number) for number in (next_number + 1, next_number))
        return True
    _quarantine(run, request, members, REFUSED, error.request_id)
    work.add(quarantined=1)
    return True


def _quarantine(run: Run, request: _Request, members: list[str], reason: str, request_id: str | None) -> None:
    common = {"plan_id": run.plan_id, "list_id": request.work.plan.list, "members": members}
    place = {"phase": request.phase, "batch_number": request.number}
    run.execute("refuse", **common, **place, reason=reason)
    if request.phase == REMOVALS:
        run.execute("refuse_addition", **common, reason=reason)
        return
    run.execute("leave_quarantine", list_id=request.work.plan.list, members=members)
    run.execute(
        "quarantine", **common, batch_number=request.number, reason=reason, request_id=request_id, now=run.clock()
    )


def _close_batch(
    run: Run, request: _Request, state: str, outcome: Outcome | None = None, *, error: str | None = None,
    request_id: str | None = None,
) -> None:  # fmt: skip
    run.execute(
        "close_batch",
        batch_id=request.batch_id,
        state=state,
        now=run.clock(),
        received=outcome.received if outcome else None,
        invalid=outcome.invalid if outcome else None,
        request_id=outcome.request_id if outcome else request_id,
        handle=outcome.handle if outcome and not request.work.is_gone else None,  # else of another list
        error=error,
    )
