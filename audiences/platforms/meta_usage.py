"""How fast Meta lets us go: slows down above a share of the hourly budget, stops when it is used up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audiences.errors import RateLimited
from audiences.log import get_logger

BUSINESS_HEADER, APP_HEADER = "X-Business-Use-Case-Usage", "X-App-Usage"
PERCENTAGES = ("call_count", "total_cputime", "total_time")
SLOWEST = 10.0
"""Seconds between two requests when nearly all of the budget is used."""

logger = get_logger("platforms.meta")


@dataclass(frozen=True)
class Usage:
    """What the headers of one answer say: the largest percentage used, and for how many seconds to stay away."""

    percent: int = 0
    wait: float = 0.0


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; what is missing or malformed counts as no usage."""
    business = _entries(headers.get(BUSINESS_HEADER))
    entries = [*business, *_entries(headers.get(APP_HEADER))]
    percent = max((int(_number(entry.get(name))) for entry in entries for name in PERCENTAGES), default=0)
    minutes = max((_number(entry.get("estimated_time_to_regain_access")) for entry in business), default=0.0)
    return Usage(percent, minutes * 60)


def _entries(text: str | None) -> list[Mapping[str, Any]]:
    """The usage objects of a header: {percentages} or {business id: [{percentages, wait}]}."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return []
    if not isinstance(found, dict):
        return []
    lists = [value for value in found.values() if isinstance(value, list)]
    return [entry for value in lists for entry in value if isinstance(entry, dict)] or [found]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


class Pace:
    """When the next request of an account may go. Times are in seconds; safe to use from several threads.

    Calls made while Meta is throttling prolong the block, so nothing is sent before it ends.
    """

    def __init__(
        self, *, slow_from: int, max_wait: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._slow_from, self._max_wait, self._clock, self._sleep = slow_from, max_wait, clock, sleep
        self._lock = threading.Lock()
        self._percent, self._blocked_until, self._told_until, self._last_turn = 0, 0.0, 0.0, 0.0

    @property
    def used(self) -> float:
        """The share of the hourly budget that the newest answer tells, 0 to 1 or more."""
        with self._lock:
            return self._percent / 100

    def note(self, usage: Usage) -> None:
        """Take in what an answer said."""
        with self._lock:
            self._percent = usage.percent
        if usage.wait:
            self.block(usage.wait)

    def block(self, seconds: float) -> None:
        """Let nothing go for so long; what was known of the budget does not hold after that."""
        with self._lock:
            self._percent = 0
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def await_turn(self) -> None:
        """Wait until the next request may go. Raises RateLimited when that is longer than the settings allow.

        Threads that slow down take turns, so the pace is the account's, however many there are.
        """
        self._await_end_of_block()
        with self._lock:
            now, pause = self._clock(), self._pause()
            self._last_turn = max(now, self._last_turn) + pause if pause else now
            wait = self._last_turn - now
        if wait > 0:
            self._sleep(wait)
            self._await_end_of_block()

    def _await_end_of_block(self) -> None:
        """Wait while nothing may go; another thread's answer may prolong it meanwhile."""
        while (blocked := self._blocked_for()) > 0:
            self._sleep(blocked)

    def _blocked_for(self) -> float:
        """Seconds to stay away; said once per block. Raises RateLimited when they are too many to wait."""
        with self._lock:
            blocked = self._blocked_until - self._clock()
            is_news = self._told_until < self._blocked_until
            self._told_until = self._blocked_until
        if blocked > self._max_wait:
            raise RateLimited("Meta has asked to stay away for a while; the rest is left to the next run", wait=blocked)
        if blocked > 0 and is_news:
            logger.warning("Meta asks to wait: going on in %d s", round(blocked))
        return blocked

    def _pause(self) -> float:
        """Nothing up to the share of the budget from which to slow down, then growing evenly to the slowest."""
        over = (self._percent - self._slow_from) / (100 - self._slow_from)
        return SLOWEST * min(max(over, 0.0), 1.0)
