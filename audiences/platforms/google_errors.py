"""What Google's error reasons ask of us, as one of our errors.

Nothing that Google said in words goes into a message, nor a field's value: both may hold a part of the request. Reasons
are those of the table in `docs/platforms/google.md`; Google may add others, which are taken as final.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from audiences.errors import AuthError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows, Unavailable

Reaction = Literal["retry", "wait", "credentials", "reject", "gone", "rows", "large"]
"""`rows` is what may be the fault of single rows, `large` what a smaller upload may cure; neither elsewhere."""
About = Literal["account", "list", "row", "rows"]
"""What a request is about: the account or what it holds, a list, or the row or rows that it brings to a list."""

TERMS_PAGE = "https://support.google.com/google-ads/answer/6299717"
TERMS = (
    "the Customer Match terms are not accepted: accept them in Google Ads under Audience manager (see "
    f"{TERMS_PAGE}), then set terms_accepted: true in the account's settings"
)
MINUTE = 60.0
HTTP_BAD_REQUEST, HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_TIMEOUT = 400, 401, 403, 404, 408
HTTP_TOO_LARGE, HTTP_TOO_MANY, HTTP_SERVER_ERROR = 413, 429, 500
MEMBER = re.compile(r"^audience_?members\[(\d+)\]", re.IGNORECASE)
WORD = re.compile(r"[A-Z][A-Z0-9_]{2,79}")
SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
PER_DAY = re.compile(r"per[_-]?day|daily", re.IGNORECASE)


class NamedRows(RejectedRows):
    """Google refused the request and said in which rows the fault is: `positions` in the request."""

    positions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What to do on a reason, in a sentence for the reader."""

    reaction: Reaction
    sentence: str


_transient = Rule("retry", "Google has a passing problem")
_quota = Rule("wait", "the quota of Data Manager API requests is used up")
_permission = Rule("credentials", "the credentials lack access to the Google Ads account: give it to them there")
_token = Rule("credentials", "the credentials or their token are not valid or have expired: renew them")
_terms = Rule("credentials", TERMS)
_allowlist = Rule("credentials", "Google does not let this advertiser use Customer Match: see the policy's conditions")
_row = Rule("rows", "Google finds a member's data wrong")
_too_large = Rule("large", "the request is too large for Google: lower rows_per_request in the account's settings")
_list = Rule("gone", "this list was deleted at Google Ads, or the credentials may not see it")
_no_account = Rule("reject", "the Google Ads account is not there: check the account's id and login_account")
_name = Rule("reject", "Google does not take the list's name")
_setup = Rule("reject", "Google does not take the list's settings")
_unknown_request = Rule("reject", "Google does not know this request any more")

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("INTERNAL_ERROR", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "ABORTED"), _transient),
    **dict.fromkeys(("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), _quota),
    "PERMISSION_DENIED": _permission,
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH": Rule(
        "credentials",
        "login_account is no manager of the account: correct it in the settings, or link the account to it",
    ),
    "UNAUTHENTICATED": _token,
    **dict.fromkeys(("CREDENTIALS_MISSING", "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_INVALID"), _token),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Rule(
        "credentials",
        "the credentials lack the scope https://www.googleapis.com/auth/datamanager: make new ones with it",
    ),
    "SERVICE_DISABLED": Rule(
        "credentials", "the Data Manager API is not enabled in the Cloud project: enable it there"
    ),
    "TERMS_AND_CONDITIONS_NOT_SIGNED": _terms,
    "ADVERTISER_TOS_NOT_ACCEPTED": _terms,
    "NOT_ALLOWLISTED": _allowlist,
    "ADVERTISER_NOT_ALLOWLISTED_FOR_UPLOADED_DATA": _allowlist,
    "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED": Rule(
        "credentials",
        "the declaration on political advertising in the EU is missing: make it in the Google Ads account",
    ),
    **dict.fromkeys(
        (
            *("INVALID_ARGUMENT", "REQUIRED_FIELD_MISSING", "INVALID_FORMAT", "INVALID_HEX_ENCODING"),
            *("INVALID_BASE64_ENCODING", "INVALID_SHA256_FORMAT", "INVALID_POSTAL_CODE", "INVALID_REGION_CODE"),
            *("INVALID_COUNTRY_CODE", "INVALID_AUDIENCE_MEMBER", "TOO_MANY_USER_IDENTIFIERS"),
            *("NO_IDENTIFIERS_PROVIDED", "MULTIPLE_DATA_TYPES_NOT_ALLOWED"),
        ),
        _row,
    ),
    "TOO_MANY_AUDIENCE_MEMBERS": _too_large,
    "NOT_FOUND": _list,
    "INVALID_USER_LIST_ID": _list,
    "INVALID_DESTINATION": Rule("reject", "Google does not take the destination: check id and login_account"),
    "INVALID_USER_LIST_TYPE": Rule("reject", "this list does not take contact data: it was not made by Boomerang"),
    "SENSITIVE_USER_LIST_IMMUTABLE": Rule(
        "reject", "Google holds this list to be of a sensitive category: see its policy"
    ),
    "USER_LIST_MUTATION_NOT_SUPPORTED": Rule("reject", "this list cannot be changed: it was not made by Boomerang"),
    **dict.fromkeys(
        ("DISPLAY_NAME_ALREADY_USED", "ALREADY_EXISTS", "USER_LIST_NAME_RESERVED", "INVALID_DISPLAY_NAME"), _name
    ),
    "FIELD_VALUE_TOO_LONG": Rule(
        "reject", "a value is too long for Google: shorten the label, or lower integration_code_length"
    ),
    "MEMBERSHIP_DURATION_TOO_LONG": Rule("reject", "keep_days is more than the account may have: lower it"),
    "TOO_MANY_DESTINATIONS": _setup,
    "REQUEST_TOO_OLD": _unknown_request,
    "INVALID_REQUEST_ID": _unknown_request,
}
BY_STATUS: Mapping[int, Rule] = {
    HTTP_UNAUTHORIZED: _token,
    HTTP_FORBIDDEN: _permission,
    HTTP_NOT_FOUND: _list,
    HTTP_TIMEOUT: _transient,
    HTTP_TOO_LARGE: _too_large,
    HTTP_TOO_MANY: _quota,
}
UNKNOWN = Rule("reject", "Google refuses the request")
NAME_TAKEN = ("DISPLAY_NAME_ALREADY_USED", "ALREADY_EXISTS")
UNKNOWN_REQUEST = ("REQUEST_TOO_OLD", "INVALID_REQUEST_ID", "NOT_FOUND")


@dataclass(frozen=True)
class Told:
    """What an error answer says besides its words: reason, Google's id of the request, wait (seconds), rows at fault."""

    reason: str | None = None
    request_id: str | None = None
    wait: float | None = None
    is_daily: bool = False
    positions: tuple[int, ...] = ()
    fields: tuple[str, ...] = field(default=())


def read_details(details: Iterable[object]) -> Told:
    """The google.rpc details of an error, as JSON objects; what is malformed is left out."""
    known: dict[str, list[Mapping[str, Any]]] = {}
    for detail in details:
        if isinstance(detail, Mapping):
            known.setdefault(str(detail.get("@type", "")).rpartition(".")[2], []).append(detail)
    info = next(iter(known.get("ErrorInfo", [])), {})
    violations = [one for bad in known.get("BadRequest", []) for one in _objects(bad.get("fieldViolations"))]
    fields = [str(one.get("field", "")) for one in violations]
    reasons = [info.get("reason"), *(one.get("reason") for one in violations)]
    words = [str(reason) for reason in reasons if WORD.fullmatch(str(reason or ""))]
    positions = [int(found[1]) for found in map(MEMBER.match, fields) if found is not None]
    delays = [SECONDS.fullmatch(str(one.get("retryDelay"))) for one in known.get("RetryInfo", [])]
    return Told(
        reason=next((word for word in words if word != "INVALID_ARGUMENT"), words[0] if words else None),
        request_id=next((str(one["requestId"]) for one in known.get("RequestInfo", []) if "requestId" in one), None),
        wait=max((float(found[1]) for found in delays if found is not None), default=None),
        is_daily=_is_daily(info, known.get("QuotaFailure", [])),
        positions=tuple(sorted(set(positions))) if len(positions) == len(fields) else (),
        fields=tuple(fields),
    )


def error_of(status: int, details: Iterable[object], *, about: About, now: datetime, timezone: str) -> PlatformError:
    """Our error for an answer of Google.

    Args:
        status: The HTTP status.
        details: The google.rpc details, as JSON objects.
        about: What the request was about.
        now: The time, with its zone.
        timezone: Where the day of the daily quota ends at midnight.
    """
    told = read_details(details)
    rule = RULES.get(told.reason or "") or BY_STATUS.get(status)
    if rule is None:
        rule = _transient if status >= HTTP_SERVER_ERROR else UNKNOWN
    if told.reason is None and status in (HTTP_BAD_REQUEST, HTTP_NOT_FOUND):
        return RejectedRequest(f"what answers at the endpoint is not the Data Manager API (HTTP {status})")
    if rule is _list and about == "account":
        rule = _no_account
    names = {"code": told.reason, "request_id": told.request_id}
    message = rule.sentence + (f" ({told.reason})" if told.reason else f" (HTTP {status})")
    if rule.reaction == "wait":
        return RateLimited(message, wait=_wait(told, now, timezone), **names)
    error = _kind(rule, about, told)(message, **names)
    if isinstance(error, NamedRows):
        error.positions = told.positions
    return error


def too_large(reason: str | None = None) -> RejectedRows:
    """The error for an upload of several rows that is too large for Google."""
    return RejectedRows(_too_large.sentence, code=reason)


def _kind(rule: Rule, about: About, told: Told) -> type[PlatformError]:
    of_rows: type[PlatformError] = NamedRows if told.positions else RejectedRows
    is_elsewhere = bool(told.fields) and not any(MEMBER.match(name) for name in told.fields)
    kinds: dict[str, type[PlatformError]] = {
        "retry": Unavailable,
        "credentials": AuthError,
        "gone": Gone,
        "large": RejectedRows if about == "rows" else RejectedRequest,
        "rows": of_rows if about in ("row", "rows") and not is_elsewhere else RejectedRequest,
    }
    return kinds.get(rule.reaction, RejectedRequest)


def _wait(told: Told, now: datetime, timezone: str) -> float:
    """Seconds to stay away: as told, at least until the day ends where the day's quota is used up."""
    if not told.is_daily:
        return told.wait or MINUTE
    there = now.astimezone(ZoneInfo(timezone))
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max((midnight.timestamp() - there.timestamp()), told.wait or 0.0)


def _is_daily(info: Mapping[str, Any], failures: Iterable[Mapping[str, Any]]) -> bool:
    metadata = info.get("metadata")
    limits = (
        [str(value) for name, value in metadata.items() if "quota" in name] if isinstance(metadata, Mapping) else []
    )
    limits += [str(one.get("quotaId", "")) for failure in failures for one in _objects(failure.get("violations"))]
    return any(PER_DAY.search(limit) for limit in limits)


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
