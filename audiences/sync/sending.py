"""Sending: several requests in flight per account, one thread that writes the ledger.

An intent is durable before its request leaves; the outcome is written when the answer comes. Accounts go side by side.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

from audiences.errors import Gone
from audiences.platforms.base import Outcome
from audiences.sync.asking import renewed, require_gone
from audiences.sync.batches import read_batch
from audiences.sync.lanes import ENSURE, REMOVALS, Lane, Request, advance, begin, open_lanes
from audiences.sync.outcomes import settle
from audiences.sync.remote_lists import ensuring, remote_of
from audiences.sync.works import Run, Work


def carry_out(run: Run, works: Sequence[Work]) -> None:
    """Make the requests of all lists that are open; failures are in their results, nothing is raised for a platform."""
    with ExitStack() as stack:
        lanes = open_lanes(run, works, stack)
        if not lanes:
            return
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=sum(lane.in_flight for lane in lanes)))
        for lane in lanes:
            begin(run, lane)
        while True:
            _launch(run, pool, lanes, works)
            flying = [future for lane in lanes for future in lane.flying]
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            with run.ledger.transaction():
                for lane in lanes:
                    for future in done & lane.flying.keys():
                        settle(run, lane, lane.flying.pop(future), future)


def _launch(run: Run, pool: ThreadPoolExecutor, lanes: Sequence[Lane], works: Sequence[Work]) -> None:
    """Fill every lane: all intents become durable together, then the requests leave."""
    chosen: list[tuple[Lane, Request]] = []
    advance(run, lanes, works)
    for lane in lanes:
        most = 1 if lane.phase == ENSURE else lane.in_flight
        while lane.waiting and len(lane.flying) + sum(1 for other, _ in chosen if other is lane) < most:
            request = lane.waiting.popleft()
            if request.can_go:
                chosen.append((lane, request))
    if not chosen:
        return
    calls: list[tuple[Lane, Request, Callable[[], Any]]] = []
    with run.ledger.transaction():
        for lane, request in chosen:
            calls.append((lane, request, _intent(run, lane, request)))
    for lane, request, call in calls:
        lane.flying[pool.submit(call)] = request


def _intent(run: Run, lane: Lane, request: Request) -> Callable[[], Any]:
    """Write down what is about to be asked; returns the call that asks it."""
    work = request.work
    if request.phase == ENSURE:
        return ensuring(run, lane.platform, work)
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    request.batch_id, session = secrets.token_hex(8), secrets.randbits(62) + 1
    request.members, batch = read_batch(run, work.plan.list, request.phase, request.number, session)
    run.execute("touch_list", list_id=work.plan.list, plan_id=run.plan_id)
    run.execute("plan_state", **ids, state="applying", now=run.clock())
    run.execute(
        "open_batch", **ids, batch_id=request.batch_id, phase=request.phase, batch_number=request.number,
        session=session, row_count=len(batch.rows), now=run.clock(),
    )  # fmt: skip
    send = lane.platform.remove if request.phase == REMOVALS else lane.platform.add
    return _sending(run, lane, work, lambda external_id: send(external_id, batch))


def _sending(run: Run, lane: Lane, work: Work, send: Callable[[str], Outcome]) -> Callable[[], Outcome | str]:
    """A request for members. Where its list is gone indeed and asked for, it is made anew and its id the answer."""
    external_id = work.external_id
    assert external_id is not None
    remote = remote_of(run, work, external_id)

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
