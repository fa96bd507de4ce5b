"""The numbers of `limits.yaml`: what each ad platform takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from audiences.documents import read_document
from audiences.errors import ConfigError
from audiences.names import hint
from audiences.platforms.base import Limits

OWN = ("rows_per_request", "min_members", "max_lists")
"""The limits that an account's settings may name themselves."""

FILE = Path(__file__).with_name("limits.yaml")


@dataclass(frozen=True)
class Number:
    """One limit. `value` is None where the platform has no such limit."""

    value: int | None
    unit: str
    source: str
    date: dt.date
    note: str = ""


@cache
def read_numbers(platform: str) -> MappingProxyType[str, Number]:
    """Every number of a platform by name. Raises ConfigError for a platform without any."""
    content = read_document(FILE).root.plain()
    if platform not in content:
        raise ConfigError(f"there are no limits for {platform}{hint(platform, content)}", file=FILE)
    return MappingProxyType({name: Number(**entry) for name, entry in content[platform].items()})


def read_limits(platform: str, **instead: int) -> Limits:
    """The platform's limits as the engine wants them; `instead` replaces single ones, as an account's settings may."""
    numbers = read_numbers(platform)
    values: dict[str, Any] = {field.name: numbers[field.name].value for field in fields(Limits)}
    return Limits(**{**values, **instead})


def own_limits(account: Mapping[str, Any], most_rows: int | None = None) -> dict[str, int]:
    """The limits that an account's mapping sets itself, for `read_limits`; `most_rows` bounds those of a request."""
    own = {name: account[name] for name in OWN if isinstance(account.get(name), int)}
    if most_rows is not None and "rows_per_request" in own:
        own["rows_per_request"] = min(own["rows_per_request"], most_rows)
    return own
