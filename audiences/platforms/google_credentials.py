"""Google's credentials of an account, from its settings, or, when these say so, from where Google's own tools look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from audiences.errors import ConfigError
from audiences.platforms.google_account import GoogleAccount

SCOPES = ("https://www.googleapis.com/auth/datamanager",)
TOKEN_ADDRESS = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


def credentials_of(account: GoogleAccount) -> Any:
    """The credentials; only looking for those of the machine may take a request.

    Raises ConfigError when there are none that can be read.
    """
    if account.access_token is not None:
        return Credentials(account.access_token.get_secret_value())  # type: ignore[no-untyped-call]
    if account.refresh_token is not None and account.client_secret is not None:
        return Credentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=account.refresh_token.get_secret_value(),
            token_uri=TOKEN_ADDRESS,
            client_id=account.client_id,
            client_secret=account.client_secret.get_secret_value(),
            scopes=list(SCOPES),
        )
    if account.credentials_file is not None:
        return _from_file(Path(account.credentials_file))
    if not account.machine_credentials:
        advice = "set credentials_file, or refresh_token with client_id and client_secret; see docs/platforms/google.md"
        raise ConfigError(f"there are no credentials for the google account: {advice}")
    try:
        credentials, _ = google.auth.default(scopes=list(SCOPES))
    except GoogleAuthError:
        raise ConfigError(
            "there are no credentials of Google's on this machine; see docs/platforms/google.md"
        ) from None
    return credentials


def _from_file(file: Path) -> Any:
    """What is in a file of Google's. Raises ConfigError for one that is not there, or of another kind."""
    try:
        content = json.loads(file.read_text())
        kind = content.get("type")
        if kind == "service_account":
            return service_account.Credentials.from_service_account_info(content, scopes=list(SCOPES))  # type: ignore[no-untyped-call]
        if kind == "authorized_user":
            return Credentials.from_authorized_user_info(content, scopes=list(SCOPES))  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, GoogleAuthError):
        raise ConfigError("the credentials_file of a google account cannot be read", file=file) from None
    raise ConfigError("the credentials_file is neither a service account's key nor a user's credentials", file=file)
