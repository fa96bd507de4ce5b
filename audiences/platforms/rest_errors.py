"""What HTTP statuses ask of us, for platforms that refuse by status alone; nothing that they said in words is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from audiences.errors import PlatformError, Unavailable
from audiences.platforms.http_wire import About, Reply, Rule, made

codes = httpx.codes


@dataclass(frozen=True)
class StatusTable:
    """A platform's statuses. `rules` go by status, `account` is for 404 where not a list but the account is asked for."""

    label: str
    rules: Mapping[int, Rule]
    account: Rule
    throttle_seconds: float
    unknown: Rule = field(default=Rule("reject", "the platform refuses the request"))

    def error_in(self, reply: Reply, about: About) -> PlatformError | None:
        """Our error for an answer, or None when its status is that of a success."""
        if reply.status < codes.BAD_REQUEST:
            return None
        code, request_id = str(reply.status), request_id_of(reply)
        if reply.status >= codes.INTERNAL_SERVER_ERROR or reply.status == codes.REQUEST_TIMEOUT:
            return Unavailable(f"{self.label} has a passing problem (HTTP {code})", code=code, request_id=request_id)
        rule = self.rules.get(reply.status, self.unknown)
        if reply.status == codes.NOT_FOUND and about == "account":
            rule = self.account
        wait = reply.retry_after or self.throttle_seconds
        return made(rule, about, code=code, request_id=request_id, wait=wait)


def request_id_of(reply: Reply) -> str | None:
    """The platform's id of the request, in a header or in the body."""
    found = reply.headers.get("x-request-id") or reply.body.get("request_id")
    return str(found) if found is not None else None
