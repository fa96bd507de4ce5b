"""A lane per account: its lists, its phase, the requests that wait and those in flight.

Within an account every list is ensured first, then all removals go, then, when they are accepted, the additions.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from audiences.errors import BoomerangError, Unavailable
from audiences.platforms.base import Platform
from audiences.platforms.registry import kind_of, open_platform
from audiences.sync.works import Run, Work

ENSURE, REMOVALS, ADDITIONS = 0, 1, 2


@dataclass
class Request:
    """One request in flight, or one that waits for its turn."""

    work: Work
    phase: int
    number: int
    batch_id: str = ""
    members: list[str] = field(default_factory=list)


@dataclass
class Lane:
    """One account: its lists, what waits, and what is in flight."""

    account: tuple[str, str]
    works: list[Work]
    in_flight: int
    platform: Platform
    phase: int = ENSURE
    waiting: deque[Request] = field(default_factory=deque)
    flying: dict[Future[Any], Request] = field(default_factory=dict)
    is_over: bool = False
    looking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def open_works(self) -> list[Work]:
        """Its lists for which requests may still be made."""
        return [work for work in self.works if work.is_open]


def open_lanes(run: Run, works: Sequence[Work], stack: ExitStack) -> list[Lane]:
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
        lanes.append(Lane(account, busy, in_flight, platform))
    return lanes


def _has_requests(run: Run, work: Work) -> bool:
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    return any(run.execute("pending_batches", **ids, phase=phase).fetchone() for phase in (REMOVALS, ADDITIONS))


def advance(run: Run, lane: Lane) -> None:
    """Go on to the next phase when this one is done; additions wait where a removal of their family failed."""
    while not lane.waiting and not lane.flying and not lane.is_over:
        if lane.phase == ADDITIONS:
            lane.is_over = True
            return
        if lane.phase == REMOVALS:
            _stop_families(lane)
        lane.phase += 1
        begin(run, lane)


def begin(run: Run, lane: Lane) -> None:
    """Queue what the lane's phase asks for."""
    lane.waiting.clear()
    for work in lane.open_works:
        if lane.phase == ENSURE:
            lane.waiting.append(Request(work, ENSURE, 0))
            continue
        ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "phase": lane.phase}
        numbers = run.execute("pending_batches", **ids).fetchall()
        lane.waiting.extend(Request(work, lane.phase, number) for (number,) in numbers)


def _stop_families(lane: Lane) -> None:
    failed = {work.family for work in lane.works if not work.is_open and work.plan.removes + work.plan.updates > 0}
    for work in lane.open_works:
        if work.family in failed:
            work.fail(Unavailable("people are to be removed from a list of the same audience or group first"))
