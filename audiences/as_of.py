"""The instant that a run speaks of, from what a person writes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from audiences.errors import ConfigError

BARE_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def parse_as_of(text: str | None, *, timezone: str, now: datetime) -> datetime:
    """The instant meant by `text`, as a naive UTC timestamp.

    Args:
        text: a date (the last microsecond of that shop day), a timestamp (shop time unless it has an offset), or None for now.
        timezone: the shop's time zone.
        now: the clock, naive UTC.

    Raises:
        ConfigError: the text is neither.
    """
    if text is None:
        return now
    zone = ZoneInfo(timezone)
    try:
        if BARE_DATE.match(text):
            return end_of_day(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--as-of {text!r} is no date: write 2026-11-23, or 2026-11-23T18:00:00 in the shop's time"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).replace(tzinfo=None)


def parse_day(text: str, option: str) -> date:
    """The day meant by `text`, as `option` gave it. Raises ConfigError when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is no date: write 2026-11-23") from None


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a shop day, naive UTC; right on days of 23 and 25 hours too."""
    next_midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return next_midnight.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


def shop_day(moment: datetime, timezone: str) -> date:
    """The shop's day of a naive UTC timestamp."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()
