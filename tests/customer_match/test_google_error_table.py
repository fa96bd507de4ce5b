"""The table of errors in the docs: each of its rows is proven by a fault of the sandbox, through Google's own client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audiences.domain import ListId
from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.platforms.google_errors import NAME_TAKEN, RULES, UNKNOWN_REQUEST

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "google.md").read_text()
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
DEED = re.compile(r"\*\*(.+?)\*\*")
NO_REASON = {"do": "error", "message": ""}
OTHER_THAN_REASONS = {
    "any page instead of data": {"do": "html"},
    "HTTP 500": {"do": "error", "status": 500},
    "HTTP 502": {"do": "html", "status": 502},
    "HTTP 503": {"do": "html", "status": 503},
    "HTTP 504": {"do": "html", "status": 504},
    "no answer in time": {"do": "slow", "seconds": 0.6},
    "a broken connection": {"do": "cut_after"},
    "HTTP 429": {"do": "error", "status": 429},
    "HTTP 413": {"do": "html", "status": 413},
    "HTTP 401": {"do": "expired_token"},
    "HTTP 403": {"do": "error", "status": 403},
    "any other reason": {"do": "error", "message": "SOMETHING_NEW"},
}
STATUS = {"RESOURCE_EXHAUSTED": 429, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "INTERNAL_ERROR": 500}
OF_LISTS = {
    *("MEMBERSHIP_DURATION_TOO_LONG", "USER_LIST_NAME_RESERVED", "INVALID_DISPLAY_NAME", "FIELD_VALUE_TOO_LONG"),
    *("EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",),
}
KINDS = {
    "tries again": Unavailable,
    "waits": RateLimited,
    "halves the batch": RejectedRows,
    "makes a new list": Gone,
    "stops the list": RejectedRequest,
    "stops the account": AuthError,
}


def rows_of_the_table():
    table = PAGE[PAGE.index("| what comes |") : PAGE.index("- **tries again**")]
    return ROW.findall(table)[2:]


ROWS = rows_of_the_table()


def fault_of(what):
    """What the sandbox is told so that this comes."""
    if what in OTHER_THAN_REASONS:
        return {"on": "add", **OTHER_THAN_REASONS[what]}
    reason, _, condition = what.partition(" ")
    on = (
        "create"
        if condition == "elsewhere" or reason in OF_LISTS
        else "find"
        if condition == "on the account"
        else "add"
    )
    place = {"subcode": 1} if condition == "with a member's place" else {}
    return {"do": "error", "on": on, "message": reason, "status": STATUS.get(reason, 400), **place}


@pytest.fixture
def ask(google, open_google, external_id, remote, batch, row_of):
    """Make the request that a fault strikes."""

    def request(fault):
        if fault["on"] == "find":
            return open_google().ensure(remote(list_id=ListId("another@google:main"), name="Another"))
        if fault["on"] == "create":
            return google.ensure(remote(list_id=ListId("another@google:main"), name="Another"))
        hasty = open_google(timeout_seconds=0.3) if fault["do"] == "slow" else google
        return hasty.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))

    return request


@pytest.mark.parametrize(("what", "deeds"), [(row[0], row[2]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_row_of_the_table(ask, external_id, fails, believe, time, what, deeds):
    fault = fault_of(what)
    (deed,) = DEED.findall(deeds)
    if deed == "makes a new list":  # Boomerang looks whether it is really gone
        believe(lists={external_id: {"deleted": True}})
    times = 1 if deed in ("waits", "leaves the row out") else "always"
    fails(**{**fault, "times": times})
    if deed == "leaves the row out":
        assert ask(fault).invalid_rows == (1,)
        return
    if deed == "waits":
        assert ask(fault).received == 2
        assert sum(time.slept) == pytest.approx(60)
        return
    with pytest.raises(KINDS[deed]) as refused:
        ask(fault)
    assert type(refused.value) is KINDS[deed]
    assert len(time.slept) == (3 if deed == "tries again" else 0)


@pytest.mark.parametrize("what", [row[0] for row in ROWS if "tries again" in row[2]])
def test_passing_trouble_passes(ask, fails, time, what):
    fault = fault_of(what)
    fails(**fault)
    assert ask(fault).received == 2
    assert len(time.slept) == 1


def test_the_table_has_every_reason_that_is_known():
    reasons = {row[0].partition(" ")[0] for row in ROWS}
    internal = {"INTERNAL", "UNAVAILABLE", "ABORTED", "RATE_LIMIT_EXCEEDED", "UNAUTHENTICATED", "TOO_MANY_DESTINATIONS"}
    tokens = {"CREDENTIALS_MISSING", "ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_INVALID"}
    assert len(ROWS) > 40
    assert set(RULES) - internal - tokens - set(NAME_TAKEN) - set(UNKNOWN_REQUEST) <= reasons


def test_every_reason_is_one_of_googles():
    from google.ads.datamanager_v1.types import ErrorReason

    older = {"INVALID_SHA256_FORMAT", "INVALID_BASE64_ENCODING"}
    of_all_apis = {
        *("INTERNAL", "UNAVAILABLE", "ABORTED", "RATE_LIMIT_EXCEEDED", "UNAUTHENTICATED", "CREDENTIALS_MISSING"),
        *("ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "SERVICE_DISABLED"),
    }
    assert set(RULES) - older - of_all_apis <= {reason.name for reason in ErrorReason}
