"""What stand-ins share whose platform refuses by HTTP status and gives access tokens by OAuth."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from audiences.sandbox.faults import Fault
from audiences.sandbox.http_stand_in import Asked, Refusal

CANNED = {
    "throttle": 429,
    "server_error": 500,
    "expired_token": 401,
    "no_permission": 403,
    "terms": 403,
    "flagged": 403,
}
CLIENT = ("sandbox-client", "sandbox-secret")

Refuse = Callable[[int], Refusal]


def refusal_for(fault: Fault, refuse: Refuse) -> Refusal | None:
    """The refusal that a fault asks for, with the minutes to wait in a header; None for a fault of another sort."""
    if fault.do == "error":
        refusal = refuse(fault.status)
        if "minutes" in fault.model_fields_set:
            refusal.headers["retry-after"] = str(fault.minutes * 60)
        return refusal
    if fault.do not in CANNED:
        return None
    refusal = refuse(CANNED[fault.do])
    if fault.do == "throttle":
        refusal.headers["retry-after"] = str(fault.minutes * 60)
    return refusal


def new_token(asked: Asked, tokens: list[str], refresh_tokens: list[str]) -> Mapping[str, Any]:
    """Give a new access token for a refresh token of the sandbox's client. Raises Refusal for anything else."""
    form = {name: values[0] for name, values in parse_qs(asked.body.decode("ascii", "replace")).items()}
    shown = asked.token.removeprefix("Basic ")
    by_header = base64.b64encode(":".join(CLIENT).encode()).decode()
    is_client = shown == by_header or (form.get("client_id"), form.get("client_secret")) == CLIENT
    if not is_client or form.get("grant_type") != "refresh_token" or form.get("refresh_token") not in refresh_tokens:
        raise Refusal(400, {"error": "invalid_grant"})
    token = f"renewed-{secrets.token_hex(8)}"
    tokens.append(token)
    return {"access_token": token, "token_type": "bearer", "expires_in": 1800}
