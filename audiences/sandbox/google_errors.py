"""How Google refuses: the body of an error with its google.rpc details, and the refusals that the sandbox can give."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from audiences.sandbox.faults import Fault

DOMAIN = "datamanager.googleapis.com"
TYPE = "type.googleapis.com/google.rpc."
WORD = re.compile(r"[A-Z][A-Z0-9_]{2,79}")
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
UNEXPLAINED = "The sandbox was told to refuse this request"


class Refusal(Exception):
    """An error answer: HTTP status, reason, paths of the fields at fault, seconds to stay away, metadata of the reason."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        fields: Sequence[tuple[str, str]] = (),
        wait: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.reason, self.message = status, reason, message
        self.fields, self.wait, self.metadata = tuple(fields), wait, dict(metadata or {})
        super().__init__(message)

    def body(self, request_id: str) -> dict[str, Any]:
        """The answer's JSON."""
        info = {"@type": TYPE + "ErrorInfo", "reason": self.reason, "domain": DOMAIN, "metadata": self.metadata}
        details: list[dict[str, Any]] = [info] if self.reason else []
        details.append({"@type": TYPE + "RequestInfo", "requestId": request_id})
        if self.fields:
            violations = [{"field": path, "description": reason, "reason": reason} for path, reason in self.fields]
            details.append({"@type": TYPE + "BadRequest", "fieldViolations": violations})
        if self.wait is not None:
            details.append({"@type": TYPE + "RetryInfo", "retryDelay": f"{math.ceil(self.wait)}s"})
        word = STATUS_WORDS.get(self.status, "UNKNOWN")
        return {"error": {"code": self.status, "message": self.message, "status": word, "details": details}}


def invalid(path: str, reason: str, message: str = "There was a problem with the request.") -> Refusal:
    """A field is wrong."""
    return Refusal(400, reason, message, fields=[(path, reason)])


def missing_list() -> Refusal:
    """No such list, or not for these credentials."""
    return Refusal(404, "NOT_FOUND", "Requested entity was not found.")


def exhausted(limit: str, wait: float | None) -> Refusal:
    """A quota is used up; Google names which, and for the short one how long."""
    message = f"Quota exceeded for quota metric 'Ingestion requests' and limit '{limit}'"
    return Refusal(429, "RESOURCE_EXHAUSTED", message, wait=wait, metadata={"quota_limit": limit})


TOKEN = Refusal(401, "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.")
PERMISSION = Refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
TERMS = invalid("termsOfService.customerMatchTermsOfServiceStatus", "TERMS_AND_CONDITIONS_NOT_SIGNED")
ADVERTISER_TERMS = Refusal(400, "ADVERTISER_TOS_NOT_ACCEPTED", "The advertiser has not accepted the terms of service")
FLAGGED = Refusal(400, "SENSITIVE_USER_LIST_IMMUTABLE", "The user list is sensitive")
SERVER_ERROR = Refusal(500, "INTERNAL_ERROR", "Internal error encountered.")
PER_MINUTE, PER_DAY = "IngestionRequestsPerMinutePerProject", "IngestionRequestsPerDayPerProject"

CANNED = {
    "server_error": SERVER_ERROR,
    "expired_token": TOKEN,
    "no_permission": PERMISSION,
    "terms": TERMS,
    "flagged": FLAGGED,
}


def refusal_for(fault: Fault) -> Refusal | None:
    """The refusal that a fault asks for; None for a fault of another sort.

    `error` takes the reason from `message`, and from `subcode` the position of the member at fault.
    """
    if fault.do == "throttle":
        return exhausted(PER_MINUTE, fault.minutes * 60)
    if fault.do != "error":
        return CANNED.get(fault.do)
    reason = fault.message if WORD.fullmatch(fault.message) else ""
    words = UNEXPLAINED if reason else fault.message or UNEXPLAINED
    fields = [] if fault.subcode is None else [(f"audienceMembers[{fault.subcode}].userData", reason)]
    wait = fault.minutes * 60 if "minutes" in fault.model_fields_set else None
    return Refusal(fault.status, reason, words, fields=fields, wait=wait)
