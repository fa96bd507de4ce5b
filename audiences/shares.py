"""Shares and ratios as people write them: `10%`, `300%`, or a plain number such as 0.1."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_PERCENT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?) ?%")
MAX_PLAIN_RATIO = 10


def read_ratio(value: Any) -> float:
    """`50%`, `300%` or a plain number such as 0.5, as a number.

    Raises ValueError when it is neither, negative, or a plain number above 10, which is meant as a percentage.
    """
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if percent is None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError("must be a percentage such as 10%, or a number such as 0.1")
    if percent is None and value > MAX_PLAIN_RATIO:
        raise ValueError(f"must carry a percent sign: write {value}%")
    ratio = float(percent[1]) / 100 if percent else float(value)
    if not ratio >= 0:
        raise ValueError(f"must not be negative, and {value} is")
    return ratio


def read_share(value: Any) -> float:
    """Like `read_ratio`, and at most 100 %."""
    ratio = read_ratio(value)
    if ratio > 1:
        raise ValueError(f"must be at most 100%, and {value} is more")
    return ratio


Ratio = Annotated[float, BeforeValidator(read_ratio)]
Share = Annotated[float, BeforeValidator(read_share)]
