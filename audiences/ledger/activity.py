"""What the process that holds the ledger is at, in a small file of the home folder, for those who find it busy.

It names lists and counts, nobody. It is only a notice: the lock is DuckDB's own, and what a killed process left counts for
nothing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from audiences.amounts import amount
from audiences.domain import ListId

FILE = "activity.json"
EVERY = 1.0  # seconds between two notices
Answered = Callable[[ListId, int], None]
_noticed: set[Path] = set()  # homes whose ledger this process holds


@dataclass(frozen=True)
class Activity:
    """Who holds the ledger since when, and how far they are with a plan's requests. Times are text, UTC, to the minute."""

    pid: int
    since: str
    doing: str = ""
    list: str = ""
    requests_done: int = 0
    requests_planned: int = 0
    answered_at: str = ""

    def __str__(self) -> str:
        """As a clause for people."""
        far = (
            f"{self.requests_done:,} of about {amount(self.requests_planned, 'request')} answered" if self.doing else ""
        )
        last = f", the last one {self.answered_at} UTC for {self.list}" if self.list else ""
        return f"process {self.pid} has it since {self.since} UTC" + (f": {self.doing}, {far}{last}" if far else "")


@contextmanager
def noticed(home: Path) -> Iterator[None]:
    """Leave a notice for the time of the block; a block within another leaves the outer one's."""
    is_outer = home not in _noticed
    if is_outer:
        _noticed.add(home)
        _write(home, Activity(os.getpid(), _now()))
    try:
        yield
    finally:
        if is_outer:
            _noticed.discard(home)
            (home / FILE).unlink(missing_ok=True)


def counted(home: Path, doing: str, planned: int, then: Answered | None) -> Answered:
    """A function for each answered request, with list and rows: it keeps the notice up to date and calls `then`."""
    since, written, done = _now(), time.monotonic(), 0
    _write(home, Activity(os.getpid(), since, doing, requests_planned=planned))

    def answered(list_id: ListId, rows: int) -> None:
        nonlocal written, done
        done += 1
        if time.monotonic() >= written + EVERY:
            written = time.monotonic()
            _write(home, Activity(os.getpid(), since, doing, list_id, done, planned, _now()))
        if then is not None:
            then(list_id, rows)

    return answered


def read_activity(home: Path) -> Activity | None:
    """The notice; None where there is none, or its process is gone."""
    try:
        found = Activity(**json.loads((home / FILE).read_text(encoding="utf-8")))
        with suppress(PermissionError):  # it is there, and somebody else's
            os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return found


def _write(home: Path, activity: Activity) -> None:
    draft = home / f"{FILE}.part"
    with suppress(OSError):  # a notice is not worth stopping for
        draft.write_text(json.dumps(asdict(activity)) + "\n", encoding="utf-8")
        draft.replace(home / FILE)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
