"""Meta's upload sessions in the sandbox: which batches they take, and what they tell of their progress."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audiences.sandbox import meta_errors as refusals
from audiences.sandbox.meta_errors import invalid
from audiences.sandbox.meta_request import Rows, Upload, read_fields
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import Session, StoredList

SESSION_SECONDS = 90 * 60
DEFAULT_PAGE, MAX_PAGE = 25, 100
FIELDS = (
    *(
        "session_id",
        "stage",
        "progress",
        "num_received",
        "num_matched",
        "num_invalid_entries",
        "start_time",
        "end_time",
    ),
)


class MetaSessions:
    """The upload sessions. Runs inside a store's transaction."""

    def __init__(self, context: Context) -> None:
        self._context, self._store = context, context.store

    def take(self, kept: StoredList, upload: Upload | None, rows: Rows, *, adding: bool, fails: bool) -> Session:
        """The session after this batch. Raises Refusal when the session does not take it."""
        now = self._context.clock.now()
        if upload is None:
            upload = Upload(str(int(now * 1_000_000)), 1, True)
        found = self._store.session(kept.account, upload.session)
        if found is None and upload.batch != 1:
            raise refusals.SESSION_NOT_OPENED
        session = found or Session(upload.session, kept.id, now, finished=False, received=0, invalid=0)
        if session.finished:
            raise refusals.SESSION_FINISHED
        if now - session.opened_at > SESSION_SECONDS:
            raise refusals.SESSION_TOO_OLD
        if session.list_id != kept.id:
            raise invalid("The session belongs to another audience")
        taken = replace(
            session,
            finished=upload.is_last,
            received=session.received + rows.received,
            invalid=session.invalid + len(rows.invalid),
            adding=adding,
            due_at=max(now + self._context.processing_seconds, self._store.last_due(kept.id)),
            fails=session.fails or fails,
        )
        self._store.keep_session(kept.account, taken)
        return taken

    def page(self, kept: StoredList, params: Mapping[str, str]) -> dict[str, Any]:
        """One page of a list's sessions, newest first, or the one that is asked for."""
        names = read_fields(params, FIELDS, always=()) or FIELDS
        limit, start = number(params.get("limit"), DEFAULT_PAGE), cursor(params.get("after"), 0)
        if limit > MAX_PAGE:
            raise refusals.TOO_MUCH_DATA
        sessions = self._store.sessions(kept.id)
        if "session_id" in params:
            wanted = str(number(params["session_id"], 0))
            sessions = [session for session in sessions if session.session == wanted]
        page = sessions[start : start + limit]
        answer: dict[str, Any] = {"data": [{name: self._shown(one)[name] for name in names} for one in page]}
        if page:
            end = start + len(page)
            answer["paging"] = {"cursors": {"before": encoded(start), "after": encoded(end)}}
            if len(sessions) > end:
                answer["paging"]["next"] = f"/{kept.id}/sessions?after={encoded(end)}"
        return answer

    def _shown(self, session: Session) -> dict[str, str]:
        """All numbers as text, as Meta gives them; what it does not know yet is -1."""
        now = self._context.clock.now()
        is_over = session.finished or now - session.opened_at > SESSION_SECONDS
        is_done = is_over and now >= session.due_at
        is_matched = is_done and not session.fails
        stage = "failed" if is_done and session.fails else "completed" if is_done else "processing"
        shown = {
            "session_id": session.session,
            "stage": stage if is_over else "uploading",
            "progress": 100 if is_matched else _progress(session, now) if is_over else 0,
            "num_received": session.received,
            "num_matched": session.received - session.invalid if is_matched else -1,
            "num_invalid_entries": session.invalid,
            "start_time": int(session.opened_at),
            "end_time": int(session.due_at) if is_done else 0,
        }
        return {name: str(value) for name, value in shown.items()}


def _progress(session: Session, now: float) -> int:
    """The share of the time until it is processed that has passed, in percent, below 100."""
    whole = session.due_at - session.opened_at
    return min(int(100 * (now - session.opened_at) / whole), 99) if whole > 0 else 0


def number(text: str | None, default: int) -> int:
    """A parameter that is to be a positive integer. Raises Refusal when it is none."""
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise invalid("Param limit must be a positive integer")
    return int(text)


def encoded(place: int) -> str:
    """A cursor."""
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def cursor(text: str | None, default: int) -> int:
    """The place that a cursor stands for. Raises Refusal when it is none."""
    if text is None:
        return default
    try:
        return int(base64.urlsafe_b64decode(text))
    except ValueError:
        raise invalid("Param after is not a cursor") from None
