"""What one ad platform's stand-in is to the sandbox, what all of them share, and how they are found.

A stand-in is a module of this package with a function `open_stand_in(context)`, or such a function of another package under
the entry point group `boomerang.sandbox`. Adding one edits nothing here.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from fastapi import Request, Response

import audiences.sandbox
from audiences.sandbox.faults import FaultScript
from audiences.sandbox.store import Store

GROUP = "boomerang.sandbox"
REMEMBERED_REQUESTS = 5000


class CutConnection(Exception):
    """Raised by a stand-in to have the connection broken without an answer."""


@dataclass
class Clock:
    """The sandbox's time: the machine's, moved by `offset` seconds."""

    offset: float = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset


@dataclass(frozen=True)
class Seen:
    """One request as the sandbox remembers it: sizes and kinds, never content."""

    platform: str
    kind: str
    method: str
    writing: bool
    list: str | None
    rows: int
    url_length: int
    body_length: int
    status: int


class RequestLog:
    """Counts requests by platform and kind, and remembers the newest ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._counts: Counter[tuple[str, str, str, bool]] = Counter()
            self._newest: deque[Seen] = deque(maxlen=REMEMBERED_REQUESTS)

    def add(self, seen: Seen) -> None:
        """Count one request."""
        with self._lock:
            self._counts[(seen.platform, seen.method, seen.kind, seen.writing)] += 1
            self._newest.append(seen)

    def summary(self, platform: str) -> dict[str, Any]:
        """Counts by method and kind, how many of all wrote, and the newest requests in order."""
        with self._lock:
            counts: list[dict[str, Any]] = [
                {"method": method, "kind": kind, "writing": writing, "count": count}
                for (name, method, kind, writing), count in sorted(self._counts.items())
                if name == platform
            ]
            newest = [vars(seen) for seen in self._newest if seen.platform == platform]
        writes = sum(entry["count"] for entry in counts if entry["writing"])
        return {
            "total": sum(entry["count"] for entry in counts),
            "writes": writes,
            "counts": counts,
            "newest": newest,
        }


@dataclass
class Context:
    """What the stand-ins share. With `null_sink` requests that bring rows are counted and forgotten.

    `processing_seconds` is how long a batch takes until it shows, by the sandbox's clock.
    """

    store: Store
    faults: FaultScript
    clock: Clock = field(default_factory=Clock)
    log: RequestLog = field(default_factory=RequestLog)
    processing_seconds: float = 0.0
    null_sink: bool = False


class StandIn(Protocol):
    """One ad platform's stand-in; its own paths begin with `/<name>/`."""

    name: str

    async def answer(self, request: Request, path: str) -> Response:
        """Answer a request as the platform would; `path` is what follows `/<name>/`. May raise CutConnection."""

    def control(self, values: Mapping[str, Any]) -> None:
        """Change what the stand-in is to believe (tokens, permissions, ...). Raises ValueError for a wrong value."""

    def described(self) -> dict[str, Any]:
        """What it believes now, without secrets."""


def open_stand_ins(context: Context) -> dict[str, StandIn]:
    """Every stand-in of this package and of the installed ones, by name."""
    modules = [import_module(f"audiences.sandbox.{m.name}") for m in iter_modules(audiences.sandbox.__path__)]
    openers = [module.open_stand_in for module in modules if hasattr(module, "open_stand_in")]
    openers += [cast(Callable[[Context], StandIn], entry.load()) for entry in entry_points(group=GROUP)]
    opened = [opener(context) for opener in openers]
    return {stand_in.name: stand_in for stand_in in opened}
