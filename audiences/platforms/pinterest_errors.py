"""What Pinterest's HTTP statuses ask of us, as in the table of `docs/platforms/pinterest.md`."""

from __future__ import annotations

from audiences.platforms.http_wire import Dialect, Rule
from audiences.platforms.rest_errors import StatusTable

GONE = "this customer list was deleted at Pinterest, or the token may not see it"
RULES = {
    400: Rule("rows", "Pinterest finds a parameter wrong"),
    401: Rule("token", "the access token is not valid or has expired: make a new one, or set refresh_token"),
    403: Rule(
        "credentials", "the token may not do this: it needs ads:read and ads:write, and a role in the ad account"
    ),
    404: Rule("gone", GONE),
    409: Rule("retry", "Pinterest is still at work on this customer list"),
    413: Rule("large", "the request is too large for Pinterest: lower rows_per_request in the account's settings"),
    422: Rule("rows", "Pinterest finds a parameter wrong"),
    429: Rule("wait", "Pinterest takes no more calls for a while"),
}
NO_ACCOUNT = Rule("reject", "the ad account is not there, or the token may not see it: check the account's id")
UNKNOWN = Rule("reject", "Pinterest refuses the request")


def dialect(throttle_seconds: float) -> Dialect:
    """How Pinterest speaks; `throttle_seconds` is how long to stay away where it does not say."""
    table = StatusTable("Pinterest", RULES, NO_ACCOUNT, throttle_seconds, UNKNOWN)
    return Dialect("Pinterest", lambda token: {"authorization": f"Bearer {token}"}, table.error_in)
