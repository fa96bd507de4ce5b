"""How Meta refuses: the body of an error, and the refusals that the sandbox can give. Numbers are Meta's own."""

from __future__ import annotations

from typing import Any

from audiences.sandbox.faults import Fault


class Refusal(Exception):
    """An error answer. `wait_minutes` is set when the caller is to stay away for so long."""

    def __init__(
        self, code: int, message: str, subcode: int | None = None, *, status: int = 400, wait_minutes: int = 0
    ) -> None:
        self.code, self.subcode, self.status, self.message, self.wait_minutes = (
            code,
            subcode,
            status,
            message,
            wait_minutes,
        )
        super().__init__(message)

    def body(self, trace: str) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "is_transient": self.code in (1, 2), "fbtrace_id": trace}}


def invalid(message: str, subcode: int | None = None) -> Refusal:
    """Code 100: a parameter is wrong."""
    return Refusal(100, f"(#100) {message}", subcode)


def missing(name: str) -> Refusal:
    """Code 100/33: no such object, or not for this token."""
    return Refusal(100, f"Unsupported request. Object with ID '{name}' does not exist or cannot be loaded", 33)


def throttled(minutes: int) -> Refusal:
    """The hourly budget of custom audience calls is used up."""
    message = "(#80003) There have been too many calls to this ad account's custom audiences"
    return Refusal(80003, message, 2446079, wait_minutes=minutes)


TOO_MUCH_DATA = Refusal(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
TOKEN_UNKNOWN = Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=400)
TOKEN_EXPIRED = Refusal(190, "Error validating access token: Session has expired", 463)
NO_PERMISSION = Refusal(200, "(#200) Requires ads_management permission to manage the object", status=403)
TERMS = Refusal(200, "(#200) The Custom Audience terms of service have not been accepted", 1870090, status=403)
FLAGGED = invalid("Audience Upload Blocked", 1713230)
SERVER_ERROR = Refusal(2, "An unexpected error has occurred. Please retry your request later", status=500)
TOO_MANY_LISTS = Refusal(2654, "Failed to create custom audience: the limit of the ad account is reached")
OTHER_SHAPE = Refusal(
    2650,
    "Failed to update the custom audience: data source FILE_IMPORTED.MULTI_HASHES does not go with "
    "FILE_IMPORTED.HASHES_OR_USER_IDS",
)
SESSION_TOO_OLD = Refusal(2650, "Failed to update the custom audience: session is older than 90 minutes", 1870158)
SESSION_NOT_OPENED = Refusal(2650, "Failed to update the custom audience: first batch is missing", 1870147)
SESSION_FINISHED = Refusal(2650, "Failed to update the custom audience: session has finished", 1870159)

UNEXPLAINED = "A fault that the sandbox was told to show"
CANNED = {
    "server_error": SERVER_ERROR,
    "expired_token": TOKEN_EXPIRED,
    "no_permission": NO_PERMISSION,
    "terms": TERMS,
    "flagged": FLAGGED,
}


def refusal_for(fault: Fault) -> Refusal | None:
    """The refusal that a fault asks for; None for a fault of another sort."""
    if fault.do == "throttle":
        return throttled(fault.minutes)
    if fault.do == "error":
        wait = fault.minutes if "minutes" in fault.model_fields_set else 0
        words = fault.message or UNEXPLAINED
        return Refusal(fault.code, words, fault.subcode, status=fault.status, wait_minutes=wait)
    return CANNED.get(fault.do)
