"""A lane per account: its lists, its phase, the requests that wait and those in flight.

Within an account every list is ensured first, then all removals go, then, when they are accepted, the additions. Where a
family of lists lies on several accounts, the additions of each wait for the removals of all.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from audiences.errors import BoomerangError
from audiences.platforms.base import Platform
from audiences.platforms.registry import kind_of, open_platform
from audiences.sync.families import hold_moving
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

    @property
    def can_go(self) -> bool:
        """Whether its list still takes requests."""
        return self.work.is_open and not self.work.is_gone


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

    @property
    def families(self) -> set[str]:
        """The families of its lists."""
        return {work.family for work in self.works}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in flight and nothing waits; what waits for a list that has stopped is let go."""
        while self.waiting and not self.waiting[0].can_go:
            self.waiting.popleft()
        return not self.waiting and not self.flying

    @property
    def is_removing(self) -> bool:
        """Whether removals are still to come, or under way."""
        return self.phase < REMOVALS or (self.phase == REMOVALS and not self.is_idle)


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


def advance(run: Run, lanes: Sequence[Lane], works: Sequence[Work]) -> None:
    """Let every lane that is done with its phase go on to the next, for as long as one of them does.

    Args:
        run: with the plan.
        lanes: all of it.
        works: all lists of the plan, those too that have no lane.
    """
    while any(_goes_on(run, lane, lanes, works) for lane in lanes):
        pass


def _goes_on(run: Run, lane: Lane, lanes: Sequence[Lane], works: Sequence[Work]) -> bool:
    if lane.is_over or not lane.is_idle:
        return False
    if lane.phase == ADDITIONS:
        lane.is_over = True
        return True
    if lane.phase == REMOVALS:
        if any(other.is_removing and other.families & lane.families for other in lanes if other is not lane):
            return False
        for work in lane.open_works:
            hold_moving(run, work, works)
    lane.phase += 1
    begin(run, lane)
    return True


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
