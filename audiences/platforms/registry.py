"""Finds the ad platforms by their entry points, so that one can also live outside this repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from audiences.errors import ConfigError
from audiences.names import hint
from audiences.platforms.base import Platform, PlatformKind

GROUP = "boomerang.platforms"


def platform_names() -> list[str]:
    """The names of all platforms that are installed; imports none of them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


@cache  # looking through all installed packages takes long, and a plan asks once per audience
def kind_of(name: str) -> PlatformKind:
    """The platform of that name. Raises ConfigError with the nearest right name when it is not installed."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if not found:
        raise ConfigError(f"there is no platform {name}{hint(name, platform_names())}")
    kind = found[0].load()
    if not isinstance(kind, PlatformKind):
        raise ConfigError(f"the entry point of platform {name} is no PlatformKind: update the package that brings it")
    return kind


def kind_for(name: str, account: Mapping[str, Any]) -> PlatformKind:
    """The platform of that name as one account has it: its fields may depend on the account.

    Raises ConfigError when it is not installed, or the account does not say what is needed for that.

    Args:
        name: The platform's name, for example `file`.
        account: The account's mapping from the settings; placeholders need not be filled in.
    """
    kind = kind_of(name)
    if kind.of_account is not None:
        kind = kind.of_account(account)
    bytes_for = kind.bytes_for if kind.bytes_of_account is None else kind.bytes_of_account(account)
    return kind if bytes_for is kind.bytes_for else replace(kind, bytes_for=bytes_for)


def open_platform(name: str, *, endpoint: str | None, account: Mapping[str, Any]) -> Platform:
    """Open one account of a platform, without a request. Raises ConfigError for an unknown name or a wrong account.

    Args:
        name: The platform's name, for example `meta`.
        endpoint: Where it is reached; None for the platform's own address.
        account: The account's mapping from the settings, placeholders filled in.
    """
    return kind_of(name).open(endpoint=endpoint, account=account)
