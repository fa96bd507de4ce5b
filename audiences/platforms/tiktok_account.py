"""The settings of one TikTok advertiser account, as they stand under `platforms.tiktok.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr

from audiences.platforms import http_account
from audiences.platforms.http_account import HttpAccount

HOME = "https://business-api.tiktok.com"
ADVICE = {
    "id": "it is the advertiser's number, digits only",
    "upload": "it is streaming or files",
    "api_version": "it looks like v1.3",
}


class TikTokAccount(HttpAccount):
    """What is to be known of an advertiser account; `docs/platforms/tiktok.md` says where each value comes from."""

    id: str = Field(pattern=r"^\d+$")
    access_token: SecretStr = Field(min_length=1)
    upload: Literal["streaming", "files"] = "streaming"
    """How people are sent: as segments that take rows at once, or as customer files."""
    api_version: str = Field(default="v1.3", pattern=r"^v\d+\.\d+$")
    rows_per_request: int | None = Field(default=None, ge=1, le=150_000)
    throttle_seconds: float = Field(default=60, ge=1)
    """How long to stay away after code 40100: TikTok does not say."""
    calculate_type: str = Field(default="MULTIPLE_TYPES", pattern="^[A-Z0-9_]+$")
    """What TikTok is told that customer files hold."""


def read_account(values: Mapping[str, Any]) -> TikTokAccount:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value."""
    return http_account.read_account(TikTokAccount, "tiktok", values, ADVICE)


def read_endpoint(endpoint: str | None) -> str:
    """Where TikTok's API is. Raises ConfigError for what is no web address."""
    return http_account.read_endpoint("tiktok", endpoint, HOME)
