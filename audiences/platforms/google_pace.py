"""When the next request of an account may go: Google says nothing of what is left of a quota, only when it is used up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from audiences.errors import RateLimited
from audiences.log import get_logger

logger = get_logger("platforms.google")


class Pace:
    """Holds all requests of an account back while Google asks for it. Times are in seconds; safe for several threads."""

    def __init__(self, *, max_wait: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._max_wait, self._clock, self._sleep = max_wait, clock, sleep
        self._lock = threading.Lock()
        self._blocked_until, self._told_until = 0.0, 0.0

    def block(self, seconds: float) -> None:
        """Let nothing go for so long."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def await_turn(self) -> None:
        """Wait while nothing may go. Raises RateLimited when that is longer than the settings allow.

        Another thread's answer may prolong the wait meanwhile.
        """
        while (blocked := self._blocked_for()) > 0:
            self._sleep(blocked)

    def _blocked_for(self) -> float:
        with self._lock:
            blocked = self._blocked_until - self._clock()
            is_news = self._told_until < self._blocked_until
            self._told_until = self._blocked_until
        if blocked > self._max_wait:
            raise RateLimited(
                "Google has asked to stay away for a while; the rest is left to the next run", wait=blocked
            )
        if blocked > 0 and is_news:
            logger.warning("Google asks to wait: going on in %d s", round(blocked))
        return blocked
