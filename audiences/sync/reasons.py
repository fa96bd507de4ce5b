"""The reasons that people type and that are kept: they may name nobody."""

from __future__ import annotations

import re

from audiences.errors import ConfigError

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|\+\d[\d ()./-]{6,}")


def checked_reason(why: str, *, keeper: str) -> str:
    """The reason without blanks around it.

    Args:
        why: as typed.
        keeper: what keeps it, for the message: `the receipt`.

    Raises:
        ConfigError: it is empty, or an address or a phone number with a plus is in it; it is not repeated.
    """
    if not why.strip():
        raise ConfigError(f"say --why: {keeper} keeps it")
    if ADDRESS.search(why):
        raise ConfigError(f"the reason must name nobody: leave the address or number out, {keeper} keeps it")
    return why.strip()
