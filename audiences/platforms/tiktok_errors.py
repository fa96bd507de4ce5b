"""What TikTok's codes ask of us. They stand in the body of an answer whose HTTP status is 200.

Nothing that TikTok said in words goes into a message. Codes are those of the table in `docs/platforms/tiktok.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import httpx

from audiences.errors import PlatformError, RejectedRequest, Unavailable
from audiences.platforms.http_wire import About, Dialect, Reply, Rule, made

OK = 0
INVALID = "40002"

_transient = Rule("retry", "TikTok has a passing problem")
_token = Rule("credentials", "the access token is not valid: authorise the app again and set a new one")
_app = Rule("credentials", "TikTok does not accept the app's authorisation: authorise it again for this advertiser")
_throttle = Rule("wait", "TikTok takes no more calls for a while")
_gone = Rule("gone", "this audience was deleted at TikTok, or the token may not see it")

RULES: Mapping[int, Rule] = {
    40001: Rule(
        "credentials", "the token may not do this for the advertiser: grant Audience Management, and the account"
    ),
    40002: Rule("rows", "TikTok finds a parameter wrong"),
    40007: _gone,
    40100: _throttle,
    40101: _app,
    40105: _token,
    40110: _app,
    40200: _transient,
    40201: _transient,
    40202: _transient,
    40700: _transient,
    40908: Rule("reject", "TikTok cannot read the customer file: check calculate_type in the account's settings"),
    50000: _transient,
    50002: _transient,
}
UNKNOWN = Rule("reject", "TikTok refuses the request")
NOT_TIKTOK = "what answers at the endpoint is not TikTok: its answer has no code"


def dialect(throttle_seconds: float, pause: float) -> Dialect:
    """How TikTok speaks; `throttle_seconds` is how long to stay away when it is too much for it."""
    return Dialect(
        "TikTok",
        lambda token: {"access-token": token},
        lambda reply, about: error_in(reply, about, throttle_seconds),
        pause,
    )


def error_in(reply: Reply, about: About, throttle_seconds: float) -> PlatformError | None:
    """Our error for an answer, or None when TikTok did what was asked."""
    code, request_id = reply.body.get("code"), reply.body.get("request_id")
    known = str(request_id) if request_id is not None else None
    if reply.status == httpx.codes.TOO_MANY_REQUESTS:
        return made(_throttle, about, wait=reply.retry_after or throttle_seconds, request_id=known)
    if reply.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return made(
            Rule("large", "the request is too large for TikTok: lower rows_per_request"), about, request_id=known
        )
    if reply.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Unavailable(f"TikTok has a passing problem (HTTP {reply.status})", request_id=known)
    if not isinstance(code, int):
        return RejectedRequest(NOT_TIKTOK)
    if code == OK:
        return None
    rule = RULES.get(code, UNKNOWN)
    if rule is _gone and about == "account":
        rule = replace(
            _gone, sentence="the advertiser is not there, or the token may not see it: check the account's id"
        )
    return made(rule, about, code=str(code), wait=reply.retry_after or throttle_seconds, request_id=known)
