"""How the noticeboard refuses: an HTTP status, a word, and for some how many seconds to wait."""

from __future__ import annotations

from audiences.sandbox.faults import Fault


class Refusal(Exception):
    """An error answer; `wait` in seconds becomes its header `retry-after`."""

    def __init__(self, status: int, word: str, *, wait: int | None = None) -> None:
        self.status, self.word, self.wait = status, word, wait
        super().__init__(word)


TOKEN, PERMISSION, TERMS = Refusal(401, "token"), Refusal(403, "permission"), Refusal(403, "terms")
GONE, FULL, FLAGGED = Refusal(404, "gone"), Refusal(409, "full"), Refusal(409, "flagged")
SIZE, ROWS, WRONG = Refusal(413, "size"), Refusal(422, "rows"), Refusal(422, "wrong")
CANNED = {
    "expired_token": TOKEN,
    "no_permission": PERMISSION,
    "terms": TERMS,
    "flagged": FLAGGED,
    "server_error": Refusal(500, "passing"),
}


def throttled(word: str, wait: float) -> Refusal:
    """Come back in so many seconds."""
    return Refusal(429, word, wait=int(wait) + 1)


def refusal_for(fault: Fault) -> Refusal | None:
    """The refusal that a fault asks for; None for a fault of another sort."""
    if fault.do == "throttle":
        return Refusal(429, "throttled", wait=fault.minutes * 60)
    if fault.do == "error":
        return Refusal(fault.status, fault.message or "told")
    return CANNED.get(fault.do)
