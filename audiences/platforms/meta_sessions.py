"""Meta's upload sessions: their numbers, and what Meta says became of them.

Meta documents the fields of a session, but not the words of its stage. So a session counts as processed only when stage and
progress both speak for it, and a stage that nobody has heard of leaves it at work.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audiences.platforms.base import Processing

FIELDS = "session_id,stage,progress,num_received,num_matched,num_invalid_entries,start_time,end_time"
DONE = frozenset({"completed", "complete", "finished", "done", "processed", "success", "succeeded"})
FAILED = frozenset({"failed", "failure", "error", "aborted", "cancelled", "canceled", "rejected"})
WHOLE = 100
STAGE = re.compile(r"[a-z_ -]{1,40}")


def new_session_id() -> int:
    """A positive 64-bit number that this account has not used, whichever thread asks.

    Each try of an upload takes another one: Meta ends a session with its last batch, even when its answer got lost.
    """
    return secrets.randbelow(2**63 - 1) + 1


def read_sessions(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Processing]]:
    """The session's number and what became of it, for each entry that has a number."""
    for entry in entries:
        if entry.get("session_id") is not None:
            yield str(entry["session_id"]), _processing(entry)


def _processing(entry: Mapping[str, Any]) -> Processing:
    stage = str(entry.get("stage") or "").strip().lower()
    progress = _count(entry.get("progress"))
    note = f"stage {stage}" if STAGE.fullmatch(stage) else ""
    matched, invalid = _count(entry.get("num_matched")), _count(entry.get("num_invalid_entries"))
    if stage in FAILED:
        return Processing("failed", matched, invalid, note)
    if stage in DONE and progress in (None, WHOLE):
        return Processing("processed", matched, invalid, note)
    return Processing("working", None, invalid, note)


def _count(value: object) -> int | None:
    """A number that Meta gives as one or as text; None for none, and for the -1 of what it does not know yet."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else None
