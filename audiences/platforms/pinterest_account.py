"""The settings of one Pinterest ad account, as they stand under `platforms.pinterest.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from audiences.platforms import http_account
from audiences.platforms.http_account import RenewableAccount

HOME = "https://api.pinterest.com"
TOKEN_PATH = "v5/oauth/token"  # noqa: S105 - a place, no secret
ADVICE = {"id": "it is the ad account's number, digits only"}


class PinterestAccount(RenewableAccount):
    """What is to be known of an ad account; `docs/platforms/pinterest.md` says where each value comes from."""

    id: str = Field(pattern=r"^\d+$")
    rows_per_request: int = Field(default=10_000, ge=1, le=10_000)
    throttle_seconds: float = Field(default=60, ge=1)
    """How long to stay away after HTTP 429 where Pinterest does not say."""
    make_audience: bool = True
    """Whether a targetable audience is made on each customer list."""


def read_account(values: Mapping[str, Any]) -> PinterestAccount:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value."""
    return http_account.read_account(PinterestAccount, "pinterest", values, ADVICE)


def read_endpoint(endpoint: str | None) -> str:
    """Where Pinterest's API is. Raises ConfigError for what is no web address."""
    return http_account.read_endpoint("pinterest", endpoint, HOME)


def token_address(account: PinterestAccount, address: str) -> str:
    """Where new access tokens are got."""
    return account.token_endpoint or f"{address}/{TOKEN_PATH}"
