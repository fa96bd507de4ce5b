"""Google's registration."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable
from audiences.sandbox.google import GoogleControl


def account(unique):
    """An account number has ten digits."""
    number = str(10**9 + int(unique, 16) % (9 * 10**9))
    return {"id": number, "access_token": TOKEN, "terms_accepted": True}


REGISTRATION = Registration(
    name="google",
    platform="google",
    account=account,
    beliefs=GoogleControl(requests_per_minute=None, requests_per_day=None).model_dump(),
    bad_row={"do": "error", "message": "INVALID_ARGUMENT"},
    plain={"REGION": "QZ", "POSTCODE": "QZ77-QZ77-QZ"},
    keep_days=540,
    faults=(
        ({"do": "expired_token"}, AuthError),
        ({"do": "no_permission"}, AuthError),
        ({"do": "terms"}, AuthError),
        ({"do": "error", "message": "SERVICE_DISABLED", "status": 403}, AuthError),
        ({"do": "flagged"}, RejectedRequest),
        ({"do": "error", "message": "SOMETHING_NEW"}, RejectedRequest),
        ({"do": "error", "message": "INVALID_FORMAT"}, RejectedRows),
        ({"do": "error", "message": "TOO_MANY_AUDIENCE_MEMBERS"}, RejectedRows),
        ({"do": "html", "status": 413}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
        ({"do": "throttle"}, RateLimited),
        ({"do": "error", "message": "INTERNAL_ERROR", "status": 500}, Unavailable),
        ({"do": "server_error"}, Unavailable),
        ({"do": "html"}, Unavailable),
        ({"do": "cut_before"}, Unavailable),
        ({"do": "cut_after"}, Unavailable),
    ),
)
