"""What Meta's error codes ask of us, as one of our errors.

Nothing that Meta said in words goes into a message: it may hold a token or a part of the request. Codes and subcodes
are those of the table in `docs/platforms/meta.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audiences.errors import AuthError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows, Unavailable

Reaction = Literal["retry", "wait", "credentials", "reject", "gone", "large", "rows"]
"""`large` is what a smaller upload may cure, `rows` what may be the fault of single rows; neither elsewhere."""
About = Literal["account", "list", "row", "rows"]
"""What a request is about: the account or what it holds, a list, or the row or rows that it brings to a list."""

TERMS_PAGE = "https://business.facebook.com/ads/manage/customaudiences/tos/"
TERMS = (
    "the Custom Audience Terms are not accepted by the user or system user whom the token belongs to: "
    f"accept them as that user at {TERMS_PAGE} (add ?act= and the account's number)"
)
MINUTE, HOUR = 60.0, 3600.0
HTTP_BAD_REQUEST, HTTP_TIMEOUT, HTTP_TOO_LARGE, HTTP_TOO_MANY, HTTP_SERVER_ERROR = 400, 408, 413, 429, 500


class TooMuchData(Unavailable):
    """Meta gives up on the amount of data: worth another try, and after that a smaller request."""


@dataclass(frozen=True)
class Rule:
    """What to do on a code, in a sentence for the reader; `wait` (seconds) is for when Meta does not say how long."""

    reaction: Reaction
    sentence: str
    wait: float = MINUTE


_throttle = Rule("wait", "Meta takes no more calls for a while")
_audience_throttle = Rule("wait", "the ad account's hourly budget of custom audience calls is used up", 5 * MINUTE)
_blocked = Rule("wait", "Meta blocks the app or the account for a while because of too much use", HOUR)
_token = Rule("credentials", "the access token is not valid or has expired: make a new one")
_permission = Rule(
    "credentials", "the token's user lacks ads_management for the ad account: grant it in Business Settings"
)
_terms = Rule("credentials", TERMS)
_transient = Rule("retry", "Meta has a passing problem")
_session = Rule("retry", "Meta has closed the upload session")
_gone = Rule("gone", "this list was deleted at Meta, or the token may not see it")
_no_account = Rule("reject", "the ad account is not there, or the token may not see it: check the account's id")
_too_much = Rule("retry", "Meta finds the amount of data too large at the moment")
_too_large = Rule("large", "the request is too large for Meta: lower rows_per_request in the account's settings")

RULES: Mapping[tuple[int | None, int | None], Rule] = {
    (1, None): _transient,
    (2, None): _transient,
    (5000, None): _transient,
    (4, None): _throttle,
    (17, None): _throttle,
    (32, None): _throttle,
    (613, None): _throttle,
    (80003, None): _audience_throttle,
    (80000, None): _throttle,
    (80004, None): _throttle,
    (80009, None): _throttle,
    (80014, None): _throttle,
    (341, None): _blocked,
    (368, None): _blocked,
    (100, None): Rule("rows", "Meta finds a parameter wrong"),
    (100, 33): _gone,
    (100, 1713230): Rule("reject", "Meta has flagged this list against its rules: appeal in the ad manager"),
    (100, 1713098): Rule("reject", "Meta finds the list's rule wrong"),
    (102, None): _token,
    (190, None): _token,
    (105, None): _too_large,
    (10, None): _permission,
    (200, None): _permission,
    (294, None): _permission,
    (200, 1870050): Rule("credentials", "the ad account is not linked to a business: link it in Business Settings"),
    (2635, None): Rule("reject", "the Graph API's version is retired: set a newer api_version in the settings"),
    (2650, None): Rule("reject", "Meta could not update the list; it may hold rows of another shape"),
    (2650, 1870145): Rule("retry", "an update of this list is still running at Meta"),
    (2650, 1870148): Rule("retry", "the list is not fully updated yet at Meta"),
    (2650, 1870144): Rule("reject", "the list has 100 million people or more and cannot be replaced at once"),
    (2650, 1870147): _session,
    (2650, 1870158): _session,
    (2650, 1870159): _session,
    (2654, None): Rule("reject", "Meta could not create the list; an account takes 500 customer lists at most"),
    (2655, None): _terms,
    (2663, None): _terms,
    (1487301, None): Rule("gone", "this list is not shared with the ad account (any more)"),
    (1487366, None): _gone,
}
SUBCODES: Mapping[int, Rule] = {
    1870090: _terms,
    1870034: _terms,
    1487301: RULES[(1487301, None)],
    1487366: _gone,
}
UNKNOWN = Rule("reject", "Meta refuses the request")


def error_of(
    status: int, body: object, *, about: About = "list", request_id: str | None = None, wait: float | None = None
) -> PlatformError:
    """Our error for an answer of Meta.

    Args:
        status: The HTTP status.
        body: The answer's JSON, or its text when it is none.
        about: What the request was about.
        request_id: Meta's id of the request.
        wait: How many seconds Meta asks to stay away, when it said so in a header.
    """
    details = body.get("error") if isinstance(body, dict) else None
    if not isinstance(details, dict):
        return _without_details(status, about, request_id, wait)
    code, subcode = _number(details.get("code")), _number(details.get("error_subcode"))
    is_transient = details.get("is_transient") is True
    rule = rule_for(code, subcode, status=status, is_transient=is_transient, words=_words(details))
    trace = request_id or _text(details.get("fbtrace_id"))
    return _made(rule, about, code=code, subcode=subcode, request_id=trace, wait=wait)


def too_large(request_id: str | None = None) -> RejectedRows:
    """The error for an upload of several rows that is too large for Meta."""
    return RejectedRows(_too_large.sentence, request_id=request_id)


def rule_for(code: int | None, subcode: int | None, *, status: int, is_transient: bool, words: str = "") -> Rule:
    """The rule for an error: by code and subcode, by code, by what Meta says of it, by HTTP status."""
    rule = RULES.get((code, subcode)) or SUBCODES.get(subcode or 0)
    if (rule is None or subcode is None) and _speaks_of_terms(code, words):
        return _terms
    rule = rule or RULES.get((code, None))
    if code == 1 and "reduce the amount" in words.lower():
        return _too_much
    if rule is not None:
        return rule
    if status in (HTTP_TOO_MANY, HTTP_TOO_LARGE):
        return _throttle if status == HTTP_TOO_MANY else _too_large
    return _transient if is_transient or status >= HTTP_SERVER_ERROR else UNKNOWN


def _speaks_of_terms(code: int | None, words: str) -> bool:
    return code in (200, 2650, 2654) and "terms" in words.lower()


def _without_details(status: int, about: About, request_id: str | None, wait: float | None) -> PlatformError:
    if status in (HTTP_TOO_MANY, HTTP_TOO_LARGE):
        return _made(_throttle if status == HTTP_TOO_MANY else _too_large, about, request_id=request_id, wait=wait)
    if HTTP_BAD_REQUEST <= status < HTTP_SERVER_ERROR and status != HTTP_TIMEOUT:
        sentence = f"what answers at the endpoint is not the Graph API, or refuses the request (HTTP {status})"
        return RejectedRequest(sentence, request_id=request_id)
    return Unavailable(f"Meta's gateway answered without data (HTTP {status})", request_id=request_id)


def _made(
    rule: Rule,
    about: About,
    *,
    code: int | None = None,
    subcode: int | None = None,
    request_id: str | None,
    wait: float | None,
) -> PlatformError:
    if rule is _gone and about == "account":
        rule = _no_account
    numbers = "" if code is None else f" (code {code}" + (f", subcode {subcode})" if subcode is not None else ")")
    message = rule.sentence + numbers
    names = {"code": _text(code), "subcode": _text(subcode), "request_id": request_id}
    if rule.reaction == "wait":
        return RateLimited(message, wait=wait or rule.wait, **names)
    return _kind(rule, about)(message, **names)


def _kind(rule: Rule, about: About) -> type[PlatformError]:
    if rule is _too_much:
        return TooMuchData
    kinds: dict[str, type[PlatformError]] = {
        "retry": Unavailable,
        "credentials": AuthError,
        "gone": Gone,
        "large": RejectedRows if about == "rows" else RejectedRequest,
        "rows": RejectedRows if about in ("row", "rows") else RejectedRequest,
    }
    return kinds.get(rule.reaction, RejectedRequest)


def _words(details: Mapping[str, Any]) -> str:
    return " ".join(str(details.get(name, "")) for name in ("message", "error_user_title", "error_user_msg"))


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdecimal() else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
