"""The settings of one Meta ad account, as they stand under `platforms.meta.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from audiences.errors import ConfigError
from audiences.names import hint

GRAPH = "https://graph.facebook.com"


class MetaAccount(BaseModel):
    """What is to be known of an ad account; `docs/platforms/meta.md` says where each value comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^act_\w+$")
    access_token: SecretStr = Field(min_length=1)
    app_id: str | None = None
    app_secret: SecretStr | None = None
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    rows_per_request: int = Field(default=10_000, ge=1, le=10_000)
    max_lists: int | None = Field(default=None, ge=1)
    """How many lists of the account may be ours, where others need room there, or Meta gave more."""
    limited_data_use: Mapping[Annotated[str, Field(pattern="^[A-Z]{2}$")], Annotated[int, Field(ge=1)]] = {}
    """For people of which states of the US Meta is to limit what it does with their data, with Meta's number of each."""
    timeout_seconds: float = Field(default=120, gt=0)
    tries: int = Field(default=4, ge=1, le=10)
    """How often a request is made at most when Meta, or the way to it, is down."""
    max_wait_seconds: float = Field(default=300, ge=0)
    """The longest wait asked for by Meta that is waited out; beyond it the rest is left to the next run."""
    adopt: tuple[str, ...] = ()
    """Ids of other ledgers whose lists this ledger may take over."""


def read_account(values: Mapping[str, Any]) -> MetaAccount:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value."""
    try:
        return MetaAccount.model_validate(dict(values))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        raise ConfigError(f"a meta account has no setting {name}{hint(name, MetaAccount.model_fields)}")
    if problem["type"] == "missing":
        raise ConfigError(f"a meta account needs the setting {name}; see docs/platforms/meta.md")
    advice = "it begins with act_, as in act_1234567890" if name == "id" else problem["msg"]
    raise ConfigError(f"the setting {name} of a meta account is wrong: {advice}")


def read_endpoint(endpoint: str | None) -> str:
    """Where the Graph API is, without a slash at the end. Raises ConfigError for what is no web address."""
    if endpoint is None:
        return GRAPH
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("platforms.meta.endpoint must be a web address that begins with https:// or http://")
    return endpoint.rstrip("/")
