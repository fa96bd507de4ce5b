"""The settings of one Google Ads account, as they stand under `platforms.google.accounts.<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from audiences.errors import ConfigError
from audiences.names import hint

HOME = "https://datamanager.googleapis.com"
RENEWAL = ("refresh_token", "client_id", "client_secret")


class GoogleAccount(BaseModel):
    """What is to be known of an account; `docs/platforms/google.md` says where each value comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^\d{10}$")
    login_account: str | None = Field(default=None, pattern=r"^\d{10}$")
    """The manager account through which the credentials reach the account."""
    credentials_file: str | None = None
    """A service account's key, or what `gcloud auth application-default login` wrote."""
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    machine_credentials: bool = False
    """Use those that Google's own libraries find on this machine; finding them may take a request."""
    quota_project: str | None = None
    """The Cloud project whose quota is used, where the credentials do not say."""
    terms_accepted: bool = False
    """Whether somebody of the advertiser accepted Google's Customer Match terms; nothing is uploaded before."""
    rows_per_request: int = Field(default=10_000, ge=1, le=10_000)
    min_members: int | None = Field(default=None, ge=0)
    """Instead of the least size in `limits.yaml`, which is not verified for Customer Match."""
    max_lists: int | None = Field(default=None, ge=1)
    """How many lists of the account may be ours, where others need room there, or Google gave more."""
    integration_code_length: int = Field(default=100, ge=60)
    """The longest integration code that is sent; Google does not document how long one may be."""
    quota_timezone: str = "America/Los_Angeles"
    """Where the day of Google's daily quota ends at midnight; Google does not document it."""
    timeout_seconds: float = Field(default=120, gt=0)
    tries: int = Field(default=4, ge=1, le=10)
    """How often a request is made at most when Google, or the way to it, is down."""
    max_wait_seconds: float = Field(default=300, ge=0)
    """The longest wait asked for by Google that is waited out; beyond it the rest is left to the next run."""
    adopt: tuple[str, ...] = ()
    """Ids of other ledgers whose lists this ledger may take over."""

    @field_validator("id", "login_account", mode="before")
    @classmethod
    def _only_digits(cls, value: object) -> object:
        """Google writes account numbers as 123-456-7890; YAML reads them without dashes as numbers."""
        return str(value).replace("-", "") if isinstance(value, str | int) else value

    @field_validator("quota_timezone")
    @classmethod
    def _is_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone") from None
        return value


def read_account(values: Mapping[str, Any]) -> GoogleAccount:
    """The account's settings. Raises ConfigError that names the wrong setting, never its value."""
    try:
        account = GoogleAccount.model_validate(dict(values))
    except ValidationError as error:
        raise _wrong(error) from None
    given = [name for name in RENEWAL if getattr(account, name) is not None]
    if given and len(given) < len(RENEWAL):
        missing = ", ".join(name for name in RENEWAL if name not in given)
        raise ConfigError(f"a google account with {given[0]} also needs {missing}")
    return account


def _wrong(error: ValidationError) -> ConfigError:
    problem = error.errors(include_url=False, include_input=False)[0]
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return ConfigError(f"a google account has no setting {name}{hint(name, GoogleAccount.model_fields)}")
    if problem["type"] == "missing":
        return ConfigError(f"a google account needs the setting {name}; see docs/platforms/google.md")
    number = "it is the account's number of ten digits, as in 123-456-7890"
    advice = number if name in ("id", "login_account") else problem["msg"]
    return ConfigError(f"the setting {name} of a google account is wrong: {advice}")


def read_endpoint(endpoint: str | None) -> str:
    """Where the Data Manager API is, without a slash at the end. Raises ConfigError for what is no web address."""
    if endpoint is None:
        return HOME
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("platforms.google.endpoint must be a web address that begins with https:// or http://")
    return endpoint.rstrip("/")
