"""The reasons that people type and that are kept: they may name nobody."""

from __future__ import annotations

import re

from audiences.errors import ConfigError

MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
NUMBER = re.compile(r"(?<![\w#-])[+(]{0,2}\d(?:[\s.()/\u2010-\u2015-]{0,3}\d)*")
"""Digits with what phone numbers are written with between them; not within a word, a ticket's number or an id."""

FEWEST_DIGITS = 7
DAY = r"(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{4})"
NO_PHONE = tuple(
    re.compile(form)
    for form in (
        rf"{DAY}(?: \d{{1,4}})?",  # 2026-11-23, 23.11.2026, and what comes before the colon of 2026-11-23 08:15
        r"(?:19|20)\d\d ?[-/\u2013] ?(?:19|20)\d\d",  # 2025-2026
        r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:-\d{6}(?:-\d{1,6})?)?",  # 20261123, and of a build 20261123-081500
        r"[1-9]([. ])\d{3}\1\d{3}",  # 1.234.567
    )
)


def checked_reason(why: str, *, keeper: str) -> str:
    """The reason without blanks around it.

    Args:
        why: as typed.
        keeper: what keeps it, for the message: `the receipt`.

    Raises:
        ConfigError: it is empty, or an address or what looks like a phone number is in it; it is not repeated.
    """
    if not why.strip():
        raise ConfigError(f"say --why: {keeper} keeps it")
    if MAIL.search(why) or any(_is_phone(found[0]) for found in NUMBER.finditer(why)):
        raise ConfigError(f"the reason must name nobody: leave the address or number out, {keeper} keeps it")
    return why.strip()


def _is_phone(number: str) -> bool:
    """Seven digits or more that are neither a date nor an amount; a plus at the front leaves no doubt."""
    digits = sum(character.isdigit() for character in number)
    return digits >= FEWEST_DIGITS and (number[0] == "+" or not any(form.fullmatch(number) for form in NO_PHONE))
