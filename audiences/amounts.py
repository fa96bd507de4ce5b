"""Counts and spans of time in words, so that one person is no people."""

from __future__ import annotations

import math

MINUTE = 60  # seconds


def amount(count: int, one: str, many: str | None = None) -> str:
    """`1 person`, `1,200 people`.

    Args:
        count: how many.
        one: the noun, or the noun and its verb, for one.
        many: the same for any other count; None adds an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def minutes(seconds: float) -> str:
    """A span of so many seconds in whole minutes, none less than one: `20 minutes`."""
    return amount(max(1, math.ceil(seconds / MINUTE)), "minute")
