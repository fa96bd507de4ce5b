"""What the settings of accounts have in common whose platform is spoken to over plain HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from audiences.errors import ConfigError
from audiences.names import hint


class HttpAccount(BaseModel):
    """The settings that every such account knows; a platform adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_seconds: float = Field(default=120, gt=0)
    tries: int = Field(default=4, ge=1, le=10)
    """How often a request is made at most when the platform, or the way to it, is down."""
    max_wait_seconds: float = Field(default=300, ge=0)
    """The longest wait asked for by the platform that is waited out; beyond it the rest is left to the next run."""
    min_members: int | None = Field(default=None, ge=0)
    """How many people a list must have; the platforms' own pages disagree."""
    max_lists: int | None = Field(default=None, ge=1)
    """How many lists of the account may be ours, where others need room there, or the platform gave more."""
    adopt: tuple[str, ...] = ()
    """Ids, or marks, of other ledgers whose lists this ledger may take over."""


class RenewableAccount(HttpAccount):
    """An account whose access token is short-lived: either a token, or what new ones are got with."""

    access_token: SecretStr | None = Field(default=None, min_length=1)
    refresh_token: SecretStr | None = Field(default=None, min_length=1)
    client_id: str | None = Field(default=None, min_length=1)
    client_secret: SecretStr | None = Field(default=None, min_length=1)
    token_endpoint: str | None = None
    """Where new tokens are got; None for the platform's own address, or the place under `endpoint` where one is set."""

    @property
    def is_renewable(self) -> bool:
        """Whether a new access token can be got."""
        return self.refresh_token is not None

    @model_validator(mode="after")
    def _is_complete(self) -> RenewableAccount:
        if self.refresh_token is not None and (self.client_id is None or self.client_secret is None):
            raise ValueError("refresh_token needs client_id and client_secret beside it")
        if self.access_token is None and self.refresh_token is None:
            raise ValueError("it needs access_token, or refresh_token with client_id and client_secret")
        return self


Account = TypeVar("Account", bound=BaseModel)


def read_account(model: type[Account], platform: str, values: Mapping[str, Any], advice: Mapping[str, str]) -> Account:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value.

    Args:
        model: What the settings must be.
        platform: The platform's name, for example `tiktok`.
        values: The account's mapping from the settings.
        advice: By setting, what it has to look like.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    page = f"see docs/platforms/{platform}.md"
    if problem["type"] == "extra_forbidden":
        raise ConfigError(f"a {platform} account has no setting {name}{hint(name, model.model_fields)}")
    if problem["type"] == "missing":
        raise ConfigError(f"a {platform} account needs the setting {name}; {page}")
    words = problem["msg"].removeprefix("Value error, ")
    if not name:
        raise ConfigError(f"a {platform} account is not complete: {words}; {page}")
    raise ConfigError(f"the setting {name} of a {platform} account is wrong: {advice.get(name, words)}")


def read_endpoint(platform: str, endpoint: str | None, home: str) -> str:
    """Where the platform is, without a slash at the end. Raises ConfigError for what is no web address."""
    if endpoint is None:
        return home
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"platforms.{platform}.endpoint must be a web address that begins with https:// or http://")
    return endpoint.rstrip("/")
