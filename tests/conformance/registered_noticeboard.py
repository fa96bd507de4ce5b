"""The registration of the platform that lives outside the package."""

from conformance_registration import TOKEN, Registration

from audiences.errors import AuthError, Gone, RateLimited, RejectedRequest, RejectedRows, Unavailable

REGISTRATION = Registration(
    name="noticeboard",
    platform="noticeboard",
    account=lambda unique: {"id": f"board_{unique}", "token": TOKEN},
    bad_row={"do": "error", "status": 422, "message": "rows"},
    keep_days=30,
    keeps_away=False,
    faults=(
        ({"do": "expired_token"}, AuthError),
        ({"do": "no_permission"}, AuthError),
        ({"do": "terms"}, AuthError),
        ({"do": "flagged"}, RejectedRequest),
        ({"do": "error", "status": 422, "message": "rows"}, RejectedRows),
        ({"do": "error", "status": 413, "message": "size"}, RejectedRows),
        ({"do": "list_deleted"}, Gone),
        ({"do": "throttle"}, RateLimited),
        ({"do": "server_error"}, Unavailable),
        ({"do": "html"}, Unavailable),
        ({"do": "cut_before"}, Unavailable),
        ({"do": "cut_after"}, Unavailable),
    ),
)
