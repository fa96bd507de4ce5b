"""The settings of one Snapchat ad account, as they stand under `platforms.snapchat.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from audiences.platforms import http_account
from audiences.platforms.http_account import RenewableAccount

HOME = "https://adsapi.snapchat.com"
TOKENS = "https://accounts.snapchat.com"
TOKEN_PATH = "login/oauth2/access_token"  # noqa: S105 - a place, no secret
ADVICE = {"id": "it is the ad account's id: letters, digits and dashes"}


class SnapchatAccount(RenewableAccount):
    """What is to be known of an ad account; `docs/platforms/snapchat.md` says where each value comes from."""

    id: str = Field(pattern=r"^[0-9A-Za-z-]+$")
    rows_per_request: int = Field(default=100_000, ge=1, le=100_000)
    throttle_seconds: float = Field(default=60, ge=1)
    """How long to stay away after HTTP 429 where Snapchat does not say."""


def read_account(values: Mapping[str, Any]) -> SnapchatAccount:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value."""
    return http_account.read_account(SnapchatAccount, "snapchat", values, ADVICE)


def read_endpoint(endpoint: str | None) -> str:
    """Where Snapchat's API is. Raises ConfigError for what is no web address."""
    return http_account.read_endpoint("snapchat", endpoint, HOME)


def token_address(account: SnapchatAccount, endpoint: str | None) -> str:
    """Where new access tokens are got: a host of its own, unless an endpoint is set."""
    base = TOKENS if endpoint is None else endpoint.rstrip("/")
    return account.token_endpoint or f"{base}/{TOKEN_PATH}"
