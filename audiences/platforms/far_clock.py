"""How far a platform's clock is ahead of this machine's, by the date that stands in its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class FarClock:
    """Remembers what the newest answer said. Answers have whole seconds, and were on their way for a while."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self.ahead: timedelta | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in an answer's headers; a date that is missing, or none, tells nothing."""
        text = headers.get("date") or headers.get("Date")
        if text is None:
            return
        try:
            told = parsedate_to_datetime(text)
        except ValueError:
            return
        self.ahead = (told if told.tzinfo else told.replace(tzinfo=UTC)) - self._now()
