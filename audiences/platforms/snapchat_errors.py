"""What Snapchat's HTTP statuses and envelopes ask of us, as in the table of `docs/platforms/snapchat.md`.

An answer says twice whether it went well: for the request, and for each thing in it. Both must say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from audiences.errors import PlatformError
from audiences.platforms.http_wire import About, Dialect, Reply, Rule, made
from audiences.platforms.rest_errors import StatusTable, request_id_of

SUCCESS = "SUCCESS"
CODE = re.compile(r"E\d{1,6}")
RULES = {
    400: Rule("rows", "Snapchat finds a parameter wrong"),
    401: Rule("token", "the access token is not valid or has expired: make a new one, or set refresh_token"),
    403: Rule(
        "credentials", "the token may not do this: its user needs a role in the ad account, and the audience terms"
    ),
    404: Rule("gone", "this segment was deleted at Snapchat, or the token may not see it"),
    409: Rule("retry", "Snapchat is still at work on this segment"),
    413: Rule("large", "the request is too large for Snapchat: lower rows_per_request in the account's settings"),
    429: Rule("wait", "Snapchat takes no more calls for a while"),
}
NO_ACCOUNT = Rule("reject", "the ad account is not there, or the token may not see it: check the account's id")
UNKNOWN = Rule("reject", "Snapchat refuses the request")
NOT_DONE = Rule("rows", "Snapchat did not carry out the request, or a part of it")


def dialect(throttle_seconds: float) -> Dialect:
    """How Snapchat speaks; `throttle_seconds` is how long to stay away where it does not say."""
    table = StatusTable("Snapchat", RULES, NO_ACCOUNT, throttle_seconds, UNKNOWN)

    def error_in(reply: Reply, about: About) -> PlatformError | None:
        return table.error_in(reply, about) or envelope_error(reply, about)

    return Dialect("Snapchat", lambda token: {"authorization": f"Bearer {token}"}, error_in)


def envelope_error(reply: Reply, about: About) -> PlatformError | None:
    """Our error for an answer with a good HTTP status whose envelope says that it did not go well."""
    body = reply.body
    statuses = [str(part.get("sub_request_status", SUCCESS)).upper() for part in _parts(body)]
    if str(body.get("request_status", SUCCESS)).upper() == SUCCESS and set(statuses) <= {SUCCESS}:
        return None
    code = str(body.get("error_code", ""))
    shown = code if CODE.fullmatch(code) else None
    return made(NOT_DONE, about, code=shown, request_id=request_id_of(reply))


def _parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [part for value in body.values() if isinstance(value, list) for part in value if isinstance(part, dict)]
